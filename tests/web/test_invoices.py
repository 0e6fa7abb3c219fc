"""Invoices in the pages: found, issued, sent, paid, cancelled, and hidden from others."""

from copy import deepcopy
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from bureau.core.models import AuditEntry, Job
from bureau.sales.models import CreditNote, Invoice, Payment, SalesLink
from bureau.sales.services.content import LineInput
from tests.factories.accounts import make_user
from tests.factories.cases import Agency, make_case
from tests.factories.parties import make_customer
from tests.factories.products import make_product
from tests.factories.sales import line, make_invoice, make_shop

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


def now_of(invoice: Invoice) -> Invoice:
    return Invoice.objects.get(pk=invoice.pk)


def overdue(shop, days: int = 5, **options) -> Invoice:
    due = TODAY - timedelta(days=days)
    return make_invoice(shop, issued=True, issue_date=due - timedelta(days=30), due_date=due, **options)


def payment(**changes):
    """What the payment dialog sends."""
    return {"amount": "112.00", "payment_date": TODAY.isoformat(), "payment_method": "bank_transfer", **changes}


# --- The list


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ("draft", "open", "late", "paid")),
        ("tab=draft", ("draft",)),
        ("tab=open", ("open", "late")),
        ("tab=overdue", ("late",)),
        ("tab=paid", ("paid",)),
        ("q=nobody", ()),
        ("q=fjord", ("draft", "open", "late", "paid")),
        ("tab=nonsense&client=x%00&from=never", ()),
        ("to=2001-01-01", ()),
        ("sort=balance&tab=open", ("open", "late")),
    ],
)
def test_list_shows_what_is_asked_for(shop, sign_in, query, found):
    made = {
        "draft": make_invoice(shop),
        "open": make_invoice(shop, issued=True),
        "late": overdue(shop),
        "paid": make_invoice(shop, issued=True, lines=[line(unit_price="0.00")]),
    }
    text = text_of(sign_in(shop.staff).get(f"{url('invoices')}?{query}"))
    assert {name for name, one in made.items() if one.number in text} == set(found)


def test_list_adds_up_what_it_shows_and_tells_how_late_it_is(shop, sign_in):
    overdue(shop, 5)
    make_invoice(shop, issued=True, lines=[line(unit_price="1000.00")])
    browser = sign_in(shop.member)
    assert "5 days overdue" in text_of(browser.get(url("invoices")))
    assert "1,232.00" in text_of(browser.get(url("invoices"), {"q": "INV"}))
    answer = browser.get(url("invoices"), {"tab": "overdue"})
    assert [one.amounts for one in answer.context["sums"]] == [[Decimal("112.00"), Decimal("112.00")]]
    counts = {tab["name"]: tab["count"] for tab in answer.context["tabs"]}
    assert counts == {"all": 2, "open": 2, "overdue": 1}


def test_list_is_of_one_customer_where_asked(shop, sign_in):
    other = make_customer(shop.organization, owner=shop.member, first_name="Ada", last_name="Byron")
    mine, theirs = make_invoice(shop), make_invoice(shop, customer=other)
    text = text_of(sign_in(shop.member).get(url("invoices"), {"client": other.pk}))
    assert theirs.number in text
    assert mine.number not in text
    assert "Ada Byron" in text


def test_empty_list_teaches(shop, sign_in):
    assert "An invoice says what a customer owes you" in text_of(sign_in(shop.staff).get(url("invoices")))


def test_list_goes_out_as_a_table_with_its_filter(shop, sign_in):
    draft, late = make_invoice(shop), overdue(shop)
    table = b"".join(sign_in(shop.staff).get(url("invoices"), {"tab": "overdue", "export": "csv"})).decode()
    assert late.number in table
    assert draft.number not in table
    assert "Overdue" in table


def test_several_are_issued_sent_and_paid_at_once_and_each_refusal_is_told(shop, sign_in):
    browser, draft, issued = sign_in(shop.member), make_invoice(shop), make_invoice(shop, issued=True)
    both = {"invoice": [draft.pk, issued.pk, 10**9], "payment_method": "cash"}
    told = browser.post(url("invoices-bulk"), {**both, "action": "issue"}).content.decode()
    assert "issued already" in told
    assert now_of(draft).status == "sent"
    browser.post(url("invoices-bulk"), {**both, "action": "send"})
    assert Job.objects.filter(kind="mail_sales_document").count() == 2
    browser.post(url("invoices-bulk"), {**both, "action": "paid"})
    assert {now_of(one).status for one in (draft, issued)} == {"paid"}
    assert set(Payment.objects.values_list("payment_method", flat=True)) == {"cash"}
    assert browser.post(url("invoices-bulk"), {**both, "action": "eat"}).status_code == 404


# --- One invoice


def test_page_tells_all_of_an_invoice(shop, sign_in):
    case = make_case(shop_agency(shop), customer=shop.customer)
    lines = [line("Advice", "2", "95.50", unit="h", discount_percent=Decimal(10)), line("", "1", "40.00", case=case)]
    invoice = make_invoice(shop, lines=lines, issued=True, notes="Thank you")
    text = text_of(sign_in(shop.member).get(url("invoice", invoice.pk)))
    assert "Fjord Trading" in text
    assert "Tax 12 % of 211.90" in text
    assert "237.33" in text
    assert f'href="{url("case", case.pk)}"' in text
    assert "Thank you" in text
    assert "created it, 237.33" in text
    assert "issued it" in text


def test_page_says_what_the_electronic_invoice_lacks(sign_in):
    shop = make_shop(tax_number="")
    text = text_of(sign_in(shop.member).get(url("invoice", make_invoice(shop).pk)))
    assert "The electronic invoice lacks something" in text


def shop_agency(shop) -> Agency:
    """The shop as one that handles cases."""
    return Agency(**vars(shop), product=make_product(shop.organization))


@pytest.mark.parametrize(
    ("state", "buttons", "not_there"),
    [
        ("draft", ("Edit", "Issue", "Send…", "Record payment…", "Delete the draft…"), ("Cancel by credit note…",)),
        (
            "issued",
            ("Send…", "Record payment…", "Cancel by credit note…", "Duplicate"),
            ("Delete the draft…", "Issue<"),
        ),
        ("paid", ("Refund…", "Cancel by credit note…"), ("Record payment…", "Delete the draft…")),
        ("cancelled", ("Credit note", "Duplicate"), ("Record payment…", "Send…", "Make a link")),
    ],
)
def test_page_has_the_actions_of_the_state(shop, sign_in, state, buttons, not_there):
    browser, invoice = sign_in(shop.member), make_invoice(shop, issued=state != "draft")
    if state == "paid":
        browser.post(url("invoice-pay", invoice.pk), payment())
    if state == "cancelled":
        browser.post(url("invoice-credit", invoice.pk), {"reason": "Wrong"})
    text = text_of(browser.get(url("invoice", invoice.pk)))
    assert [word for word in buttons if word not in text] == []
    assert [word for word in not_there if word in text] == []


def test_others_see_no_invoice(shop, sign_in):
    invoice = make_invoice(shop, issued=True)
    for person in (shop.other, make_shop().admin):
        browser = sign_in(person)
        for name in ("invoice", "invoice-pay", "invoice-send", "invoice-credit", "invoice-pdf"):
            assert browser.get(url(name, invoice.pk)).status_code == 404
        assert invoice.number not in text_of(browser.get(url("invoices")))
    assert sign_in(shop.staff).get("/invoices/99999999999999999999/").status_code == 404


def test_draft_is_issued_and_not_twice(shop, sign_in):
    browser, invoice = sign_in(shop.member), make_invoice(shop)
    browser.post(url("invoice-issue", invoice.pk))
    assert now_of(invoice).status == "sent"
    again = browser.post(url("invoice-issue", invoice.pk), follow=True)
    assert "issued already" in again.content.decode()


def test_draft_is_deleted_and_an_issued_one_is_not(shop, sign_in):
    browser, draft, issued = sign_in(shop.member), make_invoice(shop), make_invoice(shop, issued=True)
    assert "Its number is not given again" in text_of(browser.get(url("invoice-delete", draft.pk)))
    browser.post(url("invoice-delete", draft.pk))
    browser.post(url("invoice-delete", issued.pk))
    assert list(Invoice.objects.all()) == [issued]
    assert browser.get(url("invoice-delete", issued.pk)).status_code == 403


def test_draft_is_cancelled_without_a_credit_note(shop, sign_in):
    draft = make_invoice(shop)
    sign_in(shop.member).post(url("invoice-void", draft.pk))
    assert now_of(draft).status == "cancelled"
    assert not CreditNote.objects.exists()


def test_credit_note_asks_for_a_reason_and_cancels(shop, sign_in):
    browser, invoice = sign_in(shop.member), make_invoice(shop, issued=True)
    assert "takes INV-" in text_of(browser.get(url("invoice-credit", invoice.pk)))
    refused = browser.post(url("invoice-credit", invoice.pk), {"reason": " "})
    assert refused.status_code == 422
    assert "This field is required." in refused.content.decode()
    browser.post(url("invoice-credit", invoice.pk), {"reason": "Billed twice"})
    note = CreditNote.objects.get()
    text = text_of(browser.get(url("invoice", invoice.pk)))
    assert note.number in text
    assert "Billed twice" in text
    assert now_of(invoice).balance == 0
    assert browser.get(url("credit-note", note.pk)).content.startswith(b"%PDF")
    assert sign_in(shop.other).get(url("credit-note", note.pk)).status_code == 404


# --- Sending it


def test_sending_shows_the_address_and_issues_a_draft(shop, sign_in):
    browser, invoice = sign_in(shop.member), make_invoice(shop)
    page = text_of(browser.get(url("invoice-send", invoice.pk)))
    assert "books@fjord.example" in page
    assert "by sending it is issued" in page
    answer = browser.post(url("invoice-send", invoice.pk), {"message": "Hello"}, follow=True)
    assert "on its way to books@fjord.example" in answer.content.decode()
    assert now_of(invoice).status == "sent"
    assert Job.objects.get(kind="mail_sales_document").payload["words"] == {"message": "Hello"}


def test_sending_without_an_address_leads_to_the_customer(shop, sign_in):
    nobody = make_customer(shop.organization, owner=shop.member, email="")
    browser, invoice = sign_in(shop.member), make_invoice(shop, customer=nobody)
    assert url("customer-edit", nobody.pk) in text_of(browser.get(url("invoice-send", invoice.pk)))
    refused = browser.post(url("invoice-send", invoice.pk), {"message": ""})
    assert refused.status_code == 422
    assert now_of(invoice).status == "draft"


def test_link_is_shown_once_and_revoked(shop, sign_in):
    browser, invoice = sign_in(shop.member), make_invoice(shop, issued=True)
    made = browser.post(url("invoice-link-new", invoice.pk), {"days": "30"})
    assert "/s/" in text_of(made)
    assert "no-store" in made.headers["Cache-Control"]
    link = SalesLink.objects.get()
    assert "Open until" in text_of(browser.get(url("invoice", invoice.pk)))
    assert sign_in(shop.other).post(url("invoice-link-revoke", invoice.pk, link.uuid)).status_code == 404
    browser.post(url("invoice-link-revoke", invoice.pk, link.uuid))
    link.refresh_from_db()
    assert link.revoked_at
    other = make_invoice(shop, issued=True)
    assert browser.post(url("invoice-link-revoke", other.pk, link.uuid)).status_code == 404


@pytest.mark.parametrize(("form", "begin"), [("pdf", b"%PDF"), ("docx", b"PK"), ("ubl", b"<?xml"), ("xml", b"<?xml")])
def test_invoice_is_taken_along_in_every_form(shop, sign_in, form, begin):
    invoice = make_invoice(shop, issued=True)
    answer = sign_in(shop.member).get(url("invoice-file", invoice.pk, form))
    assert answer.content.startswith(begin)
    assert invoice.number in answer.headers["Content-Disposition"]
    assert AuditEntry.objects.filter(action="downloaded").count() == 1


def test_unknown_form_is_not_there_and_the_pdf_opens_in_the_browser(shop, sign_in):
    browser, invoice = sign_in(shop.member), make_invoice(shop, issued=True)
    assert browser.get(url("invoice-file", invoice.pk, "xls")).status_code == 404
    shown = browser.get(url("invoice-pdf", invoice.pk))
    assert shown.headers["Content-Disposition"].startswith("inline")


def test_case_is_named_without_a_link_for_who_does_not_see_it(shop, sign_in):
    case = make_case(shop_agency(shop), actor=shop.staff, customer=shop.customer)
    invoice = make_invoice(shop, actor=shop.staff, lines=[LineInput("", Decimal(1), Decimal(10), case=case)])
    colleague = make_user(shop.organization)
    Invoice.objects.filter(pk=invoice.pk).update(owner=colleague)
    text = text_of(sign_in(colleague).get(url("invoice", invoice.pk)))
    assert case.number in text
    assert url("case", case.pk) not in text
