"""Teams, who holds which role in them, and the roles."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from bureau.accounts import selectors
from bureau.accounts.models import Role, Team
from bureau.accounts.services.teams import add_member, create_role, create_team, remove_member, update_team
from bureau.kit.errors import DomainError, Invalid
from bureau.purchasing.selectors.templates import forms_in_use, workflows_in_use
from bureau.web.answers import UNREADABLE, PageRequest, paged, with_events
from bureau.web.setup.access import as_uuid, find_team, setup_page
from bureau.web.setup.forms import MemberForm, RoleForm, TeamForm, show_refusal
from bureau.web.setup.reading import Setting, drawn, missing_in
from bureau.web.setup.views.people import search_people


@setup_page()
@require_http_methods(["GET", "POST"])
def teams(request: PageRequest) -> HttpResponse:
    """The teams and the roles; a post adds a role."""
    organization = request.user.organization
    form = RoleForm(request.POST or None)
    if form.is_valid():
        try:
            role = create_role(actor=request.user, organization=organization, now=timezone.now(), **form.values())
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(
                request, _("The role %s can be given in every team, and asked for in workflows.") % role.name
            )
            return redirect("web:setup-teams")
    active = Q(access_scopes__user__is_active=True)
    rows = selectors.teams(organization).order_by("-is_active", "-is_general", "name")
    rows = rows.annotate(people=Count("access_scopes__user", filter=active, distinct=True))
    page = paged(request, rows)
    forms, workflows = forms_in_use(page.object_list), workflows_in_use(page.object_list)
    for team in page:
        team.form, team.workflow = forms.get(team.pk), workflows.get(team.pk)
    context = {
        "page": page,
        "role_form": form,
        "roles": selectors.roles(organization)
        .annotate(holders=Count("access_scopes__user", filter=active, distinct=True))
        .order_by("pk"),
    }
    return render(request, "web/setup/teams.html", context, status=UNREADABLE if form.is_bound else 200)


@setup_page()
@require_http_methods(["GET", "POST"])
def new(request: PageRequest) -> HttpResponse:
    form = TeamForm(None, request.POST or None)
    if form.is_valid():
        organization, now = request.user.organization, timezone.now()
        try:
            team = create_team(actor=request.user, organization=organization, now=now, **form.cleaned_data)
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("%s is there. Next: its people, its form and its workflow.") % team.name)
            return redirect("web:setup-team", team.uuid)
    return render(request, "web/setup/team_new.html", {"form": form}, status=UNREADABLE if form.is_bound else 200)


@setup_page(find_team)
@require_http_methods(["GET", "POST"])
def team(request: PageRequest, team: Team) -> HttpResponse:
    form = TeamForm(team, request.POST or None)
    if form.is_valid():
        try:
            update_team(actor=request.user, team=team, changes=form.cleaned_data, now=timezone.now())
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("web:setup-team", team.uuid)
    return _shown(request, team, form=form)


@dataclass(frozen=True)
class Cell:
    role: Role
    held: bool
    fixed: bool  # everybody is an initiator of General


def _shown(
    request: PageRequest, team: Team, *, form: TeamForm | None = None, member_form: MemberForm | None = None
) -> HttpResponse:
    setting = Setting(team.organization, [team])
    context = {
        "team": team,
        "form": form or TeamForm(team),
        "missing": missing_in(setting) if team.is_active else [],
        "form_template": setting.forms.get(team.pk),
        "workflow": setting.workflows.get(team.pk),
        "steps": drawn(setting.steps(team)),
        **_matrix(request, team, member_form),
    }
    bound = any(one is not None and one.is_bound for one in (form, member_form))
    return render(request, "web/setup/team.html", context, status=UNREADABLE if bound else 200)


def _matrix(request: PageRequest, team: Team, member_form: MemberForm | None = None) -> dict[str, Any]:
    """The team's people by its roles, a page of them; and who can be added."""
    roles = list(selectors.roles(team.organization).order_by("pk"))
    query = request.GET.get("q", "").strip()
    page = paged(request, search_people(selectors.people_of(team), query).order_by("first_name", "last_name", "pk"))
    for person in page:
        held = {scope.role_id for scope in person.access_scopes.all()}
        person.cells = [
            Cell(role, role.pk in held, fixed=team.is_general and role.code == Role.INITIATOR) for role in roles
        ]
    return {
        "team": team,
        "roles": roles,
        "page": page,
        "query": query,
        "searchable": bool(query) or page.has_other_pages(),
        "member_form": member_form or MemberForm(_("Person"), _people(team), roles),
    }


def _people(team: Team) -> list[tuple[str, str]]:
    people = selectors.people(team.organization).filter(is_active=True).order_by("first_name", "last_name", "pk")
    return [(str(person.uuid), person.name) for person in people]


@setup_page(find_team)
@require_POST
def members(request: PageRequest, team: Team) -> HttpResponse:
    """A cell of the matrix was pressed (`toggle` is add or remove:person:role), or the form beneath it was sent."""
    roles = {role.code: role for role in selectors.roles(team.organization)}
    verb, person_id, code = [*request.POST.get("toggle", "").split(":", 2), "", ""][:3]
    form = None
    if not verb:
        form = MemberForm(_("Person"), _people(team), list(roles.values()), request.POST)
        if not form.is_valid():
            return _answer(request, team, form)
        verb, person_id, code = "add", form.cleaned_data["subject"], form.cleaned_data["role"]
    uuid, role = as_uuid(person_id), roles.get(code)
    person = selectors.people(team.organization).filter(uuid=uuid).first() if uuid else None
    if person is None or role is None:
        raise Invalid(_("There is no such person or role. Load the page again."))
    act = remove_member if verb == "remove" else add_member
    try:
        act(actor=request.user, team=team, user=person, role=role, now=timezone.now())
    except DomainError as error:
        if form is None:
            raise
        show_refusal(form, error)
        return _answer(request, team, form)
    words = {"person": person.name, "role": role.name, "team": team.name}
    text = _("%(person)s is no longer %(role)s.") if verb == "remove" else _("%(person)s is %(role)s now.")
    if request.htmx:
        response = render(request, "web/setup/members.html", _matrix(request, team))
        return with_events(response, say=[(text % words, "success")])
    messages.success(request, text % words)
    return redirect("web:setup-team", team.uuid)


def _answer(request: PageRequest, team: Team, form: MemberForm) -> HttpResponse:
    if request.htmx:
        return render(request, "web/setup/members.html", _matrix(request, team, form), status=UNREADABLE)
    return _shown(request, team, member_form=form)
