"""Working days, against holidays that were written down by hand (published_holidays.py) and a table of due dates that
follow from them (workdays.csv). Nothing here asks the library that the product asks."""

import csv
import timeit
from datetime import date, timedelta
from pathlib import Path

import pytest

from bureau.kit.workdays import Workdays, add_months, workdays
from tests.kit.published_holidays import FIRST, LAST, PUBLISHED

TABLE = list(csv.DictReader((Path(__file__).parent / "workdays.csv").open()))
DAY = timedelta(days=1)


def days_of(text):
    return frozenset(date.fromisoformat(day) for day in text.split())


def by_hand(row):
    """The due date by the published holidays alone: all working days of a span, and of these the one that is meant."""
    start, days = date.fromisoformat(row["start"]), int(row["days"])
    if row["counted"] == "calendar":
        return start + days * DAY
    off = PUBLISHED[row["country"]] | days_of(row["closed"])
    span = [start + n * DAY for n in range(3 * days + 60)]
    working = [day for day in span if day.weekday() < 5 and day not in off]
    return working[0] if days == 0 else [day for day in working if day > start][days - 1]


def test_table_is_what_it_says():
    places = {(row["country"], row["start"], row["days"], row["counted"], row["closed"]) for row in TABLE}
    assert len(places) >= 200
    assert {row["country"] for row in TABLE} == {"DE", "US", ""}
    for row in TABLE:
        assert by_hand(row) == date.fromisoformat(row["expected"]), row


@pytest.mark.parametrize("row", TABLE, ids=lambda row: "-".join(list(row.values())[:4]))
def test_due_date_is_that_of_the_table(row):
    calendar = workdays(row["country"], days_of(row["closed"]))
    due = calendar.add(date.fromisoformat(row["start"]), int(row["days"]), business=row["counted"] == "business")
    assert due == date.fromisoformat(row["expected"]), row["why"]


@pytest.mark.parametrize("country", ["DE", "US", ""])
def test_every_day_of_six_years_is_worked_or_not_as_published(country):
    calendar, day = Workdays(country), date(FIRST, 1, 1)
    while day.year <= LAST:
        assert calendar.works(day) == (day.weekday() < 5 and day not in PUBLISHED[country]), day
        day += DAY


@pytest.mark.parametrize("country", ["DE", "US", ""])
def test_days_between_are_those_that_are_added(country):
    """From a working day `n` working days on lie `n` of them between: the first one, and not the last."""
    calendar = Workdays(country, days_of("2026-12-24 2026-12-28"))
    start = calendar.add(date(2026, 11, 20), 0, business=True)
    for days in range(1, 60):
        end = calendar.add(start, days, business=True)
        assert calendar.between(start, end, business=True) == days
        assert calendar.between(start, start + days * DAY, business=False) == days
    assert calendar.between(start, start, business=True) == 0
    assert calendar.between(end, start, business=True) == calendar.between(end, start, business=False) == 0


def test_other_weekends_and_unknown_countries():
    friday, saturday, sunday = date(2026, 3, 6), date(2026, 3, 7), date(2026, 3, 8)
    assert [Workdays("EG").works(day) for day in (friday, saturday, sunday)] == [False, False, True]
    assert [Workdays("AQ").works(day) for day in (friday, saturday, sunday)] == [True, False, False]
    assert workdays("de", []).works(date(2026, 10, 3)) is False
    assert workdays("de", []) == Workdays("DE")


def test_calendar_ends_where_dates_do():
    for days, business in ((5, True), (5, False)):
        with pytest.raises(OverflowError):
            Workdays("DE").add(date(9999, 12, 30), days, business=business)
    always_closed = Workdays("", frozenset(date(2026, 1, 1) + n * DAY for n in range(8000)))
    with pytest.raises(OverflowError):
        always_closed.add(date(2026, 1, 1), 1, business=True)
    assert Workdays("DE").add(date(1, 1, 1), 1, business=True) == date(1, 1, 2)
    assert Workdays("DE").add(date(2026, 1, 1), 3650, business=True) > date(2040, 1, 1)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-11-30", 0, "2026-11-30"),
    ],
)
def test_months_end_where_the_month_does(day, months, expected):
    assert add_months(date.fromisoformat(day), months) == date.fromisoformat(expected)


def test_adding_five_days_takes_microseconds():
    """Readiness asks often. It takes about five; the bound leaves room for a busy machine."""
    calendar, start = Workdays("DE", days_of("2026-12-24")), date(2026, 12, 21)
    calendar.add(start, 5, business=True)
    once = min(timeit.repeat(lambda: calendar.add(start, 5, business=True), number=200, repeat=5)) / 200
    assert once < 200e-6
