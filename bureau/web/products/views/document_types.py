"""Document types: the list, the form of one, and its deletion."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from bureau.cases.models import DocumentType
from bureau.cases.permissions.products import can_write_products
from bureau.cases.selectors.catalogue import types_with_counts
from bureau.cases.selectors.products import type_usage, visible_document_type, visible_document_types
from bureau.cases.services.document_types import create_document_type, delete_document_type, update_document_type
from bureau.kit.errors import Conflict, Invalid
from bureau.web.answers import UNREADABLE, PageRequest, page, paged
from bureau.web.exports import Column, exported
from bureau.web.products.forms import DocumentTypeForm
from bureau.web.products.reading import offered_actions
from bureau.web.setup.forms import show_refusal

COLUMNS = (
    Column(gettext_lazy("Name"), "name"),
    Column(gettext_lazy("What is accepted"), "description"),
    Column(gettext_lazy("Has a number"), "has_number"),
    Column(gettext_lazy("Expires"), "has_expiry_date"),
    Column(gettext_lazy("Valid after the case is due, months"), "min_validity_months"),
    Column(gettext_lazy("Told before it expires, days"), "notify_days_before"),
    Column(gettext_lazy("Products"), "asked_by"),
    Column(gettext_lazy("Documents of cases"), "held"),
)


@page
@require_GET
def type_list(request: PageRequest) -> HttpResponseBase:
    user = request.user
    query = request.GET.get("q", "").strip().replace("\x00", "")[:100]
    rows = types_with_counts(visible_document_types(user))
    for word in query.split()[:8]:
        rows = rows.filter(name__icontains=word)
    if file := exported(request, "document-types", rows, COLUMNS):
        return file
    context = {
        "page": paged(request, rows),
        "query": query,
        "may_write": can_write_products(user, user.organization),
    }
    return render(request, "web/products/document_types.html", context)


@page
@require_http_methods(["GET", "POST"])
def new(request: PageRequest) -> HttpResponse:
    can_write_products(request.user, request.user.organization).enforce()
    form = DocumentTypeForm(None, offered_actions(), request.POST or None)

    def save() -> DocumentType:
        return create_document_type(actor=request.user, now=timezone.now(), **form.values())

    return _answered(request, form, None, save)


@page
@require_http_methods(["GET", "POST"])
def edit(request: PageRequest, pk: int) -> HttpResponse:
    found = visible_document_type(request.user, pk)
    can_write_products(request.user, found.organization).enforce()
    form = DocumentTypeForm(found, offered_actions(), request.POST or None)

    def save() -> DocumentType:
        return update_document_type(actor=request.user, document_type=found, changes=form.values(), now=timezone.now())

    return _answered(request, form, found, save)


@page
@require_http_methods(["GET", "POST"])
def delete(request: PageRequest, pk: int) -> HttpResponse:
    found = visible_document_type(request.user, pk)
    can_write_products(request.user, found.organization).enforce()
    if request.method == "POST":
        delete_document_type(actor=request.user, document_type=found, now=timezone.now())
        messages.success(request, _("“%s” is deleted.") % found.name)
        return redirect("web:document-types")
    return render(request, "web/products/delete.html", {"kind": found, "usage": type_usage(found)})


def _answered(
    request: PageRequest, form: DocumentTypeForm, found: DocumentType | None, save: Callable[[], DocumentType]
) -> HttpResponse:
    if form.is_valid():
        try:
            saved = save()
        except (Invalid, Conflict) as error:
            show_refusal(form, Invalid(fields=error.fields) if error.fields else error)
        else:
            messages.success(request, _("“%s” is saved.") % saved.name)
            return redirect("web:document-types")
    context = {"form": form, "kind": found, "usage": type_usage(found) if found else None}
    return render(request, "web/products/document_type.html", context, status=UNREADABLE if form.is_bound else 200)
