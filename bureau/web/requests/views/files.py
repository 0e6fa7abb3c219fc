"""The files of a request."""

from typing import Any
from uuid import UUID

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
from bureau.purchasing.models import Attachment, PurchaseRequest
from bureau.purchasing.services import attachments
from bureau.web.answers import PageRequest, page, sent_file, way_back
from bureau.web.requests.finding import visible_attachment, visible_request
from bureau.web.templatetags.bureau import previewable


def attach(request: PageRequest, item: PurchaseRequest, upload: Any, category: str) -> Attachment:
    try:
        return attachments.attach_file(
            actor=request.user,
            request=item,
            upload=upload,
            filename=upload.name,
            declared_type=upload.content_type,
            category=category,
            now=timezone.now(),
        )
    except (Forbidden, NotFound):
        raise
    except DomainError as error:
        raise Invalid.field("file", f"{upload.name}: {error.message}") from error


@page
@require_POST
def add_files(request: PageRequest, uuid: UUID) -> HttpResponse:
    """From the drop zone one file at a time, answered with its line; from a plain form several."""
    item = visible_request(request.user, uuid)
    uploads = request.FILES.getlist("file") + request.FILES.getlist("files")
    if not uploads:
        raise Invalid.field("file", _("Choose a file first."))
    added = [attach(request, item, upload, request.POST.get("category", "")) for upload in uploads]
    if request.htmx:
        return render(request, "web/requests/file.html", {"attachment": added[-1], "editable": True})
    return redirect(way_back(request, reverse("web:request", args=[item.uuid])))


@page
@require_GET
def file(request: PageRequest, uuid: UUID) -> HttpResponseBase:
    attachment = visible_attachment(request.user, uuid)
    content = attachments.open_attachment(actor=request.user, attachment=attachment, now=timezone.now())
    return sent_file(attachment.file, content, inline=False)


@xframe_options_sameorigin
@csp({"frame-ancestors": ["'self'"]})
@page
@require_GET
def preview(request: PageRequest, uuid: UUID) -> HttpResponseBase:
    """What a browser shows by itself without running anything: pictures and PDF."""
    attachment = visible_attachment(request.user, uuid)
    if not previewable(attachment.file.content_type):
        raise NotFound(_("This kind of file has no preview."))
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
