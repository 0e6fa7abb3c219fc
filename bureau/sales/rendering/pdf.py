"""Quotes, invoices and credit notes as PDFs, and as pictures for the editor.

The layout is typst/invoice.typ. An invoice is a PDF/A-3 with its electronic invoice inside (Factur-X 1.0, profile EN
16931): people read the pages, machines the XML.
"""

from collections.abc import Iterable
from pathlib import Path

from bureau.documents.typesetting import typeset_pdf, typeset_pictures
from bureau.sales.models import CreditNote, Invoice, Quote
from bureau.sales.models.documents import SalesLine
from bureau.sales.rendering.cii import cii_xml
from bureau.sales.rendering.content import (
    Content,
    Document,
    credit_note_content,
    invoice_content,
    quote_content,
)
from bureau.sales.rendering.factur_x import with_metadata
from bureau.sales.rendering.layout import laid_out

LAYOUT = Path(__file__).parent / "typst" / "invoice.typ"
PREVIEW_PPI = 110


def invoice_pdf(invoice: Invoice) -> bytes:
    """PDF/A-3 with the invoice as factur-x.xml. The same invoice gives the same bytes."""
    return _factur_x(invoice_content(invoice))


def credit_note_pdf(note: CreditNote) -> bytes:
    """As `invoice_pdf`."""
    return _factur_x(credit_note_content(note))


def quote_pdf(quote: Quote) -> bytes:
    """PDF/A: a quote has no electronic form."""
    return _plain(quote_content(quote))


def preview_png(document: Document, lines: Iterable[SalesLine], page: int) -> tuple[bytes, int]:
    """A page, from 1, of a document that need not be kept, and how many there are; past the last one it is the last."""
    pages = typeset_pictures(LAYOUT, laid_out(_content(document, lines)), ppi=PREVIEW_PPI)
    return pages[min(page, len(pages)) - 1], len(pages)


def preview_pdf(document: Document, lines: Iterable[SalesLine]) -> bytes:
    """Of a document that need not be kept; without an electronic invoice."""
    return _plain(_content(document, lines))


def _content(document: Document, lines: Iterable[SalesLine]) -> Content:
    return invoice_content(document, lines) if isinstance(document, Invoice) else quote_content(document, lines)


def _plain(content: Content) -> bytes:
    return typeset_pdf(LAYOUT, laid_out(content), standard="a-3b", timestamp=int(content.updated_at.timestamp()))


def _factur_x(content: Content) -> bytes:
    made = typeset_pdf(
        LAYOUT,
        laid_out(content),
        standard="a-3b",
        timestamp=int(content.updated_at.timestamp()),
        attached=cii_xml(content).decode(),
    )
    return with_metadata(made)
