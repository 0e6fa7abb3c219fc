"""What is added to an order later: notes and releases."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bureau.kit.errors import Invalid
from bureau.purchasing.services import orders
from bureau.web.answers import UNREADABLE, PageRequest, page
from bureau.web.numbers import read_number
from bureau.web.orders.finding import order_for_page
from bureau.web.orders.reading import amount_text
from bureau.web.orders.views.deciding import shown


@page
@require_POST
def add_note(request: PageRequest, pk: int) -> HttpResponse:
    item = order_for_page(request.user, pk)
    text = request.POST.get("text", "")
    try:
        orders.add_note(actor=request.user, order=item, text=text, now=timezone.now())
    except Invalid as error:
        note = {"text": text, "errors": error.fields.get("text", [error.message])}
        return shown(request, item, note=note, status=UNREADABLE)
    messages.success(request, _("The note is added."))
    return redirect("web:order", item.pk)


@page
@require_POST
def release(request: PageRequest, pk: int) -> HttpResponse:
    item = order_for_page(request.user, pk)
    given = {name: request.POST.get(name, "") for name in ("amount", "note")}
    try:
        try:
            amount = read_number(given["amount"])
        except Invalid as error:
            raise Invalid.field("amount", error.message) from None
        made = orders.release(actor=request.user, order=item, amount=amount, note=given["note"], now=timezone.now())
    except (Invalid, orders.CeilingExceeded) as error:
        errors = error.fields or {"amount": [error.message]}
        return shown(request, item, releasing={**given, "errors": errors}, status=UNREADABLE)
    messages.success(request, _("Released: %s.") % amount_text(made.amount, item.organization.currency))
    return redirect("web:order", item.pk)
