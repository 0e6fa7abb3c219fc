"""The e-mails about a case, told and written as those about purchase requests are: a service only enqueues what is to
be told, a job finds out whom to tell. Nobody is told who is not active any more, and customers only where they asked
for it and have an address."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext_lazy

from bureau.cases.models import Case
from bureau.cases.states import CaseStatus
from bureau.core.jobs import Run, enqueue, job_handler
from bureau.core.mail import send_later
from bureau.core.models import Organization
from bureau.parties.models import Customer

HOUR = timedelta(hours=1)
ARRIVAL = timedelta(minutes=5)
"""So long after an hour's end what came in within it is surely kept: a file is scanned first."""

SUBJECTS = {
    "step_due": gettext_lazy("Due on %(due)s: %(step)s, %(case)s"),
    "step_due_customer": gettext_lazy("%(organization)s: %(step)s is due on %(due)s"),
    "overdue": gettext_lazy("Overdue cases: %(count)d"),
    "expiring": gettext_lazy("Documents that expire soon: %(count)d"),
    "expiring_customer": gettext_lazy("%(organization)s: your documents expire soon"),
    "uploaded": gettext_lazy("%(customer)s sent documents for %(case)s"),
    "completed_customer": gettext_lazy("%(organization)s: your case %(case)s is completed"),
}


def tell_uploaded(case: Case, *, now: datetime) -> None:
    """Tells the owner what the customer uploads by link: one message for all of an hour, soon after its end."""
    start = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    enqueue(
        "tell_about_case",
        payload={"about": "uploaded", "case": case.pk, "from": start.isoformat()},
        now=now,
        organization=case.organization,
        key=f"uploaded:case:{case.pk}:{start:%Y%m%d%H}",
        run_after=start + HOUR + ARRIVAL,
    )


def tell_completed(case: Case, *, now: datetime) -> None:
    """Tells the customer whose last step is done; not of a case that was closed by force."""
    payload = {"about": "completed", "case": case.pk}
    enqueue("tell_about_case", payload=payload, now=now, organization=case.organization)


def case_url(case: Case) -> str:
    return f"{settings.PUBLIC_URL}/cases/{case.pk}/"


def customer_url(customer: Customer) -> str:
    return f"{settings.PUBLIC_URL}/customers/{customer.pk}/"


def customer_address(customer: Customer, wish: str) -> str:
    """Where the customer gets the messages that they asked for by the flag `wish`; empty: they get none."""
    return customer.party.email if customer.active and getattr(customer, wish) else ""


@job_handler("tell_about_case")
def tell_about_case(run: Run) -> dict[str, int]:
    payload = run.job.payload
    cases = Case.objects.select_related("organization", "customer__party", "product", "owner")
    case = cases.filter(pk=payload["case"]).first()
    messages = 0
    if case is not None:
        told = _uploaded if payload["about"] == "uploaded" else _completed
        messages = told(case, payload, now=timezone.now())
    return {"messages": messages}


def _uploaded(case: Case, payload: dict[str, Any], *, now: datetime) -> int:
    start = datetime.fromisoformat(payload["from"])
    documents = case.documents.filter(file__uploader=None, uploaded_at__gte=start, uploaded_at__lt=start + HOUR)
    rows = list(documents.select_related("document_type", "file"))
    if not rows or not case.owner.is_active:
        return 0
    key = f"uploaded:case:{case.pk}:{start:%Y%m%d%H}"
    send("uploaded", case.owner.email, case.owner.name, case, {"documents": rows}, key=key, now=now)
    return 1


def _completed(case: Case, payload: dict[str, Any], *, now: datetime) -> int:
    address = customer_address(case.customer, "notify_steps_due")
    if not address or case.status != CaseStatus.COMPLETED or case.completed_at is None:
        return 0
    key = f"completed:case:{case.pk}:{case.completed_at:%Y%m%d%H%M%S}"
    send("completed_customer", address, case.customer.party.name, case, {}, key=key, now=now)
    return 1


def send(text: str, to: str, name: str, case: Case, context: dict[str, Any], *, key: str, now: datetime) -> None:
    """One message about one case; the key makes it go once to each."""
    words = {
        "case": case.number,
        "customer": case.customer.party.name,
        "product": case.product.name,
        **context,
    }
    words |= {"record": case, "url": case_url(case)}
    write(text, to, name, case.organization, words, key=f"mail:{text}:{key}", now=now)


def write(
    text: str,
    to: str,
    name: str,
    organization: Organization,
    context: dict[str, Any],
    *,
    key: str | None = None,
    now: datetime,
) -> None:
    """One message to one person, whose name is `name`. With a key it goes once."""
    words = {"name": name, "organization": organization.name, **context}
    send_later(
        to=to,
        subject=str(SUBJECTS[text]) % words,
        body=render_to_string(f"cases/mail/{text}.txt", words),
        now=now,
        organization=organization,
        key=key,
    )
