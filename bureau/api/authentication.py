"""Who calls: a Bearer access token, the `access_token` cookie, or the session."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from bureau.accounts.services.sign_in import authenticate_access
from bureau.core.models import User
from bureau.kit.errors import Unauthorized

ACCESS_COOKIE = "access_token"
REFRESH_COOKIE = "refresh_token"


class _CsrfCheck(CsrfViewMiddleware):
    """Says why, where the middleware would answer with a page."""

    def _reject(self, request: HttpRequest, reason: str) -> str:
        return reason


def enforce_csrf(request: HttpRequest) -> None:
    """Credentials that a browser sends by itself count only with the CSRF token; raises PermissionDenied."""
    check = _CsrfCheck(lambda _request: HttpResponse())
    check.process_request(request)
    reason = check.process_view(request, lambda _request: HttpResponse(), (), {})
    if reason:
        raise PermissionDenied(f"CSRF: {reason}")


class BureauAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if header:
            scheme, _, token = header.partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise AuthenticationFailed("The Authorization header must read: Bearer <access token>.")
            return authenticate_access(token.strip(), now=timezone.now()), token
        cookie = request.COOKIES.get(ACCESS_COOKIE)
        if cookie:
            try:
                user = authenticate_access(cookie, now=timezone.now())
            except Unauthorized:
                pass  # an old cookie is no credential; the session may still be one
            else:
                enforce_csrf(request._request)
                return user, cookie
        session_user = getattr(request._request, "user", None)
        if session_user is not None and session_user.is_authenticated:
            enforce_csrf(request._request)
            return session_user, None
        return None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
