"""The customer's own page of one quote or invoice. Nobody signs in here: the token in the address is all that lets
somebody in, and all that it opens is this document."""

from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from bureau.core import files, rates
from bureau.core.rates import Limit
from bureau.kit.errors import DomainError, Invalid, NotFound, RateLimited
from bureau.sales.models import Quote, SalesLink
from bureau.sales.rendering.cii import invoice_xml
from bureau.sales.rendering.pdf import invoice_pdf, quote_pdf
from bureau.sales.services.links import document_of, link_for_token, note_download, note_use
from bureau.sales.services.quotes import decide_quote
from bureau.web.answers import UNREADABLE
from bureau.web.links.opening import opened_by
from bureau.web.sales_links.reading import Sheet

link_page = opened_by(link_for_token)


@require_GET
@link_page
def show(request: HttpRequest, link: SalesLink, token: str) -> HttpResponse:
    note_use(link, now=timezone.now())
    return _shown(request, Sheet(link, today=timezone.localdate()), token)


def _shown(request: HttpRequest, sheet: Sheet, token: str, *, status: int = 200) -> HttpResponse:
    context = {"sheet": sheet, "document": sheet.document, "organization": sheet.organization, "token": token}
    return render(request, "web/sales_links/page.html", context, status=status)


@require_GET
@link_page
def logo(request: HttpRequest, link: SalesLink, token: str) -> HttpResponseBase:
    stored = document_of(link).organization.logo
    if stored is None:
        raise NotFound(_("There is no logo."))
    return FileResponse(files.open_clean(stored), content_type=stored.content_type)


@require_GET
@link_page
def pdf(request: HttpRequest, link: SalesLink, token: str) -> HttpResponse:
    return _file(request, link, "pdf")


@require_GET
@link_page
def xml(request: HttpRequest, link: SalesLink, token: str) -> HttpResponse:
    """The electronic invoice alone, for accounting software."""
    return _file(request, link, "xml")


def _file(request: HttpRequest, link: SalesLink, file_format: str) -> HttpResponse:
    sheet = Sheet(link, today=timezone.localdate())
    if sheet.hidden:
        raise NotFound(_("There is nothing to download yet."))
    try:
        _count(link, "download", settings.RATE_LIMITS["endpoint"], address=request.META.get("REMOTE_ADDR"))
    except RateLimited as error:
        headers = {"Retry-After": str(error.retry_after)}
        return HttpResponse(error.message, status=error.status, content_type="text/plain", headers=headers)
    document, content_type = sheet.document, {"pdf": "application/pdf", "xml": "application/xml"}[file_format]
    if isinstance(document, Quote):
        if file_format != "pdf":
            raise NotFound(_("There is no electronic form of a quote."))
        content = quote_pdf(document)
    else:
        content = invoice_pdf(document) if file_format == "pdf" else invoice_xml(document)
    note_download(link, file_format, now=timezone.now())
    filename = f"{document.number}.{file_format}"  # of an imported invoice whatever its number is
    headers = {"Content-Disposition": str(content_disposition_header(as_attachment=True, filename=filename))}
    return HttpResponse(content, content_type=content_type, headers=headers)


# No referrer, no origin: with that policy browsers send "Origin: null", which the check for forged forms refuses. It
# has nothing to protect here: a form of another site would have to know the token, and a cookie lets nobody in.
@csrf_exempt
@require_POST
@link_page
def answer(request: HttpRequest, link: SalesLink, token: str) -> HttpResponse:
    """Accepts or declines the quote in the version that the person has seen."""
    sheet = Sheet(link, today=timezone.localdate())
    given = {name: request.POST.get(name, "").strip() for name in ("name", "note", "answer", "version")}
    try:
        _count(link, "answer", settings.RATE_LIMITS["upload"], address=request.META.get("REMOTE_ADDR"))
        _decide(sheet, given)
    except NotFound:
        raise
    except DomainError as error:
        status = error.status if isinstance(error, RateLimited) else UNREADABLE
        sheet = Sheet(link_for_token(token, now=timezone.now()), today=timezone.localdate())
        sheet.given, sheet.refused = given, error.fields or {"": [error.message]}
        response = _shown(request, sheet, token, status=status)
        if isinstance(error, RateLimited):
            response.headers["Retry-After"] = str(error.retry_after)
        return response
    return redirect(reverse("web:sales-link", args=[token]))


def _decide(sheet: Sheet, given: dict[str, Any]) -> None:
    version = given["version"]
    if sheet.quote is None:
        raise NotFound(_("There is nothing to answer."))
    if given["answer"] not in ("accept", "decline") or not (
        version.isascii() and version.isdigit() and len(version) < 10
    ):
        raise Invalid(_("Choose whether you accept or decline."))
    decide_quote(
        quote=sheet.quote,
        accepted=given["answer"] == "accept",
        name=given["name"],
        note=given["note"],
        version=int(version),
        now=timezone.now(),
        actor=None,
    )


def _count(link: SalesLink, what: str, rate: str, *, address: str | None) -> None:
    """Counts it against the link and against the address that it comes from. Raises RateLimited."""
    keys = {"sales_link": link.pk, "sales_link_address": address}
    limits = [Limit.parse(f"{what}:{scope}:{key}", rate) for scope, key in keys.items() if key is not None]
    state = rates.hit(limits) if settings.THROTTLING else None
    if state is not None and state.exceeded:
        message = _("That was a lot at once. Wait a minute, then try again.")
        raise RateLimited(message, retry_after=state.retry_after, limit=state.limit)
