"""What moves a quote on: sent, accepted or rejected, made into an invoice, deleted; and its links."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from bureau.kit.errors import Invalid, NotFound
from bureau.sales.selectors.quotes import available_actions
from bureau.sales.services.links import revoke_link
from bureau.sales.services.quotes import convert_quote, decide_quote, delete_quote, mark_quote_sent
from bureau.sales.services.sending import send_quote
from bureau.web.answers import UNREADABLE, PageRequest, page, place_errors
from bureau.web.quotes.finding import quote_for_page
from bureau.web.quotes.forms import DecideForm
from bureau.web.quotes.views.showing import basics, shown
from bureau.web.selling.sharing import SendForm, link_of, made_link, sent


@page
@require_http_methods(["GET", "POST"])
def send(request: PageRequest, pk: int) -> HttpResponse:
    """Shows where it goes and asks for a message: in a dialog of the quote's page, or on a page of its own."""
    found = quote_for_page(request.user, pk)
    form = SendForm(request.POST if request.method == "POST" else None)
    if not form.is_bound:
        available_actions(found, request.user, today=timezone.localdate())["send"].enforce()
    elif sent(request, form, found, lambda **given: send_quote(actor=request.user, quote=found, **given)):
        return redirect("web:quote", found.pk)
    context = {**basics(request, found), "form": form}
    return render(request, "web/quotes/send.html", context, status=UNREADABLE if form.is_bound else 200)


@page
@require_POST
def mark_sent(request: PageRequest, pk: int) -> HttpResponse:
    found = quote_for_page(request.user, pk)
    mark_quote_sent(actor=request.user, quote=found, now=timezone.now())
    messages.success(request, _("%s is marked as sent. It waits for the answer.") % found.number)
    return redirect("web:quote", found.pk)


@page
@require_http_methods(["GET", "POST"])
def decide(request: PageRequest, pk: int) -> HttpResponse:
    """`decision` is accept or reject."""
    found = quote_for_page(request.user, pk)
    decision = (request.POST if request.method == "POST" else request.GET).get("decision", "")
    if decision not in ("accept", "reject"):
        raise NotFound(_("There is no such decision."))
    form = DecideForm(request.POST if request.method == "POST" else None, initial={"version": found.version})
    if not form.is_bound:
        available_actions(found, request.user, today=timezone.localdate())[decision].enforce()
    if form.is_valid():
        accepted = decision == "accept"
        try:
            decide_quote(actor=request.user, quote=found, accepted=accepted, now=timezone.now(), **form.cleaned_data)
        except Invalid as error:
            place_errors(form, error)
        else:
            text = _("%s is accepted. Next: make the invoice.") if accepted else _("%s is marked as rejected.")
            messages.success(request, text % found.number)
            return redirect("web:quote", found.pk)
    context = {**basics(request, found), "form": form, "decision": decision}
    return render(request, "web/quotes/decide.html", context, status=UNREADABLE if form.is_bound else 200)


@page
@require_POST
def convert(request: PageRequest, pk: int) -> HttpResponse:
    found = quote_for_page(request.user, pk)
    invoice = convert_quote(actor=request.user, quote=found, now=timezone.now())
    messages.success(request, _("%s is made, a draft. Look at it, then send it.") % invoice.number)
    return redirect("web:invoice", invoice.pk)


@page
@require_http_methods(["GET", "POST"])
def delete(request: PageRequest, pk: int) -> HttpResponse:
    found = quote_for_page(request.user, pk)
    if request.method == "POST":
        delete_quote(actor=request.user, quote=found, now=timezone.now())
        messages.success(request, _("%s is deleted. Its number is not given again.") % found.number)
        return redirect("web:quotes")
    available_actions(found, request.user, today=timezone.localdate())["delete"].enforce()
    return render(request, "web/quotes/delete.html", basics(request, found))


@page
@require_POST
def make_link(request: PageRequest, pk: int) -> HttpResponse:
    """Shows the link once, for nobody can read it later."""
    found = quote_for_page(request.user, pk)
    made = made_link(request.user, found, request.POST.get("days", ""))
    response = shown(request, found, **made)
    response.headers["Cache-Control"] = "no-store"
    return response


@page
@require_POST
def revoke(request: PageRequest, pk: int, uuid: UUID) -> HttpResponse:
    found = quote_for_page(request.user, pk)
    revoke_link(actor=request.user, link=link_of(found, uuid), now=timezone.now())
    messages.success(request, _("The link does not work any more."))
    return redirect("web:quote", found.pk)
