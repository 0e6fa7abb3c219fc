"""An approved request becomes an order: in a dialog of its page, or on a page of its own."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bureau.kit.errors import Invalid
from bureau.purchasing.models import CostCode
from bureau.purchasing.selectors.conversion import can_order_request
from bureau.purchasing.services.conversion import create_order_from_request
from bureau.web.answers import UNREADABLE, PageRequest, page
from bureau.web.requests.finding import visible_request
from bureau.web.requests.ordering import Ordering


@page
@require_http_methods(["GET", "POST"])
def order(request: PageRequest, uuid: UUID) -> HttpResponse:
    item = visible_request(request.user, uuid)
    ordering = Ordering(item, request.user)
    given = {name: request.POST.get(name, "") for name in ("cost_code", "vendor_name")}
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            cost_code = _chosen(ordering.codes, given["cost_code"])
            made = create_order_from_request(
                actor=request.user,
                request=item,
                project=cost_code.project,
                cost_code=cost_code,
                vendor_name=given["vendor_name"],
                now=timezone.now(),
            )
        except Invalid as error:
            errors = {name: list(texts) for name, texts in error.fields.items()} or {"": [error.message]}
        else:
            messages.success(request, _("Order %(number)s is made, as a draft.") % {"number": made.po_number})
            return redirect("web:order", made.pk)
    else:
        can_order_request(item, request.user).enforce()
    errors["others"] = [text for name in errors.keys() - {"cost_code", "vendor_name"} for text in errors[name]]
    context = {
        "item": item,
        "ordering": ordering,
        "given": given,
        "errors": errors,
        "currency": item.organization.currency,
    }
    return render(request, "web/requests/order.html", context, status=UNREADABLE if request.method == "POST" else 200)


def _chosen(codes: list[CostCode], pk: str) -> CostCode:
    for code in codes:
        if str(code.pk) == pk:
            return code
    raise Invalid.field("cost_code", _("Choose what it is bought for."))
