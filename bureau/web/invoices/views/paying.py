"""Money for an invoice: payments, marking it as paid, refunds. In a dialog of its page, or on pages of their own."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bureau.kit.errors import DomainError, Invalid, NotFound
from bureau.sales.models import Payment
from bureau.sales.selectors.invoices import available_actions
from bureau.sales.services.payments import PaymentTooHigh, record_payment, refund_payment
from bureau.web.answers import UNREADABLE, PageRequest, page, place_errors
from bureau.web.invoices.finding import invoice_for_page
from bureau.web.invoices.forms import PaymentForm, RefundForm
from bureau.web.invoices.views.showing import basics
from bureau.web.selling.finding import known_id
from bureau.web.templatetags.bureau import amount


@page
@require_http_methods(["GET", "POST"])
def pay(request: PageRequest, pk: int) -> HttpResponse:
    found = invoice_for_page(request.user, pk)
    form = PaymentForm(found, request.POST if request.method == "POST" else None)
    if not form.is_bound:
        available_actions(found, request.user)["pay"].enforce()
    if form.is_valid():
        try:
            payment = record_payment(actor=request.user, invoice=found, now=timezone.now(), **form.values())
        except (Invalid, PaymentTooHigh) as error:
            _place(form, error)
        else:
            told = {"amount": f"{amount(payment.amount)} {found.currency}", "number": found.number}
            messages.success(request, _("%(amount)s for %(number)s is recorded.") % told)
            return redirect("web:invoice", found.pk)
    context = {**basics(request, found), "form": form}
    return render(request, "web/invoices/pay.html", context, status=UNREADABLE if form.is_bound else 200)


@page
@require_http_methods(["GET", "POST"])
def refund(request: PageRequest, pk: int) -> HttpResponse:
    """`pk` is the payment's."""
    payment = _payment(request, pk)
    found = invoice_for_page(request.user, payment.invoice_id)
    sheet = basics(request, found)["sheet"]
    paid = next(one for one in sheet.payments if one.payment.pk == payment.pk)
    form = RefundForm(payment, paid.left, request.POST if request.method == "POST" else None)
    if not form.is_bound:
        sheet.answers["refund"].enforce()
    if form.is_valid():
        try:
            refund_payment(actor=request.user, payment=payment, now=timezone.now(), **form.cleaned_data)
        except (Invalid, PaymentTooHigh) as error:
            _place(form, error)
        else:
            messages.success(request, _("The refund is recorded."))
            return redirect("web:invoice", found.pk)
    context = {**basics(request, found, sheet), "paid": paid, "form": form}
    return render(request, "web/invoices/refund.html", context, status=UNREADABLE if form.is_bound else 200)


def _payment(request: PageRequest, pk: int) -> Payment:
    """Raises NotFound."""
    missing = _("There is no such payment.")
    payments = Payment.objects.visible_to(request.user).select_related("invoice")
    found = payments.filter(pk=known_id(pk, missing)).first()
    if found is None:
        raise NotFound(missing)
    return found


def _place(form: PaymentForm | RefundForm, error: DomainError) -> None:
    place_errors(form, Invalid(error.message, fields=error.fields))
