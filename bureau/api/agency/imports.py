"""Files of customers, products and invoices that come in: `/api/imports/`."""

from typing import Any

from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from bureau.api.exports import exported
from bureau.api.filters import CREATED, Filter, OneOf, Ordering, flag
from bureau.api.shapes import Computed, Shape
from bureau.api.views import AgencyView, Call, operation
from bureau.core.files import Upload
from bureau.imports import selectors, services
from bureau.imports.models import Import, ImportState, RowOutcome
from bureau.imports.registry import importer, importers

KINDS = sorted(importers)
FILTERS = [
    Filter("kind", "kind", OneOf(KINDS)),
    Filter("state", "state", OneOf(ImportState.values)),
    *CREATED,
]
ORDERING = Ordering(created_at="created_at", kind="kind", state="state")
ROW_FILTERS = [
    Filter("outcome", "outcome", OneOf(RowOutcome.values)),
    Filter("trial", "trial", flag, "what the check found; where not given: of the check until the run has begun"),
]


class ImportPerson(Shape):
    id = serializers.IntegerField()
    username = serializers.CharField()


class ImportShape(Shape):
    id = serializers.IntegerField()
    uuid = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=KINDS)
    filename = serializers.CharField(source="file.filename")
    state = serializers.ChoiceField(choices=ImportState.choices)
    update_existing = serializers.BooleanField(help_text="records that are there already are changed")
    rows_total = serializers.IntegerField(help_text="known once it has been checked")
    rows_done = serializers.IntegerField(help_text="of the check or of the run")
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="rows by outcome, of the latest of both")
    error = serializers.CharField(help_text="why the file cannot be read")
    job = serializers.UUIDField(source="job_id", allow_null=True, help_text="/api/jobs/{id}/ shows its progress")
    created_by = ImportPerson()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class ImportFieldShape(Shape):
    name = serializers.CharField()
    label = Computed(str, serializers.CharField())
    required = serializers.BooleanField()
    help = Computed(str, serializers.CharField())


class ImportDetail(ImportShape):
    columns = serializers.ListField(child=serializers.CharField(), help_text="the file's headings")
    samples = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    mapping = serializers.DictField(child=serializers.CharField(), help_text="field: column")
    fields = Computed(
        lambda kind: ImportFieldShape.render_all(importer(kind).fields), ImportFieldShape(many=True), source="kind"
    )


class ImportRowShape(Shape):
    number = serializers.IntegerField(help_text="of the row in the file, the headings being row 1")
    outcome = serializers.ChoiceField(choices=RowOutcome.choices)
    trial = serializers.BooleanField(help_text="what would become of it")
    label = serializers.CharField()
    record_id = serializers.IntegerField(allow_null=True)
    problems = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()), help_text="field: messages"
    )


class ReportRow(ImportRowShape):
    problems = Computed(
        lambda problems: " ".join(f"{name}: {' '.join(texts)}" for name, texts in problems.items()),
        serializers.CharField(),
    )


class ImportFile(serializers.Serializer[Any]):
    kind = serializers.CharField(max_length=20, help_text=", ".join(KINDS))
    file = serializers.FileField(allow_empty_file=True, max_length=255, help_text="CSV or XLSX, 50 MB")


class ImportMapping(serializers.Serializer[Any]):
    mapping = serializers.DictField(
        child=serializers.CharField(max_length=200, allow_blank=True),
        required=False,
        help_text="field: column, all of them; empty: none",
    )
    update_existing = serializers.BooleanField(required=False)


class ImportList(AgencyView):
    uploads = True

    @operation(answer=ImportShape, page=True, filters=FILTERS, ordering=ORDERING, summary="Imports, newest first")
    def get(self, request: Call) -> Any:
        return selectors.visible_imports(request.user)

    @operation(body=ImportFile, answer=ImportDetail, status=201, summary="Upload a file; proposes what its columns are")
    def post(self, request: Call, given: dict[str, Any]) -> Import:
        file = given["file"]
        upload = Upload(file, file.name, file.content_type)
        made = services.upload_import(actor=request.user, kind=given["kind"], upload=upload, now=timezone.now())
        return selectors.visible_import(request.user, made.pk)


class ImportItem(AgencyView):
    @operation(answer=ImportDetail, summary="An import")
    def get(self, request: Call, pk: int) -> Import:
        return selectors.visible_import(request.user, pk)

    @operation(body=ImportMapping, answer=ImportDetail, summary="Say which column is what; a check is needed anew")
    def patch(self, request: Call, given: dict[str, Any], pk: int) -> Import:
        imported = selectors.visible_import(request.user, pk)
        services.map_import(actor=request.user, imported=imported, now=timezone.now(), **given)
        return selectors.visible_import(request.user, pk)


class ImportCheck(AgencyView):
    @operation(answer=ImportDetail, status=202, summary="Have every row tried, without changing anything")
    def post(self, request: Call, pk: int) -> Import:
        imported = selectors.visible_import(request.user, pk)
        services.check_import(actor=request.user, imported=imported, now=timezone.now())
        return selectors.visible_import(request.user, pk)


class ImportRun(AgencyView):
    @operation(answer=ImportDetail, status=202, summary="Have the rows taken over, once they are checked")
    def post(self, request: Call, pk: int) -> Import:
        imported = selectors.visible_import(request.user, pk)
        services.run_import(actor=request.user, imported=imported, now=timezone.now())
        return selectors.visible_import(request.user, pk)


class ImportRowList(AgencyView):
    @operation(answer=ImportRowShape, page=True, filters=ROW_FILTERS, summary="What became of the rows, in their order")
    def get(self, request: Call, pk: int) -> Any:
        imported = selectors.visible_import(request.user, pk)
        if request.query_params.get("trial"):
            return selectors.all_rows_of(imported)
        return selectors.rows_of(imported)


class ImportReport(AgencyView):
    @operation(answer=OpenApiResponse(OpenApiTypes.BINARY), summary="The report, a row each, as CSV")
    def get(self, request: Call, pk: int) -> HttpResponseBase:
        rows = selectors.rows_of(selectors.visible_import(request.user, pk))
        return exported(request, "csv", rows, ReportRow)
