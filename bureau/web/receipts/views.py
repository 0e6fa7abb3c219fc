"""Receiving what was ordered, on site: what came in, what went back, and what came when."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bureau.kit.errors import BusinessRule, Forbidden, Invalid, NotFound
from bureau.purchasing.models import PurchaseOrder
from bureau.purchasing.permissions.bills import can_write_bills
from bureau.purchasing.selectors.bills import BILLABLE
from bureau.purchasing.selectors.orders import available_actions, visible_order
from bureau.purchasing.selectors.receipts import Receivable, receipts, receivable
from bureau.purchasing.services.receipts import ReceiptLineInput, record_receipt
from bureau.web.answers import UNREADABLE, PageRequest, page
from bureau.web.numbers import read_number


@dataclass
class Line:
    """A line of the order with the quantity that was typed."""

    there: Receivable
    typed: str = ""
    errors: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"quantity-{self.there.line.pk}"

    @property
    def outstanding(self) -> str:
        return f"{self.there.outstanding.normalize():f}" if self.there.outstanding else ""


@page
@require_http_methods(["GET", "POST"])
def receive(request: PageRequest, pk: int) -> HttpResponse:
    """`fill=all` fills in everything that is still to come; `direction=back` sends goods back."""
    order = visible_order(request.user, pk)
    lines = [Line(there) for there in receivable(order)]
    problems: list[str] = []
    if request.method == "POST":
        for line in lines:
            line.typed = request.POST.get(line.name, "").strip()
        try:
            receipt = _recorded(request, order, lines)
        except (Forbidden, NotFound):
            raise
        except Invalid as error:
            problems = [] if any(line.errors for line in lines) else [error.message]
        except BusinessRule as error:
            problems = [error.message]
        else:
            messages.success(request, _("Receipt %d is noted.") % receipt.number)
            return redirect("web:order-receive", order.pk)
    elif request.GET.get("fill") == "all":
        for line in lines:
            line.typed = line.outstanding
    may = available_actions(order, request.user, today=timezone.localdate())["receive"]
    context = {
        "order": order,
        "lines": lines,
        "outstanding": any(line.outstanding for line in lines),
        "receipts": receipts(order),
        "problems": problems,
        "wrong": any(line.errors for line in lines),
        "back": request.POST.get("direction") == "back",
        "note": request.POST.get("note", ""),
        "may": may,
        "may_bill": order.status in BILLABLE and can_write_bills(request.user, order.organization),
    }
    failed = bool(problems) or context["wrong"]
    return render(request, "web/receipts/receive.html", context, status=UNREADABLE if failed else 200)


def _recorded(request: PageRequest, order: PurchaseOrder, lines: list[Line]) -> Any:
    sign = -1 if request.POST.get("direction") == "back" else 1
    typed = [line for line in lines if line.typed]
    given = []
    for line in typed:
        try:
            given.append(ReceiptLineInput(line.there.line.pk, sign * read_number(line.typed, grouped=False)))
        except Invalid:
            line.errors.append(_("Give the quantity as a number, such as 12.5."))
    if any(line.errors for line in lines):
        raise Invalid(_("A quantity cannot be read."))
    try:
        return record_receipt(
            actor=request.user, order=order, lines=given, note=request.POST.get("note", ""), now=timezone.now()
        )
    except Invalid as error:
        for name, texts in error.fields.items():
            parts = name.split(".")
            if len(parts) == 3:
                typed[int(parts[1])].errors.extend(texts)
        raise
