"""What every answer under /api/ shares: the optional slash and the rate-limit headers."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from bureau.api import throttling


class ApiMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/api/") and request.path_info != "/api":
            return self.get_response(request)
        if not request.path_info.endswith("/"):
            request.path_info += "/"  # routes are declared with the slash; callers may leave it out
        response = self.get_response(request)
        state = getattr(request, "rate_state", None)
        if state is not None:
            for name, value in throttling.headers(state).items():
                response[name] = value
        return response
