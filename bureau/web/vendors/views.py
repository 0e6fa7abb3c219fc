"""Vendors: the list, the page of one, and its form."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from bureau.kit.errors import Conflict, Invalid
from bureau.parties.models import Vendor
from bureau.parties.permissions import vendors as permissions
from bureau.parties.selectors import vendors as selectors
from bureau.parties.services.vendors import VendorExists, create_vendor, update_vendor
from bureau.purchasing.selectors import payables
from bureau.web.answers import UNREADABLE, PageRequest, page, paged
from bureau.web.context import Shell
from bureau.web.exports import Column, exported
from bureau.web.setup.forms import show_refusal
from bureau.web.vendors.forms import VendorForm

SHOWN = 10
TOLERANCES = ("price", "quantity", "total")
COLUMNS = (
    Column(gettext_lazy("Code"), "code"),
    Column(gettext_lazy("Vendor"), "party.name"),
    Column(gettext_lazy("Contact"), "contact_name"),
    Column(gettext_lazy("E-mail"), "party.email"),
    Column(gettext_lazy("Phone"), "party.phone"),
    Column(gettext_lazy("Address"), "party.address"),
    Column(gettext_lazy("Tax number"), "party.tax_number"),
    Column(gettext_lazy("Terms"), "payment_terms"),
    Column(gettext_lazy("State"), lambda row: _("Active") if row.active else _("Inactive")),
)
SPENT = Column(gettext_lazy("Spent this year"), "spend")


@page
@require_GET
def vendor_list(request: PageRequest) -> HttpResponseBase:
    user = request.user
    filters = {name: request.GET.get(name, "").strip().replace("\x00", "") for name in ("q", "state")}
    rows = selectors.visible_vendors(user)
    for word in filters["q"].split()[:8]:
        rows = rows.filter(
            Q(code__icontains=word)
            | Q(party__name__icontains=word)
            | Q(contact_name__icontains=word)
            | Q(party__email__icontains=word)
        )
    if filters["state"] in ("active", "inactive"):
        rows = rows.filter(active=filters["state"] == "active")
    year = timezone.localdate().year
    rows = payables.with_spend(rows, user, year)
    if file := exported(request, "vendors", rows, (*COLUMNS, SPENT) if Shell(request).pays else COLUMNS):
        return file
    context = {
        "page": paged(request, rows),
        "filters": filters,
        "filtered": any(filters.values()),
        "year": year,
        "currency": user.organization.currency,
        "may_write": permissions.can_write_vendors(user, user.organization),
    }
    return render(request, "web/vendors/list.html", context)


@page
@require_GET
def vendor(request: PageRequest, code: str) -> HttpResponse:
    user, year = request.user, timezone.localdate().year
    found = selectors.visible_vendor(user, code)
    may_write = permissions.can_write_vendors(user, found.organization)
    proposed = payables.proposed_account(found) if may_write else None
    measured: Any = payables.with_spend(Vendor.objects.visible_to(user).filter(pk=found.pk), user, year).get()
    context = {
        "vendor": found,
        "year": year,
        "spend": measured.spend,
        "currency": found.organization.currency,
        "orders": payables.orders_with(user, found)[:SHOWN],
        "bills": payables.bills_of(user, found)[:SHOWN],
        "account": selectors.confirmed_account(found) if may_write else None,
        "proposed": proposed,
        "answers": selectors.account_actions(proposed, user) if proposed else {},
        "history": found.bank_accounts.select_related("proposed_by", "decided_by") if may_write else [],
        "tolerances": {name: selectors.tolerance(found, found.organization, name) for name in TOLERANCES},
        "own": {name: getattr(found, f"{name}_tolerance") is not None for name in TOLERANCES},
        "may_write": may_write,
    }
    return render(request, "web/vendors/vendor.html", context)


@page
@require_http_methods(["GET", "POST"])
def new(request: PageRequest) -> HttpResponse:
    organization = request.user.organization
    permissions.can_write_vendors(request.user, organization).enforce()
    matching = bool(permissions.can_set_matching(request.user, organization))
    form = VendorForm(None, organization, request.POST or None, matching=matching)

    def save() -> Vendor:
        keep = form.cleaned_data["allow_duplicate"]
        return create_vendor(actor=request.user, allow_duplicate=keep, now=timezone.now(), **form.values())

    made = _saved(form, save)
    if made:
        messages.success(request, _("%s is there. Next: where it is paid.") % made)
        return redirect("web:vendor", made.code)
    return _shown(request, form, None)


@page
@require_http_methods(["GET", "POST"])
def edit(request: PageRequest, code: str) -> HttpResponse:
    found = selectors.visible_vendor(request.user, code)
    permissions.can_write_vendors(request.user, found.organization).enforce()
    matching = bool(permissions.can_set_matching(request.user, found.organization))
    form = VendorForm(found, found.organization, request.POST or None, matching=matching)

    def save() -> Vendor:
        keep, values = form.cleaned_data["allow_duplicate"], form.values()
        return update_vendor(actor=request.user, vendor=found, changes=values, allow_duplicate=keep, now=timezone.now())

    if _saved(form, save):
        messages.success(request, _("Saved."))
        return redirect("web:vendor", found.code)
    return _shown(request, form, found)


def _saved(form: VendorForm, save: Callable[[], Vendor]) -> Vendor | None:
    if not form.is_valid():
        return None
    try:
        return save()
    except VendorExists as error:
        form.twin = "code" not in error.fields
        for name, texts in error.fields.items():
            form.add_error(name if name in form.fields else None, texts)
    except (Invalid, Conflict) as error:
        show_refusal(form, error)
    return None


def _shown(request: PageRequest, form: VendorForm, found: Vendor | None) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "vendor": found}
    return render(request, "web/vendors/edit.html", context, status=UNREADABLE if form.is_bound else 200)
