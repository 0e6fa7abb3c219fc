"""What the pages of ageing and statements are asked for, and what they show beside the figures."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from bureau.kit.money import ZERO
from bureau.kit.workdays import add_months
from bureau.sales.selectors.ageing import BUCKETS, Bucket, CustomerOwes, Owed
from bureau.sales.selectors.statements import Movement, Statement
from bureau.web.selling.finding import read_day, read_id

SORTS: Final = {"name": "customer_name", "overdue": "overdue", "total": "total"}


class AgeingFilters:
    """What cannot be read does not narrow it; a day to come is today."""

    def __init__(self, request: HttpRequest, *, today: date) -> None:
        self.today = today
        self.q = request.GET.get("q", "").strip()[:200].replace("\x00", "")
        self.client = read_id(request.GET.get("client", ""))
        day = read_day(request.GET.get("as_of", ""))
        self.past = day if day and day < today else None
        sort = request.GET.get("sort", "")
        self.sort = sort if sort.removeprefix("-") in SORTS else "name"

    def __bool__(self) -> bool:
        return bool(self.q or self.client)

    @property
    def as_of(self) -> date:
        return self.past or self.today

    @property
    def order(self) -> list[str]:
        down = "-" if self.sort.startswith("-") else ""
        return [f"{down}{SORTS[self.sort.removeprefix('-')]}"]

    @property
    def headings(self) -> dict[str, dict[str, str]]:
        """For each sortable column what a click on it asks for, and how it is sorted now."""
        labels = {
            "name": (_("Customer"), "name"),
            "overdue": (_("Overdue"), "-overdue"),
            "total": (_("Total"), "-total"),
        }
        found = {}
        for name, (label, first) in labels.items():
            now = {name: "ascending", f"-{name}": "descending"}.get(self.sort, "")
            turned = name if self.sort == f"-{name}" else f"-{name}"
            found[name] = {"label": label, "sort": turned if now else first, "now": now}
        return found


@dataclass(frozen=True)
class Part:
    """An amount of one bucket. `url`: the invoices behind it, where the list can show them; `width`: of its bar, in
    percent of the longest."""

    bucket: Bucket
    amount: Decimal
    url: str
    width: str = ""


def parts_of(owed: Owed, as_of: date, *, client: int | None = None, listed: bool = True) -> list[Part]:
    """`listed`: whether the list of invoices shows these amounts, which it does of no day but today."""
    longest = max(*owed.amounts, Decimal("0.01"))
    return [
        Part(
            bucket,
            amount,
            _invoices(bucket, as_of, client) if amount and listed else "",
            f"{max(amount, ZERO) * 100 / longest:.2f}",
        )
        for bucket, amount in zip(BUCKETS, owed.amounts, strict=True)
    ]


def _invoices(bucket: Bucket, as_of: date, client: int | None) -> str:
    asked = {"tab": "open", "client": client, "due_from": bucket.due_from(as_of), "due_to": bucket.due_to(as_of)}
    return f"{reverse('web:invoices')}?{urlencode({name: value for name, value in asked.items() if value})}"


@dataclass(frozen=True)
class AgeingRow:
    """`known`: whether this person sees the customer, and not only an invoice of theirs."""

    owes: CustomerOwes
    parts: list[Part]
    known: bool


@dataclass(frozen=True)
class Chart:
    """What all customers owe together, in one currency."""

    owed: Owed
    parts: list[Part]


class Period:
    """The days and the currency that a statement is asked for; what cannot be read is left to the statement."""

    def __init__(self, request: HttpRequest, *, today: date) -> None:
        self.today = today
        self.date_from, self.date_to = (read_day(request.GET.get(name, "")) for name in ("from", "to"))
        self.turned = bool(self.date_from and self.date_from > (self.date_to or today))
        if self.turned:
            self.date_from = None
        self.currency = request.GET.get("currency", "").strip()[:3].upper().replace("\x00", "")

    def choices(self, statement: Statement) -> list[dict[str, Any]]:
        """Periods to go to at once."""
        today, month = self.today, self.today.replace(day=1)
        year = today.replace(month=1, day=1)
        found = [
            (_("This month"), month, today),
            (_("Last month"), add_months(month, -1), month - timedelta(days=1)),
            (_("This year"), year, today),
            (_("Last year"), add_months(year, -12), year - timedelta(days=1)),
            (_("Twelve months"), add_months(today, -12), today),
        ]
        return [
            {
                "label": label,
                "from": first,
                "to": last,
                "current": (first, last) == (statement.date_from, statement.date_to),
            }
            for label, first, last in found
        ]


@dataclass(frozen=True)
class Line:
    """A line of a statement's file: its balances at the beginning and the end are lines, too."""

    day: date
    what: str
    balance: Decimal
    movement: Movement | None = None


def lines_of(statement: Statement) -> list[Line]:
    return [
        Line(statement.date_from, _("Opening balance"), statement.opening_balance),
        *(Line(one.day, one.label, one.balance, one) for one in statement.movements),
        Line(statement.date_to, _("Closing balance"), statement.closing_balance),
    ]
