"""Sign-in of the purchase order tool: `/api/v1/auth/...`."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from bureau.accounts import permissions
from bureau.accounts.services import sign_in as sign_ins
from bureau.api.shapes import Computed, MoneyNumber, Shape
from bureau.api.shared.auth import Password, sign_out, without_cookies
from bureau.api.views import Call, PoView, Public, operation
from bureau.core.context import current
from bureau.kit.errors import Invalid
from bureau.purchasing.selectors.projects import project_codes


class LoginInput(serializers.Serializer[Any]):
    email = serializers.CharField(required=False, help_text="e-mail address or username")
    username = serializers.CharField(required=False, help_text="instead of email")
    password = Password()


class RefreshInput(serializers.Serializer[Any]):
    refresh_token = serializers.CharField()


class PersonShape(Shape):
    id = serializers.IntegerField()
    uuid = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField()
    role = serializers.CharField()
    authorization_limit = MoneyNumber(allow_null=True)


_TEXTS = serializers.ListField(child=serializers.CharField())


class SignedInPerson(PersonShape):
    permissions = Computed(lambda user: list(permissions.codes(user)), _TEXTS, source="*")
    project_ids = Computed(project_codes, _TEXTS, source="*")


class PairShape(Shape):
    access_token = serializers.CharField(source="access")
    refresh_token = serializers.CharField(source="refresh")
    expires_in = serializers.IntegerField(help_text="seconds")


class LoginShape(PairShape):
    user = SignedInPerson()


class Message(serializers.Serializer[Any]):
    message = serializers.CharField()


class LoginView(Public, PoView):
    refusals = ("401",)

    @operation(body=LoginInput, answer=LoginShape, summary="Sign in")
    def post(self, request: Request, given: dict[str, Any]) -> Any:
        login = given.get("email") or given.get("username")
        if not login:
            raise Invalid.field("email", _("This field is required."))
        return sign_ins.sign_in(login=login, password=given["password"], address=current().address, now=timezone.now())


class RefreshView(Public, PoView):
    refusals = ("401",)

    @operation(body=RefreshInput, answer=PairShape, summary="New tokens for a refresh token, which is used up")
    def post(self, request: Request, given: dict[str, Any]) -> Any:
        return sign_ins.refresh_tokens(token=given["refresh_token"], now=timezone.now())


class LogoutView(PoView):
    idempotent = False

    @operation(answer=Message, summary="Sign out")
    def post(self, request: Call) -> Response:
        sign_out(request)
        return without_cookies(Response({"message": _("Successfully logged out")}))
