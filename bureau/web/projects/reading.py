"""What the pages of projects and cost codes show of the money, today or as of another day."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from bureau.kit.errors import Invalid
from bureau.purchasing.models import CostCode, EntryKind, Project
from bureau.purchasing.selectors.statements import months, statement, statement_lines
from bureau.purchasing.services.budgets import figures_as_of
from bureau.web.answers import PageRequest, paged
from bureau.web.projects.chart import chart_of


@dataclass(frozen=True)
class Figures:
    budget: Decimal
    external: Decimal
    requested: Decimal
    committed: Decimal
    received: Decimal
    billed: Decimal
    paid: Decimal

    @property
    def spent(self) -> Decimal:
        return self.committed + self.external

    @property
    def remaining(self) -> Decimal:
        return self.budget - self.spent

    @property
    def waiting(self) -> Decimal:
        """Submitted, and not decided on yet."""
        return self.requested - self.committed


def day_asked(request: PageRequest) -> date | None:
    """The day of `as_of`; None is now. Raises Invalid."""
    text = request.GET.get("as_of", "").strip()
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not date(2000, 1, 1) <= day <= date(2200, 1, 1):
        raise Invalid(_("Give the day as a date, such as 2026-03-31."))
    return day if day < timezone.localdate() else None


def money_of(request: PageRequest, what: Project | CostCode) -> dict[str, Any]:
    """The figures of the day asked for, the picture up to it and a page of the statement."""
    day = day_asked(request)
    today = timezone.localdate()
    sums = figures_as_of(what, day or today)
    page = paged(request, statement(what))
    return {
        "as_of": day,
        "today": today,
        "figures": Figures(**{kind.value: sums[kind] for kind in EntryKind}),
        "chart": chart_of(months(what, until=day or today)),
        "page": page,
        "statement": statement_lines(list(page)),
    }
