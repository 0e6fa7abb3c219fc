"""The list of payments."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from bureau.core.models import PaymentMethod
from bureau.sales.models import Invoice, Payment
from bureau.sales.selectors.invoices import invoices_found
from bureau.web.answers import PageRequest, page
from bureau.web.exports import Column, exported
from bureau.web.selling.finding import Filters, Heading, counted_page, sums_of

COLUMNS = (
    Column(gettext_lazy("Date"), "payment_date"),
    Column(gettext_lazy("Customer"), "invoice.customer.party.name"),
    Column(gettext_lazy("Invoice"), "invoice.number"),
    Column(gettext_lazy("Kind"), lambda row: gettext_lazy("Refund") if row.refund_of_id else gettext_lazy("Payment")),
    Column(gettext_lazy("How"), "get_payment_method_display"),
    Column(gettext_lazy("Reference"), "reference"),
    Column(gettext_lazy("Note"), "note"),
    Column(gettext_lazy("Amount"), "amount"),
    Column(gettext_lazy("Currency"), "invoice.currency"),
    Column(gettext_lazy("Recorded by"), "created_by"),
)


class PaymentFilters(Filters):
    """By the day of the payment."""

    TABS: ClassVar[Mapping[str, Any]] = {
        "all": gettext_lazy("All"),
        "payments": gettext_lazy("Payments"),
        "refunds": gettext_lazy("Refunds"),
    }
    HEADINGS: ClassVar[Mapping[str, Heading]] = {
        "client": Heading(gettext_lazy("Customer"), "invoice__customer__sort_name"),
        "date": Heading(gettext_lazy("Date"), "payment_date", high_first=True),
        "amount": Heading(gettext_lazy("Amount"), "amount", high_first=True),
    }
    NEWEST = ("-payment_date", "-pk")
    CUSTOMER = "invoice__customer"
    DAY = "payment_date"
    NAMES = (*Filters.NAMES, "method")

    def in_tab(self, name: str) -> Q:
        if name == "all":
            return Q(pk__isnull=False)
        return Q(refund_of__isnull=name == "payments")

    def found(self, rows: QuerySet[Payment], words: str) -> QuerySet[Payment]:
        """In the reference, or on the invoice."""
        for word in words.split()[:8]:
            invoices = invoices_found(Invoice.objects.visible_to(self.user), word).values("pk")
            rows = rows.filter(Q(reference__icontains=word) | Q(invoice__in=invoices))
        return rows

    def narrowed(self, rows: QuerySet[Payment]) -> QuerySet[Payment]:
        rows = super().narrowed(rows)
        method = self.given["method"]
        return rows.filter(payment_method=method) if method in PaymentMethod.values else rows


@page
@require_GET
def payment_list(request: PageRequest) -> HttpResponseBase:
    user = request.user
    filters = PaymentFilters(request, user, timezone.localdate())
    visible = Payment.objects.visible_to(user).select_related("invoice__customer__party", "created_by")
    narrowed = filters.narrowed(visible)
    rows = filters.in_order(narrowed.filter(filters.in_tab(filters.tab)))
    if file := exported(request, "payments", rows, COLUMNS):
        return file
    counts = filters.counts(narrowed)
    context = {
        "page": counted_page(request, rows, counts[filters.tab]),
        "sums": sums_of(rows, "invoice__currency", "amount") if filters.sums_wanted else [],
        "filters": filters,
        "tabs": filters.tabs(counts),
        "count": counts[filters.tab],
        "methods": PaymentMethod.choices,
    }
    return render(request, "web/payments/list.html", context)
