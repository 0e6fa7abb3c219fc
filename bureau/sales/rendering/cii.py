"""Invoices and credit notes as UN/CEFACT Cross Industry Invoice D16B, profile EN 16931: what Factur-X embeds."""

from datetime import date
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
    packed_day,
    plain_number,
    written,
)

NAMESPACES = {
    "xmlns:rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "xmlns:ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "xmlns:udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "xmlns:qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}


def invoice_xml(invoice: Invoice) -> bytes:
    return cii_xml(invoice_content(invoice))


def credit_note_xml(note: CreditNote) -> bytes:
    return cii_xml(credit_note_content(note))


def cii_xml(content: Content) -> bytes:
    root = Element("rsm:CrossIndustryInvoice", NAMESPACES)
    add(root, "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID", PROFILE)
    document = add(root, "rsm:ExchangedDocument")
    add(document, "ram:ID", content.number)
    add(document, "ram:TypeCode", CREDIT_NOTE if content.kind == "credit_note" else INVOICE)
    _add_day(document, "ram:IssueDateTime", content.issue_date)
    for note in (content.mark, content.notes):
        if note:
            add(document, "ram:IncludedNote/ram:Content", note)
    trade = add(root, "rsm:SupplyChainTradeTransaction")
    for line in content.lines:
        _add_line(trade, content, line)
    agreement = add(trade, "ram:ApplicableHeaderTradeAgreement")
    outside = any(tax.category == TaxCategory.OUTSIDE for tax in content.taxes)
    _add_party(agreement, "ram:SellerTradeParty", content.seller, seller=True, outside=outside)
    _add_party(agreement, "ram:BuyerTradeParty", content.buyer, seller=False, outside=outside)
    _add_delivery(trade, content)
    _add_settlement(trade, content)
    return written(root)


def _add_line(trade: Element, content: Content, line: SalesLine) -> None:
    item = add(trade, "ram:IncludedSupplyChainTradeLineItem")
    add(item, "ram:AssociatedDocumentLineDocument/ram:LineID", str(line.line_number))
    add(item, "ram:SpecifiedTradeProduct/ram:Name", line.description)
    add(item, "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice/ram:ChargeAmount", line.unit_price)
    add(
        item,
        "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity",
        plain_number(line.quantity),
        unitCode=unit_code(line.unit),
    )
    settlement = add(item, "ram:SpecifiedLineTradeSettlement")
    tax = add(settlement, "ram:ApplicableTradeTax")
    category = content.category(line)
    add(tax, "ram:TypeCode", "VAT")
    add(tax, "ram:CategoryCode", category.value)
    if category != TaxCategory.OUTSIDE:
        add(tax, "ram:RateApplicablePercent", plain_number(line.tax_rate))
    if line.discount_percent:
        gross, off = discount(line)
        allowance = add(settlement, "ram:SpecifiedTradeAllowanceCharge")
        add(allowance, "ram:ChargeIndicator/udt:Indicator", "false")
        add(allowance, "ram:CalculationPercent", plain_number(line.discount_percent))
        add(allowance, "ram:BasisAmount", gross)
        add(allowance, "ram:ActualAmount", off)
        add(allowance, "ram:ReasonCode", DISCOUNT)
    add(
        settlement,
        "ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount",
        line.net_amount,
    )


def _add_party(agreement: Element, name: str, party: dict[str, Any], *, seller: bool, outside: bool) -> None:
    ids = identifiers(party, outside=outside)
    element = add(agreement, name)
    if seller and not ids.vat:
        add(element, "ram:ID", party["id"])
    add(element, "ram:Name", party["name"])
    if ids.other and not seller:
        add(element, "ram:SpecifiedLegalOrganization/ram:ID", ids.other)
    if seller:
        contact = add(element, "ram:DefinedTradeContact")
        if party["contact"]:
            add(contact, "ram:PersonName", party["contact"])
        if party["email"]:
            add(contact, "ram:EmailURIUniversalCommunication/ram:URIID", party["email"])
    address = add(element, "ram:PostalTradeAddress")
    place = postal(party["address"])
    for tag, text in (
        ("ram:PostcodeCode", place.postcode),
        ("ram:LineOne", place.lines[0]),
        ("ram:LineTwo", place.lines[1]),
        ("ram:LineThree", place.lines[2]),
        ("ram:CityName", place.city),
        ("ram:CountryID", party["country"]),
    ):
        if text:
            add(address, tag, text)
    if party["email"]:
        add(element, "ram:URIUniversalCommunication/ram:URIID", party["email"], schemeID="EM")
    if ids.vat:
        add(element, "ram:SpecifiedTaxRegistration/ram:ID", ids.vat, schemeID="VA")
    elif seller and ids.other:
        add(element, "ram:SpecifiedTaxRegistration/ram:ID", ids.other, schemeID="FC")


def _add_delivery(trade: Element, content: Content) -> None:
    """To the buyer. A supply within the European Union also says to which country and when (BR-IC-11, BR-IC-12); the
    date is the invoice's."""
    delivery = add(trade, "ram:ApplicableHeaderTradeDelivery")
    receiver = add(delivery, "ram:ShipToTradeParty")
    add(receiver, "ram:Name", content.buyer["name"])
    if any(tax.category == TaxCategory.INTRA_COMMUNITY for tax in content.taxes):
        add(receiver, "ram:PostalTradeAddress/ram:CountryID", content.buyer["country"])
        _add_day(delivery, "ram:ActualDeliverySupplyChainEvent/ram:OccurrenceDateTime", content.issue_date)


def _add_settlement(trade: Element, content: Content) -> None:
    settlement = add(trade, "ram:ApplicableHeaderTradeSettlement")
    seller, invoice = content.seller, content.kind == "invoice"
    add(settlement, "ram:PaymentReference", content.number)
    add(settlement, "ram:InvoiceCurrencyCode", content.currency)
    if invoice and seller["iban"]:
        means = add(settlement, "ram:SpecifiedTradeSettlementPaymentMeans")
        add(means, "ram:TypeCode", SEPA_TRANSFER if content.currency == "EUR" else CREDIT_TRANSFER)
        account = add(means, "ram:PayeePartyCreditorFinancialAccount")
        add(account, "ram:IBANID", seller["iban"])
        add(account, "ram:AccountName", seller["name"])
        if seller["bic"]:
            add(means, "ram:PayeeSpecifiedCreditorFinancialInstitution/ram:BICID", seller["bic"])
    reasons = exemption_reasons()
    for total in content.taxes:
        tax = add(settlement, "ram:ApplicableTradeTax")
        code, reason = reasons.get(total.category, ("", ""))
        add(tax, "ram:CalculatedAmount", total.tax)
        add(tax, "ram:TypeCode", "VAT")
        if reason:
            add(tax, "ram:ExemptionReason", reason)
        add(tax, "ram:BasisAmount", total.net)
        add(tax, "ram:CategoryCode", total.category)
        if code:
            add(tax, "ram:ExemptionReasonCode", code)
        if total.category != TaxCategory.OUTSIDE:
            add(tax, "ram:RateApplicablePercent", plain_number(total.rate))
    if content.terms or content.due_date:
        terms = add(settlement, "ram:SpecifiedTradePaymentTerms")
        if content.terms:
            add(terms, "ram:Description", content.terms)
        if content.due_date:
            _add_day(terms, "ram:DueDateDateTime", content.due_date)
    _add_sums(settlement, content)
    if content.reference:
        number, day = content.reference
        referenced = add(settlement, "ram:InvoiceReferencedDocument")
        add(referenced, "ram:IssuerAssignedID", number)
        add(referenced, "ram:FormattedIssueDateTime/qdt:DateTimeString", packed_day(day), format="102")


def _add_sums(settlement: Element, content: Content) -> None:
    sums = add(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
    add(sums, "ram:LineTotalAmount", content.subtotal)
    add(sums, "ram:TaxBasisTotalAmount", content.subtotal)
    add(sums, "ram:TaxTotalAmount", content.tax_amount, currencyID=content.currency)
    add(sums, "ram:GrandTotalAmount", content.total_amount)
    if content.paid != ZERO:
        add(sums, "ram:TotalPrepaidAmount", content.paid)
    add(sums, "ram:DuePayableAmount", content.due)


def _add_day(parent: Element, path: str, day: date) -> None:
    add(parent, f"{path}/udt:DateTimeString", packed_day(day), format="102")
