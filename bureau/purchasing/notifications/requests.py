"""The e-mails about purchase requests: plain text with a link.

A service only enqueues what is to be told, in the transaction of what happened; a job finds out whom to tell and writes
the messages, so that nobody who decides waits for the mail of sixty others. Each message has a key made of the round,
the step and the person: it is sent once, however often the job runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext_lazy

from bureau.core.jobs import Run, enqueue, job_handler
from bureau.core.mail import send_later
from bureau.core.models import User
from bureau.purchasing.models import Approval, Decision, PurchaseRequest, WorkflowStep


def tell_submitted(approval: Approval, *, now: datetime) -> None:
    _tell("submitted", approval, now=now)


def tell_turn(approval: Approval, step: WorkflowStep, *, now: datetime) -> None:
    """Tells each person who can fill a slot of the step that still waits, but not the requestor."""
    _tell("turn", approval, step=step.pk, now=now)


def tell_rejected(decision: Decision, *, now: datetime) -> None:
    _tell("rejected", decision.approval, decision=decision.pk, now=now)


def tell_completed(approval: Approval, *, now: datetime) -> None:
    """Tells the requestor, and the address that the organization (else COMPLETION_EMAIL) names."""
    _tell("completed", approval, now=now)


def request_url(request: PurchaseRequest) -> str:
    return f"{settings.PUBLIC_URL}/requests/{request.uuid}/"


def _tell(about: str, approval: Approval, *, now: datetime, **subjects: int) -> None:
    payload = {"about": about, "approval": approval.pk, **subjects}
    enqueue("tell_about_request", payload=payload, now=now, organization=approval.purchase_request.organization)


@dataclass(frozen=True)
class Message:
    """One mail to write: which text, and to whom; `person` is None for an office's own address."""

    text: str
    address: str
    person: User | None = None


@job_handler("tell_about_request")
def tell_about_request(run: Run) -> None:
    payload = run.job.payload
    approvals = Approval.objects.select_related("request__organization", "request__requestor", "request__team")
    approval = approvals.get(pk=payload["approval"])
    step = WorkflowStep.objects.get(pk=payload["step"]) if "step" in payload else None
    decision = (
        Decision.objects.select_related("approver").get(pk=payload["decision"]) if "decision" in payload else None
    )
    messages = list(_messages(payload["about"], approval, step))
    with run.completing() as result:
        for message in messages:
            _send(message, approval, step=step, decision=decision, now=timezone.now())
        result["messages"] = len(messages)


def _messages(about: str, approval: Approval, step: WorkflowStep | None) -> Iterator[Message]:
    request = approval.purchase_request
    if step is not None:
        waiting = approval.slots.filter(step=step).waiting()
        for person in waiting.candidates().exclude(pk=request.requestor_id):
            yield Message(about, person.email, person)
        return
    if request.requestor.is_active:
        yield Message(about, request.requestor.email, request.requestor)
    office = request.organization.completion_email or settings.COMPLETION_EMAIL
    if about == "completed" and office:
        yield Message("completed_office", office)


SUBJECTS = {
    "submitted": gettext_lazy("Submitted: %(request)s"),
    "turn": gettext_lazy("Your turn: %(request)s"),
    "rejected": gettext_lazy("Rejected: %(request)s"),
    "completed": gettext_lazy("Completed: %(request)s"),
    "completed_office": gettext_lazy("Completed: %(request)s"),
}


def _send(
    message: Message, approval: Approval, *, step: WorkflowStep | None, decision: Decision | None, now: datetime
) -> None:
    request = approval.purchase_request
    context: dict[str, Any] = {
        "request": request,
        "person": message.person,
        "step": step,
        "decision": decision,
        "url": request_url(request),
        "currency": request.organization.currency,
    }
    told = message.person.pk if message.person else 0
    send_later(
        to=message.address,
        subject=str(SUBJECTS[message.text]) % {"request": f"{request.number} {request.subject}"},
        body=render_to_string(f"purchasing/mail/{message.text}.txt", context),
        now=now,
        organization=request.organization,
        key=f"mail:{message.text}:approval:{approval.pk}:step:{step.pk if step else 0}:user:{told}",
    )
