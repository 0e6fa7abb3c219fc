"""What every log line, audit entry and error answer of one request shares: its id and the caller's address.

Held in a context variable, so that services need no `request`; jobs and commands set their own."""

import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse


@dataclass(frozen=True, slots=True)
class Origin:
    request_id: str
    address: str | None = None


_NOWHERE = Origin("")
_current: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)
_ACCEPTED = re.compile(r"[A-Za-z0-9_.-]{8,64}")


def current() -> Origin:
    return _current.get()


def begin(address: str | None = None, request_id: str = "") -> Origin:
    """Starts a new origin; a `request_id` that is no short plain word is replaced."""
    if not _ACCEPTED.fullmatch(request_id):
        request_id = f"req_{uuid.uuid4()}"
    origin = Origin(request_id, address)
    _current.set(origin)
    return origin


class RequestContextMiddleware:
    """Outermost: gives each request its id and writes it on the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        origin = begin(request.META.get("REMOTE_ADDR") or None, request.META.get("HTTP_X_REQUEST_ID", ""))
        response = self.get_response(request)
        response.headers["X-Request-ID"] = origin.request_id
        return response
