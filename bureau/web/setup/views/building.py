"""What the builders of forms and of workflows have in common."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from bureau.accounts import selectors
from bureau.accounts.models import Team
from bureau.core.models import Organization
from bureau.web.answers import PageRequest
from bureau.web.setup.access import as_uuid, own
from bureau.web.setup.builders.rows import Builder
from bureau.web.setup.forms import Choices


@dataclass(frozen=True)
class Teams:
    """The teams that a new form or workflow can be for, and the name of what each uses now."""

    teams: list[Team]
    in_use: dict[int, str]

    @property
    def choices(self) -> Choices:
        return [(str(team.uuid), self._label(team)) for team in self.teams]

    def _label(self, team: Team) -> str:
        former = self.in_use.get(team.pk)
        if former is None:
            return team.name
        return _("%(team)s – takes the place of “%(former)s”") % {"team": team.name, "former": former}

    def chosen(self, data: QueryDict) -> Team | None:
        return next((team for team in self.teams if str(team.uuid) == data.get("team")), None)

    def usual(self, request: PageRequest) -> str:
        """The team of the address, else the first that has none yet; never one by accident that has one."""
        free = (str(team.uuid) for team in self.teams if team.pk not in self.in_use)
        return request.GET.get("team") or next(free, "")


def teams_for(organization: Organization, in_use: Callable[[Iterable[Team]], dict[int, Any]]) -> Teams:
    """`in_use`: the selector of the forms or workflows in use."""
    teams = list(selectors.teams(organization).filter(is_active=True).order_by("name"))
    return Teams(teams, {team: template.name for team, template in in_use(teams).items()})


NO_TEAMS = Teams([], {})


def unchanged(kept: Builder, given: Builder) -> bool:
    return given.is_valid() and kept.is_valid() and given.values() == kept.values()


def copied(request: PageRequest, model: Any) -> Any:
    """The template of the address to start from, or None."""
    uuid = as_uuid(request.GET.get("copy", ""))
    return own(model.objects.visible_to(request.user), request.user).filter(uuid=uuid).first() if uuid else None
