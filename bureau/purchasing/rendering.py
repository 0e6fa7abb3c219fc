"""A purchase order as a PDF for its vendor.

The layout is typst/order.typ.
"""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bureau.documents.typesetting import amount_text, day_text, joined, logo, number_text, typeset_pdf
from bureau.kit.money import ZERO
from bureau.purchasing.models import OrderLine, PurchaseOrder
from bureau.purchasing.states import OrderStatus

LAYOUT = Path(__file__).parent / "typst" / "order.typ"


def order_pdf(order: PurchaseOrder) -> bytes:
    """The order on paper: PDF/A, unless it has characters that no font here shows. The same order gives the same bytes.

    Until it is approved a mark across every page says that it is no order.
    """
    return typeset_pdf(LAYOUT, _content(order), standard="a-2b", timestamp=int(order.updated_at.timestamp()))


def order_filename(order: PurchaseOrder) -> str:
    return f"{order.po_number}.pdf"


def _content(order: PurchaseOrder) -> dict[str, Any]:
    organization = order.organization
    lines = list(order.lines.all())
    return {
        "language": (get_language() or "en").partition("-")[0],
        "title": _("Purchase order %(number)s") % {"number": order.po_number},
        "mark": _mark(order),
        "footer": f"{organization.name} · {order.po_number}",
        "logo": logo(organization),
        "organization": {
            "name": organization.name,
            "address": organization.address,
            "block": joined([
                organization.name if organization.logo_id else "",
                organization.address,
                _("Tax number: %(number)s") % {"number": organization.tax_number} if organization.tax_number else "",
            ]),
        },
        "vendor": {
            "name": order.vendor_name,
            "block": joined([
                order.vendor_contact_name, order.vendor_address, order.vendor_email, order.vendor_phone
            ]),
        },
        "facts": _facts(order),
        "description": order.description,
        "lines": [_row(line) for line in lines],
        **_totals(order, lines),
        "notes": _notes(order),
        "words": {
            "vendor": _("Vendor"),
            "deliver_to": _("Deliver to"),
            "page": _("Page {page} of {pages}"),
            "columns": [
                _("No."), _("Description"), _("Quantity"), _("Unit"), _("Unit price"), _("Tax"), _("Net amount"),
            ],
        },
    }  # fmt: skip


def _mark(order: PurchaseOrder) -> str | None:
    match order.status:
        case OrderStatus.APPROVED | OrderStatus.CLOSED:
            return None
        case OrderStatus.REJECTED:
            return _("REJECTED — not an order")
        case OrderStatus.CANCELLED:
            return _("CANCELLED — not an order")
        case _:
            return _("DRAFT — not an order yet")


def _facts(order: PurchaseOrder) -> list[tuple[str, str]]:
    day = timezone.localdate(order.approved_at or order.created_at)
    facts = [
        (_("Date"), day_text(day)),
        (_("Project"), str(order.project)),
        (_("Cost code"), order.cost_code.external_id),
        (_("Contact person"), joined([order.created_by.name, order.created_by.email])),
    ]
    if order.vendor is not None:
        facts.append((_("Vendor number"), order.vendor.code))
        if order.vendor.payment_terms:
            facts.append((_("Payment terms"), order.vendor.payment_terms))
    return facts


def _row(line: OrderLine) -> list[str]:
    return [
        str(line.line_number),
        line.description,
        number_text(line.quantity),
        line.unit,
        amount_text(line.unit_price),
        f"{number_text(line.tax_rate)} %",
        amount_text(line.net_amount),
    ]


def _totals(order: PurchaseOrder, lines: list[OrderLine]) -> dict[str, Any]:
    """Subtotal and tax by rate, then what is owed; of a rolling order the ceiling is what counts."""
    currency = order.organization.currency
    taxes: dict[Decimal, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        taxes[line.tax_rate] += line.tax_amount
    totals = [(_("Subtotal"), amount_text(order.subtotal))] if lines else []
    totals += [
        (_("Tax %(rate)s %%") % {"rate": number_text(rate)}, amount_text(tax)) for rate, tax in sorted(taxes.items())
    ]
    total = (_("Total"), f"{amount_text(order.total_amount)} {currency}")
    if order.ceiling_amount is None:
        return {"totals": totals, "total": total}
    ceiling = (_("Ceiling"), f"{amount_text(order.ceiling_amount)} {currency}")
    return {"totals": [*totals, total] if lines else [], "total": ceiling}


def _notes(order: PurchaseOrder) -> list[str]:
    notes = [
        _("Please put our number %(number)s on the delivery note and on your invoice.") % {"number": order.po_number}
    ]
    if order.ceiling_amount is not None:
        notes.append(_("This is a rolling order: we call off what we need, up to the ceiling and never past it."))
    return notes
