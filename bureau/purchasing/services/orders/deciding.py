"""Submitting an order and deciding on it: one decision, by somebody whose limit suffices.

The order's row lock puts the decisions on one order in one order; the cost code's row lock puts all that changes its
figures in one order, so that no approvals together pass a budget that one of them alone would have kept.
"""

from datetime import datetime
from decimal import Decimal
from typing import cast

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.accounts.services.validation import clean_text
from bureau.core import audit
from bureau.core.models import User
from bureau.core.prepared import prepared
from bureau.kit.errors import BusinessRule, Invalid, Unauthorized, WrongState
from bureau.kit.money import shown
from bureau.purchasing.connectors import post_order_later
from bureau.purchasing.models import (
    Approval,
    ApprovalSlot,
    CostCode,
    Decision,
    DecisionAction,
    EntryKind,
    OrderType,
    PurchaseOrder,
    SlotState,
)
from bureau.purchasing.notifications import orders as notifications
from bureau.purchasing.permissions import orders as permissions
from bureau.purchasing.permissions.orders import Authority
from bureau.purchasing.routing import approver_for, delegations_held
from bureau.purchasing.services import budgets
from bureau.purchasing.services.orders.content import NO_VENDOR_YET, Errors, check_project
from bureau.purchasing.services.orders.editing import locked, move, require_state

LONGEST_COMMENT = 5000


class NoApprover(BusinessRule):
    """Nobody but the creator has a limit that suffices."""

    code = "NO_APPROVER"


class BudgetExceeded(BusinessRule):
    """The approval would overdraw the cost code."""

    code = "BUDGET_EXCEEDED"


def submit_order(*, actor: User, order: PurchaseOrder, now: datetime) -> PurchaseOrder:
    """Asks the person whose limit is the smallest that suffices; `order.asked` is who that is.

    Raises Forbidden (not the creator), WrongState, Invalid (something is missing, or the project takes no orders any
    more), NoApprover.
    """
    with transaction.atomic():
        order = locked(order)
        permissions.can_submit_order(actor, order).enforce()
        require_state(order, "submit")
        _check_complete(order)
        old = order.status
        order.submitted_by = actor
        approver = approver_for(order, today=timezone.localdate(now))
        if approver is None:
            raise NoApprover(
                _("Nobody else may approve %(amount)s: ask an administrator to raise a limit, or order less.")
                % {"amount": shown(order.amount)}
            )
        move(order, "submit", submitted_by=actor, submitted_at=now, updated_at=now)
        approval = Approval.objects.create(order=order, round=1, started_at=now)
        slot = _ask(approval, approver, now=now)
        budgets.post(order, EntryKind.REQUESTED, order.amount, reason="submitted", actor=actor, now=now)
        notifications.tell_turn(slot, now=now)
        audit.record(
            order,
            "submitted",
            actor=actor,
            now=now,
            old={"status": old},
            new={"status": order.status, "approver": approver.pk, "amount": order.amount},
        )
    order.asked = approver  # type: ignore[attr-defined]
    return order


def approve_order(
    *, actor: User, order: PurchaseOrder, comments: str = "", override_budget: bool = False, now: datetime
) -> PurchaseOrder:
    """Approves, and commits the amount to the cost code.

    Raises Forbidden (their own order, no right, limit too low), WrongState, BudgetExceeded unless `override_budget`,
    and Invalid for an override without comments.
    """
    comments = clean_text("comments", comments, longest=LONGEST_COMMENT)
    if override_budget and not comments:
        raise Invalid.field("comments", _("Say why the budget may be overdrawn."))
    with transaction.atomic():
        order = locked(order)
        actor, right = _decider(actor, order, "approve", now=now)
        slot = _waiting_slot(order)
        code = budgets.locked_cost_code(order.cost_code_id)
        over = overdrawn_by(code, order.amount)
        if over > 0 and not override_budget:
            raise BudgetExceeded(
                _(
                    "This would overdraw the cost code %(code)s by %(amount)s. "
                    "To approve all the same, override the budget and say why."
                )
                % {"code": code.external_id, "amount": shown(over)}
            )
        right = _in_whose_place(right, slot, actor, now=now)
        _decide(slot, DecisionAction.APPROVE, actor=actor, right=right, comment=comments, now=now)
        move(
            order,
            "approve",
            approved_by=actor,
            approved_at=now,
            budget_overridden=over > 0,
            updated_at=now,
        )
        budgets.post(order, EntryKind.COMMITTED, order.amount, reason="approved", actor=actor, now=now, cost_code=code)
        notifications.tell_decided(order, now=now)
        post_order_later(order, now=now)
        new = {"status": order.status, "amount": order.amount, "comments": comments}
        if over > 0:
            new["overdrawn_by"] = over
        if right.in_place_of:
            new["in_place_of"] = right.in_place_of.pk
        audit.record(order, "approved", actor=actor, now=now, old={"status": "submitted"}, new=new)
    return order


def reject_order(*, actor: User, order: PurchaseOrder, reason: str, now: datetime) -> PurchaseOrder:
    """Refuses the order, with the reason. Raises Forbidden, WrongState, Invalid (no reason)."""
    reason = clean_text("reason", reason, longest=LONGEST_COMMENT)
    with transaction.atomic():
        order = locked(order)
        actor, right = _decider(actor, order, "reject", now=now)
        if not reason:
            raise Invalid.field("reason", _("Say why the order is rejected."))
        slot = _waiting_slot(order)
        right = _in_whose_place(right, slot, actor, now=now)
        _decide(slot, DecisionAction.REJECT, actor=actor, right=right, comment=reason, now=now)
        move(order, "reject", rejection_reason=reason, rejected_at=now, updated_at=now)
        budgets.post(order, EntryKind.REQUESTED, -order.amount, reason="rejected", actor=actor, now=now)
        notifications.tell_decided(order, now=now)
        new: dict[str, object] = {"status": order.status, "reason": reason}
        if right.in_place_of:
            new["in_place_of"] = right.in_place_of.pk
        audit.record(order, "rejected", actor=actor, now=now, old={"status": "submitted"}, new=new)
    return order


def withdraw(order: PurchaseOrder, *, actor: User, now: datetime) -> None:
    """Ends the approval of the locked, submitted order without a decision."""
    slot = _waiting_slot(order)
    ApprovalSlot.objects.filter(pk=slot.pk).update(state=SlotState.ENDED)
    Approval.objects.filter(pk=slot.approval_id).update(ended_at=now)
    budgets.post(order, EntryKind.REQUESTED, -order.amount, reason="cancelled", actor=actor, now=now)


def escalate(slot: ApprovalSlot, *, now: datetime) -> User | None:
    """Asks the next person who may decide on the order, where somebody was asked long ago; None: there is nobody else.

    Nothing happens to a slot that does not wait any more.
    """
    with transaction.atomic():
        order = locked(cast(PurchaseOrder, slot.order))
        slot = ApprovalSlot.objects.select_related("approval", "user").get(pk=slot.pk)
        if slot.state != SlotState.WAITING:
            return None
        asked = ApprovalSlot.objects.filter(order=order).values_list("user", flat=True)
        passed = [person for person in asked if person is not None]
        approver = approver_for(order, today=timezone.localdate(now), passed=passed)
        if approver is None:
            return None
        ApprovalSlot.objects.filter(pk=slot.pk).update(state=SlotState.ENDED)
        notifications.tell_escalated(_ask(slot.approval, approver, now=now), now=now)
        audit.record(
            order, "escalated", actor=None, now=now, old={"approver": slot.user_id}, new={"approver": approver.pk}
        )
    return approver


def overdrawn_by(code: CostCode, amount: Decimal) -> Decimal:
    """How far committing `amount` more would take the cost code past its budget; 0 or less: it fits."""
    return code.external + code.committed + amount - code.budget


def _check_complete(order: PurchaseOrder) -> None:
    errors = Errors(list)
    if order.vendor_name == NO_VENDOR_YET:
        errors["vendor_name"].append(_("Choose the vendor first."))
    elif order.vendor is not None and not order.vendor.active:
        errors["vendor_name"].append(_("This vendor is not active any more: choose another one."))
    if order.type != OrderType.ROLLING and not order.line_items_count:
        errors["line_items"].append(_("Say what is ordered: add a line."))
    check_project(order.project, order.cost_code, errors)
    if errors:
        raise Invalid(fields=errors)


def _decider(actor: User, order: PurchaseOrder, action: str, *, now: datetime) -> tuple[User, Authority]:
    """The person as they are now, limit and all, locked so that it stays so; and by which right they decide.

    Raises Forbidden, WrongState.
    """
    people: list[User] = _person(user=actor.pk)
    if not people:
        raise Unauthorized(_("Your account has ended."))
    today = timezone.localdate(now)
    right = permissions.authority(people[0], order, ())
    if not right.answer:
        right = permissions.authority(people[0], order, list(delegations_held(people[0], today=today)))
    right.answer.enforce()
    require_state(order, action)
    return people[0], right


def _in_whose_place(right: Authority, slot: ApprovalSlot, actor: User, *, now: datetime) -> Authority:
    """The right, with the person asked where the decider stands in for them today, also if their own right suffices."""
    if right.in_place_of is not None or slot.user_id == actor.pk:
        return right
    held = delegations_held(actor, today=timezone.localdate(now)).filter(delegator=slot.user_id).first()
    return right if held is None else Authority(right.answer, held.delegator)


@prepared
def _person(user: int) -> QuerySet[User]:
    people: QuerySet[User] = User.objects.select_for_update(of=("self",), no_key=True)
    return people.filter(pk=user, is_active=True).select_related("organization")


def _ask(approval: Approval, approver: User, *, now: datetime) -> ApprovalSlot:
    return ApprovalSlot.objects.create(approval=approval, order=approval.order, user=approver, created_at=now)


def _waiting_slot(order: PurchaseOrder) -> ApprovalSlot:
    found: list[ApprovalSlot] = _waiting(order=order.pk)
    if not found:
        raise WrongState(_("Somebody else has already decided on this order."))
    return found[0]


@prepared
def _waiting(order: int) -> QuerySet[ApprovalSlot]:
    return ApprovalSlot.objects.waiting().filter(order=order)


def _decide(
    slot: ApprovalSlot, action: DecisionAction, *, actor: User, right: Authority, comment: str, now: datetime
) -> None:
    decision = Decision(
        approval_id=slot.approval_id,
        order_id=slot.order_id,
        approver=actor,
        in_place_of=right.in_place_of,
        action=action,
        comment=comment,
        created_at=now,
    )
    decision.save(force_insert=True)
    state = SlotState.APPROVED if action == DecisionAction.APPROVE else SlotState.ENDED
    if not ApprovalSlot.objects.waiting().filter(pk=slot.pk).update(state=state, decision=decision):
        raise WrongState(_("Somebody else has already decided on this order."))
    Approval.objects.filter(pk=slot.approval_id).update(ended_at=now)
