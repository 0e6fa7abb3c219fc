"""People: `/api/auth/users/`, all verbs, and one's own profile."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.request import Request

from bureau.accounts import permissions, selectors
from bureau.accounts.services import users
from bureau.api.filters import CREATED, Filter, OneOf, Ordering, flag, searching
from bureau.api.shapes import Money, Shape
from bureau.api.shared.auth import Password
from bureau.api.views import BizView, Call, found, operation
from bureau.core.models import Organization, User, UserRole
from bureau.kit.errors import Invalid
from bureau.kit.money import MAX_DIGITS

FILTERS = [
    Filter("search", searching("first_name", "last_name", "username", "email"), help="name or e-mail address"),
    Filter("role", "role", OneOf(UserRole.values)),
    Filter("is_active", "is_active", flag),
    *CREATED,
]
ORDERING = Ordering(
    **{name: name for name in ("username", "email", "first_name", "last_name", "role", "last_login", "created_at")}
)


class UserShape(Shape):
    id = serializers.IntegerField()
    username = serializers.CharField()
    email = serializers.EmailField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    role = serializers.ChoiceField(choices=UserRole.choices)
    authorization_limit = Money(allow_null=True)
    is_active = serializers.BooleanField()
    organization = serializers.IntegerField(source="organization_id")
    last_login = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class ProfileInput(serializers.Serializer[Any]):
    username = serializers.CharField(required=False, max_length=150)
    email = serializers.EmailField(required=False, max_length=254)
    first_name = serializers.CharField(required=False, allow_blank=True, max_length=150)
    last_name = serializers.CharField(required=False, allow_blank=True, max_length=150)


class UserChanges(ProfileInput):
    """What is left out stays as it is, with PUT too."""

    role = serializers.ChoiceField(choices=UserRole.choices, required=False)
    authorization_limit = serializers.DecimalField(
        max_digits=MAX_DIGITS, decimal_places=2, min_value=0, required=False, allow_null=True
    )
    is_active = serializers.BooleanField(required=False)
    password = Password(required=False)


class UserInput(ProfileInput):
    username = serializers.CharField(max_length=150)
    email = serializers.EmailField(max_length=254)
    password = Password()
    role = serializers.ChoiceField(choices=UserRole.choices, required=False, help_text="member where not given")
    authorization_limit = serializers.DecimalField(
        max_digits=MAX_DIGITS,
        decimal_places=2,
        min_value=0,
        required=False,
        allow_null=True,
        help_text="that of the role where not given",
    )
    organization = serializers.IntegerField(
        required=False, help_text="an owner who names none gets a new one, everybody else joins the caller's"
    )


def organization_of(user: User | None, organization_id: int) -> Organization:
    organization = selectors.organizations_visible_to(user).filter(pk=organization_id).first()
    if organization is None:
        raise Invalid.field("organization", _("There is no such organization."))
    return organization


class UserList(BizView):
    def get_permissions(self) -> list[BasePermission]:
        """Visitors may register where the settings allow it; the service decides."""
        return [AllowAny()] if self.request.method == "POST" else [IsAuthenticated()]

    @operation(
        answer=UserShape,
        page=True,
        filters=FILTERS,
        ordering=ORDERING,
        summary="People of the organization; administrators only",
    )
    def get(self, request: Call) -> Any:
        permissions.can_administer(request.user, request.user.organization).enforce()
        return User.objects.visible_to(request.user).order_by("id")

    @operation(body=UserInput, answer=UserShape, status=201, summary="Add a person, or register as an owner")
    def post(self, request: Request, given: dict[str, Any]) -> User:
        actor = request.user if isinstance(request.user, User) else None
        if "organization" in given:
            given["organization"] = organization_of(actor, given["organization"])
        return users.create_user(actor=actor, now=timezone.now(), **given)


class UserItem(BizView):
    @operation(answer=UserShape, summary="A person")
    def get(self, request: Call, pk: int) -> User:
        return self.person(request, pk)

    @operation(body=UserChanges, answer=UserShape, summary="Change a person; what is left out stays")
    def put(self, request: Call, given: dict[str, Any], pk: int) -> User:
        return users.update_user(actor=request.user, user=self.person(request, pk), changes=given, now=timezone.now())

    @operation(body=UserChanges, answer=UserShape, summary="Change a person")
    def patch(self, request: Call, given: dict[str, Any], pk: int) -> User:
        return users.update_user(actor=request.user, user=self.person(request, pk), changes=given, now=timezone.now())

    @operation(status=204, summary="Deactivate a person, who is out at once")
    def delete(self, request: Call, pk: int) -> None:
        users.deactivate_user(actor=request.user, user=self.person(request, pk), now=timezone.now())

    def person(self, request: Call, pk: int) -> User:
        person: User = found(User.objects.visible_to(request.user).select_related("organization"), pk=pk)
        return person


class Profile(BizView):
    @operation(answer=UserShape, summary="One's own profile")
    def get(self, request: Call) -> User:
        return request.user

    @operation(body=ProfileInput, answer=UserShape, summary="Change one's own profile; what is left out stays")
    def put(self, request: Call, given: dict[str, Any]) -> User:
        return users.update_profile(actor=request.user, changes=given, now=timezone.now())

    @operation(body=ProfileInput, answer=UserShape, summary="Change one's own profile")
    def patch(self, request: Call, given: dict[str, Any]) -> User:
        return users.update_profile(actor=request.user, changes=given, now=timezone.now())
