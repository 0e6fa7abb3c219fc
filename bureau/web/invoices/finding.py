"""Invoices as the list shows them, and what its filters mean."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.core.models import User
from bureau.sales.models import Invoice
from bureau.sales.selectors import invoices as selectors
from bureau.sales.states import OPEN, InvoiceStatus
from bureau.web.exports import Column
from bureau.web.selling.finding import Filters, Heading, known_id, read_day
from bureau.web.templatetags.selling import INVOICES

COLUMNS = (
    Column(gettext_lazy("Customer"), "customer.party.name"),
    Column(gettext_lazy("Number"), "number"),
    Column(gettext_lazy("Status"), lambda row: INVOICES[row.shown_status][1]),
    Column(gettext_lazy("Date"), "issue_date"),
    Column(gettext_lazy("Due"), "due_date"),
    Column(gettext_lazy("Net"), "subtotal"),
    Column(gettext_lazy("Tax"), "tax_amount"),
    Column(gettext_lazy("Total"), "total_amount"),
    Column(gettext_lazy("Paid"), "paid_amount"),
    Column(gettext_lazy("Balance"), "balance"),
    Column(gettext_lazy("Currency"), "currency"),
    Column(gettext_lazy("Paid on"), "paid_at"),
    Column(gettext_lazy("Owner"), "owner"),
    Column(gettext_lazy("Terms"), "terms"),
    Column(gettext_lazy("Notes"), "notes"),
)


def invoice_for_page(user: User, pk: int) -> Invoice:
    """With all that its page shows. Raises NotFound."""
    return selectors.visible_invoice(user, known_id(pk, _("There is no such invoice.")))


class InvoiceFilters(Filters):
    TABS: ClassVar[Mapping[str, Any]] = {
        "all": gettext_lazy("All"),
        "draft": gettext_lazy("Drafts"),
        "open": gettext_lazy("To be paid"),
        "overdue": gettext_lazy("Overdue"),
        "partial": gettext_lazy("Partly paid"),
        "paid": gettext_lazy("Paid"),
        "cancelled": gettext_lazy("Cancelled"),
    }
    NAMES = (*Filters.NAMES, "due_from", "due_to")
    HEADINGS: ClassVar[Mapping[str, Heading]] = {
        "client": Heading(gettext_lazy("Customer"), "customer__sort_name"),
        "date": Heading(gettext_lazy("Date"), "issue_date", high_first=True),
        "due": Heading(gettext_lazy("Due"), "due_date"),
        "total": Heading(gettext_lazy("Total"), "total_amount", high_first=True),
        "balance": Heading(gettext_lazy("Balance"), "balance", high_first=True),
    }

    def in_tab(self, name: str) -> Q:
        """`open` and `partial` are what is still to be paid, overdue or not."""
        if name == "all":
            return Q(pk__isnull=False)
        if name == "open":
            return Q(status__in=OPEN)
        if name == "partial":
            return Q(status=InvoiceStatus.PARTIAL)
        return selectors.with_status(name, self.today)

    def narrowed(self, rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
        """Also by the days on which they are due, as the ageing asks."""
        rows = super().narrowed(rows)
        if first := read_day(self.given["due_from"]):
            rows = rows.filter(due_date__gte=first)
        if last := read_day(self.given["due_to"]):
            rows = rows.filter(due_date__lte=last)
        return rows

    def found(self, rows: QuerySet[Invoice], words: str) -> QuerySet[Invoice]:
        return selectors.invoices_found(rows, words)
