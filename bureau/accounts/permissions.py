"""Who may manage people, teams and settings, and what a role may do with purchase orders."""

from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from bureau.core.models import Organization, User, UserRole
from bureau.kit.permissions import ALLOWED, Decision, denied


class System:
    """The actor of what nobody in particular asked for: set-up, demo data, jobs. Never made from a request."""


SYSTEM: Final = System()

_FOREMAN = ("po:create", "po:submit", "file:upload")
_SUPER = (*_FOREMAN, "po:approve")
_PM = (*_SUPER, "po:cancel", "po:view_all", "user:view")
_ADMIN = (*_PM, "user:manage", "audit:read", "integration:trigger")
_CODES: dict[str, tuple[str, ...]] = {
    UserRole.FOREMAN: _FOREMAN,
    UserRole.SUPER: _SUPER,
    UserRole.PM: _PM,
    UserRole.ADMIN: _ADMIN,
    UserRole.OWNER: _ADMIN,
}


def codes(user: User) -> tuple[str, ...]:
    """The permission codes of the purchase order tool; a superuser holds all."""
    return _ADMIN if user.is_superuser else _CODES.get(user.role, ())


def has_code(user: User, code: str) -> bool:
    return code in codes(user)


def can_administer(actor: User | System, organization: Organization) -> Decision:
    """Owners and administrators manage their own organization, a superuser every one."""
    if isinstance(actor, System) or actor.is_superuser:
        return ALLOWED
    if actor.administers and actor.organization_id == organization.pk:
        return ALLOWED
    return denied(_("Only an administrator of the organization can do this."))


def can_list_users(actor: User) -> Decision:
    if has_code(actor, "user:view"):
        return ALLOWED
    return denied(_("Only administrators and project managers see the list of users."))


def can_read_audit_log(actor: User) -> Decision:
    if has_code(actor, "audit:read"):
        return ALLOWED
    return denied(_("Only administrators read the audit log."))


def can_create_user(
    actor: User | System | None, *, role: str, organization: Organization | None, superuser: bool
) -> Decision:
    """`actor` None is an anonymous visitor: with OPEN_REGISTRATION they may become the owner of a new organization."""
    if isinstance(actor, System):
        return ALLOWED
    if actor is None:
        if not settings.OPEN_REGISTRATION or role != UserRole.OWNER or organization is not None or superuser:
            return denied(_("You can only register as the owner of a new organization."))
        return ALLOWED
    if superuser and not actor.is_superuser:
        return denied(_("Only a superuser can make a superuser."))
    return can_administer(actor, organization or actor.organization)


def can_change_user(actor: User | System, user: User) -> Decision:
    """Whoever could change a superuser's e-mail address or password could become one."""
    if isinstance(actor, User) and user.is_superuser and not actor.is_superuser:
        return denied(_("Only a superuser can change a superuser."))
    return can_administer(actor, user.organization)
