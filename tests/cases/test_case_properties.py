"""Whatever people do with a case, in whatever order: its status, due dates and readiness are what a plain reading of
the rules says, and what is refused changes nothing."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bureau.cases.models import Case, CaseDocument, CaseStep
from bureau.cases.selectors import cases as selectors
from bureau.cases.services import cases, documents
from bureau.cases.services.products import DocumentInput, TaskInput
from bureau.core.models import ClosingDay
from bureau.kit.errors import DomainError
from tests.factories.accounts import make_organization, make_user
from tests.factories.cases import pdf_upload
from tests.factories.parties import make_customer
from tests.factories.products import make_document_type, make_product

pytestmark = pytest.mark.django_db
BEGIN = date(2028, 2, 1)  # a Tuesday; the year has a leap day
CLOSED = [BEGIN + timedelta(days=n) for n in (3, 13, 14, 28, 29, 45)]
ENDED = ("completed",)
DAY = timedelta(days=1)


def works(day: date) -> bool:
    return day.weekday() < 5 and day not in CLOSED


def count_on(day: date, days: int, business: bool) -> date:
    """`days` after `day`, one by one; with none of them, the first day that counts."""
    while days or (business and not works(day)):
        day += DAY
        if not business or works(day):
            days = max(days - 1, 0)
    return day


def counted(start: date, end: date, business: bool) -> int:
    count = 0
    while start < end:
        count += 1 if not business or works(start) else 0
        start += DAY
    return count


def months_on(day: date, months: int) -> date:
    year, month = day.year, day.month + months
    while month > 12:
        year, month = year + 1, month - 12
    while True:
        try:
            return date(year, month, day.day)
        except ValueError:
            day -= DAY


@dataclass
class Paper:
    required: bool
    months: int
    asks_number: bool
    asks_expiry: bool
    there: bool = False
    number: str = ""
    expiry: date | None = None
    checked: bool = False

    def complete(self) -> bool:
        return self.there and bool(self.number or not self.asks_number) and bool(self.expiry or not self.asks_expiry)

    def state(self, needed: date, today: date) -> str:
        if not self.complete():
            return "missing"
        if self.expiry and self.expiry < today:
            return "expired"
        if self.expiry and self.expiry < months_on(needed, self.months):
            return "expiring"
        return "checked" if self.checked else "uploaded"


@dataclass
class Walk:
    """A step that was reached."""

    days: int
    business: bool
    start: date
    status: str = "pending"
    pauses: list[list[date | None]] = field(default_factory=list)

    def due(self) -> date:
        day = count_on(self.start, self.days, self.business)
        for begin, end in self.pauses:
            if end is not None:
                stood = counted(begin, end, self.business)
                day = count_on(day, stood, self.business) if stood else day
        return day


@dataclass
class Reference:
    """A case on paper: what is known of it, and nothing that follows."""

    doc_date: date
    tasks: list[tuple[int, bool]]
    papers: list[Paper]
    walks: list[Walk] = field(default_factory=list)
    forced: bool = False
    ended_on: date | None = None

    def status(self) -> str:
        last = self.walks[-1].status
        if self.forced or (last == "completed" and len(self.walks) == len(self.tasks)):
            return "completed"
        if last == "rejected":
            return "rejected"
        touched = any(walk.status != "pending" for walk in self.walks)
        return "processing" if touched or all(p.complete() for p in self.papers if p.required) else "pending"

    def due(self) -> date:
        day = self.doc_date
        for days, business in self.tasks:
            day = count_on(day, days, business)
        pauses = [
            (begin, place, end, walk) for place, walk in enumerate(self.walks) for begin, end in walk.pauses if end
        ]
        for begin, _place, end, walk in sorted(pauses, key=lambda pause: pause[:2]):
            stood = counted(begin, end, walk.business)
            day = count_on(day, stood, walk.business) if stood else day
        return day

    def ready(self, today: date) -> date | None:
        if self.status() in ("completed", "rejected"):
            return None
        walk = self.walks[-1]
        day = walk.due()
        if walk.pauses and walk.pauses[-1][1] is None:
            stood = counted(walk.pauses[-1][0], today, walk.business)
            day = count_on(day, stood, walk.business) if stood else day
        if day < today:
            day = count_on(today, 0, walk.business)
        for days, business in self.tasks[len(self.walks) :]:
            day = count_on(day, days, business)
        return day

    def held_up(self, today: date) -> list[int]:
        """The required papers that do not let a step be completed."""
        return [
            n
            for n, p in enumerate(self.papers)
            if p.required and p.state(self.due(), today) not in ("uploaded", "checked")
        ]


actions = st.one_of(
    st.tuples(
        st.just("upload"), st.integers(0, 3), st.sampled_from(["", "A1"]), st.sampled_from([None, -20, 20, 100, 900])
    ),
    st.tuples(st.just("fill"), st.just(900)),
    st.tuples(st.just("check"), st.integers(0, 3), st.booleans()),
    st.tuples(st.just("remove"), st.integers(0, 3)),
    st.tuples(st.just("advance")),
    st.tuples(st.just("advance")),
    st.tuples(st.just("set"), st.sampled_from(["pending", "processing", "waiting", "completed", "rejected"])),
    st.tuples(st.just("set"), st.sampled_from(["waiting", "processing"])),
    st.tuples(st.just("reopen")),
    st.tuples(st.just("close")),
    st.tuples(st.just("move"), st.integers(-5, 15)),
    st.tuples(st.just("later"), st.integers(1, 9)),
    st.tuples(st.just("later"), st.integers(1, 9)),
)
tasks = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=4)
papers = st.lists(
    st.builds(Paper, st.booleans(), st.sampled_from([0, 1, 6]), st.booleans(), st.booleans()), min_size=1, max_size=4
)


class Office:
    """Does with a real case what the reference does on paper."""

    def __init__(self, kinds: list[Paper], steps: list[tuple[int, bool]]) -> None:
        organization = make_organization()
        ClosingDay.objects.bulk_create(ClosingDay(organization=organization, date=day) for day in CLOSED)
        self.person = make_user(organization, role="staff")
        kinds.sort(key=lambda kind: not kind.required)
        product = make_product(
            organization,
            task_inputs=[
                TaskInput(f"Task {n}", days, business_days=business) for n, (days, business) in enumerate(steps)
            ],
            document_inputs=[
                DocumentInput(
                    make_document_type(
                        organization,
                        has_number=kind.asks_number,
                        has_expiry_date=kind.asks_expiry,
                        min_validity_months=kind.months,
                    ).pk,
                    kind.required,
                )
                for kind in kinds
            ],
        )
        self.today = BEGIN
        customer = make_customer(organization, owner=self.person)
        self.case = cases.create_case(
            actor=self.person, customer=customer, product=product, doc_date=BEGIN, now=self.now
        )
        self.papers = list(CaseDocument.objects.filter(case=self.case).order_by("position"))
        self.reference = Reference(BEGIN, steps, kinds, [Walk(*steps[0], BEGIN)])

    @property
    def now(self) -> datetime:
        return datetime(self.today.year, self.today.month, self.today.day, 12, tzinfo=UTC)

    @property
    def open(self) -> bool:
        return self.reference.status() not in ENDED

    def upload(self, place, number, days):
        paper, kept = self.papers[place % len(self.papers)], self.reference.papers[place % len(self.papers)]
        expiry = None if days is None else self.today + timedelta(days=days)
        changes = {"number": number, "expiry_date": expiry}
        self.tried(
            self.open,
            lambda: documents.update_document(
                actor=self.person, document=paper, changes=changes, upload=pdf_upload(), now=self.now
            ),
        )
        if self.open:
            kept.there, kept.number, kept.expiry, kept.checked = True, number, expiry, False

    def fill(self, days):
        for place in range(len(self.papers)):
            self.upload(place, "A1", days)

    def check(self, place, checked):
        paper, kept = self.papers[place % len(self.papers)], self.reference.papers[place % len(self.papers)]
        may = self.open and (kept.complete() or not checked)
        self.tried(may, lambda: documents.set_checked(actor=self.person, document=paper, checked=checked, now=self.now))
        if may:
            kept.checked = checked

    def remove(self, place):
        """Of the required ones, whose line stays."""
        paper, kept = self.papers[place % len(self.papers)], self.reference.papers[place % len(self.papers)]
        if not kept.required:
            return
        self.tried(self.open, lambda: documents.remove_document(actor=self.person, document=paper, now=self.now))
        if self.open:
            kept.there, kept.number, kept.expiry, kept.checked = False, "", None, False

    def advance(self):
        walk = self.reference.walks[-1]
        may = self.open and walk.status != "rejected" and not self.reference.held_up(self.today)
        self.tried(may, lambda: cases.advance_workflow(actor=self.person, case=self.case, now=self.now))
        if may:
            self.goes_on("completed")

    def set(self, status):
        walk, step = self.reference.walks[-1], CaseStep.objects.filter(case=self.case).last()
        same = walk.status == status
        may = same or (
            self.open
            and (walk.status != "rejected" or status in ("pending", "processing"))
            and (status != "completed" or not self.reference.held_up(self.today))
        )
        self.tried(
            may,
            lambda: cases.set_step_status(actor=self.person, case=self.case, step=step, status=status, now=self.now),
        )
        if may and not same:
            self.goes_on(status)

    def goes_on(self, status):
        reference, walk = self.reference, self.reference.walks[-1]
        if walk.status == "waiting":
            walk.pauses[-1][1] = self.today
        if status == "waiting":
            walk.pauses.append([self.today, None])
        walk.status = status
        if status == "completed" and len(reference.walks) < len(reference.tasks):
            reference.walks.append(Walk(*reference.tasks[len(reference.walks)], self.today))
        elif status == "completed":
            reference.ended_on = self.today

    def reopen(self):
        reference, walk = self.reference, self.reference.walks[-1]
        may = not self.open
        self.tried(may, lambda: cases.reopen_case(actor=self.person, case=self.case, now=self.now))
        if may:
            if walk.status != "waiting":
                walk.pauses.append([reference.ended_on, self.today])
            if walk.status == "completed":
                walk.status = "processing"
            reference.forced, reference.ended_on = False, None

    def close(self):
        may = self.open
        self.tried(may, lambda: cases.force_close_case(actor=self.person, case=self.case, reason="Left.", now=self.now))
        if may:
            self.reference.forced, self.reference.ended_on = True, self.today

    def move(self, days):
        day = BEGIN + timedelta(days=days)
        may = self.open or day == self.reference.doc_date
        self.tried(
            may, lambda: cases.update_case(actor=self.person, case=self.case, changes={"doc_date": day}, now=self.now)
        )
        if may:
            self.reference.doc_date = day
            if len(self.reference.walks) == 1:
                self.reference.walks[0].start = day

    def later(self, days):
        self.today += timedelta(days=days)

    def tried(self, allowed, act):
        before = self.told()
        try:
            with transaction.atomic():
                act()
        except DomainError:
            assert not allowed, "refused what the rules allow"
            assert self.told() == before, "a refusal changed something"
        else:
            assert allowed, "allowed what the rules refuse"

    def told(self):
        case = Case.objects.values().get(pk=self.case.pk)
        rows = CaseDocument.objects.filter(case=self.case).order_by("pk").values()
        steps = CaseStep.objects.filter(case=self.case).order_by("pk").values()
        return case, list(rows), list(steps)

    def compare(self):
        reference, case = self.reference, selectors.visible_case(self.person, self.case.pk)
        assert (case.status, case.due_date) == (reference.status(), reference.due())
        walks = [(walk.status, walk.start, walk.due()) for walk in reference.walks]
        assert [(step.status, step.start_date, step.due_date) for step in case.steps.all()] == walks
        assert case.step_number == (0 if case.status == "completed" else len(reference.walks))
        states = selectors.document_states(case, today=self.today)
        assert [states[paper.pk] for paper in self.papers] == [
            paper.state(reference.due(), self.today) for paper in reference.papers
        ]
        ready = selectors.readiness(case, today=self.today)
        assert ready.date == reference.ready(self.today)
        if ready.date:
            needed = max(reference.due(), ready.date)
            short = [
                p for p in reference.papers if p.required and p.state(needed, self.today) not in ("uploaded", "checked")
            ]
            assert len(ready.missing) == len(short)
            assert len(ready.blocked_by) == len(short) + (reference.walks[-1].status == "waiting")
        late = self.open and reference.walks[-1].status in ("pending", "processing")
        late = late and min(reference.walks[-1].due(), reference.due()) < self.today
        assert selectors.is_overdue(case, self.today) == late
        assert Case.objects.filter(selectors.overdue(self.today)).exists() == late


def play(kinds: list[Paper], steps: list[tuple[int, bool]], moves: list[tuple]) -> None:
    with transaction.atomic():
        office = Office(kinds, steps)
        office.compare()
        for name, *details in moves:
            getattr(office, name)(*details)
            office.compare()
        transaction.set_rollback(True)


QUIET = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
}


@given(kinds=papers, steps=tasks, moves=st.lists(actions, min_size=5, max_size=25))
@settings(max_examples=25, **QUIET)
def test_case_is_always_what_its_parts_say(db, kinds, steps, moves):
    play(kinds, steps, moves)


@pytest.mark.soak
@given(kinds=papers, steps=tasks, moves=st.lists(actions, min_size=5, max_size=40))
@settings(max_examples=500, **QUIET)
def test_500_cases_are_what_their_parts_say(db, kinds, steps, moves):
    play(kinds, steps, moves)
