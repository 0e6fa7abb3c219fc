"""The amounts of quotes and invoices: pure functions."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Protocol

from bureau.kit.money import ZERO, cents
from bureau.kit.pricing import Priced


class TaxedLine(Protocol):
    @property
    def tax_rate(self) -> Decimal: ...
    @property
    def tax_category(self) -> str: ...
    @property
    def net_amount(self) -> Decimal: ...
    @property
    def tax_amount(self) -> Decimal: ...


def line_amounts(quantity: Decimal, unit_price: Decimal, discount_percent: Decimal, rate: Decimal) -> Priced:
    """Net after the discount, and the tax of that net amount, each rounded half up to the cent; `rate` in percent.

    The tax is that of the net amount as it is printed, so that a reader can check it (EN 16931 does).
    """
    net = cents(quantity * unit_price * (100 - discount_percent) / 100)
    return Priced(net, cents(net * rate / 100))


def short_number(year: int, sequence: int | None) -> int | None:
    """20260001: the year, then its sequence (system.md, section 1)."""
    return None if sequence is None else int(f"{year}{sequence:04}")


class RateTotal:
    """What is taxed at one rate and category, and the tax on it: the sum of its lines'."""

    __slots__ = ("category", "net", "rate", "tax")

    def __init__(self, rate: Decimal, category: str) -> None:
        self.rate, self.category = rate, category
        self.net = self.tax = ZERO


def taxes_by_rate(lines: Iterable[TaxedLine]) -> list[RateTotal]:
    """One total for each rate and category, the highest rate first."""
    totals: dict[tuple[Decimal, str], RateTotal] = {}
    for line in lines:
        key = (line.tax_rate, line.tax_category)
        total = totals.setdefault(key, RateTotal(*key))
        total.net += line.net_amount
        total.tax += line.tax_amount
    return sorted(totals.values(), key=lambda total: (-total.rate, total.category))


def shares(amount: Decimal, open_amounts: Sequence[Decimal]) -> list[Decimal]:
    """`amount` laid on lines in their order, each filled before the next; the sum is `amount`, which must not be more
    than there is room for."""
    laid = []
    for room in open_amounts:
        part = min(amount, room)
        laid.append(part)
        amount -= part
    if amount:
        raise ValueError("more than the lines can take")
    return laid
