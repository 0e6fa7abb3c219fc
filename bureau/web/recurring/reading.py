"""What the pages of recurring invoices tell: what each comes to, and when the next ones are."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property

from bureau.kit.money import ZERO
from bureau.sales.calculations import line_amounts
from bureau.sales.models import Interval, RecurringInvoice
from bureau.sales.services.content import LineInput
from bureau.sales.services.recurring import date_after, given_lines
from bureau.web.recurring.forms import INTERVALS
from bureau.web.selling.editing.lines import Line

COMING = 4


class Plan:
    """A recurring invoice as a list and its page tell of it."""

    def __init__(self, item: RecurringInvoice) -> None:
        self.item = item

    @property
    def interval(self) -> str:
        return str(INTERVALS[Interval(self.item.interval)])

    @cached_property
    def lines(self) -> list[LineInput]:
        return given_lines(self.item)

    @property
    def net(self) -> Decimal:
        """Of each invoice, before tax: the rate is the one of its day."""
        return sum((line_net(line) for line in self.lines), ZERO)

    @property
    def priced(self) -> list[tuple[LineInput, Decimal]]:
        return [(line, line_net(line)) for line in self.lines]

    @property
    def tone(self) -> str:
        if self.item.problem:
            return "refused"
        if not self.item.active:
            return "draft"
        return "moving" if self.item.next_date else "done"


def line_net(line: LineInput) -> Decimal:
    return line_amounts(line.quantity, line.unit_price, line.discount_percent, ZERO).net


def coming(item: RecurringInvoice) -> Sequence[date]:
    """The next dates, while it is active."""
    days: list[date] = []
    day = item.next_date if item.active else None
    while day is not None and len(days) < COMING:
        days.append(day)
        day = date_after(item.start_date, item.interval, day)
        if item.end_date and day > item.end_date:
            day = None
    return days


def grid_lines(item: RecurringInvoice | None) -> list[Line]:
    """As the editor's grid has them."""
    return [_shown(line) for line in given_lines(item)] if item else []


def _shown(line: LineInput) -> Line:
    discount = line.discount_percent
    texts = {
        "description": line.description,
        "quantity": f"{line.quantity.normalize():f}",
        "unit": line.unit,
        "unit_price": f"{line.unit_price:.2f}",
        "discount_percent": f"{discount.normalize():f}" if discount else "",
        "tax_code": line.tax_code,
        "case": "",
    }
    return Line(texts, net=line_net(line))
