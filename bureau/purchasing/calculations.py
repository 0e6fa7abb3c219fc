"""The amounts of requests and orders: pure functions."""

from collections.abc import Iterable
from decimal import Decimal

from bureau.kit.money import CENT, ZERO, cents
from bureau.kit.pricing import priced_line


def net_within(total: Decimal, rate: Decimal) -> Decimal:
    """The largest net amount that does not pass `total` with its tax: at most one cent is missing, where rounding
    leaves no net amount that hits it."""
    net = cents(total * 100 / (100 + rate)) + CENT
    while priced_line(Decimal(1), net, rate).total > total:
        net -= CENT
    return net


def request_amount(line_totals: Iterable[Decimal], form_amount: Decimal | None) -> Decimal | None:
    """What a request is about: the total of its lines; without lines the form's amount field, where it has one."""
    totals = list(line_totals)
    if totals:
        return sum(totals, ZERO)
    return None if form_amount is None else cents(form_amount)
