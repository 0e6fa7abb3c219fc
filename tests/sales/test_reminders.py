"""Reminders of overdue invoices: at 7, 14 and 30 days, each once."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from bureau.accounts.services.organizations import update_organization
from bureau.core import jobs
from bureau.core.models import Job
from bureau.parties.services.customers import set_active, update_customer
from bureau.sales.models import InvoiceReminder
from bureau.sales.reminders import remind_customers
from bureau.sales.services.invoices import cancel_invoice
from bureau.sales.services.payments import mark_as_paid
from tests.factories.sales import make_invoice, make_shop

pytestmark = pytest.mark.django_db
DUE = date(2026, 10, 1)
ISSUED = datetime(2026, 9, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def first_shop(once):
    return once(make_shop)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


def on(days):
    """So many days after the due date."""
    return datetime(2026, 10, 1, 6, tzinfo=UTC) + timedelta(days=days)


def told():
    return list(InvoiceReminder.objects.order_by("days").values_list("days", flat=True))


def owed(shop):
    return make_invoice(shop, issued=True, due_date=DUE, now=ISSUED)


def test_customer_is_reminded_three_times_and_no_more(shop):
    owed(shop)
    made = [day for day in range(50) if remind_customers(now=on(day)) + remind_customers(now=on(day))]
    assert (made, told()) == ([7, 14, 30], [7, 14, 30])


def test_missed_reminders_are_not_sent_all_at_once(shop):
    owed(shop)
    assert remind_customers(now=on(20)) == 1
    assert told() == [14]
    assert remind_customers(now=on(45)) == 1
    assert told() == [14, 30]


def test_who_has_paid_or_owes_nothing_or_wants_no_mail_is_left_alone(shop):
    paid, cancelled = owed(shop), owed(shop)
    make_invoice(shop, due_date=DUE, now=ISSUED)  # a draft
    mark_as_paid(actor=shop.member, invoice=paid, payment_method="cash", payment_date=DUE, now=on(0))
    cancel_invoice(actor=shop.member, invoice=cancelled, now=ISSUED)
    assert remind_customers(now=on(10)) == 0
    owed(shop)
    update_organization(
        actor=shop.admin, organization=shop.organization, changes={"remind_customers": False}, now=ISSUED
    )
    assert remind_customers(now=on(10)) == 0
    update_organization(
        actor=shop.admin, organization=shop.organization, changes={"remind_customers": True}, now=ISSUED
    )
    set_active(actor=shop.member, customer=shop.customer, active=False, now=ISSUED)
    assert remind_customers(now=on(10)) == 0
    set_active(actor=shop.member, customer=shop.customer, active=True, now=ISSUED)
    update_customer(actor=shop.member, customer=shop.customer, changes={"email": ""}, now=ISSUED)
    assert remind_customers(now=on(10)) == 0
    assert told() == []


def test_reminder_says_what_is_owed_and_is_not_sent_once_it_is_paid(shop):
    today = timezone.localdate()
    invoice = make_invoice(
        shop, issued=True, issue_date=today - timedelta(days=40), due_date=today - timedelta(days=8), now=ISSUED
    )
    assert remind_customers(now=timezone.now()) == 1
    job = Job.objects.get(kind="mail_sales_document")
    jobs.run(job.pk)
    (message,) = mail.outbox
    assert "112.00 EUR" in message.body
    assert "8 days ago" in message.body
    assert message.attachments
    Job.objects.filter(pk=job.pk).update(state="PENDING")
    mark_as_paid(actor=shop.member, invoice=invoice, payment_method="cash", payment_date=today, now=timezone.now())
    jobs.run(job.pk)
    assert len(mail.outbox) == 1
