"""What waits for you, what you wait for, the figures of your role; the search; and the work that is running."""

from typing import Any

from django.db.models import Count, Q, Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from bureau.core.models import User
from bureau.purchasing.models import PurchaseRequest, sees_all_requests
from bureau.purchasing.selectors import requests as selectors
from bureau.purchasing.states import WAITING_FOR_DECISION, RequestStatus
from bureau.web.answers import PageRequest, page
from bureau.web.context import Shell
from bureau.web.requests.finding import search_words
from bureau.web.requests.views.lists import UNDER_WAY

SHOWN = 25
MINE_SHOWN = 8
FOUND = 50
FOUND_IN_PALETTE = 6


@page
@require_GET
def home(request: PageRequest) -> HttpResponse:
    user, today = request.user, timezone.localdate()
    inboxes = [selectors.requests_awaiting(user)]
    if selectors.is_finance_reviewer(user):
        inboxes.append(selectors.finance_inbox(user))
    waiting = [row for rows in inboxes for row in rows.select_related("requestor", "team", "current_step")[:SHOWN]]
    # The oldest day first; of one day the dearest.
    waiting.sort(key=lambda row: (timezone.localtime(row.submitted_at).date(), -(row.amount or 0)))
    open_states = WAITING_FOR_DECISION | {RequestStatus.REJECTED, RequestStatus.RESUBMITTED, RequestStatus.DRAFT}
    mine = PurchaseRequest.objects.visible_to(user).filter(requestor=user, status__in=open_states)
    mine_rows = list(mine.select_related("current_step").order_by("-updated_at", "-pk")[: MINE_SHOWN + 1])
    context = {
        "waiting": waiting,
        "mine": mine_rows[:MINE_SHOWN],
        "more_of_mine": len(mine_rows) > MINE_SHOWN,
        "figures": figures(user, today.year, today.month),
        "currency": user.organization.currency,
    }
    return render(request, "web/home/home.html", context)


def figures(user: User, year: int, month: int) -> list[dict[str, Any]]:
    """One query: one's own requests, and the organization's for those who see it."""
    wide = sees_all_requests(user)
    this_month = Q(status=RequestStatus.COMPLETED, completed_at__year=year, completed_at__month=month)
    waiting = Q(status__in=WAITING_FOR_DECISION)
    rows = PurchaseRequest.objects.listed_for(user) if wide else PurchaseRequest.objects.visible_to(user)
    if not wide:
        rows = rows.filter(requestor=user)
    sums = rows.aggregate(
        waiting=Count("pk", filter=waiting),
        waiting_sum=Sum("amount", filter=waiting),
        done_sum=Sum("amount", filter=this_month),
    )
    scope = "?scope=all&" if wide else "?"
    here = reverse("web:requests")
    under_way = f"{here}{scope}status={UNDER_WAY}"
    return [
        {
            "label": _("Under way in the organization") if wide else _("Yours under way"),
            "value": sums["waiting"],
            "url": under_way,
        },
        {"label": _("Worth"), "value": sums["waiting_sum"] or 0, "is_money": True, "url": under_way},
        {
            "label": _("Completed this month"),
            "value": sums["done_sum"] or 0,
            "is_money": True,
            "url": f"{here}{scope}status=COMPLETED",
        },
    ]


@page
@require_GET
def search(request: PageRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()[:200]
    rows = (
        PurchaseRequest.objects.visible_to(request.user)
        .select_related("requestor", "team")
        .order_by("-created_at", "-pk")
    )
    found = list(search_words(rows, query)[:FOUND]) if query else []
    if request.htmx.target == "palette-list":
        return render(request, "web/home/search_options.html", {"results": found[:FOUND_IN_PALETTE]})
    context = {"query": query, "results": found, "currency": request.user.organization.currency}
    return render(request, "web/home/search.html", context)


@page
@require_GET
def jobs(request: PageRequest) -> HttpResponse:
    return render(request, "web/home/jobs.html", {"jobs": Shell(request).jobs})
