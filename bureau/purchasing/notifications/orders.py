"""The e-mails about purchase orders, told and written as those about requests are (notifications/requests.py)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext_lazy

from bureau.core.jobs import Run, enqueue, job_handler
from bureau.core.mail import send_later
from bureau.core.models import User
from bureau.purchasing.models import ApprovalSlot, Decision, DecisionAction, Delegation, PurchaseOrder, SlotState
from bureau.purchasing.permissions.orders import authority
from bureau.purchasing.routing import running


def tell_turn(slot: ApprovalSlot, *, now: datetime) -> None:
    """Tells the person that the slot asks, and those who may decide on this order in their place today."""
    _tell("turn", slot.order, now=now, slot=slot.pk)


def tell_reminder(slot: ApprovalSlot, *, now: datetime) -> None:
    """The same people once more, when the order has waited for long."""
    _tell("reminder", slot.order, now=now, slot=slot.pk)


def tell_escalated(slot: ApprovalSlot, *, now: datetime) -> None:
    """`slot` is the one that asks now. Tells its person why the order came to them, and the creator who decides now."""
    _tell("escalated", slot.order, now=now, slot=slot.pk)


def tell_decided(order: PurchaseOrder, *, now: datetime) -> None:
    """Tells the creator that the order was approved or rejected; call it after the decision is stored."""
    _tell("decided", order, now=now)


def order_url(order: PurchaseOrder) -> str:
    return f"{settings.PUBLIC_URL}/orders/{order.pk}/"


def _tell(about: str, order: PurchaseOrder | None, *, now: datetime, **subjects: int) -> None:
    if order is None:
        raise ValueError("the slot asks about a request")
    payload = {"about": about, "order": order.pk, **subjects}
    enqueue("tell_about_order", payload=payload, now=now, organization=order.organization)


@dataclass(frozen=True)
class Message:
    """One mail to write: which text, to whom, and what makes it different from the next one to the same person."""

    text: str
    person: User
    key: str
    context: dict[str, Any]


@job_handler("tell_about_order")
def tell_about_order(run: Run) -> None:
    payload = run.job.payload
    orders = PurchaseOrder.objects.select_related("organization", "project", "cost_code", "created_by")
    order = orders.get(pk=payload["order"])
    now = timezone.now()
    if "slot" in payload:
        slot = ApprovalSlot.objects.select_related("user", "approval").get(pk=payload["slot"])
        messages = list(_about_slot(payload["about"], order, slot, now=now))
    else:
        messages = list(_about_decision(order))
    with run.completing() as result:
        for message in messages:
            _send(message, order, now=now)
        result["messages"] = len(messages)


def _about_slot(about: str, order: PurchaseOrder, slot: ApprovalSlot, *, now: datetime) -> Iterator[Message]:
    """Nothing, when the decision has been made since."""
    if slot.state != SlotState.WAITING or slot.user is None:
        return
    context: dict[str, Any] = {"approver": slot.user, "days": (now - slot.created_at).days}
    if about == "escalated":
        before = slot.approval.slots.filter(pk__lt=slot.pk).select_related("user").last()
        context["before"] = before.user if before else None
        if order.created_by.is_active:
            yield Message("order_moved", order.created_by, f"slot:{slot.pk}", context)
    given = running(Delegation.objects.filter(delegator=slot.user), today=timezone.localdate(now))
    delegations = given.filter(delegate__is_active=True).select_related("delegator", "delegate").order_by("pk")
    delegates = [one.delegate for one in delegations if authority(one.delegate, order, [one]).answer]
    for person in dict.fromkeys([slot.user, *delegates]):
        if person.is_active:
            yield Message(f"order_{about}", person, f"slot:{slot.pk}", context)


def _about_decision(order: PurchaseOrder) -> Iterator[Message]:
    decision = Decision.objects.filter(order=order).select_related("approver").latest("pk")
    if order.created_by.is_active:
        text = "order_approved" if decision.action == DecisionAction.APPROVE else "order_rejected"
        yield Message(text, order.created_by, f"decision:{decision.pk}", {"decision": decision})


SUBJECTS = {
    "order_turn": gettext_lazy("Your turn: %(order)s"),
    "order_reminder": gettext_lazy("Still waiting for you: %(order)s"),
    "order_escalated": gettext_lazy("Your turn: %(order)s"),
    "order_moved": gettext_lazy("With somebody else: %(order)s"),
    "order_approved": gettext_lazy("Approved: %(order)s"),
    "order_rejected": gettext_lazy("Rejected: %(order)s"),
}


def _send(message: Message, order: PurchaseOrder, *, now: datetime) -> None:
    context = {
        **message.context,
        "order": order,
        "person": message.person,
        "url": order_url(order),
        "currency": order.organization.currency,
    }
    send_later(
        to=message.person.email,
        subject=str(SUBJECTS[message.text]) % {"order": f"{order.po_number} {order.vendor_name}"},
        body=render_to_string(f"purchasing/mail/{message.text}.txt", context),
        now=now,
        organization=order.organization,
        key=f"mail:{message.text}:{message.key}:user:{message.person.pk}",
    )
