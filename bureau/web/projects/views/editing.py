"""Making and changing projects: their content, their budget, their members."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from bureau.accounts import selectors as accounts
from bureau.kit.errors import Forbidden, Invalid, NotFound
from bureau.purchasing.permissions import projects as permissions
from bureau.purchasing.selectors.projects import visible_project
from bureau.purchasing.services import projects
from bureau.web.answers import UNREADABLE, PageRequest, page, place_errors
from bureau.web.projects.forms import BudgetForm, ProjectForm
from bureau.web.setup.access import as_uuid


@page
@require_http_methods(["GET", "POST"])
def new(request: PageRequest) -> HttpResponse:
    permissions.can_manage_projects(request.user, request.user.organization).enforce()
    form = ProjectForm(None, request.POST or None)
    made = saved(form, lambda: projects.create_project(actor=request.user, now=timezone.now(), **form.cleaned_data))
    if made:
        messages.success(request, _("%s is there. Next: its cost codes and its members.") % made)
        return redirect("web:project", made.code)
    return shown(request, "web/projects/edit.html", form, {"project": None})


@page
@require_http_methods(["GET", "POST"])
def edit(request: PageRequest, code: str) -> HttpResponse:
    project = visible_project(request.user, code)
    permissions.can_edit_project(request.user, project).enforce()
    form = ProjectForm(project, request.POST or None)
    if saved(
        form,
        lambda: projects.update_project(
            actor=request.user, project=project, changes=form.cleaned_data, now=timezone.now()
        ),
    ):
        messages.success(request, _("Saved."))
        return redirect("web:project", project.code)
    return shown(request, "web/projects/edit.html", form, {"project": project})


@page
@require_http_methods(["GET", "POST"])
def budget(request: PageRequest, code: str) -> HttpResponse:
    project = visible_project(request.user, code)
    permissions.can_edit_project(request.user, project).enforce()
    form = BudgetForm(project, request.POST or None)

    def save() -> Any:
        values = form.cleaned_data
        return projects.update_project(
            actor=request.user,
            project=project,
            changes={"budget": values["budget"]},
            reason=values["reason"],
            now=timezone.now(),
        )

    if saved(form, save):
        messages.success(request, _("The budget is changed."))
        return redirect("web:project", project.code)
    return shown(request, "web/projects/budget.html", form, {"project": project})


@page
@require_POST
def members(request: PageRequest, code: str) -> HttpResponse:
    """`do` is add or remove, `user` the person's uuid."""
    project = visible_project(request.user, code)
    permissions.can_manage_projects(request.user, project.organization).enforce()
    uuid = as_uuid(request.POST.get("user", ""))
    person = accounts.people(project.organization).filter(uuid=uuid).first() if uuid else None
    if person is None:
        raise Invalid(_("There is no such person. Load the page again."))
    if request.POST.get("do") == "remove":
        projects.remove_project_member(actor=request.user, project=project, user=person, now=timezone.now())
        text = _("%s is no longer a member.")
    else:
        projects.add_project_member(actor=request.user, project=project, user=person, now=timezone.now())
        text = _("%s is a member now.")
    messages.success(request, text % person.name)
    return redirect("web:project", project.code)


def saved(form: Form, save: Callable[[], Any]) -> Any:
    """What the service gave back; None where the form was not sent, or something on it is to be corrected."""
    if not form.is_valid():
        return None
    try:
        return save()
    except (Forbidden, NotFound):
        raise
    except Invalid as error:
        place_errors(form, error)
        return None


def shown(request: PageRequest, template: str, form: Form, context: dict[str, Any]) -> HttpResponse:
    return render(request, template, {**context, "form": form}, status=UNREADABLE if form.is_bound else 200)
