"""What every write to a quote begins with, and what is kept and told of its content."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bureau.core.prepared import prepared
from bureau.kit.errors import NotFound, WrongState
from bureau.sales.models import Quote, QuoteLine
from bureau.sales.permissions.quotes import wrong_state
from bureau.sales.services.content import described
from bureau.sales.states import QUOTE_MOVES


def locked(quote: Quote) -> Quote:
    """The quote as it is now, locked until the end of the transaction. Raises NotFound when it was deleted."""
    rows = _locked(pk=quote.pk) or _locked(pk=quote.pk)  # why twice: invoices/locking.py
    if not rows:
        raise NotFound(_("The quote was deleted."))
    current: Quote = rows[0]
    return current


@prepared
def _locked(pk: int) -> QuerySet[Quote]:
    rows = Quote.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk)
    return rows.select_related("organization", "customer__party", "owner")


def move(quote: Quote, action: str, *, today: date) -> None:
    """Moves the locked quote by `action` from what it is today: one that has expired is no longer sent. The caller
    saves it. Raises WrongState."""
    shown = quote.status_on(today)
    new = QUOTE_MOVES.get((shown, action))
    if new is None:
        raise WrongState(wrong_state(shown, action))
    quote.status = new


def content(quote: Quote, lines: Iterable[QuoteLine]) -> dict[str, Any]:
    """What the audit log keeps of a quote's content."""
    return {**described(quote, lines), "expiry_date": quote.expiry_date}


def kept(quote: Quote, lines: Iterable[QuoteLine]) -> dict[str, Any]:
    """What is kept of a version that is sent (QuoteVersion.content): dates and amounts as text."""
    return {
        "customer": quote.customer_id,
        "issue_date": quote.issue_date.isoformat(),
        "expiry_date": quote.expiry_date.isoformat(),
        "currency": quote.currency,
        "subtotal": str(quote.subtotal),
        "tax_amount": str(quote.tax_amount),
        "total_amount": str(quote.total_amount),
        "terms": quote.terms,
        "notes": quote.notes,
        "lines": [
            {
                "description": line.description,
                "quantity": str(line.quantity),
                "unit": line.unit,
                "unit_price": str(line.unit_price),
                "discount_percent": str(line.discount_percent),
                "tax_code": line.tax_code,
                "tax_rate": str(line.tax_rate),
                "tax_category": line.tax_category,
                "net_amount": str(line.net_amount),
                "tax_amount": str(line.tax_amount),
                "line_total": str(line.line_total),
            }
            for line in lines
        ],
    }
