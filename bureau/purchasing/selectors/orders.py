"""Reads of purchase orders: what waits for whom, where one stands, and what a person can do with it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from bureau.core.models import User
from bureau.core.prepared import prepared_for_user
from bureau.kit.errors import NotFound
from bureau.kit.permissions import Decision as Answer
from bureau.kit.permissions import denied
from bureau.purchasing.models import (
    ApprovalSlot,
    CostCode,
    Decision,
    DecisionAction,
    GoodsReceipt,
    OrderFile,
    OrderLine,
    OrderNote,
    OrderRelease,
    PurchaseOrder,
    SlotState,
)
from bureau.purchasing.permissions import orders as permissions
from bureau.purchasing.permissions.orders import Authority, limit_of
from bureau.purchasing.routing import approver_for, delegations_held
from bureau.purchasing.states import OrderStatus


def visible_order(user: User, pk: int) -> PurchaseOrder:
    """The order with this id, where the person may see it. Raises NotFound, foreign, deleted or unknown."""
    found: list[PurchaseOrder] = _visible_order(user, pk=pk)
    if not found:
        raise NotFound(_("Not found."))
    return found[0]


@prepared_for_user
def _visible_order(user: User, pk: int) -> QuerySet[PurchaseOrder]:
    orders = PurchaseOrder.objects.visible_to(user).filter(pk=pk)
    return orders.select_related("organization", "project", "cost_code", "created_by")


def orders_awaiting(user: User) -> QuerySet[PurchaseOrder]:
    """The inbox: others' orders that wait for this person, or for somebody in whose place they may decide; oldest
    first."""
    waiting = ApprovalSlot.objects.waiting().orders_of(user)
    others = PurchaseOrder.objects.present().filter(organization=user.organization_id, status=OrderStatus.SUBMITTED)
    rows = others.filter(pk__in=waiting.values("order")).exclude(created_by=user.pk).order_by("submitted_at", "pk")
    limit = limit_of(user)
    if limit == permissions.UNLIMITED:
        return rows
    theirs = Exists(waiting.filter(order=OuterRef("pk"), user=user.pk))
    rows = rows.annotate(within=Coalesce(F("ceiling_amount"), F("total_amount")))
    return rows.filter(Q(within__lte=limit) | theirs)


def with_people(orders: QuerySet[PurchaseOrder]) -> QuerySet[PurchaseOrder]:
    """With everybody and everything that they name."""
    return orders.select_related("created_by", "submitted_by", "project", "cost_code", "vendor")


def with_first_line(orders: QuerySet[PurchaseOrder]) -> QuerySet[PurchaseOrder]:
    """With `first_lines`, the first alone: a row of a list says by it what is ordered. One query for all rows."""
    first = OrderLine.objects.filter(line_number=1)
    return orders.prefetch_related(Prefetch("lines", first, to_attr="first_lines"))


def with_details(orders: QuerySet[PurchaseOrder]) -> QuerySet[PurchaseOrder]:
    """With everything that an order's page shows."""
    return (
        with_people(orders)
        .select_related("organization", "approved_by", "request")
        .prefetch_related(
            "lines",
            Prefetch("files", OrderFile.objects.select_related("file__uploader")),
            Prefetch("notes", OrderNote.objects.select_related("author")),
            Prefetch("releases", OrderRelease.objects.select_related("released_by")),
            Prefetch("receipts", GoodsReceipt.objects.select_related("received_by").prefetch_related("lines")),
        )
    )


def approval_history(order: PurchaseOrder) -> QuerySet[ApprovalSlot]:
    """Everybody who was asked, in order, with what became of it."""
    slots = ApprovalSlot.objects.filter(order=order).select_related("user", "decision__approver")
    return slots.order_by("pk")


def slot_status(slot: ApprovalSlot) -> str:
    """What became of being asked, in the words of the API."""
    return approval_status(slot.state, slot.decision.action if slot.decision else None)


def approval_status(state: str, action: str | None) -> str:
    """Of a slot and its decision: pending, approved, rejected, or superseded (the order went to somebody else, or was
    cancelled)."""
    if state == SlotState.WAITING:
        return "pending"
    if action is None:
        return "superseded"
    return "rejected" if action == DecisionAction.REJECT else "approved"


def likely_approver(order: PurchaseOrder, *, today: date) -> User | None:
    """Who would be asked if the order were submitted now."""
    return approver_for(order, today=today)


def authority(user: User, order: PurchaseOrder, *, today: date) -> Authority:
    """Whether the person may decide on the order, by their own right or in somebody's place."""
    own = permissions.authority(user, order, ())
    return own if own.answer else permissions.authority(user, order, list(delegations_held(user, today=today)))


def available_actions(order: PurchaseOrder, user: User, *, today: date) -> dict[str, Answer]:
    """For each action whether this person can do it now; where not, the reason to show in its place."""
    may_edit = permissions.can_edit_order(user, order)
    may_end = permissions.can_cancel_order(user, order)
    may_add = permissions.can_add_to_order(user, order)
    decides = authority(user, order, today=today).answer
    answers = {
        "edit": may_edit,
        "delete": may_edit,
        "submit": permissions.can_submit_order(user, order),
        "approve": decides,
        "reject": decides,
        "cancel": may_end,
        "close": may_end,
        "attach": may_add,
        "note": may_add,
        "release": permissions.can_release(user, order),
        "receive": permissions.can_receive(user, order),
        "send": permissions.can_send_order(user, order),
    }
    for action, answer in answers.items():
        if answer and order.status not in permissions.STATES_OF[action]:
            answers[action] = denied(permissions.wrong_state(order, action))
    return answers


@dataclass(frozen=True, slots=True)
class BudgetEffect:
    """What an order means for its cost code: `remaining` now, and after it is approved."""

    cost_code: CostCode
    budget: Decimal
    spent: Decimal
    amount: Decimal
    committed: bool

    @property
    def before(self) -> Decimal:
        """Remaining without this order."""
        return self.budget - self.spent + (self.amount if self.committed else 0)

    @property
    def after(self) -> Decimal:
        return self.before - self.amount

    @property
    def overdrawn_by(self) -> Decimal:
        return max(-self.after, Decimal(0))


def budget_effect(order: PurchaseOrder) -> BudgetEffect:
    code = CostCode.objects.get(pk=order.cost_code_id)
    committed = order.status in (OrderStatus.APPROVED, OrderStatus.CLOSED)
    return BudgetEffect(code, code.budget, code.external + code.committed, order.amount, committed)


class OrderEventKind(StrEnum):
    CREATED = "created"
    SUBMITTED = "submitted"
    ASKED = "asked"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    CLOSED = "closed"
    ATTACHED = "attached"
    NOTE = "note"
    RELEASED = "released"
    RECEIVED = "received"
    BILLED = "billed"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """Something that happened to an order. `about` is the record it concerns, where there is one."""

    at: datetime
    kind: OrderEventKind
    person: User | None
    comment: str = ""
    about: object = None


def order_events(order: PurchaseOrder) -> list[OrderEvent]:
    """Everything that happened to an order, oldest first."""
    kinds, event = OrderEventKind, OrderEvent
    events = [event(order.created_at, kinds.CREATED, order.created_by)]
    moments = [
        (order.submitted_at, kinds.SUBMITTED, order.submitted_by, ""),
        (order.cancelled_at, kinds.CANCELLED, None, order.cancellation_reason),
        (order.closed_at, kinds.CLOSED, None, order.closing_reason),
        (order.sent_at, kinds.SENT, None, ""),
    ]
    events += [event(at, kind, person, text) for at, kind, person, text in moments if at is not None]
    events += [event(slot.created_at, kinds.ASKED, slot.user, about=slot) for slot in approval_history(order)[1:]]
    for decision in Decision.objects.filter(order=order).select_related("approver", "in_place_of"):
        kind = kinds.REJECTED if decision.action == DecisionAction.REJECT else kinds.APPROVED
        events.append(event(decision.created_at, kind, decision.approver, decision.comment, decision))
    files = OrderFile.objects.filter(order=order).select_related("file__uploader")
    events += [event(file.created_at, kinds.ATTACHED, file.file.uploader, about=file) for file in files]
    notes = OrderNote.objects.filter(order=order).select_related("author")
    events += [event(note.created_at, kinds.NOTE, note.author, note.text) for note in notes]
    releases = OrderRelease.objects.filter(order=order).select_related("released_by")
    events += [event(one.created_at, kinds.RELEASED, one.released_by, one.note, one) for one in releases]
    receipts = GoodsReceipt.objects.filter(order=order).select_related("received_by")
    events += [event(one.created_at, kinds.RECEIVED, one.received_by, one.note, one) for one in receipts]
    bills = order.bills.select_related("created_by")
    events += [event(bill.created_at, kinds.BILLED, bill.created_by, about=bill) for bill in bills]
    return sorted(events, key=lambda one: one.at)
