"""One case: its page, what is noted of it, and its few fields of its own."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureau.cases.models import Case
from bureau.cases.services import cases
from bureau.kit.errors import DomainError, Forbidden, Invalid, NotFound
from bureau.parties.permissions.customers import can_write_customer
from bureau.sales.selectors.invoices import invoice_of_case
from bureau.web.answers import UNREADABLE, PageRequest, page
from bureau.web.cases.finding import case_for_page
from bureau.web.cases.forms import ACCEPT, EditForm
from bureau.web.cases.reading import Story
from bureau.web.setup.forms import show_refusal

LINK_DAYS = (7, 14, 30, 60)


def story_of(request: PageRequest, case: Case) -> Story:
    return Story(case, request.user, now=timezone.now(), today=timezone.localdate())


def shown(request: PageRequest, story: Story, *, status: int = 200, **context: Any) -> HttpResponse:
    context = {
        **context,
        "case": story.case,
        "story": story,
        "today": story.today,
        "accept": ACCEPT,
        "link_days": LINK_DAYS,
        "invoice": invoice_of_case(request.user, story.case, today=story.today),
        "sees_customer": bool(can_write_customer(request.user, story.case.customer)),
    }
    return render(request, "web/cases/case.html", context, status=status)


@page
@require_GET
def show(request: PageRequest, pk: int) -> HttpResponse:
    return shown(request, story_of(request, case_for_page(request.user, pk)))


@page
@require_POST
def note(request: PageRequest, pk: int) -> HttpResponse:
    case = case_for_page(request.user, pk)
    text = request.POST.get("text", "")
    try:
        cases.add_note(actor=request.user, case=case, text=text, now=timezone.now())
    except Invalid as error:
        given = {"text": text, "errors": error.fields.get("text", [error.message])}
        return shown(request, story_of(request, case), note=given, status=UNREADABLE)
    messages.success(request, _("The note is added."))
    return redirect("web:case", case.pk)


@page
@require_http_methods(["GET", "POST"])
def edit(request: PageRequest, pk: int) -> HttpResponse:
    case = case_for_page(request.user, pk)
    story = story_of(request, case)
    if "edit" not in story.can:
        raise Forbidden(_("You do not take part in this case."))
    form = EditForm(case, request.POST or None, may_give="set_owner" in story.can)
    if form.is_valid():
        try:
            cases.update_case(actor=request.user, case=case, changes=form.values(), now=timezone.now())
        except NotFound:
            raise
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("web:case", case.pk)
    context = {"case": case, "form": form}
    return render(request, "web/cases/edit.html", context, status=UNREADABLE if form.is_bound else 200)
