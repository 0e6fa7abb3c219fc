"""The ledger of a project or a cost code as people read it: a statement, and its figures month by month."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, QuerySet, Sum, When, Window
from django.db.models.functions import TruncMonth
from django.utils import timezone

from bureau.core.models import User
from bureau.core.sums import ExactSum
from bureau.kit.money import ZERO, cents
from bureau.purchasing.models import Bill, CostCode, EntryKind, LedgerEntry, Project, PurchaseOrder

SPENDING = (EntryKind.COMMITTED, EntryKind.EXTERNAL)
Figures = dict[EntryKind, Decimal]


def statement(what: Project | CostCode) -> QuerySet[LedgerEntry]:
    """The entries, newest first, each with `running`: what was spent up to it, with it."""
    spent = Case(When(kind__in=SPENDING, then=F("amount")), default=ZERO)
    order = [F("created_at").asc(), F("id").asc()]
    rows = _entries(what).annotate(running=Window(Sum(spent), order_by=order))
    return rows.select_related("order", "bill", "cost_code", "user").order_by("-created_at", "-id")


@dataclass(slots=True)
class StatementLine:
    """What happened at one time for one reason; the change of each figure."""

    at: datetime
    reason: str
    user: User | None
    order: PurchaseOrder | None
    bill: Bill | None
    cost_code: CostCode | None
    running: Decimal
    changes: Figures = field(default_factory=dict)


def statement_lines(entries: list[Any]) -> list[StatementLine]:
    """Entries of a statement, put together where one event changed several figures."""
    lines: list[StatementLine] = []
    before: tuple[Any, ...] = ()
    for entry in entries:
        event = (entry.created_at, entry.reason, entry.user_id, entry.order_id, entry.bill_id, entry.cost_code_id)
        if event != before:
            lines.append(
                StatementLine(
                    at=entry.created_at,
                    reason=entry.reason,
                    user=entry.user,
                    order=entry.order,
                    bill=entry.bill,
                    cost_code=entry.cost_code,
                    running=cents(entry.running),
                )
            )
            before = event
        changes = lines[-1].changes
        kind = EntryKind(entry.kind)
        changes[kind] = changes.get(kind, ZERO) + entry.amount
    return lines


@dataclass(frozen=True, slots=True)
class Month:
    """The figures at the end of a month, or today in the month that still runs."""

    first_day: date
    figures: Figures

    @property
    def spent(self) -> Decimal:
        return self.figures[EntryKind.COMMITTED] + self.figures[EntryKind.EXTERNAL]


def months(what: Project | CostCode, *, until: date) -> list[Month]:
    """Month by month from the first entry to `until`; a project's budget is its own."""
    entries = _entries(what).filter(created_at__lt=_end_of(until))
    if isinstance(what, Project):
        entries = entries.exclude(kind=EntryKind.BUDGET, cost_code__isnull=False)
    sums = entries.order_by().annotate(month=TruncMonth("created_at")).values_list("month", "kind")
    changes: dict[date, Figures] = {}
    for month, kind, amount in sums.annotate(ExactSum("amount")):
        changes.setdefault(timezone.localtime(month).date(), {})[EntryKind(kind)] = amount
    found: list[Month] = []
    if not changes:
        return found
    figures, day = dict.fromkeys(EntryKind, ZERO), min(changes)
    while day <= until:
        figures = {kind: amount + changes.get(day, {}).get(kind, ZERO) for kind, amount in figures.items()}
        found.append(Month(day, figures))
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return found


def _entries(what: Project | CostCode) -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.filter(**{"cost_code" if isinstance(what, CostCode) else "project": what})


def _end_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
