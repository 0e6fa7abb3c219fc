"""Orders that wait too long: who is asked is reminded once, then somebody else is asked."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from bureau.core import audit
from bureau.core.jobs import Run, job_handler
from bureau.purchasing.models import ApprovalSlot
from bureau.purchasing.notifications import orders as notifications
from bureau.purchasing.services.orders import escalate


@job_handler("remind_about_orders", every=timedelta(hours=1))
def remind_about_orders(run: Run) -> dict[str, int]:
    """Reminds after the organization's reminder_days, escalates after its escalation_days, counted from when the person
    was asked."""
    return remind(now=timezone.now())


def remind(*, now: datetime) -> dict[str, int]:
    """Returns how many were reminded and escalated. An order for which there is nobody else stays where it is."""
    waiting = ApprovalSlot.objects.waiting().filter(order__isnull=False)
    slots = waiting.select_related("user", "order__organization").order_by("pk")
    reminded = escalated = 0
    for slot in slots.iterator(500):
        settings = slot.order.organization  # type: ignore[union-attr]
        age = now - slot.created_at
        if age >= timedelta(days=settings.escalation_days) and escalate(slot, now=now):
            escalated += 1
        elif age >= timedelta(days=settings.reminder_days) and _remind(slot, now=now):
            reminded += 1
    return {"reminded": reminded, "escalated": escalated}


def _remind(slot: ApprovalSlot, *, now: datetime) -> bool:
    with transaction.atomic():
        first = ApprovalSlot.objects.waiting().filter(pk=slot.pk, reminded_at=None).update(reminded_at=now)
        if first:
            notifications.tell_reminder(slot, now=now)
            audit.record(slot.order, "reminded", actor=None, now=now, new={"approver": slot.user_id})  # type: ignore[arg-type]
    return bool(first)
