"""Statements add up, whatever was done with the invoices, and whichever days they are of."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bureau.core.models import Organization
from bureau.kit.errors import DomainError, Invalid
from bureau.sales.models import Invoice
from bureau.sales.selectors.ageing import ageing
from bureau.sales.selectors.statements import Movement, MovementKind, customer_statement
from bureau.sales.services import invoices
from bureau.sales.services.payments import mark_as_paid, record_payment, refund_payment
from bureau.sales.states import InvoiceStatus
from tests.factories.parties import make_customer
from tests.factories.sales import line, make_invoice, make_shop

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = date(2026, 11, 23)
DAYS = 120  # back to which things happen


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.fixture(scope="module")
def first_shop(once):
    return once(make_shop)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


def issue(shop, amount="100.00", *, days=30, **options) -> Invoice:
    """Issued so many days ago, due after ten, without tax."""
    rows = [line(unit_price=amount, tax_code="GST_0")]
    dates = {"issue_date": ago(days), "due_date": ago(days - 10)}
    return make_invoice(shop, lines=rows, issued=True, now=NOW, **{**dates, **options})


def pay(shop, invoice, amount, days, **more):
    options = {"payment_date": ago(days), "payment_method": "bank_transfer", "now": NOW, **more}
    return record_payment(actor=shop.staff, invoice=invoice, amount=Decimal(amount), **options)


def statement(shop, first=DAYS, last=0, **options):
    return customer_statement(
        shop.staff, shop.customer, date_from=ago(first), date_to=ago(last), today=TODAY, **options
    )


def told(movement: Movement):
    return movement.kind.value, movement.day, movement.amount, movement.balance


def test_statement_tells_what_happened_in_its_order_with_what_was_owed_then(shop):
    first, second = issue(shop, days=30), issue(shop, "40.00", days=20)
    payment = pay(shop, first, "60.00", 20, reference="TX1")
    refund_payment(actor=shop.staff, payment=payment, amount=Decimal(10), payment_date=ago(5), now=NOW)
    note = invoices.cancel_invoice(actor=shop.staff, invoice=second, now=NOW)
    found = statement(shop)
    assert [told(one) for one in found.movements] == [
        ("invoice", ago(30), 100, 100),
        ("invoice", ago(20), 40, 140),
        ("payment", ago(20), -60, 80),
        ("refund", ago(5), 10, 90),
        ("credit_note", TODAY, -40, 50),
    ]
    assert [one.number for one in found.movements] == [first.number, second.number, "", "", note.number]
    assert [one.invoice_number for one in found.movements][2:] == [first.number, first.number, second.number]
    assert (found.movements[2].reference, found.movements[2].payment_method) == ("TX1", "bank_transfer")
    assert (found.movements[0].due_date, found.movements[2].due_date) == (ago(20), None)
    assert (found.opening_balance, found.closing_balance, found.owed.total, found.credit) == (0, 50, 50, 0)
    assert (found.invoiced, found.credited, found.paid, found.refunded) == (140, 40, 60, 10)


def test_what_was_before_is_in_the_opening_balance(shop):
    invoice = issue(shop, days=90)
    pay(shop, invoice, "30.00", 60)
    issue(shop, "5.00", days=10)
    found = statement(shop, 60, 20)
    assert (found.opening_balance, [told(one)[2:] for one in found.movements]) == (100, [(-30, 70)])
    assert (found.closing_balance, found.owed.total) == (70, 70)
    found = statement(shop, 50, 20)
    assert (found.opening_balance, found.movements, found.closing_balance) == (70, [], 70)
    assert statement(shop, 5).opening_balance == 75


def test_drafts_and_void_drafts_are_not_told(shop):
    make_invoice(shop, now=NOW)
    invoices.cancel_invoice(actor=shop.staff, invoice=make_invoice(shop, now=NOW), now=NOW)
    assert statement(shop).movements == []


def test_what_was_paid_on_a_cancelled_invoice_is_the_customers(shop):
    invoice = issue(shop)
    payment = pay(shop, invoice, "30.00", 10)
    invoices.cancel_invoice(actor=shop.staff, invoice=invoice, now=NOW)
    found = statement(shop)
    assert (found.closing_balance, found.owed.total, found.credit) == (-30, 0, 30)
    refund_payment(actor=shop.staff, payment=payment, payment_date=TODAY, now=NOW)
    found = statement(shop)
    assert (found.closing_balance, found.credit) == (0, 0)


def test_statement_covers_a_year_until_today_where_nothing_is_said(shop):
    issue(shop, days=400)
    found = customer_statement(shop.staff, shop.customer, today=TODAY)
    assert (found.date_from, found.date_to) == (date(2025, 11, 23), TODAY)
    assert (found.opening_balance, found.closing_balance, found.owed.over_90) == (100, 100, 100)


def test_statement_that_ends_before_it_begins_is_refused(shop):
    with pytest.raises(Invalid) as refusal:
        statement(shop, 5, 6)
    assert list(refusal.value.fields) == ["date_to"]


def test_each_currency_is_an_account_of_its_own(shop):
    issue(shop, "10.00")
    Organization.objects.filter(pk=shop.organization.pk).update(currency="USD")
    shop.customer.organization.currency = "USD"
    assert statement(shop).currency == "EUR", "there is nothing in the organization's"
    issue(shop, "20.00")
    found = statement(shop)
    assert (found.currency, found.currencies, found.closing_balance, found.owed.total) == (
        "USD",
        ["EUR", "USD"],
        20,
        20,
    )
    assert statement(shop, currency="EUR").closing_balance == 10
    assert statement(shop, currency="XXX").movements == []


def test_statement_is_of_one_customer_and_what_the_person_sees(shop):
    other = make_customer(shop.organization, shop.other)
    issue(shop, "7.00", customer=other, actor=shop.staff)
    issue(shop, "3.00")
    assert statement(shop).closing_balance == 3
    options = {"date_from": ago(DAYS), "today": TODAY}
    assert customer_statement(shop.other, other, **options).closing_balance == 7
    assert customer_statement(shop.member, other, **options).movements == []


def test_statement_costs_the_same_however_long_it_is(shop, django_assert_max_num_queries):
    def cost():
        with django_assert_max_num_queries(12) as queries:
            statement(shop)
        return len(queries)

    pay(shop, issue(shop), "1.00", 3)
    before = cost()
    for _ in range(3):
        pay(shop, issue(shop), "1.00", 3)
    assert cost() == before


# Whatever is done, in whatever order.

days = st.integers(min_value=0, max_value=DAYS)
amounts = st.decimals(min_value="0.01", max_value=900, places=2)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("issue"), amounts, days),
        st.tuples(st.just("draft"), amounts, days),
        st.tuples(st.just("pay"), amounts, days),
        st.tuples(st.just("pay all"), amounts, days),
        st.tuples(st.just("refund"), amounts, days),
        st.tuples(st.just("cancel"), amounts, days),
    ),
    max_size=14,
)


def play(shop, action, amount, day, which) -> None:
    """Carries a step out on one of the invoices, as far as the services allow."""
    if action in ("issue", "draft"):
        rows = [line(unit_price=str(amount), tax_code="GP"), line(tax_code="GST_0")]
        options = {"issue_date": ago(day), "due_date": ago(day - 14)}
        make_invoice(shop, lines=rows, issued=action == "issue", now=NOW, **options)
        return
    there = list(Invoice.objects.order_by("pk"))
    if not there:
        return
    invoice = there[which % len(there)]
    options = {"actor": shop.staff, "payment_date": ago(day), "now": NOW}
    match action:
        case "pay":
            part = min(amount, invoice.balance or amount)
            record_payment(invoice=invoice, amount=part, payment_method="cash", **options)
        case "pay all":
            mark_as_paid(invoice=invoice, payment_method="paypal", **options)
        case "refund":
            payments = list(invoice.payments.filter(refund_of=None))
            if payments:
                refund_payment(payment=payments[which % len(payments)], amount=amount, **options)
        case "cancel":
            at = NOW - timedelta(days=day)
            invoices.cancel_invoice(actor=shop.staff, invoice=invoice, now=at)


def owed_on(day: date) -> Decimal:
    """Added up invoice by invoice."""
    total = Decimal(0)
    for invoice in Invoice.objects.filter(issued_at__isnull=False, issue_date__lte=day):
        if hasattr(invoice, "credit_note") and invoice.credit_note.issue_date <= day:
            continue
        paid = sum((payment.amount for payment in invoice.payments.filter(payment_date__lte=day)), Decimal(0))
        total += invoice.total_amount - paid
    return total


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, picks=st.lists(st.integers(0, 50), min_size=14, max_size=14), cut=days, middle=days)
def test_statements_add_up_whatever_happens(shop, steps, picks, cut, middle):
    with transaction.atomic():
        for (action, amount, day), which in zip(steps, picks, strict=False):
            try:
                play(shop, action, amount, day, which)
            except DomainError:
                pass
        check_sums(shop, max(cut, middle), min(cut, middle))
        transaction.set_rollback(True)


def check_sums(shop, cut: int, middle: int) -> None:
    whole = statement(shop)
    assert whole.opening_balance == 0
    assert sum((one.amount for one in whole.movements), Decimal(0)) == whole.closing_balance
    assert whole.invoiced - whole.credited - whole.paid + whole.refunded == whole.closing_balance
    kept = list(Invoice.objects.all())
    open_balances = sum((one.balance for one in kept if one.status != InvoiceStatus.DRAFT), Decimal(0))
    to_refund = sum((one.paid_amount for one in kept if one.status == InvoiceStatus.CANCELLED), Decimal(0))
    assert (whole.owed.total, whole.credit) == (open_balances, to_refund)
    assert whole.closing_balance == open_balances - to_refund

    balance = whole.opening_balance
    for movement in whole.movements:
        balance += movement.amount
        assert movement.balance == balance
        assert (movement.amount > 0) == (movement.kind in (MovementKind.INVOICE, MovementKind.REFUND))

    before, between, after = (
        statement(shop, DAYS, cut + 1) if cut < DAYS else None,
        statement(shop, cut, middle),
        statement(shop, middle - 1) if middle else None,
    )
    if before:
        assert before.closing_balance == between.opening_balance
    if after:
        assert between.closing_balance == after.opening_balance
        assert after.closing_balance == whole.closing_balance
    past = ago(max(middle, 1))
    assert sum((row.total for row in ageing(shop.staff, as_of=past, today=TODAY)), Decimal(0)) == owed_on(past)
