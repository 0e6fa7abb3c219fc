"""Invoices and credit notes as UBL 2.1, profile EN 16931."""

from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element

from bureau.core.models import TaxCategory
from bureau.kit.money import ZERO
from bureau.sales.models import CreditNote, Invoice
from bureau.sales.models.documents import SalesLine
from bureau.sales.rendering.categories import exemption_reasons
from bureau.sales.rendering.content import Content, credit_note_content, discount, invoice_content
from bureau.sales.rendering.parties import identifiers, postal
from bureau.sales.rendering.units import unit_code
from bureau.sales.rendering.xml import (
    CREDIT_NOTE,
    CREDIT_TRANSFER,
    DISCOUNT,
    INVOICE,
    PROFILE,
    SEPA_TRANSFER,
    add,
    plain_number,
    written,
)

OASIS = "urn:oasis:names:specification:ubl:schema:xsd:"
PARTS = {"xmlns:cac": f"{OASIS}CommonAggregateComponents-2", "xmlns:cbc": f"{OASIS}CommonBasicComponents-2"}


def invoice_ubl(invoice: Invoice) -> bytes:
    return ubl_xml(invoice_content(invoice))


def credit_note_ubl(note: CreditNote) -> bytes:
    return ubl_xml(credit_note_content(note))


def ubl_xml(content: Content) -> bytes:
    kind, code = ("CreditNote", CREDIT_NOTE) if content.kind == "credit_note" else ("Invoice", INVOICE)
    root = Element(kind, {"xmlns": f"{OASIS}{kind}-2", **PARTS})
    add(root, "cbc:CustomizationID", PROFILE)
    add(root, "cbc:ID", content.number)
    add(root, "cbc:IssueDate", content.issue_date.isoformat())
    if content.due_date:
        add(root, "cbc:DueDate", content.due_date.isoformat())
    add(root, f"cbc:{kind}TypeCode", code)
    note = "\n".join(text for text in (content.mark, content.notes) if text)
    if note:
        add(root, "cbc:Note", note)
    add(root, "cbc:DocumentCurrencyCode", content.currency)
    if content.reference:
        number, day = content.reference
        reference = add(root, "cac:BillingReference/cac:InvoiceDocumentReference")
        add(reference, "cbc:ID", number)
        add(reference, "cbc:IssueDate", day.isoformat())
    outside = any(tax.category == TaxCategory.OUTSIDE for tax in content.taxes)
    _add_party(root, "cac:AccountingSupplierParty", content.seller, seller=True, outside=outside)
    _add_party(root, "cac:AccountingCustomerParty", content.buyer, seller=False, outside=outside)
    _add_delivery(root, content)
    _add_payment(root, content)
    _add_taxes(root, content)
    _add_sums(root, content)
    for line in content.lines:
        _add_line(root, kind, content, line)
    return written(root)


def _add_party(root: Element, name: str, party: dict[str, Any], *, seller: bool, outside: bool) -> None:
    ids = identifiers(party, outside=outside)
    element = add(root, f"{name}/cac:Party")
    if party["email"]:
        add(element, "cbc:EndpointID", party["email"], schemeID="EM")
    if seller and not ids.vat:
        add(element, "cac:PartyIdentification/cbc:ID", party["id"])
    _add_address(add(element, "cac:PostalAddress"), party)
    if ids.vat or (seller and ids.other):
        scheme = add(element, "cac:PartyTaxScheme")
        add(scheme, "cbc:CompanyID", ids.vat or ids.other)
        add(scheme, "cac:TaxScheme/cbc:ID", "VAT" if ids.vat else "FC")
    legal = add(element, "cac:PartyLegalEntity")
    add(legal, "cbc:RegistrationName", party["name"])
    if ids.other and not seller:
        add(legal, "cbc:CompanyID", ids.other)
    if seller and (party["contact"] or party["email"]):
        contact = add(element, "cac:Contact")
        if party["contact"]:
            add(contact, "cbc:Name", party["contact"])
        if party["email"]:
            add(contact, "cbc:ElectronicMail", party["email"])


def _add_address(address: Element, party: dict[str, Any]) -> None:
    place = postal(party["address"])
    first, second, third = place.lines
    for tag, text in (
        ("cbc:StreetName", first),
        ("cbc:AdditionalStreetName", second),
        ("cbc:CityName", place.city),
        ("cbc:PostalZone", place.postcode),
        ("cac:AddressLine/cbc:Line", third),
    ):
        if text:
            add(address, tag, text)
    if party["country"]:
        add(address, "cac:Country/cbc:IdentificationCode", party["country"])


def _add_delivery(root: Element, content: Content) -> None:
    """A supply within the European Union says where to and when (BR-IC-11, BR-IC-12); the date is the invoice's."""
    if any(tax.category == TaxCategory.INTRA_COMMUNITY for tax in content.taxes):
        delivery = add(root, "cac:Delivery")
        add(delivery, "cbc:ActualDeliveryDate", content.issue_date.isoformat())
        country = content.buyer["country"]
        add(delivery, "cac:DeliveryLocation/cac:Address/cac:Country/cbc:IdentificationCode", country)


def _add_payment(root: Element, content: Content) -> None:
    seller = content.seller
    if content.kind == "invoice" and seller["iban"]:
        means = add(root, "cac:PaymentMeans")
        add(means, "cbc:PaymentMeansCode", SEPA_TRANSFER if content.currency == "EUR" else CREDIT_TRANSFER)
        add(means, "cbc:PaymentID", content.number)
        account = add(means, "cac:PayeeFinancialAccount")
        add(account, "cbc:ID", seller["iban"])
        add(account, "cbc:Name", seller["name"])
        if seller["bic"]:
            add(account, "cac:FinancialInstitutionBranch/cbc:ID", seller["bic"])
    if content.terms:
        add(root, "cac:PaymentTerms/cbc:Note", content.terms)


def _add_taxes(root: Element, content: Content) -> None:
    taxes = add(root, "cac:TaxTotal")
    _add_amount(taxes, "cbc:TaxAmount", content.tax_amount, content)
    reasons = exemption_reasons()
    for total in content.taxes:
        part = add(taxes, "cac:TaxSubtotal")
        _add_amount(part, "cbc:TaxableAmount", total.net, content)
        _add_amount(part, "cbc:TaxAmount", total.tax, content)
        _add_category(part, "cac:TaxCategory", total.category, total.rate, *reasons.get(total.category, ("", "")))


def _add_category(parent: Element, name: str, category: str, rate: Decimal, code: str = "", reason: str = "") -> None:
    element = add(parent, name)
    add(element, "cbc:ID", category)
    if category != TaxCategory.OUTSIDE:
        add(element, "cbc:Percent", plain_number(rate))
    if code:
        add(element, "cbc:TaxExemptionReasonCode", code)
    if reason:
        add(element, "cbc:TaxExemptionReason", reason)
    add(element, "cac:TaxScheme/cbc:ID", "VAT")


def _add_sums(root: Element, content: Content) -> None:
    sums = add(root, "cac:LegalMonetaryTotal")
    _add_amount(sums, "cbc:LineExtensionAmount", content.subtotal, content)
    _add_amount(sums, "cbc:TaxExclusiveAmount", content.subtotal, content)
    _add_amount(sums, "cbc:TaxInclusiveAmount", content.total_amount, content)
    if content.paid != ZERO:
        _add_amount(sums, "cbc:PrepaidAmount", content.paid, content)
    _add_amount(sums, "cbc:PayableAmount", content.due, content)


def _add_line(root: Element, kind: str, content: Content, line: SalesLine) -> None:
    item = add(root, f"cac:{kind}Line")
    quantity = "cbc:CreditedQuantity" if kind == "CreditNote" else "cbc:InvoicedQuantity"
    add(item, "cbc:ID", str(line.line_number))
    add(item, quantity, plain_number(line.quantity), unitCode=unit_code(line.unit))
    _add_amount(item, "cbc:LineExtensionAmount", line.net_amount, content)
    if line.discount_percent:
        gross, off = discount(line)
        allowance = add(item, "cac:AllowanceCharge")
        add(allowance, "cbc:ChargeIndicator", "false")
        add(allowance, "cbc:AllowanceChargeReasonCode", DISCOUNT)
        add(allowance, "cbc:MultiplierFactorNumeric", plain_number(line.discount_percent))
        _add_amount(allowance, "cbc:Amount", off, content)
        _add_amount(allowance, "cbc:BaseAmount", gross, content)
    goods = add(item, "cac:Item")
    add(goods, "cbc:Name", line.description)
    _add_category(goods, "cac:ClassifiedTaxCategory", content.category(line).value, line.tax_rate)
    _add_amount(item, "cac:Price/cbc:PriceAmount", line.unit_price, content)


def _add_amount(parent: Element, path: str, amount: Decimal, content: Content) -> None:
    add(parent, path, amount, currencyID=content.currency)
