"""Pages that a secret address opens: nobody signs in, and nobody finds them by chance or in a cache."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Protocol

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from bureau.kit.errors import NotFound

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
View = Callable[..., HttpResponseBase]


class Find(Protocol):
    def __call__(self, token: str, *, now: datetime) -> Any:
        """Raises NotFound for a token that opens nothing."""


def opened_by(find: Find) -> Callable[[View], View]:
    """A decorator that hands the view the token's link, as `find` has it. A token that never was, has ended or was
    revoked: one and the same page."""

    def decorate(view: View) -> View:
        @wraps(view)
        @sensitive_variables("token")
        def answer(request: HttpRequest, token: str, **options: Any) -> HttpResponseBase:
            try:
                link = find(token, now=timezone.now())
                response = view(request, link, token, **options)
            except NotFound:
                response = render(request, "web/links/gone.html", status=404)
            for name, value in HEADERS.items():
                response.headers[name] = value
            return response

        return answer

    return decorate
