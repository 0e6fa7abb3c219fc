"""Teams, roles and who holds which in what team."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from bureau.accounts import permissions
from bureau.accounts.models import AccessScope, Role, Team
from bureau.accounts.permissions import System
from bureau.accounts.services.validation import FieldErrors, set_fields
from bureau.core import audit
from bureau.core.models import Organization, User
from bureau.kit.errors import BusinessRule, Invalid

CHANGEABLE = ("name", "description", "is_active")


def create_team(
    *, actor: User | System, name: str, now: datetime, description: str = "", organization: Organization | None = None
) -> Team:
    """A team of the organization, the actor's where not named. Raises Forbidden, Invalid."""
    organization = _organization(actor, organization)
    team = Team(organization=organization, created_at=now)
    _check(team, set_fields(team, {"name": name, "description": description}))
    with transaction.atomic():
        _save(team)
        audit.record(
            team, "created", actor=_recorded(actor), now=now, new={"name": team.name, "description": team.description}
        )
    return team


def update_team(*, actor: User | System, team: Team, changes: Mapping[str, Any], now: datetime) -> Team:
    """Changes name, description and is_active; ignores the rest. A deactivated team takes no new requests.

    Raises Forbidden, Invalid, BusinessRule.
    """
    permissions.can_administer(actor, team.organization).enforce()
    values = {name: changes[name] for name in CHANGEABLE if name in changes}
    with transaction.atomic():
        team = Team.objects.select_for_update(of=("self",), no_key=True).select_related("organization").get(pk=team.pk)
        old = {name: getattr(team, name) for name in values}
        _check(team, set_fields(team, values))
        if team.is_general and not team.is_active:
            raise BusinessRule(_("The General team takes the requests that name no team, so it stays active."))
        changed = [name for name in values if getattr(team, name) != old[name]]
        if changed:
            _save(team, fields=changed)
            new = {name: getattr(team, name) for name in changed}
            audit.record_update(team, actor=_recorded(actor), now=now, before=old, after=new)
    return team


def create_role(
    *, actor: User | System, code: str, name: str, now: datetime, organization: Organization | None = None
) -> Role:
    """A further role that steps can ask for; `code` is upper case. Raises Forbidden, Invalid."""
    organization = _organization(actor, organization)
    role = Role(organization=organization)
    errors = set_fields(role, {"code": code.upper(), "name": name})
    if "code" not in errors and not re.fullmatch(r"[A-Z][A-Z0-9_]*", role.code):
        errors["code"] = [_("Use capital letters, digits and _, a letter first.")]
    if "code" not in errors and Role.objects.filter(organization=organization, code=role.code).exists():
        errors["code"] = [_("There is a role with this code already.")]
    if errors:
        raise Invalid(fields=errors)
    with transaction.atomic():
        try:
            with transaction.atomic():
                role.save(force_insert=True)
        except IntegrityError:
            raise Invalid.field("code", _("There is a role with this code already.")) from None
        audit.record(role, "created", actor=_recorded(actor), now=now, new={"code": role.code, "name": role.name})
    return role


def add_member(*, actor: User | System, team: Team, user: User, role: Role, now: datetime) -> AccessScope:
    """Gives a person a role in a team; what they hold already stays as it is. Raises Forbidden, Invalid."""
    permissions.can_administer(actor, team.organization).enforce()
    if user.organization_id != team.organization_id or not user.is_active:
        raise Invalid.field("user", _("There is no such active person in the organization."))
    if role.organization_id != team.organization_id:
        raise Invalid.field("role", _("There is no such role in the organization."))
    with transaction.atomic():
        scope, created = AccessScope.objects.get_or_create(
            user=user, team=team, role=role, defaults={"created_at": now}
        )
        if created:
            audit.record(team, "member_added", actor=_recorded(actor), now=now, new=_membership(scope))
    return scope


def remove_member(*, actor: User | System, team: Team, user: User, role: Role, now: datetime) -> None:
    """Takes a role in a team from a person; everybody stays an initiator of General.

    Raises Forbidden, BusinessRule, Invalid.
    """
    permissions.can_administer(actor, team.organization).enforce()
    if team.is_general and role.code == Role.INITIATOR:
        raise BusinessRule(_("Everybody of the organization may start requests in the General team."))
    with transaction.atomic():
        scope = AccessScope.objects.select_for_update(of=("self",)).filter(user=user, team=team, role=role).first()
        if scope is None:
            raise Invalid.field("user", _("This person does not hold this role in the team."))
        old = _membership(scope)
        scope.delete()
        audit.record(team, "member_removed", actor=_recorded(actor), now=now, old=old)


def _organization(actor: User | System, organization: Organization | None) -> Organization:
    if organization is None:
        if isinstance(actor, System):
            raise Invalid.field("organization", _("Name the organization."))
        organization = actor.organization
    permissions.can_administer(actor, organization).enforce()
    return organization


def _check(team: Team, errors: FieldErrors) -> None:
    if "name" not in errors and _name_taken(team):
        errors["name"] = [_("There is a team with this name already.")]
    if errors:
        raise Invalid(fields=errors)


def _name_taken(team: Team) -> bool:
    named = Team.objects.filter(organization_id=team.organization_id, name__lower=Lower(Value(team.name)))
    return named.exclude(pk=team.pk).exists()


def _save(team: Team, *, fields: list[str] | None = None) -> None:
    """Raises Invalid when somebody took the name in the same moment."""
    try:
        with transaction.atomic():
            team.save(update_fields=fields) if fields else team.save(force_insert=True)
    except IntegrityError:
        raise Invalid.field("name", _("There is a team with this name already.")) from None


def _membership(scope: AccessScope) -> dict[str, Any]:
    return {"user": scope.user.username, "role": scope.role.code}


def _recorded(actor: User | System) -> User | None:
    return actor if isinstance(actor, User) else None
