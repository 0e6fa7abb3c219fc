"""Changing one's password, and getting back in without it."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _

from bureau.accounts import permissions, selectors
from bureau.accounts.permissions import System
from bureau.accounts.services.sign_in import count_attempt, digest_of, revoke_all
from bureau.core import audit
from bureau.core.jobs import Run, enqueue, job_handler
from bureau.core.mail import deliver
from bureau.core.models import User
from bureau.kit.errors import Invalid, WrongState

RESET_PATH = "/reset-password/{uid}/{token}/"
"""The page of the link in the e-mail."""
FORGOT_PATH = "/forgot-password/"


def change_password(*, actor: User, old_password: str, new_password: str, now: datetime) -> None:
    """Sets a new password and signs the person out everywhere. Raises Invalid, RateLimited."""
    count_attempt(account=actor.pk)
    if not actor.check_password(old_password):
        raise Invalid.field("old_password", _("This is not your present password."))
    _set_password(actor, new_password, action="password_changed", now=now)


def request_password_reset(*, email: str, address: str | None, now: datetime) -> None:
    """Sends a link to the account with this address, if there is one; the caller cannot tell. Raises RateLimited."""
    count_attempt(reset_account=digest_of(email), reset_address=address)
    user = selectors.user_by_login(email) if "@" in email else None
    # A job in either case, so that the answer takes the same time; the link is made when it is sent and stored nowhere.
    enqueue("send_password_reset", payload={"user": user.pk if user and user.is_active else None}, now=now)


def send_first_password_link(*, actor: User | System, user: User, now: datetime) -> None:
    """Mails a person whom an administrator added the link to set their first password. Raises Forbidden, WrongState."""
    permissions.can_change_user(actor, user).enforce()
    if not user.is_active:
        raise WrongState(_("The account is not active. Activate it first."))
    sender = actor.name if isinstance(actor, User) else ""
    enqueue("send_password_reset", payload={"user": user.pk, "added_by": sender}, now=now)


@job_handler("send_password_reset", max_attempts=30)
def send_password_reset(run: Run) -> dict[str, Any]:
    people = User.objects.select_related("organization").filter(is_active=True)
    user = people.filter(pk=run.job.payload["user"]).first()
    if user is None:
        return {}
    path = RESET_PATH.format(
        uid=urlsafe_base64_encode(force_bytes(user.pk)), token=default_token_generator.make_token(user)
    )
    subject, body = _reset_text(user, link=f"{settings.PUBLIC_URL}{path}", added_by=run.job.payload.get("added_by"))
    deliver(run.job, to=user.email, subject=subject, body=body)
    with run.completing():
        audit.record(user, "password_reset_requested", actor=None, now=timezone.now())
    return {}


def _reset_text(user: User, *, link: str, added_by: str | None) -> tuple[str, str]:
    """Subject and body; `added_by` is the name of who made the account, None when the person asked for the link."""
    words = {
        "username": user.username,
        "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
        "link": link,
        "added_by": added_by or _("An administrator"),
        "organization": user.organization.name,
        "again": f"{settings.PUBLIC_URL}{FORGOT_PATH}",
    }
    if added_by is None:
        return _("Set a new password"), _(
            "Somebody asked for a new password for your account {username}.\n\n"
            "Set it here within {minutes} minutes:\n{link}\n\n"
            "If this was not you, do nothing: your password stays as it is."
        ).format(**words)
    return _("Your account: set a password"), _(
        "{added_by} has made an account for you at {organization}. Your user name is {username}.\n\n"
        "Set your password here within {minutes} minutes:\n{link}\n\n"
        "When that time is over, get a new link here:\n{again}"
    ).format(**words)


def user_of_reset_link(*, uid: str, token: str) -> User | None:
    """Whom a reset link belongs to; None when it was used, has run out or was never made."""
    try:
        user = (
            User.objects.select_related("organization")
            .filter(pk=int(urlsafe_base64_decode(uid)), is_active=True)
            .first()
        )
    except (ValueError, OverflowError):
        return None
    return user if user is not None and default_token_generator.check_token(user, token) else None


def reset_password(*, uid: str, token: str, new_password: str, now: datetime) -> User:
    """Sets the password by a link from an e-mail, once, and signs the person out everywhere. Raises Invalid."""
    user = user_of_reset_link(uid=uid, token=token)
    if user is None:
        raise Invalid.field("token", _("This link was used before or has run out. Ask for a new one."))
    _set_password(user, new_password, action="password_reset", now=now)
    return user


def _set_password(user: User, new_password: str, *, action: str, now: datetime) -> None:
    try:
        validate_password(new_password, user)
    except ValidationError as error:
        raise Invalid(fields={"new_password": error.messages}) from None
    old, hashed = user.password, make_password(new_password)
    with transaction.atomic():
        # Against the hash that was checked: of two changes at once, or two uses of one link, one counts.
        if not User.objects.filter(pk=user.pk, password=old).update(password=hashed):
            raise Invalid.field(
                "new_password", _("The password was changed in the meantime. Sign in with the new one.")
            )
        user.password = hashed
        revoke_all(user=user, because=action, now=now)
        audit.record(user, action, actor=user, now=now)
