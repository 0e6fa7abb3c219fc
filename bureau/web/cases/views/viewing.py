"""The pages of a document as pictures, and its file."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from bureau.cases.services import viewing
from bureau.cases.services.documents import open_document
from bureau.documents.pages import CONTENT_TYPE
from bureau.kit.errors import NotFound
from bureau.web.answers import PageRequest, page
from bureau.web.cases.finding import document_for_page
from bureau.web.files import sent_file

WIDTH = 1200
"""Pixels of a page as it is shown."""
KEPT = 3600
"""Seconds for which the person's own browser may keep a picture; another file has another address."""


@page
@require_GET
def view(request: PageRequest, pk: int) -> HttpResponse:
    """One page of it; in the dialog of the case's page, or as a page of its own."""
    document = document_for_page(request.user, pk)
    pages = viewing.count_pages(actor=request.user, document=document)
    asked = request.GET.get("page", "1")
    number = min(max(int(asked), 1), pages) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
    context = {
        "document": document,
        "number": number,
        "pages": pages,
        "version": document.file.sha256[:12] if document.file else "",
    }
    template = "web/cases/viewer.html" if request.htmx.target == "viewer-body" else "web/cases/document.html"
    return render(request, template, context)


@page
@require_GET
def picture(request: PageRequest, pk: int, number: int) -> HttpResponse:
    document = document_for_page(request.user, pk)
    return _sent(
        viewing.view_page(actor=request.user, document=document, number=number, width=WIDTH, now=timezone.now())
    )


@page
@require_GET
def thumbnail(request: PageRequest, pk: int) -> HttpResponse:
    return _sent(viewing.thumbnail(actor=request.user, document=document_for_page(request.user, pk)))


def _sent(content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = f"private, max-age={KEPT}"
    return response


@page
@require_GET
def file(request: PageRequest, pk: int) -> HttpResponseBase:
    document = document_for_page(request.user, pk)
    content = open_document(actor=request.user, document=document, now=timezone.now())
    if document.file is None:
        raise NotFound(_("There is no file yet."))
    return sent_file(document.file, content, inline=False)
