"""Entering a bill and correcting it."""

from typing import Any

from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from bureau.core.files import Upload
from bureau.core.models import User
from bureau.kit.errors import DomainError, Forbidden, Invalid, NotFound, WrongState
from bureau.parties.models import Vendor
from bureau.parties.selectors.vendors import vendor_named, visible_vendor, visible_vendors
from bureau.purchasing.models import Bill, PurchaseOrder
from bureau.purchasing.permissions import bills as permissions
from bureau.purchasing.selectors import bills as selectors
from bureau.purchasing.selectors.payables import unbilled
from bureau.purchasing.services.bills import attach_file, delete_bill, enter_bill, update_bill
from bureau.web.answers import UNREADABLE, PageRequest, page
from bureau.web.bills.forms import OFFERED, BillForm, Grid
from bureau.web.templatetags.bureau import previewable

shows_chosen_file = csp_update({"frame-src": ["'self'", "blob:"]})  # the PDF that was chosen, before it is sent


@shows_chosen_file
@page
@require_http_methods(["GET", "POST"])
def new(request: PageRequest) -> HttpResponse:
    """`order` names an order by its number or id: its lines are filled in, with what is received and not billed yet."""
    user = request.user
    permissions.can_write_bills(user, user.organization).enforce()
    order = _order(request)
    vendor = _vendor(request, order)
    form = BillForm(user, None, vendor, request.POST or None, request.FILES or None)
    if request.method == "POST":
        grid = Grid.typed(request.POST, order)
    else:
        rest = unbilled(order, three_way=vendor.match_receipts if vendor else True) if order else []
        grid = Grid.of_order(rest, order)
    if form.is_valid():
        values = form.cleaned_data
        try:
            made = enter_bill(
                actor=user,
                vendor=values["vendor"],
                bill_number=values["bill_number"],
                bill_date=values["bill_date"],
                due_date=values["due_date"],
                order=order,
                lines=grid.inputs(),
                upload=_upload(values["file"]),
                now=timezone.now(),
            )
        except (Forbidden, NotFound):
            raise
        except DomainError as error:
            form.place(error, grid)
        else:
            messages.success(request, _("Entered. Next: match it with what was ordered and received."))
            return redirect("web:bill", made.pk)
    return _shown(request, form, grid, order, None)


@shows_chosen_file
@page
@require_http_methods(["GET", "POST"])
def edit(request: PageRequest, pk: int) -> HttpResponse:
    user, found = request.user, selectors.visible_bill(request.user, pk)
    permissions.can_write_bills(user, found.organization).enforce()
    if found.status not in permissions.UNDECIDED:
        messages.info(request, permissions.wrong_state(found, "edit"))
        return redirect("web:bill", pk)
    order = _order(request) if "order" in request.GET or request.method == "POST" else found.order
    form = BillForm(user, found, found.vendor, request.POST or None, request.FILES or None)
    if request.method == "POST":
        grid = Grid.typed(request.POST, order)
    elif order is not None and order != found.order:
        grid = Grid.of_order(unbilled(order, three_way=found.vendor.match_receipts), order)
    else:
        grid = Grid.of_bill(found, order)
    if form.is_valid():
        try:
            _update(user, found, form, grid, order)
        except (Forbidden, NotFound, WrongState):
            raise
        except DomainError as error:
            form.place(error, grid)
        else:
            messages.success(request, _("Saved. Match it again."))
            return redirect("web:bill", pk)
    return _shown(request, form, grid, order, found)


def _update(user: User, found: Bill, form: BillForm, grid: Grid, order: PurchaseOrder | None) -> None:
    """The file first, which is slow: it stays even where something else is still to be corrected."""
    values, lines, now = dict(form.cleaned_data), grid.inputs(), timezone.now()
    upload = values.pop("file")
    if upload:
        attach_file(
            actor=user, bill=found, upload=upload, filename=upload.name, declared_type=upload.content_type, now=now
        )
    update_bill(actor=user, bill=found, changes={**values, "order": order}, lines=lines, now=now)


def _upload(given: Any) -> Upload | None:
    return Upload(given, given.name, given.content_type) if given else None


def _order(request: PageRequest) -> PurchaseOrder | None:
    """The one that the page names, by number or id. Raises Invalid where there is none to be billed."""
    text = (request.POST.get("order") if request.method == "POST" else request.GET.get("order", "")) or ""
    text = text.strip().partition(" ")[0]
    if not text:
        return None
    orders = selectors.billable_orders(request.user).select_related("vendor__party", "organization")
    found = None
    if "\x00" not in text:
        found = orders.filter(po_number=text, organization=request.user.organization_id).first()
        if found is None and text.isascii() and text.isdigit() and len(text) < 19:
            found = orders.filter(pk=int(text)).first()
    if found is None:
        raise Invalid(_("There is no approved order with the number %s. Go back and choose one.") % text)
    return found


def _vendor(request: PageRequest, order: PurchaseOrder | None) -> Vendor | None:
    """The one that the order went to, or that the address names."""
    if order is not None:
        return order.vendor or vendor_named(order.organization, order.vendor_name)
    code = request.GET.get("vendor", "").strip()
    return visible_vendor(request.user, code) if code else None


def _shown(
    request: PageRequest, form: BillForm, grid: Grid, order: PurchaseOrder | None, found: Bill | None
) -> HttpResponse:
    user = request.user
    orders = selectors.billable_orders(user).filter(organization=user.organization_id).order_by("-created_at")
    context = {
        "form": form,
        "grid": grid,
        "order": order,
        "bill": found,
        "orders": orders[:OFFERED],
        "vendors": visible_vendors(user).filter(organization=user.organization_id, active=True)[:OFFERED],
        "tax_codes": user.organization.tax_codes.filter(active=True),
        "usual": user.organization.default_tax_code,
        "currency": user.organization.currency,
        "shows_file": found is not None and found.file is not None and previewable(found.file.content_type),
    }
    return render(request, "web/bills/edit.html", context, status=UNREADABLE if form.is_bound else 200)


@page
@require_POST
def delete(request: PageRequest, pk: int) -> HttpResponse:
    delete_bill(actor=request.user, bill=selectors.visible_bill(request.user, pk), now=timezone.now())
    messages.success(request, _("The bill is deleted; it can be entered again."))
    return redirect("web:bills")
