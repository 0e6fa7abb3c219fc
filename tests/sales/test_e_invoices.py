"""Electronic invoices: the official schemas and rules find nothing wrong, and every figure is in its place."""

from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from xml.etree.ElementTree import Element, fromstring

import pytest

from bureau.accounts.services.organizations import update_organization
from bureau.core.models import TaxCategory, TaxCode
from bureau.sales.models import CreditNote, Invoice
from bureau.sales.rendering.cii import credit_note_xml, invoice_xml
from bureau.sales.rendering.parties import missing_details, postal, vat_number
from bureau.sales.rendering.ubl import credit_note_ubl, invoice_ubl
from bureau.sales.rendering.units import unit_code
from bureau.sales.selectors.invoices import visible_invoice
from bureau.sales.services.content import MAX_LINES
from bureau.sales.services.invoices import cancel_invoice
from bureau.sales.services.payments import record_payment
from tests.factories.sales import Shop, line, make_invoice, make_shop
from tests.sales.judges import cii_problems, ubl_problems

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = date(2026, 11, 23)
BANK = {"iban": "DE89370400440532013000", "bic": "COBADEFFXXX", "bank_name": "Hafenbank"}
RATES = {"S": 19}


@pytest.fixture(scope="module")
def first_shop(once):
    def make() -> Shop:
        shop = make_shop(name="Northwind Builders", address="Hafenstrasse 12\n20457 Hamburg")
        set_up(shop, **BANK)
        for category in TaxCategory.values:
            add_tax_code(shop, category, RATES.get(category, 0), category)
        buyer(shop, tax_number="FR40303265045", country="FR", address="12 rue de la Paix\n75002 Paris")
        return shop

    return once(make)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


def add_tax_code(shop: Shop, code: str, rate: int, category: str = "S") -> None:
    TaxCode.objects.create(organization=shop.organization, code=code, rate=rate, category=category)


def set_up(shop: Shop, **changes: str) -> None:
    update_organization(actor=shop.admin, organization=shop.organization, changes=changes, now=NOW)
    shop.customer.organization.refresh_from_db()


def buyer(shop: Shop, **changes: str) -> None:
    for name, value in changes.items():
        setattr(shop.customer.party, name, value)
    shop.customer.party.save(update_fields=list(changes))


def issued(shop: Shop, *lines: object, **options: object) -> Invoice:
    return make_invoice(shop, lines=lines or None, issued=True, now=NOW, **options)


def credited(shop: Shop, invoice: Invoice, reason: str = "Wrong price") -> CreditNote:
    return cancel_invoice(actor=shop.admin, invoice=invoice, reason=reason, now=NOW)


def problems(document: Invoice | CreditNote) -> list[str]:
    if isinstance(document, CreditNote):
        return cii_problems(credit_note_xml(document)) + ubl_problems(credit_note_ubl(document))
    return cii_problems(invoice_xml(document)) + ubl_problems(invoice_ubl(document))


def parsed(xml: bytes) -> Element:
    """Without namespaces."""
    root = fromstring(xml)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def texts(root: Element, *names: str) -> list[str | None]:
    return [root.findtext(f".//{name}") for name in names]


@pytest.mark.parametrize("category", TaxCategory.values)
def test_every_tax_category_passes(shop, category):
    invoice = issued(shop, line("Advice", "2", "50.00", tax_code=category))
    assert missing_details(invoice) == []
    assert problems(invoice) == []
    cii, ubl = parsed(invoice_xml(invoice)), parsed(invoice_ubl(invoice))
    assert texts(cii, "IncludedSupplyChainTradeLineItem//CategoryCode") == [category]
    assert texts(ubl, "ClassifiedTaxCategory/ID", "TaxSubtotal/TaxCategory/ID") == [category, category]
    said = bool(cii.findtext(".//ExemptionReason"))
    assert said == bool(ubl.findtext(".//TaxExemptionReason")) == (category not in "SZ")


@pytest.mark.parametrize("category", TaxCategory.values)
def test_credit_note_of_every_tax_category_passes(shop, category):
    note = credited(shop, issued(shop, line("Advice", "2", "50.00", tax_code=category)))
    assert problems(note) == []


def test_invoice_says_all_that_it_is_paid_by(shop):
    lines = [
        line("Concrete", "1.5", "199.99", unit="m3", tax_code="S", discount_percent=Decimal("12.5")),
        line("Advice <on> site & more", "3", "80.00", unit="Hours", tax_code="GP"),
        line("Fee", "1", "124.00", tax_code="XMPT"),
    ]
    invoice = issued(shop, *lines, notes="Thank you.", terms="Net 30.")
    record_payment(
        actor=shop.admin, invoice=invoice, amount=Decimal("100.10"), payment_date=TODAY,
        payment_method="bank_transfer", now=NOW,
    )  # fmt: skip
    invoice = visible_invoice(shop.admin, invoice.pk)
    assert problems(invoice) == []
    cii, ubl = parsed(invoice_xml(invoice)), parsed(invoice_ubl(invoice))
    # 1.5 x 199.99 = 299.985 -> 299.99; less 12.5 % 262.486... -> 262.49; 19 % 49.87
    assert texts(cii, "ID", "TypeCode", "IssueDateTime/DateTimeString") == [
        "urn:cen.eu:en16931:2017", "380", "20261123",
    ]  # fmt: skip
    assert [element.text for element in cii.iter("BilledQuantity")] == ["1.5", "3", "1"]
    assert [element.get("unitCode") for element in cii.iter("BilledQuantity")] == ["MTQ", "HUR", "C62"]
    assert texts(cii, "CalculationPercent", "SpecifiedTradeAllowanceCharge/BasisAmount", "ActualAmount") == [
        "12.5", "299.99", "37.50",
    ]  # fmt: skip
    assert [element.text for element in cii.iter("Name")][:2] == ["Concrete", "Advice <on> site & more"]
    taxes = cii.findall(".//ApplicableHeaderTradeSettlement/ApplicableTradeTax")
    names = ("CategoryCode", "RateApplicablePercent", "BasisAmount", "CalculatedAmount")
    assert [texts(tax, *names) for tax in taxes] == [
        ["S", "19", "262.49", "49.87"], ["S", "12", "240.00", "28.80"], ["E", "0", "124.00", "0.00"],
    ]  # fmt: skip
    total, due = "705.16", "605.06"
    assert texts(cii, "GrandTotalAmount", "TotalPrepaidAmount", "DuePayableAmount") == [total, "100.10", due]
    assert texts(cii, "IBANID", "BICID", "PaymentReference", "PaymentMeans/TypeCode") == [
        BANK["iban"], BANK["bic"], invoice.number, None,
    ]  # fmt: skip
    assert texts(cii, "SpecifiedTradePaymentTerms/Description", "DueDateDateTime/DateTimeString") == [
        "Net 30.", "20261223",
    ]  # fmt: skip
    assert texts(cii, "SellerTradeParty//CityName", "SellerTradeParty//PostcodeCode", "BuyerTradeParty//LineOne") == [
        "Hamburg", "20457", "12 rue de la Paix",
    ]  # fmt: skip
    assert [element.text for element in cii.iter("Content")] == ["Thank you."]
    assert texts(ubl, "TaxInclusiveAmount", "PrepaidAmount", "PayableAmount", "DueDate") == [
        total, "100.10", due, "2026-12-23",
    ]  # fmt: skip
    assert texts(ubl, "PaymentMeansCode", "PaymentID", "PayeeFinancialAccount/ID", "PaymentTerms/Note") == [
        "58", invoice.number, BANK["iban"], "Net 30.",
    ]  # fmt: skip
    assert texts(ubl, "MultiplierFactorNumeric", "AllowanceCharge/Amount", "BaseAmount") == ["12.5", "37.50", "299.99"]
    assert [element.text for element in ubl.iter("CompanyID")] == ["DE123456788", "FR40303265045"]


def test_credit_note_names_its_invoice(shop):
    invoice = issued(shop, line("Advice", "2", "50.00", discount_percent=Decimal(10)))
    note = credited(shop, invoice)
    assert problems(note) == []
    cii, ubl = parsed(credit_note_xml(note)), parsed(credit_note_ubl(note))
    assert texts(cii, "ExchangedDocument/ID", "ExchangedDocument/TypeCode", "GrandTotalAmount") == [
        note.number, "381", "100.80",
    ]  # fmt: skip
    assert texts(cii, "InvoiceReferencedDocument/IssuerAssignedID", "Content") == [invoice.number, "Wrong price"]
    assert ubl.tag == "CreditNote"
    assert texts(ubl, "InvoiceDocumentReference/ID", "CreditNoteTypeCode", "PayableAmount", "CreditedQuantity") == [
        invoice.number, "381", "100.80", "2",
    ]  # fmt: skip
    assert invoice_ubl(visible_invoice(shop.admin, invoice.pk)).count(b"CANCELLED") == 1


@pytest.mark.parametrize("price", ["0.05", "0.15", "10.05"])
def test_many_lines_that_all_round_up_stay_within_the_rules(shop, price):
    """The tax is the sum of the lines', which the rules let differ from that of their sum by less than 1.00."""
    add_tax_code(shop, "TEN", 10)
    invoice = issued(shop, *[line("Screw", "1", price, tax_code="TEN") for _ in range(MAX_LINES)])
    off = invoice.tax_amount - invoice.subtotal / 10
    assert off == Decimal("0.005") * MAX_LINES
    assert problems(invoice) == []


def test_organization_without_a_tax_number_is_not_subject_to_tax(shop):
    set_up(shop, tax_number="")
    invoice = issued(shop, line("Advice", tax_code="GST_0"), line("More", tax_code="E"))
    assert (missing_details(invoice), problems(invoice)) == ([], [])
    cii = parsed(invoice_xml(invoice))
    assert {element.text for element in cii.iter("CategoryCode")} == {"O"}
    assert cii.find(".//SpecifiedTaxRegistration") is None


def test_tax_number_that_is_no_vat_number_is_told_as_a_local_one(shop):
    set_up(shop, tax_number="22/815/08154")
    buyer(shop, tax_number="12-345")
    invoice = issued(shop, line("Advice", tax_code="S"), line("Again", tax_code="AE"))
    assert (missing_details(invoice), problems(invoice)) == ([], [])
    registration = parsed(invoice_xml(invoice)).find(".//SellerTradeParty/SpecifiedTaxRegistration/ID")
    assert registration is not None
    assert (registration.text, registration.get("schemeID")) == ("22/815/08154", "FC")


def test_organization_without_a_bank_account_names_none(shop):
    set_up(shop, iban="", bic="")
    invoice = issued(shop)
    assert problems(invoice) == []
    assert b"PaymentMeans" not in invoice_ubl(invoice)


def test_other_currency_is_paid_by_a_transfer_outside_sepa(shop):
    set_up(shop, currency="USD")
    invoice = issued(shop)
    assert problems(invoice) == []
    assert texts(parsed(invoice_ubl(invoice)), "PaymentMeansCode", "DocumentCurrencyCode") == ["30", "USD"]


def test_line_of_nothing_passes(shop):
    invoice = issued(shop, line("Gift", "1", "0.00", discount_percent=Decimal(100)), line("Half", "0.001", "0.01"))
    assert problems(invoice) == []


def test_draft_and_what_xml_cannot_hold(shop):
    """Also a draft can be read by machines; it says what it is."""
    draft = make_invoice(shop, lines=[line("Bell \x07 and \ufffe")], notes="a\x0bb \U0001f6f8", now=NOW)
    assert problems(draft) == []
    notes = [element.text for element in parsed(invoice_xml(draft)).iter("Content")]
    assert notes == ["DRAFT — not an invoice yet", "ab \U0001f6f8"]


def test_issued_invoice_tells_the_parties_as_they_were(shop):
    invoice = issued(shop)
    set_up(shop, name="Southwind", address="Elsewhere 1")
    invoice = visible_invoice(shop.admin, invoice.pk)
    assert b"Northwind Builders" in invoice_xml(invoice)
    assert b"Southwind" not in invoice_xml(invoice) + invoice_ubl(invoice)


@pytest.mark.parametrize(
    ("organization", "customer", "codes", "said"),
    [
        ({"country": ""}, {"country": ""}, ["S"], "organization's country"),
        ({"country": ""}, {"country": "FR"}, ["S"], "organization's country"),
        ({"tax_number": ""}, {}, ["S"], "organization's tax number is missing"),
        ({"tax_number": "4711"}, {}, ["G"], "organization's tax number must"),
        ({}, {"tax_number": ""}, ["AE"], "their tax number is missing"),
        ({}, {"tax_number": "4711"}, ["K"], "customer's tax number must"),
        ({}, {}, ["S", "O"], "not subject to tax cannot"),
    ],
)
def test_missing_details_are_said_where_the_rules_refuse(shop, organization, customer, codes, said):
    set_up(shop, **organization)
    buyer(shop, **customer)
    invoice = issued(shop, *[line("Advice", tax_code=code) for code in codes])
    [missing] = missing_details(invoice)
    assert said in missing
    assert problems(invoice)
    assert missing_details(make_invoice(shop), list(invoice.lines.all())) == [missing]


@pytest.mark.parametrize(
    ("number", "country", "vat"),
    [
        ("DE 123.456-788", "DE", "DE123456788"),
        ("el 123", "GR", "EL123"),
        ("GR123", "GR", ""),
        ("IE1234567T", "GB", "IE1234567T"),
        ("CHE-123.456.788", "CH", "CHE123456788"),
        ("123456788", "DE", ""),
        ("", "", ""),
        ("US12", "DE", ""),
    ],
)
def test_vat_number_begins_with_a_country(number, country, vat):
    assert vat_number({"tax_number": number, "country": country}) == vat


@pytest.mark.parametrize(
    ("text", "lines", "postcode", "city"),
    [
        ("Havnegata 7\r\n0150 Oslo", ("Havnegata 7", "", ""), "0150", "Oslo"),
        ("c/o Jane\nHaus 3\nD-20457 Hamburg\nGermany", ("c/o Jane", "Haus 3", "Germany"), "20457", "Hamburg"),
        ("1 High St\nLeeds\nLS1 4AP\nUK\nEarth", ("1 High St", "Leeds", "LS1 4AP, UK, Earth"), "", ""),
        ("20457 Hamburg", ("20457 Hamburg", "", ""), "", ""),
        ("", ("", "", ""), "", ""),
    ],
)
def test_address_is_told_in_its_parts(text, lines, postcode, city):
    found = postal(text)
    assert (found.lines, found.postcode, found.city) == (lines, postcode, city)


@pytest.mark.parametrize(
    ("unit", "code"), [("h", "HUR"), (" Std. ", "HUR"), ("m²", "MTK"), ("pcs", "C62"), ("", "C62"), ("bunch", "C62")]
)
def test_units_have_codes(unit, code):
    assert unit_code(unit) == code
