"""One request, as a page or in the side panel, and deciding on it."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureau.kit.errors import Invalid, NotFound
from bureau.purchasing.models import PurchaseRequest
from bureau.purchasing.services import approvals
from bureau.purchasing.states import RequestStatus
from bureau.web.answers import UNREADABLE, PageRequest, page, with_events
from bureau.web.context import Shell
from bureau.web.outcomes import Outcome, outcome, tell
from bureau.web.requests.finding import visible_request
from bureau.web.requests.ordering import Ordering
from bureau.web.requests.reading import Story

DECISIONS: dict[str, Callable[..., PurchaseRequest]] = {
    "approve": approvals.approve_request,
    "reject": approvals.reject_request,
    "complete": approvals.complete_request,
}


@page
@require_GET
def show(request: PageRequest, uuid: UUID) -> HttpResponse:
    return _shown(request, visible_request(request.user, uuid))


def _shown(request: PageRequest, item: PurchaseRequest, *, form: Any = None, status: int = 200) -> HttpResponse:
    """The page, or the side panel beside a list."""
    context = {"item": item, "currency": item.organization.currency, "story": Story(item, request.user), "form": form}
    context["ordering"] = Ordering(item, request.user)
    template = "web/requests/side.html" if request.htmx.target == "side" else "web/requests/request.html"
    return render(request, template, context, status=status)


@page
@require_http_methods(["GET", "POST"])
def decide(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Approve, reject or complete: from the side panel, a dialog of the page, or a page of its own."""
    item = visible_request(request.user, uuid)
    decision = (request.POST if request.method == "POST" else request.GET).get("decision", "")
    if decision not in DECISIONS:
        raise NotFound(_("There is no such decision."))
    comment, errors = request.POST.get("comment", ""), {}
    if request.method == "POST":
        try:
            item = DECISIONS[decision](actor=request.user, request=item, comment=comment, now=timezone.now())
        except Invalid as error:
            errors = error.fields or {"": [error.message]}
        else:
            return _decided(request, item, decision)
    form: dict[str, Any] = {"comment": {"value": comment, "errors": errors.pop("comment", [])}}
    form["others"] = [text for texts in errors.values() for text in texts]
    status = UNREADABLE if request.method == "POST" else 200
    if request.htmx:
        return _shown(request, item, form=form, status=status)
    headings = {
        "approve": _("Approve this request"),
        "reject": _("Reject this request"),
        "complete": _("Complete this request"),
    }
    context = {
        "item": item,
        "decision": decision,
        "form": form,
        "heading": headings[decision],
        "currency": item.organization.currency,
    }
    return render(request, "web/requests/decide.html", context, status=status)


def _decided(request: PageRequest, item: PurchaseRequest, decision: str) -> HttpResponse:
    words = {"approve": _("Approved."), "reject": _("Rejected."), "complete": _("Completed.")}[decision]
    then = Story(item, request.user).reason
    text = f"{words} {item.subject}. {then}".strip()
    if request.htmx:
        events = {"decided": {"id": str(item.uuid), "counts": Shell(request).counts}}
        return with_events(HttpResponse(status=204), say=[(text, "success")], events=events)
    messages.success(request, text)
    return redirect("web:request", item.uuid)


def decide_requests(request: PageRequest, decision: str) -> list[Outcome]:
    """The decision on each of the requests that the form has ticked; what waits for finance is completed."""
    chosen = [uuid for uuid in request.POST.getlist("request")[:100] if _is_uuid(uuid)]
    items = PurchaseRequest.objects.visible_to(request.user).filter(uuid__in=chosen).order_by("submitted_at", "pk")

    def perform(item: PurchaseRequest) -> None:
        completes = decision == "approve" and item.status == RequestStatus.FINANCE_REVIEW
        act = DECISIONS["complete" if completes else decision]
        act(actor=request.user, request=item, comment=request.POST.get("comment", ""), now=timezone.now())

    return [outcome(item.subject, reverse("web:request", args=[item.uuid]), partial(perform, item)) for item in items]


@page
@require_POST
def decide_selected(request: PageRequest) -> HttpResponse:
    """One decision on several requests; each stands or falls alone."""
    decision = request.POST.get("decision", "")
    if decision not in DECISIONS:
        raise NotFound(_("There is no such decision."))
    words = {"approve": _("Approved"), "reject": _("Rejected"), "complete": _("Completed")}
    return tell(request, decide_requests(request, decision), done=words[decision])


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
