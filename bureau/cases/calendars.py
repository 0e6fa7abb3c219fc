"""On which days an organization works, for due dates."""

from collections.abc import Callable
from datetime import date
from functools import cache

from django.db.models import QuerySet

from bureau.cases.planning import Timed, plan
from bureau.core.models import ClosingDay, Organization
from bureau.core.prepared import prepared
from bureau.kit.workdays import Workdays, workdays


def calendars_of(organization: Organization) -> Callable[[str], Workdays]:
    """The working days of a country (of the organization's own for an empty one) without closing days, read once."""
    closed = frozenset(row.date for row in _closing_days(organization=organization.pk))

    @cache
    def calendar_of(country: str) -> Workdays:
        return workdays(country or organization.country, closed)

    return calendar_of


@prepared
def _closing_days(organization: int) -> QuerySet[ClosingDay]:
    return ClosingDay.objects.filter(organization=organization)


def task_due_date(task: Timed, start: date, organization: Organization) -> date:
    """When a task (or a step of a case) is due that begins on `start`. Raises OverflowError past the year 9999."""
    return plan(start, [task], calendars_of(organization))
