"""Refusals outside and inside a view, each in the dialect of its address; pages get pages."""

import logging
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.response import Response

from bureau.api.dialect import Dialect, Problem, dialect_of
from bureau.api.problems import to_problem
from bureau.api.rendering import dumps

logger = logging.getLogger(__name__)
UNEXPECTED = Problem(
    500, "INTERNAL_ERROR", "Something went wrong on our side. Try again; if it stays, give us the request id."
)


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: the view's dialect writes the problem."""
    dialect: Dialect = context["view"].dialect
    problem = to_problem(error)
    if problem is None:
        logger.error("unexpected error in %s", type(context["view"]).__name__, exc_info=error)
        problem = UNEXPECTED
    return Response(dialect.error_body(problem, timezone.now()), dialect.status(problem), headers=problem.headers)


def api_answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    dialect = dialect_of(request.path)
    body = dumps(dialect.error_body(problem, timezone.now()))
    return HttpResponse(body, status=dialect.status(problem), content_type="application/json", headers=problem.headers)


def plain_error(path: str, status: int, code: str, message: str, request_id: str) -> tuple[bytes, str]:
    """The body and content type of a refusal by the server in front of Django."""
    if not path.startswith("/api/"):
        return f"{message}\n".encode(), "text/plain; charset=utf-8"
    return dumps(dialect_of(path).error_body(Problem(status, code, message), timezone.now())), "application/json"


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    if request.path.startswith("/api/"):
        return api_answer(request, Problem(404, "NOT_FOUND", _("There is nothing at this address.")))
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponseBase:
    if request.path.startswith("/api/"):
        return api_answer(request, UNEXPECTED)
    return HttpResponse(_static_page("500.html"), status=500)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    if request.path.startswith("/api/"):
        problem = to_problem(exception) if exception else None
        return api_answer(request, problem or Problem(400, "VALIDATION_ERROR", _("The request cannot be read.")))
    return HttpResponse(_static_page("400.html"), status=400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    if request.path.startswith("/api/"):
        return api_answer(request, Problem(403, "FORBIDDEN", str(exception or "") or _("You may not do this.")))
    return render(request, "403.html", {"reason": str(exception or "")}, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    message = _("The form is too old or cookies are off. Load the page again and repeat what you did.")
    if request.path.startswith("/api/"):
        return api_answer(request, Problem(403, "FORBIDDEN", f"CSRF: {reason}"))
    return render(request, "403.html", {"reason": message}, status=403)


def _static_page(name: str) -> str:
    """A page that needs neither database nor session."""
    return render_to_string(name)
