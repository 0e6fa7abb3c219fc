"""The five dialects: how each API family writes an error and a list. What fails is decided once, in problems.py."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bureau.core.context import current


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal in no dialect yet. `rule`: a wrong state or a broken business rule (422 in po, 400 elsewhere)."""

    status: int
    code: str
    message: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    rule: bool = False


@dataclass(frozen=True, slots=True)
class Dialect:
    name: str
    error_body: Callable[[Problem, datetime], dict[str, Any]]
    page_size: int
    size_parameter: str = "page_size"
    rule_status: int = 400
    enveloped: bool = False  # lists as data + pagination, not count/next/previous/results

    def status(self, problem: Problem) -> int:
        return self.rule_status if problem.rule else problem.status


def _coded(problem: Problem, now: datetime) -> dict[str, Any]:
    return {"error": {"code": problem.code, "message": problem.message, "details": problem.fields}}


def _coded_with_origin(problem: Problem, now: datetime) -> dict[str, Any]:
    error: dict[str, Any] = {"code": problem.code, "message": problem.message}
    if problem.fields:
        name, messages = next(iter(problem.fields.items()))
        error["details"] = {"field": name, "message": messages[0], "errors": problem.fields}
    elif "Retry-After" not in problem.headers:
        error["details"] = {}
    if "Retry-After" in problem.headers:
        error["retry_after"] = int(problem.headers["Retry-After"])
    error["timestamp"] = now
    error["request_id"] = current().request_id
    return {"error": error}


def _detail_or_fields(problem: Problem, now: datetime) -> dict[str, Any]:
    return dict(problem.fields) if problem.fields else {"detail": problem.message}


def _message_and_details(problem: Problem, now: datetime) -> dict[str, Any]:
    return {"error": problem.message, "details": problem.fields}


P2P = Dialect("p2p", _coded, page_size=25)
PRS = Dialect("prs", _detail_or_fields, page_size=25)
PO = Dialect("po", _coded_with_origin, page_size=20, size_parameter="limit", rule_status=422, enveloped=True)
AGENCY = Dialect("agency", _message_and_details, page_size=20)
BIZ = Dialect("biz", _message_and_details, page_size=20)
DIALECTS = {dialect.name: dialect for dialect in (P2P, PRS, PO, AGENCY, BIZ)}

_PATHS: list[tuple[re.Pattern[str], Dialect]] = [
    (re.compile(pattern), dialect)
    for pattern, dialect in (
        (r"/api/v1(/|$)", PO),
        (r"/api/(purchases|tasks)(/|$)|/api/documents/(upload|processing-status)(/|$)", P2P),
        (r"/api/auth/users(/|$)", BIZ),
        (r"/api/(prs|me|users|auth|api-token-auth)(/|$)", PRS),
    )
]


def dialect_of(path: str) -> Dialect:
    """The dialect of an address, for what fails before or outside a view."""
    return next((dialect for pattern, dialect in _PATHS if pattern.match(path)), BIZ)
