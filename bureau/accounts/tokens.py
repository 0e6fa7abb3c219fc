"""Signed tokens (JWT, HS256). Access and refresh tokens have keys of their own: neither passes for the other."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import jwt
from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from bureau.kit.errors import Unauthorized

Kind = Literal["access", "refresh"]
ALGORITHM = "HS256"
CLAIMS = ["sub", "fam", "typ", "iat", "exp", "jti"]


class TokenInvalid(Unauthorized):
    """Expired, altered, revoked, used before or no token at all: one answer for all of them."""

    def __init__(self) -> None:
        super().__init__(_("Token is invalid or expired"))


@dataclass(frozen=True, slots=True)
class Claims:
    """`generation` counts the refresh tokens of a family; an access token has 0."""

    user_id: int
    family_id: uuid.UUID
    generation: int


def lifetime(kind: Kind) -> timedelta:
    return timedelta(seconds=settings.ACCESS_TOKEN_SECONDS if kind == "access" else settings.REFRESH_TOKEN_SECONDS)


def write(kind: Kind, claims: Claims, *, now: datetime) -> str:
    issued = int(now.timestamp())
    payload = {
        "sub": str(claims.user_id),
        "fam": str(claims.family_id),
        "typ": kind,
        "iat": issued,
        "exp": issued + int(lifetime(kind).total_seconds()),
        "jti": uuid.uuid4().hex,
    }
    if kind == "refresh":
        payload["gen"] = claims.generation
    return jwt.encode(payload, _key(kind), algorithm=ALGORITHM)


def read(kind: Kind, token: str, *, now: datetime) -> Claims:
    """What a token of this kind says. Raises TokenInvalid."""
    try:
        payload = jwt.decode(
            token,
            _key(kind),
            algorithms=[ALGORITHM],
            options={"require": CLAIMS, "verify_exp": False, "verify_iat": False},  # against `now`, below
        )
        if payload["typ"] != kind or payload["exp"] <= now.timestamp():
            raise TokenInvalid
        return Claims(int(payload["sub"]), uuid.UUID(payload["fam"]), int(payload.get("gen", 0)))
    except (jwt.PyJWTError, ValueError, TypeError):
        raise TokenInvalid from None


def _key(kind: Kind) -> bytes:
    """Made from SECRET_KEY, per purpose."""
    return salted_hmac(f"bureau.accounts.tokens.{kind}", "jwt", algorithm="sha256").digest()
