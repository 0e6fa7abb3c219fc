"""Sign-in for browsers and programs: `/api/auth/...`, `/api/api-token-auth/`, `/api/session-auth/`."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import auth
from django.http import HttpResponseRedirect
from django.middleware.csrf import get_token, rotate_token
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from bureau.accounts.services import passwords
from bureau.accounts.services import sign_in as sign_ins
from bureau.accounts.services.sign_in import Tokens
from bureau.api.authentication import ACCESS_COOKIE, REFRESH_COOKIE, enforce_csrf
from bureau.api.shapes import Shape
from bureau.api.views import AgencyView, Call, Open, PrsView, Public, operation
from bureau.core.context import current
from bureau.kit.errors import Invalid, NotFound, Unauthorized

FAMILIES = ("p2p", "prs", "biz")
REFRESH_PATH = "/api/auth/"  # a browser shows its refresh token to these addresses only


class Password(serializers.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, style={"input_type": "password"}, **options)


class SignInInput(serializers.Serializer[Any]):
    username = serializers.CharField(help_text="username or e-mail address")
    password = Password()


class SessionInput(SignInInput):
    next = serializers.CharField(required=False, allow_blank=True, help_text="where to go then, on this server")


class RefreshInput(serializers.Serializer[Any]):
    refresh = serializers.CharField(required=False, help_text="else the refresh_token cookie")


class TokenInput(serializers.Serializer[Any]):
    token = serializers.CharField()


class ChangePasswordInput(serializers.Serializer[Any]):
    old_password = Password()
    new_password = Password()


class ResetInput(serializers.Serializer[Any]):
    email = serializers.EmailField()


class ResetConfirmInput(serializers.Serializer[Any]):
    uid = serializers.CharField()
    token = serializers.CharField()
    new_password = Password()


class SignedInUser(Shape):
    id = serializers.IntegerField()
    username = serializers.CharField()
    email = serializers.EmailField()
    role = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()


class TokenPair(Shape):
    access = serializers.CharField()
    refresh = serializers.CharField()


class SignedIn(TokenPair):
    user = SignedInUser()


class ApiToken(TokenPair):
    token = serializers.CharField(source="access")


class Detail(serializers.Serializer[Any]):
    detail = serializers.CharField()


class Nothing(serializers.Serializer[Any]):
    pass


def sign_in(given: dict[str, Any]) -> Tokens:
    return sign_ins.sign_in(
        login=given["username"], password=given["password"], address=current().address, now=timezone.now()
    )


def with_cookies(response: Response, tokens: Tokens) -> Response:
    """The tokens for a browser, out of reach of its scripts."""
    for name, value, seconds, path in (
        (ACCESS_COOKIE, tokens.access, settings.ACCESS_TOKEN_SECONDS, "/"),
        (REFRESH_COOKIE, tokens.refresh, settings.REFRESH_TOKEN_SECONDS, REFRESH_PATH),
    ):
        response.set_cookie(
            name, value, max_age=seconds, path=path, httponly=True, secure=settings.HTTPS, samesite="Lax"
        )
    return response


def without_cookies(response: Response) -> Response:
    response.delete_cookie(ACCESS_COOKIE, samesite="Lax")
    response.delete_cookie(REFRESH_COOKIE, path=REFRESH_PATH, samesite="Lax")
    return response


def sign_out(request: Request) -> None:
    """Ends the caller's sign-in, by its access token, its session, or the refresh token after those have run out.

    Raises Unauthorized where there is nothing to end.
    """
    now = timezone.now()
    if request.user.is_authenticated:
        sign_ins.sign_out(user=request.user, now=now)
    elif refresh := _refresh_token(request, RefreshInput(data=request.data)):
        if refresh == request.COOKIES.get(REFRESH_COOKIE):
            enforce_csrf(request._request)
        sign_ins.sign_out_by_refresh(token=refresh, now=now)
    else:
        raise Unauthorized(_("You are not signed in."))
    if hasattr(request._request, "session"):
        auth.logout(request._request)


def _refresh_token(request: Request, given: RefreshInput) -> str | None:
    given.is_valid(raise_exception=True)
    return given.validated_data.get("refresh") or request.COOKIES.get(REFRESH_COOKIE)


class TokenView(Public, PrsView):
    families = FAMILIES
    refusals = ("401",)

    @operation(body=SignInInput, answer=SignedIn, summary="Sign in; sets the token cookies as well")
    def post(self, request: Request, given: dict[str, Any]) -> Response:
        tokens = sign_in(given)
        rotate_token(request._request)
        return with_cookies(Response(SignedIn.render(tokens)), tokens)


class TokenRefreshView(Public, PrsView):
    """The cookie alone suffices, without a CSRF token: SameSite keeps other sites from sending it, and all that a
    forged call could do is to give the browser newer cookies."""

    families = FAMILIES
    refusals = ("401",)

    @operation(body=RefreshInput, answer=TokenPair, summary="New tokens for a refresh token, which is used up")
    def post(self, request: Request, given: dict[str, Any]) -> Response:
        token = given.get("refresh") or request.COOKIES.get(REFRESH_COOKIE)
        if not token:
            raise Invalid.field("refresh", _("Give the refresh token, in the body or as the cookie."))
        tokens = sign_ins.refresh_tokens(token=token, now=timezone.now())
        return with_cookies(Response(TokenPair.render(tokens)), tokens)


class TokenVerifyView(Public, PrsView):
    families = FAMILIES
    refusals = ("401",)

    @operation(body=TokenInput, answer=Nothing, summary="Whether a token would be accepted")
    def post(self, request: Request, given: dict[str, Any]) -> Response:
        sign_ins.verify_token(token=given["token"], now=timezone.now())
        return Response({})


class LogoutView(Open, PrsView):
    families = FAMILIES
    refusals = ("401", "403")
    idempotent = False

    @operation(body=RefreshInput, answer=Detail, summary="Sign out")
    def post(self, request: Request, given: dict[str, Any]) -> Response:
        sign_out(request)
        return without_cookies(Response({"detail": _("Successfully logged out")}))


class ChangePasswordView(PrsView):
    families = FAMILIES
    idempotent = False

    @operation(body=ChangePasswordInput, answer=Detail, summary="Change one's password; signs out everywhere")
    def post(self, request: Call, given: dict[str, Any]) -> Response:
        passwords.change_password(actor=request.user, now=timezone.now(), **given)
        return without_cookies(Response({"detail": _("Password changed successfully")}))


class PasswordResetView(Public, PrsView):
    families = FAMILIES

    @operation(body=ResetInput, answer=Detail, summary="Ask for a link to set a new password")
    def post(self, request: Request, given: dict[str, Any]) -> Response:
        passwords.request_password_reset(email=given["email"], address=current().address, now=timezone.now())
        return Response({"detail": _("If there is an account with this address, a message with a link is on its way.")})


class PasswordResetConfirmView(Public, PrsView):
    families = FAMILIES

    @operation(body=ResetConfirmInput, answer=Detail, summary="Set a new password by the link")
    def post(self, request: Request, given: dict[str, Any]) -> Response:
        passwords.reset_password(now=timezone.now(), **given)
        return Response({"detail": _("Password changed successfully")})


class ApiTokenAuthView(Public, PrsView):
    families = ("agency",)
    refusals = ("401",)

    @operation(body=SignInInput, answer=ApiToken, summary="Get a token")
    def post(self, request: Request, given: dict[str, Any]) -> Response:
        return Response(ApiToken.render(sign_in(given)))


class SessionAuthView(Public, AgencyView):
    """Sign-in with a session cookie. The form itself is a page; it is led to, with the CSRF cookie set."""

    refusals = ("401", "403")

    @operation(answer=OpenApiResponse(description="The sign-in form"), status=302, summary="To the sign-in form")
    def get(self, request: Request) -> HttpResponseRedirect:
        get_token(request._request)
        target = request.query_params.get("next", "")
        return HttpResponseRedirect(settings.LOGIN_URL + (f"?{urlencode({'next': target})}" if target else ""))

    @operation(
        body=SessionInput, answer=OpenApiResponse(description="Signed in"), status=302, summary="Start a session"
    )
    def post(self, request: Request, given: dict[str, Any]) -> HttpResponseRedirect:
        enforce_csrf(request._request)
        user = sign_ins.authenticate(
            login=given["username"], password=given["password"], address=current().address, now=timezone.now()
        )
        auth.login(request._request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
        target = given.get("next", "")
        local = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
        return HttpResponseRedirect(target if target and local else settings.LOGIN_REDIRECT_URL)


class SessionLoginView(SessionAuthView):
    """The same under the name that the browsable API of Django REST framework uses."""


class SessionLogoutView(AgencyView):
    idempotent = False

    @operation(answer=Detail, summary="End the session")
    def post(self, request: Call) -> Response:
        sign_out(request)
        return without_cookies(Response({"detail": _("Successfully logged out")}))


class MockAuthConfigView(Public, AgencyView):
    """Claims that a front end in development may show; they open nothing here."""

    refusals = ("404",)

    class Shape(serializers.Serializer[Any]):
        sub = serializers.CharField()
        username = serializers.CharField()
        email = serializers.EmailField()
        first_name = serializers.CharField()
        last_name = serializers.CharField()
        role = serializers.CharField()
        is_superuser = serializers.BooleanField()

    @operation(answer=Shape, summary="Mock claims for front-end development; 404 unless MOCK_AUTH_ENABLED")
    def get(self, request: Request) -> Response:
        if not settings.MOCK_AUTH_ENABLED:
            raise NotFound(_("Not found."))
        return Response(
            {
                "sub": "mock-user",
                "username": "mock",
                "email": "mock@example.com",
                "first_name": "Mock",
                "last_name": "User",
                "role": "admin",
                "is_superuser": False,
            }
        )
