"""Going through the steps of a case."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.cases.models import Case, CaseStep, StepPause
from bureau.cases.notifications.cases import tell_completed
from bureau.cases.permissions import cases as permissions
from bureau.cases.planning import step_due_date
from bureau.cases.selectors.facts import Facts, facts_of, piece_of
from bureau.cases.services.cases.following import described, follow, locked, open_step, pauses_of
from bureau.cases.states import HELD, STEP_MOVES, CaseStatus, StepStatus, document_state
from bureau.core import audit
from bureau.core.models import User
from bureau.kit.errors import BusinessRule, Invalid, WrongState


class DocumentsMissing(BusinessRule):
    """A step is not completed before every required document is there and valid for long enough."""

    code = "DOCUMENTS_MISSING"


def advance_workflow(*, actor: User, case: Case, step: int | None = None, now: datetime) -> Case:
    """Completes the current step and opens the next one; after the last the case is completed. With `step`, the number
    of the step that is meant, a second call changes nothing.

    Raises Forbidden, DocumentsMissing, WrongState.
    """
    with transaction.atomic():
        case = locked(case)
        facts = facts_of(case)
        current = facts.steps[-1]
        if step is not None and step != current.number:
            raise WrongState(_("Step %(step)d is not the current one any more.") % {"step": step})
        return _set(actor, case, facts, StepStatus.COMPLETED, now=now)


def set_step_status(*, actor: User, case: Case, step: CaseStep, status: str, now: datetime) -> Case:
    """Sets the status of the current step: `waiting` stops its clock, every other state lets it run on, `completed`
    opens the next step. The status that it has already changes nothing.

    Raises Forbidden, Invalid, DocumentsMissing, WrongState.
    """
    if status not in set(StepStatus):
        raise Invalid.field("status", _("Choose one of: %(options)s.") % {"options": ", ".join(StepStatus)})
    with transaction.atomic():
        case = locked(case)
        facts = facts_of(case)
        current = facts.steps[-1]
        if current.pk == step.pk and current.status == status:
            permissions.can_change_case(actor, case).enforce()
            return case
        if current.pk != step.pk:
            raise WrongState(_("The current step is %(step)s.") % {"step": f"{current.number} {current.name}"})
        return _set(actor, case, facts, StepStatus(status), now=now)


def stop_clock(step: CaseStep, *, today: date) -> None:
    StepPause.objects.create(step=step, from_date=today)


def start_clock(step: CaseStep, *, today: date) -> None:
    """The clock of the step goes on, and its due date is later by the days for which it stood."""
    StepPause.objects.filter(step=step, until_date=None).update(until_date=today)


def _set(actor: User, case: Case, facts: Facts, status: StepStatus, *, now: datetime) -> Case:
    permissions.can_change_case(actor, case).enforce()
    if case.status == CaseStatus.COMPLETED:
        raise WrongState(_("The case is completed. Reopen it to go on."))
    today = timezone.localdate(now)
    step, before = facts.steps[-1], described(case)
    if (step.status, status) not in STEP_MOVES:
        raise WrongState(
            _("A step that is %(old)s cannot become %(new)s. Take it up again first.")
            % {"old": step.status, "new": status.value}
        )
    if status == StepStatus.COMPLETED:
        _require_documents(case, facts, today=today)
        step.completed_by, step.completed_at = actor, now
    if step.status == StepStatus.WAITING:
        start_clock(step, today=today)
        step.due_date = step_due_date(step, pauses_of(step), facts.calendars)
    if status == StepStatus.WAITING:
        stop_clock(step, today=today)
    step.status = status
    step.save(update_fields=["status", "due_date", "completed_by", "completed_at"])
    if status == StepStatus.COMPLETED and facts.to_come:
        open_step(case, facts.to_come[0], start=today, calendars=facts.calendars, now=now)
    follow(case, now=now)
    if case.status == CaseStatus.COMPLETED:
        tell_completed(case, now=now)
    action = {StepStatus.COMPLETED: "step_completed", StepStatus.REJECTED: "step_rejected"}.get(status, "step_moved")
    new = {**described(case), "name": step.name, "set": status.value}
    audit.record(case, action, actor=actor, now=now, old=before, new=new)
    return case


def _require_documents(case: Case, facts: Facts, *, today: date) -> None:
    problems = []
    for document in facts.documents:
        state = document_state(piece_of(document), due_date=case.due_date, today=today)
        if document.required and state not in HELD:
            problems.append(f"{document.document_type.name} ({state.label.lower()})")
    if problems:
        raise DocumentsMissing(
            _("Required documents do not let this step be completed: %(documents)s. Upload valid ones first.")
            % {"documents": ", ".join(problems)}
        )
