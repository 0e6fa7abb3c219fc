"""The page of an invoice."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from bureau.parties.models import Customer
from bureau.sales.models import Invoice
from bureau.web.answers import PageRequest, page
from bureau.web.invoices.finding import invoice_for_page
from bureau.web.invoices.forms import CreditForm, PaymentForm
from bureau.web.invoices.reading import Sheet
from bureau.web.selling.sharing import LINK_DAYS, SendForm


@page
@require_GET
def invoice(request: PageRequest, pk: int) -> HttpResponse:
    return shown(request, invoice_for_page(request.user, pk))


def shown(request: PageRequest, found: Invoice, **more: Any) -> HttpResponse:
    sheet = sheet_of(request, found)
    context = {
        **basics(request, found, sheet),
        "sees_customer": Customer.objects.visible_to(request.user).filter(pk=found.customer_id).exists(),
        "pay_form": PaymentForm(found, None) if "pay" in sheet.can else None,
        "send_form": SendForm() if "send" in sheet.can else None,
        "credit_form": CreditForm() if "cancel" in sheet.can and not sheet.draft else None,
        "link_days": LINK_DAYS,
        **more,
    }
    return render(request, "web/invoices/invoice.html", context)


def sheet_of(request: PageRequest, found: Invoice) -> Sheet:
    return Sheet(found, request.user, now=timezone.now(), today=timezone.localdate())


def basics(request: PageRequest, found: Invoice, sheet: Sheet | None = None) -> dict[str, Any]:
    """What every page about an invoice shows."""
    return {
        "invoice": found,
        "document": found,
        "sheet": sheet or sheet_of(request, found),
        "today": timezone.localdate(),
    }
