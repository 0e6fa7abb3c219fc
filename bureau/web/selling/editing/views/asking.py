"""What the editor asks for while somebody types: customers, their cases, and the document as it would be printed."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from bureau.parties.selectors.customers import searched, visible_customers
from bureau.sales.rendering.pdf import preview_pdf, preview_png
from bureau.web.answers import PageRequest, page
from bureau.web.selling.editing.forms import EditorForm
from bureau.web.selling.editing.kinds import Document, Kind
from bureau.web.selling.editing.lines import cases_of, readable_lines
from bureau.web.selling.editing.views.editing import document_of, offered_cases
from bureau.web.selling.finding import read_id

SUGGESTED = 8
MOST_PAGES = 100


@page
@require_GET
def customers(request: PageRequest) -> HttpResponse:
    """Those whom the letters may mean, by name."""
    words = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    active = visible_customers(request.user).filter(organization=request.user.organization_id, active=True)
    found = searched(active, words).order_by("sort_name", "pk")[:SUGGESTED]
    return render(request, "web/selling/editor/options.html", {"customers": found})


@page
@require_GET
def cases(request: PageRequest, kind: Kind) -> HttpResponse:
    """What of a customer is ready to be billed, beside what the invoice itself bills already."""
    wanted, invoice = read_id(request.GET.get("customer", "")), read_id(request.GET.get("invoice", ""))
    customer = None if wanted is None else visible_customers(request.user).filter(pk=wanted).first()
    item = None if invoice is None else document_of(request, kind, invoice)
    return render(request, "web/selling/editor/cases.html", {"cases": offered_cases(request, kind, customer, item, [])})


@page
@require_POST
def preview(request: PageRequest, kind: Kind, pk: int | None = None) -> HttpResponse:
    """One page of it as an image; the answer says in X-Pages how many there are."""
    document, lines = _previewed(request, kind, pk)
    wanted = min(read_id(request.POST.get("page", "")) or 1, MOST_PAGES)
    image, pages = preview_png(document, lines, wanted)
    return _private(HttpResponse(image, content_type="image/png", headers={"X-Pages": str(pages)}))


@page
@require_POST
def pdf(request: PageRequest, kind: Kind, pk: int | None = None) -> HttpResponse:
    document, lines = _previewed(request, kind, pk)
    answer = HttpResponse(preview_pdf(document, lines), content_type="application/pdf")
    answer["Content-Disposition"] = "inline"
    return _private(answer)


def _previewed(request: PageRequest, kind: Kind, pk: int | None) -> tuple[Document, list[Any]]:
    item = None if pk is None else document_of(request, kind, pk)
    values = EditorForm(kind, request.user, request.POST, item=item).readable()
    lines = readable_lines(request.POST, cases_of(request.POST, request.user, item))
    previewed: tuple[Document, list[Any]] = kind.preview(
        actor=request.user, item=item, lines=lines, now=timezone.now(), **values
    )
    return previewed


def _private(answer: HttpResponse) -> HttpResponse:
    answer["Cache-Control"] = "private, no-store"
    return answer
