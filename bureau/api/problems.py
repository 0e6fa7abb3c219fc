"""One translation of every exception into a problem; a dialect only writes it down."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from django.core import exceptions as django_errors
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from rest_framework import exceptions as rest_errors

from bureau.api.dialect import Problem
from bureau.kit.errors import BusinessRule, DomainError, RateLimited

CODES = {
    400: "VALIDATION_ERROR",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    406: "NOT_ACCEPTABLE",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "RATE_LIMITED",
}


def to_problem(error: Exception) -> Problem | None:
    """The problem that an exception stands for; None for one that nobody expected (500)."""
    if isinstance(error, DomainError):
        headers = _used_up(error) if isinstance(error, RateLimited) else {}
        if error.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return Problem(
            error.status, error.code, error.message, error.fields, headers, rule=isinstance(error, BusinessRule)
        )
    if isinstance(error, rest_errors.ValidationError):
        return invalid(flatten(error.detail))
    if isinstance(error, rest_errors.APIException):
        headers = {"WWW-Authenticate": "Bearer"} if error.status_code == 401 else {}
        return Problem(
            error.status_code, CODES.get(error.status_code, "VALIDATION_ERROR"), str(error.detail), {}, headers
        )
    if isinstance(error, Http404):
        return Problem(404, CODES[404], _("Not found."))
    if isinstance(error, django_errors.PermissionDenied):
        return Problem(403, CODES[403], str(error) or _("You may not do this."))
    if isinstance(error, django_errors.RequestDataTooBig | django_errors.TooManyFilesSent):
        return Problem(413, CODES[413], _("The request is too large."))
    unreadable = (
        MultiPartParserError | UnreadablePostError | django_errors.BadRequest | django_errors.SuspiciousOperation
    )
    if isinstance(error, unreadable):
        return Problem(400, CODES[400], _("The request cannot be read."))
    if isinstance(error, django_errors.ValidationError):
        return invalid(
            dict(error.message_dict) if hasattr(error, "error_dict") else {"non_field_errors": list(error.messages)}
        )
    return None


def _used_up(error: RateLimited) -> dict[str, str]:
    return {
        "Retry-After": str(error.retry_after),
        "X-RateLimit-Limit": str(error.limit),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(int(time.time()) + error.retry_after),
    }


def invalid(fields: Mapping[str, list[str]]) -> Problem:
    first = next((messages[0] for messages in fields.values() if messages), _("The request contains invalid data"))
    message = _("The request contains invalid data") if set(fields) - {"non_field_errors"} else first
    return Problem(400, CODES[400], message, dict(fields))


def flatten(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Nested serializer errors as {"items.0.quantity": ["..."]}; what names no field stands under non_field_errors."""
    found: dict[str, list[str]] = {}
    entries: Iterable[tuple[Any, Any]]
    if isinstance(detail, dict):
        entries = detail.items()
    elif isinstance(detail, list) and any(isinstance(entry, dict | list) for entry in detail):
        entries = enumerate(detail)
    else:
        texts = [str(text) for text in detail] if isinstance(detail, list) else [str(detail)]
        return {prefix or "non_field_errors": texts} if texts else {}
    for name, value in entries:
        path = prefix if name == "non_field_errors" and prefix else f"{prefix}.{name}".lstrip(".")
        for key, texts in flatten(value, path).items():
            found.setdefault(key, []).extend(texts)
    return found
