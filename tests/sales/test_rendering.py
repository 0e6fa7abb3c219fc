"""Invoices, quotes and credit notes on paper: every figure is there, and the files are for the archive."""

import re
import time
from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO

import facturx
import pikepdf
import pypdfium2
import pytest
from django.core.files import File
from PIL import Image

from bureau.accounts.services.organizations import update_organization
from bureau.core.models import TaxCode
from bureau.parties.models import Customer, Party
from bureau.sales.models import CreditNote, Invoice, Quote, QuoteLine
from bureau.sales.rendering.cii import invoice_xml
from bureau.sales.rendering.pdf import credit_note_pdf, invoice_pdf, preview_pdf, preview_png, quote_pdf
from bureau.sales.selectors.invoices import visible_invoice
from bureau.sales.services.invoices import cancel_invoice
from bureau.sales.services.payments import record_payment
from tests.factories.sales import Shop, line, make_invoice, make_quote, make_shop
from tests.sales.judges import cii_problems
from tests.sales.pdfa import problems

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOSTILE = r'#panic("no") *bold* $x^2$ #import "/etc/passwd" [a] <b>&amp;</b> `raw` \ // @ref "quoted"'


@pytest.fixture(scope="module")
def first_shop(once):
    return once(
        lambda: make_shop(
            name="Northwind Builders",
            address="Hafenstrasse 12\r\n20457 Hamburg",
            iban="DE89370400440532013000",
            bic="COBADEFFXXX",
            bank_name="Hafenbank",
        )
    )


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


def pages(content: bytes) -> list[str]:
    """The text of each page, its white space made one."""
    return [" ".join(page.get_textpage().get_text_range().split()) for page in pypdfium2.PdfDocument(content)]


def text(content: bytes) -> str:
    return " ".join(pages(content))


def issued(shop: Shop, *lines: object, **options: object) -> Invoice:
    return make_invoice(shop, lines=lines or None, issued=True, now=NOW, **options)


def credited(shop: Shop, invoice: Invoice, reason: str = "") -> CreditNote:
    note = cancel_invoice(actor=shop.admin, invoice=invoice, reason=reason, now=NOW)
    return CreditNote.objects.get(pk=note.pk)


def test_invoice_shows_every_figure(shop):
    invoice = issued(
        shop,
        line("Concrete", "1.5", "1200.00", unit="m3", discount_percent=Decimal("12.5")),
        line("Advice\non site", "3", "80.00", unit="h"),
        line("Fee of the authority", "1", "124.00", tax_code="XMPT"),
        terms="Net 30.\r\nNo deduction.",
        notes="Thank you.",
    )
    record_payment(
        actor=shop.admin, invoice=invoice, amount=Decimal("1000.00"), payment_date=NOW.date(),
        payment_method="bank_transfer", now=NOW,
    )  # fmt: skip
    found = text(invoice_pdf(visible_invoice(shop.admin, invoice.pk)))
    for part in (
        "Northwind Builders Hafenstrasse 12 20457 Hamburg Tax number: DE123456788",
        "Bill to Fjord Trading Havnegata 7 0150 Oslo", "Date 23 Nov 2026", "Due date 23 Dec 2026",
        shop.member.name, shop.member.email, f"Invoice {invoice.number}",
        "No. Description Quantity Unit price Discount Tax Net amount",
        "1 Concrete 1.5 m3 1,200.00 12.5 % 12 % 1,575.00", "3 h 80.00 12 % 240.00",
        "3 Fee of the authority 1 124.00 0 % 124.00",
        "Subtotal 1,939.00", "Tax 12 % on 1,815.00 217.80", "Tax 0 % on 124.00 0.00", "Total 2,156.80",
        "Paid -1,000.00", "Balance due 1,156.80 EUR", "Exempt from tax",
        "IBAN DE89 3704 0044 0532 0130 00", "Account holder Northwind Builders", "BIC COBADEFFXXX", "Bank Hafenbank",
        f"Reference {invoice.number}", "Pay by 23 Dec 2026", "Terms Net 30. No deduction.", "Notes Thank you.",
        "Page 1 of 1",
    ):  # fmt: skip
        assert part in found, part
    assert "DRAFT" not in found


def test_column_of_discounts_is_there_only_with_one(shop):
    assert "Discount" not in text(invoice_pdf(issued(shop)))


def test_many_lines_go_over_pages_with_a_repeated_head(shop):
    invoice = issued(shop, *[line(f"Pipe {number}", "1", f"{number}.25") for number in range(1, 121)])
    found = pages(invoice_pdf(invoice))
    assert len(found) > 3
    assert all(f"Page {number} of {len(found)}" in page for number, page in enumerate(found, 1))
    lines = [page for page in found if "Pipe" in page]
    assert len(lines) > 2
    assert all("Description Quantity Unit price Tax Net amount" in page for page in lines)
    whole = " ".join(found)
    assert all(f"Pipe {number} 1 {number}.25 12 % {number}.25" in whole for number in range(1, 121))


def test_draft_and_cancelled_invoice_say_so_on_every_page(shop):
    lines = [line(f"Pipe {number}") for number in range(60)]
    draft = make_invoice(shop, lines=lines, now=NOW)
    assert all("DRAFT — not an invoice yet" in page for page in pages(invoice_pdf(draft)))
    invoice = issued(shop, *lines)
    credited(shop, invoice)
    found = pages(invoice_pdf(visible_invoice(shop.admin, invoice.pk)))
    assert all("CANCELLED" in page for page in found)
    assert "How to pay" not in " ".join(found)


def test_credit_note_names_invoice_and_reason(shop):
    invoice = issued(shop)
    note = credited(shop, invoice, "Wrong price")
    found = text(credit_note_pdf(note))
    for part in (
        f"Credit note {note.number}", f"For invoice {invoice.number} of 23 Nov 2026", "Total credited 112.00 EUR",
        f"This credit note takes invoice {invoice.number} back.", "Reason Wrong price",
    ):  # fmt: skip
        assert part in found
    assert "How to pay" not in found


def test_quote_says_how_long_it_is_valid(shop):
    quote = make_quote(shop, now=NOW, terms="Prices in EUR.")
    found = text(quote_pdf(quote))
    for part in (
        f"Quote {quote.number}", "For Fjord Trading", "Valid until 23 Dec 2026", "Total 112.00 EUR",
        "Terms Prices in EUR.", "DRAFT — not an offer yet",
    ):  # fmt: skip
        assert part in found
    assert "Balance" not in found
    assert [found for found in problems(quote_pdf(quote)) if not found.startswith("Factur-X")] == []


def test_reverse_charge_is_said(shop):
    TaxCode.objects.create(organization=shop.organization, code="RC", rate=0, category="AE")
    assert "Reverse charge: the buyer owes the tax" in text(invoice_pdf(issued(shop, line(tax_code="RC"))))


def test_what_people_write_stays_text(shop):
    party = shop.customer.party
    party.name, party.address = HOSTILE, "#panic()\n*a*"
    party.save()
    invoice = issued(shop, line(HOSTILE), terms=HOSTILE, notes="= no heading\n- no list")
    found = text(invoice_pdf(invoice)).replace(" ", "")  # a line may end within a word
    assert found.count(HOSTILE.replace(" ", "")) == 3
    assert "=noheading-nolist" in found


def test_long_word_stays_inside_its_column(shop):
    content = invoice_pdf(issued(shop, line("W" * 300), notes="x" * 500))
    page = pypdfium2.PdfDocument(content)[0]
    found = page.get_textpage()
    boxes = [found.get_charbox(index) for index in range(found.count_chars())]
    assert max(right for _left, _bottom, right, _top in boxes) < page.get_width() - 40


def test_issued_invoice_stays_as_it_was_when_people_change(shop):
    invoice = issued(shop)
    before = text(invoice_pdf(invoice))
    update_organization(
        actor=shop.admin, organization=shop.organization, changes={"name": "Southwind", "iban": ""}, now=NOW
    )
    Party.objects.filter(pk=shop.customer.party_id).update(name="Moved", address="Elsewhere")
    assert text(invoice_pdf(visible_invoice(shop.admin, invoice.pk))) == before


def test_logo_is_on_the_letterhead(shop):
    picture = BytesIO()
    Image.new("RGB", (300, 80), "navy").save(picture, "PNG")
    picture.seek(0)
    picture.name = "logo.png"
    changes = {"logo": File(picture, name="logo.png")}
    update_organization(actor=shop.admin, organization=shop.organization, changes=changes, now=NOW)
    shop.customer.organization.refresh_from_db()
    content = invoice_pdf(issued(shop))
    document = pypdfium2.PdfDocument(content)
    kinds = [found.type for found in document[0].get_objects(max_depth=5)]
    assert pypdfium2.raw.FPDF_PAGEOBJ_IMAGE in kinds
    assert problems(content) == []


def test_characters_without_a_font_do_not_stop_the_invoice(shop):
    invoice = issued(shop, line("\ue000\U0001f6f8 \u200bcall-offs"))
    content = invoice_pdf(invoice)
    assert "call-offs" in text(content)
    assert facturx.get_xml_from_pdf(content)[0] == "factur-x.xml"


# For the archive, with the electronic invoice inside


@pytest.fixture(scope="module")
def archived(first_shop, django_db_blocker) -> bytes:
    with django_db_blocker.unblock():
        return invoice_pdf(issued(deepcopy(first_shop), line("Advice", "2", "50.00", discount_percent=Decimal(5))))


def test_invoice_is_pdf_a_3b_with_the_invoice_inside(shop, archived):
    assert problems(archived) == []
    name, xml = facturx.get_xml_from_pdf(archived, check_xsd=True, check_schematron=False)
    assert name == "factur-x.xml"
    assert cii_problems(xml) == []
    assert facturx.get_level(facturx.facturx.etree.fromstring(xml)) == "en16931"


def test_draft_cancelled_and_credit_note_are_too(shop):
    draft, invoice = make_invoice(shop, now=NOW), issued(shop)
    note = credited(shop, invoice, "Wrong")
    for content in (invoice_pdf(draft), invoice_pdf(visible_invoice(shop.admin, invoice.pk)), credit_note_pdf(note)):
        assert problems(content) == []
        assert cii_problems(facturx.get_xml_from_pdf(content, check_schematron=False)[1]) == []


def test_same_invoice_gives_the_same_bytes(shop):
    invoice = issued(shop)
    content = invoice_pdf(invoice)
    assert content == invoice_pdf(visible_invoice(shop.admin, invoice.pk))
    assert facturx.get_xml_from_pdf(content, check_schematron=False)[1] == invoice_xml(invoice)


def rewritten(content: bytes, change: object, **options: object) -> bytes:
    with pikepdf.open(BytesIO(content)) as pdf:
        change(pdf)
        written = BytesIO()
        pdf.save(written, deterministic_id="encryption" not in options, **options)
    return written.getvalue()


def edited_metadata(old: str, new: str) -> object:
    def change(pdf: pikepdf.Pdf) -> None:
        before = pdf.Root.Metadata.read_bytes()
        after = re.sub(old.encode(), new.encode(), before, flags=re.DOTALL)
        assert after != before
        pdf.Root.Metadata.write(after)

    return change


def fonts(pdf: pikepdf.Pdf, subtype: str) -> list[pikepdf.Dictionary]:
    return [item for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and item.get("/Subtype") == subtype]


def without_font_program(pdf: pikepdf.Pdf) -> None:
    for item in pdf.objects:
        if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/FontDescriptor":
            for key in [key for key in item if str(key).startswith("/FontFile")]:
                del item[key]


def without_subset_name(pdf: pikepdf.Pdf) -> None:
    for kind in ("/CIDFontType0", "/CIDFontType2"):
        for font in fonts(pdf, kind):
            font.BaseFont = pikepdf.Name("/Libertinus")


def without_unicode(pdf: pikepdf.Pdf) -> None:
    for font in fonts(pdf, "/Type0"):
        del font["/ToUnicode"]


def with_blend_mode(pdf: pikepdf.Pdf) -> None:
    state = pikepdf.Dictionary(Type=pikepdf.Name.ExtGState, BM=pikepdf.Name("/Sparkle"))
    pdf.pages[0].obj.Resources.ExtGState = pikepdf.Dictionary(G9=pdf.make_indirect(state))


def with_external_stream(pdf: pikepdf.Pdf) -> None:
    stream = pikepdf.Stream(pdf, b"")
    stream["/F"] = pikepdf.String("elsewhere.bin")
    pdf.Root.Outside = pdf.make_indirect(stream)


def with_lzw(pdf: pikepdf.Pdf) -> None:
    stream = pikepdf.Stream(pdf, b"")
    stream.write(b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", filter=pikepdf.Name.LZWDecode)
    pdf.Root.Old = pdf.make_indirect(stream)


def with_action(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = pdf.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)"))


def file_of(pdf: pikepdf.Pdf) -> pikepdf.Dictionary:
    return pdf.Root.AF[0]


def without(parent: object, name: str) -> object:
    def change(pdf: pikepdf.Pdf) -> None:
        del parent(pdf)[name]

    return change


def of_type(name: str) -> object:
    def change(pdf: pikepdf.Pdf) -> None:
        file_of(pdf).EF.F.Subtype = pikepdf.Name(name)

    return change


def cmyk(pdf: pikepdf.Pdf) -> None:
    page = pdf.pages[0]
    page.contents_add(b"0 0 0 1 k")


def highlighted(pdf: pikepdf.Pdf) -> None:
    note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Highlight, Rect=[0, 0, 9, 9], F=2)
    pdf.pages[0].obj.Annots = pikepdf.Array([pdf.make_indirect(note)])


ROOT = pikepdf.Pdf.Root.fget
BROKEN = {
    "no part": (edited_metadata("<pdfaid:part>3</pdfaid:part>", ""), "6.6.4"),
    "another part": (edited_metadata("<pdfaid:part>3<", "<pdfaid:part>2<"), "6.6.4"),
    "no schema": (
        edited_metadata(r"<rdf:li[^>]*>\s*<pdfaSchema:schema>Factur-X.*?</rdf:Seq>.*?</rdf:li>", ""),
        "6.6.2.3",
    ),
    "undescribed": (edited_metadata("</fx:Version>", "</fx:Version><fx:Colour>red</fx:Colour>"), "6.6.2.3"),
    "no category": (edited_metadata("<pdfaProperty:category>external</pdfaProperty:category>", ""), "6.6.2.3.3"),
    "said twice": (edited_metadata("</fx:Version>", "</fx:Version><fx:Version>1.0</fx:Version>"), "said twice"),
    "other profile": (edited_metadata("<fx:ConformanceLevel>EN 16931", "<fx:ConformanceLevel>BASIC"), "Factur-X 6.3"),
    "no metadata": (without(ROOT, "/Metadata"), "6.6.2.1"),
    "no intent": (without(ROOT, "/OutputIntents"), "6.2.3"),
    "no profile": (without(lambda pdf: pdf.Root.OutputIntents[0], "/DestOutputProfile"), "6.2.3"),
    "no names": (without(ROOT, "/Names"), "Factur-X 6.2"),
    "no association": (without(ROOT, "/AF"), "associated with nothing"),
    "no relationship": (without(file_of, "/AFRelationship"), "what it is to the document"),
    "no description": (without(file_of, "/Desc"), "not described"),
    "one name": (without(file_of, "/UF"), "lacks its names"),
    "no type": (without(lambda pdf: file_of(pdf).EF.F, "/Subtype"), "of type None"),
    "other type": (of_type("/application/pdf"), "of type /application/pdf"),
    "no date": (without(lambda pdf: file_of(pdf).EF.F.Params, "/ModDate"), "no date"),
    "font elsewhere": (without_font_program, "6.2.11.4"),
    "whole font": (without_subset_name, "not as a subset"),
    "no characters": (without_unicode, "6.2.11.7"),
    "script": (with_action, "6.6"),
    "blend mode": (with_blend_mode, "6.2.10"),
    "outside": (with_external_stream, "6.1.7.1"),
    "lzw": (with_lzw, "6.1.7.2"),
    "other colours": (cmyk, "6.2.4.3"),
    "hidden note": (highlighted, "6.3.2"),
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_judge_finds_what_is_broken(archived, name):
    change, clause = BROKEN[name]
    found = problems(rewritten(archived, change, compress_streams=False))
    assert [problem for problem in found if clause in problem], found


def test_judge_finds_a_broken_file(archived):
    assert problems(rewritten(archived, lambda pdf: None)) == []
    locked = rewritten(archived, lambda pdf: None, encryption=pikepdf.Encryption(owner="a", user="", R=4))
    assert "6.1.3: encrypted" in problems(locked)
    head, comment, rest = archived.split(b"\n", 2)
    assert "6.1.2" in problems(head + b"\n%abcd\n" + rest)[0]
    assert "6.1.2" in problems(b"\n" + archived)[0]
    assert "6.1.3" in problems(archived + b"more")[0]
    assert comment.startswith(b"%")


# While it is written


def unsaved(shop: Shop) -> tuple[Quote, list[QuoteLine]]:
    organization = shop.organization
    quote = Quote(
        organization=organization,
        customer=Customer(organization=organization, party=Party(name="New Client")),
        owner=shop.member,
        number="QUO-2026-…",
        issue_date=date(2026, 11, 23),
        expiry_date=date(2026, 12, 23),
        currency="EUR",
        subtotal=Decimal(100),
        tax_amount=Decimal(12),
        total_amount=Decimal(112),
        updated_at=NOW,
    )
    amounts = {"net_amount": Decimal(100), "tax_amount": Decimal(12), "line_total": Decimal(112)}
    row = QuoteLine(
        line_number=1, description="Advice", quantity=Decimal(1), unit_price=Decimal(100), tax_code="GP",
        tax_rate=Decimal(12), tax_category="S", **amounts,
    )  # fmt: skip
    return quote, [row]


def test_preview_shows_what_is_not_kept(shop):
    quote, lines = unsaved(shop)
    picture, count = preview_png(quote, lines, 1)
    assert (Image.open(BytesIO(picture)).format, count) == ("PNG", 1)
    assert "New Client" in text(preview_pdf(quote, lines))
    assert not Quote.objects.exists()


def test_preview_shows_the_page_that_is_asked_for_or_the_last(shop):
    quote, lines = unsaved(shop)
    many = lines * 60
    first, count = preview_png(quote, many, 1)
    assert count > 1
    assert first != preview_png(quote, many, count)[0] == preview_png(quote, many, 99)[0]


def test_preview_of_nothing_yet_is_a_page(shop):
    quote, _lines = unsaved(shop)
    assert preview_png(quote, [], 1)[1] == 1


def test_invoice_of_twenty_lines_takes_less_than_a_tenth_of_a_second(shop):
    invoices = [
        issued(shop, *[line(f"Work {turn}-{number}", "3.5", f"{turn}{number}.45", unit="h") for number in range(1, 21)])
        for turn in range(1, 7)
    ]
    invoice_pdf(invoices.pop())
    start = time.process_time()
    for invoice in invoices:
        invoice_pdf(invoice)
    assert (time.process_time() - start) / len(invoices) < 0.1
