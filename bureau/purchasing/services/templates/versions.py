"""What forms and workflows have in common: their versions, which one is in use, and how they say what is wrong."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from bureau.accounts.models import Team
from bureau.core import audit
from bureau.core.models import User
from bureau.kit.errors import Invalid, WrongState
from bureau.purchasing.models import FormTemplate, WorkflowTemplate
from bureau.purchasing.permissions import requests as permissions

AnyTemplate = TypeVar("AnyTemplate", FormTemplate, WorkflowTemplate)


@dataclass(slots=True)
class Problems:
    """What is wrong with a template: by the name of what was given, and again by its row for a page of rows."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[tuple[str, int], dict[str, list[str]]] = field(default_factory=dict)

    def add(self, name: str, text: str, *, row: int = 0, column: str = "", where: str = "") -> None:
        """`row` counts from 1, 0 for the whole; `where` names it before a text that stands away from its row."""
        self.fields.setdefault(name, []).append(f"{where} {text}".strip())
        if row:
            self.rows.setdefault((name, row), {}).setdefault(column, []).append(text)


class InvalidTemplate(Invalid):
    """`rows` holds the problems of single fields, categories and steps: (list, position from 1) -> column -> texts."""

    def __init__(self, problems: Problems) -> None:
        super().__init__(fields=problems.fields)
        self.rows = problems.rows


def use_template(*, actor: User, template: AnyTemplate, now: datetime) -> AnyTemplate:
    """Puts this form or workflow in use again in its team, instead of the one that is.

    Raises Forbidden, and WrongState when `template` is not the newest version.
    """
    permissions.can_administer_team(actor, template.team).enforce()
    with transaction.atomic():
        lock(template.team)
        template = newest(template)
        if not template.in_use:
            type(template).objects.filter(team=template.team, in_use=True).update(in_use=False)
            template.in_use = True
            template.save(update_fields=["in_use"])
            audit.record(template, "put_in_use", actor=actor, now=now, new={"name": template.name})
    return template


def lock(team: Team) -> None:
    """Changes of a team's templates come one after the other."""
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)


def newest(template: AnyTemplate) -> AnyTemplate:
    found = type(template).objects.select_related("team", "organization").get(pk=template.pk)
    if found.superseded:
        raise WrongState(_("There is a newer version of “%(name)s”: change that one.") % {"name": found.name})
    return found


def supersede(former: AnyTemplate) -> bool:
    was_in_use = former.in_use
    former.superseded, former.in_use = True, False
    former.save(update_fields=["superseded", "in_use"])
    return was_in_use


def new_version(
    model: type[AnyTemplate], team: Team, *, name: str, former: AnyTemplate | None, in_use: bool, now: datetime
) -> AnyTemplate:
    if in_use:
        model.objects.filter(team=team, in_use=True).update(in_use=False)
    template = model(organization_id=team.organization_id, team=team, name=name, in_use=in_use, created_at=now)
    if former is not None:
        template.lineage, template.version_number = former.lineage, former.version_number + 1
    template.save(force_insert=True)
    return template


def read_name(name: str, problems: Problems) -> str:
    name = name.strip()
    problem = text_problem(name, longest=100, required=True)
    if problem:
        problems.add("name", problem)
    return name


def text_problem(text: str, *, longest: int, required: bool = False) -> str:
    if required and not text:
        return _("A name is required.")
    if "\x00" in text:
        return _("Null characters are not allowed.")
    return _("Use at most %(count)d characters.") % {"count": longest} if len(text) > longest else ""
