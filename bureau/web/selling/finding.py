"""What the lists of selling have in common: how they are narrowed, sorted, counted and added up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, Final

from django.core.paginator import Page
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_date

from bureau.core.models import User
from bureau.core.sums import ExactSum
from bureau.kit.errors import NotFound
from bureau.parties.models import Customer
from bureau.parties.selectors.customers import visible_customers
from bureau.web.orders.finding import CountedPaginator

LARGEST_ID: Final = 2**63 - 1


def known_id(pk: int, message: str) -> int:
    """An id that can be looked for. Raises NotFound for more digits than any has."""
    if pk > LARGEST_ID:
        raise NotFound(message)
    return pk


def read_day(text: str) -> date | None:
    """A day of a filter; None where it cannot be read."""
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found and 1900 < found.year < 3000 else None


def read_id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


@dataclass(frozen=True)
class Heading:
    """A column that can be sorted. `high_first`: a first click puts the highest on top."""

    label: Any
    column: str
    high_first: bool = False


@dataclass(frozen=True)
class Sum:
    """What the rows of one currency come to."""

    currency: str
    amounts: list[Any]


class Filters:
    """What a list is narrowed to, from its address; what cannot be read does not narrow it."""

    TABS: ClassVar[Mapping[str, Any]]
    """The tabs by name, with their labels; the first holds everything."""
    HEADINGS: ClassVar[Mapping[str, Heading]]
    NEWEST: ClassVar[tuple[str, ...]] = ("-created_at", "-pk")
    CUSTOMER: ClassVar[str] = "customer"
    DAY: ClassVar[str] = "issue_date"
    NAMES: ClassVar[tuple[str, ...]] = ("q", "client", "from", "to")

    def __init__(self, request: HttpRequest, user: User, today: date) -> None:
        self.given = {name: request.GET.get(name, "").replace("\x00", "").strip()[:200] for name in self.NAMES}
        self.user, self.today = user, today
        tab = request.GET.get("tab", "")
        self.tab = tab if tab in self.TABS else next(iter(self.TABS))
        sort = request.GET.get("sort", "")
        self.sort = sort if sort.removeprefix("-") in self.HEADINGS else ""

    def __bool__(self) -> bool:
        return any(self.given.values())

    @property
    def sums_wanted(self) -> bool:
        """What everything that ever was adds up to helps nobody, and would be read row by row."""
        return bool(self) or self.tab != next(iter(self.TABS))

    def in_tab(self, name: str) -> Q:
        """What the rows of a tab have in common."""
        raise NotImplementedError

    def found(self, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        """Those in which the words are found."""
        raise NotImplementedError

    @property
    def since(self) -> date | None:
        return read_day(self.given["from"])

    @property
    def until(self) -> date | None:
        return read_day(self.given["to"])

    @cached_property
    def client(self) -> Customer | None:
        """The one that the list is narrowed to, where this person sees them."""
        pk = read_id(self.given["client"])
        return None if pk is None else visible_customers(self.user).filter(pk=pk).first()

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """By all but the tab."""
        rows = self.found(rows, self.given["q"])
        if self.given["client"]:
            rows = rows.filter(**{self.CUSTOMER: self.client}) if self.client else rows.none()
        if self.since:
            rows = rows.filter(**{f"{self.DAY}__gte": self.since})
        if self.until:
            rows = rows.filter(**{f"{self.DAY}__lte": self.until})
        return rows

    def counts(self, rows: QuerySet[Any]) -> dict[str, int]:
        """How many rows each tab has: one query."""
        tabs = {f"n_{name}": Count("pk", filter=self.in_tab(name)) for name in self.TABS}
        return {name.removeprefix("n_"): count for name, count in rows.order_by().aggregate(**tabs).items()}

    def tabs(self, counts: Mapping[str, int]) -> list[dict[str, Any]]:
        """As they are drawn; those without rows stay away, but for the first and the one that is open."""
        first = next(iter(self.TABS))
        return [
            {"name": name, "label": label, "count": counts[name]}
            for name, label in self.TABS.items()
            if counts[name] or name in (first, self.tab)
        ]

    def in_order(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        if not self.sort:
            return rows.order_by(*self.NEWEST)
        down = self.sort.startswith("-")
        column = F(self.HEADINGS[self.sort.removeprefix("-")].column)
        return rows.order_by(column.desc() if down else column.asc(), "-pk" if down else "pk")

    @property
    def headings(self) -> dict[str, dict[str, Any]]:
        """For each sortable column what a click on it asks for, and how it is sorted now."""
        found = {}
        for name, heading in self.HEADINGS.items():
            first = f"-{name}" if heading.high_first else name
            turned = name if self.sort == f"-{name}" else f"-{name}"
            now = {name: "ascending", f"-{name}": "descending"}.get(self.sort, "")
            found[name] = {"label": heading.label, "sort": turned if now else first, "now": now}
        return found


def sums_of(rows: QuerySet[Any], currency: str, *columns: str) -> list[Sum]:
    """What the columns of the rows add up to, by `currency`, the path to it: one query."""
    sums = {f"sum_{index}": ExactSum(column) for index, column in enumerate(columns)}
    found = rows.order_by().values(currency).annotate(**sums).order_by(currency)
    return [Sum(row[currency], [row[name] for name in sums]) for row in found]


def counted_page(request: HttpRequest, rows: QuerySet[Any], count: int) -> Page[Any]:
    """The page asked for of rows that have been counted already."""
    return CountedPaginator(rows, count).get_page(request.GET.get("page"))
