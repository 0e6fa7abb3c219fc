"""Projects, their cost codes and members, kept by hand. What a connector keeps only gets its members here."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from bureau.accounts.permissions import System
from bureau.accounts.services.validation import FieldErrors, set_fields
from bureau.core import audit
from bureau.core.models import Organization, User
from bureau.kit.errors import Invalid
from bureau.kit.money import ZERO
from bureau.purchasing.models import CostCode, Project, ProjectMember, ProjectStatus
from bureau.purchasing.permissions import projects as permissions
from bureau.purchasing.services.budgets import set_budget, set_project_budget

PROJECT_FIELDS = ("name", "status", "start_date", "end_date")
COST_CODE_FIELDS = ("code", "description", "category", "active")
REASON_LENGTH = 200  # of a ledger entry's reason
FIRST = "budget of the start"


def create_project(
    *,
    actor: User | System,
    code: str,
    name: str,
    now: datetime,
    status: str = ProjectStatus.ACTIVE,
    budget: Decimal = ZERO,
    start_date: Any = None,
    end_date: Any = None,
    organization: Organization | None = None,
) -> Project:
    """A project of the organization, the actor's where not named. Raises Forbidden, Invalid."""
    organization = _organization(actor, organization)
    permissions.can_manage_projects(actor, organization).enforce()
    project = Project(organization=organization, created_at=now, updated_at=now)
    values = {"code": code, "name": name, "status": status, "start_date": start_date, "end_date": end_date}
    errors = set_fields(project, values) or _project_errors(project)
    _check(errors | _budget_errors(budget) | _id_errors("code", project.code))
    with transaction.atomic():
        _insert(project, "code", _("There is a project with this code already."))
        set_project_budget(project=project, budget=budget, reason=FIRST, actor=_recorded(actor), now=now)
        new = {**_shown(project, values), "budget": budget}
        audit.record(project, "created", actor=_recorded(actor), now=now, new=new)
    return project


def update_project(
    *, actor: User | System, project: Project, changes: Mapping[str, Any], reason: str = "", now: datetime
) -> Project:
    """Changes name, status, dates and budget; ignores the rest. Another budget needs a `reason`.

    Raises Forbidden (also for a project that a connector keeps), Invalid.
    """
    values = {name: changes[name] for name in PROJECT_FIELDS if name in changes}
    with transaction.atomic():
        project = _locked(project)
        permissions.can_edit_project(actor, project).enforce()
        old, before = _shown(project, values), project.budget
        errors = set_fields(project, values) or _project_errors(project)
        budget = changes.get("budget", before)
        _check(errors | _change_errors(budget, before, reason))
        changed = {name: value for name, value in _shown(project, values).items() if value != old[name]}
        old = {name: old[name] for name in changed}
        if changed:
            project.updated_at = now
            project.save(update_fields=[*changed, "updated_at"])
        text = reason.strip()
        if set_project_budget(project=project, budget=budget, reason=text, actor=_recorded(actor), now=now):
            old, changed = {**old, "budget": before}, {**changed, "budget": budget, "reason": text}
        if changed:
            audit.record(project, "updated", actor=_recorded(actor), now=now, old=old, new=changed)
    return project


def add_project_member(*, actor: User | System, project: Project, user: User, now: datetime) -> ProjectMember:
    """Lets a person see the project's orders and decide on them within their limit; who is a member already stays one.

    Raises Forbidden, Invalid.
    """
    permissions.can_manage_projects(actor, project.organization).enforce()
    if user.organization_id != project.organization_id or not user.is_active:
        raise Invalid.field("user", _("There is no such active person in the organization."))
    with transaction.atomic():
        member, created = ProjectMember.objects.get_or_create(project=project, user=user, defaults={"created_at": now})
        if created:
            audit.record(project, "member_added", actor=_recorded(actor), now=now, new={"user": user.username})
    return member


def remove_project_member(*, actor: User | System, project: Project, user: User, now: datetime) -> None:
    """Raises Forbidden, and Invalid when this person is no member."""
    permissions.can_manage_projects(actor, project.organization).enforce()
    with transaction.atomic():
        if not ProjectMember.objects.filter(project=project, user=user).delete()[0]:
            raise Invalid.field("user", _("This person is not a member of the project."))
        audit.record(project, "member_removed", actor=_recorded(actor), now=now, old={"user": user.username})


def create_cost_code(
    *,
    actor: User | System,
    project: Project,
    external_id: str,
    code: str,
    now: datetime,
    description: str = "",
    category: str = "",
    budget: Decimal = ZERO,
) -> CostCode:
    """A part of the project's work with a budget of its own; `external_id` (CC-001) names it within the project.

    Raises Forbidden, Invalid.
    """
    permissions.can_edit_project(actor, project).enforce()
    cost_code = CostCode(project=project)
    values = {"external_id": external_id, "code": code, "description": description, "category": category}
    errors = set_fields(cost_code, values)
    _check(errors | _budget_errors(budget) | _id_errors("external_id", cost_code.external_id))
    with transaction.atomic():
        _insert(cost_code, "external_id", _("The project has a cost code with this id already."))
        set_budget(cost_code=cost_code, budget=budget, reason=FIRST, actor=_recorded(actor), now=now)
        new = {"project": project.code, **_shown(cost_code, values), "budget": budget}
        _record(cost_code, "created", actor, now, new=new)
    return cost_code


def update_cost_code(
    *, actor: User | System, cost_code: CostCode, changes: Mapping[str, Any], reason: str = "", now: datetime
) -> CostCode:
    """Changes code, description, category, `active` (can be chosen for new orders) and budget; ignores the rest.
    Another budget needs a `reason`.

    Raises Forbidden (also for what a connector keeps), Invalid.
    """
    values = {name: changes[name] for name in COST_CODE_FIELDS if name in changes}
    with transaction.atomic():
        cost_code = (
            CostCode.objects.select_for_update(of=("self",), no_key=True)
            .select_related("project__organization")
            .get(pk=cost_code.pk)
        )
        permissions.can_edit_cost_code(actor, cost_code.project, cost_code).enforce()
        old, before = _shown(cost_code, values), cost_code.budget
        errors = set_fields(cost_code, values)
        budget = changes.get("budget", before)
        _check(errors | _change_errors(budget, before, reason))
        changed = {name: value for name, value in _shown(cost_code, values).items() if value != old[name]}
        old = {name: old[name] for name in changed}
        if changed:
            cost_code.save(update_fields=list(changed))
        text = reason.strip()
        if set_budget(cost_code=cost_code, budget=budget, reason=text, actor=_recorded(actor), now=now):
            old, changed = {**old, "budget": before}, {**changed, "budget": budget, "reason": text}
        if changed:
            _record(cost_code, "updated", actor, now, old=old, new=changed)
    return cost_code


def _organization(actor: User | System, organization: Organization | None) -> Organization:
    if organization is not None:
        return organization
    if isinstance(actor, System):
        raise TypeError("name the organization")
    return actor.organization


def _recorded(actor: User | System) -> User | None:
    return actor if isinstance(actor, User) else None


def _record(cost_code: CostCode, action: str, actor: User | System, now: datetime, **values: Any) -> None:
    organization = cost_code.project.organization
    audit.record(cost_code, action, actor=_recorded(actor), now=now, organization=organization, **values)


def _locked(project: Project) -> Project:
    rows = Project.objects.select_for_update(of=("self",), no_key=True).select_related("organization")
    return rows.get(pk=project.pk)


def _shown(record: models.Model, names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def _insert(record: models.Model, name: str, taken: str) -> None:
    """Raises Invalid for field `name` where its value is taken."""
    try:
        with transaction.atomic():
            record.save(force_insert=True)
    except IntegrityError:
        raise Invalid.field(name, taken) from None


def _check(errors: FieldErrors) -> None:
    if errors:
        raise Invalid(fields=errors)


def _id_errors(name: str, value: str) -> FieldErrors:
    if re.fullmatch(r"[\w.-]+", value):
        return {}
    return {name: [_("Use letters, digits, dots, dashes and underscores only.")]}


def _project_errors(project: Project) -> FieldErrors:
    if project.start_date and project.end_date and project.end_date < project.start_date:
        return {"end_date": [_("The end is not before the start.")]}
    return {}


def _budget_errors(budget: Any) -> FieldErrors:
    """What is no amount, on a copy of the field that every budget is kept in."""
    if budget is None:
        return {"budget": [_("Give an amount, such as 150000.00.")]}
    errors = set_fields(Project(), {"budget": budget})
    if not errors and Decimal(budget) < 0:
        errors = {"budget": [_("A budget is not negative.")]}
    return errors


def _change_errors(budget: Any, before: Decimal, reason: str) -> FieldErrors:
    errors = _budget_errors(budget)
    if errors or Decimal(budget) == before:
        return errors
    if not reason.strip():
        return {"reason": [_("Say why the budget changes.")]}
    if len(reason.strip()) > REASON_LENGTH or "\x00" in reason:
        return {"reason": [_("Use at most %(count)d characters.") % {"count": REASON_LENGTH}]}
    return {}
