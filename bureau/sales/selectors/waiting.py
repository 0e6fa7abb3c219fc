"""What waits in selling: what customers have not paid in time, and quotes that somebody has to do something about."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import CharField, Count, F, QuerySet, Value

from bureau.core.models import User
from bureau.sales.models import Invoice, Quote
from bureau.sales.states import OPEN, QuoteStatus

SOON: Final = timedelta(days=7)
"""Within this time a quote is about to expire."""


@dataclass(frozen=True, slots=True)
class WaitingDocument:
    """`kind`: overdue (an invoice; `day` is its due date, `amount` its balance), accepted (a quote without an invoice),
    or expiring (a quote that waits for its answer; `day` is the last one)."""

    kind: str
    pk: int
    number: str
    customer: str
    amount: Decimal
    currency: str
    day: date


def overdue_invoices(user: User, today: date) -> QuerySet[Invoice]:
    return _own(user, Invoice.objects.visible_to(user)).filter(status__in=OPEN, due_date__lt=today)


def quotes_to_invoice(user: User) -> QuerySet[Quote]:
    """Accepted, and no invoice made of them yet."""
    return _own(user, Quote.objects.visible_to(user)).filter(status=QuoteStatus.ACCEPTED, invoice__isnull=True)


def expiring_quotes(user: User, today: date) -> QuerySet[Quote]:
    sent = _own(user, Quote.objects.visible_to(user)).filter(status=QuoteStatus.SENT)
    return sent.filter(expiry_date__gte=today, expiry_date__lte=today + SOON)


def _own(user: User, rows: Any) -> Any:
    """Also for a superuser what waits is of their own organization."""
    return rows.filter(organization=user.organization_id).order_by()


def waiting_counts(user: User, *, today: date) -> dict[str, int]:
    """How many invoices are overdue, and how many accepted quotes wait for theirs: one query."""
    kinds = {"invoices": overdue_invoices(user, today), "quotes": quotes_to_invoice(user)}
    first, second = (
        rows.values(kind=Value(kind, output_field=CharField())).annotate(count=Count("pk"))
        for kind, rows in kinds.items()
    )
    found = {row["kind"]: row["count"] for row in first.union(second, all=True)}
    return {kind: found.get(kind, 0) for kind in kinds}


def waiting_documents(user: User, *, today: date, most: int) -> list[WaitingDocument]:
    """What waits, at most so many: the oldest day first. One query."""
    parts = [
        _as_waiting(overdue_invoices(user, today), "overdue", amount="balance", day="due_date"),
        _as_waiting(quotes_to_invoice(user), "accepted", amount="total_amount", day="issue_date"),
        _as_waiting(expiring_quotes(user, today), "expiring", amount="total_amount", day="expiry_date"),
    ]
    rows = parts[0].union(*parts[1:], all=True).order_by("at", "id")[:most]
    return [WaitingDocument(*row) for row in rows]


def _as_waiting(rows: Any, kind: str, *, amount: str, day: str) -> Any:
    return rows.annotate(
        kind=Value(kind, output_field=CharField()), worth=F(amount), at=F(day), name=F("customer__party__name")
    ).values_list("kind", "id", "number", "name", "worth", "currency", "at")
