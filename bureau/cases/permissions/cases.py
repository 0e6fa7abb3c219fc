"""Who may do what with cases. Whoever sees a case works on it; ending and deleting one is for fewer."""

from django.utils.translation import gettext as _

from bureau.cases.models import Case
from bureau.cases.states import CaseStatus, StepStatus
from bureau.core.models import User, UserRole
from bureau.kit.permissions import ALLOWED, Decision, denied


def can_change_case(user: User, case: Case) -> Decision:
    """Whoever sees it: its owner, the owner of its customer, and those who see the organization."""
    if user.is_superuser:
        return ALLOWED
    own = user.organization_id == case.organization_id
    if own and (user.sees_organization or user.pk in (case.owner_id, case.customer.owner_id)):
        return ALLOWED
    return denied(_("You do not take part in this case."))


def can_advance(user: User, case: Case) -> Decision:
    """Whether the current step can be completed, but for documents that are missing."""
    may = can_change_case(user, case)
    if not may:
        return may
    if case.status == CaseStatus.COMPLETED:
        return denied(_("The case is completed. Reopen it to go on."))
    if case.step_status == StepStatus.REJECTED:
        return denied(_("The current step was rejected. Take it up again first."))
    return ALLOWED


def can_reopen(user: User, case: Case) -> Decision:
    may = can_change_case(user, case)
    if may and case.status != CaseStatus.COMPLETED:
        return denied(_("Only a completed case can be reopened."))
    return may


def can_force_close(user: User, case: Case) -> Decision:
    """Staff and administrators."""
    may = _staff(user, case, _("Only staff and administrators close a case by force."))
    if may and case.status == CaseStatus.COMPLETED:
        return denied(_("The case is completed already."))
    return may


def can_delete_case(user: User, case: Case) -> Decision:
    """Staff and administrators."""
    return _staff(user, case, _("Only staff and administrators delete a case."))


def can_bulk_delete_cases(user: User) -> Decision:
    return ALLOWED if user.is_superuser else denied(_("Only a superuser deletes many cases at once."))


def can_set_owner(user: User, case: Case) -> Decision:
    """Those who see the organization hand a case to somebody else."""
    if user.is_superuser or (user.sees_organization and user.organization_id == case.organization_id):
        return ALLOWED
    return denied(_("Only those who see all cases give one to somebody else."))


def _staff(user: User, case: Case, reason: str) -> Decision:
    if user.is_superuser:
        return ALLOWED
    staff = user.administers or user.role == UserRole.STAFF
    return ALLOWED if staff and user.organization_id == case.organization_id else denied(reason)
