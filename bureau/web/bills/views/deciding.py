"""The page of a bill: compared with its order, approved, paid."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureau.kit.errors import Invalid
from bureau.purchasing.models import Bill
from bureau.purchasing.selectors.bills import visible_bill
from bureau.purchasing.services.bills import approve_bill, match_bill, pay_bill
from bureau.purchasing.states import BillStatus
from bureau.web.answers import UNREADABLE, PageRequest, page, place_errors
from bureau.web.bills.forms import ApproveForm, PayForm
from bureau.web.bills.reading import Sheet
from bureau.web.templatetags.bureau import previewable


@page
@require_GET
def bill(request: PageRequest, pk: int) -> HttpResponse:
    found = visible_bill(request.user, pk)
    sheet = Sheet(found, request.user)
    context = {
        "bill": found,
        "sheet": sheet,
        "currency": found.organization.currency,
        "today": timezone.localdate(),
        "shows_file": found.file is not None and previewable(found.file.content_type),
        "approve_form": ApproveForm(found, None) if "approve" in sheet.actions else None,
        "pay_form": PayForm(None) if "pay" in sheet.actions else None,
    }
    return render(request, "web/bills/bill.html", context)


@page
@require_POST
def match(request: PageRequest, pk: int) -> HttpResponse:
    found = match_bill(actor=request.user, bill=visible_bill(request.user, pk), now=timezone.now())
    if found.status == BillStatus.EXCEPTION:
        messages.warning(request, _("Matched: something differs. It stands in the table."))
    else:
        messages.success(request, _("Matched: it is what was ordered and received."))
    return redirect("web:bill", pk)


@page
@require_http_methods(["GET", "POST"])
def approve(request: PageRequest, pk: int) -> HttpResponse:
    found = visible_bill(request.user, pk)
    form = ApproveForm(found, request.POST or None) if request.method == "POST" else ApproveForm(found, None)
    return _decided(
        request,
        found,
        form,
        lambda: approve_bill(actor=request.user, bill=found, now=timezone.now(), **form.cleaned_data),
        done=_("Approved: it is to be paid now."),
        template="web/bills/approve.html",
    )


@page
@require_http_methods(["GET", "POST"])
def pay(request: PageRequest, pk: int) -> HttpResponse:
    found = visible_bill(request.user, pk)
    form = PayForm(request.POST if request.method == "POST" else None)
    return _decided(
        request,
        found,
        form,
        lambda: pay_bill(actor=request.user, bill=found, now=timezone.now(), **form.cleaned_data),
        done=_("Paid."),
        template="web/bills/pay.html",
    )


def _decided(
    request: PageRequest, found: Bill, form: forms.Form, act: Callable[[], Any], *, done: str, template: str
) -> HttpResponse:
    if form.is_valid():
        try:
            act()
        except Invalid as error:
            place_errors(form, error)
        else:
            messages.success(request, done)
            return redirect("web:bill", found.pk)
    context = {
        "bill": found,
        "sheet": Sheet(found, request.user),
        "form": form,
        "currency": found.organization.currency,
    }
    return render(request, template, context, status=UNREADABLE if form.is_bound else 200)
