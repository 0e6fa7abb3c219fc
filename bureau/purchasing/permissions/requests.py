"""Who may do what to a purchase request, whatever its state; and why an action is not there in its state."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.accounts.models import AccessScope, Role, Team
from bureau.core.models import User
from bureau.core.prepared import prepared_for_user
from bureau.kit.permissions import ALLOWED, Decision, denied
from bureau.purchasing.models import ApprovalSlot, PurchaseRequest
from bureau.purchasing.states import EDITABLE, WAITING_FOR_APPROVAL, WAITING_FOR_DECISION, RequestStatus

STATES_OF = {
    "edit": EDITABLE,
    "submit": EDITABLE,
    "delete": frozenset({RequestStatus.DRAFT}),
    "attach": EDITABLE | {RequestStatus.FINANCE_REVIEW},
    "approve": WAITING_FOR_APPROVAL,
    "reject": WAITING_FOR_DECISION,
    "complete": frozenset({RequestStatus.FINANCE_REVIEW}),
}
"""The states in which each action of a person can be done."""

WRONG_STATE = {
    "edit": gettext_lazy("Only a draft or a rejected request can be changed; this one is “%(status)s”."),
    "submit": gettext_lazy("Only a draft or a rejected request can be submitted; this one is “%(status)s”."),
    "delete": gettext_lazy("Only a draft can be deleted; this request is “%(status)s”."),
    "attach": gettext_lazy("Files cannot be changed while the request is “%(status)s”."),
    "approve": gettext_lazy("Only a request that waits for approval can be approved; this one is “%(status)s”."),
    "reject": gettext_lazy("Only a request that waits for a decision can be rejected; this one is “%(status)s”."),
    "complete": gettext_lazy("Only a request in finance review can be completed; this one is “%(status)s”."),
}


def wrong_state(request: PurchaseRequest, action: str) -> str:
    """The sentence for an action that this request's state does not have."""
    return str(WRONG_STATE[action]) % {"status": RequestStatus(request.status).label}


def can_administer_team(user: User, team: Team) -> Decision:
    """May change the forms and workflows of this team."""
    if user.is_superuser or (user.administers and user.organization_id == team.organization_id):
        return ALLOWED
    return denied(_("Only an administrator can change forms and workflows."))


def can_start_request(user: User, team: Team) -> Decision:
    if team.organization_id == user.organization_id and team.is_active:
        if AccessScope.objects.filter(user=user, team=team, role__code=Role.INITIATOR).exists():
            return ALLOWED
        return denied(_("You need the role Initiator in %(team)s to start a request there.") % {"team": team.name})
    return denied(_("This team takes no requests."))


def can_edit_request(user: User, request: PurchaseRequest) -> Decision:
    """To change, submit or delete it."""
    if request.requestor_id == user.pk:
        return ALLOWED
    return denied(_("Only the person who made the request can change or submit it."))


def slots_of_step(request: PurchaseRequest, user: User) -> list[ApprovalSlot]:
    """The slots of the step at which the request waits; `theirs` says which of them this person may fill."""
    if request.current_step_id is None:
        return []
    found: list[ApprovalSlot] = _slots(user, request=request.pk, step=request.current_step_id)
    for slot in found:
        slot.approval = found[0].approval
        slot.approval.request = request
    return found


@prepared_for_user
def _slots(user: User, request: int, step: int) -> QuerySet[ApprovalSlot]:
    slots = ApprovalSlot.objects.filter(request=request, step=step, approval__ended_at=None)
    return slots.marked_for(user).select_related("approval", "step", "decision__approver").order_by("pk")


def can_decide_on_request(user: User, request: PurchaseRequest, slots: Iterable[ApprovalSlot]) -> Decision:
    """Approving and rejecting: by an approver of the current step, whose `slots` are given; never by the requestor.

    Of a request that waits at no step, whoever was an approver of one may be told that it is over.
    """
    if request.requestor_id == user.pk:
        return denied(_("Nobody decides on their own request."))
    if any(slot.theirs for slot in slots):
        return ALLOWED
    if request.current_step is not None:
        return denied(_("You are not an approver of the step “%(step)s”.") % {"step": request.current_step.step_name})
    if ApprovalSlot.objects.filter(request=request).of(user).exists():
        return ALLOWED
    return denied(_("You are not an approver of this request."))


def decided_already(theirs: Iterable[ApprovalSlot], user: User) -> str:
    """Who was quicker, where none of a person's slots waits any more."""
    decided = next((slot.decision for slot in theirs if slot.decision is not None), None)
    if decided is None or decided.approver_id == user.pk:
        return _("You have already decided on this step.")
    return _("%(person)s has already decided on this step.") % {"person": decided.approver.name}


def can_complete_request(user: User, request: PurchaseRequest) -> Decision:
    if request.requestor_id == user.pk:
        return denied(_("Nobody completes their own request."))
    if reviews_finance_of(user, request):
        return ALLOWED
    return denied(_("Only a finance reviewer of %(team)s can complete the request.") % {"team": request.team.name})


def can_attach_file(user: User, request: PurchaseRequest) -> Decision:
    """The requestor; in finance review the reviewers, who add the proof of payment."""
    if request.status == RequestStatus.FINANCE_REVIEW:
        if request.requestor_id != user.pk and reviews_finance_of(user, request):
            return ALLOWED
        return denied(_("In finance review only the finance reviewers can add files."))
    return can_edit_request(user, request)


def reviews_finance_of(user: User, request: PurchaseRequest) -> bool:
    scopes = AccessScope.objects.filter(user=user, team=request.team_id, role__code=Role.FINANCE_REVIEWER)
    return scopes.exists()
