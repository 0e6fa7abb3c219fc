"""What a line comes to, and how numbers are written: pure functions."""

from dataclasses import dataclass
from decimal import Decimal

from bureau.kit.money import cents

MAX_AMOUNT = Decimal(10) ** 12
"""Every amount stays below this: 14 digits, cents included."""


@dataclass(frozen=True, slots=True)
class Priced:
    """The amounts of one line."""

    net: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        return self.net + self.tax


def priced_line(quantity: Decimal, unit_price: Decimal, rate: Decimal) -> Priced:
    """Net and tax of a line, each rounded once; `rate` in percent (system.md, section 4)."""
    exact = quantity * unit_price
    return Priced(cents(exact), cents(exact * rate / 100))


def decimal_places(number: Decimal) -> int:
    """The decimals that writing a finite number takes: 1 for 1.50, 0 for 1E+3."""
    _sign, written, exponent = number.as_tuple()
    zeros = next((count for count, digit in enumerate(reversed(written)) if digit), 0)
    return max(-int(exponent) - zeros, 0) if number else 0


def digits(number: Decimal) -> int:
    """The digits that writing a finite number takes, before and after the point: 4 for 12.34, 3 for 0.125."""
    whole = max(number.adjusted() + 1, 0) if number else 0
    return whole + decimal_places(number)
