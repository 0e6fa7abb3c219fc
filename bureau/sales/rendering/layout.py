"""What the layout (typst/invoice.typ) is given: every text and figure ready to print."""

from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bureau.documents.typesetting import amount_text, day_text, joined, logo, number_text
from bureau.sales.models.documents import SalesLine
from bureau.sales.rendering.content import Content
from bureau.sales.rendering.parties import address_lines


def laid_out(content: Content) -> dict[str, Any]:
    seller, buyer = content.seller, content.buyer
    title = titles()[content.kind]
    tax_number = _("Tax number: %(number)s")
    picture = logo(content.organization)
    return {
        "language": (get_language() or "en").partition("-")[0],
        "title": f"{title} {content.number}",
        "mark": content.mark,
        "footer": f"{seller['name']} · {content.number}",
        "logo": picture,
        "seller": {
            "name": seller["name"],
            "block": joined(
                [
                    seller["name"] if picture else "",
                    *address_lines(seller["address"]),
                    tax_number % {"number": seller["tax_number"]} if seller["tax_number"] else "",
                ]
            ),
        },
        "buyer": {
            "name": buyer["name"],
            "block": joined(
                [
                    *address_lines(buyer["address"]),
                    tax_number % {"number": buyer["tax_number"]} if buyer["tax_number"] else "",
                ]
            ),
        },
        "facts": _facts(content),
        **_table(content),
        **_totals(content),
        "reasons": content.exemptions,
        "payment": _payment(content),
        "texts": [(name, text) for name, text in _texts(content) if text],
        "words": {
            "buyer": _("For") if content.kind == "quote" else _("Bill to"),
            "payment": _("How to pay"),
            "page": _("Page {page} of {pages}"),
        },
    }


def titles() -> dict[str, str]:
    return {"invoice": _("Invoice"), "quote": _("Quote"), "credit_note": _("Credit note")}


def rate_text(rate: Decimal) -> str:
    return f"{number_text(rate)} %"


def tax_text(rate: Decimal, net: Decimal) -> str:
    return _("Tax %(rate)s on %(net)s") % {"rate": rate_text(rate), "net": amount_text(net)}


def iban_text(iban: str) -> str:
    """In groups of four, as banks print it."""
    return " ".join(iban[place : place + 4] for place in range(0, len(iban), 4))


def _facts(content: Content) -> list[tuple[str, str]]:
    facts = [(_("Date"), day_text(content.issue_date))]
    if content.due_date:
        facts.append((_("Due date"), day_text(content.due_date)))
    if content.expiry_date:
        facts.append((_("Valid until"), day_text(content.expiry_date)))
    if content.reference:
        number, day = content.reference
        facts.append((_("For invoice"), _("%(number)s of %(day)s") % {"number": number, "day": day_text(day)}))
    if content.quote_number:
        facts.append((_("Quote"), content.quote_number))
    if content.version > 1:
        facts.append((_("Version"), str(content.version)))
    facts.append((_("Contact person"), joined([content.seller["contact"], content.seller["email"]])))
    return facts


def _table(content: Content) -> dict[str, Any]:
    """A column for discounts only where there are any."""
    discounts = any(line.discount_percent for line in content.lines)
    names = [
        (_("No."), False, False),
        (_("Description"), True, True),
        (_("Quantity"), False, False),
        (_("Unit price"), False, False),
        *([(_("Discount"), False, False)] if discounts else []),
        (_("Tax"), False, False),
        (_("Net amount"), False, False),
    ]
    return {
        "columns": [{"name": name, "wide": wide, "left": left} for name, wide, left in names],
        "lines": [_row(line, discounts=discounts) for line in content.lines],
    }


def _row(line: SalesLine, *, discounts: bool) -> list[str]:
    discount = [rate_text(line.discount_percent) if line.discount_percent else ""] if discounts else []
    return [
        str(line.line_number),
        line.description,
        f"{number_text(line.quantity)} {line.unit}".rstrip(),
        amount_text(line.unit_price),
        *discount,
        rate_text(line.tax_rate),
        amount_text(line.net_amount),
    ]


def _totals(content: Content) -> dict[str, Any]:
    """Subtotal and tax by rate, then what counts: of an invoice what is left to pay."""
    totals = [(_("Subtotal"), amount_text(content.subtotal))]
    totals += [(tax_text(tax.rate, tax.net), amount_text(tax.tax)) for tax in content.taxes]
    name, amount = _("Total"), content.total_amount
    if content.kind == "credit_note":
        name = _("Total credited")
    elif content.kind == "invoice" and not content.cancelled:
        totals.append((name, amount_text(amount)))
        if content.paid:
            totals.append((_("Paid"), amount_text(-content.paid)))
        name, amount = _("Balance due"), content.due
    return {"totals": totals, "total": (name, f"{amount_text(amount)} {content.currency}")}


def _payment(content: Content) -> list[tuple[str, str]]:
    """Where to pay what is due; the number is the reference by which the payment is found again."""
    seller = content.seller
    if not content.payable or not seller["iban"]:
        return []
    facts = [
        (_("IBAN"), iban_text(seller["iban"])),
        (_("Account holder"), seller["name"]),
        (_("BIC"), seller["bic"]),
        (_("Bank"), seller["bank_name"]),
        (_("Reference"), content.number),
        (_("Pay by"), day_text(content.due_date) if content.due_date else ""),
    ]
    return [(name, text) for name, text in facts if text]


def _texts(content: Content) -> list[tuple[str, str]]:
    if content.kind == "credit_note":
        return [("", content.terms), (_("Reason"), content.notes)]
    return [(_("Terms"), content.terms), (_("Notes"), content.notes)]
