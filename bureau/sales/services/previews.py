"""Quotes and invoices as they would be: for a preview while they are written. Nothing is kept."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from django.utils import timezone

from bureau.core.models import User
from bureau.parties.models import Customer, Party
from bureau.sales.models import Invoice, InvoiceLine, Quote, QuoteLine
from bureau.sales.models.documents import SalesLine
from bureau.sales.services.content import LineInput, read_lines, set_totals
from bureau.sales.services.invoices.numbers import proposed_number

Line = TypeVar("Line", bound=SalesLine)


def preview_invoice(
    *,
    actor: User,
    item: Invoice | None,
    customer: Customer | None,
    lines: Sequence[LineInput],
    issue_date: date | None,
    due_date: date | None,
    terms: str,
    notes: str,
    now: datetime,
) -> tuple[Invoice, list[InvoiceLine]]:
    """`item` as it would be with this content, or a new invoice, under the number that it would get. Lines that would
    be refused are left out; without a date it is today's; without a customer nobody is named."""
    content = _content(actor, item, customer, issue_date, terms, notes, now)
    organization, day = content["organization"], content["issue_date"]
    number = item.number if item else proposed_number(organization, day)[1]
    due = due_date or day + timedelta(days=organization.payment_days)
    invoice = Invoice(number=number, due_date=due, **content)
    rows = _priced(invoice, lines, InvoiceLine)
    invoice.balance = invoice.total_amount
    return invoice, rows


def preview_quote(
    *,
    actor: User,
    item: Quote | None,
    customer: Customer | None,
    lines: Sequence[LineInput],
    issue_date: date | None,
    expiry_date: date | None,
    terms: str,
    notes: str,
    now: datetime,
) -> tuple[Quote, list[QuoteLine]]:
    """As `preview_invoice`. The number of a new one stays open."""
    content = _content(actor, item, customer, issue_date, terms, notes, now)
    organization, day = content["organization"], content["issue_date"]
    expiry = expiry_date or day + timedelta(days=organization.quote_days)
    quote = Quote(
        number=item.number if item else f"QUO-{day.year}-…",
        version=item.version if item else 1,
        expiry_date=expiry,
        **content,
    )
    return quote, _priced(quote, lines, QuoteLine)


def _content(
    actor: User,
    item: Invoice | Quote | None,
    customer: Customer | None,
    issue_date: date | None,
    terms: str,
    notes: str,
    now: datetime,
) -> dict[str, Any]:
    organization = item.organization if item else customer.organization if customer else actor.organization
    nobody = Customer(organization=organization, party=Party(organization=organization))
    return {
        "organization": organization,
        "customer": customer or nobody,
        "owner": item.owner if item else actor,
        "currency": item.currency if item else organization.currency,
        "issue_date": issue_date or timezone.localdate(now),
        "terms": terms,
        "notes": notes,
        "created_at": now,
        "updated_at": now,
    }


def _priced(document: Invoice | Quote, lines: Sequence[LineInput], line_class: type[Line]) -> list[Line]:
    rows = read_lines(document.organization, lines, defaultdict(list), line_class)
    for number, row in enumerate(rows, start=1):
        row.line_number = number
    set_totals(document, rows)
    return rows
