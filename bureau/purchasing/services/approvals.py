"""Deciding on purchase requests: the steps of a workflow, one after the other.

A reached step asks one slot of each approver that it lists; a decision fills all slots that its maker can fill; the
request moves on when none waits (AND). The request's row lock puts the decisions on one request in one order.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bureau.accounts.models import AccessScope
from bureau.accounts.services.validation import clean_text
from bureau.core import audit
from bureau.core.models import User
from bureau.core.prepared import prepared
from bureau.kit.errors import BusinessRule, Invalid, WrongState
from bureau.kit.transitions import transition
from bureau.purchasing.models import (
    Approval,
    ApprovalSlot,
    Decision,
    DecisionAction,
    PurchaseRequest,
    SlotState,
    StepApprover,
    WorkflowStep,
    WorkflowTemplate,
)
from bureau.purchasing.notifications import requests as notifications
from bureau.purchasing.permissions import requests as permissions
from bureau.purchasing.permissions.requests import slots_of_step
from bureau.purchasing.services.editing import locked, require_state
from bureau.purchasing.states import REQUEST_MOVES

SHORTEST_REASON = 10
LONGEST_COMMENT = 5000

Stage = tuple[WorkflowStep, list[StepApprover]]
"""A step of a workflow with those whom it asks."""


class NoApprover(BusinessRule):
    """A step of the workflow has an approver that nobody but the requestor could be."""

    code = "NO_APPROVER"


def approve_request(*, actor: User, request: PurchaseRequest, comment: str = "", now: datetime) -> PurchaseRequest:
    """Approves the current step for every slot that `actor` can fill; the last one moves the request on.

    Raises Forbidden (their own request, not an approver of this step) and WrongState (not waiting for approval, or they
    or a colleague have decided already).
    """
    comment = clean_text("comment", comment, longest=LONGEST_COMMENT)
    with transaction.atomic():
        request = locked(request)
        slots = slots_of_step(request, actor)
        permissions.can_decide_on_request(actor, request, slots).enforce()
        require_state(request, "approve")
        mine = _fillable(slots, actor)
        old, step = request.status, request.current_step
        decision = _decide(slots[0], actor=actor, action=DecisionAction.APPROVE, comment=comment, now=now)
        _fill(mine, decision, SlotState.APPROVED)
        if any(slot.state == SlotState.WAITING for slot in slots if slot not in mine):
            _move(request, "approve", "approve", updated_at=now)
        else:
            _advance(slots[0].approval, "approve", _stages(slots[0].approval, after=decision.step), now=now)
        audit.record(
            request,
            "approved",
            actor=actor,
            now=now,
            old={"status": old},
            new={"status": request.status, "step": str(step), "comment": comment},
        )
    return request


def reject_request(*, actor: User, request: PurchaseRequest, comment: str, now: datetime) -> PurchaseRequest:
    """Refuses the request at its current step, finance review included, and ends this round of approving.

    Raises Invalid when `comment` has fewer than 10 characters; else as approve_request.
    """
    comment = clean_text("comment", comment, longest=LONGEST_COMMENT)
    with transaction.atomic():
        request = locked(request)
        slots = slots_of_step(request, actor)
        permissions.can_decide_on_request(actor, request, slots).enforce()
        require_state(request, "reject")
        if len(comment) < SHORTEST_REASON:
            raise Invalid.field("comment", _("Say why, in at least %(count)d characters.") % {"count": SHORTEST_REASON})
        mine = _fillable(slots, actor)
        old, step, approval = request.status, request.current_step, slots[0].approval
        decision = _decide(slots[0], actor=actor, action=DecisionAction.REJECT, comment=comment, now=now)
        _fill(mine, decision, SlotState.ENDED)
        approval.slots.waiting().update(state=SlotState.ENDED)
        _end(approval, now=now)
        _move(request, "reject", "reject", rejection_comment=comment, current_step=None, updated_at=now)
        notifications.tell_rejected(decision, now=now)
        audit.record(
            request,
            "rejected",
            actor=actor,
            now=now,
            old={"status": old},
            new={"status": request.status, "step": str(step), "comment": comment},
        )
    return request


def complete_request(*, actor: User, request: PurchaseRequest, comment: str = "", now: datetime) -> PurchaseRequest:
    """Finance is done with it: the request is completed, and the office and the requestor are told.

    Raises Forbidden (no finance reviewer of the team, their own request) and WrongState (not in finance review).
    """
    comment = clean_text("comment", comment, longest=LONGEST_COMMENT)
    with transaction.atomic():
        request = locked(request)
        permissions.can_complete_request(actor, request).enforce()
        require_state(request, "complete")
        slots = slots_of_step(request, actor)
        mine = _fillable(slots, actor)
        old, approval = request.status, slots[0].approval
        decision = _decide(slots[0], actor=actor, action=DecisionAction.COMPLETE, comment=comment, now=now)
        _fill(mine, decision, SlotState.APPROVED)
        _complete(approval, now=now)
        audit.record(
            request,
            "completed",
            actor=actor,
            now=now,
            old={"status": old},
            new={"status": request.status, "comment": comment},
        )
    return request


def start_round(request: PurchaseRequest, *, now: datetime) -> Approval:
    """Submits the locked request to the first step of its team's newest workflow; without any it is completed at once.

    Raises BusinessRule when the team has no workflow, NoApprover when a step could never be decided.
    """
    workflow = WorkflowTemplate.objects.filter(team=request.team, in_use=True).first()
    if workflow is None:
        raise BusinessRule(
            _("%(team)s has no workflow yet: ask an administrator to make one.") % {"team": request.team.name}
        )
    approval = Approval(request=request, workflow_template=workflow, started_at=now)
    stages = _stages(approval)
    _check_approvers(request, stages)
    approval.round = request.approvals.count() + 1
    approval.save(force_insert=True)
    changes = {"workflow_template": workflow, "rejection_comment": "", "submitted_at": now}
    _advance(approval, "submit", stages, now=now, **changes)
    notifications.tell_submitted(approval, now=now)
    return approval


def _check_approvers(request: PurchaseRequest, stages: Sequence[Stage]) -> None:
    """Every approver of every step must be an active person other than the requestor, or a role of such a person."""
    asked = [(step, approver) for step, approvers in stages for approver in approvers]
    roles = {approver.role_id for _step, approver in asked if approver.role_id}
    holders = AccessScope.objects.filter(team=request.team, role__in=roles, user__is_active=True)
    held = set(holders.exclude(user=request.requestor).values_list("role_id", flat=True)) if roles else set()

    def nobody_is(approver: StepApprover) -> bool:
        if approver.user is not None:
            return not approver.user.is_active or approver.user_id == request.requestor_id
        return approver.role_id not in held

    missing = [(step, approver) for step, approver in asked if nobody_is(approver)]
    if missing:
        raise NoApprover(" ".join(_no_approver(request, step, approver) for step, approver in missing))


def _no_approver(request: PurchaseRequest, step: WorkflowStep, approver: StepApprover) -> str:
    if approver.role is not None:
        return _(
            "Nobody can decide the step “%(step)s”: "
            "ask an administrator to give someone else the role %(role)s in %(team)s."
        ) % {"step": step.step_name, "role": approver.role.name, "team": request.team.name}
    return _("%(person)s cannot decide the step “%(step)s”: ask an administrator to name someone else there.") % {
        "person": approver.user,
        "step": step.step_name,
    }


def _fillable(slots: Iterable[ApprovalSlot], actor: User) -> list[ApprovalSlot]:
    """The waiting slots that `actor` fills. Raises WrongState, naming who was quicker, when none of theirs waits."""
    theirs = [slot for slot in slots if slot.theirs]
    waiting = [slot for slot in theirs if slot.state == SlotState.WAITING]
    if not waiting:
        raise WrongState(permissions.decided_already(theirs, actor))
    return waiting


def _decide(slot: ApprovalSlot, *, actor: User, action: DecisionAction, comment: str, now: datetime) -> Decision:
    return Decision.objects.create(
        approval=slot.approval,
        request=slot.approval.purchase_request,
        step=slot.step,
        approver=actor,
        action=action,
        comment=comment,
        created_at=now,
    )


def _fill(slots: Sequence[ApprovalSlot], decision: Decision, state: SlotState) -> None:
    """Compare-and-set: each of these slots still waits, or somebody was quicker."""
    waiting = ApprovalSlot.objects.filter(pk__in=[slot.pk for slot in slots]).waiting()
    if waiting.update(state=state, decision=decision) != len(slots):
        raise WrongState(_("Somebody else has already decided on this step."))


def _stages(approval: Approval, after: WorkflowStep | None = None) -> list[Stage]:
    """The steps of the round, each with its approvers; only those after a given one."""
    beyond = {"workflow": approval.workflow_template_id, "after": after.step_order if after else 0}
    approvers = _approvers_beyond(**beyond)
    return [
        (step, [approver for approver in approvers if approver.step_id == step.pk]) for step in _steps_beyond(**beyond)
    ]


@prepared
def _steps_beyond(workflow: int, after: int) -> QuerySet[WorkflowStep]:
    return WorkflowStep.objects.filter(workflow_template=workflow, step_order__gt=after).order_by("step_order")


@prepared
def _approvers_beyond(workflow: int, after: int) -> QuerySet[StepApprover]:
    beyond = StepApprover.objects.filter(step__workflow_template=workflow, step__step_order__gt=after)
    return beyond.select_related("role", "user").order_by("pk")


def _advance(approval: Approval, move: str, following: Sequence[Stage], *, now: datetime, **changes: object) -> None:
    """Moves the request by `move` (submit or approve) to the first of the `following` steps.

    With no approval step left it is fully approved, and goes on to finance or is completed.
    """
    request = approval.purchase_request
    step, approvers = following[0] if following else (None, [])
    if step is not None and not step.is_finance_review:
        _move(request, move, move, current_step=step, updated_at=now, **changes)
        _open_step(approval, step, approvers, now=now)
        return
    if move == "submit":
        _move(request, "submit", "submit", updated_at=now, **changes)
    _move(request, "approve_fully", "approve", current_step=step, updated_at=now)
    if step is None:
        _complete(approval, now=now)
    else:
        _move(request, "begin_finance_review", "approve", updated_at=now)
        _open_step(approval, step, approvers, now=now)


def _open_step(approval: Approval, step: WorkflowStep, approvers: Sequence[StepApprover], *, now: datetime) -> None:
    request = approval.purchase_request
    ApprovalSlot.objects.bulk_create(
        ApprovalSlot(
            approval=approval,
            request=request,
            step=step,
            team=request.team if approver.role_id else None,
            role_id=approver.role_id,
            user_id=approver.user_id,
            created_at=now,
        )
        for approver in approvers
    )
    notifications.tell_turn(approval, step, now=now)


def _complete(approval: Approval, *, now: datetime) -> None:
    _end(approval, now=now)
    _move(approval.purchase_request, "complete", "complete", current_step=None, completed_at=now, updated_at=now)
    notifications.tell_completed(approval, now=now)


def _end(approval: Approval, *, now: datetime) -> None:
    Approval.objects.filter(pk=approval.pk).update(ended_at=now)
    approval.ended_at = now


def _move(request: PurchaseRequest, move: str, action: str, **changes: object) -> None:
    """`action` is what the person does, for the message when the state does not allow it."""
    transition(request, REQUEST_MOVES, move, message=permissions.wrong_state(request, action), **changes)
