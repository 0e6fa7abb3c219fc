"""The lists of requests."""

from django.db.models import QuerySet, Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bureau.accounts.models import Team
from bureau.purchasing import selectors
from bureau.purchasing.models import PurchaseRequest
from bureau.purchasing.states import RequestStatus
from bureau.web.answers import PageRequest, page, paged
from bureau.web.requests.finding import search_words


@page
@require_GET
def request_list(request: PageRequest) -> HttpResponse:
    user = request.user
    scopes: dict[str, QuerySet[PurchaseRequest]] = {
        "mine": PurchaseRequest.objects.visible_to(user).filter(requestor=user)
    }
    if user.decisions.exists():
        scopes["decided"] = PurchaseRequest.objects.visible_to(user).filter(pk__in=user.decisions.values("request"))
    if user.sees_organization or selectors.is_finance_reviewer(user):
        scopes["all"] = PurchaseRequest.objects.listed_for(user)
    scope = request.GET.get("scope", "mine")
    scope = scope if scope in scopes else "mine"
    rows = scopes[scope]
    filters = {name: request.GET.get(name, "").strip() for name in ("q", "status", "team")}
    rows = search_words(rows, filters["q"])
    if filters["status"] in list(RequestStatus):
        rows = rows.filter(status=filters["status"])
    teams = list(Team.objects.visible_to(user).filter(is_active=True).order_by("name"))
    team = next((team for team in teams if str(team.uuid) == filters["team"]), None)
    if team:
        rows = rows.filter(team=team)
    rows = rows.select_related("requestor", "team", "current_step").order_by("-created_at", "-pk")
    context = {
        "page": paged(request, rows),
        "scope": scope,
        "scopes": list(scopes),
        "filters": filters,
        "filtered": any(filters.values()),
        "statuses": [(status.value, status.label) for status in RequestStatus],
        "teams": teams,
        "currency": user.organization.currency,
    }
    return render(request, "web/requests/list.html", context)


@page
@require_GET
def finance_inbox(request: PageRequest) -> HttpResponse:
    rows = selectors.finance_inbox(request.user).select_related("requestor", "team")
    context = {
        "page": paged(request, rows),
        "total": rows.order_by().aggregate(total=Sum("amount"))["total"],
        "currency": request.user.organization.currency,
    }
    return render(request, "web/requests/finance.html", context)
