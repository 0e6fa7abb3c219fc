"""What the views of all areas share: who is let in, and how a refusal of a service reaches the person."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from bureau.core.models import User
from bureau.kit.errors import DomainError, Forbidden, Invalid, NotFound

View = Callable[..., HttpResponseBase]
PAGE_SIZE = 25
UNREADABLE = 422  # a form that came back with its errors beside its fields


class PageRequest(HttpRequest):
    """What a view behind `page` gets."""

    user: User
    htmx: HtmxDetails


def page(view: View) -> View:
    """For people who are signed in. A refusal that the view does not place becomes a page, a message or a toast."""

    @wraps(view)
    def answer(request: PageRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            if by_script(request):
                return HttpResponse(_("You are signed out."), status=401, content_type="text/plain; charset=utf-8")
            return redirect_to_login(request.get_full_path())
        try:
            return view(request, *args, **kwargs)
        except DomainError as error:
            return refused(request, error)

    return answer


def by_script(request: PageRequest) -> bool:
    return bool(request.htmx) or "application/json" in request.headers.get("Accept", "")


def refused(request: PageRequest, error: DomainError) -> HttpResponse:
    if by_script(request):
        if "application/json" in request.headers.get("Accept", ""):
            return JsonResponse({"message": error.message}, status=error.status)
        response = HttpResponse(error.message, status=error.status, content_type="text/plain; charset=utf-8")
        return with_events(response, say=[(error.message, "error")])
    if isinstance(error, NotFound):
        return render(request, "404.html", status=404)
    if isinstance(error, Forbidden):
        return render(request, "403.html", {"reason": error.message}, status=403)
    if request.method == "GET":
        return render(request, "400.html", {"reason": error.message}, status=error.status)
    messages.error(request, error.message)
    return HttpResponseRedirect(way_back(request))


def with_events(
    response: HttpResponse, *, say: Sequence[tuple[str, str]] = (), events: Mapping[str, Any] | None = None
) -> HttpResponse:
    """Adds what the page's script is to do: `say` shows toasts as (text, tone), `events` are passed on."""
    told: dict[str, Any] = {}
    if say:  # first: what follows may take the sender off the page, and its events with it
        told["say"] = {"items": [{"text": text, "tone": tone} for text, tone in say]}
    told |= events or {}
    if told:
        response.headers["HX-Trigger"] = json.dumps(told)
    return response


def way_back(request: HttpRequest, default: str = "/") -> str:
    """Where a form wants to go next, else where it was sent from; never to another site."""
    for url in (request.POST.get("next"), request.headers.get("Referer")):
        if url and url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure()):
            return url
    return default


def place_errors(form: Form, error: Invalid) -> None:
    """Puts the service's field errors beside the form's fields; what belongs to none stands above the form."""
    if not error.fields:
        form.add_error(None, error.message)
    for name, texts in error.fields.items():
        form.add_error(name if name in form.fields else None, texts)


def paged(request: HttpRequest, rows: QuerySet[Any] | Sequence[Any]) -> Page[Any]:
    """The page asked for; unreadable is the first, past the end the last: links outlive their rows."""
    return Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
