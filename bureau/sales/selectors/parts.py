"""What hangs on several quotes, invoices or payments at once, a query for each kind: for prepared queries, whose ids
are parameters."""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.lookups import In

from bureau.sales.models import InvoiceLine, Payment, PaymentShare, QuoteLine


def lines_of(invoices: Sequence[Any]) -> QuerySet[InvoiceLine]:
    """In their order."""
    return InvoiceLine.objects.filter(_among("invoice_id", invoices)).order_by("invoice_id", "line_number")


def quote_lines_of(quotes: Sequence[Any]) -> QuerySet[QuoteLine]:
    """In their order."""
    return QuoteLine.objects.filter(_among("quote_id", quotes)).order_by("quote_id", "line_number")


def payments_of(invoices: Sequence[Any]) -> QuerySet[Payment]:
    """The oldest first."""
    return Payment.objects.filter(_among("invoice_id", invoices)).order_by("payment_date", "pk")


def shares_of(payments: Sequence[Any]) -> QuerySet[PaymentShare]:
    """In the order of the lines."""
    return PaymentShare.objects.filter(_among("payment_id", payments)).order_by("line__line_number")


def shares_on(invoices: Sequence[Any]) -> QuerySet[PaymentShare]:
    """Of all payments of these invoices, in the order of the lines."""
    return PaymentShare.objects.filter(_among("payment__invoice_id", invoices)).order_by("line__line_number")


def for_line(line: Any) -> Q:
    """The payments of which something is for a line."""
    return Q(pk__in=PaymentShare.objects.filter(line=line).values("payment"))


def billing_case(case: Any) -> Q:
    """The invoices of which a line bills a case."""
    return Q(pk__in=InvoiceLine.objects.filter(case=case).values("invoice"))


def _among(column: str, ids: Sequence[Any]) -> Any:
    """As a lookup of its own: one on a reference refuses parameters in place of numbers."""
    return In(F(column), list(ids))
