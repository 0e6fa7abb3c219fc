"""Teams, their members and the roles: `/api/prs/teams/`, `/api/prs/roles/`."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from bureau.accounts import selectors
from bureau.accounts.models import AccessScope, Role, Team
from bureau.accounts.services import teams
from bureau.api.filters import Filter, apply, flag
from bureau.api.prs.references import PersonRef
from bureau.api.prs.templates import RoleRef
from bureau.api.shapes import Shape
from bureau.api.views import Call, PrsView, found, operation
from bureau.kit.errors import Invalid

ACTIVE = Filter("is_active", "is_active", flag, "only active teams where not given")


class TeamShape(Shape):
    id = serializers.UUIDField(source="uuid")
    name = serializers.CharField()
    description = serializers.CharField()
    is_active = serializers.BooleanField()


class MemberShape(Shape):
    id = serializers.UUIDField(source="uuid")
    user = PersonRef()
    role = RoleRef()


class RoleShape(Shape):
    id = serializers.UUIDField(source="uuid")
    code = serializers.CharField()
    name = serializers.CharField()


class TeamInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    description = serializers.CharField(required=False, allow_blank=True, max_length=5000)


class TeamChanges(TeamInput):
    is_active = serializers.BooleanField(required=False)


class MemberInput(serializers.Serializer[Any]):
    user = serializers.UUIDField()
    role = serializers.CharField(max_length=50, help_text="code of the role")


class NewRole(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=50)
    name = serializers.CharField(max_length=100)


def team_at(request: Call, team_id: UUID) -> Team:
    team: Team = found(Team.objects.visible_to(request.user).select_related("organization"), uuid=team_id)
    return team


class TeamList(PrsView):
    @operation(answer=TeamShape, many=True, filters=[ACTIVE], summary="Active teams")
    def get(self, request: Call) -> Any:
        visible = Team.objects.visible_to(request.user).order_by("name", "id")
        if "is_active" in request.query_params:
            return apply(visible, [ACTIVE], request.query_params)
        return visible.filter(is_active=True)

    @operation(body=TeamInput, answer=TeamShape, status=201, summary="Make a team")
    def post(self, request: Call, given: dict[str, Any]) -> Team:
        return teams.create_team(actor=request.user, now=timezone.now(), **given)


class TeamItem(PrsView):
    @operation(answer=TeamShape, summary="A team")
    def get(self, request: Call, team_id: UUID) -> Team:
        return team_at(request, team_id)

    @operation(body=TeamChanges, answer=TeamShape, summary="Change a team")
    def patch(self, request: Call, given: dict[str, Any], team_id: UUID) -> Team:
        return teams.update_team(actor=request.user, team=team_at(request, team_id), changes=given, now=timezone.now())


class MemberList(PrsView):
    @operation(answer=MemberShape, many=True, summary="Who holds which role in a team")
    def get(self, request: Call, team_id: UUID) -> Any:
        return selectors.members(team_at(request, team_id))

    @operation(body=MemberInput, answer=MemberShape, status=201, summary="Give a person a role in a team")
    def post(self, request: Call, given: dict[str, Any], team_id: UUID) -> AccessScope:
        team = team_at(request, team_id)
        user = selectors.people(team.organization).filter(uuid=given["user"]).first()
        role = selectors.roles(team.organization).filter(code=given["role"]).first()
        if user is None:
            raise Invalid.field("user", _("There is no such person."))
        if role is None:
            raise Invalid.field("role", _("There is no such role."))
        return teams.add_member(actor=request.user, team=team, user=user, role=role, now=timezone.now())


class MemberItem(PrsView):
    @operation(status=204, summary="Take a role in a team from a person")
    def delete(self, request: Call, team_id: UUID, scope_id: UUID) -> None:
        team = team_at(request, team_id)
        scope: AccessScope = found(selectors.members(team), uuid=scope_id)
        teams.remove_member(actor=request.user, team=team, user=scope.user, role=scope.role, now=timezone.now())


class RoleList(PrsView):
    @operation(answer=RoleShape, many=True, summary="Roles that steps can ask for")
    def get(self, request: Call) -> Any:
        return Role.objects.visible_to(request.user).order_by("code", "id")

    @operation(body=NewRole, answer=RoleShape, status=201, summary="Make a role")
    def post(self, request: Call, given: dict[str, Any]) -> Role:
        return teams.create_role(actor=request.user, now=timezone.now(), **given)
