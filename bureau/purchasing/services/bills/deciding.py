"""Matching bills with their orders, approving and paying them."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from bureau.accounts.services.validation import clean_text
from bureau.core import audit
from bureau.core.models import PaymentMethod, User
from bureau.kit.errors import Invalid
from bureau.purchasing.models import Bill, EntryKind
from bureau.purchasing.permissions import bills as permissions
from bureau.purchasing.selectors.bills import ACCEPTED, found_differences, total_of
from bureau.purchasing.services.bills.editing import locked, move, require_state
from bureau.purchasing.services.budgets import set_stage
from bureau.purchasing.services.orders.editing import locked as locked_order
from bureau.purchasing.states import BillStatus

LONGEST_COMMENT = 5000


def match_bill(*, actor: User, bill: Bill, now: datetime) -> Bill:
    """Compares the bill with its order and what came in: it is `matched`, or an `exception` with the differences.

    Raises Forbidden, WrongState.
    """
    with transaction.atomic():
        bill = locked(bill)
        permissions.can_write_bills(actor, bill.organization).enforce()
        require_state(bill, "match")
        old = bill.status
        _match(bill, now=now)
        audit.record(
            bill, "matched", actor=actor, now=now, old={"status": old}, new={"status": bill.status, **_told(bill)}
        )
    return bill


def approve_bill(*, actor: User, bill: Bill, comment: str = "", now: datetime) -> Bill:
    """Approves the bill to be paid. It is matched once more first, so that nothing is approved by an old match.

    Raises Forbidden (not somebody who works with bills; with exceptions also who made the order), WrongState, and
    Invalid for `comment` where there are exceptions and nothing is said of them.
    """
    comment = clean_text("comment", comment, longest=LONGEST_COMMENT)
    with transaction.atomic():
        bill = locked(bill)
        permissions.can_write_bills(actor, bill.organization).enforce()
        require_state(bill, "approve")
        old = bill.status
        _match(bill, now=now)
        permissions.can_approve_bill(actor, bill).enforce()
        if bill.exceptions and not comment:
            found = " ".join(difference["message"] for difference in bill.exceptions[:3])
            raise Invalid.field("comment", _("Say why it is approved all the same: %(found)s") % {"found": found})
        move(
            bill, "approve", of="approve", approved_by=actor, approved_at=now, approval_comment=comment, updated_at=now
        )
        if bill.order is not None:
            set_stage(
                bill.order,
                EntryKind.BILLED,
                total_of(Bill.objects.filter(order=bill.order, status__in=ACCEPTED)),
                reason=f"bill {bill.bill_number} approved",
                actor=actor,
                now=now,
                bill=bill,
            )
        audit.record(
            bill,
            "approved",
            actor=actor,
            now=now,
            old={"status": old},
            new={"status": bill.status, "total_amount": bill.total_amount, "comment": comment, **_told(bill)},
        )
    return bill


def pay_bill(*, actor: User, bill: Bill, payment_method: str, payment_date: date, now: datetime) -> Bill:
    """Notes that an approved bill was paid, once. Raises Forbidden, WrongState, Invalid."""
    if payment_method not in PaymentMethod.values:
        options = ", ".join(PaymentMethod.values)
        raise Invalid.field("payment_method", _("Choose one of: %(options)s.") % {"options": options})
    with transaction.atomic():
        bill = locked(bill)
        permissions.can_write_bills(actor, bill.organization).enforce()
        require_state(bill, "pay")
        old = bill.status
        move(
            bill,
            "pay",
            of="pay",
            payment_method=payment_method,
            payment_date=payment_date,
            paid_by=actor,
            paid_at=now,
            updated_at=now,
        )
        if bill.order is not None:
            order = locked_order(bill.order)
            set_stage(
                order,
                EntryKind.PAID,
                total_of(Bill.objects.filter(order=order, status=BillStatus.PAID)),
                reason=f"bill {bill.bill_number} paid",
                actor=actor,
                now=now,
                bill=bill,
            )
        audit.record(
            bill,
            "paid",
            actor=actor,
            now=now,
            old={"status": old},
            new={
                "status": bill.status,
                "total_amount": bill.total_amount,
                "payment_method": payment_method,
                "payment_date": payment_date,
            },
        )
    return bill


def _match(bill: Bill, *, now: datetime) -> None:
    """Matches the locked bill. Its order is locked, too: no other bill of it is approved, and nothing comes in, before
    the commit."""
    if bill.order is not None:
        bill.order = locked_order(bill.order)
    exceptions = [difference.as_json() for difference in found_differences(bill)]
    action = "match_with_exceptions" if exceptions else "match"
    move(bill, action, of="match", exceptions=exceptions, matched_at=now, updated_at=now)


def _told(bill: Bill) -> dict[str, Any]:
    return {"exceptions": bill.exceptions} if bill.exceptions else {}
