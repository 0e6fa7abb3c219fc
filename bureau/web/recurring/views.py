"""Recurring invoices: the list, the page of one, and its form."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureau.kit.errors import DomainError, Forbidden, Invalid, NotFound
from bureau.parties.models import Customer
from bureau.parties.selectors.customers import searched, visible_customers
from bureau.sales.models import RecurringInvoice
from bureau.sales.permissions.documents import can_write
from bureau.sales.selectors.invoices import visible_invoices
from bureau.sales.selectors.recurring import visible_recurring_invoice, visible_recurring_invoices
from bureau.sales.services import recurring as services
from bureau.web.answers import UNREADABLE, PageRequest, page
from bureau.web.exports import Column, exported
from bureau.web.recurring.forms import INTERVALS, RecurringForm
from bureau.web.recurring.reading import Plan, coming, grid_lines
from bureau.web.selling.editing.lines import again, read_lines, taxes_of, with_empty
from bureau.web.selling.finding import Filters, Heading, counted_page, known_id

MADE_SHOWN = 24
OFFERED = 200
COLUMNS = (
    Column(gettext_lazy("What for"), "name"),
    Column(gettext_lazy("Customer"), "customer.party.name"),
    Column(gettext_lazy("How often"), lambda row: INTERVALS[row.interval]),
    Column(gettext_lazy("Active"), lambda row: _("yes") if row.active else _("paused")),
    Column(gettext_lazy("Next"), "next_date"),
    Column(gettext_lazy("Until"), "end_date"),
    Column(gettext_lazy("Owner"), "owner"),
)


class RecurringFilters(Filters):
    TABS: ClassVar[Mapping[str, Any]] = {
        "all": gettext_lazy("All"),
        "active": gettext_lazy("Active"),
        "paused": gettext_lazy("Paused"),
        "problem": gettext_lazy("With a problem"),
    }
    HEADINGS: ClassVar[Mapping[str, Heading]] = {
        "client": Heading(gettext_lazy("Customer"), "customer__sort_name"),
        "next": Heading(gettext_lazy("Next"), "next_date"),
    }
    DAY = "next_date"

    def in_tab(self, name: str) -> Q:
        tabs = {"active": Q(active=True), "paused": Q(active=False), "problem": ~Q(problem="")}
        return tabs.get(name, Q(pk__isnull=False))

    def found(self, rows: QuerySet[RecurringInvoice], words: str) -> QuerySet[RecurringInvoice]:
        for word in words.split()[:8]:
            customers = searched(visible_customers(self.user), word).values("pk")
            rows = rows.filter(Q(name__icontains=word) | Q(customer__in=customers))
        return rows


@page
@require_GET
def recurring_list(request: PageRequest) -> HttpResponseBase:
    user, today = request.user, timezone.localdate()
    filters = RecurringFilters(request, user, today)
    narrowed = filters.narrowed(visible_recurring_invoices(user))
    rows = filters.in_order(narrowed.filter(filters.in_tab(filters.tab)))
    if file := exported(request, "recurring-invoices", rows, COLUMNS):
        return file
    counts = filters.counts(narrowed)
    shown = counted_page(request, rows, counts[filters.tab])
    context = {
        "page": shown,
        "plans": [Plan(row) for row in shown],
        "filters": filters,
        "tabs": filters.tabs(counts),
        "today": today,
    }
    return render(request, "web/recurring/list.html", context)


@page
@require_GET
def recurring(request: PageRequest, pk: int) -> HttpResponse:
    found, user, today = _found(request, pk), request.user, timezone.localdate()
    context = {
        "item": found,
        "plan": Plan(found),
        "coming": coming(found),
        "made": visible_invoices(user, today=today).filter(recurring=found)[:MADE_SHOWN],
        "may_write": bool(can_write(user, found)),
        "reason": can_write(user, found).reason,
        "sees_customer": Customer.objects.visible_to(user).filter(pk=found.customer_id).exists(),
        "today": today,
    }
    return render(request, "web/recurring/recurring.html", context)


@page
@require_http_methods(["GET", "POST"])
def new(request: PageRequest) -> HttpResponse:
    return _edited(request, None)


@page
@require_http_methods(["GET", "POST"])
def edit(request: PageRequest, pk: int) -> HttpResponse:
    found = _found(request, pk)
    can_write(request.user, found).enforce()
    return _edited(request, found)


@page
@require_POST
def activate(request: PageRequest, pk: int) -> HttpResponse:
    """`active` is yes or no."""
    found, active = _found(request, pk), request.POST.get("active") == "yes"
    services.set_recurring_active(actor=request.user, recurring=found, active=active, now=timezone.now())
    text = _("%s goes on.") if active else _("%s is paused: nothing is made until you take it up again.")
    messages.success(request, text % found.name)
    return redirect("web:recurring-invoice", found.pk)


@page
@require_POST
def delete(request: PageRequest, pk: int) -> HttpResponse:
    found = _found(request, pk)
    services.delete_recurring(actor=request.user, recurring=found, now=timezone.now())
    messages.success(request, _("%s is deleted. The invoices that it made stay.") % found.name)
    return redirect("web:recurring")


def _found(request: PageRequest, pk: int) -> RecurringInvoice:
    return visible_recurring_invoice(request.user, known_id(pk, _("There is no such recurring invoice.")))


def _edited(request: PageRequest, item: RecurringInvoice | None) -> HttpResponse:
    user, data = request.user, request.POST if request.method == "POST" else None
    form = RecurringForm(user, data, item=item, today=timezone.localdate())
    more = data is not None and data.get("do") == "more"
    if data is not None and not more and form.is_valid():
        try:
            made = _save(request, form, item)
        except (Forbidden, NotFound):
            raise
        except DomainError as error:
            form.place(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("web:recurring-invoice", made.pk)
    elif data is not None and not more:
        _check_lines(form, data)
    organization = item.organization if item else user.organization
    rows = again(data, {}, form.cell_errors) if data is not None else grid_lines(item)
    context = {
        "form": form,
        "item": item,
        "lines": with_empty(rows, organization, more=4 if more else 1 if rows else 3),
        "taxes": taxes_of(organization, rows),
        "customers": visible_customers(user).filter(organization=organization, active=True)[:OFFERED],
        "currency": organization.currency,
        "typed": data is not None,
    }
    refused = data is not None and not more
    return render(request, "web/recurring/edit.html", context, status=UNREADABLE if refused else 200)


def _save(request: PageRequest, form: RecurringForm, item: RecurringInvoice | None) -> RecurringInvoice:
    """Raises DomainError."""
    actor, now = request.user, timezone.now()
    lines, values = read_lines(request.POST, {}), form.values()
    if item is None:
        return services.create_recurring(actor=actor, lines=lines, now=now, **values)
    return services.update_recurring(actor=actor, recurring=item, changes=values, lines=lines, now=now)


def _check_lines(form: RecurringForm, data: Any) -> None:
    """What cannot be read in the grid is told together with the rest."""
    try:
        read_lines(data, {})
    except Invalid as error:
        form.place(error)
