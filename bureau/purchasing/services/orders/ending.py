"""Cancelling an order before it is approved, closing it afterwards."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from bureau.accounts.services.validation import clean_text
from bureau.core import audit
from bureau.core.models import ScanState, User
from bureau.kit.errors import BusinessRule, Invalid
from bureau.kit.money import ZERO
from bureau.purchasing.models import EntryKind, OrderType, PurchaseOrder
from bureau.purchasing.permissions import orders as permissions
from bureau.purchasing.services import budgets
from bureau.purchasing.services.orders.deciding import LONGEST_COMMENT, withdraw
from bureau.purchasing.services.orders.editing import locked, move, require_state
from bureau.purchasing.states import OrderStatus


class ReceiptMissing(BusinessRule):
    """A walk-up order without a receipt."""

    code = "RECEIPT_MISSING"


def cancel_order(*, actor: User, order: PurchaseOrder, reason: str = "", now: datetime) -> PurchaseOrder:
    """Gives up a draft or a submitted order: by its creator, or by a project manager, who says why.

    Raises Forbidden, WrongState, Invalid.
    """
    reason = clean_text("reason", reason, longest=LONGEST_COMMENT)
    with transaction.atomic():
        order = locked(order)
        permissions.can_cancel_order(actor, order).enforce()
        require_state(order, "cancel")
        if not reason and actor.pk != order.created_by_id:
            raise Invalid.field("reason", _("Say why you cancel somebody else's order."))
        old = order.status
        if old == OrderStatus.SUBMITTED:
            withdraw(order, actor=actor, now=now)
        move(order, "cancel", cancellation_reason=reason, cancelled_at=now, updated_at=now)
        audit.record(
            order,
            "cancelled",
            actor=actor,
            now=now,
            old={"status": old},
            new={"status": order.status, "reason": reason},
        )
    return order


def close_order(
    *, actor: User, order: PurchaseOrder, reason: str = "", nothing_came: bool = False, now: datetime
) -> PurchaseOrder:
    """Ends an approved order. What was committed but will not come goes back to the budget: of a rolling order all
    beyond its releases, of another all beyond what was received or billed. Where neither was noted, it came as ordered,
    unless `nothing_came`.

    Raises Forbidden, WrongState, and ReceiptMissing for a walk-up order without a file that passed the virus scan.
    """
    reason = clean_text("reason", reason, longest=LONGEST_COMMENT)
    with transaction.atomic():
        order = locked(order)
        permissions.can_cancel_order(actor, order).enforce()
        require_state(order, "close")
        if order.type == OrderType.WALKUP and not order.files.filter(file__scan_state=ScanState.CLEAN).exists():
            raise ReceiptMissing(_("Attach a photo of the receipt first: a walk-up order is closed with its receipt."))
        if order.type == OrderType.ROLLING:
            budgets.release_rest(order, order.released_amount, reason="closed", actor=actor, now=now)
        elif nothing_came or _noted(order):
            budgets.release_rest(order, ZERO, reason="closed", actor=actor, now=now)
        move(order, "close", closing_reason=reason, closed_at=now, updated_at=now)
        audit.record(
            order,
            "closed",
            actor=actor,
            now=now,
            old={"status": OrderStatus.APPROVED},
            new={"status": order.status, "reason": reason},
        )
    return order


def _noted(order: PurchaseOrder) -> bool:
    """Whether anybody wrote down what came of the order."""
    return order.receipts.exists() or bool(budgets.order_figures(order)[EntryKind.RECEIVED])
