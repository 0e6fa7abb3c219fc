"""The form of an order: new, changed, saved by itself, submitted, deleted; and what it asks for while it is filled."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureau.kit.errors import BusinessRule, Forbidden, Invalid, NotFound, WrongState
from bureau.kit.money import ZERO
from bureau.kit.pricing import MAX_AMOUNT
from bureau.parties.selectors.vendors import visible_vendors
from bureau.purchasing.models import LineCategory, PurchaseOrder
from bureau.purchasing.permissions import orders as permissions
from bureau.purchasing.services import orders
from bureau.web.answers import UNREADABLE, PageRequest, page
from bureau.web.numbers import read_number
from bureau.web.orders.finding import order_for_page
from bureau.web.orders.forms import (
    MORE_LINES,
    OrderForm,
    ProjectForm,
    active_taxes,
    read_lines,
    shown_lines,
)
from bureau.web.orders.reading import Story
from bureau.web.orders.views.files import attach

SUGGESTED_VENDORS = 50


@page
@require_http_methods(["GET", "POST"])
def new(request: PageRequest) -> HttpResponse:
    permissions.can_create_order(request.user).enforce()
    return _edit(request, None)


@page
@require_http_methods(["GET", "POST"])
def edit(request: PageRequest, pk: int) -> HttpResponse:
    item = order_for_page(request.user, pk)
    permissions.can_edit_order(request.user, item).enforce()
    if item.status not in permissions.STATES_OF["edit"]:
        messages.info(request, permissions.wrong_state(item, "edit"))
        return redirect("web:order", item.pk)
    return _edit(request, item)


def _edit(request: PageRequest, item: PurchaseOrder | None) -> HttpResponse:
    do = request.POST.get("do", "")
    if request.method == "POST" and do in ("codes", "more"):  # asked for by a browser without script
        return _form_page(request, item, _form_with(request, item), more=MORE_LINES if do == "more" else 1)
    autosaving = "application/json" in request.headers.get("Accept", "")
    form = OrderForm(request.user, request.POST or None, order=item, initial=_first_values(request, item))
    if request.method == "POST" and form.is_valid():
        try:
            item = _saved(request, item, form)
            if autosaving:
                return JsonResponse(_addresses(item))
            for upload in request.FILES.getlist("files"):
                attach(request, item, upload)
            if do == "submit":
                item = orders.submit_order(actor=request.user, order=item, now=timezone.now())
                messages.success(request, _("Submitted.") + " " + _next(request, item))
            else:
                messages.success(request, _("The draft is saved."))
        except (Forbidden, NotFound, WrongState):
            raise  # nothing on the form could help
        except (Invalid, BusinessRule) as error:
            form.place(error)
        else:
            return redirect("web:order", item.pk)
    if autosaving:
        kept = "" if item else _("Kept in this browser until it can be saved.") + " "
        return JsonResponse({"message": kept + _first_error(form), "kept": bool(kept)}, status=UNREADABLE)
    return _form_page(request, item, form, status=UNREADABLE if form.is_bound else 200)


def _form_with(request: PageRequest, item: PurchaseOrder | None) -> OrderForm:
    """What was typed, not judged yet."""
    form = OrderForm(request.user, order=item, initial=request.POST.dict())
    form.data = request.POST
    return form


def _first_values(request: PageRequest, item: PurchaseOrder | None) -> dict[str, Any] | None:
    """A new order begins where the last one was charged, or as its address says."""
    if item is not None:
        return None
    given = {name: request.GET[name] for name in ("type", "project", "vendor_name") if name in request.GET}
    return last_project(request) | given


def last_project(request: PageRequest) -> dict[str, str]:
    """The project and cost code of the person's last order."""
    mine = PurchaseOrder.objects.visible_to(request.user).filter(created_by=request.user)
    last = mine.select_related("project", "cost_code").order_by("-created_at", "-pk").first()
    return {"project": last.project.code, "cost_code": last.cost_code.external_id} if last else {}


def _saved(request: PageRequest, item: PurchaseOrder | None, form: OrderForm) -> PurchaseOrder:
    errors: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    lines: list[orders.LineInput] = []
    try:
        values = form.values()
    except Invalid as error:
        errors |= error.fields
    try:
        lines = read_lines(request.POST)
    except Invalid as error:
        errors |= error.fields
    if errors:
        raise Invalid(fields=errors)
    if item is None:
        return orders.create_order(actor=request.user, lines=lines, now=timezone.now(), **values)
    return orders.update_order(actor=request.user, order=item, changes=values, lines=lines, now=timezone.now())


def _form_page(
    request: PageRequest, item: PurchaseOrder | None, form: OrderForm, *, more: int = 1, status: int = 200
) -> HttpResponse:
    organization = request.user.organization
    here = request.get_full_path()
    addresses = _addresses(item) if item else {"autosave": here, "upload": "", "page": here}
    context = {
        "item": item,
        "form": form,
        "lines": shown_lines(item, form, organization, more=more),
        "categories": LineCategory.choices,
        "taxes": active_taxes(organization),
        "files": item.files.all() if item else [],
        "vendors": visible_vendors(request.user).filter(organization=organization, active=True)[:SUGGESTED_VENDORS],
        "story": Story(item, request.user, today=timezone.localdate()) if item else None,
        "currency": organization.currency,
        **addresses,
    }
    return render(request, "web/orders/edit.html", context, status=status)


def _addresses(item: PurchaseOrder) -> dict[str, str]:
    """Where the form's script goes on once the draft exists."""
    here = reverse("web:order-edit", args=[item.pk])
    return {"page": here, "autosave": here, "upload": reverse("web:order-files", args=[item.pk])}


def _first_error(form: OrderForm) -> str:
    for name, texts in form.errors.items():
        label = f"{form.fields[name].label} – " if name in form.fields else ""
        return _("Still to do: %s") % f"{label}{texts[0]}"
    for (index, _column), wrong in form.cell_errors.items():
        return _("Still to do: %s") % _("line %(number)d – %(text)s") % {"number": index + 1, "text": wrong[0]}
    return _("Still to do: %s") % " ".join(form.line_errors)


def _next(request: PageRequest, item: PurchaseOrder) -> str:
    return Story(item, request.user, today=timezone.localdate()).reason


# --- While it is filled


@page
@require_GET
def codes(request: PageRequest) -> HttpResponse:
    """The cost codes of the chosen project."""
    return render(request, "web/orders/codes.html", {"form": ProjectForm(request.user, initial=request.GET.dict())})


@page
@require_GET
def vendors(request: PageRequest) -> HttpResponse:
    """The vendors whose name or code has these letters."""
    words = request.GET.get("vendor_name", "").replace("\x00", "").strip()[:200]
    known: Any = visible_vendors(request.user).filter(organization=request.user.organization_id, active=True)
    found = known.filter(party__name__icontains=words) | known.filter(code__icontains=words)
    return render(request, "web/orders/vendors.html", {"vendors": found[:SUGGESTED_VENDORS]})


@page
@require_GET
def outlook(request: PageRequest) -> HttpResponse:
    """What an order of this amount would do to its cost code, and who would decide on it."""
    form = ProjectForm(request.user, initial=request.GET.dict())
    code = next((code for code in form.codes if code.external_id == request.GET.get("cost_code")), None)
    if form.chosen is None or code is None:
        return render(request, "web/orders/outlook.html")
    rolling = request.GET.get("type") == "rolling"
    item = PurchaseOrder(
        organization=request.user.organization,
        project=form.chosen,
        cost_code=code,
        created_by=request.user,
        total_amount=_amount(request.GET.get("amount", "")),
        ceiling_amount=_amount(request.GET.get("ceiling_amount", "")) if rolling else None,
    )
    story = Story(item, request.user, today=timezone.localdate())
    return render(request, "web/orders/outlook.html", {"story": story, "item": item, "currency": story.currency})


def _amount(text: str) -> Decimal:
    try:
        found = read_number(text)
    except Invalid:
        return ZERO
    return found if found.is_finite() and 0 < found < MAX_AMOUNT else ZERO


# --- From the order's page


@page
@require_POST
def submit(request: PageRequest, pk: int) -> HttpResponse:
    item = order_for_page(request.user, pk)
    try:
        item = orders.submit_order(actor=request.user, order=item, now=timezone.now())
    except Invalid as error:
        messages.error(request, _("Something is missing: %s") % error.message)
        return redirect("web:order-edit", item.pk)
    messages.success(request, _("Submitted.") + " " + _next(request, item))
    return redirect("web:order", item.pk)


@page
@require_POST
def delete(request: PageRequest, pk: int) -> HttpResponse:
    item = order_for_page(request.user, pk)
    orders.delete_order(actor=request.user, order=item, now=timezone.now())
    messages.success(request, _("The draft is deleted."))
    return redirect("web:orders")
