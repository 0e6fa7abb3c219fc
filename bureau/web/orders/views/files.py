"""The files of an order."""

from typing import Any

from csp.decorators import csp
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from bureau.kit.errors import DomainError, Forbidden, Invalid, NotFound
from bureau.purchasing.models import OrderFile, PurchaseOrder
from bureau.purchasing.selectors.orders import visible_order
from bureau.purchasing.services import orders
from bureau.web.answers import PageRequest, page, sent_file, way_back
from bureau.web.orders.finding import visible_file
from bureau.web.templatetags.bureau import previewable


def attach(request: PageRequest, item: PurchaseOrder, upload: Any) -> OrderFile:
    """Raises Invalid for whatever is wrong with the file, by its name."""
    try:
        return orders.attach_file(
            actor=request.user,
            order=item,
            upload=upload,
            filename=upload.name,
            declared_type=upload.content_type,
            now=timezone.now(),
        )
    except (Forbidden, NotFound):
        raise
    except DomainError as error:
        raise Invalid.field("file", f"{upload.name}: {error.message}") from error


@page
@require_POST
def add_files(request: PageRequest, pk: int) -> HttpResponse:
    """From the drop zone one file at a time, answered with its line; from a plain form several."""
    item = visible_order(request.user, pk)
    uploads = request.FILES.getlist("file") + request.FILES.getlist("files")
    if not uploads:
        raise Invalid.field("file", _("Choose a file first."))
    added = [attach(request, item, upload) for upload in uploads]
    if request.htmx:
        return render(request, "web/orders/file.html", {"file": added[-1], "editable": True})
    return redirect(way_back(request, reverse("web:order", args=[item.pk])))


@page
@require_GET
def file(request: PageRequest, pk: int) -> HttpResponseBase:
    found = visible_file(request.user, pk)
    content = orders.open_file(actor=request.user, file=found, now=timezone.now())
    return sent_file(found.file, content, inline=False)


@xframe_options_sameorigin
@csp({"frame-ancestors": ["'self'"]})
@page
@require_GET
def preview(request: PageRequest, pk: int) -> HttpResponseBase:
    """What a browser shows by itself without running anything: pictures and PDF."""
    found = visible_file(request.user, pk)
    if not previewable(found.file.content_type):
        raise NotFound(_("This kind of file has no preview."))
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
