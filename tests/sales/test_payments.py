"""Payments and refunds: what is paid, and what is left to pay."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from bureau.cases.models import Case
from bureau.core.models import AuditEntry
from bureau.kit.errors import Forbidden, Invalid, WrongState
from bureau.sales.models import Invoice, InvoiceLine, Payment, PaymentShare
from bureau.sales.services import invoices
from bureau.sales.services.payments import PaymentTooHigh, mark_as_paid, record_payment, refund_payment
from tests.factories.cases import make_agency, make_case
from tests.factories.sales import line, make_invoice, make_shop

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def first_shop(once):
    return once(make_shop)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


@pytest.fixture
def invoice(shop):
    """Three lines of 112.00, 56.00 and 11.20: 179.20."""
    lines = [line("Advice"), line("Paint", "2", "25.00"), line("Brush", "1", "10.00")]
    return make_invoice(shop, lines=lines, issued=True, now=NOW)


def pay(shop, invoice, amount, **options):
    given = {"payment_date": TODAY, "payment_method": "bank_transfer", "now": NOW, "actor": shop.member, **options}
    return record_payment(invoice=invoice, amount=Decimal(amount), **given)


def figures(invoice):
    invoice.refresh_from_db()
    return invoice.status, invoice.paid_amount, invoice.balance


def paid_lines(invoice):
    return list(InvoiceLine.objects.filter(invoice=invoice).values_list("paid_amount", flat=True))


def test_payments_fill_the_lines_in_their_order(shop, invoice):
    pay(shop, invoice, "120.00", reference="TXN1")
    assert figures(invoice) == ("partial", Decimal("120.00"), Decimal("59.20"))
    assert paid_lines(invoice) == [Decimal("112.00"), Decimal("8.00"), Decimal("0.00")]
    pay(shop, invoice, "59.20", payment_method="cash")
    assert figures(invoice) == ("paid", Decimal("179.20"), Decimal("0.00"))
    assert paid_lines(invoice) == [Decimal("112.00"), Decimal("56.00"), Decimal("11.20")]
    assert invoice.paid_at == TODAY
    entry = AuditEntry.objects.filter(action="paid").order_by("pk").first()
    assert (entry.new_values["amount"], entry.new_values["balance"]) == ("120.00", "59.20")


def test_payment_for_one_line_takes_what_that_line_has_room_for(shop, invoice):
    brush = invoice.lines.get(description="Brush")
    with pytest.raises(PaymentTooHigh, match=r"11\.20"):
        pay(shop, invoice, "11.21", line=brush)
    pay(shop, invoice, "11.20", line=brush)
    assert paid_lines(invoice) == [0, 0, Decimal("11.20")]
    pay(shop, invoice, "168.00")
    assert figures(invoice)[0] == "paid"


@pytest.mark.parametrize(
    ("amount", "options", "name"),
    [
        ("0", {}, "amount"),
        ("-5", {}, "amount"),
        ("NaN", {}, "amount"),
        ("1.005", {}, "amount"),
        ("179.21", {}, "amount"),
        ("1", {"payment_method": "barter"}, "payment_method"),
        ("1", {"payment_date": TODAY + timedelta(days=2)}, "payment_date"),
        ("1", {"payment_date": date(1900, 1, 1)}, "payment_date"),
        ("1", {"payment_date": TODAY - timedelta(days=5 * 366 + 1)}, "payment_date"),
        ("1", {"reference": "r" * 201}, "reference"),
        ("1", {"note": "\x00"}, "note"),
    ],
)
def test_payment_that_is_wrong_changes_nothing(shop, invoice, amount, options, name):
    with pytest.raises((Invalid, PaymentTooHigh)) as refused:
        pay(shop, invoice, amount, **options)
    assert list(refused.value.fields) == [name]
    assert not Payment.objects.exists()
    assert figures(invoice) == ("sent", 0, Decimal("179.20"))


def test_cancelled_and_foreign_invoices_take_no_payment(shop, invoice):
    with pytest.raises(Forbidden):
        pay(shop, invoice, "1", actor=shop.other)
    invoices.cancel_invoice(actor=shop.member, invoice=invoice, now=NOW)
    with pytest.raises(WrongState, match="cancelled"):
        pay(shop, invoice, "1")
    with pytest.raises(WrongState, match="cancelled"):
        mark_as_paid(actor=shop.member, invoice=invoice, payment_method="cash", payment_date=TODAY, now=NOW)
    assert not Payment.objects.exists()


def test_payment_issues_a_draft(shop):
    draft = make_invoice(shop, now=NOW)
    pay(shop, draft, "50")
    assert figures(draft) == ("partial", 50, 62)
    assert (draft.issued_at, "Fjord Trading" in str(draft.parties)) == (NOW, True)
    with pytest.raises(WrongState, match="no line"):
        pay(shop, make_invoice(shop, lines=[], now=NOW), "1")
    with pytest.raises(PaymentTooHigh):
        pay(shop, empty := make_invoice(shop, now=NOW), "113")
    assert figures(empty)[0] == "draft"


def test_refund_makes_its_amount_due_again(shop, invoice):
    payment = pay(shop, invoice, "179.20")
    refund = refund_payment(
        actor=shop.member, payment=payment, amount=Decimal("20.00"), payment_date=TODAY, note="Too dear", now=NOW
    )
    assert (refund.amount, refund.refund_of, refund.payment_method) == (Decimal("-20.00"), payment, "bank_transfer")
    assert figures(invoice) == ("partial", Decimal("159.20"), Decimal("20.00"))
    assert paid_lines(invoice) == [Decimal("112.00"), Decimal("47.20"), Decimal("0.00")]
    assert invoice.paid_at is None
    with pytest.raises(PaymentTooHigh, match=r"159\.20"):
        refund_payment(actor=shop.member, payment=payment, amount=Decimal("159.21"), payment_date=TODAY, now=NOW)
    refund_payment(actor=shop.member, payment=payment, payment_date=TODAY, now=NOW)
    assert figures(invoice) == ("sent", 0, Decimal("179.20"))
    for again in (payment, refund):
        with pytest.raises(WrongState):
            refund_payment(actor=shop.member, payment=again, payment_date=TODAY, now=NOW)


def test_what_was_paid_on_a_cancelled_invoice_is_refunded(shop, invoice):
    payment = pay(shop, invoice, "100.00")
    invoices.cancel_invoice(actor=shop.member, invoice=invoice, now=NOW)
    assert figures(invoice) == ("cancelled", Decimal("100.00"), 0)
    refund_payment(actor=shop.member, payment=payment, payment_date=TODAY, now=NOW)
    assert figures(invoice) == ("cancelled", 0, 0)


def test_marking_as_paid_pays_what_is_due_on_each_line(shop, invoice):
    pay(shop, invoice, "12.00")
    payments = mark_as_paid(actor=shop.member, invoice=invoice, payment_method="paypal", payment_date=TODAY, now=NOW)
    assert [payment.amount for payment in payments] == [Decimal("167.20")]
    assert figures(invoice) == ("paid", Decimal("179.20"), 0)
    with pytest.raises(WrongState, match="paid already"):
        mark_as_paid(actor=shop.member, invoice=invoice, payment_method="cash", payment_date=TODAY, now=NOW)


def agency_invoice(agency, cases, *more):
    lines = [line("", "1", "100.00", tax_code="", case=case) for case in cases]
    return invoices.create_invoice(actor=agency.member, customer=agency.customer, lines=[*lines, *more], now=NOW)


def test_each_case_is_paid_by_a_payment_of_its_own():
    agency = make_agency(tax_code="GST2")
    cases = [make_case(agency, now=NOW) for _ in range(2)]
    invoice = agency_invoice(agency, cases, line("Stamps", "1", "10.00"), line("Copies", "1", "5.00"))
    payments = mark_as_paid(actor=agency.member, invoice=invoice, payment_method="cash", payment_date=TODAY, now=NOW)
    assert [payment.amount for payment in payments] == [Decimal("105.00"), Decimal("105.00"), Decimal("16.80")]
    assert PaymentShare.objects.count() == 4


def test_payment_in_full_completes_the_cases_whose_product_says_so():
    agency = make_agency(tax_code="GST2")
    type(agency.product).objects.filter(pk=agency.product.pk).update(completed_by_payment=True)
    cases = [make_case(agency, now=NOW) for _ in range(2)]
    invoice = agency_invoice(agency, cases)
    record_payment(
        actor=agency.member,
        invoice=invoice,
        amount=Decimal("120.00"),
        payment_date=TODAY,
        payment_method="cash",
        now=NOW,
    )
    states = dict(Case.objects.values_list("pk", "status"))
    assert states == {cases[0].pk: "completed", cases[1].pk: "pending"}
    done = Case.objects.get(pk=cases[0].pk)
    assert (done.closing_reason, done.completed_at) == (f"Paid: {invoice.number}", NOW)
    mark_as_paid(actor=agency.member, invoice=invoice, payment_method="cash", payment_date=TODAY, now=NOW)
    assert set(Case.objects.values_list("status", flat=True)) == {"completed"}


def test_payment_leaves_cases_alone_where_the_product_does_not_say_so():
    agency = make_agency(tax_code="GST2")
    case = make_case(agency, now=NOW)
    invoice = agency_invoice(agency, [case])
    mark_as_paid(actor=agency.member, invoice=invoice, payment_method="cash", payment_date=TODAY, now=NOW)
    case.refresh_from_db()
    assert case.status == "pending"
    assert Invoice.objects.get().status == "paid"
