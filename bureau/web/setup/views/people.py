"""The people of the organization: who they are, what they may do, and in which teams."""

from django.contrib import messages
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureau.accounts import permissions, selectors
from bureau.accounts.models import AccessScope, Role
from bureau.accounts.services import passwords, users
from bureau.accounts.services.teams import add_member, remove_member
from bureau.core.models import User, UserRole
from bureau.kit.errors import DomainError
from bureau.web.answers import UNREADABLE, PageRequest, paged
from bureau.web.setup.access import find_person, setup_page
from bureau.web.setup.forms import MemberForm, NewPersonForm, PasswordForm, PersonForm, show_refusal

STATES = {"active": {"is_active": True}, "inactive": {"is_active": False}, "all": {}}


@setup_page()
@require_GET
def people(request: PageRequest) -> HttpResponse:
    filters = {name: request.GET.get(name, "").strip() for name in ("q", "role", "state")}
    filters["state"] = filters["state"] if filters["state"] in STATES else "active"
    rows = search_people(selectors.people(request.user.organization), filters["q"]).filter(**STATES[filters["state"]])
    if filters["role"] in UserRole.values:
        rows = rows.filter(role=filters["role"])
    scopes = Prefetch("access_scopes", AccessScope.objects.select_related("team").order_by("team__name"))
    rows = rows.prefetch_related(scopes).order_by("first_name", "last_name", "username")
    page = paged(request, rows)
    for row in page:
        row.team_names = ", ".join(dict.fromkeys(scope.team.name for scope in row.access_scopes.all()))
    context = {
        "page": page,
        "filters": filters,
        "filtered": bool(filters["q"] or filters["role"] or filters["state"] != "active"),
        "roles": UserRole.choices,
        "states": [("active", _("Active")), ("inactive", _("Deactivated")), ("all", _("Everybody"))],
        "currency": request.user.organization.currency,
    }
    return render(request, "web/setup/people.html", context)


def search_people(rows: QuerySet[User], words: str) -> QuerySet[User]:
    for word in words.replace("\x00", "").split()[:8]:
        named = Q(first_name__icontains=word) | Q(last_name__icontains=word)
        rows = rows.filter(named | Q(username__icontains=word) | Q(email__icontains=word))
    return rows


@setup_page()
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def new(request: PageRequest) -> HttpResponse:
    form = NewPersonForm(request.POST or None)
    if form.is_valid():
        organization, now = request.user.organization, timezone.now()
        try:
            person = users.create_user(actor=request.user, organization=organization, now=now, **form.values())
        except DomainError as error:
            show_refusal(form, error)
        else:
            text = _("%(person)s is added.") % {"person": person.name}
            if not form.values()["password"]:
                text += " " + _("The e-mail with the link is on its way to %s.") % person.email
            messages.success(request, text)
            return redirect("web:setup-user", person.uuid)
    return render(request, "web/setup/person_new.html", {"form": form}, status=UNREADABLE if form.is_bound else 200)


@setup_page(find_person)
@require_http_methods(["GET", "POST"])
def person(request: PageRequest, person: User) -> HttpResponse:
    form = PersonForm(person, request.POST or None, own=person.pk == request.user.pk)
    if form.is_valid():
        try:
            users.update_user(actor=request.user, user=person, changes=form.changes(), now=timezone.now())
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("web:setup-user", person.uuid)
    return shown(request, person, form=form)


def shown(
    request: PageRequest,
    person: User,
    *,
    form: PersonForm | None = None,
    password_form: PasswordForm | None = None,
    member_form: MemberForm | None = None,
) -> HttpResponse:
    given = [one for one in (form, password_form, member_form) if one is not None and one.is_bound]
    own = person.pk == request.user.pk
    context = {
        "person": person,
        "own": own,
        "may_change": permissions.can_change_user(request.user, person),
        "form": form or PersonForm(person, own=own),
        "password_form": password_form or PasswordForm(),
        "member_form": member_form or MemberForm(_("Team"), *_choices(person)),
        "scopes": selectors.access_scopes(person),
        "only": selectors.roles_held_alone(person),
        "currency": person.organization.currency,
    }
    return render(request, "web/setup/person.html", context, status=UNREADABLE if given else 200)


def _choices(person: User) -> tuple[list[tuple[str, str]], list[Role]]:
    """The teams and the roles that this person can be given."""
    teams = selectors.teams(person.organization).order_by("name")
    roles = selectors.roles(person.organization).order_by("pk")
    return [(str(team.uuid), team.name) for team in teams], list(roles)


@setup_page(find_person)
@require_http_methods(["GET", "POST"])
def deactivate(request: PageRequest, person: User) -> HttpResponse:
    """The page is for those whose browser runs no script; the others confirm in a dialog."""
    if request.method == "GET":
        return render(
            request, "web/setup/deactivate.html", {"person": person, "only": selectors.roles_held_alone(person)}
        )
    users.deactivate_user(actor=request.user, user=person, now=timezone.now())
    messages.success(request, _("%s is deactivated and signed out everywhere.") % person.name)
    return redirect("web:setup-user", person.uuid)


@setup_page(find_person)
@require_POST
def activate(request: PageRequest, person: User) -> HttpResponse:
    users.update_user(actor=request.user, user=person, changes={"is_active": True}, now=timezone.now())
    messages.success(request, _("%s can sign in again.") % person.name)
    return redirect("web:setup-user", person.uuid)


@setup_page(find_person)
@require_POST
def send_link(request: PageRequest, person: User) -> HttpResponse:
    passwords.send_first_password_link(actor=request.user, user=person, now=timezone.now())
    messages.success(request, _("The e-mail with the link is on its way to %s.") % person.email)
    return redirect("web:setup-user", person.uuid)


@setup_page(find_person)
@sensitive_post_parameters("password")
@require_POST
def password(request: PageRequest, person: User) -> HttpResponse:
    form = PasswordForm(request.POST)
    if form.is_valid():
        changes = {"password": form.cleaned_data["password"]}
        try:
            users.update_user(actor=request.user, user=person, changes=changes, now=timezone.now())
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("The password is set. Tell it to %s; they can change it.") % person.name)
            return redirect("web:setup-user", person.uuid)
    return shown(request, person, password_form=form)


@setup_page(find_person)
@require_POST
def memberships(request: PageRequest, person: User) -> HttpResponse:
    """Gives or takes (`do` is remove) a role in a team."""
    teams, roles = _choices(person)
    form = MemberForm(_("Team"), teams, roles, request.POST)
    if form.is_valid():
        team = selectors.teams(person.organization).get(uuid=form.cleaned_data["subject"])
        role = next(role for role in roles if role.code == form.cleaned_data["role"])
        act = remove_member if request.POST.get("do") == "remove" else add_member
        try:
            act(actor=request.user, team=team, user=person, role=role, now=timezone.now())
        except DomainError as error:
            show_refusal(form, error)
        else:
            words = {"person": person.name, "role": role.name, "team": team.name}
            text = (
                _("%(person)s is %(role)s of %(team)s.")
                if act is add_member
                else _("%(person)s is no longer %(role)s of %(team)s.")
            )
            messages.success(request, text % words)
            return redirect("web:setup-user", person.uuid)
    return shown(request, person, member_form=form)
