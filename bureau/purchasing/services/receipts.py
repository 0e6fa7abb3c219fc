"""Receiving what was ordered, in parts, and sending some of it back."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from bureau.accounts.services.validation import clean_text
from bureau.core import audit
from bureau.core.models import User
from bureau.kit.errors import BusinessRule, Invalid
from bureau.kit.pricing import decimal_places
from bureau.purchasing.models import EntryKind, GoodsReceipt, PurchaseOrder, ReceiptLine
from bureau.purchasing.permissions import orders as permissions
from bureau.purchasing.selectors.receipts import Receivable, receivable, received_value
from bureau.purchasing.services.budgets import set_stage
from bureau.purchasing.services.content import Errors
from bureau.purchasing.services.orders.editing import locked, require_state


@dataclass(frozen=True, slots=True)
class ReceiptLineInput:
    """How much of an order line came in; a negative quantity goes back."""

    line_id: int
    quantity: Decimal


class OverReceipt(BusinessRule):
    """More would have come in than was ordered, beyond the tolerance."""

    code = "OVER_RECEIPT"


class OverReturn(BusinessRule):
    """More would go back than came in."""

    code = "OVER_RETURN"


def record_receipt(
    *, actor: User, order: PurchaseOrder, lines: Sequence[ReceiptLineInput], note: str = "", now: datetime
) -> GoodsReceipt:
    """Notes what came in of an approved order, or went back, and counts its worth as received.

    Raises Forbidden, WrongState, Invalid (lines.0.quantity), OverReceipt, OverReturn.
    """
    note = clean_text("note", note, longest=500)
    with transaction.atomic():
        order = locked(order)
        permissions.can_receive(actor, order).enforce()
        require_state(order, "receive")
        so_far = {there.line.pk: there for there in receivable(order)}
        _check(lines, so_far)
        receipt = GoodsReceipt.objects.create(
            order=order, number=order.receipts.count() + 1, note=note, received_by=actor, created_at=now
        )
        ReceiptLine.objects.bulk_create(
            ReceiptLine(receipt=receipt, order_line_id=line.line_id, quantity=line.quantity) for line in lines
        )
        set_stage(
            order,
            EntryKind.RECEIVED,
            received_value(order),
            reason=f"receipt {receipt.number}",
            actor=actor,
            now=now,
        )
        audit.record(
            order,
            "received",
            actor=actor,
            now=now,
            new={
                "receipt": receipt.number,
                "note": note,
                "lines": [{"line": so_far[line.line_id].line.line_number, "quantity": line.quantity} for line in lines],
            },
        )
    return receipt


def _check(lines: Sequence[ReceiptLineInput], so_far: dict[int, Receivable]) -> None:
    """Raises Invalid where a line cannot be read, OverReceipt and OverReturn where it is too much."""
    errors: Errors = defaultdict(list)
    if not lines:
        errors["lines"].append(_("Say of at least one line how much came in."))
    seen: set[int] = set()
    for index, line in enumerate(lines):
        if line.line_id not in so_far:
            errors[f"lines.{index}.line"].append(_("There is no such line in this order."))
        elif line.line_id in seen:
            errors[f"lines.{index}.line"].append(_("This line is named twice. Give one quantity for it."))
        seen.add(line.line_id)
        if not line.quantity.is_finite() or not line.quantity or abs(line.quantity) >= 10**9:
            errors[f"lines.{index}.quantity"].append(_("Give what came in, or a negative quantity that went back."))
        elif decimal_places(line.quantity) > 3:
            errors[f"lines.{index}.quantity"].append(_("The quantity has at most 3 decimals."))
    if errors:
        raise Invalid(fields=errors)
    for line in lines:
        there = so_far[line.line_id]
        total = there.received + line.quantity
        numbers = {
            "line": there.line.line_number,
            "ordered": f"{there.line.quantity.normalize():f}",
            "received": f"{there.received.normalize():f}",
            "given": f"{abs(line.quantity).normalize():f}",
            "most": f"{there.most.normalize():f}",
        }
        if total < 0:
            raise OverReturn(_("Line %(line)s: %(given)s cannot go back, only %(received)s came in.") % numbers)
        if line.quantity > 0 and total > there.most:
            raise OverReceipt(
                _(
                    "Line %(line)s: %(ordered)s were ordered and %(received)s came in before; with %(given)s more it is"
                    " above the %(most)s that may come in. Receive less, and send back the rest."
                )
                % numbers
            )
