"""Importing a file by hand: upload it, say which column is what, look at what would happen, let it happen."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Page
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureau.core.files import Upload
from bureau.core.models import User
from bureau.imports import selectors, services
from bureau.imports.models import Import, RowOutcome
from bureau.imports.registry import importers
from bureau.kit.errors import DomainError, Forbidden, Invalid, NotFound
from bureau.web.answers import UNREADABLE, PageRequest, page, paged, place_errors
from bureau.web.exports import exported
from bureau.web.imports.reading import LISTED, ImportView, mapping_given, permitted_kinds, report_columns


class UploadForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("What the file holds"))
    file = forms.FileField(
        label=gettext_lazy("File"),
        allow_empty_file=True,
        help_text=gettext_lazy("CSV or Excel (XLSX), at most 50 MB. Its first row names the columns."),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(one.kind, one.label) for one in permitted_kinds(user)]  # type: ignore[attr-defined]


@page
@require_http_methods(["GET", "POST"])
def import_list(request: PageRequest) -> HttpResponseBase:
    """`?kind=customers` shows the imports of one kind, and offers that kind."""
    user = request.user
    kind = request.GET.get("kind", "")
    kind = kind if kind in importers else ""
    form = UploadForm(user, request.POST or None, request.FILES or None, initial={"kind": kind})
    if request.method == "POST" and form.is_valid():
        try:
            made = _uploaded(user, form)
        except (Forbidden, NotFound):
            raise
        except DomainError as error:
            place_errors(form, Invalid(fields=error.fields or {"file": [error.message]}))
        else:
            return redirect("web:import", made.pk)
    rows = selectors.visible_imports(user)
    rows = rows.filter(kind=kind) if kind else rows
    if file := exported(request, "imports", rows, LISTED):
        return file
    shown = paged(request, rows)
    context = {
        "page": shown,
        "imports": [ImportView(row, user) for row in shown],
        "form": form,
        "kind": kind,
        "kinds": [(one.kind, one.label) for one in importers.values()],
    }
    return render(request, "web/imports/list.html", context, status=UNREADABLE if form.is_bound else 200)


def _uploaded(user: User, form: UploadForm) -> Import:
    file = form.cleaned_data["file"]
    upload = Upload(file, file.name, file.content_type)
    return services.upload_import(actor=user, kind=form.cleaned_data["kind"], upload=upload, now=timezone.now())


@page
@require_GET
def import_page(request: PageRequest, pk: int) -> HttpResponse:
    """`?map=1` offers the columns of a file again that was checked; `?outcome=` narrows the rows."""
    imported = selectors.visible_import(request.user, pk)
    return _shown(request, ImportView(imported, request.user), mapping="map" in request.GET)


def _shown(request: PageRequest, view: ImportView, *, mapping: bool, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"view": view, "item": view.imported, "mapping": view.mappable and mapping}
    if view.imported.state == "uploaded":
        context["mapping"] = True
    if not context["mapping"] and view.imported.counts and not view.under_way:
        outcome = request.GET.get("outcome", "")
        rows = selectors.rows_of(view.imported)
        rows = rows.filter(outcome=outcome) if outcome in RowOutcome.values else selectors.worst_first(rows)
        shown: Page[Any] = paged(request, rows)
        context |= {"page": shown, "rows": view.told(list(shown)), "outcome": outcome}
    return render(request, "web/imports/import.html", context, status=status)


@page
@require_POST
def map_columns(request: PageRequest, pk: int) -> HttpResponse:
    """Keeps which column is what, and has the rows checked."""
    imported = selectors.visible_import(request.user, pk)
    mapping, errors = mapping_given(imported, request.POST)
    try:
        if errors:
            raise Invalid(fields=errors)
        imported = services.map_import(
            actor=request.user,
            imported=imported,
            mapping=mapping,
            update_existing="update_existing" in request.POST,
            now=timezone.now(),
        )
        services.check_import(actor=request.user, imported=imported, now=timezone.now())
    except Invalid as error:
        view = ImportView(selectors.visible_import(request.user, pk), request.user, error.fields, request.POST)
        return _shown(request, view, mapping=True, status=UNREADABLE)
    return redirect("web:import", pk)


@page
@require_POST
def check(request: PageRequest, pk: int) -> HttpResponse:
    imported = selectors.visible_import(request.user, pk)
    services.check_import(actor=request.user, imported=imported, now=timezone.now())
    return redirect("web:import", pk)


@page
@require_POST
def run(request: PageRequest, pk: int) -> HttpResponse:
    imported = selectors.visible_import(request.user, pk)
    services.run_import(actor=request.user, imported=imported, now=timezone.now())
    messages.info(request, _("The rows are being imported. You may leave this page."))
    return redirect("web:import", pk)


@page
@require_GET
def report(request: PageRequest, pk: int) -> HttpResponseBase:
    """What became of each row, as a file: `?export=csv` or `?export=xlsx`."""
    imported = selectors.visible_import(request.user, pk)
    columns = report_columns(ImportView(imported, request.user))
    file = exported(request, f"import-{imported.pk}", selectors.rows_of(imported), columns)
    if file is None:
        raise NotFound
    return file
