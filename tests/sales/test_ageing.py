"""What customers owe, by how long it has been due, now and on days that have passed."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from bureau.core.models import Organization
from bureau.sales.models import Invoice
from bureau.sales.selectors.ageing import BUCKETS, ageing, totals
from bureau.sales.services import invoices
from bureau.sales.services.payments import record_payment, refund_payment
from tests.factories.parties import make_customer
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


def issue(shop, amount="100.00", *, days=0, **options) -> Invoice:
    """Issued 300 days ago, `days` overdue today, without tax."""
    given = {"issue_date": TODAY - timedelta(days=300), "due_date": TODAY - timedelta(days=days)}
    rows = [line(unit_price=amount, tax_code="GST_0")]
    return make_invoice(shop, lines=rows, issued=True, now=NOW, **{**given, **options})


def pay(shop, invoice, amount, day=TODAY):
    return record_payment(
        actor=shop.staff, invoice=invoice, amount=Decimal(amount), payment_date=day, payment_method="cash", now=NOW
    )


def owed(shop, as_of=TODAY, user=None, **options):
    return ageing(user or shop.staff, as_of=as_of, today=TODAY, **options)


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (-30, "not_due"),
        (0, "not_due"),
        (1, "days_1_30"),
        (30, "days_1_30"),
        (31, "days_31_60"),
        (60, "days_31_60"),
        (61, "days_61_90"),
        (90, "days_61_90"),
        (91, "over_90"),
        (199, "over_90"),
    ],
)
def test_invoice_stands_in_the_bucket_of_its_days_overdue(shop, days, bucket):
    issue(shop, days=days)
    [row] = owed(shop)
    assert {one.name: getattr(row, one.name) for one in BUCKETS if getattr(row, one.name)} == {bucket: 100}
    assert (row.total, row.overdue) == (100, 0 if bucket == "not_due" else 100)
    assert (row.customer_id, row.customer_name, row.currency) == (shop.customer.pk, "Fjord Trading", "EUR")
    [same] = owed(shop, as_of=TODAY - timedelta(days=days + 45))
    assert same.not_due == 100, "45 days before it was due"


def test_only_what_is_left_of_issued_invoices_counts(shop):
    pay(shop, issue(shop, "100.00", days=5), "30.10")
    pay(shop, issue(shop, "50.00", days=5), "50.00")
    invoices.cancel_invoice(actor=shop.staff, invoice=issue(shop, days=5), now=NOW)
    make_invoice(shop, now=NOW)
    invoices.cancel_invoice(actor=shop.staff, invoice=make_invoice(shop, now=NOW), now=NOW)
    [row] = owed(shop)
    assert (row.days_1_30, row.total) == (Decimal("69.90"), Decimal("69.90"))


def test_who_owes_nothing_is_left_out(shop):
    pay(shop, issue(shop), "100.00")
    assert owed(shop) == []
    assert totals([]) == []


def test_sums_are_exact_to_the_cent(shop):
    for amount in ("0.10", "0.20", "0.70", "1234567890.01"):
        issue(shop, amount, days=3)
    [row] = owed(shop)
    assert str(row.days_1_30) == "1234567891.01"
    [past] = owed(shop, as_of=TODAY - timedelta(days=1))
    assert str(past.days_1_30) == "1234567891.01"


def test_past_day_follows_from_the_dates(shop):
    begin = TODAY - timedelta(days=100)
    invoice = issue(shop, issue_date=begin, due_date=begin + timedelta(days=10))
    first = pay(shop, invoice, "60.00", begin + timedelta(days=20))
    refund_payment(
        actor=shop.staff, payment=first, amount=Decimal(15), payment_date=begin + timedelta(days=50), now=NOW
    )

    def total_after(days):
        return sum(row.total for row in owed(shop, as_of=begin + timedelta(days=days)))

    assert [total_after(days) for days in (-1, 0, 19, 20, 49, 50, 100)] == [0, 100, 100, 40, 40, 55, 55]
    [row] = owed(shop, as_of=begin + timedelta(days=45))
    assert (row.days_31_60, row.overdue) == (40, 40)


def test_credit_note_counts_from_its_date(shop):
    invoice = issue(shop, days=10)
    later = NOW + timedelta(days=5)
    invoices.cancel_invoice(actor=shop.staff, invoice=invoice, now=later)
    day = TODAY + timedelta(days=9)

    def total(as_of):
        return sum(row.total for row in ageing(shop.staff, as_of=as_of, today=day))

    assert [total(as_of) for as_of in (TODAY, later.date() - timedelta(days=1), later.date(), day)] == [100, 100, 0, 0]


def test_each_currency_is_a_row_of_its_own(shop):
    issue(shop, "10.00")
    Organization.objects.filter(pk=shop.organization.pk).update(currency="USD")
    shop.customer.organization.currency = "USD"
    issue(shop, "20.00")
    assert [(row.currency, row.total) for row in owed(shop)] == [("EUR", 10), ("USD", 20)]
    assert [(row.currency, row.total) for row in totals(owed(shop))] == [("EUR", 10), ("USD", 20)]


def test_each_person_sees_what_their_own_invoices_come_to(shop):
    stranger = make_shop()
    issue(stranger, "7.00")
    issue(shop, "10.00")
    theirs = make_customer(shop.organization, shop.other, company_name="Quay AG", customer_type="company")
    issue(shop, "5.00", customer=theirs, actor=shop.staff)
    assert [(row.customer_name, row.total) for row in owed(shop)] == [("Fjord Trading", 10), ("Quay AG", 5)]
    assert [row.total for row in owed(shop, user=shop.member)] == [10]
    assert [row.total for row in owed(shop, user=shop.other)] == [5]
    assert [row.total for row in owed(shop, user=shop.other, as_of=TODAY - timedelta(days=1))] == [5]
    assert [row.total for row in owed(shop, customer=shop.customer.pk, user=shop.other)] == []
    assert [row.total for row in owed(stranger)] == [7]


def test_rows_are_found_and_sorted(shop):
    harbour = make_customer(shop.organization, shop.member, company_name="harbour Ltd", customer_type="company")
    issue(shop, "10.00", days=40)
    issue(shop, "30.00", customer=harbour)

    def names(**options):
        return [row.customer_name for row in owed(shop, **options)]

    assert names() == ["Fjord Trading", "harbour Ltd"]
    assert names(order=["-customer_name"]) == ["harbour Ltd", "Fjord Trading"]
    assert names(order=["-total"]) == ["harbour Ltd", "Fjord Trading"]
    assert names(order=["total"]) == names(order=["-days_31_60"]) == ["Fjord Trading", "harbour Ltd"]
    assert names(words="trad fjo") == ["Fjord Trading"]
    assert names(words="nobody") == []
    assert names(customer=harbour.pk) == ["harbour Ltd"]


def test_ageing_costs_two_queries_at_most(shop, django_assert_num_queries):
    for _ in range(3):
        issue(shop, customer=make_customer(shop.organization, shop.member))
    with django_assert_num_queries(1):
        assert len(owed(shop)) == 3
    with django_assert_num_queries(2):
        assert len(owed(shop, as_of=TODAY - timedelta(days=1))) == 3
