"""The files of a request."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from bureau.purchasing.models import Attachment, PurchaseRequest
from bureau.purchasing.services import attachments
from bureau.web.answers import PageRequest, page, way_back
from bureau.web.files import framed, naming, require_preview, sent_file, uploads
from bureau.web.requests.finding import visible_attachment, visible_request


def attach(request: PageRequest, item: PurchaseRequest, upload: Any, category: str) -> Attachment:
    with naming(upload):
        return attachments.attach_file(
            actor=request.user,
            request=item,
            upload=upload,
            filename=upload.name,
            declared_type=upload.content_type,
            category=category,
            now=timezone.now(),
        )


@page
@require_POST
def add_files(request: PageRequest, uuid: UUID) -> HttpResponse:
    """One from the drop zone is answered with its line."""
    item = visible_request(request.user, uuid)
    added = [attach(request, item, upload, request.POST.get("category", "")) for upload in uploads(request)]
    if request.htmx:
        return render(request, "web/requests/file.html", {"attachment": added[-1], "editable": True})
    return redirect(way_back(request, reverse("web:request", args=[item.uuid])))


@page
@require_GET
def file(request: PageRequest, uuid: UUID) -> HttpResponseBase:
    attachment = visible_attachment(request.user, uuid)
    content = attachments.open_attachment(actor=request.user, attachment=attachment, now=timezone.now())
    return sent_file(attachment.file, content, inline=False)


@framed
def preview(request: PageRequest, uuid: UUID) -> HttpResponseBase:
    attachment = visible_attachment(request.user, uuid)
    require_preview(attachment.file)
    content = attachments.open_attachment(actor=request.user, attachment=attachment, now=timezone.now())
    return sent_file(attachment.file, content, inline=True)


@page
@require_POST
def remove_file(request: PageRequest, uuid: UUID) -> HttpResponse:
    attachment = visible_attachment(request.user, uuid)
    attachments.remove_attachment(actor=request.user, attachment=attachment, now=timezone.now())
    if request.htmx:
        return HttpResponse()
    messages.success(request, _("%s is removed.") % attachment.file.filename)
    return redirect("web:request-edit", attachment.request.uuid)
