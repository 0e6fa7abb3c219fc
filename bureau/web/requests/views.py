"""Purchase requests: the lists, one request, its form, its files, and deciding on it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from csp.decorators import csp
from django.contrib import messages
from django.db.models import Q, QuerySet, Sum
from django.http import FileResponse, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureau.accounts.models import Team
from bureau.core.models import StoredFile, User
from bureau.kit.errors import DomainError, Forbidden, Invalid, NotFound
from bureau.purchasing import permissions, selectors
from bureau.purchasing.models import Attachment, PurchaseRequest
from bureau.purchasing.services import approvals, attachments, requests
from bureau.purchasing.states import EDITABLE, RequestStatus
from bureau.web.answers import UNREADABLE, PageRequest, page, paged, way_back, with_events
from bureau.web.context import Shell
from bureau.web.requests.forms import RequestForm, read_lines, shown_lines
from bureau.web.requests.reading import Story
from bureau.web.templatetags.bureau import previewable

DECISIONS: dict[str, Callable[..., PurchaseRequest]] = {
    "approve": approvals.approve_request,
    "reject": approvals.reject_request,
    "complete": approvals.complete_request,
}


def visible(user: User, uuid: UUID) -> PurchaseRequest:
    """Raises NotFound for what this person may not see, in the same words as for what is not there."""
    found = selectors.with_details(PurchaseRequest.objects.visible_to(user)).filter(uuid=uuid).first()
    if found is None:
        raise NotFound(_("There is no such request."))
    return found


def search_words(rows: QuerySet[PurchaseRequest], words: str) -> QuerySet[PurchaseRequest]:
    for word in words.replace("\x00", "").split()[:8]:
        rows = rows.filter(Q(subject__icontains=word) | Q(number__icontains=word) | Q(vendor_name__icontains=word))
    return rows


# --- Lists


@page
@require_GET
def request_list(request: PageRequest) -> HttpResponse:
    user = request.user
    scopes: dict[str, QuerySet[PurchaseRequest]] = {
        "mine": PurchaseRequest.objects.visible_to(user).filter(requestor=user)
    }
    if user.decisions.exists():
        scopes["decided"] = PurchaseRequest.objects.visible_to(user).filter(pk__in=user.decisions.values("request"))
    if user.sees_organization or selectors.is_finance_reviewer(user):
        scopes["all"] = PurchaseRequest.objects.listed_for(user)
    scope = request.GET.get("scope", "mine")
    scope = scope if scope in scopes else "mine"
    rows = scopes[scope]
    filters = {name: request.GET.get(name, "").strip() for name in ("q", "status", "team")}
    rows = search_words(rows, filters["q"])
    if filters["status"] in list(RequestStatus):
        rows = rows.filter(status=filters["status"])
    teams = list(Team.objects.visible_to(user).filter(is_active=True).order_by("name"))
    team = next((team for team in teams if str(team.uuid) == filters["team"]), None)
    if team:
        rows = rows.filter(team=team)
    rows = rows.select_related("requestor", "team", "current_step").order_by("-created_at", "-pk")
    context = {
        "page": paged(request, rows),
        "scope": scope,
        "scopes": list(scopes),
        "filters": filters,
        "filtered": any(filters.values()),
        "statuses": [(status.value, status.label) for status in RequestStatus],
        "teams": teams,
        "currency": user.organization.currency,
    }
    return render(request, "web/requests/list.html", context)


@page
@require_GET
def finance_inbox(request: PageRequest) -> HttpResponse:
    rows = selectors.finance_inbox(request.user).select_related("requestor", "team")
    context = {
        "page": paged(request, rows),
        "total": rows.order_by().aggregate(total=Sum("amount"))["total"],
        "currency": request.user.organization.currency,
    }
    return render(request, "web/requests/finance.html", context)


# --- One request


@page
@require_GET
def show(request: PageRequest, uuid: UUID) -> HttpResponse:
    return _shown(request, visible(request.user, uuid))


def _shown(request: PageRequest, item: PurchaseRequest, *, form: Any = None, status: int = 200) -> HttpResponse:
    """The page, or the side panel beside a list."""
    context = {"item": item, "currency": item.organization.currency, "story": Story(item, request.user), "form": form}
    template = "web/requests/side.html" if request.htmx.target == "side" else "web/requests/request.html"
    return render(request, template, context, status=status)


@page
@require_http_methods(["GET", "POST"])
def decide(request: PageRequest, uuid: UUID) -> HttpResponse:
    """Approve, reject or complete: from the side panel, a dialog of the page, or a page of its own."""
    item = visible(request.user, uuid)
    decision = (request.POST if request.method == "POST" else request.GET).get("decision", "")
    if decision not in DECISIONS:
        raise NotFound(_("There is no such decision."))
    comment, errors = request.POST.get("comment", ""), {}
    if request.method == "POST":
        try:
            item = DECISIONS[decision](actor=request.user, request=item, comment=comment, now=timezone.now())
        except Invalid as error:
            errors = error.fields or {"": [error.message]}
        else:
            return _decided(request, item, decision)
    form: dict[str, Any] = {"comment": {"value": comment, "errors": errors.pop("comment", [])}}
    form["others"] = [text for texts in errors.values() for text in texts]
    status = UNREADABLE if request.method == "POST" else 200
    if request.htmx:
        return _shown(request, item, form=form, status=status)
    headings = {
        "approve": _("Approve this request"),
        "reject": _("Reject this request"),
        "complete": _("Complete this request"),
    }
    context = {
        "item": item,
        "decision": decision,
        "form": form,
        "heading": headings[decision],
        "currency": item.organization.currency,
    }
    return render(request, "web/requests/decide.html", context, status=status)


def _decided(request: PageRequest, item: PurchaseRequest, decision: str) -> HttpResponse:
    words = {"approve": _("Approved."), "reject": _("Rejected."), "complete": _("Completed.")}[decision]
    then = Story(item, request.user).reason
    text = f"{words} {item.subject}. {then}".strip()
    if request.htmx:
        events = {"decided": {"id": str(item.uuid), "counts": Shell(request).counts}}
        return with_events(HttpResponse(status=204), say=[(text, "success")], events=events)
    messages.success(request, text)
    return redirect("web:request", item.uuid)


@page
@require_POST
def decide_selected(request: PageRequest) -> HttpResponse:
    """One decision on several requests; each stands or falls alone."""
    decision, comment = request.POST.get("decision", ""), request.POST.get("comment", "")
    if decision not in DECISIONS:
        raise NotFound(_("There is no such decision."))
    chosen = [uuid for uuid in request.POST.getlist("request")[:100] if _is_uuid(uuid)]
    items = list(PurchaseRequest.objects.visible_to(request.user).filter(uuid__in=chosen))
    done, refusals = 0, []
    for item in items:
        try:
            act = DECISIONS[
                "complete" if decision == "approve" and item.status == RequestStatus.FINANCE_REVIEW else decision
            ]
            act(actor=request.user, request=item, comment=comment, now=timezone.now())
            done += 1
        except DomainError as error:
            refusals.append(f"{item.subject}: {error.message}")
    if done:
        words = {"approve": _("Approved: %d."), "reject": _("Rejected: %d."), "complete": _("Completed: %d.")}
        messages.success(request, words[decision] % done)
    elif not refusals:
        messages.info(request, _("Select at least one request first."))
    for text in refusals:
        messages.error(request, text)
    return redirect(way_back(request))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


# --- The form


@page
@require_http_methods(["GET", "POST"])
def new(request: PageRequest) -> HttpResponse:
    teams = [scope.team for scope in selectors.teams_to_ask(request.user)]
    wanted = request.GET.get("team")
    team = next((team for team in teams if str(team.uuid) == wanted), teams[0] if len(teams) == 1 else None)
    if team is None:
        return render(request, "web/requests/choose_team.html", {"teams": teams})
    return _edit(request, None, team, more_teams=len(teams) > 1)


@page
@require_http_methods(["GET", "POST"])
def edit(request: PageRequest, uuid: UUID) -> HttpResponse:
    item = visible(request.user, uuid)
    permissions.can_edit_request(request.user, item).enforce()
    if item.status not in EDITABLE:
        messages.info(request, permissions.wrong_state(item, "edit"))
        return redirect("web:request", item.uuid)
    return _edit(request, item, item.team)


def _edit(request: PageRequest, item: PurchaseRequest | None, team: Team, *, more_teams: bool = False) -> HttpResponse:
    template = item.form_template if item else selectors.form_in_use(team.pk)
    if template is None:
        raise Invalid(_("%(team)s has no form yet: ask an administrator to make one.") % {"team": team.name})
    autosaving = "application/json" in request.headers.get("Accept", "")
    form = RequestForm(template, request.POST or None, request.FILES or None, item=item)
    if request.method == "POST" and form.is_valid():
        try:
            item = _saved(request, item, team, form)
            if autosaving:
                return JsonResponse(_addresses(item))
            _attach_given(request, item, form)
            if request.POST.get("do") == "submit":
                item = requests.submit_request(actor=request.user, request=item, now=timezone.now())
                messages.success(request, _("Submitted.") + " " + Story(item, request.user).reason)
            else:
                messages.success(request, _("The draft is saved."))
        except Invalid as error:
            form.place(error)
        else:
            return redirect("web:request", item.uuid)
    if autosaving:
        return JsonResponse({"message": _first_error(form)}, status=UNREADABLE)
    there = {a.category.casefold() for a in item.attachments.all()} if item else set()
    categories = [
        {"name": category.name, "required": category.required, "there": category.name.casefold() in there}
        for category in template.attachment_categories.all()
    ]
    here = request.get_full_path()
    addresses = _addresses(item) if item else {"autosave": here, "upload": "", "page": here}
    context = {
        "item": item,
        "team": team,
        "more_teams": more_teams,
        "form": form,
        "lines": shown_lines(item, request.POST if form.is_bound else None),
        "item_errors": form.line_errors,
        "file_errors": form.file_errors,
        "attachments": item.attachments.select_related("file") if item else [],
        "categories": categories,
        "steps": Story(item or PurchaseRequest(team=team, requestor=request.user), request.user).steps,
        "currency": team.organization.currency,
        **addresses,
    }
    return render(request, "web/requests/edit.html", context, status=UNREADABLE if form.is_bound else 200)


def _saved(request: PageRequest, item: PurchaseRequest | None, team: Team, form: RequestForm) -> PurchaseRequest:
    values: dict[str, Any] = {
        **form.own_values(),
        "field_values": form.field_values(),
        "items": read_lines(request.POST),
    }
    if item is None:
        return requests.create_request(actor=request.user, team=team, now=timezone.now(), **values)
    return requests.update_request(actor=request.user, request=item, now=timezone.now(), **values)


def _attach_given(request: PageRequest, item: PurchaseRequest, form: RequestForm) -> None:
    """Files that came with the form itself: from a browser without script, and those of FILE fields."""
    for upload in request.FILES.getlist("files"):
        _attach(request, item, upload, request.POST.get("category", ""))
    for field_id, upload in form.field_uploads().items():
        attachment = _attach(request, item, upload, "")
        values = {field_id: str(attachment.uuid)}
        requests.update_request(actor=request.user, request=item, field_values=values, now=timezone.now())


def _attach(request: PageRequest, item: PurchaseRequest, upload: Any, category: str) -> Attachment:
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


def _addresses(item: PurchaseRequest) -> dict[str, str]:
    """Where the form's script goes on once the draft exists."""
    return {
        "page": reverse("web:request-edit", args=[item.uuid]),
        "autosave": reverse("web:request-edit", args=[item.uuid]),
        "upload": reverse("web:request-files", args=[item.uuid]),
    }


def _first_error(form: RequestForm) -> str:
    for name, texts in form.errors.items():
        label = f"{form.fields[name].label} " if name in form.fields else ""
        return _("Not saved yet: %s") % f"{label}– {texts[0]}"
    return _("Not saved yet: %s") % " ".join(form.line_errors + form.file_errors)


@page
@require_POST
def submit(request: PageRequest, uuid: UUID) -> HttpResponse:
    item = visible(request.user, uuid)
    try:
        item = requests.submit_request(actor=request.user, request=item, now=timezone.now())
    except Invalid as error:
        messages.error(request, _("Something is missing: %s") % error.message)
        return redirect("web:request-edit", item.uuid)
    messages.success(request, _("Submitted.") + " " + Story(item, request.user).reason)
    return redirect("web:request", item.uuid)


@page
@require_POST
def delete(request: PageRequest, uuid: UUID) -> HttpResponse:
    item = visible(request.user, uuid)
    requests.delete_draft(actor=request.user, request=item, now=timezone.now())
    messages.success(request, _("The draft is deleted."))
    return redirect("web:requests")


# --- Files


@page
@require_POST
def add_files(request: PageRequest, uuid: UUID) -> HttpResponse:
    """From the drop zone one file at a time, answered with its line; from a plain form several."""
    item = visible(request.user, uuid)
    uploads = request.FILES.getlist("file") + request.FILES.getlist("files")
    if not uploads:
        raise Invalid.field("file", _("Choose a file first."))
    added = [_attach(request, item, upload, request.POST.get("category", "")) for upload in uploads]
    if request.htmx:
        return render(request, "web/requests/file.html", {"attachment": added[-1], "editable": True})
    return redirect(way_back(request, reverse("web:request", args=[item.uuid])))


def _attachment(user: User, uuid: UUID) -> Attachment:
    found = Attachment.objects.visible_to(user).select_related("file", "request").filter(uuid=uuid).first()
    if found is None:
        raise NotFound(_("There is no such file."))
    return found


@page
@require_GET
def file(request: PageRequest, uuid: UUID) -> HttpResponseBase:
    attachment = _attachment(request.user, uuid)
    content = attachments.open_attachment(actor=request.user, attachment=attachment, now=timezone.now())
    return _sent(attachment.file, content, inline=False)


@xframe_options_sameorigin
@csp({"frame-ancestors": ["'self'"]})
@page
@require_GET
def preview(request: PageRequest, uuid: UUID) -> HttpResponseBase:
    """What a browser shows by itself without running anything: pictures and PDF."""
    attachment = _attachment(request.user, uuid)
    if not previewable(attachment.file.content_type):
        raise NotFound(_("This kind of file has no preview."))
    content = attachments.open_attachment(actor=request.user, attachment=attachment, now=timezone.now())
    return _sent(attachment.file, content, inline=True)


def _sent(stored: StoredFile, content: Any, *, inline: bool) -> FileResponse:
    response = FileResponse(
        content, as_attachment=not inline, filename=stored.filename, content_type=stored.content_type
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


@page
@require_POST
def remove_file(request: PageRequest, uuid: UUID) -> HttpResponse:
    attachment = _attachment(request.user, uuid)
    attachments.remove_attachment(actor=request.user, attachment=attachment, now=timezone.now())
    if request.htmx:
        return HttpResponse()
    messages.success(request, _("%s is removed.") % attachment.file.filename)
    return redirect("web:request-edit", attachment.request.uuid)
