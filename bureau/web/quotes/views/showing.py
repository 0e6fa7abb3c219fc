"""The page of a quote, and its versions as they were sent."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from bureau.kit.errors import NotFound
from bureau.parties.models import Customer
from bureau.sales.models import Quote
from bureau.sales.services.quotes import quote_filename, read_quote_pdf
from bureau.web.answers import PageRequest, page
from bureau.web.files import framed
from bureau.web.quotes.finding import quote_for_page
from bureau.web.quotes.forms import DecideForm
from bureau.web.quotes.reading import Former, Sheet
from bureau.web.selling.sharing import LINK_DAYS, SendForm


@page
@require_GET
def quote(request: PageRequest, pk: int) -> HttpResponse:
    return shown(request, quote_for_page(request.user, pk))


def shown(request: PageRequest, found: Quote, **more: Any) -> HttpResponse:
    sheet = sheet_of(request, found)
    context = {
        **basics(request, found, sheet),
        "sees_customer": Customer.objects.visible_to(request.user).filter(pk=found.customer_id).exists(),
        "send_form": SendForm() if "send" in sheet.can else None,
        "accept_form": DecideForm(initial={"version": found.version}, auto_id="id_accept_%s"),
        "reject_form": DecideForm(initial={"version": found.version}, auto_id="id_reject_%s"),
        "link_days": LINK_DAYS,
        **more,
    }
    return render(request, "web/quotes/quote.html", context)


def sheet_of(request: PageRequest, found: Quote) -> Sheet:
    return Sheet(found, request.user, now=timezone.now(), today=timezone.localdate())


def basics(request: PageRequest, found: Quote, sheet: Sheet | None = None) -> dict[str, Any]:
    """What every page about a quote shows."""
    return {
        "quote": found,
        "document": found,
        "sheet": sheet or sheet_of(request, found),
        "today": timezone.localdate(),
    }


@page
@require_GET
def version(request: PageRequest, pk: int, number: int) -> HttpResponse:
    found = quote_for_page(request.user, pk)
    kept = next((one for one in found.versions.all() if one.number == number), None)
    if kept is None:
        raise NotFound(_("There is no such version."))
    return render(request, "web/quotes/version.html", {**basics(request, found), "version": Former(kept)})


@framed
def pdf(request: PageRequest, pk: int) -> HttpResponse:
    """Shown in the browser; saved under the quote's number."""
    found = quote_for_page(request.user, pk)
    content = read_quote_pdf(actor=request.user, quote=found, now=timezone.now())
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{quote_filename(found)}"'
    answer["Cache-Control"] = "private, no-store"
    return answer
