"""A purchase order as a PDF for its vendor.

The layout is typst/order.typ. What people have written goes there as JSON data, never as markup. Nothing is fetched:
the typesetter and its fonts are in the installed package; the machine's own fonts serve the scripts that these lack.
"""

from base64 import b64encode
from collections import defaultdict
from decimal import Decimal
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import orjson
import typst
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bureau.core import files
from bureau.core.models import Organization, ScanState
from bureau.kit.money import ZERO
from bureau.purchasing.models import OrderLine, PurchaseOrder
from bureau.purchasing.states import OrderStatus

TEMPLATE = Path(__file__).parent / "typst" / "order.typ"


def order_pdf(order: PurchaseOrder) -> bytes:
    """The order on paper: PDF/A, unless it has characters that no font here shows. The same order gives the same bytes.

    Until it is approved a mark across every page says that it is no order.
    """
    data = orjson.dumps(_content(order)).decode()
    try:
        return _typeset(data, order, standards=["a-2b"])
    except typst.TypstError:
        return _typeset(data, order, standards=[])


def order_filename(order: PurchaseOrder) -> str:
    return f"{order.po_number}.pdf"


def _typeset(data: str, order: PurchaseOrder, *, standards: list[Any]) -> bytes:
    return typst.compile(
        TEMPLATE,
        root=TEMPLATE.parent,
        font_paths=_fonts(),
        sys_inputs={"data": data},
        pdf_standards=standards,
        timestamp=int(order.updated_at.timestamp()),
    )


@cache
def _fonts() -> typst.Fonts:
    """Looked for once in the life of the process."""
    return typst.Fonts()


def _content(order: PurchaseOrder) -> dict[str, Any]:
    organization = order.organization
    lines = list(order.lines.all())
    return {
        "language": (get_language() or "en").partition("-")[0],
        "title": _("Purchase order %(number)s") % {"number": order.po_number},
        "mark": _mark(order),
        "footer": f"{organization.name} · {order.po_number}",
        "logo": _logo(organization),
        "organization": {
            "name": organization.name,
            "address": organization.address,
            "block": _joined(
                organization.name if organization.logo_id else "",
                organization.address,
                _("Tax number: %(number)s") % {"number": organization.tax_number} if organization.tax_number else "",
            ),
        },
        "vendor": {
            "name": order.vendor_name,
            "block": _joined(
                order.vendor_contact_name, order.vendor_address, order.vendor_email, order.vendor_phone
            ),
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
        (_("Date"), f"{day.day} {day:%b %Y}"),
        (_("Project"), str(order.project)),
        (_("Cost code"), order.cost_code.external_id),
        (_("Contact person"), _joined(order.created_by.name, order.created_by.email)),
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
        _number(line.quantity),
        line.unit,
        _amount(line.unit_price),
        f"{_number(line.tax_rate)} %",
        _amount(line.net_amount),
    ]


def _totals(order: PurchaseOrder, lines: list[OrderLine]) -> dict[str, Any]:
    """Subtotal and tax by rate, then what is owed; of a rolling order the ceiling is what counts."""
    currency = order.organization.currency
    taxes: dict[Decimal, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        taxes[line.tax_rate] += line.tax_amount
    totals = [(_("Subtotal"), _amount(order.subtotal))] if lines else []
    totals += [(_("Tax %(rate)s %%") % {"rate": _number(rate)}, _amount(tax)) for rate, tax in sorted(taxes.items())]
    total = (_("Total"), f"{_amount(order.total_amount)} {currency}")
    if order.ceiling_amount is None:
        return {"totals": totals, "total": total}
    ceiling = (_("Ceiling"), f"{_amount(order.ceiling_amount)} {currency}")
    return {"totals": [*totals, total] if lines else [], "total": ceiling}


def _notes(order: PurchaseOrder) -> list[str]:
    notes = [
        _("Please put our number %(number)s on the delivery note and on your invoice.") % {"number": order.po_number}
    ]
    if order.ceiling_amount is not None:
        notes.append(_("This is a rolling order: we call off what we need, up to the ceiling and never past it."))
    return notes


def _logo(organization: Organization) -> str | None:
    """The logo inside an SVG, which can go with the other data; the bytes of a picture could not."""
    logo = organization.logo
    if logo is None or logo.scan_state != ScanState.CLEAN:
        return None
    with files.open_clean(logo) as content:
        picture = b64encode(content.read()).decode()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 100">'
        '<image width="400" height="100" preserveAspectRatio="xMinYMid" '
        f'href="data:{escape(logo.content_type)};base64,{picture}"/></svg>'
    )


def _joined(*texts: str) -> str:
    return "\n".join(text.replace("\r\n", "\n") for text in texts if text)


def _amount(amount: Decimal) -> str:
    return number_format(amount, decimal_pos=2, force_grouping=True)


def _number(number: Decimal) -> str:
    """Without the zeros that say nothing."""
    return number_format(number, len(f"{number.normalize():f}".partition(".")[2]), force_grouping=True)
