"""Customers: the list, the page of one, and its form."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureau.accounts.selectors import people
from bureau.cases.selectors import customers as histories
from bureau.kit.errors import Conflict, Invalid
from bureau.parties.models import Customer, CustomerType
from bureau.parties.permissions.customers import can_write_customer
from bureau.parties.selectors.customers import UNIQUE, visible_customer, visible_customers
from bureau.parties.services.customers import (
    CustomerExists,
    create_customer,
    possible_duplicates,
    set_active,
    update_customer,
)
from bureau.sales.selectors.customers import payments_of, selling_figures
from bureau.sales.selectors.invoices import visible_invoices
from bureau.sales.selectors.quotes import visible_quotes
from bureau.web.answers import UNREADABLE, PageRequest, page, paged
from bureau.web.customers.forms import CustomerForm
from bureau.web.customers.reading import CustomerFilters, Story, documents_held, events
from bureau.web.exports import Column, exported
from bureau.web.setup.forms import show_refusal

SHOWN = 25
SHOWN_DOCUMENTS = 50
SHOWN_TWINS = 3
SHOWN_SALES = 5
COLUMNS = (
    Column(gettext_lazy("Name"), "party.name"),
    Column(gettext_lazy("Kind"), "get_customer_type_display"),
    Column(gettext_lazy("Title"), "title"),
    Column(gettext_lazy("First name"), "first_name"),
    Column(gettext_lazy("Last name"), "last_name"),
    Column(gettext_lazy("Company"), "company_name"),
    Column(gettext_lazy("E-mail"), "party.email"),
    Column(gettext_lazy("Phone"), "party.phone"),
    Column(gettext_lazy("WhatsApp"), "whatsapp"),
    Column(gettext_lazy("Address"), "party.address"),
    Column(gettext_lazy("Tax number"), "party.tax_number"),
    Column(gettext_lazy("Nationality"), "nationality"),
    Column(gettext_lazy("Date of birth"), "birthdate"),
    Column(gettext_lazy("Place of birth"), "birth_place"),
    Column(gettext_lazy("Gender"), "gender"),
    Column(gettext_lazy("Passport number"), "passport_number"),
    Column(gettext_lazy("Passport issued on"), "passport_issue_date"),
    Column(gettext_lazy("Passport expires on"), "passport_expiry_date"),
    Column(gettext_lazy("Looked after by"), "owner"),
    Column(gettext_lazy("Open cases"), "open_cases"),
    Column(gettext_lazy("State"), lambda row: _("Active") if row.active else _("Inactive")),
    Column(gettext_lazy("Since"), "created_at"),
)


@page
@require_GET
def customer_list(request: PageRequest) -> HttpResponseBase:
    user = request.user
    filters = CustomerFilters(request)
    rows = histories.with_open_cases(filters.apply(visible_customers(user)), user)
    if file := exported(request, "customers", rows, COLUMNS):
        return file
    context = {
        "page": paged(request, rows),
        "filters": filters,
        "types": CustomerType.choices,
        "owners": people(user.organization).order_by("first_name", "last_name", "pk") if user.sees_organization else [],
        "today": timezone.localdate(),
    }
    return render(request, "web/customers/list.html", context)


@page
@require_GET
def customer(request: PageRequest, pk: int) -> HttpResponse:
    user, today = request.user, timezone.localdate()
    found = visible_customer(user, pk)
    context = {
        "customer": found,
        "story": Story(found, today=today),
        "cases": histories.cases_of(user, found)[: SHOWN + 1],
        "shown": SHOWN,
        "documents": documents_held(histories.documents_of(user, found)[:SHOWN_DOCUMENTS], today),
        "figures": selling_figures(user, found, today=today),
        "invoices": visible_invoices(user, today=today).filter(customer=found)[: SHOWN_SALES + 1],
        "quotes": visible_quotes(user, today=today).filter(customer=found)[: SHOWN_SALES + 1],
        "payments": payments_of(user, found)[: SHOWN_SALES + 1],
        "shown_sales": SHOWN_SALES,
        "events": events(histories.history_of(found)[:SHOWN]),
        "may_write": can_write_customer(user, found),
        "today": today,
    }
    return render(request, "web/customers/customer.html", context)


@page
@require_http_methods(["GET", "POST"])
def new(request: PageRequest) -> HttpResponse:
    form = CustomerForm(None, request.user, request.POST or None)

    def save() -> Customer:
        keep = form.cleaned_data["allow_duplicate"]
        return create_customer(actor=request.user, allow_duplicate=keep, now=timezone.now(), **form.values())

    made = _saved(form, save)
    if made:
        messages.success(request, _("%s is there. Next: what you do for them.") % made)
        return redirect("web:customer", made.pk)
    return _shown(request, form, None)


@page
@require_http_methods(["GET", "POST"])
def edit(request: PageRequest, pk: int) -> HttpResponse:
    found = visible_customer(request.user, pk)
    can_write_customer(request.user, found).enforce()
    form = CustomerForm(found, request.user, request.POST or None)

    def save() -> Customer:
        keep, values = form.cleaned_data["allow_duplicate"], form.values()
        return update_customer(
            actor=request.user, customer=found, changes=values, allow_duplicate=keep, now=timezone.now()
        )

    if _saved(form, save):
        messages.success(request, _("Saved."))
        return redirect("web:customer", found.pk)
    return _shown(request, form, found)


@page
@require_POST
def activate(request: PageRequest, pk: int) -> HttpResponse:
    """`active` is yes or no."""
    found = visible_customer(request.user, pk)
    active = request.POST.get("active") == "yes"
    set_active(actor=request.user, customer=found, active=active, now=timezone.now())
    text = _("%s is active again.") if active else _("%s is inactive: not offered for new cases, but nothing is lost.")
    messages.success(request, text % found)
    return redirect("web:customer", found.pk)


@page
@require_GET
def alike(request: PageRequest) -> HttpResponse:
    """What the form shows while it is typed: customers with the same e-mail address, tax or passport number."""
    user = request.user
    given = {name: request.GET.get(name, "").strip()[:254].replace("\x00", "") for name in UNIQUE}
    own = request.GET.get("customer", "")
    exclude = visible_customer(user, int(own)) if own.isascii() and own.isdigit() and len(own) < 19 else None
    organization = exclude.organization if exclude else user.organization
    found = possible_duplicates(organization, **given, exclude=exclude)
    seen = [one for one in found if can_write_customer(user, one)]
    context = {"twins": seen[:SHOWN_TWINS], "others": len(found) > len(seen)}
    return render(request, "web/customers/alike.html", context)


def _saved(form: CustomerForm, save: Callable[[], Customer]) -> Customer | None:
    if not form.is_valid():
        return None
    try:
        return save()
    except CustomerExists as error:
        form.exists, form.twin = True, error.twin
        show_refusal(form, Invalid(fields=error.fields))
    except (Invalid, Conflict) as error:
        show_refusal(form, error)
    return None


def _shown(request: PageRequest, form: CustomerForm, found: Customer | None) -> HttpResponse:
    context = {"form": form, "customer": found}
    return render(request, "web/customers/edit.html", context, status=UNREADABLE if form.is_bound else 200)
