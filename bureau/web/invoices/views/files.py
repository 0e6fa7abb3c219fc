"""Invoices and credit notes as files."""

from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from bureau.kit.errors import NotFound
from bureau.sales.models import CreditNote
from bureau.sales.services.invoices.downloading import FORMATS, InvoiceFile, read_credit_note, read_invoice_file
from bureau.web.answers import PageRequest, page
from bureau.web.files import framed
from bureau.web.invoices.finding import invoice_for_page
from bureau.web.selling.finding import known_id


@framed
def pdf(request: PageRequest, pk: int) -> HttpResponse:
    """Shown in the browser; saved under the invoice's number."""
    return _sent(_read(request, pk, "pdf"), inline=True)


@page
@require_GET
def file(request: PageRequest, pk: int, form: str) -> HttpResponse:
    """As a download: pdf, docx, ubl, or xml (Cross Industry Invoice)."""
    if form not in FORMATS:
        raise NotFound(_("There is no such format."))
    return _sent(_read(request, pk, form), inline=False)


@framed
def credit_note(request: PageRequest, pk: int) -> HttpResponse:
    missing = _("There is no such credit note.")
    notes = CreditNote.objects.visible_to(request.user).filter(pk=known_id(pk, missing))
    found = notes.select_related("invoice__customer__party", "invoice__owner", "organization").first()
    if found is None:
        raise NotFound(missing)
    return _sent(read_credit_note(actor=request.user, note=found, now=timezone.now()), inline=True)


def _read(request: PageRequest, pk: int, form: str) -> InvoiceFile:
    found = invoice_for_page(request.user, pk)
    return read_invoice_file(actor=request.user, invoice=found, form=form, now=timezone.now())


def _sent(found: InvoiceFile, *, inline: bool) -> HttpResponse:
    answer = HttpResponse(found.content, content_type=found.content_type)
    answer["Content-Disposition"] = content_disposition_header(not inline, found.filename) or ""
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
