"""Recurring invoices: one for each date, and no other."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta

import pytest

from bureau.core.models import Job
from bureau.kit.errors import Forbidden, Invalid
from bureau.parties.services.customers import set_active
from bureau.sales.models import Invoice, RecurringInvoice
from bureau.sales.services import recurring as services
from tests.factories.sales import line, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def first_shop(once):
    return once(make_shop)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


def at(day):
    return datetime(day.year, day.month, day.day, 5, tzinfo=UTC)


JAN = date(2026, 1, 31)


def make(shop, **options):
    given = {
        "actor": shop.member,
        "customer": shop.customer,
        "lines": [line("Hosting", "1", "20.00")],
        "name": "Hosting",
        "interval": "monthly",
        "start_date": JAN,
        "now": at(date(2026, 1, 15)),
        **options,
    }
    return services.create_recurring(**given)


def dates():
    return list(Invoice.objects.order_by("issue_date").values_list("issue_date", flat=True))


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ("weekly", [date(2026, 1, 31), date(2026, 2, 7), date(2026, 2, 14)]),
        ("monthly", [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]),
        ("quarterly", [date(2026, 1, 31), date(2026, 4, 30), date(2026, 7, 31)]),
        ("yearly", [date(2026, 1, 31), date(2027, 1, 31), date(2028, 1, 31)]),
    ],
)
def test_dates_are_counted_from_the_first(interval, expected):
    assert [services.nth_date(JAN, interval, count) for count in range(3)] == expected
    assert services.date_after(JAN, interval, None) == JAN
    assert services.date_after(JAN, interval, expected[1]) == expected[2]
    assert services.date_after(JAN, interval, expected[1] - timedelta(days=1)) == expected[1]


def test_each_date_gets_one_invoice_also_after_days_without_a_run(shop):
    recurring = make(shop, payment_days=10)
    assert services.make_due_invoices(now=at(date(2026, 1, 30))) == 0
    assert services.make_due_invoices(now=at(JAN)) == 1
    assert services.make_due_invoices(now=at(JAN)) == 0
    assert services.make_due_invoices(now=at(date(2026, 4, 30))) == 3
    assert dates() == [JAN, date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]
    invoice = Invoice.objects.first()
    assert (invoice.status, invoice.due_date, invoice.owner) == ("draft", date(2026, 2, 10), shop.member)
    recurring.refresh_from_db()
    assert recurring.next_date == date(2026, 5, 31)
    assert Job.objects.filter(kind="send_mail").count() == 4  # its owner looks at each


def test_it_ends_on_its_last_day(shop):
    recurring = make(shop, end_date=date(2026, 2, 28))
    assert services.make_due_invoices(now=at(date(2026, 12, 1))) == 2
    recurring.refresh_from_db()
    assert recurring.next_date is None


def test_it_is_issued_and_mailed_where_so_wanted(shop):
    make(shop, send=True)
    services.make_due_invoices(now=at(JAN))
    invoice = Invoice.objects.get()
    assert (invoice.status, bool(invoice.parties)) == ("sent", True)
    assert list(Job.objects.values_list("kind", flat=True)) == ["mail_sales_document"]


def test_what_cannot_be_made_is_told_once_and_holds_nobody_up(shop):
    broken, sound = make(shop), make(make_shop())
    set_active(actor=shop.member, customer=shop.customer, active=False, now=at(JAN))
    for _ in range(2):
        services.make_due_invoices(now=at(JAN))
    assert Invoice.objects.get().recurring == sound
    broken.refresh_from_db()
    assert "not active" in broken.problem
    told = [job for job in Job.objects.filter(kind="send_mail") if "not active" in job.payload["body"]]
    assert len(told) == 1
    set_active(actor=shop.member, customer=shop.customer, active=True, now=at(JAN))
    assert services.make_due_invoices(now=at(JAN)) == 1
    broken.refresh_from_db()
    assert broken.problem == ""


def test_pause_leaves_out_what_would_have_come(shop):
    recurring = make(shop)
    services.set_recurring_active(actor=shop.member, recurring=recurring, active=False, now=at(JAN))
    assert services.make_due_invoices(now=at(date(2026, 3, 15))) == 0
    services.set_recurring_active(actor=shop.member, recurring=recurring, active=True, now=at(date(2026, 3, 15)))
    assert services.make_due_invoices(now=at(date(2026, 4, 1))) == 1
    assert dates() == [date(2026, 3, 31)]


def test_change_of_its_days_does_not_bill_a_date_twice(shop):
    recurring = make(shop)
    services.make_due_invoices(now=at(JAN))
    services.update_recurring(
        actor=shop.member,
        recurring=recurring,
        changes={"start_date": date(2026, 1, 15), "interval": "weekly"},
        lines=[line("Hosting", "2", "20.00")],
        now=at(JAN),
    )
    services.make_due_invoices(now=at(date(2026, 2, 6)))
    assert dates() == [JAN, date(2026, 2, 5)]
    assert Invoice.objects.order_by("issue_date").last().subtotal == 40


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"name": " "}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"interval": "daily"}, "interval"),
        ({"end_date": date(2026, 1, 30)}, "end_date"),
        ({"start_date": date(2024, 1, 30)}, "start_date"),
        ({"payment_days": 366}, "payment_days"),
        ({"lines": []}, "line_items"),
        ({"lines": [line(quantity="-1")]}, "line_items.0.quantity"),
    ],
)
def test_what_is_wrong_is_told_by_field(shop, options, name):
    with pytest.raises(Invalid) as refused:
        make(shop, **options)
    assert list(refused.value.fields) == [name]
    assert not RecurringInvoice.objects.exists()


def test_only_who_sees_it_works_on_it(shop):
    with pytest.raises(Forbidden):
        make(shop, actor=shop.other)
    recurring = make(shop)
    for act in (
        lambda: services.update_recurring(actor=shop.other, recurring=recurring, changes={}, now=at(JAN)),
        lambda: services.set_recurring_active(actor=shop.other, recurring=recurring, active=False, now=at(JAN)),
        lambda: services.delete_recurring(actor=shop.other, recurring=recurring, now=at(JAN)),
    ):
        with pytest.raises(Forbidden):
            act()
    services.make_due_invoices(now=at(JAN))
    services.delete_recurring(actor=shop.member, recurring=recurring, now=at(JAN))
    assert Invoice.objects.get().recurring is None
