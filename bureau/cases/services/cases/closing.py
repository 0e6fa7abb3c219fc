"""Closing a case by force, reopening and deleting it."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.accounts.services.validation import clean_text
from bureau.cases.models import Case, StepPause
from bureau.cases.permissions import cases as permissions
from bureau.cases.planning import step_due_date
from bureau.cases.selectors.cases import MAX_WORDS, cases_found
from bureau.cases.selectors.facts import facts_of
from bureau.cases.services.cases.following import described, follow, locked, pauses_of
from bureau.cases.states import STEP_MOVES, CaseStatus, StepStatus
from bureau.core import audit
from bureau.core.models import User
from bureau.kit.errors import BusinessRule, Invalid, WrongState

LONGEST_REASON = 1000


class CaseBilled(BusinessRule):
    """A case that an invoice names is not deleted."""

    code = "CASE_BILLED"


def force_close_case(*, actor: User, case: Case, reason: str, now: datetime) -> Case:
    """Completes a case whatever is missing: staff and administrators, who say why. Its current step stays as it is.

    Raises Forbidden, Invalid, WrongState.
    """
    reason = clean_text("reason", reason, longest=LONGEST_REASON)
    with transaction.atomic():
        case = locked(case)
        if case.status == CaseStatus.COMPLETED and permissions.can_delete_case(actor, case):
            raise WrongState(_("The case is completed already."))
        permissions.can_force_close(actor, case).enforce()
        if not reason:
            raise Invalid.field("reason", _("Say why the case is closed."))
        before = described(case)
        follow(case, now=now, closed_by=actor, closing_reason=reason)
        audit.record(case, "force_closed", actor=actor, now=now, old=before, new={**described(case), "reason": reason})
    return case


def complete_paid_case(*, actor: User, case: Case, reason: str, now: datetime) -> None:
    """Completes a case because it has been paid, whatever is missing; one that is completed stays as it is.

    Whoever takes the payment need not see the case: the product says that its cases end with it.
    """
    with transaction.atomic():
        case = locked(case)
        if case.status == CaseStatus.COMPLETED:
            return
        before = described(case)
        follow(case, now=now, closed_by=actor, closing_reason=reason)
        audit.record(case, "completed", actor=actor, now=now, old=before, new={**described(case), "reason": reason})


def reopen_case(*, actor: User, case: Case, now: datetime) -> Case:
    """Takes a completed case up again, at its last step. Its clock stood while it was closed.

    Raises Forbidden, WrongState.
    """
    with transaction.atomic():
        case = locked(case)
        permissions.can_change_case(actor, case).enforce()
        if case.status != CaseStatus.COMPLETED or case.completed_at is None:
            raise WrongState(_("Only a completed case can be reopened."))
        facts = facts_of(case)
        step, before = facts.steps[-1], described(case)
        if step.status != StepStatus.WAITING:  # there the clock stands still, and goes on standing
            closed, today = timezone.localdate(case.completed_at), timezone.localdate(now)
            StepPause.objects.create(step=step, from_date=closed, until_date=today)
            step.due_date = step_due_date(step, pauses_of(step), facts.calendars)
        if step.status == StepStatus.COMPLETED:
            step.status = STEP_MOVES[StepStatus.COMPLETED, "reopen"]
            step.completed_at = step.completed_by = None
        step.save(update_fields=["status", "due_date", "completed_at", "completed_by"])
        follow(case, now=now, closed_by=None, closing_reason="")
        audit.record(case, "reopened", actor=actor, now=now, old=before, new=described(case))
    return case


def delete_case(*, actor: User, case: Case, now: datetime) -> None:
    """Deletes a case with its documents, steps and notes. Its number is not given again.

    Raises Forbidden, CaseBilled.
    """
    with transaction.atomic():
        case = locked(case)
        permissions.can_delete_case(actor, case).enforce()
        _record_deletion(case, _deleted(case), actor=actor, now=now)


def bulk_delete_cases(*, actor: User, query: str, confirm: bool, now: datetime) -> int:
    """Deletes the cases of the actor's own organization that a search finds; returns how many. Superusers only, with an
    explicit confirmation.

    Raises Forbidden, Invalid.
    """
    permissions.can_bulk_delete_cases(actor).enforce()
    query = clean_text("query", query, longest=200)
    if not query:
        raise Invalid.field("query", _("Say which cases: words of their number, customer or product."))
    if len(query.split()) > MAX_WORDS:  # the search would pass over the others, and find more than they say
        raise Invalid.field("query", _("Use at most %(count)d words.") % {"count": MAX_WORDS})
    if not confirm:
        raise Invalid.field("confirm", _("Deleting cannot be undone: confirm it with true."))
    with transaction.atomic():
        own = Case.objects.visible_to(actor).filter(organization=actor.organization_id)
        cases = [locked(case) for case in cases_found(own, query).order_by("pk")]
        # All are gone before the first entry of the audit log, whose lock comes last.
        for case, gone in [(case, _deleted(case)) for case in cases]:
            _record_deletion(case, gone, actor=actor, now=now)
    return len(cases)


def _deleted(case: Case) -> dict[str, Any]:
    """Deletes the locked case. Returns what the audit log keeps of it."""
    gone = {
        "number": case.number,
        "customer": case.customer_id,
        "product": case.product.code,
        "status": case.status,
        "documents": list(case.documents.exclude(file=None).values_list("file__sha256", flat=True)),
    }
    pk = case.pk
    try:
        case.delete()
    except ProtectedError:
        told = _("Case %(number)s is on an invoice. Take it off the draft, or keep the case.")
        raise CaseBilled(told % {"number": case.number}) from None
    case.pk = pk
    return gone


def _record_deletion(case: Case, gone: dict[str, Any], *, actor: User, now: datetime) -> None:
    audit.record(case, "deleted", actor=actor, now=now, old=gone)
