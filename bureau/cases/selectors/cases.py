"""Reads of cases."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Prefetch, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from bureau.cases.models import Case, CaseDocument, CaseStep, Product, ProductTask
from bureau.cases.models.documents import TAKEN_AWAY
from bureau.cases.permissions import cases as permissions
from bureau.cases.planning import earliest_finish
from bureau.cases.selectors.facts import Facts, facts_of, piece_of
from bureau.cases.states import (
    HELD,
    CaseStatus,
    DocumentState,
    Piece,
    StepStatus,
    document_state,
    is_complete,
    is_late,
)
from bureau.core.audit import entity_type
from bureau.core.models import AuditEntry, User
from bureau.kit.errors import NotFound
from bureau.kit.permissions import Decision
from bureau.kit.workdays import add_months
from bureau.parties.models import Customer

OPEN = (CaseStatus.PENDING, CaseStatus.PROCESSING)
MAX_WORDS = 10  # of a search


def visible_cases(user: User) -> QuerySet[Case]:
    """Newest first, with customer, product and owner."""
    cases = Case.objects.visible_to(user).select_related("customer__party", "product", "owner")
    return cases.order_by("-created_at", "-pk")


def visible_case(user: User, pk: int) -> Case:
    """With its documents and steps. Raises NotFound."""
    documents = CaseDocument.objects.select_related("document_type", "file", "checked_by")
    steps = CaseStep.objects.select_related("completed_by").prefetch_related("pauses")
    cases = Case.objects.visible_to(user).select_related(
        "customer__party", "customer__owner", "product", "owner", "organization", "closed_by"
    )
    found = cases.prefetch_related(Prefetch("documents", documents), Prefetch("steps", steps)).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("Not found."))
    return found


def cases_found(cases: QuerySet[Case], words: str) -> QuerySet[Case]:
    """Those in which every word (of the first MAX_WORDS) stands in the number, the customer's name, or the product."""
    for word in words.upper().split()[:MAX_WORDS]:
        cases = cases.filter(containing(word))
    return cases


def containing(word: Any) -> Q:
    """`word` in upper case; a parameter in a prepared list. Of customers only the name counts: who sees a case need not
    see the passport number and the rest by which they are found. Customers and products are searched by themselves: in
    a join each would be looked up case by case."""
    customers = Customer.objects.filter(sort_name__contains=word).values("pk")
    products = Product.objects.filter(Q(code__icontains=word) | Q(name__icontains=word)).values("pk")
    return Q(number__contains=word) | Q(customer__in=customers) | Q(product__in=products)


def overdue(today: Any) -> Q:
    """Open cases whose current step, or which themselves, should have been done before today. While a step waits for
    the customer the clock stands: nothing is overdue then."""
    late = Q(step_due_date__lt=today) | Q(due_date__lt=today)
    return late & Q(status__in=OPEN, step_due_date__isnull=False)


def is_overdue(case: Case, today: date) -> bool:
    """As `overdue`."""
    return is_late(case.status, case.due_date, case.step_due_date, today=today)


def most_urgent(cases: QuerySet[Case]) -> QuerySet[Case]:
    """What is due first, first; at the end those whose clock stands and those that are done, newest first."""
    return cases.order_by(F("step_due_date").asc(nulls_last=True), "-created_at", "-pk")


def document_states(case: Case, *, today: date) -> dict[int, DocumentState]:
    """The state of each document of a case that `visible_case` gave, by id."""
    return {
        document.pk: document_state(piece_of(document), due_date=case.due_date, today=today)
        for document in case.documents.all()
    }


@dataclass(frozen=True, slots=True)
class Readiness:
    """`date`: the earliest day on which the case can be finished if all that is missing comes today; None when it is
    completed or rejected. `missing`: required documents that are not there or not valid for long enough;
    `blocked_by`: everything that stands in the way, in words."""

    date: date | None
    missing: tuple[str, ...]
    blocked_by: tuple[str, ...]
    text: str


def readiness(case: Case, *, today: date, facts: Facts | None = None) -> Readiness:
    """When a case can be finished, and what it waits for; `facts` where they are at hand."""
    if case.status == CaseStatus.COMPLETED:
        return Readiness(None, (), (), _("Completed."))
    facts = facts or facts_of(case)
    step = facts.steps[-1]
    if case.status == CaseStatus.REJECTED:
        reason = _("step %(step)s was rejected") % {"step": f"{step.number} {step.name}"}
        return Readiness(None, (), (reason,), _("Rejected at step %(step)s.") % {"step": f"{step.number} {step.name}"})
    pause = facts.open_pause
    finish = earliest_finish(step, pause.from_date if pause else None, facts.to_come, facts.calendars, today=today)
    missing, blocked = [], []
    for document in facts.documents:
        if not document.required:
            continue
        name = document.document_type.name
        state = document_state(piece_of(document), due_date=max(case.due_date, finish), today=today)
        if state not in HELD:
            missing.append(name)
            blocked.append(_gap(document, state, max(case.due_date, finish)))
    if step.status == StepStatus.WAITING:
        blocked.append(_("an answer of the customer"))
    day = date_format(finish, "j M Y")
    text = _("Can be finished on %(day)s.") % {"day": day}
    if blocked:
        text = _("Can be finished on %(day)s; waiting for: %(what)s.") % {"day": day, "what": ", ".join(blocked)}
    return Readiness(finish, tuple(missing), tuple(blocked), text)


def _gap(document: CaseDocument, state: DocumentState, needed: date) -> str:
    """What is wrong with a document that does not let the case be finished."""
    name, kind = document.document_type.name, document.document_type
    if state == DocumentState.EXPIRED:
        return _("a valid %(name)s (this one has expired)") % {"name": name}
    if state == DocumentState.EXPIRING:
        until = add_months(needed, document.min_validity_months)
        return _("a %(name)s valid until %(day)s") % {"name": name, "day": date_format(until, "j M Y")}
    no_number = kind.has_number and not document.number
    no_expiry_date = kind.has_expiry_date and document.expiry_date is None
    if document.file_id and no_number and no_expiry_date:
        return _("%(name)s (its number and expiry date)") % {"name": name}
    if document.file_id and no_number:
        return _("%(name)s (its number)") % {"name": name}
    if document.file_id and no_expiry_date:
        return _("%(name)s (its expiry date)") % {"name": name}
    return name


def available_actions(case: Case, user: User) -> dict[str, Decision]:
    """For each action whether this person can do it now; where not, the reason to show in its place."""
    change = permissions.can_change_case(user, case)
    return {
        "edit": change,
        "note": change,
        "upload": change,
        "link": change,
        "advance": permissions.can_advance(user, case),
        "reopen": permissions.can_reopen(user, case),
        "force_close": permissions.can_force_close(user, case),
        "delete": permissions.can_delete_case(user, case),
        "set_owner": permissions.can_set_owner(user, case),
    }


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """Something that happened to a case: the audit log's `action`, and the values that it wrote. `person` None: the
    customer, or nobody in particular."""

    at: datetime
    action: str
    person: User | None
    old: dict[str, Any]
    new: dict[str, Any]


def case_events(case: Case) -> list[CaseEvent]:
    """Everything that happened to a case, oldest first."""
    entries = AuditEntry.objects.filter(
        organization=case.organization_id, entity_type=entity_type(case), entity_id=str(case.pk)
    )
    return [
        CaseEvent(entry.created_at, entry.action, entry.user, entry.old_values or {}, entry.new_values or {})
        for entry in entries.select_related("user").order_by("created_at", "pk")
    ]


RECENT = timedelta(days=14)
COLUMN_LENGTH = 20


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the board: how many cases it has in all, and the most urgent of them (what is SHOWN). `step` 0: done
    recently."""

    step: int
    name: str
    count: int
    cases: Sequence[Case]


def board(user: User, *, product: Product | None = None, most: int = COLUMN_LENGTH, now: datetime) -> list[Column]:
    """The cases by step: the tasks of a product, else the first, second ... step whatever it is called; then those that
    were completed in the last two weeks. Each has `most` cases at most. The queries do not become more with columns."""
    cases = Case.objects.visible_to(user)
    if product is not None:
        cases = cases.filter(product=product.pk)
    current = cases.filter(step_number__gt=0)
    counts = dict(current.values_list("step_number").annotate(count=Count("pk")).order_by())
    done = cases.filter(completed_at__gte=now - RECENT)
    urgency = [F("step_due_date").asc(nulls_last=True), F("created_at").desc(), F("pk").desc()]
    place = Window(RowNumber(), partition_by="step_number", order_by=urgency)
    keys = [
        *current.order_by().annotate(place=place).filter(place__lte=most).values_list("pk", flat=True),
        *done.order_by("-completed_at", "-pk").values_list("pk", flat=True)[:most],
    ]
    cards: defaultdict[int, list[Case]] = defaultdict(list)
    shown = Case.objects.filter(pk__in=keys).select_related("customer__party", "product", "owner")
    for case in most_urgent(shown.only(*SHOWN)):
        cards[case.step_number].append(case)
    names = _task_names(product)
    columns = [
        Column(
            number, names.get(number) or _("Step %(number)d") % {"number": number}, counts.get(number, 0), cards[number]
        )
        for number in sorted({*names, *counts})
    ]
    newest = sorted(cards[0], key=lambda case: (case.completed_at, case.pk), reverse=True)
    return [*columns, Column(0, _("Completed recently"), done.count(), newest)]


SHOWN = (
    "number", "status", "due_date", "step_number", "step_name", "step_status", "step_due_date", "completed_at",
    "customer__party__name", "product__name", "owner__username", "owner__first_name", "owner__last_name",
)  # fmt: skip
"""Of a case on the board."""


def missing_documents(cases: Iterable[Case], *, today: date) -> Counter[int]:
    """How many required documents are not there or not valid for long enough, by the id of their case."""
    by_id = {case.pk: case for case in cases}
    columns = (
        "case", "file__scan_state", "number", "expiry_date", "document_type__has_number",
        "document_type__has_expiry_date", "min_validity_months",
    )  # fmt: skip
    missing: Counter[int] = Counter()
    required = CaseDocument.objects.filter(case__in=by_id, required=True).order_by()
    for pk, scan_state, number, expiry, has_number, has_expiry, months in required.values_list(*columns):
        complete = is_complete(
            held=scan_state is not None and scan_state not in TAKEN_AWAY,
            number=number,
            expiry_date=expiry,
            has_number=has_number,
            has_expiry_date=has_expiry,
        )
        piece = Piece(required=True, complete=complete, checked=False, expiry_date=expiry, min_validity_months=months)
        missing[pk] += document_state(piece, due_date=by_id[pk].due_date, today=today) not in HELD
    return missing


def _task_names(product: Product | None) -> dict[int, str]:
    if product is None:
        return {}
    return dict(ProductTask.objects.filter(product=product.pk).values_list("step", "name"))
