"""People: who they are, what they may do, and their end of service."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from bureau.accounts import permissions, selectors
from bureau.accounts.models import AccessScope, Role
from bureau.accounts.permissions import System
from bureau.accounts.services.organizations import create_organization
from bureau.accounts.services.passwords import send_first_password_link
from bureau.accounts.services.sign_in import count_attempt, end_sessions, revoke_all
from bureau.accounts.services.validation import FieldErrors, field_errors, set_fields
from bureau.core import audit
from bureau.core.context import current
from bureau.core.mail import send_later
from bureau.core.models import ADMINISTRATORS, Organization, User, UserRole
from bureau.kit.errors import BusinessRule, Forbidden, Invalid, Unauthorized

DEFAULT_LIMITS: dict[str, Decimal] = {
    UserRole.FOREMAN: Decimal("5000.00"),
    UserRole.SUPER: Decimal("25000.00"),
    UserRole.PM: Decimal("100000.00"),
}
"""What a role may approve. No entry: no limit for administrators, nothing for others."""
PROFILE = ("username", "email", "first_name", "last_name", "shortcuts")
MANAGED = (*PROFILE, "role", "authorization_limit", "is_active")
_USERNAME = re.compile(r"[\w.@+-]+")


class LastAdministrator(BusinessRule):
    code = "LAST_ADMINISTRATOR"


def create_user(
    *,
    actor: User | System | None,
    username: str,
    email: str,
    password: str | None,
    now: datetime,
    role: str | None = None,
    first_name: str = "",
    last_name: str = "",
    authorization_limit: Decimal | None = None,
    organization: Organization | None = None,
    superuser: bool = False,
) -> User:
    """A new account: of the actor's organization, or of a new one for a role `owner` that names none.

    `actor` None is an anonymous visitor (OPEN_REGISTRATION), whose role is owner; otherwise a role not given is member.
    A limit not given is that of the role. Without a password the person gets a link by e-mail to set one.
    Raises Unauthorized, Forbidden, Invalid.
    """
    role = role or (UserRole.OWNER if actor is None else UserRole.MEMBER)
    if actor is None and not settings.OPEN_REGISTRATION:
        raise Unauthorized(_("Sign in as an administrator to add people."))
    if actor is None:
        count_attempt(registration_address=current().address)
    permissions.can_create_user(actor, role=role, organization=organization, superuser=superuser).enforce()
    user = User(is_superuser=superuser, created_at=now)
    values = {
        "username": username,
        "email": email,
        "first_name": first_name,
        "last_name": last_name,
        "role": role,
        "authorization_limit": DEFAULT_LIMITS.get(role) if authorization_limit is None else authorization_limit,
    }
    errors = set_fields(user, values)
    errors = _identity_errors(user, errors)
    if password is not None:
        errors |= _password_errors(password, user, "password")
    if errors:
        raise Invalid(fields=errors)
    user.set_password(password)  # slow by design, so before the transaction holds anything
    with transaction.atomic():
        if organization is None and role == UserRole.OWNER:
            organization = create_organization(name=user.name, sole_trader=True, now=now)
        elif organization is None:
            if not isinstance(actor, User):
                raise Invalid.field("organization", _("Name the organization."))
            organization = actor.organization
        user.organization = organization
        _save(user)
        _join_general_team(user)
        audit.record(
            user, "created", actor=actor if isinstance(actor, User) else user, now=now, new=_shown(user, MANAGED)
        )
        if password is None:
            send_first_password_link(actor=actor or user, user=user, now=now)
    return user


def update_user(*, actor: User | System, user: User, changes: Mapping[str, Any], now: datetime) -> User:
    """Changes what `changes` names of username, email, names, role, limit, is_active and password; ignores the rest.

    A new role without a limit brings the limit of the role. A new password, or is_active False, signs the person out
    everywhere.
    Raises Forbidden, Invalid, LastAdministrator.
    """
    permissions.can_change_user(actor, user).enforce()
    values = {name: changes[name] for name in MANAGED if name in changes}
    if "role" in values and values["role"] != user.role and "authorization_limit" not in values:
        values["authorization_limit"] = DEFAULT_LIMITS.get(values["role"])
    return _change(user, values, actor=actor, now=now, password=changes.get("password"))


def update_profile(*, actor: User, changes: Mapping[str, Any], now: datetime) -> User:
    """What one may change about oneself. Role, limit and is_active are not among it and are ignored. Raises Invalid."""
    return _change(actor, {name: changes[name] for name in PROFILE if name in changes}, actor=actor, now=now)


def deactivate_user(*, actor: User | System, user: User, now: datetime) -> User:
    """Ends an account: signed out everywhere at once, no sign-in any more. What the person did stays.

    Raises Forbidden, LastAdministrator.
    """
    return update_user(actor=actor, user=user, changes={"is_active": False}, now=now)


def _change(
    user: User, values: dict[str, Any], *, actor: User | System, now: datetime, password: str | None = None
) -> User:
    refused = _password_errors(password, user, "password") if password is not None else {}
    hashed = make_password(password) if password is not None else None  # slow by design, so before anything is locked
    with transaction.atomic():
        # Administrators come and go one after the other, so that the last one is known to be the last.
        organization = Organization.objects.select_for_update(of=("self",), no_key=True).get(pk=user.organization_id)
        user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
        user.organization = organization
        if user.username.lower() == user.email.lower() and "email" in values and "username" not in values:
            values["username"] = values["email"]
        old = _shown(user, values)
        errors = _identity_errors(user, set_fields(user, values)) | refused
        if errors:
            raise Invalid(fields=errors)
        changed = [name for name in values if getattr(user, name) != old[name]]
        _guard_administration(user, old, actor=actor)
        if hashed is not None:
            user.password = hashed
        _save(user, fields=[*changed, *(["password"] if hashed is not None else [])])
        leaves = "is_active" in changed and not user.is_active
        if leaves or hashed is not None:
            revoke_all(user=user, because="deactivated" if leaves else "password_set", now=now)
        if leaves:
            end_sessions(user=user, now=now)
        if "email" in changed:
            _tell_old_address(user, old["email"], now=now)
        recorded = actor if isinstance(actor, User) else None
        if hashed is not None:
            audit.record(user, "password_set", actor=recorded, now=now)
        if changed:
            audit.record(
                user,
                "deactivated" if leaves else "updated",
                actor=recorded,
                now=now,
                old={name: old[name] for name in changed},
                new=_shown(user, changed),
            )
    return user


def _guard_administration(user: User, old: Mapping[str, Any], *, actor: User | System) -> None:
    role_changed = "role" in old and old["role"] != user.role
    leaves = old.get("is_active") is True and not user.is_active
    if isinstance(actor, User) and actor.pk == user.pk:
        if leaves:
            raise Forbidden(_("You cannot deactivate your own account. Ask another administrator."))
        if role_changed:
            raise Forbidden(_("You cannot change your own role. Ask another administrator."))
    stops = leaves or (role_changed and not user.administers)
    others = selectors.active_administrators(user.organization).exclude(pk=user.pk)
    if stops and old.get("role", user.role) in ADMINISTRATORS and not others.exists():
        raise LastAdministrator(_("This is the last administrator of the organization. Make somebody else one first."))


def _identity_errors(user: User, errors: FieldErrors) -> FieldErrors:
    """Adds to the errors of the single fields what concerns the person: names that are free, and a sane limit."""
    user.username = unicodedata.normalize("NFKC", user.username or "")
    user.email = User.objects.normalize_email(user.email)
    errors = field_errors(user, ("username", "email")) | errors  # some letters become several
    if "username" not in errors and not _USERNAME.fullmatch(user.username):
        errors["username"] = [_("Use letters, digits and . @ + - _ only.")]
    # A username that looks like an address must be one's own: nobody signs in under somebody else's.
    if "username" not in errors and "@" in user.username and user.username.lower() != user.email.lower():
        errors["username"] = [_("A username with an @ must be the e-mail address of the account.")]
    taken_texts = {
        "username": _("This username is already taken."),
        "email": _("This e-mail address is already taken."),
    }
    for name, taken in taken_texts.items():
        if name not in errors and _is_taken(user, name):
            errors[name] = [taken]
    if "authorization_limit" not in errors and user.authorization_limit is not None and user.authorization_limit < 0:
        errors["authorization_limit"] = [_("A limit is not negative.")]
    return errors


def _is_taken(user: User, name: str) -> bool:
    lowered = Lower(Value(getattr(user, name)))
    taken: bool = User.objects.filter(**{f"{name}__lower": lowered}).exclude(pk=user.pk).exists()
    return taken


def _password_errors(password: str, user: User, field: str) -> FieldErrors:
    try:
        validate_password(password, user)
    except ValidationError as error:
        return {field: error.messages}
    return {}


def _save(user: User, *, fields: list[str] | None = None) -> None:
    """Raises Invalid when somebody took the username or the address in the same moment."""
    try:
        with transaction.atomic():
            user.save(update_fields=fields) if fields is not None else user.save(force_insert=True)
    except IntegrityError:
        errors = _identity_errors(user, {})
        if errors:
            raise Invalid(fields=errors) from None
        raise


def _join_general_team(user: User) -> None:
    initiator = Role.objects.get(organization=user.organization, code=Role.INITIATOR)
    AccessScope.objects.create(user=user, team=selectors.general_team(user.organization), role=initiator)


def _shown(user: User, names: Any) -> dict[str, Any]:
    return {name: getattr(user, name) for name in names}


def _tell_old_address(user: User, address: str, *, now: datetime) -> None:
    send_later(
        to=address,
        subject=_("Your e-mail address was changed"),
        body=_(
            "The e-mail address of your account {username} is now {email}.\n\n"
            "If this was not you, tell an administrator of your organization at once."
        ).format(username=user.username, email=user.email),
        now=now,
        organization=user.organization,
    )
