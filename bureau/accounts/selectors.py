"""Reads of people, teams and roles."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Prefetch, QuerySet, Value
from django.db.models.functions import Lower

from bureau.accounts.models import AccessScope, Role, Team
from bureau.core.models import ADMINISTRATORS, Organization, User


def user_by_login(login: str) -> User | None:
    """The person with this username or e-mail address: one at most, as a username with an @ is its owner's address."""
    if not login or "\x00" in login or len(login) > 254:
        return None
    # The database lowers both sides: SQLite and Python disagree about letters beyond ASCII.
    wanted = Lower(Value(login))
    people = User.objects.select_related("organization")
    return people.filter(email__lower=wanted).first() if "@" in login else people.filter(username__lower=wanted).first()


def active_administrators(organization: Organization) -> QuerySet[User]:
    return User.objects.filter(organization=organization, is_active=True, role__in=ADMINISTRATORS)


def access_scopes(user: User) -> QuerySet[AccessScope]:
    """The roles that a person holds, in which team."""
    return AccessScope.objects.filter(user=user).select_related("team", "role").order_by("team__name", "role__code")


def members(team: Team) -> QuerySet[AccessScope]:
    return AccessScope.objects.filter(team=team).select_related("user", "role").order_by("user__username", "role__code")


def general_team(organization: Organization) -> Team:
    return Team.objects.get(organization=organization, is_general=True)


def reviews_finance(user: User) -> bool:
    """Whether the person is a finance reviewer of any team."""
    return AccessScope.objects.filter(user=user, role__code=Role.FINANCE_REVIEWER).exists()


def people(organization: Organization) -> QuerySet[User]:
    return User.objects.filter(organization=organization)


def roles(organization: Organization) -> QuerySet[Role]:
    return Role.objects.filter(organization=organization)


def teams(organization: Organization) -> QuerySet[Team]:
    return Team.objects.filter(organization=organization)


def people_of(team: Team) -> QuerySet[User]:
    """Everybody with a role in the team, also those whose account has ended; their scopes there come along."""
    scopes = AccessScope.objects.filter(team=team)
    return User.objects.filter(pk__in=scopes.values("user")).prefetch_related(Prefetch("access_scopes", scopes))


def role_holders(teams: Iterable[Team]) -> dict[tuple[int, int], list[User]]:
    """(team, role) -> the active people who hold the role there."""
    scopes = AccessScope.objects.filter(team__in=teams, user__is_active=True).select_related("user")
    found: dict[tuple[int, int], list[User]] = defaultdict(list)
    for scope in scopes.order_by("user__first_name", "user__username"):
        found[scope.team_id, scope.role_id].append(scope.user)
    return found


def roles_held_alone(user: User) -> list[AccessScope]:
    """The roles that nobody else holds in the team: what is left open when this person goes."""
    mine = list(access_scopes(user))
    others = AccessScope.objects.filter(team__in={scope.team_id for scope in mine}, user__is_active=True)
    held = set(others.exclude(user=user).values_list("team", "role").distinct())
    return [scope for scope in mine if (scope.team_id, scope.role_id) not in held]


def organizations_visible_to(user: User | None) -> QuerySet[Organization]:
    """One's own; every one for a superuser; none for a visitor."""
    if user is None:
        return Organization.objects.none()
    return Organization.objects.all() if user.is_superuser else Organization.objects.filter(pk=user.organization_id)
