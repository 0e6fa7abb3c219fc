"""The files of an order."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from bureau.purchasing.models import OrderFile, PurchaseOrder
from bureau.purchasing.selectors.orders import visible_order
from bureau.purchasing.services import orders
from bureau.web.answers import PageRequest, page, way_back
from bureau.web.files import framed, naming, require_preview, sent_file, uploads
from bureau.web.orders.finding import visible_file


def attach(request: PageRequest, item: PurchaseOrder, upload: Any) -> OrderFile:
    """Raises Invalid for whatever is wrong with the file, by its name."""
    with naming(upload):
        return orders.attach_file(
            actor=request.user,
            order=item,
            upload=upload,
            filename=upload.name,
            declared_type=upload.content_type,
            now=timezone.now(),
        )


@page
@require_POST
def add_files(request: PageRequest, pk: int) -> HttpResponse:
    """One from the drop zone is answered with its line."""
    item = visible_order(request.user, pk)
    added = [attach(request, item, upload) for upload in uploads(request)]
    if request.htmx:
        return render(request, "web/orders/file.html", {"file": added[-1], "editable": True})
    return redirect(way_back(request, reverse("web:order", args=[item.pk])))


@page
@require_GET
def file(request: PageRequest, pk: int) -> HttpResponseBase:
    found = visible_file(request.user, pk)
    content = orders.open_file(actor=request.user, file=found, now=timezone.now())
    return sent_file(found.file, content, inline=False)


@framed
def preview(request: PageRequest, pk: int) -> HttpResponseBase:
    found = visible_file(request.user, pk)
    require_preview(found.file)
    content = orders.open_file(actor=request.user, file=found, now=timezone.now())
    return sent_file(found.file, content, inline=True)


@page
@require_POST
def remove_file(request: PageRequest, pk: int) -> HttpResponse:
    found = visible_file(request.user, pk)
    orders.remove_file(actor=request.user, file=found, now=timezone.now())
    if request.htmx:
        return HttpResponse()
    messages.success(request, _("%s is removed.") % found.file.filename)
    return redirect("web:order", found.order_id)
