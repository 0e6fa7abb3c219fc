"""The workflows of the teams: their versions, and the builder with its line of steps."""

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureau.accounts import selectors
from bureau.accounts.models import Role
from bureau.kit.errors import DomainError
from bureau.purchasing.models import WorkflowTemplate
from bureau.purchasing.selectors.templates import (
    namable_people,
    newest_of,
    planned_steps,
    with_steps,
    workflow_versions,
    workflows_in_use,
)
from bureau.purchasing.services import templates
from bureau.web.answers import UNREADABLE, PageRequest, paged
from bureau.web.setup.access import find_workflow, own, setup_page
from bureau.web.setup.builders.workflows import WorkflowBuilder, add_step, data_of_workflow
from bureau.web.setup.reading import drawn, hints, stops, told, workflow_changes
from bureau.web.setup.views.building import NO_TEAMS, Teams, copied, teams_for, unchanged


@setup_page()
@require_GET
def workflows(request: PageRequest) -> HttpResponse:
    rows = own(WorkflowTemplate.objects.visible_to(request.user), request.user).filter(superseded=False)
    page = paged(request, with_steps(rows).order_by("-in_use", "team__name", "name", "pk"))
    holders = selectors.role_holders({row.team for row in page})
    for row in page:
        row.planned = planned_steps(row, holders)
        row.stops = row.in_use and row.team.is_active and any(step.gaps for step in row.planned)
    teams = selectors.teams(request.user.organization).filter(is_active=True)
    without = teams.exclude(workflowtemplates__in_use=True)
    return render(request, "web/setup/workflows.html", {"page": page, "without": without.order_by("name")})


@setup_page()
@require_http_methods(["GET", "POST"])
def new(request: PageRequest) -> HttpResponse:
    return _build(request, None)


@setup_page(find_workflow)
@require_http_methods(["GET", "POST"])
def workflow(request: PageRequest, workflow: WorkflowTemplate) -> HttpResponse:
    if workflow.superseded and request.method == "GET":
        newest = newest_of(workflow)
        steps = planned_steps(workflow, selectors.role_holders([workflow.team]))
        context = {"template": workflow, "newest": newest, "steps": drawn(steps)}
        return render(request, "web/setup/workflow_version.html", context)
    return _build(request, workflow)


def _build(request: PageRequest, template: WorkflowTemplate | None) -> HttpResponse:
    teams = NO_TEAMS if template else teams_for(request.user.organization, workflows_in_use)
    data = request.POST.copy() if request.method == "POST" else _start(request, template, teams)
    roles = list(selectors.roles(request.user.organization).order_by("pk"))
    everybody = list(namable_people(template, actor=request.user).order_by("first_name", "last_name", "pk"))
    builder = WorkflowBuilder(data, teams.choices, roles=roles, everybody=everybody)
    do = data.get("do", "")
    if do == "save":
        kept = template and WorkflowBuilder(data_of_workflow(template), roles=roles, everybody=everybody)
        if template and kept and unchanged(kept, builder):
            messages.info(request, _("Nothing was changed, so there is no new version."))
            return redirect("web:setup-workflow", template.uuid)
        saved = _save(request, template, builder, teams)
        if saved:
            text = _("“%(workflow)s” is saved as version %(version)d.")
            if saved.in_use:
                text += " " + _("Requests take it when they are submitted; those under way keep theirs.")
            messages.success(request, text % {"workflow": saved.name, "version": saved.version_number})
            return redirect("web:setup-workflow", saved.uuid)
    elif do and do != "preview":
        builder.act(do)
    team = template.team if template else teams.chosen(data)
    holders = selectors.role_holders([team]) if team else {}
    initiator = next(role for role in roles if role.code == Role.INITIATOR)
    planned = builder.planned(team, holders)
    context = {
        "template": template,
        "builder": builder,
        "wrong": do == "save",
        "steps": drawn(step for step in planned if step.name or step.asked),
        "stops": stops(planned, team) if team else [],
        "hints": hints(planned, holders.get((team.pk, initiator.pk), [])) if team else [],
        "versions": told(workflow_versions(template), workflow_changes) if template and not request.htmx else [],
    }
    page = "web/setup/workflow.html"
    if request.htmx:
        page = "web/setup/workflow_preview.html" if do == "preview" else "web/setup/workflow_rows.html"
    return render(request, page, context, status=UNREADABLE if do == "save" else 200)


def _start(request: PageRequest, template: WorkflowTemplate | None, teams: Teams) -> QueryDict:
    """What the builder begins with: this workflow, a copy of another, or the usual two steps."""
    source = template or copied(request, WorkflowTemplate)
    data = data_of_workflow(source) if source else QueryDict(mutable=True)
    if source is None:
        add_step(data, "1", _("Manager Approval"), roles=[Role.MANAGER])
        add_step(data, "2", _("Finance Review"), finance=True)
    if template is None:
        data["team"] = teams.usual(request)
        team = teams.chosen(data)
        if source is None and team:
            data["name"] = _("%s Workflow") % team.name
    return data


def _save(
    request: PageRequest, template: WorkflowTemplate | None, builder: WorkflowBuilder, teams: Teams
) -> WorkflowTemplate | None:
    """None when it was refused: the builder shows why."""
    team, now = teams.chosen(builder.data), timezone.now()
    if template is None and team is None:
        builder.head.add_error("team", _("Choose the team that uses the workflow."))
    if not builder.is_valid():
        return None
    try:
        values = builder.values()
        if template:
            return templates.revise_workflow_template(actor=request.user, template=template, now=now, **values)
        if team:
            return templates.create_workflow_template(actor=request.user, team=team, now=now, **values)
    except DomainError as error:
        builder.place(error)
    return None


@setup_page(find_workflow)
@require_POST
def use(request: PageRequest, workflow: WorkflowTemplate) -> HttpResponse:
    templates.use_template(actor=request.user, template=workflow, now=timezone.now())
    words = {"team": workflow.team.name, "workflow": workflow.name}
    messages.success(request, _("Requests of %(team)s take “%(workflow)s” when they are submitted.") % words)
    return redirect("web:setup-workflow", workflow.uuid)
