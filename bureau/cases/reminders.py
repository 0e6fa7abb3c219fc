"""What comes close or is late, looked for each hour: steps to be done, documents and passports that expire.

Of a due or expiry date people are told once: the record keeps the date of which they were told. What is overdue is
told once a day. Everything is found by date, through indexes, however many cases there are.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, F, Max, Model, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from bureau.cases.models import Case, CaseDocument, CaseStep, DocumentType
from bureau.cases.notifications.cases import case_url, customer_address, customer_url, send, write
from bureau.cases.selectors.cases import OPEN, overdue
from bureau.core.jobs import Run, job_handler
from bureau.core.models import Job, User
from bureau.parties.models import Customer

PASSPORT = timedelta(days=60)
"""Before a passport expires people are told of it."""
SHOWN = 50
"""At most so many lines stand in one message."""


@job_handler("remind_about_cases", every=timedelta(hours=1))
def remind_about_cases(run: Run) -> dict[str, int]:
    return remind(now=timezone.now())


def remind(*, now: datetime) -> dict[str, int]:
    """Returns of how many steps, owners with overdue cases, and expiring documents and passports was told."""
    today = timezone.localdate(now)
    return {
        "steps": _steps_due(today, now=now),
        "overdue": _overdue(today, now=now),
        "expiring": _expiring(today, now=now),
    }


def _steps_due(today: date, *, now: datetime) -> int:
    """The current steps that are due within the days that each wants to be told before; today included."""
    soon = Case.objects.filter(step_due_date__gte=today)
    days = soon.aggregate(most=Max("steps__notify_days_before"))["most"] or 0
    steps = CaseStep.objects.filter(
        _untold("due_date"),
        case__step_due_date__range=(today, today + timedelta(days=days)),
        number=F("case__step_number"),
        notify_days_before__gt=0,
    ).select_related("case__organization", "case__owner", "case__product", "case__customer__party")
    told = 0
    for step in steps.order_by("pk").iterator(500):
        if step.due_date - timedelta(days=step.notify_days_before) <= today:
            with transaction.atomic():
                if _first_to_tell(step, "due_date"):
                    _tell_due(step, now=now)
                    told += 1
    return told


def _tell_due(step: CaseStep, *, now: datetime) -> None:
    case, owner = step.case, step.case.owner
    words = {"step": step.name, "due": date_format(step.due_date, "j F Y"), "owner": owner}
    key = f"step:{step.pk}:{step.due_date}"
    if owner.is_active:
        send("step_due", owner.email, owner.name, case, words, key=key, now=now)
    address = customer_address(case.customer, "notify_steps_due")
    if address:
        send("step_due_customer", address, case.customer.party.name, case, words, key=key, now=now)


def _overdue(today: date, *, now: datetime) -> int:
    """One message a day to each owner of what should have been done before today."""
    late = Case.objects.filter(overdue(today), owner__is_active=True)
    counts = dict(late.order_by("owner").values_list("owner").annotate(Count("pk")))
    keys = {owner: f"mail:overdue:user:{owner}:{today}" for owner in counts}
    sent = set(Job.objects.filter(key__in=keys.values()).values_list("key", flat=True))
    asked = [owner for owner, key in keys.items() if key not in sent]
    for owner in User.objects.filter(pk__in=asked).select_related("organization").order_by("pk"):
        step = CaseStep.objects.filter(case=OuterRef("pk"), number=OuterRef("step_number"))
        cases = late.filter(owner=owner).select_related("product", "customer__party")
        rows = [
            {"case": case, "url": case_url(case)}
            for case in cases.annotate(step=Subquery(step.values("name"))).order_by("step_due_date", "pk")[:SHOWN]
        ]
        count = counts[owner.pk]
        words = {"rows": rows, "count": count, "more": count - len(rows)}
        write("overdue", owner.email, owner.name, owner.organization, words, key=keys[owner.pk], now=now)
    return len(asked)


@dataclass(frozen=True)
class Expiring:
    """A document, or the passport as it stands in a customer's own data, that expires soon."""

    record: CaseDocument | Customer
    date_name: str
    name: str
    expiry_date: date
    customer: Customer
    owner: User
    url: str


def _expiring(today: date, *, now: datetime) -> int:
    """One message to each person about all that came close since the last look, and one to each customer."""
    found = [*_documents(today), *_passports(today)]
    with transaction.atomic():
        told = [one for one in found if _first_to_tell(one.record, one.date_name)]
        for owner, mine in _grouped(told, lambda one: one.owner):
            if owner.is_active:
                write("expiring", owner.email, owner.name, owner.organization, _lines(mine), now=now)
        for customer, theirs in _grouped(told, lambda one: one.customer):
            address = customer_address(customer, "notify_documents_expiring")
            if address:
                words = {**_lines(theirs), "owner": theirs[0].owner}
                write("expiring_customer", address, customer.party.name, customer.organization, words, now=now)
    return len(told)


def _documents(today: date) -> Iterator[Expiring]:
    """Those of open cases, and of closed ones the newest that an active customer has of its type: the office will ask
    for that again."""
    days = DocumentType.objects.aggregate(most=Max("notify_days_before"))["most"] or 0
    newer = CaseDocument.objects.filter(
        case__customer=OuterRef("case__customer"),
        document_type=OuterRef("document_type"),
        uploaded_at__gt=OuterRef("uploaded_at"),
        file__isnull=False,
    )
    documents = CaseDocument.objects.filter(
        _untold("expiry_date"),
        Q(case__status__in=OPEN) | (Q(case__customer__active=True) & ~Exists(newer)),
        expiry_date__range=(today, today + timedelta(days=days)),
        file__isnull=False,
        document_type__notify_days_before__gt=0,
    ).select_related(
        "document_type", "case__owner__organization", "case__customer__owner__organization",
        "case__customer__party", "case__customer__organization",
    )  # fmt: skip
    for document in documents.order_by("expiry_date", "pk").iterator(500):
        kind, case, day = document.document_type, document.case, document.expiry_date
        if day is not None and day - timedelta(days=kind.notify_days_before) <= today:
            owner = case.owner if case.status in OPEN else case.customer.owner
            yield Expiring(document, "expiry_date", kind.name, day, case.customer, owner, case_url(case))


def _passports(today: date) -> Iterator[Expiring]:
    customers = Customer.objects.filter(
        _untold("passport_expiry_date"), active=True, passport_expiry_date__range=(today, today + PASSPORT)
    ).select_related("party", "organization", "owner__organization")
    for customer in customers.order_by("passport_expiry_date", "pk").iterator(500):
        day = customer.passport_expiry_date
        if day is not None:
            url = customer_url(customer)
            yield Expiring(customer, "passport_expiry_date", _("Passport"), day, customer, customer.owner, url)


def _untold(name: str) -> Q:
    """Of whose date nobody was told ahead."""
    return Q(**{f"told_{name}": None}) | ~Q(**{f"told_{name}": F(name)})


def _first_to_tell(record: Model, name: str) -> bool:
    """Keeps the date of which is told now; whether nobody was quicker."""
    rows = type(record)._default_manager.filter(_untold(name), pk=record.pk)
    return bool(rows.update(**{f"told_{name}": getattr(record, name)}))


def _grouped(items: Iterable[Expiring], key: Callable[[Expiring], Any]) -> Iterator[tuple[Any, list[Expiring]]]:
    groups: dict[Any, list[Expiring]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    yield from groups.items()


def _lines(items: list[Expiring]) -> dict[str, Any]:
    rows = sorted(items, key=lambda one: one.expiry_date)
    return {"rows": rows[:SHOWN], "count": len(rows), "more": max(len(rows) - SHOWN, 0)}
