"""Idempotency-Key: the first answer to a POST is kept in the transaction of its effect."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from bureau.api.rendering import dumps
from bureau.core.models import IdempotencyKey, User
from bureau.kit.errors import Conflict, DomainError, Invalid

MAX_KEY = 255


class StillRunning(Conflict):
    def __init__(self) -> None:
        super().__init__(_("A request with this Idempotency-Key is still running. Try again in a moment."))


class KeyReused(DomainError):
    status = 422
    code = "IDEMPOTENCY_KEY_REUSED"


def once(request: Request, user: User, act: Callable[[], Response], *, now: datetime) -> Response:
    """Runs `act` unless its answer is already kept under the request's key; a refusal keeps nothing.

    Another request with the key waits for the first (its row is not committed before the effect is); raises KeyReused
    where the bodies differ.
    """
    key = request.META["HTTP_IDEMPOTENCY_KEY"]
    if not key.strip() or len(key) > MAX_KEY or not key.isprintable():
        raise Invalid.field("Idempotency-Key", _("Give a text of 1 to 255 characters."))
    fingerprint = _fingerprint(request)
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '20s'")
        try:
            with transaction.atomic():
                kept = IdempotencyKey.objects.create(user=user, key=key, fingerprint=fingerprint, created_at=now)
        except IntegrityError:
            return _again(user, key, fingerprint)
        except OperationalError:  # the first one has been running for longer than anybody should wait
            raise StillRunning from None
        response = act()
        IdempotencyKey.objects.filter(pk=kept.pk).update(status=response.status_code, body=dumps(response.data))
        return response


def _again(user: User, key: str, fingerprint: str) -> Response:
    kept = IdempotencyKey.objects.filter(user=user, key=key).first()
    if kept is None or kept.status is None:
        raise StillRunning
    if kept.fingerprint != fingerprint:
        raise KeyReused(_("This Idempotency-Key was used for another request. Take a new key."))
    body = bytes(kept.body or b"")
    return Response(
        orjson.loads(body) if body not in (b"", b"null") else None,
        kept.status,
        headers={"Idempotency-Replayed": "true"},
    )


def _fingerprint(request: Request) -> str:
    """Of method, address and content; a repeated multipart body counts as the same whatever its boundary."""
    digest = hashlib.sha256(f"{request.method} {request.path.rstrip('/')}\n".encode())
    data: Any = request.data
    if hasattr(data, "lists"):
        for name, values in sorted(data.lists()):
            for value in values:
                digest.update(f"\n{name}=".encode())
                if isinstance(value, UploadedFile):
                    digest.update(f"{value.name}:{value.size}:".encode())
                    for chunk in value.chunks():
                        digest.update(chunk)
                    value.seek(0)
                else:
                    digest.update(str(value).encode())
    else:
        try:
            digest.update(orjson.dumps(data, option=orjson.OPT_SORT_KEYS))
        except orjson.JSONEncodeError:
            raise Invalid(_("The body is nested too deeply.")) from None
    return digest.hexdigest()
