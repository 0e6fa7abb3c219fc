"""The links by which the customer reaches their page."""

from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bureau.cases.models import Case
from bureau.cases.selectors.links import link_of
from bureau.cases.services import links
from bureau.web.answers import PageRequest, page
from bureau.web.cases.finding import case_for_page
from bureau.web.cases.views.showing import shown, story_of


@page
@require_POST
def make(request: PageRequest, pk: int) -> HttpResponse:
    """Shows the link once, for nobody can read it later; or mails it, and then nobody here sees it."""
    case = case_for_page(request.user, pk)
    days = request.POST.get("days", "")
    count = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0
    if "mail" in request.POST:
        links.send_link(actor=request.user, case=case, days=count, now=timezone.now())
        messages.success(request, _("A link is on its way to %s.") % case.customer.party.email)
        return redirect("web:case", case.pk)
    _link, token = links.create_link(actor=request.user, case=case, days=count, now=timezone.now())
    url = links.link_url(token)
    response = shown(request, story_of(request, case), made_link=url, mail_link=_letter(case, url))
    response.headers["Cache-Control"] = "no-store"
    return response


@page
@require_POST
def revoke(request: PageRequest, pk: int, uuid: UUID) -> HttpResponse:
    case = case_for_page(request.user, pk)
    links.revoke_link(actor=request.user, link=link_of(case, uuid), now=timezone.now())
    messages.success(request, _("The link does not work any more."))
    return redirect("web:case", case.pk)


def _letter(case: Case, url: str) -> str:
    """What opens a person's own mail program, with the text in it."""
    subject = _("%(organization)s: your case %(number)s") % {
        "organization": case.organization.name,
        "number": case.number,
    }
    body = _("Hello,\n\nhere you see how your case stands, and can send us what is missing:\n%s\n") % url
    return f"mailto:{case.customer.party.email}?subject={quote(subject)}&body={quote(body)}"
