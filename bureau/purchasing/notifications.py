"""The e-mails about purchase requests: plain text with a link, written in the transaction of what they tell about.

Each has a key made of the round, the step and the person, so that it is sent once however often it is asked for.
"""

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from bureau.core.mail import send_later
from bureau.core.models import User
from bureau.purchasing.models import Approval, ApprovalSlot, Decision, PurchaseRequest, WorkflowStep


def tell_submitted(approval: Approval, *, now: datetime) -> None:
    subject = _("Submitted: %(request)s")
    _tell(approval, "submitted", approval.request.requestor, subject, now=now)


def tell_turn(approval: Approval, step: WorkflowStep, *, now: datetime) -> None:
    """Tells each person who can fill a waiting slot of the step, but not the requestor."""
    subject = _("Your turn: %(request)s")
    slots = ApprovalSlot.objects.filter(approval=approval, step=step).waiting()
    for person in slots.candidates().exclude(pk=approval.request.requestor_id):
        _tell(approval, "turn", person, subject, now=now, step=step)


def tell_rejected(decision: Decision, *, now: datetime) -> None:
    subject = _("Rejected: %(request)s")
    approval = decision.approval
    _tell(approval, "rejected", approval.request.requestor, subject, now=now, decision=decision)


def tell_completed(approval: Approval, *, now: datetime) -> None:
    """Tells the requestor, and the address that the organization (else COMPLETION_EMAIL) names."""
    subject = _("Completed: %(request)s")
    _tell(approval, "completed", approval.request.requestor, subject, now=now)
    office = approval.request.organization.completion_email or settings.COMPLETION_EMAIL
    if office:
        _send(approval, "completed_office", office, subject, now=now)


def request_url(request: PurchaseRequest) -> str:
    return f"{settings.PUBLIC_URL}/requests/{request.uuid}/"


def _tell(
    approval: Approval,
    about: str,
    person: User,
    subject: str,
    *,
    now: datetime,
    step: WorkflowStep | None = None,
    decision: Decision | None = None,
) -> None:
    if person.is_active:
        _send(approval, about, person.email, subject, now=now, person=person, step=step, decision=decision)


def _send(
    approval: Approval,
    about: str,
    address: str,
    subject: str,
    *,
    now: datetime,
    person: User | None = None,
    step: WorkflowStep | None = None,
    decision: Decision | None = None,
) -> None:
    request = approval.request
    context = {
        "request": request,
        "person": person,
        "step": step,
        "decision": decision,
        "url": request_url(request),
        "currency": request.organization.currency,
    }
    send_later(
        to=address,
        subject=subject % {"request": f"{request.number} {request.subject}"},
        body=render_to_string(f"purchasing/mail/{about}.txt", context),
        now=now,
        organization=request.organization,
        key=f"mail:{about}:approval:{approval.pk}:step:{step.pk if step else 0}:user:{person.pk if person else 0}",
    )
