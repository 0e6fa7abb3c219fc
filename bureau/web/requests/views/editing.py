"""The form of a request: new, changed, saved by itself, submitted, deleted."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from bureau.accounts.models import Team
from bureau.kit.errors import DomainError, Forbidden, Invalid, NotFound, WrongState
from bureau.purchasing.models import PurchaseRequest
from bureau.purchasing.permissions import requests as permissions
from bureau.purchasing.selectors import requests as selectors
from bureau.purchasing.services import requests
from bureau.purchasing.states import EDITABLE
from bureau.web.answers import UNREADABLE, PageRequest, page
from bureau.web.requests.finding import visible_request
from bureau.web.requests.forms import RequestForm, read_lines, shown_lines
from bureau.web.requests.reading import Story
from bureau.web.requests.views.files import attach


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
    item = visible_request(request.user, uuid)
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
    form = RequestForm(template.fields.all(), request.POST or None, request.FILES or None, item=item)
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
        except (Forbidden, NotFound, WrongState):
            raise  # nothing on the form could help
        except DomainError as error:
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
        attach(request, item, upload, request.POST.get("category", ""))
    for field_id, upload in form.field_uploads().items():
        attachment = attach(request, item, upload, "")
        values = {field_id: str(attachment.uuid)}
        requests.update_request(actor=request.user, request=item, field_values=values, now=timezone.now())


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
    item = visible_request(request.user, uuid)
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
    item = visible_request(request.user, uuid)
    requests.delete_draft(actor=request.user, request=item, now=timezone.now())
    messages.success(request, _("The draft is deleted."))
    return redirect("web:requests")
