"""The states of quotes and invoices. What only time changes (expired, overdue) follows from a date: see the functions
below."""

from datetime import date
from decimal import Decimal
from enum import StrEnum


class QuoteStatus(StrEnum):
    DRAFT = "draft"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "expired"

    @property
    def label(self) -> str:
        return self.value.capitalize()


class InvoiceStatus(StrEnum):
    DRAFT = "draft"
    SENT = "sent"
    PARTIAL = "partial"
    PAID = "paid"
    OVERDUE = "overdue"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        return "Partly paid" if self is InvoiceStatus.PARTIAL else self.value.capitalize()


Q = QuoteStatus
QUOTE_MOVES: dict[tuple[str, str], str] = {
    (Q.DRAFT, "send"): Q.SENT,
    (Q.SENT, "send"): Q.SENT,
    (Q.SENT, "accept"): Q.ACCEPTED,
    (Q.SENT, "reject"): Q.REJECTED,
    (Q.SENT, "expire"): Q.EXPIRED,
    **{(state, "revise"): Q.DRAFT for state in (Q.SENT, Q.REJECTED, Q.EXPIRED)},
}
"""A quote that has been sent is revised as a new version, which begins as a draft; an accepted one stays as it is."""

MOVED_BY: dict[str, str] = {Q.SENT: "send", Q.ACCEPTED: "accept", Q.REJECTED: "reject", Q.EXPIRED: "expire"}
"""The action by which a quote comes to a state that is asked for by its name."""

ISSUED = (InvoiceStatus.SENT, InvoiceStatus.PARTIAL, InvoiceStatus.PAID)
"""What an invoice is kept as from its issue on, unless it is cancelled; `overdue` is never kept."""
OPEN = (InvoiceStatus.SENT, InvoiceStatus.PARTIAL)


def quote_status(status: str, expiry_date: date, *, today: date) -> QuoteStatus:
    """A quote may be accepted on its last day (system.md, section 7: expired by date, nightly and on read)."""
    if status == QuoteStatus.SENT and expiry_date < today:
        return QuoteStatus.EXPIRED
    return QuoteStatus(status)


def invoice_status(status: str, due_date: date, *, today: date) -> InvoiceStatus:
    """An invoice with something to pay is overdue from the day after its due date."""
    if status in OPEN and due_date < today:
        return InvoiceStatus.OVERDUE
    return InvoiceStatus(status)


def paid_status(total: Decimal, paid: Decimal) -> InvoiceStatus:
    """What payments make of an issued invoice. One of nothing is paid when it is issued."""
    if paid >= total:
        return InvoiceStatus.PAID
    return InvoiceStatus.PARTIAL if paid > 0 else InvoiceStatus.SENT
