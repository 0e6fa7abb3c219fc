"""What moves a case on: its steps, reopening it, closing it by force, deleting it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from bureau.cases.models import Case, CaseStep
from bureau.cases.selectors import cases as selectors
from bureau.cases.services import cases
from bureau.cases.states import CaseStatus
from bureau.kit.errors import Invalid, NotFound, WrongState
from bureau.web.answers import UNREADABLE, PageRequest, page
from bureau.web.cases.finding import case_for_page
from bureau.web.cases.views.showing import story_of

DONE = {
    "processing": gettext_lazy("The step is under way."),
    "waiting": gettext_lazy("The clock of the step is stopped until the customer's answer comes."),
    "rejected": gettext_lazy("The step is rejected. It can be taken up again."),
    "completed": gettext_lazy("The step is completed."),
    "reopen": gettext_lazy("The case is open again."),
    "force_close": gettext_lazy("The case is closed."),
}


@page
@require_http_methods(["GET", "POST"])
def move(request: PageRequest, pk: int) -> HttpResponse:
    """`decision` is one of DONE, `step` the number of the step that it was made about."""
    case = case_for_page(request.user, pk)
    decision = (request.POST if request.method == "POST" else request.GET).get("decision", "")
    if decision not in DONE or (request.method == "GET" and decision != "force_close"):
        raise NotFound(_("There is no such decision."))
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            moved = _perform(request, case, decision)
        except Invalid as error:
            if decision != "force_close":
                raise
            errors = error.fields
        else:
            ended = decision == "completed" and moved.status == CaseStatus.COMPLETED
            messages.success(request, _("The case is completed.") if ended else DONE[decision])
            return redirect("web:case", case.pk)
    else:
        selectors.available_actions(case, request.user)["force_close"].enforce()
    context = {
        "case": case,
        "decision": decision,
        "heading": _("Close the case as it is"),
        "errors": errors,
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "web/cases/move.html", context, status=UNREADABLE if errors else 200)


def _perform(request: PageRequest, case: Case, decision: str) -> Case:
    actor, now = request.user, timezone.now()
    if decision == "reopen":
        return cases.reopen_case(actor=actor, case=case, now=now)
    if decision == "force_close":
        return cases.force_close_case(actor=actor, case=case, reason=request.POST.get("reason", ""), now=now)
    return cases.set_step_status(actor=actor, case=case, step=_step(request, case), status=decision, now=now)


def _step(request: PageRequest, case: Case) -> CaseStep:
    """The step that the page showed as the current one."""
    number = request.POST.get("step", "")
    found = next((step for step in case.steps.all() if str(step.number) == number), None)
    if found is None:
        raise WrongState(_("The case has moved on. Look at it again."))
    return found


@page
@require_http_methods(["GET", "POST"])
def delete(request: PageRequest, pk: int) -> HttpResponse:
    case = case_for_page(request.user, pk)
    if request.method == "POST":
        cases.delete_case(actor=request.user, case=case, now=timezone.now())
        messages.success(request, _("%s is deleted.") % case.number)
        return redirect("web:cases")
    selectors.available_actions(case, request.user)["delete"].enforce()
    context = {
        "case": case,
        "story": story_of(request, case),
        "decision": "delete",
        "heading": _("Delete the case"),
    }
    return render(request, "web/cases/move.html", context)
