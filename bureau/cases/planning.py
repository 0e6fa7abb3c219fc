"""When the steps of a case are due, and when it can be finished. Everything here follows from its arguments."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Protocol

from bureau.cases.models import Case, CaseStep, ProductTask, StepPause
from bureau.kit.workdays import Workdays

CalendarOf = Callable[[str], Workdays]
"""The working days of a country; of the organization's own for an empty one."""


class Timed(Protocol):
    """A task of a product, or a step of a case."""

    @property
    def duration(self) -> int: ...

    @property
    def business_days(self) -> bool: ...

    @property
    def country(self) -> str: ...


def plan(start: date, tasks: Iterable[Timed], calendar_of: CalendarOf) -> date:
    """The day on which the last of the tasks is due if the first begins on `start` and each follows the one before."""
    day = start
    for task in tasks:
        day = calendar_of(task.country).add(day, task.duration, business=task.business_days)
    return day


def shifted(day: date, pauses: Iterable[StepPause], calendar_of: CalendarOf) -> date:
    """A due date after the clock stood: later by the days of each pause, counted as its step counts them. A pause that
    has not ended moves nothing yet."""
    for pause in pauses:
        if pause.until_date is None:
            continue
        step = pause.step
        calendar = calendar_of(step.country)
        days = calendar.between(pause.from_date, pause.until_date, business=step.business_days)
        if days:
            day = calendar.add(day, days, business=step.business_days)
    return day


def step_due_date(step: CaseStep, pauses: Iterable[StepPause], calendar_of: CalendarOf) -> date:
    return shifted(plan(step.start_date, [step], calendar_of), pauses, calendar_of)


def case_due_date(
    case: Case,
    steps: Iterable[CaseStep],
    to_come: Iterable[ProductTask],
    pauses: Iterable[StepPause],
    calendar_of: CalendarOf,
) -> date:
    """What was promised: all steps one after the other from `doc_date` on, and the times in which the clock stood."""
    return shifted(plan(case.doc_date, [*steps, *to_come], calendar_of), pauses, calendar_of)


def earliest_finish(
    step: CaseStep | None,
    paused_since: date | None,
    to_come: Iterable[Timed],
    calendar_of: CalendarOf,
    *,
    today: date,
) -> date:
    """The day on which the last step can be done: the current one on its due date, or today where that has passed; a
    step that waits goes on today; the others take their time one after the other."""
    begin = today
    if step is not None:
        calendar = calendar_of(step.country)
        begin = step.due_date
        if paused_since is not None:
            stood = calendar.between(paused_since, today, business=step.business_days)
            begin = calendar.add(begin, stood, business=step.business_days) if stood else begin
        if begin < today:
            begin = calendar.add(today, 0, business=step.business_days)
    return plan(begin, to_come, calendar_of)
