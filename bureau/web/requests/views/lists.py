"""The lists of requests."""

from django.db.models import QuerySet, Sum
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from bureau.accounts.models import Team
from bureau.purchasing.models import PurchaseRequest, sees_all_requests
from bureau.purchasing.selectors import requests as selectors
from bureau.purchasing.states import WAITING_FOR_DECISION, RequestStatus
from bureau.web.answers import PageRequest, page, paged
from bureau.web.exports import Column, exported
from bureau.web.requests.finding import search_words
from bureau.web.templatetags.bureau import STATES

UNDER_WAY = "UNDER_WAY"
"""What the list calls everything that waits for a decision."""

COLUMNS = (
    Column(gettext_lazy("Number"), "number"),
    Column(gettext_lazy("Subject"), "subject"),
    Column(gettext_lazy("From"), "requestor"),
    Column(gettext_lazy("Team"), "team.name"),
    Column(gettext_lazy("Vendor"), "vendor_name"),
    Column(gettext_lazy("State"), lambda row: STATES[row.status][1]),
    Column(gettext_lazy("Next"), "current_step.step_name"),
    Column(gettext_lazy("Created"), "created_at"),
    Column(gettext_lazy("Submitted"), "submitted_at"),
    Column(gettext_lazy("Amount"), "amount"),
)


@page
@require_GET
def request_list(request: PageRequest) -> HttpResponseBase:
    user = request.user
    scopes: dict[str, QuerySet[PurchaseRequest]] = {
        "mine": PurchaseRequest.objects.visible_to(user).filter(requestor=user)
    }
    if user.decisions.exists():
        scopes["decided"] = PurchaseRequest.objects.visible_to(user).filter(pk__in=user.decisions.values("request"))
    if sees_all_requests(user):
        scopes["all"] = PurchaseRequest.objects.listed_for(user)
    scope = request.GET.get("scope", "mine")
    scope = scope if scope in scopes else "mine"
    rows = scopes[scope]
    filters = {name: request.GET.get(name, "").strip() for name in ("q", "status", "team")}
    rows = search_words(rows, filters["q"])
    if filters["status"] in list(RequestStatus):
        rows = rows.filter(status=filters["status"])
    elif filters["status"] == UNDER_WAY:
        rows = rows.filter(status__in=WAITING_FOR_DECISION)
    teams = list(Team.objects.visible_to(user).filter(is_active=True).order_by("name"))
    team = next((team for team in teams if str(team.uuid) == filters["team"]), None)
    if team:
        rows = rows.filter(team=team)
    rows = rows.select_related("requestor", "team", "current_step").order_by("-created_at", "-pk")
    if file := exported(request, "requests", rows, COLUMNS):
        return file
    context = {
        "page": paged(request, rows),
        "scope": scope,
        "scopes": list(scopes),
        "filters": filters,
        "filtered": any(filters.values()),
        "statuses": [(UNDER_WAY, _("Under way")), *((status.value, STATES[status][1]) for status in RequestStatus)],
        "teams": teams,
        "currency": user.organization.currency,
    }
    return render(request, "web/requests/list.html", context)


@page
@require_GET
def finance_inbox(request: PageRequest) -> HttpResponseBase:
    rows = selectors.finance_inbox(request.user).select_related("requestor", "team", "current_step")
    if file := exported(request, "finance-inbox", rows, COLUMNS):
        return file
    context = {
        "page": paged(request, rows),
        "total": rows.order_by().aggregate(total=Sum("amount"))["total"],
        "currency": request.user.organization.currency,
    }
    return render(request, "web/requests/finance.html", context)
