"""What ends or begins an invoice: issued, cancelled by a credit note, deleted."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from bureau.kit.errors import Invalid
from bureau.sales.selectors.invoices import available_actions
from bureau.sales.services.invoices import cancel_invoice, credit_invoice, delete_invoice, issue_invoice
from bureau.web.answers import UNREADABLE, PageRequest, page, place_errors
from bureau.web.invoices.finding import invoice_for_page
from bureau.web.invoices.forms import CreditForm
from bureau.web.invoices.views.showing import basics


@page
@require_POST
def issue(request: PageRequest, pk: int) -> HttpResponse:
    found = invoice_for_page(request.user, pk)
    issue_invoice(actor=request.user, invoice=found, now=timezone.now())
    messages.success(request, _("%s is issued: it is owed now. Next: send it.") % found.number)
    return redirect("web:invoice", found.pk)


@page
@require_http_methods(["GET", "POST"])
def credit(request: PageRequest, pk: int) -> HttpResponse:
    """Asks for the reason, in a dialog of the invoice's page or on a page of its own."""
    found = invoice_for_page(request.user, pk)
    form = CreditForm(request.POST if request.method == "POST" else None)
    if not form.is_bound:
        available_actions(found, request.user)["cancel"].enforce()
    if form.is_valid():
        try:
            note = credit_invoice(
                actor=request.user, invoice=found, reason=form.cleaned_data["reason"], now=timezone.now()
            )
        except Invalid as error:
            place_errors(form, error)
        else:
            messages.success(request, _("%s is cancelled by credit note %s.") % (found.number, note.number))
            return redirect("web:invoice", found.pk)
    context = {**basics(request, found), "form": form}
    return render(request, "web/invoices/credit.html", context, status=UNREADABLE if form.is_bound else 200)


@page
@require_POST
def void(request: PageRequest, pk: int) -> HttpResponse:
    """Cancels a draft, which keeps its number and stays in the list; nobody was told of it, so no credit note."""
    found = invoice_for_page(request.user, pk)
    cancel_invoice(actor=request.user, invoice=found, now=timezone.now())
    messages.success(request, _("%s is cancelled.") % found.number)
    return redirect("web:invoice", found.pk)


@page
@require_http_methods(["GET", "POST"])
def delete(request: PageRequest, pk: int) -> HttpResponse:
    found = invoice_for_page(request.user, pk)
    if request.method == "POST":
        delete_invoice(actor=request.user, invoice=found, now=timezone.now())
        messages.success(request, _("%s is deleted. Its number is not given again.") % found.number)
        return redirect("web:invoices")
    available_actions(found, request.user)["delete"].enforce()
    return render(request, "web/invoices/delete.html", basics(request, found))
