"""What is checked alike of the lines of orders and bills."""

from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from bureau.kit.pricing import MAX_AMOUNT, decimal_places


def line_problems(
    *, description: str, quantity: Decimal, unit_price: Decimal, tax_code: str, rates: Mapping[str, Decimal]
) -> dict[str, str]:
    """What is wrong with a line, by the name of the field; `rates` are those of the tax codes that can be chosen."""
    problems = {}
    if not description:
        problems["description"] = _("Say what it is.")
    elif "\x00" in description or len(description) > 300:
        problems["description"] = _("Use at most 300 characters, and none of them null.")
    if not quantity.is_finite() or not 0 < quantity < 10**9:
        problems["quantity"] = _("The quantity must be more than 0 and below 1,000,000,000.")
    elif decimal_places(quantity) > 3:
        problems["quantity"] = _("The quantity has at most 3 decimals.")
    if not unit_price.is_finite() or not 0 <= unit_price < MAX_AMOUNT:
        problems["unit_price"] = _("The unit price must be 0 or more, and below 1,000,000,000,000.")
    elif decimal_places(unit_price) > 2:
        problems["unit_price"] = _("The unit price has at most 2 decimals.")
    elif "quantity" not in problems and quantity * unit_price >= MAX_AMOUNT:
        problems["unit_price"] = _("The total must be below 1,000,000,000,000.")
    if tax_code not in rates:
        problems["tax_code"] = _("Choose one of: %(options)s.") % {"options": ", ".join(rates)}
    return problems
