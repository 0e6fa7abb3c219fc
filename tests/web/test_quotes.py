"""Quotes in the pages: found, sent, answered, revised, made into an invoice, and hidden from others."""

from copy import deepcopy
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from bureau.core.models import Job
from bureau.sales.models import Invoice, Quote, SalesLink
from bureau.sales.selectors.waiting import waiting_counts, waiting_documents
from bureau.sales.services.quotes import convert_quote, decide_quote, mark_quote_sent, update_quote
from tests.factories.sales import line, make_invoice, make_quote, make_shop

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture(scope="module")
def first_shop(once):
    return once(make_shop)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


def url(name: str, *args) -> str:
    return reverse(f"web:{name}", args=args)


def text_of(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def now_of(quote: Quote) -> Quote:
    return Quote.objects.get(pk=quote.pk)


def sent(shop, **options) -> Quote:
    return mark_quote_sent(actor=shop.member, quote=make_quote(shop, **options), now=timezone.now())


def accepted(shop, **options) -> Quote:
    given = {"accepted": True, "name": "Kari Nordmann", "version": 1, "actor": shop.member}
    return decide_quote(quote=sent(shop, **options), now=timezone.now(), **given)


def expired(shop) -> Quote:
    past = timezone.now() - timedelta(days=60)
    quote = make_quote(shop, now=past, issue_date=TODAY - timedelta(days=60), expiry_date=TODAY - timedelta(days=2))
    return mark_quote_sent(actor=shop.member, quote=quote, now=past)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"draft", "sent", "accepted", "expired"}),
        ("tab=sent", {"sent"}),
        ("tab=expired", {"expired"}),
        ("tab=to-invoice", {"accepted"}),
        ("q=fjord&sort=-total", {"draft", "sent", "accepted", "expired"}),
        ("q=nobody", set()),
    ],
)
def test_list_shows_what_is_asked_for(shop, sign_in, query, found):
    made = {"draft": make_quote(shop), "sent": sent(shop), "accepted": accepted(shop), "expired": expired(shop)}
    text = text_of(sign_in(shop.staff).get(f"{url('quotes')}?{query}"))
    assert {name for name, quote in made.items() if quote.number in text} == found


def test_list_adds_up_and_goes_out_as_a_table(shop, sign_in):
    quote = make_quote(shop)
    sent(shop)
    browser = sign_in(shop.member)
    assert browser.get(url("quotes"), {"q": "QUO"}).context["sums"][0].amounts == [Decimal("224.00")]
    table = b"".join(browser.get(url("quotes"), {"tab": "draft", "export": "csv"})).decode()
    assert quote.number in table
    assert table.count("QUO-") == 1


def test_empty_list_teaches(shop, sign_in):
    assert "A quote is what you offer" in text_of(sign_in(shop.staff).get(url("quotes")))


@pytest.mark.parametrize(
    ("make", "buttons", "not_there"),
    [
        (make_quote, ("Edit", "Send…", "Mark as sent", "Delete the draft…"), ("Accepted…", "Make the invoice")),
        (sent, ("Revise", "Send again…", "Accepted…", "Rejected…"), ("Delete the draft…", "Make the invoice")),
        (accepted, ("Make the invoice", "Kari Nordmann", "Duplicate"), ("Revise", "Accepted…", "Send…")),
        (expired, ("Revise", "Expired"), ("Accepted…", "Send again…")),
    ],
)
def test_page_has_the_actions_of_the_state(shop, sign_in, make, buttons, not_there):
    text = text_of(sign_in(shop.member).get(url("quote", make(shop).pk)))
    assert [word for word in buttons if word not in text] == []
    assert [word for word in not_there if word in text] == []


def test_others_see_no_quote(shop, sign_in):
    quote = sent(shop)
    for person in (shop.other, make_shop().admin):
        browser = sign_in(person)
        for name in ("quote", "quote-pdf", "quote-send"):
            assert browser.get(url(name, quote.pk)).status_code == 404
        assert browser.post(url("quote-decide", quote.pk), {"decision": "accept", "name": "x"}).status_code == 404
        assert browser.get(url("quote-version", quote.pk, 1)).status_code == 404
        assert quote.number not in text_of(browser.get(url("quotes")))
    assert now_of(quote).status == "sent"


def test_quote_is_mailed_and_kept_as_a_version(shop, sign_in):
    browser, quote = sign_in(shop.member), make_quote(shop)
    assert "books@fjord.example" in text_of(browser.get(url("quote-send", quote.pk)))
    browser.post(url("quote-send", quote.pk), {"message": "As we said"})
    assert now_of(quote).status == "sent"
    assert Job.objects.filter(kind="mail_sales_document").count() == 1
    text = text_of(browser.get(url("quote", quote.pk)))
    assert "mailed it to books@fjord.example" in text
    assert url("quote-version", quote.pk, 1) in text


def test_quote_is_marked_as_sent_without_mail(shop, sign_in):
    quote = make_quote(shop)
    sign_in(shop.member).post(url("quote-sent", quote.pk))
    assert now_of(quote).status == "sent"
    assert not Job.objects.filter(kind="mail_sales_document").exists()


@pytest.mark.parametrize(("decision", "status"), [("accept", "accepted"), ("reject", "rejected")])
def test_answer_is_noted_with_who_gave_it(shop, sign_in, decision, status):
    browser, quote = sign_in(shop.member), sent(shop)
    assert browser.get(url("quote-decide", quote.pk), {"decision": decision}).status_code == 200
    refused = browser.post(url("quote-decide", quote.pk), {"decision": decision, "note": "kept", "version": 1})
    assert refused.status_code == 422
    assert "kept" in refused.content.decode()
    given = {"decision": decision, "name": "Kari Nordmann", "note": "On the phone", "version": 1}
    browser.post(url("quote-decide", quote.pk), given)
    assert now_of(quote).status == status
    text = text_of(browser.get(url("quote", quote.pk)))
    assert "On the phone" in text
    assert f"marked it as {status} (Kari Nordmann)" in text


def test_answer_to_a_version_that_has_changed_is_refused(shop, sign_in):
    browser, quote = sign_in(shop.member), sent(shop)
    quote = update_quote(actor=shop.member, quote=quote, changes={}, lines=[line("Other")], now=timezone.now())
    mark_quote_sent(actor=shop.member, quote=quote, now=timezone.now())
    given = {"decision": "accept", "name": "Kari", "version": 1}
    browser.post(url("quote-decide", quote.pk), given)
    assert now_of(quote).status == "sent"
    assert browser.post(url("quote-decide", quote.pk), {"decision": "burn"}).status_code == 404


def test_earlier_version_shows_what_was_sent(shop, sign_in):
    browser, quote = sign_in(shop.member), sent(shop, lines=[line("Old words", unit_price="250.00")])
    update_quote(actor=shop.member, quote=quote, changes={}, lines=[line("New words")], now=timezone.now())
    text = text_of(browser.get(url("quote-version", quote.pk, 1)))
    assert "Old words" in text
    assert "280.00" in text
    assert "An earlier version" in text
    assert "New words" not in text
    assert browser.get(url("quote-version", quote.pk, 9)).status_code == 404


def test_accepted_quote_becomes_an_invoice_once(shop, sign_in):
    browser, quote = sign_in(shop.member), accepted(shop)
    answer = browser.post(url("quote-convert", quote.pk))
    invoice = Invoice.objects.get()
    assert answer.headers["Location"] == url("invoice", invoice.pk)
    browser.post(url("quote-convert", quote.pk))
    assert Invoice.objects.count() == 1
    text = text_of(browser.get(url("quote", quote.pk)))
    assert invoice.number in text
    assert "Make the invoice" not in text
    assert quote.number in text_of(browser.get(url("invoice", invoice.pk)))


def test_draft_is_deleted_and_a_sent_one_is_not(shop, sign_in):
    browser, draft, kept = sign_in(shop.member), make_quote(shop), sent(shop)
    assert browser.get(url("quote-delete", draft.pk)).status_code == 200
    browser.post(url("quote-delete", draft.pk))
    browser.post(url("quote-delete", kept.pk))
    assert list(Quote.objects.all()) == [kept]


def test_link_is_shown_once_and_revoked(shop, sign_in):
    browser, quote = sign_in(shop.member), sent(shop)
    assert "/s/" in text_of(browser.post(url("quote-link-new", quote.pk), {"days": "14"}))
    link = SalesLink.objects.get()
    browser.post(url("quote-link-revoke", quote.pk, link.uuid))
    link.refresh_from_db()
    assert link.revoked_at


def test_pdf_opens_in_the_browser(shop, sign_in):
    quote = make_quote(shop)
    answer = sign_in(shop.member).get(url("quote-pdf", quote.pk))
    assert answer.content.startswith(b"%PDF")
    assert answer.headers["Content-Disposition"].startswith("inline")


# --- What waits


def test_home_and_rail_tell_what_waits_for_those_who_sell(shop, sign_in):
    late = make_invoice(shop, issued=True, issue_date=TODAY - timedelta(days=40), due_date=TODAY - timedelta(days=9))
    to_bill, closing = accepted(shop), sent(shop, expiry_date=TODAY + timedelta(days=2))
    done = accepted(shop)
    convert_quote(actor=shop.member, quote=done, now=timezone.now())
    answer = sign_in(shop.member).get("/")
    text = text_of(answer)
    assert [one for one in (late.number, to_bill.number, closing.number) if one not in text] == []
    assert done.number not in text
    counts = {area.name: area.count for area in answer.context["shell"].areas}
    assert (counts["invoices"], counts["quotes"]) == (1, 1)
    nothing = sign_in(shop.other).get("/")
    assert late.number not in text_of(nothing)
    assert "invoices" not in {area.name for area in nothing.context["shell"].areas}


def test_what_waits_is_read_in_one_query_each(shop, django_assert_num_queries):
    accepted(shop)
    with django_assert_num_queries(1):
        assert waiting_counts(shop.staff, today=TODAY) == {"invoices": 0, "quotes": 1}
    with django_assert_num_queries(1):
        assert [one.kind for one in waiting_documents(shop.staff, today=TODAY, most=5)] == ["accepted"]


def test_search_finds_quotes_and_invoices_by_number_and_customer(shop, sign_in):
    quote, invoice = make_quote(shop), make_invoice(shop)
    for words in (quote.number, "fjord"):
        assert url("quote", quote.pk) in text_of(sign_in(shop.member).get("/search/", {"q": words}))
    assert url("invoice", invoice.pk) in text_of(sign_in(shop.member).get("/search/", {"q": invoice.number}))
    assert url("invoice", invoice.pk) not in text_of(sign_in(shop.other).get("/search/", {"q": "fjord"}))
