"""Reads of forms and workflows: which are in use, who could decide their steps, their versions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import Count, Q, QuerySet

from bureau.accounts import selectors as accounts
from bureau.accounts.models import Team
from bureau.core import audit
from bureau.core.models import AuditEntry, User
from bureau.purchasing.models import FormTemplate, PurchaseRequest, StepApprover, WorkflowTemplate

Template = TypeVar("Template", FormTemplate, WorkflowTemplate)
Holders = Mapping[tuple[int, int], list[User]]
"""(team, role) -> who holds it there (accounts.selectors.role_holders)."""

STEPS = ("steps__approvers__role", "steps__approvers__user")


def with_steps(workflows: QuerySet[WorkflowTemplate]) -> QuerySet[WorkflowTemplate]:
    return workflows.select_related("team").prefetch_related(*STEPS)


def forms_in_use(teams: Iterable[Team]) -> dict[int, FormTemplate]:
    """By team."""
    return {form.team_id: form for form in FormTemplate.objects.filter(team__in=teams, in_use=True)}


def workflows_in_use(teams: Iterable[Team]) -> dict[int, WorkflowTemplate]:
    """By team, with their steps."""
    rows = WorkflowTemplate.objects.filter(team__in=teams, in_use=True)
    return {workflow.team_id: workflow for workflow in with_steps(rows)}


def newest_of(template: Template) -> Template:
    return type(template).objects.get(lineage=template.lineage, superseded=False)


def namable_people(workflow: WorkflowTemplate | None, *, actor: User) -> QuerySet[User]:
    """Whom a step can name: active people, and those whom `workflow` names already though their account has ended."""
    people = accounts.people(actor.organization)
    if workflow is None:
        return people.filter(is_active=True)
    named = StepApprover.objects.filter(step__workflow_template=workflow, user__isnull=False)
    return people.filter(Q(is_active=True) | Q(pk__in=named.values("user")))


# --- Who could decide


@dataclass(frozen=True, slots=True)
class Asked:
    """An approver of a step, a role or a person, and who that is; None while it is not known in which team."""

    label: str
    people: list[User] | None
    is_role: bool

    @property
    def is_nobody(self) -> bool:
        """Then every submit fails."""
        return self.people is not None and not self.people


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step as it would go, saved or not."""

    name: str
    asked: list[Asked] = field(default_factory=list)

    @property
    def gaps(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.is_nobody]


def planned_steps(workflow: WorkflowTemplate, holders: Holders) -> list[PlannedStep]:
    """Of a workflow that came by `with_steps`."""
    return [
        PlannedStep(step.step_name, [_asked(approver, workflow.team_id, holders) for approver in step.approvers.all()])
        for step in workflow.steps.all()
    ]


def _asked(approver: StepApprover, team_id: int, holders: Holders) -> Asked:
    if approver.user is not None:
        return Asked(approver.user.name, [approver.user] if approver.user.is_active else [], is_role=False)
    label = approver.role.name if approver.role else ""
    return Asked(label, holders.get((team_id, approver.role_id or 0), []), is_role=True)


# --- Versions


@dataclass(frozen=True, slots=True)
class Version:
    template: FormTemplate | WorkflowTemplate
    author: User | None
    requests: int  # that use it, or were submitted with it


def form_versions(form: FormTemplate) -> list[Version]:
    """Newest first."""
    return _versions(form, "form_template", ("fields", "attachment_categories"))


def workflow_versions(workflow: WorkflowTemplate) -> list[Version]:
    """Newest first."""
    return _versions(workflow, "workflow_template", STEPS)


def _versions(template: Template, column: str, prefetched: Iterable[str]) -> list[Version]:
    rows = list(
        type(template)
        .objects.filter(lineage=template.lineage)
        .order_by("-version_number")
        .prefetch_related(*prefetched)
    )
    requests = PurchaseRequest.objects.filter(**{f"{column}__in": rows}).order_by().values_list(column)
    counts = dict(requests.annotate(Count("pk")))
    entries = AuditEntry.objects.filter(
        organization=template.organization_id,
        entity_type=audit.entity_type(template),
        entity_id__in=[str(row.pk) for row in rows],
        action__in=("created", "revised"),
    )
    authors = {entry.entity_id: entry.user for entry in entries.select_related("user")}
    return [Version(row, authors.get(str(row.pk)), counts.get(row.pk, 0)) for row in rows]
