"""An order on paper, and on its way to the vendor."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bureau.kit.errors import Invalid
from bureau.purchasing.rendering import order_filename
from bureau.purchasing.selectors import orders as selectors
from bureau.purchasing.services import sending
from bureau.web.answers import UNREADABLE, PageRequest, page
from bureau.web.files import framed
from bureau.web.orders.finding import order_for_page


@framed
def pdf(request: PageRequest, pk: int) -> HttpResponse:
    """Shown in the browser; saved under the order's number."""
    order = order_for_page(request.user, pk)
    content = sending.read_order_pdf(actor=request.user, order=order, now=timezone.now())
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{order_filename(order)}"'
    answer["Cache-Control"] = "private, no-store"
    return answer


@page
@require_http_methods(["GET", "POST"])
def send(request: PageRequest, pk: int) -> HttpResponse:
    """Asks for the address and a message: in a dialog of the order's page, or a page of its own."""
    order = order_for_page(request.user, pk)
    given = {name: request.POST.get(name, "") for name in ("to", "message")}
    errors: dict[str, Any] = {}
    if request.method == "POST":
        try:
            address = sending.send_order(actor=request.user, order=order, now=timezone.now(), **given)
        except Invalid as error:
            errors = dict(error.fields)
        else:
            messages.success(
                request, _("%(number)s is on its way to %(address)s.") % {"number": order.po_number, "address": address}
            )
            return redirect("web:order", order.pk)
    else:
        selectors.available_actions(order, request.user, today=timezone.localdate())["send"].enforce()
    context = {"item": order, "currency": order.organization.currency, "sending": {**given, "errors": errors}}
    return render(request, "web/orders/send.html", context, status=UNREADABLE if errors else 200)
