"""What waits for you, what you wait for, the figures of your role; the search; and the work that is running."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from bureau.cases.selectors.customers import due_cases
from bureau.core.models import User
from bureau.core.sums import ExactSum
from bureau.kit.errors import NotFound
from bureau.purchasing.models import OrderType, PurchaseOrder, PurchaseRequest, sees_all_requests
from bureau.purchasing.selectors import orders as order_selectors
from bureau.purchasing.selectors import requests as selectors
from bureau.purchasing.states import WAITING_FOR_DECISION, OrderStatus, RequestStatus
from bureau.sales.selectors.waiting import waiting_documents
from bureau.web.answers import PageRequest, page
from bureau.web.context import CASES_SOON, Shell
from bureau.web.home.finding import places
from bureau.web.orders.finding import search_orders
from bureau.web.orders.views.deciding import decide_orders
from bureau.web.outcomes import tell
from bureau.web.requests.finding import search_words
from bureau.web.requests.views.deciding import decide_requests
from bureau.web.requests.views.lists import UNDER_WAY

SHOWN = 25
MINE_SHOWN = 8
CASES_SHOWN = 8
SALES_SHOWN = 8
REFUSED_SHOWN_DAYS = 14
FOUND = 50
FOUND_IN_PALETTE = 6


@page
@require_GET
def home(request: PageRequest) -> HttpResponse:
    user, today = request.user, timezone.localdate()
    mine: list[Any] = sorted([*my_requests(user), *my_orders(user)], key=lambda row: row.updated_at, reverse=True)
    shown_figures = figures(user, today.year, today.month)
    shell = Shell(request)
    if shell.buys:
        shown_figures += order_figures(user, today)
    if "bills" in shell.counts:
        shown_figures.append(
            {"label": _("Bills to decide"), "value": shell.counts["bills"], "url": reverse("web:bills")}
        )
    context = {
        "shell": shell,  # which has counted already
        "waiting": waiting_for(user),
        "mine": mine[:MINE_SHOWN],
        "more_of_mine": len(mine) > MINE_SHOWN,
        "figures": shown_figures,
        "due_cases": due_cases(user, until=today + CASES_SOON)[:CASES_SHOWN],
        "sales": waiting_documents(user, today=today, most=SALES_SHOWN) if shell.handles_cases else [],
        "today": today,
        "currency": user.organization.currency,
    }
    return render(request, "web/home/home.html", context)


def waiting_for(user: User) -> list[Any]:
    """Requests and orders together: the oldest day first; of one day the dearest."""
    inboxes = [selectors.requests_awaiting(user)]
    if selectors.is_finance_reviewer(user):
        inboxes.append(selectors.finance_inbox(user))
    rows: list[Any] = [
        row for inbox in inboxes for row in inbox.select_related("requestor", "team", "current_step")[:SHOWN]
    ]
    orders = order_selectors.with_people(order_selectors.orders_awaiting(user))
    rows += order_selectors.with_first_line(orders)[:SHOWN]
    return sorted(rows, key=lambda row: (timezone.localtime(row.submitted_at).date(), -(row.amount or 0)))[:SHOWN]


def my_requests(user: User) -> QuerySet[PurchaseRequest]:
    """Those that are under way, or wait for this person to do something, the last changed first."""
    open_states = WAITING_FOR_DECISION | {RequestStatus.REJECTED, RequestStatus.RESUBMITTED, RequestStatus.DRAFT}
    rows = PurchaseRequest.objects.visible_to(user).filter(requestor=user, status__in=open_states)
    return rows.select_related("current_step").order_by("-updated_at", "-pk")[: MINE_SHOWN + 1]


def my_orders(user: User) -> QuerySet[PurchaseOrder]:
    """Drafts, what waits for a decision, walk-ups to be closed with their receipt, and for a while what was refused."""
    recent = timezone.now() - timedelta(days=REFUSED_SHOWN_DAYS)
    open_ones = (
        Q(status__in=[OrderStatus.DRAFT, OrderStatus.SUBMITTED])
        | Q(status=OrderStatus.APPROVED, type=OrderType.WALKUP)
        | Q(status=OrderStatus.REJECTED, rejected_at__gte=recent)
    )
    rows = PurchaseOrder.objects.visible_to(user).filter(open_ones, created_by=user)
    return order_selectors.with_first_line(rows).order_by("-updated_at", "-pk")[: MINE_SHOWN + 1]


def order_figures(user: User, today: date) -> list[dict[str, Any]]:
    """One query: of one's own orders, and of the organization's for those who see it."""
    wide = user.sees_organization
    rows = PurchaseOrder.objects.visible_to(user)
    rows = rows if wide else rows.filter(created_by=user)
    first = today.replace(day=1)
    value = Coalesce("ceiling_amount", "total_amount")
    approved = Q(approved_at__gte=timezone.make_aware(datetime.combine(first, time())))
    sums = rows.aggregate(
        waiting=Count("pk", filter=Q(status=OrderStatus.SUBMITTED)), ordered=ExactSum(value, filter=approved)
    )
    here = f"{reverse('web:orders')}?scope={'all' if wide else 'mine'}"
    return [
        {"label": _("Orders to be approved"), "value": sums["waiting"], "url": f"{here}&status=submitted"},
        {"label": _("Ordered this month"), "value": sums["ordered"] or 0, "is_money": True, "url": here},
    ]


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
    shown = FOUND_IN_PALETTE if request.htmx.target == "palette-list" else FOUND
    found: list[PurchaseRequest] = []
    orders: list[PurchaseOrder] = []
    if query:
        newest = ("-created_at", "-pk")
        requests = PurchaseRequest.objects.visible_to(request.user).select_related("requestor", "team")
        found = list(search_words(requests, query).order_by(*newest)[:shown])
        known = order_selectors.with_people(PurchaseOrder.objects.visible_to(request.user))
        known = order_selectors.with_first_line(known)
        orders = list(search_orders(known, query).order_by(*newest)[:shown])
    context = {
        "query": query,
        "results": found,
        "orders": orders,
        "places": places(request.user, query, most=shown) if query else [],
        "currency": request.user.organization.currency,
    }
    if request.htmx.target == "palette-list":
        return render(request, "web/home/search_options.html", context)
    return render(request, "web/home/search.html", context)


@page
@require_POST
def decide(request: PageRequest) -> HttpResponse:
    """One decision on the requests and orders that are ticked."""
    decision = request.POST.get("decision", "")
    if decision not in ("approve", "reject"):
        raise NotFound(_("There is no such decision."))
    outcomes = decide_requests(request, decision) + decide_orders(request, decision)
    return tell(request, outcomes, done=_("Approved") if decision == "approve" else _("Rejected"))


@page
@require_GET
def jobs(request: PageRequest) -> HttpResponse:
    return render(request, "web/home/jobs.html", {"jobs": Shell(request).jobs})
