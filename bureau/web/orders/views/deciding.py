"""One order, as a page or in the side panel, and what ends it or moves it on: approve, reject, cancel, close."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureau.kit.errors import Invalid, NotFound
from bureau.purchasing.models import PurchaseOrder
from bureau.purchasing.services import orders
from bureau.web.answers import UNREADABLE, PageRequest, page, with_events
from bureau.web.context import Shell
from bureau.web.orders.finding import chosen_ids, order_for_page
from bureau.web.orders.reading import Story
from bureau.web.outcomes import Outcome, outcome, tell


@dataclass(frozen=True)
class Act:
    """A decision: the service, what it calls the words that come with it, and how it is told."""

    service: Callable[..., PurchaseOrder]
    words: str
    heading: Any
    done: Any


ACTS = {
    "approve": Act(orders.approve_order, "comments", gettext_lazy("Approve this order"), gettext_lazy("Approved")),
    "reject": Act(orders.reject_order, "reason", gettext_lazy("Reject this order"), gettext_lazy("Rejected")),
    "cancel": Act(orders.cancel_order, "reason", gettext_lazy("Cancel this order"), gettext_lazy("Cancelled")),
    "close": Act(orders.close_order, "reason", gettext_lazy("Close this order"), gettext_lazy("Closed")),
}


def perform(request: PageRequest, item: PurchaseOrder, decision: str) -> PurchaseOrder:
    """The decision that the request's form describes. Raises whatever the service refuses with."""
    act = ACTS[decision]
    options: dict[str, Any] = {act.words: request.POST.get("comment", "")}
    if decision == "approve":
        options["override_budget"] = "override_budget" in request.POST
    if decision == "close":
        options["nothing_came"] = "nothing_came" in request.POST
    return act.service(actor=request.user, order=item, now=timezone.now(), **options)


@page
@require_GET
def show(request: PageRequest, pk: int) -> HttpResponse:
    return shown(request, order_for_page(request.user, pk))


def shown(request: PageRequest, item: PurchaseOrder, *, status: int = 200, **context: Any) -> HttpResponse:
    """The page, or the side panel beside a list."""
    story = Story(item, request.user, today=timezone.localdate())
    context = {"form": None, **context, "item": item, "story": story, "currency": story.currency}
    template = "web/orders/side.html" if request.htmx.target == "side" else "web/orders/order.html"
    return render(request, template, context, status=status)


@page
@require_http_methods(["GET", "POST"])
def decide(request: PageRequest, pk: int) -> HttpResponse:
    """From the side panel, a dialog of the page, or a page of its own."""
    item = order_for_page(request.user, pk)
    decision = (request.POST if request.method == "POST" else request.GET).get("decision", "")
    if decision not in ACTS:
        raise NotFound(_("There is no such decision."))
    comment, errors = request.POST.get("comment", ""), {}
    if request.method == "POST":
        try:
            perform(request, item, decision)
        except (Invalid, orders.BudgetExceeded, orders.ReceiptMissing) as error:
            errors = dict(error.fields) or {"": [error.message]}
        else:
            return _decided(request, item, decision)
    story = Story(item, request.user, today=timezone.localdate())
    if request.method == "GET":
        story.answers[decision].enforce()
    form: dict[str, Any] = {
        "comment": comment,
        "override": "override_budget" in request.POST,
        "nothing_came": "nothing_came" in request.POST,
        "errors": errors.pop(ACTS[decision].words, []),
        "others": [text for texts in errors.values() for text in texts],
    }
    status = UNREADABLE if request.method == "POST" else 200
    if request.htmx:
        return shown(request, item, form=form, status=status)
    context = {"item": item, "story": story, "decision": decision, "form": form, "currency": story.currency}
    context["heading"] = ACTS[decision].heading
    return render(request, "web/orders/decide.html", context, status=status)


def _decided(request: PageRequest, item: PurchaseOrder, decision: str) -> HttpResponse:
    text = f"{ACTS[decision].done}: {item.po_number}, {item.vendor_name}."
    if request.htmx:
        events = {"decided": {"id": f"order-{item.pk}", "counts": Shell(request).counts}}
        return with_events(HttpResponse(status=204), say=[(text, "success")], events=events)
    messages.success(request, text)
    return redirect("web:order", item.pk)


def decide_orders(request: PageRequest, decision: str) -> list[Outcome]:
    """The decision on each of the orders that the form has ticked."""
    chosen = chosen_ids(request.POST.getlist("order"))
    items = PurchaseOrder.objects.visible_to(request.user).filter(pk__in=chosen).order_by("created_at", "pk")
    return [
        outcome(
            f"{item.po_number} {item.vendor_name}",
            reverse("web:order", args=[item.pk]),
            partial(perform, request, item, decision),
        )
        for item in items
    ]


@page
@require_POST
def decide_selected(request: PageRequest) -> HttpResponse:
    decision = request.POST.get("decision", "")
    if decision not in ACTS or "override_budget" in request.POST:
        raise NotFound(_("There is no such decision."))
    return tell(request, decide_orders(request, decision), done=ACTS[decision].done)
