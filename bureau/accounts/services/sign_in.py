"""Signing in and out: passwords checked, tokens given, rotated and revoked."""

from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from uuid import UUID

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from bureau.accounts import selectors, tokens
from bureau.accounts.backends import UsernameOrEmailBackend
from bureau.accounts.models import RefreshFamily
from bureau.accounts.tokens import Claims, TokenInvalid
from bureau.core import audit, rates
from bureau.core.models import User
from bureau.core.prepared import prepared
from bureau.core.rates import Limit
from bureau.kit.errors import RateLimited, Unauthorized


@dataclass(frozen=True, slots=True)
class Tokens:
    access: str
    refresh: str
    user: User
    expires_in: int  # seconds, of the access token


def authenticate(*, login: str, password: str, address: str | None, now: datetime) -> User:
    """The active person with this username or e-mail address and password; the attempt is counted and audited.

    The refusal has the same words and takes the same time whether the person exists or not.
    Raises Unauthorized, RateLimited.
    """
    user = selectors.user_by_login(login)
    digest = digest_of(login)
    count_attempt(account=user.pk if user else digest, address=address)
    verified = UsernameOrEmailBackend().verify(user, password)
    if verified is None:
        # What was typed is kept as a digest only: people type their password into the wrong box.
        audit.record(user or User(pk=0), "sign_in_failed", actor=None, now=now, new={"login": digest})
        raise Unauthorized(_("The username or the password is not right."))
    with transaction.atomic():
        User.objects.filter(pk=verified.pk).update(last_login=now)
        verified.last_login = now
        audit.record(verified, "signed_in", actor=verified, now=now)
    return verified


def count_attempt(**keys: object) -> None:
    """Counts one try at a password or an e-mailed link, per account and per address. Raises RateLimited."""
    rate = settings.RATE_LIMITS["sign_in"]
    limits = [Limit.parse(f"sign_in:{scope}:{key}", rate) for scope, key in keys.items() if key is not None]
    state = rates.hit(limits) if settings.THROTTLING and limits else None
    if state is not None and state.exceeded:
        message = _("Too many attempts. Wait a minute, then try again.")
        raise RateLimited(message, retry_after=state.retry_after, limit=state.limit)


def digest_of(login: str) -> str:
    """Stands for a name that somebody typed, where the name itself must not be kept."""
    return salted_hmac("bureau.accounts.login", login.lower(), algorithm="sha256").hexdigest()[:16]


def sign_in(*, login: str, password: str, address: str | None, now: datetime) -> Tokens:
    """Raises Unauthorized, RateLimited."""
    user = authenticate(login=login, password=password, address=address, now=now)
    family = RefreshFamily.objects.create(user=user, created_at=now, expires_at=now + tokens.lifetime("refresh"))
    return _tokens(user, family.pk, family.generation, now=now)


def refresh_tokens(*, token: str, now: datetime) -> Tokens:
    """New tokens for a refresh token that was not used before; a used one revokes its family. Raises TokenInvalid."""
    claims = tokens.read("refresh", token, now=now)
    # Durable: the revocation must stand although the caller gets an error.
    with transaction.atomic(durable=True):
        moved = RefreshFamily.objects.filter(
            pk=claims.family_id,
            user_id=claims.user_id,
            generation=claims.generation,
            revoked_at=None,
            expires_at__gt=now,
        ).update(generation=claims.generation + 1, expires_at=now + tokens.lifetime("refresh"))
        user = User.objects.select_related("organization").filter(pk=claims.user_id, is_active=True).first()
        if not moved and user is not None:
            _revoke_reused(claims, user, now=now)
    if not moved or user is None:
        raise TokenInvalid
    return _tokens(user, claims.family_id, claims.generation + 1, now=now)


def authenticate_access(token: str, *, now: datetime) -> User:
    """The person behind an access token, with `family_id` for the sign-out; one query. Raises TokenInvalid."""
    claims = tokens.read("access", token, now=now)
    found = _living_family_user(family=claims.family_id, user=claims.user_id)
    if not found:
        raise TokenInvalid
    user: User = found[0]
    user.family_id = claims.family_id
    return user


@prepared
def _living_family_user(family: UUID, user: int) -> QuerySet[User]:
    alive: QuerySet[User] = User.objects.filter(
        pk=user, is_active=True, refresh_families=family, refresh_families__revoked_at=None
    )
    return alive.select_related("organization")


def verify_token(*, token: str, now: datetime) -> None:
    """Whether an access or refresh token would be accepted now. Raises TokenInvalid."""
    try:
        authenticate_access(token, now=now)
    except TokenInvalid:
        claims = tokens.read("refresh", token, now=now)
        alive = RefreshFamily.objects.filter(
            pk=claims.family_id, generation=claims.generation, revoked_at=None, user__is_active=True
        )
        if not alive.exists():
            raise


def sign_out(*, user: User, now: datetime) -> None:
    """Ends this sign-in: its access and refresh tokens stop at once. A session's own end is the caller's."""
    with transaction.atomic():
        if user.family_id is not None:
            RefreshFamily.objects.filter(pk=user.family_id, revoked_at=None).update(
                revoked_at=now, revoked_because="signed_out"
            )
        audit.record(user, "signed_out", actor=user, now=now)


def sign_out_by_refresh(*, token: str, now: datetime) -> None:
    """The sign-out of somebody whose access token has run out. Raises TokenInvalid."""
    claims = tokens.read("refresh", token, now=now)
    user = User.objects.filter(pk=claims.user_id).first()
    if user is None:
        raise TokenInvalid
    user.family_id = claims.family_id
    sign_out(user=user, now=now)


def revoke_all(*, user: User, because: str, now: datetime) -> None:
    """Every token of a person stops at once."""
    RefreshFamily.objects.filter(user=user, revoked_at=None).update(revoked_at=now, revoked_because=because)


def end_sessions(*, user: User, now: datetime) -> None:
    """Deletes a person's browser sessions, so that none comes back to life when the account does."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    for session in Session.objects.filter(expire_date__gt=now).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            store(session.session_key).delete()


def _tokens(user: User, family_id: UUID, generation: int, *, now: datetime) -> Tokens:
    claims = Claims(user.pk, family_id, generation)
    return Tokens(
        access=tokens.write("access", claims, now=now),
        refresh=tokens.write("refresh", claims, now=now),
        user=user,
        expires_in=settings.ACCESS_TOKEN_SECONDS,
    )


def _revoke_reused(claims: Claims, user: User, *, now: datetime) -> None:
    """An older generation that comes back was copied: thief and owner are both signed out."""
    reused = RefreshFamily.objects.filter(pk=claims.family_id, generation__gt=claims.generation, revoked_at=None)
    if reused.update(revoked_at=now, revoked_because="reused"):
        audit.record(user, "refresh_reused", actor=None, now=now)
