"""The customer's own page of one case: how far it is, and what to send. Nobody signs in here: the token in the address
is all that lets somebody in, and all that it opens is this page. No file leaves by it, nor what stands in one."""

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from bureau.cases.models import CaseDocument, CaseLink
from bureau.cases.services.documents import receive_upload
from bureau.cases.services.links import link_for_token, note_use
from bureau.core import files, rates
from bureau.core.rates import Limit
from bureau.kit.errors import DomainError, Invalid, NotFound, RateLimited
from bureau.web.answers import UNREADABLE
from bureau.web.cases.views.documents import day_of, upload_of
from bureau.web.links.opening import opened_by
from bureau.web.links.reading import Progress

ACCEPT = "image/jpeg,image/png,application/pdf,.pdf,.jpg,.jpeg,.png,.docx"
CAMERA = "image/jpeg,image/png"
link_page = opened_by(link_for_token)


@require_GET
@link_page
def show(request: HttpRequest, link: CaseLink, token: str) -> HttpResponse:
    note_use(link, now=timezone.now())
    progress = Progress(link, today=timezone.localdate())
    received = request.GET.get("received", "")
    progress.received = int(received) if received.isascii() and received.isdigit() and len(received) < 19 else None
    return _shown(request, progress, token)


def _shown(request: HttpRequest, progress: Progress, token: str, *, status: int = 200) -> HttpResponse:
    context = {
        "progress": progress,
        "case": progress.case,
        "organization": progress.case.organization,
        "token": token,
        "accept": ACCEPT,
        "camera": CAMERA,
    }
    return render(request, "web/links/page.html", context, status=status)


@require_GET
@link_page
def logo(request: HttpRequest, link: CaseLink, token: str) -> HttpResponseBase:
    stored = link.case.organization.logo
    if stored is None:
        raise NotFound(_("There is no logo."))
    return FileResponse(files.open_clean(stored), content_type=stored.content_type)


# No referrer, no origin: with that policy browsers send "Origin: null", which the check for forged forms refuses. It
# has nothing to protect here: a form of another site would have to know the token, and a cookie lets nobody in.
@csrf_exempt
@require_POST
@link_page
def upload(request: HttpRequest, link: CaseLink, token: str, *, pk: int) -> HttpResponse:
    """One file for one document of the link's own case."""
    document = _document(link, pk)
    given = {name: request.POST.get(name, "").strip() for name in ("number", "expiry_date")}
    progress, status = Progress(link, today=timezone.localdate()), UNREADABLE
    try:
        count_upload(link, address=request.META.get("REMOTE_ADDR"))
        _receive(request, link, document, given)
    except NotFound:
        raise
    except DomainError as error:
        status = error.status if isinstance(error, RateLimited) else UNREADABLE
        progress.refused = (document.pk, given, error.fields or {"file": [error.message]})
        response = _shown(request, progress, token, status=status)
        if isinstance(error, RateLimited):
            response.headers["Retry-After"] = str(error.retry_after)
        return response
    url = reverse("web:case-link", args=[token])
    return redirect(f"{url}?received={document.pk}#document-{document.pk}")


def _document(link: CaseLink, pk: int) -> CaseDocument:
    """Raises NotFound, of another case or unknown."""
    documents = link.case.documents.select_related("document_type", "file", "organization")
    found = documents.filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise NotFound(_("There is no such document."))
    found.case = link.case
    return found


def _receive(request: HttpRequest, link: CaseLink, document: CaseDocument, given: dict[str, str]) -> None:
    """With all that its type asks for: what is only half sent comes back to the customer at once."""
    kind, errors = document.document_type, {}
    expiry_date = day_of(given["expiry_date"]) if kind.has_expiry_date else None
    brought = upload_of(request)
    if brought is None:
        errors["file"] = [_("Choose a file or take a photo first.")]
    if kind.has_number and not given["number"]:
        errors["number"] = [_("Please type the number that stands on it.")]
    if kind.has_expiry_date and expiry_date is None:
        errors["expiry_date"] = [_("Please give the day until which it is valid.")]
    if errors or brought is None:
        raise Invalid(fields=errors)
    receive_upload(
        link=link,
        document=document,
        upload=brought,
        number=given["number"] if kind.has_number else "",
        expiry_date=expiry_date,
        now=timezone.now(),
    )


def count_upload(link: CaseLink, *, address: str | None) -> None:
    """Counts one file against the link and against the address that it comes from. Raises RateLimited."""
    rate = settings.RATE_LIMITS["upload"]
    keys = {"case_link": link.pk, "case_link_address": address}
    limits = [Limit.parse(f"upload:{scope}:{key}", rate) for scope, key in keys.items() if key is not None]
    state = rates.hit(limits) if settings.THROTTLING else None
    if state is not None and state.exceeded:
        message = _("Those were many files at once. Wait a minute, then send the next one.")
        raise RateLimited(message, retry_after=state.retry_after, limit=state.limit)
