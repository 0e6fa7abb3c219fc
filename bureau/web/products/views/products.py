"""Products: the list, the page of one, and its deletion."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from bureau.cases.calendars import calendars_of
from bureau.cases.permissions.products import can_write_products
from bureau.cases.selectors import products as selectors
from bureau.cases.selectors.catalogue import with_counts
from bureau.cases.services.products import delete_product
from bureau.web.answers import PageRequest, page, paged
from bureau.web.exports import Column, exported
from bureau.web.products.reading import due_days

FILTERS = ("q", "state", "type")
COLUMNS = (
    Column(gettext_lazy("Code"), "code"),
    Column(gettext_lazy("Name"), "name"),
    Column(gettext_lazy("Type"), "product_type"),
    Column(gettext_lazy("Description"), "description"),
    Column(gettext_lazy("Price, net"), "base_price"),
    Column(gettext_lazy("Tax"), "tax_code"),
    Column(gettext_lazy("Steps"), "steps"),
    Column(gettext_lazy("Documents"), "papers"),
    Column(gettext_lazy("Open cases"), "open_cases"),
    Column(gettext_lazy("State"), lambda row: _("Active") if row.active else _("Inactive")),
)


@page
@require_GET
def product_list(request: PageRequest) -> HttpResponseBase:
    user = request.user
    filters = {name: request.GET.get(name, "").strip().replace("\x00", "")[:200] for name in FILTERS}
    rows = selectors.visible_products(user).filter(selectors.products_found(filters["q"]))
    if filters["state"] != "all":
        rows = rows.filter(active=filters["state"] != "inactive")
    if filters["type"]:
        rows = rows.filter(product_type=filters["type"])
    rows = with_counts(rows, user)
    if file := exported(request, "products", rows, COLUMNS):
        return file
    context = {
        "page": paged(request, rows),
        "filters": filters,
        "filtered": any(filters.values()),
        "types": selectors.product_types(user),
        "currency": user.organization.currency,
        "may_write": can_write_products(user, user.organization),
    }
    return render(request, "web/products/list.html", context)


@page
@require_GET
def product(request: PageRequest, pk: int) -> HttpResponse:
    user, today = request.user, timezone.localdate()
    found = selectors.visible_product(user, pk)
    tasks = list(found.tasks.all())
    days = due_days(tasks, today, calendars_of(found.organization))
    documents = selectors.required_and_optional(found)
    may_write = can_write_products(user, found.organization)
    context: dict[str, Any] = {
        "product": found,
        "tasks": list(zip(tasks, days, strict=True)),
        "due": days[-1] if days else None,
        "required": documents[True],
        "optional": documents[False],
        "usage": selectors.product_usage(found),
        "currency": found.organization.currency,
        "may_write": may_write,
        "today": today,
    }
    return render(request, "web/products/product.html", context)


@page
@require_http_methods(["GET", "POST"])
def delete(request: PageRequest, pk: int) -> HttpResponse:
    found = selectors.visible_product(request.user, pk)
    can_write_products(request.user, found.organization).enforce()
    usage = selectors.product_usage(found)
    if request.method == "POST":
        delete_product(actor=request.user, product=found, now=timezone.now())
        messages.success(request, _("“%s” is deleted.") % found.name)
        return redirect("web:products")
    return render(request, "web/products/delete.html", {"product": found, "usage": usage})
