"""What an electronic invoice says of the tax on a line (EN 16931: BT-151)."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from django.utils.translation import gettext as _

from bureau.core.models import TaxCategory


class TaxedLine(Protocol):
    tax_rate: Decimal
    tax_category: str


def is_untaxed(lines: Iterable[TaxedLine], tax_number: str) -> bool:
    """Who has no tax number and takes no tax sells what is not subject to it, whatever the lines' tax codes say."""
    return not tax_number and not any(line.tax_rate for line in lines)


def category_of(line: TaxedLine, *, untaxed: bool) -> TaxCategory:
    """The line's own where it goes with the rate: just what is taxed has one that is not zero."""
    if untaxed:
        return TaxCategory.OUTSIDE
    if line.tax_rate:
        return TaxCategory.STANDARD
    kept = TaxCategory(line.tax_category)
    return TaxCategory.ZERO if kept == TaxCategory.STANDARD else kept


def exemption_reasons() -> dict[str, tuple[str, str]]:
    """By category: its code in the VATEX list, if it has one, and the words that invoices carry."""
    return {
        TaxCategory.EXEMPT: ("", _("Exempt from tax")),
        TaxCategory.REVERSE_CHARGE: ("VATEX-EU-AE", _("Reverse charge: the buyer owes the tax")),
        TaxCategory.INTRA_COMMUNITY: ("VATEX-EU-IC", _("Intra-community supply, exempt from tax")),
        TaxCategory.EXPORT: ("VATEX-EU-G", _("Export outside the European Union, exempt from tax")),
        TaxCategory.OUTSIDE: ("VATEX-EU-O", _("Not subject to tax")),
    }
