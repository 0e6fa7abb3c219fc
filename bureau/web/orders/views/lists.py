"""The list of orders."""

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from bureau.purchasing.models import OrderType, Project, PurchaseOrder
from bureau.purchasing.permissions.orders import can_create_order
from bureau.purchasing.selectors import order_people
from bureau.purchasing.selectors import orders as selectors
from bureau.purchasing.states import OrderStatus
from bureau.web.answers import PageRequest, page
from bureau.web.exports import Column, exported
from bureau.web.orders.finding import NEWEST, OrderFilters, listed, paged_with_total
from bureau.web.templatetags.bureau import STATES

COLUMNS = (
    Column(gettext_lazy("Number"), "po_number"),
    Column(gettext_lazy("Kind"), "get_type_display"),
    Column(gettext_lazy("Vendor"), "vendor_name"),
    Column(gettext_lazy("Project"), "project.code"),
    Column(gettext_lazy("Cost code"), "cost_code.external_id"),
    Column(gettext_lazy("What"), lambda row: row.description or "".join(one.description for one in row.first_lines)),
    Column(gettext_lazy("Ordered by"), "created_by"),
    Column(gettext_lazy("State"), lambda row: STATES[row.status][1]),
    Column(gettext_lazy("Created"), "created_at"),
    Column(gettext_lazy("Net"), "subtotal"),
    Column(gettext_lazy("Tax"), "tax_amount"),
    Column(gettext_lazy("Total"), "amount"),
)


@page
@require_GET
def order_list(request: PageRequest) -> HttpResponseBase:
    user = request.user
    visible = PurchaseOrder.objects.visible_to(user)
    scopes: dict[str, tuple[str, QuerySet[PurchaseOrder]]] = {
        "waiting": (_("Waiting for me"), selectors.orders_awaiting(user)),
        "mine": (_("Mine"), visible.filter(created_by=user)),
        "all": (_("All"), visible),
    }
    scope = request.GET.get("scope", "")
    if scope not in scopes:
        scope = "all" if user.sees_organization else "mine"
    filters = OrderFilters(request, usual="created" if scope == "waiting" else NEWEST)
    found = filters.apply(scopes[scope][1])
    if file := exported(request, "orders", listed(found, filters), COLUMNS):
        return file
    rows, worth = paged_with_total(request, found, filters)
    projects = Project.objects.visible_to(user).filter(organization=user.organization_id)
    context = {
        "page": rows,
        "worth": worth,
        "scope": scope,
        "scopes": [(name, label) for name, (label, _rows) in scopes.items()],
        "filters": filters,
        "statuses": [(status.value, status.label) for status in OrderStatus],
        "types": OrderType.choices,
        "projects": projects.order_by("code").only("code", "name"),
        "creators": order_people.creators(user) if scope == "all" else [],
        "may_create": bool(can_create_order(user)),
        "currency": user.organization.currency,
    }
    return render(request, "web/orders/list.html", context)
