"""The editor of a product. Every button of a row works by posting the whole form, with or without script."""

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bureau.cases.models import Product
from bureau.cases.permissions.products import can_write_products
from bureau.cases.selectors.products import visible_product
from bureau.cases.services.products import create_product, update_product
from bureau.kit.errors import DomainError
from bureau.web.answers import UNREADABLE, PageRequest, page
from bureau.web.products.forms import ProductBuilder, data_of_product


@page
@require_http_methods(["GET", "POST"])
def new(request: PageRequest) -> HttpResponse:
    """`copy` in the address names a product to begin with."""
    can_write_products(request.user, request.user.organization).enforce()
    return _build(request, None)


@page
@require_http_methods(["GET", "POST"])
def edit(request: PageRequest, pk: int) -> HttpResponse:
    found = visible_product(request.user, pk)
    can_write_products(request.user, found.organization).enforce()
    return _build(request, found)


def _build(request: PageRequest, product: Product | None) -> HttpResponse:
    organization = product.organization if product else request.user.organization
    data = request.POST.copy() if request.method == "POST" else _start(request, product)
    builder = ProductBuilder(data, user=request.user, organization=organization, product=product)
    do = data.get("do", "")
    if do == "save":
        saved = _save(request, product, builder)
        if saved:
            messages.success(request, _("“%s” is saved.") % saved.name)
            return redirect("web:product", saved.pk)
    elif do and do != "preview":
        builder.act(do)
    planned = builder.planned(timezone.localdate())
    context = {
        "product": product,
        "builder": builder,
        "wrong": do == "save",
        "planned": planned,
        "due": planned[-1][1] if planned else None,
    }
    template = "web/products/edit.html"
    if request.htmx:
        template = "web/products/preview.html" if do == "preview" else "web/products/rows.html"
    return render(request, template, context, status=UNREADABLE if do == "save" else 200)


def _start(request: PageRequest, product: Product | None) -> QueryDict:
    """What the editor begins with: this product, a copy of another, or one task to fill in."""
    if product is not None:
        return data_of_product(product)
    copy = request.GET.get("copy", "")
    if copy.isascii() and copy.isdigit() and len(copy) < 19:
        return data_of_product(visible_product(request.user, int(copy)), copy=True)
    data = QueryDict(mutable=True)
    data["task"] = "1"
    return data


def _save(request: PageRequest, product: Product | None, builder: ProductBuilder) -> Product | None:
    """None when it was refused: the editor shows why."""
    builder.drop_blank()
    if not builder.is_valid():
        return None
    values = builder.values()
    try:
        if product is None:
            return create_product(actor=request.user, now=timezone.now(), **values)
        tasks, documents = values.pop("tasks"), values.pop("documents")
        return update_product(
            actor=request.user, product=product, changes=values, tasks=tasks, documents=documents, now=timezone.now()
        )
    except DomainError as error:
        builder.place(error)
    return None
