"""The lines of the checklist: a file, a number and a date given on its line; checked; removed; filled by an action."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bureau.cases.actions import ACTIONS, run_action
from bureau.cases.models import CaseDocument
from bureau.cases.selectors.products import visible_document_type
from bureau.cases.services import documents
from bureau.core.files import Upload
from bureau.kit.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from bureau.web.answers import UNREADABLE, PageRequest, page, with_events
from bureau.web.cases.finding import case_for_page, document_for_page
from bureau.web.cases.forms import ACCEPT
from bureau.web.cases.views.showing import shown, story_of

GIVEN = ("number", "expiry_date")


def upload_of(request: Any) -> Upload | None:
    """The file that the form brought, if any: of several inputs of the name the one that was used."""
    given = next((file for file in request.FILES.getlist("file") if file), None)
    return Upload(given.file, given.name, given.content_type) if given else None


def day_of(text: str) -> date | None:
    """As a date input sends it. Raises Invalid for what is no day."""
    if not text:
        return None
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None:
        raise Invalid.field("expiry_date", _("Give a day, such as 2030-12-31."))
    return found


@page
@require_POST
def fill(request: PageRequest, pk: int) -> HttpResponse:
    """What stands in the line's form; whatever is wrong with it stands on the line."""
    document = document_for_page(request.user, pk)
    given = {name: request.POST[name] for name in GIVEN if name in request.POST}
    errors: dict[str, list[str]] = {}
    try:
        changes: dict[str, Any] = dict(given)
        if "expiry_date" in given:
            changes["expiry_date"] = day_of(given["expiry_date"])
        documents.update_document(
            actor=request.user, document=document, changes=changes, upload=upload_of(request), now=timezone.now()
        )
    except (Forbidden, NotFound):
        raise
    except DomainError as error:
        errors = error.fields or {"file": [error.message]}
    return _answered(request, document, given=given, errors=errors)


@page
@require_POST
def check(request: PageRequest, pk: int) -> HttpResponse:
    """`checked` empty takes it back."""
    document = document_for_page(request.user, pk)
    documents.set_checked(
        actor=request.user, document=document, checked=bool(request.POST.get("checked")), now=timezone.now()
    )
    return _answered(request, document)


@page
@require_POST
def remove(request: PageRequest, pk: int) -> HttpResponse:
    document = document_for_page(request.user, pk)
    documents.remove_document(actor=request.user, document=document, now=timezone.now())
    messages.success(request, _("%s is removed.") % document.document_type.name)
    return redirect("web:case", document.case_id)


@page
@require_POST
def act(request: PageRequest, pk: int, name: str) -> HttpResponse:
    """An action that the document's type offers."""
    document = document_for_page(request.user, pk)
    run_action(actor=request.user, document=document, name=name, now=timezone.now())
    messages.success(request, _("Done: %s.") % ACTIONS[name].label)
    return redirect(_line_url(document))


@page
@require_POST
def add(request: PageRequest, pk: int) -> HttpResponse:
    case = case_for_page(request.user, pk)
    chosen = request.POST.get("document_type", "")
    try:
        if not (chosen.isascii() and chosen.isdigit() and len(chosen) < 19):
            raise Invalid.field("document_type", _("Choose a document type."))
        try:
            kind = visible_document_type(request.user, int(chosen))
        except NotFound:
            raise Invalid.field("document_type", _("There is no such document type.")) from None
        made = documents.add_document(
            actor=request.user, case=case, document_type=kind, required="required" in request.POST, now=timezone.now()
        )
    except (Invalid, Conflict) as error:
        texts = next(iter(error.fields.values()), [error.message])
        return shown(request, story_of(request, case), adding={"document_type": texts}, status=UNREADABLE)
    return redirect(_line_url(made))


def _line_url(document: CaseDocument) -> str:
    return f"{reverse('web:case', args=[document.case_id])}#document-{document.pk}"


def _answered(
    request: PageRequest, document: CaseDocument, *, given: dict[str, str] | None = None, errors: Any = None
) -> HttpResponse:
    """The line as it is now, with what else follows on the page; without script the whole page."""
    if not request.htmx and not errors:
        return redirect(_line_url(document))
    story = story_of(request, case_for_page(request.user, document.case_id))
    if errors:
        story.refused[document.pk] = (given or {}, errors)
    if not request.htmx:
        return shown(request, story, status=UNREADABLE)
    context = {
        "case": story.case,
        "story": story,
        "line": story.line(document.pk),
        "today": story.today,
        "accept": ACCEPT,
    }
    response = render(request, "web/cases/changed.html", context, status=UNREADABLE if errors else 200)
    pending = any(one.file and one.file.scan_state == "pending" for one in story.case.documents.all())
    return with_events(response, events={"job-started": {}} if pending else None)
