"""The page of a cost code, and its form."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from bureau.core.models import User
from bureau.kit.errors import NotFound
from bureau.purchasing.models import CostCode, Project
from bureau.purchasing.permissions import projects as permissions
from bureau.purchasing.selectors import projects as selectors
from bureau.purchasing.services import projects
from bureau.web.answers import PageRequest, page
from bureau.web.projects.forms import CostCodeForm
from bureau.web.projects.reading import money_of
from bureau.web.projects.views.editing import saved, shown

SHOWN_ORDERS = 100


def _found(user: User, code: str, external_id: str) -> tuple[Project, CostCode]:
    project = selectors.visible_project(user, code)
    cost_code = selectors.cost_code_of(project, external_id)
    if cost_code is None:
        raise NotFound(_("There is no such cost code."))
    return project, cost_code


@page
@require_GET
def cost_code(request: PageRequest, code: str, external_id: str) -> HttpResponse:
    project, found = _found(request.user, code, external_id)
    context = {
        "project": project,
        "cost_code": found,
        "currency": project.organization.currency,
        "orders": selectors.orders_of(request.user, project).filter(cost_code=found)[:SHOWN_ORDERS],
        "may_edit": permissions.can_edit_cost_code(request.user, project, found),
        **money_of(request, found),
    }
    return render(request, "web/projects/code.html", context)


@page
@require_http_methods(["GET", "POST"])
def new(request: PageRequest, code: str) -> HttpResponse:
    project = selectors.visible_project(request.user, code)
    permissions.can_edit_project(request.user, project).enforce()
    form = CostCodeForm(None, request.POST or None)
    made = saved(
        form,
        lambda: projects.create_cost_code(actor=request.user, project=project, now=timezone.now(), **form.cleaned_data),
    )
    if made:
        messages.success(request, _("%s is there.") % made)
        return redirect("web:project", project.code)
    return shown(request, "web/projects/code_edit.html", form, {"project": project, "cost_code": None})


@page
@require_http_methods(["GET", "POST"])
def edit(request: PageRequest, code: str, external_id: str) -> HttpResponse:
    project, found = _found(request.user, code, external_id)
    permissions.can_edit_cost_code(request.user, project, found).enforce()
    form = CostCodeForm(found, request.POST or None)
    if saved(
        form,
        lambda: projects.update_cost_code(
            actor=request.user,
            cost_code=found,
            changes=form.cleaned_data,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        ),
    ):
        messages.success(request, _("Saved."))
        return redirect("web:cost-code", project.code, found.external_id)
    return shown(request, "web/projects/code_edit.html", form, {"project": project, "cost_code": found})
