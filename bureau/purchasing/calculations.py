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
    """The decimals that are needed to write a finite number: 2 for 1.50 as for 1.25, 0 for 1E+3."""
    exponent = number.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0
