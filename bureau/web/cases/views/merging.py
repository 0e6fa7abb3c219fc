"""Several documents of a case as one PDF, in the order that was chosen."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bureau.cases.services.viewing import merge_documents
from bureau.kit.errors import DomainError, Forbidden, NotFound
from bureau.web.answers import UNREADABLE, PageRequest, page
from bureau.web.cases.finding import case_for_page
from bureau.web.cases.reading import Line
from bureau.web.cases.views.showing import story_of


@dataclass(frozen=True)
class Place:
    """A document, and its place in the PDF; None leaves it out."""

    line: Line
    place: int | None


@page
@require_http_methods(["GET", "POST"])
def merge(request: PageRequest, pk: int) -> HttpResponse:
    """The address names the documents in the order in which they were ticked; the form gives each its place."""
    case = case_for_page(request.user, pk)
    lines = [line for line in story_of(request, case).lines if line.mergeable]
    if request.method == "GET":
        return render(request, "web/cases/merge.html", {"case": case, "rows": _ticked(lines, request)})
    rows = [Place(line, _place(request, line)) for line in lines]
    chosen = sorted((row.place, number, row) for number, row in enumerate(rows) if row.place is not None)
    documents = [row.line.document for _place, _number, row in chosen]
    try:
        merged = merge_documents(actor=request.user, documents=documents, now=timezone.now())
    except (Forbidden, NotFound):
        raise
    except DomainError as error:
        context = {"case": case, "rows": rows, "error": error.message if documents else _("Number one at least.")}
        return render(request, "web/cases/merge.html", context, status=UNREADABLE)
    response = HttpResponse(merged, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{case.number}.pdf"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _ticked(lines: list[Line], request: HttpRequest) -> list[Place]:
    """Those that were ticked first, in that order; without any, all of them."""
    asked = request.GET.getlist("document")
    places = {pk: place for place, pk in enumerate(dict.fromkeys(asked), start=1)}
    if not places:
        return [Place(line, place) for place, line in enumerate(lines, start=1)]
    rows = [Place(line, places.get(str(line.document.pk))) for line in lines]
    return sorted(rows, key=lambda row: (row.place is None, row.place or 0))


def _place(request: HttpRequest, line: Line) -> int | None:
    given = request.POST.get(f"place-{line.document.pk}", "").strip()
    return int(given) if given.isascii() and given.isdigit() and len(given) < 5 else None
