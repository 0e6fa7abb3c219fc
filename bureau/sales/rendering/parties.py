"""Who sells and who buys, as a quote or an invoice names them, and what an electronic invoice lacks of it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from bureau.core.models import TaxCategory
from bureau.parties.models.parties import tax_key
from bureau.sales.models import Invoice
from bureau.sales.models.documents import SalesDocument, SalesLine
from bureau.sales.rendering.categories import category_of, is_untaxed

EUROPEAN_UNION = frozenset(
    "AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI".split()
)
"""The prefixes of VAT numbers there; Greece's is EL, Northern Ireland's XI."""
POSTCODE_AND_CITY = re.compile(r"(?:[A-Z]{1,2}-)?(\d{4,6}) +(\S.*)")
OWED_BY_BUYER = (TaxCategory.REVERSE_CHARGE, TaxCategory.INTRA_COMMUNITY)


def parties_of(document: SalesDocument) -> dict[str, Any]:
    """Seller and buyer as they are now, JSON-able. The contact is the document's owner. A buyer without a country is in
    the seller's."""
    organization, customer, owner = document.organization, document.customer, document.owner
    party = customer.party
    return {
        "seller": {
            "id": str(organization.uuid),
            "name": organization.name,
            "address": organization.address,
            "country": organization.country,
            "tax_number": organization.tax_number,
            "contact": owner.name,
            "email": owner.email,
            "bank_name": organization.bank_name,
            "iban": organization.iban,
            "bic": organization.bic,
        },
        "buyer": {
            "name": party.name,
            "address": party.address,
            "country": party.country or organization.country,
            "tax_number": party.tax_number,
            "email": party.email,
            "phone": party.phone,
        },
    }


def shown_parties(document: SalesDocument) -> dict[str, Any]:
    """As they were when the invoice was issued; before that, and of a quote, as they are now."""
    return getattr(document, "parties", None) or parties_of(document)


def address_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def vat_number(party: dict[str, Any]) -> str:
    """The tax number as one for value added tax, or "": such begins with its country (EN 16931, BR-CO-09), which may be
    another one of the European Union than the party's own."""
    number = tax_key(party["tax_number"])
    own = {"GR": "EL"}.get(party["country"], party["country"])
    return number if number[:2] in EUROPEAN_UNION | {own} - {""} and len(number) > 2 else ""


@dataclass(frozen=True, slots=True)
class Identifiers:
    """By what a party is registered: `vat` for value added tax, else `other`, its tax number as it is given."""

    vat: str
    other: str


def identifiers(party: dict[str, Any], *, outside: bool) -> Identifiers:
    """Where nothing is subject to tax (`outside`), nobody's VAT number is told (EN 16931, BR-O-02)."""
    vat = "" if outside else vat_number(party)
    return Identifiers(vat, "" if vat else party["tax_number"].strip())


@dataclass(frozen=True, slots=True)
class Postal:
    """An address as far as its parts are known."""

    lines: tuple[str, str, str]
    postcode: str
    city: str


def postal(text: str) -> Postal:
    """The parts of an address: a line such as `20457 Hamburg` gives postcode and city, the others stay lines."""
    lines, postcode, city = address_lines(text), "", ""
    for line in lines[1:]:
        if match := POSTCODE_AND_CITY.fullmatch(line):
            postcode, city = match.groups()
            lines.remove(line)
            break
    first, second, *more = (*lines, "", "")
    return Postal((first, second, ", ".join(line for line in more if line)), postcode, city)


def missing_details(invoice: Invoice, lines: Iterable[SalesLine] | None = None) -> list[str]:
    """What the electronic invoice lacks to be accepted (rules of EN 16931), each in a sentence that says what to do.

    `lines`: of an invoice that is not kept.
    """
    rows = list(invoice.lines.all() if lines is None else lines)
    there = shown_parties(invoice)
    seller, buyer = there["seller"], there["buyer"]
    untaxed = is_untaxed(rows, seller["tax_number"])
    categories = {category_of(row, untaxed=untaxed) for row in rows}
    missing = []
    if not seller["country"]:
        missing.append(_("The organization's country is missing. Add it to the organization's settings."))
    elif not buyer["country"]:
        missing.append(_("The customer's country is missing. Add it to the customer."))
    if categories - {TaxCategory.OUTSIDE} and not seller["tax_number"]:
        missing.append(_("The organization's tax number is missing. Add it to the organization's settings."))
    elif categories & {TaxCategory.INTRA_COMMUNITY, TaxCategory.EXPORT} and not vat_number(seller):
        missing.append(
            _("The organization's tax number must be a VAT number that begins with its country: DE123456789.")
        )
    if categories & set(OWED_BY_BUYER) and not buyer["tax_number"]:
        missing.append(_("The buyer owes the tax, but their tax number is missing. Add it to the customer."))
    elif TaxCategory.INTRA_COMMUNITY in categories and not vat_number(buyer):
        missing.append(
            _("The customer's tax number must be a VAT number that begins with their country: FR12345678901.")
        )
    if TaxCategory.OUTSIDE in categories and len(categories) > 1:
        missing.append(
            _("Lines that are not subject to tax cannot be with others. Put them on an invoice of their own.")
        )
    return missing
