"""Whether a vendor's bill is what was ordered and received: pure functions.

A three-way match compares the bill with the order and its goods receipts, a two-way match with the order alone. Every
amount is money of the organization's currency, every percentage a number such as 2 for 2 %.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext as _

from bureau.kit.money import ZERO, shown
from bureau.kit.pricing import priced_line


class Kind(StrEnum):
    NO_ORDER = "no_order"
    UNKNOWN_LINE = "unknown_line"
    QUANTITY = "quantity"
    PRICE = "price"
    TAX = "tax"
    TOTAL = "total"
    OVER_CEILING = "over_ceiling"
    VENDOR = "vendor"
    SEEN_BEFORE = "seen_before"


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """What was ordered, how much of it came in, and how much of it earlier bills that were approved have asked for."""

    id: int
    quantity: Decimal
    unit_price: Decimal
    tax_rate: Decimal
    received: Decimal = ZERO
    billed: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A line of the bill; `number` counts from 1, `order_line` is the id of the line that it asks to be paid for."""

    number: int
    quantity: Decimal
    unit_price: Decimal
    tax_rate: Decimal
    total: Decimal
    order_line: int | None = None


@dataclass(frozen=True, slots=True)
class Ordered:
    """The order of a bill. `released` of a rolling order: the sum of its releases; `billed`: the totals of its earlier
    bills that were approved; `vendor`: the name it went to, where that does not mean the vendor of the bill."""

    lines: Sequence[OrderedLine]
    released: Decimal | None = None
    billed: Decimal = ZERO
    vendor: str = ""


@dataclass(frozen=True, slots=True)
class Tolerances:
    """By how much a bill may differ: quantity and price in percent, the total by an amount."""

    quantity: Decimal = ZERO
    price: Decimal = ZERO
    total: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that a person decides on. `line` is the number of the bill's line, None for the bill as a whole.

    `tolerance` is in percent for quantity and price, else an amount.
    """

    kind: Kind
    message: str
    line: int | None = None
    order_line: int | None = None
    expected: Decimal | None = None
    actual: Decimal | None = None
    tolerance: Decimal = field(default=ZERO)

    @property
    def difference(self) -> Decimal | None:
        return None if self.expected is None or self.actual is None else self.actual - self.expected

    def as_json(self) -> dict[str, str | int | None]:
        """As it is kept and shown: numbers as text, without needless zeros but amounts to the cent."""
        write = plain if self.kind in (Kind.QUANTITY, Kind.TAX) else money
        return {
            "kind": self.kind.value,
            "line": self.line,
            "order_line": self.order_line,
            "expected": write(self.expected),
            "actual": write(self.actual),
            "difference": write(self.difference),
            "tolerance": plain(self.tolerance) if self.kind in (Kind.QUANTITY, Kind.PRICE) else write(self.tolerance),
            "message": self.message,
        }


def match(
    lines: Sequence[BilledLine], ordered: Ordered | None, tolerances: Tolerances, *, three_way: bool
) -> list[Difference]:
    """Everything in which the bill goes beyond the order; nothing when it can be approved as it is.

    A lower price, a smaller quantity and a smaller total are fine. A rolling order is measured by what was released of
    it, not by quantities.
    """
    total = sum((line.total for line in lines), ZERO)
    if ordered is None:
        return [Difference(Kind.NO_ORDER, _("The bill names no order."), actual=total)]
    known = {line.id: line for line in ordered.lines}
    pairs = [(line, known.get(line.order_line or 0)) for line in lines]
    found = list(_line_differences(pairs, tolerances, rolling=ordered.released is not None))
    if ordered.vendor:
        message = _("The order went to “%(vendor)s”, by name alone. Is that who sends the bill?")
        found.insert(0, Difference(Kind.VENDOR, message % {"vendor": ordered.vendor}, actual=total))
    if ordered.released is not None:
        return found + _over_ceiling(ordered.billed + total, ordered.released)
    return found + _quantities(pairs, tolerances, three_way=three_way) + _total(pairs, total, tolerances)


def _line_differences(
    pairs: Iterable[tuple[BilledLine, OrderedLine | None]], tolerances: Tolerances, *, rolling: bool
) -> Iterable[Difference]:
    """Lines that were never ordered, and prices and taxes that were ordered otherwise."""
    for line, ordered in pairs:
        if ordered is None:
            if not rolling:
                message = _("Line %(line)s names no line of the order.") % {"line": line.number}
                yield Difference(Kind.UNKNOWN_LINE, message, line.number, actual=line.total)
            continue
        if line.unit_price > _raised(ordered.unit_price, tolerances.price):
            message = _("Line %(line)s: %(actual)s each is billed, %(expected)s was ordered.") % {
                "line": line.number,
                "actual": shown(line.unit_price),
                "expected": shown(ordered.unit_price),
            }
            yield Difference(
                Kind.PRICE, message, line.number, ordered.id, ordered.unit_price, line.unit_price, tolerances.price
            )
        if line.tax_rate != ordered.tax_rate:
            message = _("Line %(line)s: %(actual)s %% tax is billed, %(expected)s %% was ordered.") % {
                "line": line.number,
                "actual": plain(line.tax_rate),
                "expected": plain(ordered.tax_rate),
            }
            yield Difference(Kind.TAX, message, line.number, ordered.id, ordered.tax_rate, line.tax_rate)


def _quantities(
    pairs: Iterable[tuple[BilledLine, OrderedLine | None]], tolerances: Tolerances, *, three_way: bool
) -> list[Difference]:
    """Order lines of which more is billed in all than came in or, two ways, than was ordered."""
    billed: Mapping[int, list[BilledLine]] = defaultdict(list)
    by_id: dict[int, OrderedLine] = {}
    for line, ordered in pairs:
        if ordered is not None:
            by_id[ordered.id] = ordered
            billed[ordered.id].append(line)
    found = []
    for ordered in by_id.values():
        asked = billed[ordered.id]
        expected = ordered.received if three_way else ordered.quantity
        actual = ordered.billed + sum((line.quantity for line in asked), ZERO)
        if actual > _raised(expected, tolerances.quantity):
            said = (
                _("Line %(line)s: %(actual)s is billed in all, %(expected)s was received.")
                if three_way
                else _("Line %(line)s: %(actual)s is billed in all, %(expected)s was ordered.")
            )
            message = said % {"line": asked[0].number, "actual": plain(actual), "expected": plain(expected)}
            found.append(
                Difference(Kind.QUANTITY, message, asked[0].number, ordered.id, expected, actual, tolerances.quantity)
            )
    return found


def _total(
    pairs: Iterable[tuple[BilledLine, OrderedLine | None]], total: Decimal, tolerances: Tolerances
) -> list[Difference]:
    """The bill as a whole above what its quantities cost at the order's prices and taxes."""
    costs = (
        priced_line(line.quantity, ordered.unit_price, ordered.tax_rate).total for line, ordered in pairs if ordered
    )
    expected = sum(costs, ZERO)
    if total <= expected + tolerances.total:
        return []
    message = _("The bill comes to %(actual)s, %(expected)s at the prices of the order.") % {
        "actual": shown(total),
        "expected": shown(expected),
    }
    return [Difference(Kind.TOTAL, message, expected=expected, actual=total, tolerance=tolerances.total)]


def _over_ceiling(billed: Decimal, released: Decimal) -> list[Difference]:
    if billed <= released:
        return []
    message = _("%(actual)s is billed in all, only %(expected)s of the order was released.") % {
        "actual": shown(billed),
        "expected": shown(released),
    }
    return [Difference(Kind.OVER_CEILING, message, expected=released, actual=billed)]


def _raised(value: Decimal, percent: Decimal) -> Decimal:
    return value * (100 + percent) / 100


def plain(number: Decimal | None) -> str | None:
    """50 for 50.000."""
    return None if number is None else f"{number.normalize():f}"


def money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"
