"""Invoices as DOCX, and the organization's own templates, which see nothing but what they are given."""

import io
import zipfile
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal

import docx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from docx.oxml import parse_xml

from bureau.core.files import Upload
from bureau.core.models import AuditEntry, Organization
from bureau.kit.errors import Forbidden, Invalid
from bureau.sales.models import CreditNote, Invoice
from bureau.sales.rendering.cii import invoice_xml
from bureau.sales.rendering.docx import BUILT_IN, TemplateFaulty, credit_note_docx, fill_in, invoice_docx
from bureau.sales.selectors.invoices import visible_invoice
from bureau.sales.services.invoices import cancel_invoice
from bureau.sales.services.payments import record_payment
from bureau.sales.services.templates import MAX_BYTES, remove_invoice_template, set_invoice_template
from tests.factories.sales import Shop, line, make_invoice, make_shop

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@pytest.fixture(scope="module")
def first_shop(once):
    return once(
        lambda: make_shop(
            name="Northwind & <Builders>", address="Hafenstrasse 12\n20457 Hamburg", iban="DE89370400440532013000"
        )
    )


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


def template(*paragraphs: str) -> bytes:
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def text_of(content: bytes) -> str:
    """Every word of it, tables and footer too."""
    document = docx.Document(io.BytesIO(content))
    parts = [document.element.body, *(section.footer._element for section in document.sections)]
    return " ".join(" ".join(node.text or "" for part in parts for node in part.iter(f"{W}t")).split())


def set_template(shop: Shop, content: bytes, *, filename: str = "ours.docx", actor: object = None) -> None:
    upload = Upload(io.BytesIO(content), filename)
    set_invoice_template(actor=actor or shop.admin, organization=shop.organization, upload=upload, now=NOW)


def again(shop: Shop, invoice: Invoice) -> Invoice:
    return visible_invoice(shop.admin, invoice.pk)


def test_built_in_template_shows_every_figure(shop):
    invoice = make_invoice(
        shop,
        lines=[
            line("Concrete & <steel> {{ number }}", "1.5", "1200.00", unit="m3", discount_percent=Decimal("12.5")),
            line("Fee", "1", "124.00", tax_code="XMPT"),
        ],
        issued=True,
        terms="Net 30.",
        notes="Line one\nline two",
        now=NOW,
    )
    record_payment(
        actor=shop.admin, invoice=invoice, amount=Decimal("888.00"), payment_date=NOW.date(), payment_method="cash",
        now=NOW,
    )  # fmt: skip
    found = text_of(invoice_docx(again(shop, invoice)))
    for part in (
        "Northwind & <Builders>", "Hafenstrasse 12 20457 Hamburg", "Tax number: DE123456788", "Bill to Fjord Trading",
        "Date: 23 Nov 2026", "Due date: 23 Dec 2026", f"Invoice {invoice.number}",
        "1 Concrete & <steel> {{ number }} 1.5 m3 1,200.00 12.5 % 12 % 1,575.00", "2 Fee 1 124.00 0 % 124.00",
        "Subtotal 1,699.00", "Tax 12 % on 1,575.00 189.00", "Tax 0 % on 124.00 0.00", "Total 1,888.00 EUR",
        "Paid 888.00 · Balance due 1,000.00 EUR", "Exempt from tax", "DE89 3704 0044 0532 0130 00",
        f"Reference {invoice.number}", "Terms Net 30.", "Notes Line one line two",
    ):  # fmt: skip
        assert part in found
    assert "DRAFT" not in found


def test_draft_and_credit_note_say_what_they_are(shop):
    invoice = make_invoice(shop, now=NOW)
    assert "DRAFT — not an invoice yet" in text_of(invoice_docx(invoice))
    issued = make_invoice(shop, issued=True, now=NOW)
    note = cancel_invoice(actor=shop.admin, invoice=issued, reason="Wrong price", now=NOW)
    found = text_of(credit_note_docx(CreditNote.objects.get(pk=note.pk)))
    assert f"For invoice: {issued.number}" in found
    assert f"Credit note {note.number}" in found
    assert "Wrong price" in found
    assert "How to pay" not in found


def test_cancelled_invoice_is_written_as_it_was_issued(shop):
    """Its credit note takes back all of it: no balance that would be owed, none that the payment would have left."""
    invoice = make_invoice(shop, issued=True, now=NOW)
    record_payment(
        actor=shop.admin,
        invoice=invoice,
        amount=Decimal("12.00"),
        payment_date=NOW.date(),
        payment_method="cash",
        now=NOW,
    )
    cancel_invoice(actor=shop.admin, invoice=invoice, reason="Wrong price", now=NOW)
    found = text_of(invoice_docx(again(shop, invoice)))
    assert "CANCELLED" in found
    assert "Total 112.00 EUR" in found
    assert "Balance due" not in found
    written = invoice_xml(again(shop, invoice)).decode()
    assert "<ram:DuePayableAmount>112.00<" in written
    assert "TotalPrepaidAmount" not in written


def test_organizations_own_template_is_used_and_can_be_removed(shop):
    invoice = make_invoice(shop, now=NOW)
    set_template(shop, template("OURS {{ number }} {% for line in lines %}{{ line.description|upper }}{% endfor %}"))
    assert text_of(invoice_docx(again(shop, invoice))) == f"OURS {invoice.number} ADVICE"
    remove_invoice_template(actor=shop.admin, organization=shop.organization, now=NOW)
    assert "OURS" not in text_of(invoice_docx(again(shop, invoice)))
    entries = AuditEntry.objects.filter(entity_type="organization", action="updated").order_by("pk")
    assert [bool(entry.new_values["invoice_template"]) for entry in entries] == [True, False]


def test_built_in_template_can_be_taken_as_a_beginning(shop):
    set_template(shop, BUILT_IN.read_bytes())


def test_only_an_administrator_sets_the_template(shop):
    for person in (shop.member, shop.staff):
        with pytest.raises(Forbidden):
            set_template(shop, template("{{ number }}"), actor=person)
        with pytest.raises(Forbidden):
            remove_invoice_template(actor=person, organization=shop.organization, now=NOW)


def with_macros() -> bytes:
    written = io.BytesIO(template("{{ number }}"))
    with zipfile.ZipFile(written, "a") as archive:
        archive.writestr("word/vbaProject.bin", b"macros")
    return written.getvalue()


def related(kind: str, *, at: str = "document", mode: str = "External", target: str = "http://away.example/x") -> bytes:
    """A template whose part says that it has something to do with another one."""
    name, written = f"word/_rels/{at}.xml.rels", io.BytesIO()
    relation = (
        f'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"'
        f' Target="{target}" TargetMode="{mode}"/></Relationships>'
    )
    empty = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
    with zipfile.ZipFile(io.BytesIO(template("{{ number }}"))) as plain, zipfile.ZipFile(written, "w") as archive:
        parts = {name: empty.encode()} | {part: plain.read(part) for part in plain.namelist()}
        parts[name] = parts[name].replace(b"</Relationships>", relation.encode())
        for part, content in parts.items():
            archive.writestr(part, content)
    return written.getvalue()


def with_field(*runs: str) -> bytes:
    """A template with a field of which the instruction is spread over runs."""
    document = docx.Document()
    paragraph = document.sections[0].footer.paragraphs[0]
    chars = ['<w:fldChar w:fldCharType="begin"/>', *(f"<w:instrText>{run}</w:instrText>" for run in runs)]
    for content in [*chars, '<w:fldChar w:fldCharType="end"/>']:
        paragraph._p.append(parse_xml(f'<w:r xmlns:w="{W[1:-1]}">{content}</w:r>'))
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def test_template_may_link_to_pages_and_count_its_own(shop):
    set_template(shop, related("hyperlink"))
    set_template(shop, with_field(" NUM", "PAGES "))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (related("image"), "load something from elsewhere (http://away.example/x)"),
        (related("attachedTemplate", at="settings"), "load something from elsewhere"),
        (related("oleObject"), "load something from elsewhere"),
        (related("aFChunk", mode="Internal", target="styles.xml"), "hold another document"),
        (with_field(' INCLUDEPICTURE "http://away.example/x" '), "INCLUDEPICTURE"),
        (with_field(" include", 'Text "http://away.example/x" '), "includeText"),
        (template("{{ number|safe }}"), "safe"),
        (template("{% autoescape false %}{{ number }}{% endautoescape %}"), "place values as they are"),
        (template("{{ nubmer }}"), "not given: nubmer"),
        (template("{{ seller.passwort }}"), "passwort"),
        (template("{% for line in lines %}{{ line.price }}{% endfor %}"), "price"),
        (template("{% if number == 'x' %}{{ hidden }}{% endif %}"), "not given: hidden"),
        (template("{{ lines[7].description }}"), "not given"),
        (template("{{ number.__class__ }}"), "__class__"),
        (template("{{ number.upper }}"), "upper"),
        (template("{{ number|attr('__class__') }}"), "__class__"),
        (template("{{ seller.items() }}"), "call a function"),
        (template("{{ range(3) }}"), "call a function"),
        (template("{% include 'secret.docx' %}"), "include"),
        (template("{{ number"), "cannot be read"),
        (template("{% for line in lines %}"), "cannot be read"),
        (template("{{ number|nofilter }}"), "nofilter"),
        (template("{{ 'x' * 4000000000 }}"), "too long or too much"),
        (b"This is no document.", ""),
        (template("{{ number }}")[:3000], ""),
        (b"", ""),
        (with_macros(), "macro"),
    ],
)
def test_template_that_cannot_be_used_is_refused(shop, content, said):
    with pytest.raises(Invalid) as refused:
        set_template(shop, content)
    [message] = refused.value.fields["invoice_template"]
    assert said in message
    assert Organization.objects.get(pk=shop.organization.pk).invoice_template is None
    assert not AuditEntry.objects.filter(entity_type="organization", action="updated").exists()


def test_template_that_loops_without_end_is_stopped(shop, monkeypatch):
    monkeypatch.setattr("bureau.sales.rendering.docx.SECONDS", 2)
    endless = template("{% for a in 'aaaaaaaaaa' * 9 %}" * 5 + "{{ number }}" + "{% endfor %}" * 5)
    with pytest.raises(Invalid) as refused:
        set_template(shop, endless)
    assert "too long" in refused.value.fields["invoice_template"][0]


def test_template_that_is_too_large_is_refused(shop):
    with pytest.raises(Invalid) as refused:
        set_template(shop, template("{{ number }}") + bytes(MAX_BYTES))
    assert "5" in refused.value.fields["invoice_template"][0]


def test_template_of_another_kind_is_refused(shop):
    upload = SimpleUploadedFile("template.pdf", b"%PDF-1.7\n")
    with pytest.raises(Invalid):
        set_template(shop, upload.read(), filename="template.pdf")


def test_template_is_given_no_secret_of_the_server(shop, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "do-not-tell")
    for tag in (
        "{{ self.__init__ }}",
        "{{ config }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ lipsum.__globals__ }}",
        "{{ cycler }}",
    ):
        with pytest.raises(TemplateFaulty):
            fill_in(template(tag), {"number": "1"})
