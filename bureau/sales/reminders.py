"""Reminders of invoices that are 7, 14 and 30 days overdue: each once, to the customer's own address."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from bureau.core import audit
from bureau.core.jobs import Run, job_handler
from bureau.kit.errors import NotFound
from bureau.sales.models import Invoice, InvoiceReminder
from bureau.sales.services.invoices.locking import locked
from bureau.sales.services.sending import enqueue_mail
from bureau.sales.states import OPEN

DAYS = (7, 14, 30)


@job_handler("remind_customers", every=timedelta(days=1))
def run_remind_customers(run: Run) -> dict[str, int]:
    return {"reminded": remind_customers(now=timezone.now())}


def remind_customers(*, now: datetime) -> int:
    """Reminds of every invoice that has come to one of DAYS since it was last reminded of; of several at once (nobody
    ran it meanwhile, or the invoice was imported) only of the highest. Returns how many. Safe to run twice, and at
    once: the reminder is kept in the transaction that has it mailed."""
    today = timezone.localdate(now)
    late = Invoice.objects.filter(
        status__in=OPEN,
        due_date__lte=today - timedelta(days=DAYS[0]),
        organization__remind_customers=True,
        customer__active=True,
    )
    late = late.exclude(customer__party__email="").exclude(reminders__days=DAYS[-1])
    return sum(_remind(invoice, today, now=now) for invoice in late.order_by("pk").iterator(500))


def _remind(invoice: Invoice, today: date, *, now: datetime) -> bool:
    with transaction.atomic():
        try:
            invoice = locked(invoice)
        except NotFound:
            return False  # deleted meanwhile
        overdue = (today - invoice.due_date).days
        reached = [days for days in DAYS if days <= overdue]
        told = set(invoice.reminders.values_list("days", flat=True))
        if invoice.status not in OPEN or not reached or max(reached) <= max(told, default=0):
            return False
        days = max(reached)
        InvoiceReminder.objects.create(invoice=invoice, days=days, created_at=now)
        enqueue_mail(invoice, "reminder", actor=None, now=now, days=overdue)
        new = {"days": days, "to": invoice.customer.party.email}
        audit.record(invoice, "reminded", actor=None, now=now, new=new)
    return True
