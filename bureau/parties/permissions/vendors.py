"""Who may keep vendors and decide where they are paid. Everybody of the organization reads them."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from bureau.accounts.models import Role
from bureau.accounts.permissions import System
from bureau.accounts.selectors import reviews_finance
from bureau.core.models import ADMINISTRATORS, Organization, User, UserRole
from bureau.kit.permissions import ALLOWED, Decision, denied
from bureau.parties.models import BankAccount


def handles_payables(user: User) -> bool:
    """Works with vendors and their bills: staff, administrators and the finance reviewers of any team."""
    return user.administers or user.role == UserRole.STAFF or reviews_finance(user)


def can_write_vendors(actor: User | System, organization: Organization) -> Decision:
    if isinstance(actor, System) or actor.is_superuser:
        return ALLOWED
    if actor.organization_id == organization.pk and handles_payables(actor):
        return ALLOWED
    return denied(_("Only finance reviewers, staff and administrators keep vendors."))


def can_set_matching(actor: User | System, organization: Organization) -> Decision:
    """By how much a vendor's bills may differ, and from what: not for those who enter and approve the bills."""
    if isinstance(actor, System) or actor.is_superuser:
        return ALLOWED
    if actor.administers and actor.organization_id == organization.pk:
        return ALLOWED
    return denied(_("Only administrators set how the bills of a vendor are matched."))


def can_confirm_account(actor: User, account: BankAccount) -> Decision:
    """A second person; a sole trader, with whom there is none, confirms their own."""
    organization = account.vendor.organization
    may = can_write_vendors(actor, organization)
    if not may or account.proposed_by_id != actor.pk:
        return may
    if works_alone(actor, organization):
        return ALLOWED
    return denied(_("You proposed this account: a second person confirms it."))


def works_alone(actor: User, organization: Organization) -> bool:
    """A sole trader: nobody else of the organization could be the second person."""
    return actor.role == UserRole.OWNER and not _others(actor, organization).exists()


def _others(actor: User, organization: Organization) -> QuerySet[User]:
    """The other active people who work with vendors and bills."""
    may = Q(role__in=(*ADMINISTRATORS, UserRole.STAFF)) | Q(access_scopes__role__code=Role.FINANCE_REVIEWER)
    return User.objects.filter(may, organization=organization, is_active=True).exclude(pk=actor.pk)
