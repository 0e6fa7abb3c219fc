"""An invoice on its way to the customer: by mail, by a link, as a file."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from bureau.sales.selectors.invoices import available_actions
from bureau.sales.services.links import revoke_link
from bureau.sales.services.sending import send_invoice
from bureau.web.answers import UNREADABLE, PageRequest, page
from bureau.web.invoices.finding import invoice_for_page
from bureau.web.invoices.views.showing import basics, shown
from bureau.web.selling.sharing import SendForm, link_of, made_link, sent


@page
@require_http_methods(["GET", "POST"])
def send(request: PageRequest, pk: int) -> HttpResponse:
    """Shows where it goes and asks for a message: in a dialog of the invoice's page, or on a page of its own."""
    found = invoice_for_page(request.user, pk)
    form = SendForm(request.POST if request.method == "POST" else None)
    if not form.is_bound:
        available_actions(found, request.user)["send"].enforce()
    elif sent(request, form, found, lambda **given: send_invoice(actor=request.user, invoice=found, **given)):
        return redirect("web:invoice", found.pk)
    context = {**basics(request, found), "form": form}
    return render(request, "web/invoices/send.html", context, status=UNREADABLE if form.is_bound else 200)


@page
@require_POST
def make_link(request: PageRequest, pk: int) -> HttpResponse:
    """Shows the link once, for nobody can read it later."""
    found = invoice_for_page(request.user, pk)
    made = made_link(request.user, found, request.POST.get("days", ""))
    response = shown(request, found, **made)
    response.headers["Cache-Control"] = "no-store"
    return response


@page
@require_POST
def revoke(request: PageRequest, pk: int, uuid: UUID) -> HttpResponse:
    found = invoice_for_page(request.user, pk)
    revoke_link(actor=request.user, link=link_of(found, uuid), now=timezone.now())
    messages.success(request, _("The link does not work any more."))
    return redirect("web:invoice", found.pk)
