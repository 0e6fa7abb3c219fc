"""Payments and refunds in the pages: recorded at an invoice, refused beside the field, listed and added up."""

from copy import deepcopy
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from bureau.sales.models import Invoice, Payment
from tests.factories.sales import line, make_invoice, make_shop

pytestmark = pytest.mark.django_db


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


def given(amount: str = "112.00", **changes):
    """What the dialog sends."""
    day = timezone.localdate().isoformat()
    return {"amount": amount, "payment_date": day, "payment_method": "bank_transfer", **changes}


def now_of(invoice: Invoice) -> Invoice:
    return Invoice.objects.get(pk=invoice.pk)


def test_form_begins_with_the_balance_and_today(shop, sign_in):
    invoice = make_invoice(shop, issued=True)
    text = text_of(sign_in(shop.member).get(url("invoice-pay", invoice.pk)))
    assert 'name="amount" value="112.00"' in text
    assert f'value="{timezone.localdate().isoformat()}"' in text
    assert 'name="amount" value="112.00"' in text_of(sign_in(shop.member).get(url("invoice", invoice.pk)))


def test_parts_are_paid_until_nothing_is_left(shop, sign_in):
    browser, invoice = sign_in(shop.member), make_invoice(shop, issued=True)
    browser.post(url("invoice-pay", invoice.pk), given("50,00", reference="ST-1", note="first"))
    assert (now_of(invoice).status, now_of(invoice).balance) == ("partial", Decimal("62.00"))
    text = text_of(browser.get(url("invoice", invoice.pk)))
    assert "ST-1" in text
    assert "62.00 to be paid" in text
    assert "recorded 50.00 EUR, Bank transfer" in text
    browser.post(url("invoice-pay", invoice.pk), given("62.00", payment_method="cash"))
    assert now_of(invoice).status == "paid"
    assert browser.get(url("invoice-pay", invoice.pk)).status_code == 403


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"amount": "112.01"}, "At most 112.00 EUR is left to pay."),
        ({"amount": ""}, "This field is required."),
        ({"amount": "much"}, "Give a number"),
        ({"amount": "-5"}, "more than 0"),
        ({"amount": "1.005"}, "at most 2 decimals"),
        ({"payment_date": "3000-01-01"}, "between 1990 and 2100"),
        ({"payment_date": ""}, "This field is required."),
        ({"payment_method": "shells"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_recorded(shop, sign_in, changes, message):
    invoice = make_invoice(shop, issued=True)
    answer = sign_in(shop.member).post(url("invoice-pay", invoice.pk), given(**changes, reference="kept"))
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert 'value="kept"' in answer.content.decode()
    assert not Payment.objects.exists()


def test_payment_goes_to_the_line_that_is_named(shop, sign_in):
    invoice = make_invoice(
        shop, issued=True, lines=[line("First"), line("Second", unit_price="50.00"), line("Crane", unit_price="2000")]
    )
    second = invoice.lines.get(description="Second")
    browser = sign_in(shop.member)
    page = text_of(browser.get(url("invoice-pay", invoice.pk)))
    assert "2. Second: 56.00" in page
    assert "3. Crane: 2,240.00" in page
    refused = browser.post(url("invoice-pay", invoice.pk), given("56.01", line=second.pk))
    assert "At most 56.00" in refused.content.decode()
    browser.post(url("invoice-pay", invoice.pk), given("56.00", line=second.pk))
    paid = {one.description: one.paid_amount for one in now_of(invoice).lines.all()}
    assert paid == {"First": 0, "Second": Decimal("56.00"), "Crane": 0}


def test_payment_from_a_page_that_is_behind_hears_that_it_is_paid(shop, sign_in):
    browser, invoice = (
        sign_in(shop.member),
        make_invoice(shop, issued=True, lines=[line("Crane", unit_price="2000.00")]),
    )
    browser.post(url("invoice-pay", invoice.pk), given("2240.00"))
    again = browser.post(url("invoice-pay", invoice.pk), given("2240.00"))
    assert "It is paid already: nothing is left to pay." in again.content.decode()
    assert Payment.objects.count() == 1


def test_payment_issues_a_draft_and_is_refused_on_a_cancelled_invoice(shop, sign_in):
    browser, invoice = sign_in(shop.member), make_invoice(shop)
    assert "with the payment it is issued" in text_of(browser.get(url("invoice-pay", invoice.pk)))
    browser.post(url("invoice-pay", invoice.pk), given("12.00"))
    assert now_of(invoice).status == "partial"
    browser.post(url("invoice-credit", invoice.pk), {"reason": "x"})
    answer = browser.post(url("invoice-pay", invoice.pk), given("1.00"), follow=True)
    assert "nothing is owed on it" in answer.content.decode()
    assert Payment.objects.count() == 1
    assert "12.00 EUR was paid before it was cancelled" in text_of(browser.get(url("invoice", invoice.pk)))


def test_refund_gives_back_what_is_left_of_a_payment(shop, sign_in):
    browser, invoice = sign_in(shop.member), make_invoice(shop, issued=True)
    browser.post(url("invoice-pay", invoice.pk), given())
    payment = Payment.objects.get()
    text = text_of(browser.get(url("payment-refund", payment.pk)))
    assert 'value="112.00"' in text
    day = timezone.localdate().isoformat()
    refused = browser.post(url("payment-refund", payment.pk), {"amount": "112.01", "payment_date": day})
    assert refused.status_code == 422
    assert "At most 112.00 EUR is left" in refused.content.decode()
    browser.post(url("payment-refund", payment.pk), {"amount": "12.00", "payment_date": day, "note": "Too much"})
    assert now_of(invoice).balance == Decimal("12.00")
    shown = text_of(browser.get(url("invoice", invoice.pk)))
    assert "(12.00)" in shown
    assert "Too much" in shown
    assert 'value="100.00"' in text_of(browser.get(url("payment-refund", payment.pk)))


def test_others_record_and_refund_nothing(shop, sign_in):
    invoice = make_invoice(shop, issued=True)
    sign_in(shop.member).post(url("invoice-pay", invoice.pk), given("10.00"))
    payment = Payment.objects.get()
    other = sign_in(shop.other)
    assert other.post(url("invoice-pay", invoice.pk), given("1.00")).status_code == 404
    assert other.post(url("payment-refund", payment.pk), {"amount": "1.00"}).status_code == 404
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"A-1", "B-2"}),
        ("method=cash", {"B-2"}),
        ("tab=refunds", set()),
        ("q=a-1", {"A-1"}),
        ("q=fjord", {"A-1", "B-2"}),
        ("to=2001-01-01", set()),
        ("client=1%00x", set()),
    ],
)
def test_list_shows_payments_by_method_reference_and_day(shop, sign_in, query, shown):
    browser, invoice = sign_in(shop.staff), make_invoice(shop, issued=True)
    browser.post(url("invoice-pay", invoice.pk), given("10.00", reference="A-1"))
    browser.post(url("invoice-pay", invoice.pk), given("20.00", reference="B-2", payment_method="cash"))
    text = text_of(browser.get(f"{url('payments')}?{query}"))
    assert {name for name in ("A-1", "B-2") if f">{name}<" in text} == shown
    assert text_of(sign_in(shop.other).get(url("payments"))).count("No payments yet") == 1


def test_list_adds_up_and_goes_out_as_a_table(shop, sign_in):
    browser, invoice = sign_in(shop.staff), make_invoice(shop, issued=True)
    browser.post(url("invoice-pay", invoice.pk), given("10.00"))
    browser.post(url("invoice-pay", invoice.pk), given("20.50"))
    assert browser.get(url("payments")).context["sums"] == []  # everything that ever was
    narrowed = browser.get(url("payments"), {"q": invoice.number})
    assert narrowed.context["sums"][0].amounts == [Decimal("30.50")]
    table = b"".join(browser.get(url("payments"), {"export": "csv"})).decode()
    assert invoice.number in table
    assert "20.50" in table
