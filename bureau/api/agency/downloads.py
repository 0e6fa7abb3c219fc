"""Invoices and credit notes as files: at once, or made in the background and fetched by their job."""

from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from bureau.api.filters import Filter, OneOf
from bureau.api.shapes import Shape
from bureau.api.shared.downloads import attachment
from bureau.api.shared.jobs import stream_of
from bureau.api.views import AgencyView, BizView, Call, found, operation
from bureau.core.models import Job, JobState
from bureau.kit.errors import Invalid
from bureau.sales.models import CreditNote
from bureau.sales.selectors.invoices import visible_invoice
from bureau.sales.services.invoices import downloading, preparing
from bureau.sales.services.invoices.downloading import FORMATS, InvoiceFile

FAMILIES = ("agency", "biz")
FILE = OpenApiResponse(OpenApiTypes.BINARY)
FILE_FORMAT = Filter(
    "file_format",
    "",
    OneOf(list(FORMATS)),
    "pdf (PDF/A-3 with the electronic invoice inside), docx, ubl, or xml (CII)",
    default="pdf",
)


class FileFormat(serializers.Serializer[Any]):
    file_format = serializers.CharField(required=False, default="pdf", help_text=", ".join(FORMATS))


class InvoiceJob(Shape):
    job_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=JobState.choices)
    progress = serializers.IntegerField(help_text="percent")
    file_format = serializers.ChoiceField(choices=list(FORMATS))
    error = serializers.CharField(allow_null=True)
    status_url = serializers.CharField()
    stream_url = serializers.CharField(help_text="server-sent events with the job's state")
    download_url = serializers.CharField(help_text="the file, from status SUCCESS on, for a day")


def shown(job: Job) -> dict[str, Any]:
    return {
        "job_id": str(job.pk),
        "status": job.state,
        "progress": job.progress,
        "file_format": job.payload["form"],
        "error": job.error or None,
        "status_url": reverse("api:invoice-file-status", args=[job.pk]),
        "stream_url": reverse("api:invoice-file-stream", args=[job.pk]),
        "download_url": reverse("api:invoice-file", args=[job.pk]),
    }


def format_of(request: Call) -> str:
    form: str = FILE_FORMAT.read(request.query_params.get(FILE_FORMAT.name) or FILE_FORMAT.default)
    return form


def sent(file: InvoiceFile) -> HttpResponseBase:
    return attachment(file.content, filename=file.filename, content_type=file.content_type)


class InvoiceDownload(AgencyView):
    families = FAMILIES

    @operation(answer=FILE, filters=[FILE_FORMAT], summary="An invoice as a file")
    def get(self, request: Call, pk: int) -> HttpResponseBase:
        invoice = visible_invoice(request.user, pk)
        form = format_of(request)
        return sent(downloading.read_invoice_file(actor=request.user, invoice=invoice, form=form, now=timezone.now()))


class CreditNoteDownload(BizView):
    families = FAMILIES

    @operation(answer=FILE, filters=[FILE_FORMAT], summary="A credit note as a file")
    def get(self, request: Call, pk: int) -> HttpResponseBase:
        notes = CreditNote.objects.visible_to(request.user).select_related("invoice")
        note: CreditNote = found(notes, pk=pk)
        form = format_of(request)
        return sent(downloading.read_credit_note(actor=request.user, note=note, form=form, now=timezone.now()))


class InvoiceDownloadAsync(AgencyView):
    @operation(body=FileFormat, answer=InvoiceJob, status=202, summary="Have an invoice made as a file")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        invoice, form = visible_invoice(request.user, pk), given["file_format"]
        if form not in FORMATS:
            choices = ", ".join(FORMATS)
            raise Invalid.field("file_format", _("Choose one of: %(options)s.") % {"options": choices})
        return shown(preparing.prepare_invoice_file(actor=request.user, invoice=invoice, form=form, now=timezone.now()))


class InvoiceFileStatus(AgencyView):
    @operation(answer=InvoiceJob, summary="How far the file of an invoice is")
    def get(self, request: Call, job_id: UUID) -> dict[str, Any]:
        return shown(preparing.prepared_job(request.user, job_id))


class InvoiceFileStream(AgencyView):
    @operation(
        answer=OpenApiResponse(OpenApiTypes.STR, description="text/event-stream, as of every job"),
        summary="Events of the job that makes the file of an invoice",
    )
    def get(self, request: Call, job_id: UUID) -> Any:
        return stream_of(preparing.prepared_job(request.user, job_id), request)


class InvoiceFileDownload(AgencyView):
    @operation(answer=FILE, summary="The file of an invoice, once it is made")
    def get(self, request: Call, job_id: UUID) -> HttpResponseBase:
        job = preparing.prepared_job(request.user, job_id)
        return sent(preparing.read_prepared_file(actor=request.user, job=job, now=timezone.now()))
