"""Workflows of the teams: their steps, and who approves each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from bureau.accounts.models import Role, Team
from bureau.core import audit
from bureau.core.models import User
from bureau.purchasing.models import StepApprover, WorkflowStep, WorkflowTemplate
from bureau.purchasing.permissions import requests as permissions
from bureau.purchasing.services.templates.versions import (
    InvalidTemplate,
    Problems,
    lock,
    new_version,
    newest,
    read_name,
    supersede,
    text_problem,
)

MAX_STEPS = 30


class ApproverInput(TypedDict, total=False):
    """A role by its code, or a person by their uuid; exactly one of the two."""

    role: str | None
    user: UUID | None


class StepInput(TypedDict, total=False):
    """A step. Without `step_order` it comes at its place in the list; a finance review without approvers is done by the
    role FINANCE_REVIEWER."""

    step_name: str
    step_order: int | None
    is_finance_review: bool
    approvers: Sequence[ApproverInput]


def create_workflow_template(
    *, actor: User, team: Team, name: str, steps: Sequence[StepInput], now: datetime
) -> WorkflowTemplate:
    """A new workflow, which the team's submits use from now on. Without steps everything is approved at once.

    Raises Forbidden, Invalid.
    """
    permissions.can_administer_team(actor, team).enforce()
    with transaction.atomic():
        lock(team)
        template = add_workflow(team, name=name, steps=steps, now=now)
        audit.record(template, "created", actor=actor, now=now, new=described_workflow(template))
    return template


def revise_workflow_template(
    *,
    actor: User,
    template: WorkflowTemplate,
    name: str | None = None,
    steps: Sequence[StepInput] | None = None,
    now: datetime,
) -> WorkflowTemplate:
    """A new version with what is given changed; it is in use where the former one was. Running rounds keep theirs.

    Raises Forbidden, Invalid, and WrongState when `template` is not the newest version.
    """
    permissions.can_administer_team(actor, template.team).enforce()
    with transaction.atomic():
        lock(template.team)
        former = newest(template)
        was_in_use = supersede(former)
        revised = add_workflow(
            former.team,
            name=former.name if name is None else name,
            steps=_steps_of(former) if steps is None else steps,
            now=now,
            former=former,
            in_use=was_in_use,
        )
        audit.record(
            revised,
            "revised",
            actor=actor,
            now=now,
            old=described_workflow(former),
            new=described_workflow(revised),
        )
    return revised


def add_workflow(
    team: Team,
    *,
    name: str,
    steps: Sequence[StepInput],
    now: datetime,
    former: WorkflowTemplate | None = None,
    in_use: bool = True,
) -> WorkflowTemplate:
    problems = Problems()
    name = read_name(name, problems)
    made = _read_steps(team, steps, problems)
    if problems.fields:
        raise InvalidTemplate(problems)
    workflow = new_version(WorkflowTemplate, team, name=name, former=former, in_use=in_use, now=now)
    for step, approvers in made:
        step.workflow_template = workflow
        step.save(force_insert=True)
        for approver in approvers:
            approver.step = step
        StepApprover.objects.bulk_create(approvers)
    return workflow


def _read_steps(
    team: Team, given: Sequence[StepInput], problems: Problems
) -> list[tuple[WorkflowStep, list[StepApprover]]]:
    """The steps with their approvers, in their order."""
    if len(given) > MAX_STEPS:
        problems.add("steps", _("Use at most %(count)d steps.") % {"count": MAX_STEPS})
        return []
    organization = team.organization_id
    roles = {role.code: role for role in Role.objects.filter(organization=organization)}
    wanted = [approver.get("user") for step in given for approver in step.get("approvers", ())]
    people = User.objects.filter(organization=organization, is_active=True, uuid__in=[uuid for uuid in wanted if uuid])
    users = {user.uuid: user for user in people}
    made: list[tuple[WorkflowStep, list[StepApprover]]] = []
    for position, values in enumerate(given, 1):
        order = values.get("step_order")
        step = WorkflowStep(
            step_name=values.get("step_name", "").strip(),
            step_order=position if order is None else order,
            is_finance_review=values.get("is_finance_review", False),
        )
        approvers, wrong = _read_approvers(step, values.get("approvers", ()), roles, users)
        made.append((step, approvers))
        where = _("Step %(position)d:") % {"position": position}
        name_problem = text_problem(step.step_name, longest=100, required=True)
        if name_problem:
            problems.add("steps", name_problem, row=position, column="step_name", where=where)
        for problem in wrong:
            problems.add("steps", problem, row=position, column="approvers", where=where)
    made.sort(key=lambda pair: pair[0].step_order)
    if [step.step_order for step, _approvers in made] != list(range(1, len(made) + 1)):
        problems.add("steps", _("Number the steps 1, 2, 3 and so on, each number once."))
    early = [step.step_order for step, _approvers in made[:-1] if step.is_finance_review]
    if early:
        problem = _("There is one finance review at most, and it is the last step.")
        problems.add("steps", problem, row=early[0], column="is_finance_review")
    return made


def _read_approvers(
    step: WorkflowStep, given: Sequence[ApproverInput], roles: dict[str, Role], users: dict[UUID, User]
) -> tuple[list[StepApprover], list[str]]:
    if step.is_finance_review and not given:
        given = [{"role": Role.FINANCE_REVIEWER}]
    approvers: list[StepApprover] = []
    problems: list[str] = []
    for values in given:
        code, uuid = values.get("role"), values.get("user")
        if (not code) == (not uuid):
            problems.append(_("An approver is a role or a person."))
        elif code and code not in roles:
            problems.append(_("There is no role %(code)s.") % {"code": code})
        elif uuid and uuid not in users:
            problems.append(_("There is no such active person in the organization."))
        else:
            approvers.append(StepApprover(role=roles[code] if code else None, user=users[uuid] if uuid else None))
    if not given:
        problems.append(_("Name who approves: at least one role or person."))
    if len({(approver.role_id, approver.user_id) for approver in approvers}) < len(approvers):
        problems.append(_("An approver is there twice."))
    reviewers = {approver.role.code if approver.role else None for approver in approvers}
    if step.is_finance_review and approvers and reviewers != {Role.FINANCE_REVIEWER}:
        problems.append(_("A finance review is done by the role %(code)s.") % {"code": Role.FINANCE_REVIEWER})
    return approvers, problems


def _steps_of(workflow: WorkflowTemplate) -> list[StepInput]:
    return [
        {
            "step_name": step.step_name,
            "step_order": step.step_order,
            "is_finance_review": step.is_finance_review,
            "approvers": [
                {
                    "role": approver.role.code if approver.role else None,
                    "user": approver.user.uuid if approver.user else None,
                }
                for approver in step.approvers.all()
            ],
        }
        for step in workflow.steps.prefetch_related("approvers__role", "approvers__user")
    ]


def described_workflow(workflow: WorkflowTemplate) -> dict[str, Any]:
    return {"name": workflow.name, "version_number": workflow.version_number, "steps": _steps_of(workflow)}
