"""Sending an approved order to its vendor by e-mail, as a PDF."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from bureau.accounts.services.validation import clean_text
from bureau.core import audit
from bureau.core.jobs import Run, enqueue, job_handler
from bureau.core.mail import Enclosure, deliver
from bureau.core.models import User
from bureau.kit.errors import Invalid
from bureau.purchasing.models import PurchaseOrder
from bureau.purchasing.permissions import orders as permissions
from bureau.purchasing.rendering import order_filename, order_pdf
from bureau.purchasing.services.orders.editing import locked, require_state

LONGEST_MESSAGE = 5000


def read_order_pdf(*, actor: User, order: PurchaseOrder, now: datetime) -> bytes:
    """The order's PDF for somebody who sees the order; the download is audited."""
    content = order_pdf(order)
    with transaction.atomic():
        audit.record(order, "downloaded", actor=actor, now=now, new={"filename": order_filename(order)})
    return content


def send_order(*, actor: User, order: PurchaseOrder, to: str | None = None, message: str = "", now: datetime) -> str:
    """Has the order mailed to its vendor, from where the answer goes to `actor`; again, where it was sent before.
    Returns the address.

    `to` is one of the order's `vendor_addresses`, by default the first: nothing leaves for one merely typed in.
    Raises Forbidden, WrongState (not approved), Invalid (no address, another address, a message too long).
    """
    message = clean_text("message", message, longest=LONGEST_MESSAGE)
    with transaction.atomic():
        order = locked(order)
        permissions.can_send_order(actor, order).enforce()
        require_state(order, "send")
        address = _recipient(order, to)
        PurchaseOrder.objects.filter(pk=order.pk).update(sent_at=now)
        enqueue(
            "send_order",
            payload={"order": order.pk, "to": address, "message": message, "sender": actor.pk},
            now=now,
            organization=order.organization,
            requested_by=actor,
        )
        audit.record(order, "sent", actor=actor, now=now, new={"to": address, "message": message})
    return address


def _recipient(order: PurchaseOrder, to: str | None) -> str:
    known = order.vendor_addresses
    if not known:
        raise Invalid.field("to", _("No e-mail address of this vendor is known. Add it to the vendor first."))
    if not to:
        return known[0]
    for address in known:
        if address.casefold() == to.strip().casefold():
            return address
    raise Invalid.field("to", _("This is not an address of the vendor. Add it to the vendor first."))


@job_handler("send_order", max_attempts=30)
def send_order_mail(run: Run) -> dict[str, Any]:
    payload = run.job.payload
    orders = PurchaseOrder.objects.select_related("organization__logo", "project", "cost_code", "vendor", "created_by")
    order = orders.get(pk=payload["order"])
    sender = User.objects.get(pk=payload["sender"])
    context = {"order": order, "sender": sender, "message": payload["message"]}
    deliver(
        run.job,
        to=payload["to"],
        subject=_("Purchase order %(number)s of %(organization)s")
        % {"number": order.po_number, "organization": " ".join(order.organization.name.split())},
        body=render_to_string("purchasing/mail/order_to_vendor.txt", context),
        reply_to=sender.email,
        enclosures=[Enclosure(order_filename(order), order_pdf(order), "application/pdf")],
    )
    return {"message_id": str(run.job.pk), "to": payload["to"]}
