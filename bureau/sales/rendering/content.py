"""What a quote, an invoice or a credit note says, however it is written: on paper or for machines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from bureau.core.models import Organization, TaxCategory
from bureau.kit.money import ZERO, cents
from bureau.sales.calculations import RateTotal
from bureau.sales.models import CreditNote, Invoice, Quote
from bureau.sales.models.documents import SalesLine
from bureau.sales.rendering.categories import category_of, exemption_reasons, is_untaxed
from bureau.sales.rendering.parties import shown_parties
from bureau.sales.states import InvoiceStatus, QuoteStatus

Document = Invoice | Quote


@dataclass(frozen=True)
class Content:
    """`due`: what is not paid of the total, nothing of a quote. `reference`: the invoice that a credit note takes
    back, and its date."""

    kind: str
    number: str
    issue_date: date
    currency: str
    organization: Organization
    parties: dict[str, Any]
    lines: Sequence[SalesLine]
    subtotal: Decimal
    tax_amount: Decimal
    total_amount: Decimal
    updated_at: datetime
    due_date: date | None = None
    expiry_date: date | None = None
    paid: Decimal = ZERO
    due: Decimal = ZERO
    cancelled: bool = False
    terms: str = ""
    notes: str = ""
    mark: str = ""
    reference: tuple[str, date] | None = None
    quote_number: str = ""
    version: int = 1

    @property
    def seller(self) -> dict[str, Any]:
        return self.parties["seller"]

    @property
    def buyer(self) -> dict[str, Any]:
        return self.parties["buyer"]

    @property
    def payable(self) -> bool:
        return self.kind == "invoice" and not self.cancelled and self.due > ZERO

    @cached_property
    def _untaxed(self) -> bool:
        return is_untaxed(self.lines, self.seller["tax_number"])

    def category(self, line: SalesLine) -> TaxCategory:
        return category_of(line, untaxed=self._untaxed)

    @cached_property
    def taxes(self) -> list[RateTotal]:
        """One total for each rate and category, the highest rate first."""
        totals: dict[tuple[Decimal, str], RateTotal] = {}
        for line in self.lines:
            key = (line.tax_rate.normalize(), self.category(line).value)
            total = totals.setdefault(key, RateTotal(*key))
            total.net += line.net_amount
            total.tax += line.tax_amount
        return sorted(totals.values(), key=lambda total: (-total.rate, total.category))

    @cached_property
    def exemptions(self) -> list[str]:
        """Why there is no tax on what has none, in words."""
        categories = {total.category for total in self.taxes}
        return [reason for category, (_code, reason) in exemption_reasons().items() if category in categories]


def discount(line: SalesLine) -> tuple[Decimal, Decimal]:
    """What the line comes to before its discount, and the discount."""
    gross = cents(line.quantity * line.unit_price)
    return gross, gross - line.net_amount


def invoice_content(invoice: Invoice, lines: Iterable[SalesLine] | None = None) -> Content:
    """`lines`: of an invoice that is not kept. A cancelled one is written as it was issued, whatever was paid: its
    credit note takes back all of it."""
    cancelled = invoice.status == InvoiceStatus.CANCELLED
    paid = ZERO if cancelled else invoice.paid_amount
    marks = {
        InvoiceStatus.DRAFT: _("DRAFT — not an invoice yet"),
        InvoiceStatus.CANCELLED: _("CANCELLED"),
    }
    return Content(
        kind="invoice",
        **_shared(invoice, lines),
        due_date=invoice.due_date,
        paid=paid,
        due=invoice.total_amount - paid,
        terms=invoice.terms,
        notes=invoice.notes,
        cancelled=cancelled,
        mark=marks.get(InvoiceStatus(invoice.status), ""),
        quote_number=invoice.quote.number if invoice.quote else "",
    )


def quote_content(quote: Quote, lines: Iterable[SalesLine] | None = None) -> Content:
    shared = _shared(quote, lines)
    marks = {QuoteStatus.DRAFT: _("DRAFT — not an offer yet"), QuoteStatus.REJECTED: _("REJECTED")}
    return Content(
        kind="quote",
        **shared,
        expiry_date=quote.expiry_date,
        terms=quote.terms,
        notes=quote.notes,
        mark=marks.get(QuoteStatus(quote.status), ""),
        version=quote.version,
    )


def credit_note_content(note: CreditNote) -> Content:
    """With the lines and parties of its invoice."""
    invoice = note.invoice
    shared = _shared(invoice, None)
    shared |= {"number": note.number, "issue_date": note.issue_date, "updated_at": note.created_at}
    return Content(
        kind="credit_note",
        **shared,
        due=note.total_amount,
        terms=_("This credit note takes invoice %(number)s back.") % {"number": invoice.number},
        notes=note.reason,
        reference=(invoice.number, invoice.issue_date),
    )


def _shared(document: Document, lines: Iterable[SalesLine] | None) -> dict[str, Any]:
    return {
        "number": document.number,
        "issue_date": document.issue_date,
        "currency": document.currency,
        "organization": document.organization,
        "parties": shown_parties(document),
        "lines": list(document.lines.all() if lines is None else lines),
        "subtotal": document.subtotal,
        "tax_amount": document.tax_amount,
        "total_amount": document.total_amount,
        "updated_at": document.updated_at,
    }
