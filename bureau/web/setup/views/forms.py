"""The forms of the teams: their versions, and the builder with its preview."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureau.accounts import selectors
from bureau.kit.errors import DomainError
from bureau.purchasing.models import FieldType, FormTemplate
from bureau.purchasing.selectors.templates import form_versions, forms_in_use, newest_of
from bureau.purchasing.services import templates
from bureau.web.answers import UNREADABLE, PageRequest, paged
from bureau.web.setup.access import find_form, own, setup_page
from bureau.web.setup.builders.forms import FormBuilder, add_field, data_of_form
from bureau.web.setup.reading import form_changes, told
from bureau.web.setup.views.building import NO_TEAMS, Teams, copied, teams_for, unchanged


@setup_page()
@require_GET
def forms(request: PageRequest) -> HttpResponse:
    rows = (
        own(FormTemplate.objects.visible_to(request.user), request.user).filter(superseded=False).select_related("team")
    )
    rows = rows.annotate(size=Count("fields")).order_by("-in_use", "team__name", "name", "pk")
    without = selectors.teams(request.user.organization).filter(is_active=True).exclude(formtemplates__in_use=True)
    context = {"page": paged(request, rows), "without": without.order_by("name")}
    return render(request, "web/setup/forms.html", context)


@setup_page()
@require_http_methods(["GET", "POST"])
def new(request: PageRequest) -> HttpResponse:
    return _build(request, None)


@setup_page(find_form)
@require_http_methods(["GET", "POST"])
def form(request: PageRequest, form: FormTemplate) -> HttpResponse:
    if form.superseded and request.method == "GET":
        newest = newest_of(form)
        context = {"template": form, "newest": newest, "builder": FormBuilder(data_of_form(form))}
        return render(request, "web/setup/form_version.html", context)
    return _build(request, form)


def _build(request: PageRequest, template: FormTemplate | None) -> HttpResponse:
    teams = NO_TEAMS if template else teams_for(request.user.organization, forms_in_use)
    data = request.POST.copy() if request.method == "POST" else _start(request, template, teams)
    builder = FormBuilder(data, teams.choices)
    do = data.get("do", "")
    if do == "save":
        if template and unchanged(FormBuilder(data_of_form(template)), builder):
            messages.info(request, _("Nothing was changed, so there is no new version."))
            return redirect("web:setup-form", template.uuid)
        saved = _save(request, template, builder, teams)
        if saved:
            text = _("“%(form)s” is saved as version %(version)d.")
            if saved.in_use:
                text += " " + _("New requests use it; those that are there keep theirs.")
            messages.success(request, text % {"form": saved.name, "version": saved.version_number})
            return redirect("web:setup-form", saved.uuid)
    elif do and do != "preview":
        builder.act(do)
    context = {
        "template": template,
        "builder": builder,
        "wrong": do == "save",
        "versions": told(form_versions(template), form_changes) if template and not request.htmx else [],
    }
    page = "web/setup/form.html"
    if request.htmx:
        page = "web/setup/form_preview.html" if do == "preview" else "web/setup/form_rows.html"
    return render(request, page, context, status=UNREADABLE if do == "save" else 200)


def _start(request: PageRequest, template: FormTemplate | None, teams: Teams) -> QueryDict:
    """What the builder begins with: this form, a copy of another, or the one field that nearly every form has."""
    source = template or copied(request, FormTemplate)
    data = data_of_form(source) if source else QueryDict(mutable=True)
    if source is None:
        add_field(data, "1", name=_("Amount"), field_type=FieldType.NUMBER, required="on", is_amount="on")
    if template is None:
        data["team"] = teams.usual(request)
        team = teams.chosen(data)
        if source is None and team:
            data["name"] = _("%s Form") % team.name
    return data


def _save(
    request: PageRequest, template: FormTemplate | None, builder: FormBuilder, teams: Teams
) -> FormTemplate | None:
    """None when it was refused: the builder shows why."""
    team, now = teams.chosen(builder.data), timezone.now()
    if template is None and team is None:
        builder.head.add_error("team", _("Choose the team that uses the form."))
    if not builder.is_valid():
        return None
    try:
        if template:
            return templates.revise_form_template(actor=request.user, template=template, now=now, **builder.values())
        if team:
            return templates.create_form_template(actor=request.user, team=team, now=now, **builder.values())
    except DomainError as error:
        builder.place(error)
    return None


@setup_page(find_form)
@require_POST
def use(request: PageRequest, form: FormTemplate) -> HttpResponse:
    templates.use_template(actor=request.user, template=form, now=timezone.now())
    messages.success(
        request, _("New requests of %(team)s use “%(form)s”.") % {"team": form.team.name, "form": form.name}
    )
    return redirect("web:setup-form", form.uuid)
