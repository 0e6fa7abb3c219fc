"""What the editor does differently for a quote and for an invoice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from bureau.core.models import Organization, User
from bureau.kit.permissions import Decision
from bureau.sales.models import Invoice, Quote
from bureau.sales.selectors import invoices as invoice_selectors
from bureau.sales.selectors import quotes as quote_selectors
from bureau.sales.services import previews
from bureau.sales.services.invoices import create_invoice, update_invoice
from bureau.sales.services.quotes import create_quote, update_quote
from bureau.sales.states import InvoiceStatus, QuoteStatus

Document = Quote | Invoice


@dataclass(frozen=True)
class Kind:
    """`name` begins the names of its addresses; `until` is the field of its last day, `draft` the state in which it can
    be saved while it is typed."""

    name: str
    until: str
    until_label: Any
    new_title: Any
    list_title: Any
    draft: str
    days: Callable[[Organization], int]
    terms: Callable[[Organization], str]
    visible: Callable[[User, int], Any]
    actions: Callable[[Any, User], Mapping[str, Decision]]
    make: Callable[..., Any]
    change: Callable[..., Any]
    preview: Callable[..., Any]
    bills_cases: bool = False

    def url(self, action: str = "", pk: int | None = None) -> str:
        """Of `web:invoice`, or with an action of `web:invoice-edit`."""
        name = f"web:{self.name}-{action}" if action else f"web:{self.name}"
        return reverse(name, args=[pk] if pk is not None else [])

    @property
    def list_url(self) -> str:
        return reverse(f"web:{self.name}s")


INVOICE = Kind(
    name="invoice",
    until="due_date",
    until_label=gettext_lazy("Due on"),
    new_title=gettext_lazy("New invoice"),
    list_title=gettext_lazy("Invoices"),
    draft=InvoiceStatus.DRAFT,
    days=lambda organization: organization.payment_days,
    terms=lambda organization: organization.invoice_terms,
    visible=invoice_selectors.visible_invoice,
    actions=invoice_selectors.available_actions,
    make=create_invoice,
    change=lambda item, **given: update_invoice(invoice=item, **given),
    preview=previews.preview_invoice,
    bills_cases=True,
)
QUOTE = Kind(
    name="quote",
    until="expiry_date",
    until_label=gettext_lazy("Can be accepted until"),
    new_title=gettext_lazy("New quote"),
    list_title=gettext_lazy("Quotes"),
    draft=QuoteStatus.DRAFT,
    days=lambda organization: organization.quote_days,
    terms=lambda organization: organization.quote_terms,
    visible=quote_selectors.visible_quote,
    actions=lambda quote, user: quote_selectors.available_actions(quote, user, today=timezone.localdate()),
    make=create_quote,
    change=lambda item, **given: update_quote(quote=item, **given),
    preview=previews.preview_quote,
)
