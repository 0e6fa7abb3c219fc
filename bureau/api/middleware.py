"""What every answer under /api/ shares: the optional slash, the rate-limit headers, and a short way for programs."""

from collections.abc import Callable

from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponseBase

from bureau.api import throttling

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class ApiMiddleware:
    """A call with an Authorization header goes straight to its view: the middleware further in is for browsers."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.straight: GetResponse = convert_exception_to_response(StraightHandler().get_view_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith("/api/") and request.path_info != "/api":
            return self.get_response(request)
        if not request.path_info.endswith("/"):
            request.path_info += "/"  # routes are declared with the slash; callers may leave it out
        request.get_host()  # refuses a host that is not ours, on the short way too
        browser = "HTTP_AUTHORIZATION" not in request.META or request.path_info.startswith("/api/session-auth/")
        response = self.get_response(request) if browser else self.straight(request)
        response.headers.setdefault("Cache-Control", "no-store")  # tokens and records are nobody else's to keep
        state = getattr(request, "rate_state", None)
        if state is not None:
            for name, value in throttling.headers(state).items():
                response.headers.setdefault(name, value)  # a refusal names the limit that refused
        return response


class StraightHandler(BaseHandler):
    """Resolves an address and calls its view, with no middleware around it."""

    _view_middleware = _template_response_middleware = _exception_middleware = ()

    def get_view_response(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = self._get_response(request)  # type: ignore[attr-defined]  # not in the stubs
        return response
