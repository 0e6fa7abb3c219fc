"""What the customer's page tells of a quote or an invoice, in plain words."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from bureau.kit.money import ZERO
from bureau.sales.calculations import RateTotal, taxes_by_rate
from bureau.sales.models import Invoice, Payment, Quote, SalesLink
from bureau.sales.models.documents import SalesLine
from bureau.sales.rendering.parties import shown_parties
from bureau.sales.services.links import document_of
from bureau.sales.states import InvoiceStatus, QuoteStatus


class Sheet:
    """What a link opens, on a day. `refused`: what was typed into an answer that was not taken, and why."""

    def __init__(self, link: SalesLink, *, today: date) -> None:
        self.link, self.document, self.today = link, document_of(link), today
        self.organization = self.document.organization
        self.given: Mapping[str, str] = {}
        self.refused: Mapping[str, Sequence[str]] = {}

    @property
    def quote(self) -> Quote | None:
        return self.document if isinstance(self.document, Quote) else None

    @property
    def invoice(self) -> Invoice | None:
        return self.document if isinstance(self.document, Invoice) else None

    @cached_property
    def status(self) -> str:
        return str(self.document.status_on(self.today))

    @property
    def hidden(self) -> bool:
        """A draft is not for the customer: a quote that is being revised."""
        return self.status in (QuoteStatus.DRAFT, InvoiceStatus.DRAFT)

    @property
    def answerable(self) -> bool:
        return self.quote is not None and self.status == QuoteStatus.SENT

    @property
    def payable(self) -> bool:
        return self.invoice is not None and self.invoice.balance > ZERO

    @cached_property
    def parties(self) -> dict[str, Any]:
        return shown_parties(self.document)

    @cached_property
    def lines(self) -> list[SalesLine]:
        return list(self.document.lines.all())

    @property
    def discounted(self) -> bool:
        return any(line.discount_percent for line in self.lines)

    @cached_property
    def taxes(self) -> list[RateTotal]:
        return taxes_by_rate(self.lines)

    @cached_property
    def payments(self) -> list[Payment]:
        return list(self.invoice.payments.all()) if self.invoice else []

    @property
    def general_errors(self) -> Sequence[str]:
        """Of an answer that was not taken: what stands beside no field."""
        return [text for name, texts in self.refused.items() if name not in ("name", "note") for text in texts]
