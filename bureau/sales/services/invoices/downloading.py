"""Invoices and credit notes leave the house as files."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from bureau.core import audit
from bureau.core.models import User
from bureau.kit.errors import NotFound
from bureau.sales.models import CreditNote, Invoice
from bureau.sales.rendering.cii import credit_note_xml, invoice_xml
from bureau.sales.rendering.docx import credit_note_docx, invoice_docx
from bureau.sales.rendering.pdf import credit_note_pdf, invoice_pdf
from bureau.sales.rendering.ubl import credit_note_ubl, invoice_ubl


@dataclass(frozen=True, slots=True)
class InvoiceFile:
    content: bytes
    filename: str
    content_type: str


PDF: Final = "application/pdf"
FORMATS: Final[dict[str, tuple[Callable[[Invoice], bytes], str, str]]] = {
    "pdf": (invoice_pdf, "{}.pdf", PDF),
    "docx": (
        invoice_docx, "{}.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "ubl": (invoice_ubl, "{}-ubl.xml", "application/xml"),
    "xml": (invoice_xml, "{}.xml", "application/xml"),
}  # fmt: skip
"""By its name: what makes it, the file's name around the invoice's number, and its type."""

CREDIT_NOTES: Final[dict[str, Callable[[CreditNote], bytes]]] = {
    "pdf": credit_note_pdf, "docx": credit_note_docx, "ubl": credit_note_ubl, "xml": credit_note_xml,
}  # fmt: skip


def invoice_file(invoice: Invoice, form: str) -> InvoiceFile:
    """Raises NotFound."""
    if form not in FORMATS:
        raise NotFound
    make, name, content_type = FORMATS[form]
    return InvoiceFile(make(invoice), name.format(invoice.number), content_type)


def read_invoice_file(*, actor: User, invoice: Invoice, form: str, now: datetime) -> InvoiceFile:
    """The invoice as one of FORMATS, for somebody who sees it; the download is audited. Raises NotFound."""
    found = invoice_file(invoice, form)
    with transaction.atomic():
        audit.record(invoice, "downloaded", actor=actor, now=now, new={"filename": found.filename})
    return found


def read_credit_note(*, actor: User, note: CreditNote, form: str = "pdf", now: datetime) -> InvoiceFile:
    """A credit note as one of FORMATS, for somebody who sees its invoice; the download is audited at the invoice.
    Raises NotFound."""
    if form not in FORMATS:
        raise NotFound
    _make, name, content_type = FORMATS[form]
    found = InvoiceFile(CREDIT_NOTES[form](note), name.format(note.number), content_type)
    with transaction.atomic():
        audit.record(note.invoice, "downloaded", actor=actor, now=now, new={"filename": found.filename})
    return found
