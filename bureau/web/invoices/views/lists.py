"""The list of invoices, and what is done with several at once."""

from functools import partial

from django.db.models import F, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from bureau.core.models import PaymentMethod
from bureau.kit.errors import NotFound
from bureau.sales.models import Invoice
from bureau.sales.selectors.invoices import visible_invoices
from bureau.sales.services.invoices import issue_invoice
from bureau.sales.services.payments import mark_as_paid
from bureau.sales.services.sending import send_invoice
from bureau.web.answers import PageRequest, page
from bureau.web.exports import exported
from bureau.web.invoices.finding import COLUMNS, InvoiceFilters
from bureau.web.orders.finding import chosen_ids
from bureau.web.outcomes import outcome, tell
from bureau.web.selling.finding import counted_page, sums_of

DONE = {"issue": gettext_lazy("Issued"), "send": gettext_lazy("Sent"), "paid": gettext_lazy("Marked as paid")}


@page
@require_GET
def invoice_list(request: PageRequest) -> HttpResponseBase:
    user, today = request.user, timezone.localdate()
    filters = InvoiceFilters(request, user, today)
    narrowed = filters.narrowed(visible_invoices(user, today=today))
    rows = filters.in_order(narrowed.filter(filters.in_tab(filters.tab)))
    if file := exported(request, "invoices", rows, COLUMNS):
        return file
    counts = filters.counts(narrowed)
    context = {
        "page": counted_page(request, rows, counts[filters.tab]),
        "sums": sums_of(rows, "currency", "total_amount", "balance") if filters.sums_wanted else [],
        "filters": filters,
        "tabs": filters.tabs(counts),
        "count": counts[filters.tab],
        "methods": PaymentMethod.choices,
        "today": today,
    }
    return render(request, "web/invoices/list.html", context)


@page
@require_POST
def bulk(request: PageRequest) -> HttpResponse:
    """One thing done with the invoices that are ticked; each stands or falls alone."""
    action = request.POST.get("action", "")
    if action not in DONE:
        raise NotFound(_("There is no such action."))
    chosen = chosen_ids(request.POST.getlist("invoice"))
    rows: QuerySet[Invoice] = visible_invoices(request.user, today=timezone.localdate()).filter(pk__in=chosen)
    invoices = rows.select_related("organization", "customer__owner").order_by(F("issue_date"), "pk")
    outcomes = [
        outcome(row.number, reverse("web:invoice", args=[row.pk]), partial(_act, request, action, row))
        for row in invoices
    ]
    return tell(request, outcomes, done=str(DONE[action]))


def _act(request: PageRequest, action: str, invoice: Invoice) -> None:
    actor, now = request.user, timezone.now()
    if action == "issue":
        issue_invoice(actor=actor, invoice=invoice, now=now)
    elif action == "send":
        send_invoice(actor=actor, invoice=invoice, now=now)
    else:
        method = request.POST.get("payment_method", PaymentMethod.BANK_TRANSFER)
        day = timezone.localdate(now)
        mark_as_paid(actor=actor, invoice=invoice, payment_method=method, payment_date=day, now=now)
