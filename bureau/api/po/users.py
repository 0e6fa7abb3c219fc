"""People as the purchase order tool shows them: `/api/v1/users`."""

from typing import Any

from rest_framework import serializers

from bureau.accounts import permissions
from bureau.api.filters import Filter, OneOf, flag, searching
from bureau.api.po.auth import PersonShape, SignedInPerson
from bureau.api.views import Call, PoView, operation
from bureau.core.models import User, UserRole

FILTERS = [
    Filter("role", "role", OneOf(UserRole.values)),
    Filter("active", "is_active", flag),
    Filter("search", searching("first_name", "last_name", "username", "email"), help="name or e-mail address"),
]


class PersonRow(PersonShape):
    active = serializers.BooleanField(source="is_active")
    last_login = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class Profile(PersonRow, SignedInPerson):
    pass


class UserList(PoView):
    @operation(answer=PersonRow, page=True, filters=FILTERS, summary="People of the organization")
    def get(self, request: Call) -> Any:
        permissions.can_list_users(request.user).enforce()
        return User.objects.visible_to(request.user).order_by("id")


class Me(PoView):
    @operation(answer=Profile, summary="The caller")
    def get(self, request: Call) -> User:
        return request.user
