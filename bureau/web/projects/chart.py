"""The course of a project as a picture: what was spent month by month against the budget. Drawn on a field of 100 by
100 that the page stretches; the words stand around it as text."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bureau.kit.money import ZERO
from bureau.purchasing.models import EntryKind
from bureau.purchasing.selectors.statements import Month

LABELS = (4, 3, 2)  # months named below the picture: as many as stand at equal distances


@dataclass(frozen=True)
class Chart:
    months: list[Month]
    spent: str  # SVG paths
    spent_line: str
    paid: str
    budget: str
    top: Decimal
    labels: list[date]

    @property
    def middle(self) -> Decimal:
        return self.top / 2


def chart_of(months: list[Month]) -> Chart | None:
    """None where there is nothing to draw yet."""
    budgets = [month.figures[EntryKind.BUDGET] for month in months]
    spent = [month.spent for month in months]
    highest = max([*budgets, *spent], default=Decimal(0))
    if highest <= 0:
        return None
    top = _round_up(highest)
    paid = [month.figures[EntryKind.PAID] for month in months]
    return Chart(
        months=months,
        spent=_area(spent, top),
        spent_line=_line(spent, top),
        paid=_area(paid, top),
        budget=_steps(budgets, top),
        top=top,
        labels=_labels([month.first_day for month in months]),
    )


def _labels(days: list[date]) -> list[date]:
    gaps = len(days) - 1
    count = next((count for count in LABELS if gaps and gaps % (count - 1) == 0), 1)
    return days[:: gaps // (count - 1)] if count > 1 else days[:1]


def _points(values: list[Decimal], top: Decimal) -> list[tuple[str, str]]:
    drawn = values if len(values) > 1 else values * 2
    width = len(drawn) - 1
    return [(f"{100 * i / width:.2f}", f"{100 - 100 * max(value, ZERO) / top:.2f}") for i, value in enumerate(drawn)]


def _line(values: list[Decimal], top: Decimal) -> str:
    return "M" + " L".join(f"{x},{y}" for x, y in _points(values, top))


def _area(values: list[Decimal], top: Decimal) -> str:
    return f"{_line(values, top)} L100,100 L0,100 Z"


def _steps(values: list[Decimal], top: Decimal) -> str:
    """A budget changes at once, so its line does not slope."""
    points = _points(values, top)
    return f"M{points[0][0]},{points[0][1]}" + "".join(f" H{x} V{y}" for x, y in points[1:])


def _round_up(amount: Decimal) -> Decimal:
    """The next of 1, 2, 4, 5, 10 times a power of ten: halves of it are round as well."""
    unit = Decimal(10) ** (amount.adjusted())
    return next(unit * factor for factor in (1, 2, 4, 5, 8, 10) if unit * factor >= amount)
