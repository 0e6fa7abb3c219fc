"""Forms and workflows of the teams: versioned, each version never changed (system.md section 3).

A change makes a new version; requests keep the form version they were made with, and take the newest workflow version
at each submit. One form and one workflow of a team are in use; a new one takes over from the former.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict, TypeVar
from uuid import UUID

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from bureau.accounts.models import Role, Team
from bureau.core import audit
from bureau.core.models import Organization, User
from bureau.kit.errors import Invalid, WrongState
from bureau.purchasing import permissions
from bureau.purchasing.calculations import decimal_places, digits
from bureau.purchasing.field_values import NUMBER_DECIMALS, NUMBER_DIGITS
from bureau.purchasing.models import (
    AttachmentCategory,
    FieldType,
    FormField,
    FormTemplate,
    StepApprover,
    WorkflowStep,
    WorkflowTemplate,
)

FIELD_ID = re.compile(r"[A-Za-z0-9_-]{1,50}", re.ASCII)
MAX_FIELDS = 200
MAX_OPTIONS = 200
MAX_STEPS = 30


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


class FieldInput(TypedDict, total=False):
    """A field of a form. Without `field_id` it gets one made of its name, without `order` its place in the list."""

    field_id: str
    name: str
    field_type: str
    required: bool
    order: int | None
    options: Sequence[str]
    minimum: Decimal | None
    maximum: Decimal | None
    help_text: str
    is_amount: bool


class CategoryInput(TypedDict, total=False):
    name: str
    required: bool


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


def create_form_template(
    *,
    actor: User,
    team: Team,
    name: str,
    fields: Sequence[FieldInput],
    attachment_categories: Sequence[CategoryInput] = (),
    now: datetime,
) -> FormTemplate:
    """A new form, which the team's new requests use from now on. Raises Forbidden, Invalid."""
    permissions.can_administer_team(actor, team).enforce()
    with transaction.atomic():
        _lock(team)
        template = _add_form(team, name=name, fields=fields, attachment_categories=attachment_categories, now=now)
        audit.record(template, "created", actor=actor, now=now, new=_described_form(template))
    return template


def revise_form_template(
    *,
    actor: User,
    template: FormTemplate,
    name: str | None = None,
    fields: Sequence[FieldInput] | None = None,
    attachment_categories: Sequence[CategoryInput] | None = None,
    now: datetime,
) -> FormTemplate:
    """A new version with what is given changed; it is in use where the former one was.

    Raises Forbidden, Invalid, and WrongState when `template` is not the newest version.
    """
    permissions.can_administer_team(actor, template.team).enforce()
    with transaction.atomic():
        _lock(template.team)
        former = _newest(template)
        was_in_use = _supersede(former)
        revised = _add_form(
            former.team,
            name=former.name if name is None else name,
            fields=_fields_of(former) if fields is None else fields,
            attachment_categories=_categories_of(former) if attachment_categories is None else attachment_categories,
            now=now,
            former=former,
            in_use=was_in_use,
        )
        audit.record(
            revised,
            "revised",
            actor=actor,
            now=now,
            old=_described_form(former),
            new=_described_form(revised),
        )
    return revised


def create_workflow_template(
    *, actor: User, team: Team, name: str, steps: Sequence[StepInput], now: datetime
) -> WorkflowTemplate:
    """A new workflow, which the team's submits use from now on. Without steps everything is approved at once.

    Raises Forbidden, Invalid.
    """
    permissions.can_administer_team(actor, team).enforce()
    with transaction.atomic():
        _lock(team)
        template = _add_workflow(team, name=name, steps=steps, now=now)
        audit.record(template, "created", actor=actor, now=now, new=_described_workflow(template))
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
        _lock(template.team)
        former = _newest(template)
        was_in_use = _supersede(former)
        revised = _add_workflow(
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
            old=_described_workflow(former),
            new=_described_workflow(revised),
        )
    return revised


def use_template(*, actor: User, template: "AnyTemplate", now: datetime) -> "AnyTemplate":
    """Puts this form or workflow in use again in its team, instead of the one that is.

    Raises Forbidden, and WrongState when `template` is not the newest version.
    """
    permissions.can_administer_team(actor, template.team).enforce()
    with transaction.atomic():
        _lock(template.team)
        template = _newest(template)
        if not template.in_use:
            type(template).objects.filter(team=template.team, in_use=True).update(in_use=False)
            template.in_use = True
            template.save(update_fields=["in_use"])
            audit.record(template, "put_in_use", actor=actor, now=now, new={"name": template.name})
    return template


def set_up_general_team(*, organization: Organization, sole_trader: bool, now: datetime) -> None:
    """What the General team of a new organization starts with: a form without fields, and a workflow.

    A sole trader's workflow has no steps: there is nobody else to ask.
    """
    team = Team.objects.get(organization=organization, is_general=True)
    form = _add_form(team, name="General Form", fields=[], attachment_categories=[], now=now)
    steps: list[StepInput] = [
        {"step_name": "Manager Approval", "approvers": [{"role": Role.MANAGER}]},
        {"step_name": "Finance Review", "is_finance_review": True},
    ]
    workflow = _add_workflow(team, name="General Workflow", steps=[] if sole_trader else steps, now=now)
    audit.record(form, "created", actor=None, now=now, new=_described_form(form))
    audit.record(workflow, "created", actor=None, now=now, new=_described_workflow(workflow))


AnyTemplate = TypeVar("AnyTemplate", FormTemplate, WorkflowTemplate)


def _lock(team: Team) -> None:
    """Changes of a team's templates come one after the other."""
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)


def _newest(template: AnyTemplate) -> AnyTemplate:
    found = type(template).objects.select_related("team", "organization").get(pk=template.pk)
    if found.superseded:
        raise WrongState(_("There is a newer version of “%(name)s”: change that one.") % {"name": found.name})
    return found


def _supersede(former: AnyTemplate) -> bool:
    was_in_use = former.in_use
    former.superseded, former.in_use = True, False
    former.save(update_fields=["superseded", "in_use"])
    return was_in_use


def _new(
    model: type[AnyTemplate], team: Team, *, name: str, former: AnyTemplate | None, in_use: bool, now: datetime
) -> AnyTemplate:
    if in_use:
        model.objects.filter(team=team, in_use=True).update(in_use=False)
    template = model(organization_id=team.organization_id, team=team, name=name, in_use=in_use, created_at=now)
    if former is not None:
        template.lineage, template.version_number = former.lineage, former.version_number + 1
    template.save(force_insert=True)
    return template


def _add_form(
    team: Team,
    *,
    name: str,
    fields: Sequence[FieldInput],
    attachment_categories: Sequence[CategoryInput],
    now: datetime,
    former: FormTemplate | None = None,
    in_use: bool = True,
) -> FormTemplate:
    problems = Problems()
    name = _read_name(name, problems)
    made = _read_fields(fields, problems)
    categories = _read_categories(attachment_categories, problems)
    if problems.fields:
        raise InvalidTemplate(problems)
    form = _new(FormTemplate, team, name=name, former=former, in_use=in_use, now=now)
    for row in made:
        row.form_template = form
    for category in categories:
        category.form_template = form
    FormField.objects.bulk_create(made)
    AttachmentCategory.objects.bulk_create(categories)
    return form


def _add_workflow(
    team: Team,
    *,
    name: str,
    steps: Sequence[StepInput],
    now: datetime,
    former: WorkflowTemplate | None = None,
    in_use: bool = True,
) -> WorkflowTemplate:
    problems = Problems()
    name = _read_name(name, problems)
    made = _read_steps(team, steps, problems)
    if problems.fields:
        raise InvalidTemplate(problems)
    workflow = _new(WorkflowTemplate, team, name=name, former=former, in_use=in_use, now=now)
    for step, approvers in made:
        step.workflow_template = workflow
        step.save(force_insert=True)
        for approver in approvers:
            approver.step = step
        StepApprover.objects.bulk_create(approvers)
    return workflow


def _read_name(name: str, problems: Problems) -> str:
    name = name.strip()
    problem = _text_problem(name, longest=100, required=True)
    if problem:
        problems.add("name", problem)
    return name


def _text_problem(text: str, *, longest: int, required: bool = False) -> str:
    if required and not text:
        return _("A name is required.")
    if "\x00" in text:
        return _("Null characters are not allowed.")
    return _("Use at most %(count)d characters.") % {"count": longest} if len(text) > longest else ""


def _read_fields(given: Sequence[FieldInput], problems: Problems) -> list[FormField]:
    if len(given) > MAX_FIELDS:
        problems.add("fields", _("Use at most %(count)d fields.") % {"count": MAX_FIELDS})
        return []
    made: list[FormField] = []
    for position, values in enumerate(given, 1):
        row = _field(values, position)
        made.append(row)
        where = _("Field %(position)d (%(field)s):") % {"position": position, "field": row.name or row.field_id}
        for column, problem in _field_problems(row):
            problems.add("fields", problem, row=position, column=column, where=where)
    uses = Counter(row.field_id for row in made)
    for position, row in enumerate(made, 1):
        if uses[row.field_id] > 1:
            uses[row.field_id] = 0  # said once
            problem = _("The id %(id)s is there twice.") % {"id": row.field_id}
            problems.add("fields", problem, row=position, column="field_id")
    amounts = [position for position, row in enumerate(made, 1) if row.is_amount]
    if len(amounts) > 1:
        problem = _("Only one field can be the amount of the request.")
        problems.add("fields", problem, row=amounts[1], column="is_amount")
    return made


def derived_field_id(name: str) -> str:
    """The id of a field that is given none; empty when the name has no letter or digit to make one of."""
    return slugify(name).replace("-", "_")[:50]


def _field(values: FieldInput, position: int) -> FormField:
    name = values.get("name", "").strip()
    order = values.get("order")
    return FormField(
        field_id=values.get("field_id", "").strip() or derived_field_id(name),
        name=name,
        field_type=values.get("field_type", ""),
        required=values.get("required", False),
        order=position if order is None else order,
        options=[option.strip() for option in values.get("options", ())],
        minimum=values.get("minimum"),
        maximum=values.get("maximum"),
        help_text=values.get("help_text", "").strip(),
        is_amount=values.get("is_amount", False),
    )


def _field_problems(field: FormField) -> Iterable[tuple[str, str]]:
    """Column and text."""
    if not FIELD_ID.fullmatch(field.field_id):
        yield "field_id", _("its id has 1 to 50 letters, digits, _ or -.")
    name_problem = _text_problem(field.name, longest=100, required=True)
    if name_problem:
        yield "name", name_problem
    help_problem = _text_problem(field.help_text, longest=300)
    if help_problem:
        yield "help_text", help_problem
    if not 0 <= field.order <= 10_000:
        yield "order", _("its order is a number from 0 to 10,000.")
    if field.field_type not in FieldType.values:
        yield "field_type", _("its type is one of %(types)s.") % {"types": ", ".join(FieldType.values)}
    if field.field_type == FieldType.SELECT:
        if not field.options:
            yield "options", _("a choice needs options.")
        elif len(field.options) > MAX_OPTIONS or any(
            not option or _text_problem(option, longest=100) for option in field.options
        ):
            yield "options", _("use at most %(count)d options of 1 to 100 characters.") % {"count": MAX_OPTIONS}
        elif len(set(field.options)) < len(field.options):
            yield "options", _("an option is there twice.")
    elif field.options:
        yield "options", _("only a choice has options.")
    limits = [limit for limit in (field.minimum, field.maximum) if limit is not None]
    if limits and field.field_type != FieldType.NUMBER:
        yield "minimum", _("only a number has a minimum or maximum.")
    elif any(not limit.is_finite() or decimal_places(limit) > NUMBER_DECIMALS for limit in limits) or any(
        digits(limit) > NUMBER_DIGITS for limit in limits
    ):
        yield "minimum", _("a limit has at most 14 digits, 4 of them decimals.")
    elif len(limits) == 2 and limits[0] > limits[1]:
        yield "minimum", _("the minimum is above the maximum.")
    if field.is_amount and field.field_type != FieldType.NUMBER:
        yield "is_amount", _("only a number can be the amount of the request.")


def _read_categories(given: Sequence[CategoryInput], problems: Problems) -> list[AttachmentCategory]:
    made = [
        AttachmentCategory(name=values.get("name", "").strip(), required=values.get("required", False))
        for values in given
    ]
    seen: set[str] = set()
    for position, category in enumerate(made, 1):
        problem = _text_problem(category.name, longest=50, required=True)
        if not problem and category.name.casefold() in seen:
            problem = _("A kind of file is there twice.")
        if problem:
            problems.add("attachment_categories", problem, row=position, column="name")
        seen.add(category.name.casefold())
    return made


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
        name_problem = _text_problem(step.step_name, longest=100, required=True)
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


def _fields_of(form: FormTemplate) -> list[FieldInput]:
    return [
        {
            "field_id": field.field_id,
            "name": field.name,
            "field_type": field.field_type,
            "required": field.required,
            "order": field.order,
            "options": field.options,
            "minimum": field.minimum,
            "maximum": field.maximum,
            "help_text": field.help_text,
            "is_amount": field.is_amount,
        }
        for field in form.fields.all()
    ]


def _categories_of(form: FormTemplate) -> list[CategoryInput]:
    return [{"name": row.name, "required": row.required} for row in form.attachment_categories.all()]


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


def _described_form(form: FormTemplate) -> dict[str, Any]:
    return {
        "name": form.name,
        "version_number": form.version_number,
        "fields": _fields_of(form),
        "attachment_categories": _categories_of(form),
    }


def _described_workflow(workflow: WorkflowTemplate) -> dict[str, Any]:
    return {"name": workflow.name, "version_number": workflow.version_number, "steps": _steps_of(workflow)}
