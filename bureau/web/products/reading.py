"""What the pages of products tell in words."""

from collections.abc import Iterable
from datetime import date

from bureau.cases.actions import ACTIONS
from bureau.cases.planning import CalendarOf, Timed, plan


def due_days(tasks: Iterable[Timed], start: date, calendar_of: CalendarOf) -> list[date | None]:
    """When each task is due in a case that begins on `start`; None past the end of the calendar."""
    days: list[date | None] = []
    day: date | None = start
    for task in tasks:
        try:
            day = None if day is None else plan(day, [task], calendar_of)
        except OverflowError:
            day = None
        days.append(day)
    return days


def offered_actions() -> list[tuple[str, str]]:
    """The hook actions that a document type can offer, by name."""
    return [(name, str(action.label)) for name, action in ACTIONS.items()]
