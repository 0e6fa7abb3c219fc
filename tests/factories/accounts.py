"""Organizations and people, made by the services that make them in the product."""

import itertools
from typing import Any

from django.utils import timezone

from bureau.accounts.models import AccessScope, Role, Team
from bureau.accounts.permissions import SYSTEM
from bureau.accounts.services.organizations import create_organization
from bureau.accounts.services.users import create_user
from bureau.core.models import Organization, User

PASSWORD = "Mauve-Anvil-88"
_count = itertools.count(1)


def make_organization(name: str = "", **options: Any) -> Organization:
    return create_organization(name=name or f"Office {next(_count)}", now=timezone.now(), **options)


def make_user(organization: Organization | None = None, *, role: str = "member", **options: Any) -> User:
    """A person of `organization`, else of one of their own; the password is PASSWORD."""
    username = options.pop("username", "") or f"person{next(_count)}"
    return create_user(
        actor=SYSTEM,
        username=username,
        email=options.pop("email", f"{username}@example.com"),
        password=options.pop("password", PASSWORD),
        role=role,
        organization=organization or make_organization(),
        now=timezone.now(),
        **options,
    )


def make_team(organization: Organization, name: str = "Marketing", **options: Any) -> Team:
    return Team.objects.create(organization=organization, name=name, **options)


def give_role(user: User, team: Team, code: str) -> AccessScope:
    return AccessScope.objects.create(
        user=user, team=team, role=Role.objects.get(organization=team.organization, code=code)
    )
