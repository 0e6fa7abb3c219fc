"""The customer's page by link: one quote or invoice, for a time. Whatever else is tried there is refused."""

from copy import deepcopy
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from bureau.accounts.services.organizations import update_organization
from bureau.cases.services.links import create_link as create_case_link
from bureau.core.models import AuditEntry, Job
from bureau.sales.models import Invoice, Quote, SalesLink
from bureau.sales.services import links, quotes
from bureau.sales.services.invoices import cancel_invoice
from bureau.sales.services.payments import mark_as_paid, record_payment
from tests.core import samples
from tests.factories.cases import make_agency, make_case
from tests.factories.sales import line, make_invoice, make_quote, make_shop

pytestmark = pytest.mark.django_db
IBAN = "DE89370400440532013000"


@pytest.fixture(scope="module")
def first_shop(once):
    return once(lambda: make_shop(iban=IBAN, bic="COBADEFFXXX", bank_name="Commerzbank"))


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


@pytest.fixture
def browser():
    """Without an account, and with the check for forged forms on."""
    return Client(enforce_csrf_checks=True, headers={"Origin": "null"})


@pytest.fixture
def quote(shop):
    lines = [line("Roof survey", "2", "450.00"), line("Scaffold", "1", "99.90", tax_code="GST_0")]
    return quotes.mark_quote_sent(actor=shop.member, quote=make_quote(shop, lines=lines), now=timezone.now())


@pytest.fixture
def invoice(shop):
    return make_invoice(shop, issued=True, lines=[line("Roof repair", "3", "100.00"), line("Gutter", unit_price="50")])


def token_of(shop, document, **options) -> str:
    now = options.pop("now", timezone.now())
    return links.create_link(actor=shop.staff, document=document, now=now, **options)[1]


def text_of(browser, token: str) -> str:
    answer = browser.get(f"/s/{token}/")
    assert answer.status_code == 200
    return answer.content.decode()


def send(browser, token: str, quote, **given):
    form = {"name": "Ann Lee", "note": "", "answer": "accept", "version": quote.version, **given}
    return browser.post(f"/s/{token}/answer/", form)


def test_quote_is_shown_with_its_lines_taxes_and_totals(shop, quote, browser):
    answer = browser.get(f"/s/{token_of(shop, quote)}/")
    text = answer.content.decode()
    for words in (
        shop.organization.name, "Fjord Trading", quote.number, "Roof survey", "Scaffold", "450.00", "99.90", "108.00",
        "1,107.90", "can be accepted until", "Tax 12 %",
    ):  # fmt: skip
        assert words in text
    assert ("Accept" in text, "Decline" in text) == (True, True)
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer["X-Robots-Tag"]
    assert SalesLink.objects.get().used_at is not None
    for secret in (shop.member.username, shop.staff.username, "/quotes/", "/invoices/", "sign-in"):
        assert secret not in text


def test_invoice_is_shown_with_what_is_left_to_pay_and_where(shop, invoice, browser):
    record_payment(
        actor=shop.member, invoice=invoice, amount=Decimal("92.00"), payment_date=timezone.localdate(),
        payment_method="cash", now=timezone.now(),
    )  # fmt: skip
    text = text_of(browser, token_of(shop, invoice))
    for words in ("Roof repair", "392.00", "92.00", "300.00", "to pay by", IBAN, "COBADEFFXXX", "Commerzbank"):
        assert words in text
    assert "Reference</dt><dd" in text
    assert "E-invoice (XML)" in text
    assert "/answer/" not in text


def test_answers_are_taken_once_and_the_page_says_so(shop, quote, browser):
    token = token_of(shop, quote)
    answer = send(browser, token, quote, note="Start in May, please.")
    assert (answer.status_code, answer.url) == (302, f"/s/{token}/")
    assert answer["Referrer-Policy"] == "no-referrer"
    text = text_of(browser, token)
    assert "Accepted by Ann Lee." in text
    assert "/answer/" not in text
    kept = Quote.objects.get()
    assert (kept.status, kept.decided_by, kept.decision_note) == ("accepted", "Ann Lee", "Start in May, please.")
    [mail] = Job.objects.filter(kind="send_mail")
    assert mail.payload["to"] == shop.member.email
    assert "Ann Lee" in mail.payload["body"]
    entry = AuditEntry.objects.get(action="accepted")
    assert (entry.user, entry.new_values["by"]) == (None, "Ann Lee")
    again = send(browser, token, quote, name="Bob", answer="decline")
    assert again.status_code == 422
    assert Quote.objects.get().decided_by == "Ann Lee"
    assert Job.objects.filter(kind="send_mail").count() == 1


def test_quote_is_declined_with_a_reason(shop, quote, browser):
    token = token_of(shop, quote)
    assert send(browser, token, quote, answer="decline", note="Too dear").status_code == 302
    assert "Declined by Ann Lee." in text_of(browser, token)
    kept = Quote.objects.get()
    assert (kept.status, kept.decision_note) == ("rejected", "Too dear")
    [mail] = Job.objects.filter(kind="send_mail")
    assert "Too dear" in mail.payload["body"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": " "}, "Give your name."),
        ({"name": "x" * 201}, "200"),
        ({"note": "x" * 1001}, "1000"),
        ({"name": "Ann\x00Lee"}, "Null characters"),
        ({"answer": ""}, "Choose whether you accept or decline."),
        ({"answer": "perhaps"}, "Choose whether you accept or decline."),
        ({"version": "newest"}, "Choose whether you accept or decline."),
        ({"version": "9" * 5000}, "Choose whether you accept or decline."),
    ],
)
def test_answer_that_cannot_be_taken_says_why_and_keeps_what_was_typed(shop, quote, browser, given, words):
    token = token_of(shop, quote)
    answer = send(browser, token, quote, **{"note": "As agreed", **given})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert words in text
    assert ("As agreed" in text) == ("note" not in given)
    assert Quote.objects.get().status == "sent"


def test_answer_to_another_version_than_there_is_now_is_refused(shop, quote, browser):
    token, seen = token_of(shop, quote), deepcopy(quote)
    now = timezone.now()
    revised = quotes.update_quote(actor=shop.member, quote=quote, changes={}, lines=[line("Roof survey")], now=now)
    hidden = text_of(browser, token)
    assert "This is being changed." in hidden
    assert "Roof survey" not in hidden
    assert send(browser, token, seen).status_code == 422
    assert Quote.objects.get().status == "draft"
    quotes.mark_quote_sent(actor=shop.member, quote=revised, now=now)
    stale = send(browser, token, seen)
    assert stale.status_code == 422
    text = stale.content.decode()
    assert "The quote has been changed since. Look at its newest version first." in text
    assert 'name="version" value="2"' in text
    assert Quote.objects.get().status == "sent"
    assert send(browser, token, Quote.objects.get()).status_code == 302


def test_what_is_being_changed_is_not_downloaded_either(shop, quote, browser):
    token = token_of(shop, quote)
    now = timezone.now()
    quotes.update_quote(actor=shop.member, quote=quote, changes={}, lines=[line("Secret")], now=now)
    assert browser.get(f"/s/{token}/document.pdf").status_code == 404


def test_expired_quote_takes_no_answer(shop, quote, browser):
    token = token_of(shop, quote)
    past = timezone.localdate() - timedelta(days=1)
    Quote.objects.update(issue_date=past, expiry_date=past)
    text = text_of(browser, token)
    assert "This quote has expired." in text
    assert "/answer/" not in text
    assert send(browser, token, quote).status_code == 422
    assert Quote.objects.get().status == "sent"


def test_paid_invoice_says_thank_you_and_asks_for_nothing(shop, invoice, browser):
    token, now = token_of(shop, invoice), timezone.now()
    mark_as_paid(actor=shop.member, invoice=invoice, payment_method="cash", payment_date=now.date(), now=now)
    text = text_of(browser, token)
    assert "Paid. Thank you." in text
    assert IBAN not in text


def test_cancelled_invoice_says_so_and_asks_for_nothing(shop, invoice, browser):
    token = token_of(shop, invoice)
    note = cancel_invoice(actor=shop.member, invoice=invoice, now=timezone.now())
    text = text_of(browser, token)
    assert "This invoice is cancelled." in text
    assert note.number in text
    assert IBAN not in text


def test_overdue_invoice_says_when_it_was_due(shop, browser):
    day = timezone.localdate() - timedelta(days=20)
    invoice = make_invoice(shop, issued=True, issue_date=day, due_date=day)
    assert "was due on" in text_of(browser, token_of(shop, invoice))


def test_invoice_is_downloaded_for_people_and_for_software(shop, invoice, browser):
    token = token_of(shop, invoice)
    pdf, xml = browser.get(f"/s/{token}/document.pdf"), browser.get(f"/s/{token}/invoice.xml")
    assert (pdf.status_code, pdf["Content-Type"], pdf.content[:5]) == (200, "application/pdf", b"%PDF-")
    assert (xml.status_code, xml["Content-Type"]) == (200, "application/xml")
    assert b"CrossIndustryInvoice" in xml.content
    assert f'filename="{invoice.number}.pdf"' in pdf["Content-Disposition"]
    for answer in (pdf, xml):
        assert answer["Cache-Control"] == "no-store"
        assert "noindex" in answer["X-Robots-Tag"]
    entries = AuditEntry.objects.filter(action="downloaded", entity_id=str(invoice.pk)).order_by("position")
    assert [entry.new_values["file_format"] for entry in entries] == ["pdf", "xml"]
    assert {entry.user for entry in entries} == {None}


def test_file_of_an_imported_invoice_has_its_number_for_a_name_whatever_that_is(shop, invoice, browser):
    Invoice.objects.update(number='Ré "7"/ü')
    answer = browser.get(f"/s/{token_of(shop, invoice)}/invoice.xml")
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''R%C3%A9%20%227%22/%C3%BC.xml"


def test_quote_is_downloaded_as_a_pdf_alone(shop, quote, browser):
    token = token_of(shop, quote)
    assert browser.get(f"/s/{token}/document.pdf").content[:5] == b"%PDF-"
    assert browser.get(f"/s/{token}/invoice.xml").status_code == 404


@pytest.mark.parametrize("ended", ["unknown", "expired", "revoked", "strange", "of a case"])
def test_whatever_opens_nothing_answers_with_one_and_the_same_page(shop, quote, browser, ended):
    token = "x" * 43
    if ended == "expired":
        token = token_of(shop, quote, days=1, now=timezone.now() - timedelta(days=1))
    elif ended == "revoked":
        token = token_of(shop, quote)
        links.revoke_link(actor=shop.staff, link=SalesLink.objects.get(), now=timezone.now())
    elif ended == "strange":
        token = "%00%F0%9F%94%91\ud7ff"
    elif ended == "of a case":
        agency = make_agency()
        token = create_case_link(actor=agency.staff, case=make_case(agency), now=timezone.now())[1]
    expected = browser.get(f"/s/{'y' * 43}/")
    for answer in (
        browser.get(f"/s/{token}/"), browser.get(f"/s/{token}/document.pdf"), browser.get(f"/s/{token}/invoice.xml"),
        browser.get(f"/s/{token}/logo/"), send(browser, token, quote),
    ):  # fmt: skip
        assert answer.status_code == 404
        assert answer.content == expected.content
        assert answer["Cache-Control"] == "no-store"
    assert "This link does not work any more" in expected.content.decode()
    assert Quote.objects.get().status == "sent"


def test_link_opens_its_own_document_only(shop, quote, invoice, browser, client):
    token = token_of(shop, invoice)
    assert quote.number not in text_of(browser, token)
    assert send(browser, token, quote).status_code == 404
    assert Quote.objects.get().status == "sent"
    for path in (f"/s/{token}/quotes/{quote.pk}/", f"/s/{token}/answer", f"/s/{quote.uuid}/", f"/s/{invoice.uuid}/"):
        assert browser.get(path).status_code in (301, 404), path
    for path in (f"/api/invoices/{invoice.pk}/", "/api/invoices/", f"/api/quotes/{quote.pk}/"):
        assert client.get(path, headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert browser.get(f"/s/{token}/answer/").status_code == 405
    assert browser.post(f"/s/{token}/").status_code in (403, 405)


def test_what_customers_and_we_write_is_shown_as_text(shop, browser):
    invoice = make_invoice(
        shop, issued=True, lines=[line("<script>alert(1)</script>")], notes="<b>bold</b>", terms="<img src=x>"
    )
    text = text_of(browser, token_of(shop, invoice))
    for words in ("<script>alert", "<b>bold", "<img src=x"):
        assert words not in text


def test_too_many_answers_have_to_wait(shop, quote, browser, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "upload": "2/minute"}
    settings.THROTTLING = True
    token = token_of(shop, quote)
    assert [send(browser, token, quote, name="").status_code for _ in range(2)] == [422, 422]
    answer = send(browser, token, quote)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert "Wait a minute" in answer.content.decode()
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert send(elsewhere, token, quote).status_code == 429, "the link's own limit"
    assert send(browser, token_of(shop, quote), quote).status_code == 429, "the address's"
    assert Quote.objects.get().status == "sent"
    assert browser.get(f"/s/{token}/").status_code == 200, "looking is not counted"
    assert send(elsewhere, token_of(shop, quote), quote).status_code == 302


def test_too_many_downloads_have_to_wait(shop, quote, browser, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "endpoint": "1/minute"}
    settings.THROTTLING = True
    token = token_of(shop, quote)
    assert [browser.get(f"/s/{token}/document.pdf").status_code for _ in range(2)] == [200, 429]


def test_logo_of_the_organization_is_shown(shop, quote, browser):
    token = token_of(shop, quote)
    logo = SimpleUploadedFile("logo.png", samples.png_bytes(), "image/png")
    update_organization(actor=shop.admin, organization=shop.organization, changes={"logo": logo}, now=timezone.now())
    assert f"/s/{token}/logo/" in text_of(browser, token)
    answer = browser.get(f"/s/{token}/logo/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
