"""Who keeps projects, their cost codes and their members."""

from django.utils.translation import gettext as _

from bureau.accounts.permissions import System
from bureau.core.models import Organization, User, UserRole
from bureau.kit.permissions import ALLOWED, Decision, denied
from bureau.purchasing.models import CostCode, Project


def can_manage_projects(actor: User | System, organization: Organization) -> Decision:
    """Administrators and project managers, each in their own organization: new projects, and members."""
    if isinstance(actor, System) or actor.is_superuser:
        return ALLOWED
    manages = actor.administers or actor.role == UserRole.PM
    if manages and actor.organization_id == organization.pk:
        return ALLOWED
    return denied(_("Only administrators and project managers keep projects."))


def can_edit_project(actor: User | System, project: Project) -> Decision:
    """To change the project, its budget and its cost codes. What a connector keeps would be overwritten by its next
    run, so it is changed where it comes from."""
    decision = can_manage_projects(actor, project.organization)
    if decision and project.synced_at is not None:
        return denied(_("The accounting system keeps this project: change it there, the next sync brings it here."))
    return decision


def can_edit_cost_code(actor: User | System, project: Project, cost_code: CostCode) -> Decision:
    decision = can_edit_project(actor, project)
    if decision and cost_code.synced_at is not None:
        return denied(_("The accounting system keeps this cost code: change it there."))
    return decision
