"""Money is Decimal to the cent, rounded half up, once per line."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
MAX_DIGITS = 14  # of every stored amount, cents included


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def line_total(quantity: Decimal, unit_price: Decimal) -> Decimal:
    return cents(quantity * unit_price)


def shown(amount: Decimal) -> str:
    """An amount in a sentence: 12,693.62."""
    return f"{amount:,.2f}"
