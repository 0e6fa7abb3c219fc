"""Reads of purchase requests: what waits for whom, where one stands, and what a person can do with it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from bureau.accounts.models import AccessScope, Role
from bureau.accounts.selectors import reviews_finance
from bureau.core.models import User
from bureau.core.prepared import prepared_for_user
from bureau.kit.errors import Forbidden, NotFound
from bureau.kit.permissions import Decision as Answer
from bureau.kit.permissions import denied
from bureau.purchasing.models import (
    Approval,
    ApprovalSlot,
    Attachment,
    Decision,
    DecisionAction,
    FieldValue,
    FormTemplate,
    PurchaseRequest,
    SlotState,
    StepApprover,
    WorkflowStep,
    WorkflowTemplate,
    finance_scopes,
)
from bureau.purchasing.permissions import requests as permissions
from bureau.purchasing.states import FINANCE_INBOX, WAITING_FOR_APPROVAL, RequestStatus


def visible_request(user: User, uuid: UUID) -> PurchaseRequest:
    """The request with this id, where the person may see it. Raises NotFound, foreign or unknown."""
    found: list[PurchaseRequest] = _visible_request(user, uuid=uuid)
    if not found:
        raise NotFound(_("Not found."))
    return found[0]


@prepared_for_user
def _visible_request(user: User, uuid: UUID) -> QuerySet[PurchaseRequest]:
    return PurchaseRequest.objects.visible_to(user).filter(uuid=uuid)


def requests_awaiting(user: User) -> QuerySet[PurchaseRequest]:
    """The inbox: others' requests at an approval step where a slot of this person waits, oldest first."""
    waiting = ApprovalSlot.objects.requests_waiting_for(user)
    others = PurchaseRequest.objects.filter(organization=user.organization_id).exclude(requestor=user.pk)
    return others.filter(pk__in=waiting, status__in=WAITING_FOR_APPROVAL).order_by("submitted_at", "pk")


def finance_inbox(user: User) -> QuerySet[PurchaseRequest]:
    """Fully approved requests of the teams where this person reviews for finance, oldest first.

    Raises Forbidden for those who review nowhere.
    """
    if not is_finance_reviewer(user):
        raise Forbidden(_("Only finance reviewers have a finance inbox."))
    teams = finance_scopes(user).values("team")
    waiting = PurchaseRequest.objects.filter(organization=user.organization_id, team__in=teams)
    return waiting.filter(status__in=FINANCE_INBOX).order_by("submitted_at", "pk")


def is_finance_reviewer(user: User) -> bool:
    """Whether the person reviews for finance in any team."""
    return reviews_finance(user)


def simple_requests(user: User) -> QuerySet[PurchaseRequest]:
    """The p2p list, newest first: no drafts."""
    listed = PurchaseRequest.objects.listed_for(user).exclude(status=RequestStatus.DRAFT)
    return listed.prefetch_related("items").order_by("-created_at", "-pk")


def with_details(requests: QuerySet[PurchaseRequest]) -> QuerySet[PurchaseRequest]:
    """With everything that a request's page and its detail in the API show."""
    return requests.select_related(
        "organization", "requestor", "team", "form_template", "workflow_template", "current_step"
    ).prefetch_related(
        "items",
        Prefetch("field_values", FieldValue.objects.select_related("field", "value_file__file")),
        Prefetch("attachments", Attachment.objects.select_related("file")),
        Prefetch("decisions", Decision.objects.select_related("step", "approver")),
    )


def form_in_use(team_id: int) -> FormTemplate | None:
    """The form that new requests of the team take, with its fields and kinds of files."""
    forms = FormTemplate.objects.filter(team=team_id, in_use=True)
    return forms.prefetch_related("fields", "attachment_categories").first()


def teams_to_ask(user: User) -> QuerySet[AccessScope]:
    """Where this person can start a request: their scopes as initiator of active teams, General last."""
    scopes = AccessScope.objects.filter(user=user, role__code=Role.INITIATOR, team__is_active=True)
    return scopes.select_related("team").order_by("team__is_general", "team__name")


# --- Where a request stands


class StepState(StrEnum):
    DONE = "done"
    CURRENT = "current"
    LATER = "later"
    REJECTED = "rejected"


@dataclass(slots=True)
class ApproverView:
    """An approver of a step: a role or a person, who decided for it, and who still can."""

    label: str
    decision: Decision | None = None
    candidates: list[User] = field(default_factory=list)


@dataclass(slots=True)
class StepView:
    step: WorkflowStep
    state: StepState
    approvers: list[ApproverView]

    @property
    def name(self) -> str:
        return self.step.step_name

    @property
    def order(self) -> int:
        return self.step.step_order

    @property
    def decisions(self) -> list[Decision]:
        """One per person, however many of the step's roles they decided for."""
        made = {approver.decision.pk: approver.decision for approver in self.approvers if approver.decision}
        return sorted(made.values(), key=lambda decision: (decision.created_at, decision.pk))

    @property
    def waiting_for(self) -> list[ApproverView]:
        return [approver for approver in self.approvers if approver.decision is None]


def request_steps(request: PurchaseRequest) -> list[StepView]:
    """The steps of the request's running or last round; before its first submit those that it would go through.

    Each with who decided, when and why, and who can decide where nobody has.
    """
    workflow_id = request.workflow_template_id
    approval = None
    if workflow_id is None:
        in_use = WorkflowTemplate.objects.filter(team=request.team_id, in_use=True)
        workflow_id = in_use.values_list("pk", flat=True).first()
    else:
        approval = Approval.objects.filter(request=request).order_by("-round").first()
    steps = list(
        WorkflowStep.objects.filter(workflow_template=workflow_id)
        .order_by("step_order")
        .prefetch_related("approvers__role", "approvers__user")
    )
    slots = ApprovalSlot.objects.filter(approval=approval).select_related("decision__approver", "decision__step")
    decided = {(slot.step_id, slot.role_id, slot.user_id): slot for slot in slots} if approval else {}
    holders = _role_holders(request, [approver for step in steps for approver in step.approvers.all()])
    views = []
    for step in steps:
        approvers = [
            _approver_view(request, approver, decided.get((step.pk, approver.role_id, approver.user_id)), holders)
            for approver in step.approvers.all()
        ]
        views.append(StepView(step, _step_state(request, step, approvers), approvers))
    return views


def _role_holders(request: PurchaseRequest, approvers: list[StepApprover]) -> dict[int, list[User]]:
    scopes = AccessScope.objects.filter(
        team=request.team_id, role__in={approver.role_id for approver in approvers if approver.role_id}
    )
    holders: dict[int, list[User]] = {}
    for scope in scopes.filter(user__is_active=True).select_related("user").order_by("user"):
        holders.setdefault(scope.role_id, []).append(scope.user)
    return holders


def _approver_view(
    request: PurchaseRequest, approver: StepApprover, slot: ApprovalSlot | None, holders: dict[int, list[User]]
) -> ApproverView:
    decision = slot.decision if slot else None
    if decision is not None:
        candidates = []
    elif approver.user is not None:
        candidates = [approver.user] if approver.user.is_active else []
    else:
        candidates = holders.get(approver.role_id or 0, [])
    label = approver.user.name if approver.user else approver.role.name if approver.role else ""
    if decision is None and approver.user is not None and not approver.user.is_active:
        label = _("an administrator, for %(person)s") % {"person": label}
    return ApproverView(
        label=label,
        decision=decision,
        candidates=[person for person in candidates if person.pk != request.requestor_id],
    )


def _step_state(request: PurchaseRequest, step: WorkflowStep, approvers: list[ApproverView]) -> StepState:
    if step.pk == request.current_step_id:
        return StepState.CURRENT
    actions = {approver.decision.action for approver in approvers if approver.decision}
    if DecisionAction.REJECT in actions:
        return StepState.REJECTED
    return StepState.DONE if actions else StepState.LATER


class EventKind(StrEnum):
    CREATED = "created"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    COMPLETED = "completed"
    ATTACHED = "attached"


EVENT_OF = {
    DecisionAction.APPROVE: EventKind.APPROVED,
    DecisionAction.REJECT: EventKind.REJECTED,
    DecisionAction.COMPLETE: EventKind.COMPLETED,
}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a request. `person` None: it followed by itself."""

    at: datetime
    kind: EventKind
    person: User | None
    step: str = ""
    comment: str = ""
    attachment: Attachment | None = None


def timeline(request: PurchaseRequest) -> list[Event]:
    """Everything that happened to a request, oldest first."""
    events = [
        Event(request.created_at, EventKind.CREATED, request.requestor),
        *(
            Event(attachment.created_at, EventKind.ATTACHED, attachment.file.uploader, attachment=attachment)
            for attachment in request.attachments.select_related("file__uploader")
        ),
        *(
            Event(approval.started_at, EventKind.SUBMITTED, request.requestor)
            for approval in request.approvals.order_by("round")
        ),
    ]
    completed = False
    for decision in request.decisions.select_related("step", "approver"):
        kind = EVENT_OF[DecisionAction(decision.action)]
        completed = completed or kind == EventKind.COMPLETED
        events.append(Event(decision.created_at, kind, decision.approver, str(decision.step), comment=decision.comment))
    if request.completed_at is not None and not completed:
        events.append(Event(request.completed_at, EventKind.COMPLETED, None))
    return sorted(events, key=lambda event: event.at)


# --- What a person can do with it


def available_actions(request: PurchaseRequest, user: User) -> dict[str, Answer]:
    """For each action whether this person can do it now; where not, the reason to show in its place."""
    may_edit = permissions.can_edit_request(user, request)
    turn = _turn(request, user)
    answers = {
        "edit": may_edit,
        "submit": may_edit,
        "delete": may_edit,
        "attach": permissions.can_attach_file(user, request),
        "approve": turn,
        "reject": turn,
        "complete": permissions.can_complete_request(user, request),
    }
    for action, answer in answers.items():
        if answer and request.status not in permissions.STATES_OF[action]:
            answers[action] = denied(permissions.wrong_state(request, action))
    return answers


def _turn(request: PurchaseRequest, user: User) -> Answer:
    """Whether a slot of the current step waits for this person; else who decided, or where it waits."""
    slots = permissions.slots_of_step(request, user)
    may = permissions.can_decide_on_request(user, request, slots)
    theirs = [slot for slot in slots if slot.theirs]
    if may and theirs and not any(slot.state == SlotState.WAITING for slot in theirs):
        return denied(permissions.decided_already(theirs, user))
    return may
