"""The list of projects with their budgets, and the page of one."""

from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from bureau.accounts import selectors as accounts
from bureau.purchasing.models import Project, ProjectStatus
from bureau.purchasing.permissions import projects as permissions
from bureau.purchasing.selectors import projects as selectors
from bureau.web.answers import PageRequest, page, paged
from bureau.web.exports import Column, exported
from bureau.web.projects.forms import MemberForm
from bureau.web.projects.reading import money_of

SHOWN_ORDERS = 10
COLUMNS = (
    Column(gettext_lazy("Code"), "code"),
    Column(gettext_lazy("Project"), "name"),
    Column(gettext_lazy("State"), "get_status_display"),
    Column(gettext_lazy("Start"), "start_date"),
    Column(gettext_lazy("End"), "end_date"),
    Column(gettext_lazy("Budget"), "budget"),
    Column(gettext_lazy("Spent"), "spent"),
    Column(gettext_lazy("Remaining"), "remaining"),
)


@page
@require_GET
def project_list(request: PageRequest) -> HttpResponseBase:
    user = request.user
    filters = {name: request.GET.get(name, "").strip().replace("\x00", "") for name in ("q", "status")}
    rows = Project.objects.visible_to(user)
    for word in filters["q"].split()[:8]:
        rows = rows.filter(Q(code__icontains=word) | Q(name__icontains=word))
    if filters["status"] in ProjectStatus.values:
        rows = rows.filter(status=filters["status"])
    figured = selectors.with_figures(rows).order_by("code", "pk")
    if file := exported(request, "projects", figured, COLUMNS):
        return file
    context = {
        "page": paged(request, figured),
        "filters": filters,
        "filtered": any(filters.values()),
        "statuses": ProjectStatus.choices,
        "currency": user.organization.currency,
        "may_create": permissions.can_manage_projects(user, user.organization),
    }
    return render(request, "web/projects/list.html", context)


@page
@require_GET
def project(request: PageRequest, code: str) -> HttpResponse:
    found = selectors.visible_project(request.user, code)
    may_edit = permissions.can_edit_project(request.user, found)
    may_manage = permissions.can_manage_projects(request.user, found.organization)
    members = list(selectors.people_of(found))
    others = accounts.people(found.organization).filter(is_active=True).exclude(pk__in=[one.pk for one in members])
    context = {
        "project": found,
        "currency": found.organization.currency,
        "codes": selectors.cost_codes(found),
        "orders": selectors.orders_of(request.user, found).select_related("cost_code")[:SHOWN_ORDERS],
        "members": members,
        "member_form": MemberForm(list(others.order_by("first_name", "last_name", "pk"))) if may_manage else None,
        "may_edit": may_edit,
        "may_manage": may_manage,
        **money_of(request, found),
    }
    return render(request, "web/projects/project.html", context)
