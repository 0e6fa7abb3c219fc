"""The amounts of a request: pure functions."""

from collections.abc import Iterable
from decimal import Decimal

from bureau.kit.money import ZERO, cents

MAX_AMOUNT = Decimal(10) ** 12
"""Every amount of a request stays below this: 14 digits, cents included."""


def request_amount(line_totals: Iterable[Decimal], form_amount: Decimal | None) -> Decimal | None:
    """What a request is about: the total of its lines; without lines the form's amount field, where it has one."""
    totals = list(line_totals)
    if totals:
        return sum(totals, ZERO)
    return None if form_amount is None else cents(form_amount)


def decimal_places(number: Decimal) -> int:
    """The decimals that writing a finite number takes: 1 for 1.50, 0 for 1E+3."""
    _sign, written, exponent = number.as_tuple()
    zeros = next((count for count, digit in enumerate(reversed(written)) if digit), 0)
    return max(-int(exponent) - zeros, 0) if number else 0


def digits(number: Decimal) -> int:
    """The digits that writing a finite number takes, before and after the point: 4 for 12.34, 3 for 0.125."""
    whole = max(number.adjusted() + 1, 0) if number else 0
    return whole + decimal_places(number)
