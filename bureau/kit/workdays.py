"""Days on which somebody works: weekends and public holidays of a country, and closing days of one's own."""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import holidays

DAY = timedelta(days=1)
SATURDAY, SUNDAY = 5, 6
LONGEST = 3660
"""Days of a duration, and of a search for a working day: about ten years."""


@lru_cache(maxsize=1024)
def _days_off(country: str, year: int) -> frozenset[date]:
    """The days of a year on which a country (ISO 3166-1 alpha-2) does not work; of one that the library does not know,
    Saturdays and Sundays. A set of its own for each year: a calendar of the library's fills itself while it is asked,
    which no other thread may see halfway."""
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    days = [date.fromordinal(number) for number in range(first, last + 1)]
    try:
        public = holidays.country_holidays(country, years=year) if country else None
    except NotImplementedError:
        public = None
    if public is None:
        return frozenset(day for day in days if day.weekday() in (SATURDAY, SUNDAY))
    return frozenset(day for day in days if not public.is_working_day(day))


@dataclass(frozen=True)
class Workdays:
    """`country`: ISO 3166-1 alpha-2, empty for Saturday and Sunday alone; `closed`: further days without work."""

    country: str = ""
    closed: frozenset[date] = field(default_factory=frozenset)

    def works(self, day: date) -> bool:
        return day not in self.closed and day not in _days_off(self.country, day.year)

    def add(self, start: date, days: int, *, business: bool) -> date:
        """The day that lies `days` after `start`, which is not counted itself. With `business` only working days count,
        and 0 of them give the first working day from `start` on. Raises OverflowError past the end of the calendar."""
        if not business:
            return start + days * DAY
        day = start
        left = days
        for _ in range(LONGEST * 2):
            if left and day != start and self.works(day):
                left -= 1
            if not left and self.works(day):
                return day
            day += DAY
        raise OverflowError("no such working day")

    def between(self, start: date, end: date, *, business: bool) -> int:
        """How many days there are from `start` to the day before `end`; working ones with `business`."""
        if not business:
            return max((end - start).days, 0)
        return sum(self.works(start + n * DAY) for n in range(max((end - start).days, 0)))


def workdays(country: str, closed: Iterable[date]) -> Workdays:
    return Workdays(country.upper(), frozenset(closed))


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or its last where it is shorter. Raises OverflowError past the year 9999."""
    count = day.month - 1 + months
    year, month = day.year + count // 12, count % 12 + 1
    if year > date.max.year:
        raise OverflowError("past the end of the calendar")
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
