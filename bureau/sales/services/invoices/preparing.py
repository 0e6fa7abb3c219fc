"""Files of invoices that are made in the background and fetched when they are there."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from bureau.core import audit, files
from bureau.core.jobs import Run, enqueue, job_handler
from bureau.core.models import Job, JobState, User
from bureau.kit.errors import NotFound, WrongState
from bureau.sales.models import Invoice
from bureau.sales.selectors.invoices import visible_invoice
from bureau.sales.services.invoices.downloading import FORMATS, InvoiceFile, invoice_file

KIND: Final = "render_invoice"


class NotReady(WrongState):
    code = "FILE_NOT_READY"


def prepare_invoice_file(*, actor: User, invoice: Invoice, form: str, now: datetime) -> Job:
    """Has the invoice made as one of FORMATS, for somebody who sees it and for nobody else. Raises NotFound."""
    if form not in FORMATS:
        raise NotFound
    payload = {"invoice": invoice.pk, "form": form, "language": get_language()}
    with transaction.atomic():
        return enqueue(KIND, payload=payload, now=now, organization=invoice.organization, requested_by=actor)


def prepared_job(user: User, job_id: UUID) -> Job:
    """One that this person asked for. Raises NotFound."""
    found = Job.objects.filter(kind=KIND, requested_by=user, pk=job_id).first()
    if found is None:
        raise NotFound(_("Not found."))
    return found


def read_prepared_file(*, actor: User, job: Job, now: datetime) -> InvoiceFile:
    """What the job has made; the download is audited. Raises NotReady (also where it failed: it says why), NotFound for
    who does not see the invoice any more, or for a file that is not kept any more."""
    if job.state == JobState.FAILURE:
        raise NotReady(_("The file could not be made: %(reason)s") % {"reason": job.error})
    if job.state != JobState.SUCCESS or job.result is None:
        raise NotReady(_("The file is being made. Try again in a moment."))
    invoice = visible_invoice(actor, job.payload["invoice"])
    found = InvoiceFile(files.read_result(job), job.result["filename"], FORMATS[job.payload["form"]][2])
    with transaction.atomic():
        audit.record(invoice, "downloaded", actor=actor, now=now, new={"filename": found.filename})
    return found


@job_handler(KIND, max_attempts=2)
def render_invoice(run: Run) -> None:
    job = run.job
    if job.requested_by is None:
        raise LookupError("nobody asked for it")
    invoice = visible_invoice(job.requested_by, job.payload["invoice"])
    run.progress(10)
    with override(job.payload["language"]):
        made = invoice_file(invoice, job.payload["form"])
    files.keep_result(job, made.content)
    with run.completing() as result:
        result.update(filename=made.filename, size=len(made.content))
