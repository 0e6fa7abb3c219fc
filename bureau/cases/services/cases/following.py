"""What every write to a case begins and ends with: its lock, and what follows from its documents and steps."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bureau.cases.models import Case, CaseDocument, CaseStep, ProductTask, StepPause
from bureau.cases.planning import CalendarOf, case_due_date, plan
from bureau.cases.selectors.facts import Facts, facts_of, tasks_after
from bureau.cases.states import CaseStatus, StepStatus, case_status
from bureau.core.hooks import file_quarantined
from bureau.core.models import StoredFile
from bureau.core.prepared import prepared
from bureau.kit.errors import Invalid, NotFound

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)


def locked(case: Case) -> Case:
    """The case as it is now, locked until the end of the transaction. Raises NotFound when it was deleted."""
    # PostgreSQL drops the row where its owner was changed while this waited. It is locked by then.
    rows = _locked(pk=case.pk) or _locked(pk=case.pk)
    if not rows:
        raise NotFound(_("The case was deleted."))
    current: Case = rows[0]
    return current


@prepared
def _locked(pk: int) -> QuerySet[Case]:
    rows = Case.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk)
    return rows.select_related("organization", "customer__party", "product", "owner")


def readable_date(name: str, day: date) -> date:
    """A day that a calendar can count from. Raises Invalid for field `name`."""
    if not EARLIEST <= day <= LATEST:
        raise Invalid.field(name, _("Give a date between 1990 and 2100."))
    return day


def open_step(case: Case, task: ProductTask, *, start: date, calendars: CalendarOf, now: datetime) -> CaseStep:
    """As `new_step`, saved."""
    step = new_step(case, task, start=start, calendars=calendars, now=now)
    step.save(force_insert=True)
    return step


def new_step(case: Case, task: ProductTask, *, start: date, calendars: CalendarOf, now: datetime) -> CaseStep:
    """The task as a step of the case, which keeps what the task says now."""
    return CaseStep(
        case=case,
        task=task if task.pk else None,
        number=task.step,
        name=task.name,
        duration=task.duration,
        business_days=task.business_days,
        country=task.country,
        notify_days_before=task.notify_days_before,
        start_date=start,
        due_date=plan(start, [task], calendars),
        created_at=now,
    )


def follow(case: Case, *, now: datetime, **changes: Any) -> Facts:
    """Writes what follows from the facts of the locked case, with `changes`: status, due date, its current step."""
    facts = facts_of(case)
    for name, value in changes.items():
        setattr(case, name, value)
    settle(case, facts, now=now)
    case.save(update_fields=[*SETTLED, *changes])
    return facts


SETTLED = (
    "status", "step_number", "step_name", "step_status", "step_due_date", "due_date", "completed_at", "updated_at",
)  # fmt: skip


def settle(case: Case, facts: Facts, *, now: datetime) -> None:
    """Sets what follows from the facts, the fields SETTLED."""
    case.status = case_status(
        steps=[StepStatus(step.status) for step in facts.steps],
        pieces=facts.pieces,
        closed=case.closed_by_id is not None,
    )
    current = facts.steps[-1] if case.status != CaseStatus.COMPLETED else None
    case.step_number = current.number if current else 0
    case.step_name = current.name if current else ""
    case.step_status = current.status if current else ""
    counting = current is not None and current.status in (StepStatus.PENDING, StepStatus.PROCESSING)
    case.step_due_date = current.due_date if current and counting else None
    # Tasks that the product got after a case had gone through its last one are not for this case.
    to_come = [] if facts.steps[-1].status == StepStatus.COMPLETED else facts.to_come
    case.due_date = case_due_date(case, facts.steps, to_come, facts.pauses, facts.calendars)
    if case.status != CaseStatus.COMPLETED:
        case.completed_at = None
    elif case.completed_at is None:
        case.completed_at = now
    case.updated_at = now


def described(case: Case) -> Mapping[str, Any]:
    """What the audit log keeps of what follows."""
    return {"status": case.status, "step": case.step_number, "step_status": case.step_status, "due_date": case.due_date}


def first_tasks(case: Case) -> list[ProductTask]:
    """The tasks of the product, or the one that stands for all work where it has none."""
    tasks = tasks_after(case, 0)
    return tasks or [ProductTask(step=1, name=_("Work"), duration=0, business_days=True, last_step=True)]


def pauses_of(step: CaseStep) -> list[StepPause]:
    return list(StepPause.objects.filter(step=step).select_related("step"))


@file_quarantined.register
def follow_quarantined(*, file: StoredFile, now: datetime) -> None:
    """A file that the virus scan took away is missing again."""
    for case in Case.objects.filter(pk__in=CaseDocument.objects.filter(file=file).values("case")).order_by("pk"):
        follow(locked(case), now=now)
