"""The caller and the people, as the purchase request system shows them: `/api/me/`, `/api/users/`."""

from typing import Any

from rest_framework import serializers

from bureau.accounts import permissions, selectors
from bureau.api.filters import Filter, flag, searching
from bureau.api.prs.references import PersonName, TeamRef
from bureau.api.prs.templates import RoleRef
from bureau.api.shapes import Computed, Shape
from bureau.api.views import Call, PrsView, operation
from bureau.core.models import User


class ScopeShape(Shape):
    id = serializers.UUIDField(source="uuid")
    team = TeamRef()
    role = RoleRef()


class MeShape(PersonName):
    email = serializers.EmailField()
    access_scopes = Computed(
        lambda user: ScopeShape.render_all(selectors.access_scopes(user)), ScopeShape(many=True), source="*"
    )


class UserRow(PersonName):
    email = serializers.EmailField()
    is_active = serializers.BooleanField()


class Me(PrsView):
    @operation(answer=MeShape, summary="The caller, and the roles they hold")
    def get(self, request: Call) -> User:
        return request.user


class UserList(PrsView):
    @operation(
        answer=UserRow,
        page=True,
        filters=[
            Filter("search", searching("first_name", "last_name", "username", "email")),
            Filter("is_active", "is_active", flag),
        ],
        summary="People of the organization; administrators only",
    )
    def get(self, request: Call) -> Any:
        permissions.can_administer(request.user, request.user.organization).enforce()
        return User.objects.visible_to(request.user).order_by("username", "id")
