"""Who is let into Setup: administrators, each into their own organization."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from bureau.accounts import selectors
from bureau.accounts.models import Team
from bureau.core.models import User
from bureau.kit.errors import NotFound
from bureau.purchasing.models import FormTemplate, WorkflowTemplate
from bureau.web.answers import PageRequest, by_script, page

SHOWN_ADMINISTRATORS = 5
Record = TypeVar("Record", bound=Model)
Find = Callable[[User, UUID], Model]


def setup_page(
    find: Find | None = None,
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """For administrators. `find` turns the address's uuid into the view's record; what it does not see is not there,
    whoever asks, and only then the others are told whom to ask."""

    def wrap(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @page
        @wraps(view)
        def answer(request: PageRequest, **kwargs: UUID) -> HttpResponseBase:
            records = [find(request.user, kwargs["uuid"])] if find else []
            return view(request, *records) if request.user.administers else denied(request)

        return answer

    return wrap


def denied(request: PageRequest) -> HttpResponse:
    administrators = selectors.active_administrators(request.user.organization).order_by("first_name", "pk")
    if by_script(request):
        text = _("Only administrators can do this.")
        return HttpResponse(text, status=403, content_type="text/plain; charset=utf-8")
    context = {"administrators": administrators[:SHOWN_ADMINISTRATORS]}
    return render(request, "web/setup/denied.html", context, status=403)


def find_person(user: User, uuid: UUID) -> User:
    return _found(own(User.objects.visible_to(user), user), uuid, _("There is no such person."))


def find_team(user: User, uuid: UUID) -> Team:
    return _found(own(Team.objects.visible_to(user), user), uuid, _("There is no such team."))


def find_form(user: User, uuid: UUID) -> FormTemplate:
    rows = FormTemplate.objects.visible_to(user).select_related("team")
    return _found(own(rows, user), uuid, _("There is no such form."))


def find_workflow(user: User, uuid: UUID) -> WorkflowTemplate:
    rows = WorkflowTemplate.objects.visible_to(user).select_related("team")
    return _found(own(rows, user), uuid, _("There is no such workflow."))


def own(rows: QuerySet[Record], user: User) -> QuerySet[Record]:
    """What belongs to the organization of this person: also a superuser sets up only that here."""
    return rows.filter(organization=user.organization_id)


def _found(rows: QuerySet[Record], uuid: UUID, message: str) -> Record:
    found = rows.select_related("organization").filter(uuid=uuid).first()
    if found is None:
        raise NotFound(message)
    return found


def as_uuid(text: str) -> UUID | None:
    """None for what is no uuid."""
    try:
        return UUID(text)
    except ValueError:
        return None
