"""18 months of cases: what was done for the customers, the newest of it in every state."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from django.utils import timezone

from bureau.cases.models import Case, CaseDocument, Product
from bureau.cases.services import cases
from bureau.cases.services.documents import receive_upload, set_checked, update_document
from bureau.cases.services.links import create_link
from bureau.core.files import Upload
from bureau.core.models import User
from bureau.demo.clock import SEED, Event, office_hours
from bureau.demo.customers import (
    OWN,
    Book,
    came,
    holds_long,
    keeper,
    passport_ends,
    passport_number,
)
from bureau.demo.paper import offer, passport_scan, portrait
from bureau.demo.products import COMPANY, DIRECTOR, DRIVING, LICENCE, PASSPORT, PERMIT, PHOTO, TRANSLATION, VISA
from bureau.demo.products import OWN as ADVICE

DONE_PERSONS, DONE_COMPANIES = 24, 6
"""So many customers had a case soon after they came, and it is completed."""

READY = ("open", "upload", "upload_rest", "check")
REJECTED = (*READY, "advance", "reject", "note")
STARTED = (*READY, "advance", "begin")
FURTHER = (*READY, "advance", "advance", "begin")
NEARLY = (*READY, "advance", "advance", "advance")
LATE = (*READY, "advance", "note")
WAITS = (*READY, "advance", "wait")
PENDING = ("open", "upload")
CHECKING = ("open", "upload", "upload_rest")
BY_LINK = ("open", "by_link")
GIVEN_UP = ("open", "upload", "close")

# The newer cases: which person (or -1 - the place of a company), what, how many days ago, what happened to it
NEWER = [
    (2, PERMIT, 240, GIVEN_UP), (9, VISA, 198, GIVEN_UP), (3, VISA, 310, REJECTED), (12, PERMIT, 260, REJECTED),
    (20, VISA, 150, REJECTED), (30, PERMIT, 62, REJECTED), (1, VISA, 170, ("done", "reopen")),
    (14, DRIVING, 160, ("done", "reopen")), (0, VISA, 36, ("done",)), (27, VISA, 31, ("done",)),
    (29, DRIVING, 48, ("done",)),
    (36, VISA, 14, STARTED), (37, PERMIT, 19, STARTED), (39, VISA, 15, STARTED), (41, PERMIT, 17, STARTED),
    (-9, COMPANY, 16, STARTED), (-10, COMPANY, 13, STARTED), (5, VISA, 12, STARTED), (7, DRIVING, 22, STARTED),
    (8, VISA, 21, FURTHER), (11, PERMIT, 44, FURTHER), (-7, COMPANY, 33, FURTHER), (-8, COMPANY, 52, NEARLY),
    (10, VISA, 3, READY), (16, PERMIT, 5, READY), (19, VISA, 4, READY), (-11, COMPANY, 6, READY),
    (34, VISA, 33, WAITS), (38, PERMIT, 41, WAITS), (-12, COMPANY, 38, WAITS), (21, VISA, 27, WAITS),
    (35, VISA, 40, LATE), (42, PERMIT, 47, LATE), (-13, COMPANY, 41, LATE), (24, VISA, 29, LATE),
    (4, VISA, 3, CHECKING), (6, VISA, 2, CHECKING), (33, PERMIT, 4, PENDING), (32, VISA, 8, PENDING),
    (26, PERMIT, 6, PENDING), (-14, COMPANY, 5, PENDING), (25, VISA, 3, BY_LINK), (15, DRIVING, 4, BY_LINK),
    (31, TRANSLATION, 20, ("open", "begin")), (28, TRANSLATION, 8, ("open", "begin")),
    (17, VISA, 2, ("open",)), (18, PERMIT, 1, ("open",)), (-15, COMPANY, 2, ("open",)),
]  # fmt: skip
GAPS = {
    "upload": (1, 3), "upload_rest": (0, 3), "check": (0, 1), "reject": (5, 12), "note": (1, 2), "wait": (1, 2),
    "begin": (1, 2), "by_link": (1, 1), "close": (9, 20),
}  # fmt: skip
"""Days from what was before, at least and at most."""
TIMES = {VISA: (2, 11, 6), PERMIT: (4, 18, 28, 4), COMPANY: (5, 12, 19, 12), DRIVING: (5, 27), ADVICE: (3, 11)}
"""About how many days each step takes."""
NOTES = [
    "Called the authority: they wait for the original.",
    "Appointment moved by a week, the customer knows.",
    "Asked for the documents again, by telephone.",
    "The translator needs until Friday.",
]


@dataclass(frozen=True, slots=True)
class Plan:
    """A case to come. `steps` are methods of Course. `place`: of the person, or -1 - that of the company."""

    at: datetime
    place: int
    code: str
    steps: tuple[str, ...]
    number: int
    username: str = ""
    """Of the sole trader whose customer it is."""


def case_events(people: dict[str, User], book: Book, products: dict[str, Product], *, now: datetime) -> Iterator[Event]:
    chance = random.Random(SEED + 3)
    for plan in [*_older(now), *_newer(now), *_own(now)]:
        course = Course(plan, people, book, products, now)
        yield from [Event(at, getattr(course, step)) for step, at in _times(plan, chance, now=now)]


def _older(now: datetime) -> Iterator[Plan]:
    """The first case of most customers."""
    usual = (VISA, VISA, PERMIT, DRIVING)
    for number in range(DONE_PERSONS):
        code = usual[number % 4] if holds_long(number) else DRIVING
        yield Plan(came(number, now) + timedelta(days=1), number, code, ("done",), number)
    for number in range(DONE_COMPANIES):
        yield Plan(came(number * 3, now) + timedelta(days=2), -1 - number, COMPANY, ("done",), number)


def _newer(now: datetime) -> Iterator[Plan]:
    for number, (place, code, age, steps) in enumerate(NEWER, DONE_PERSONS + DONE_COMPANIES):
        yield Plan(now - timedelta(days=age), place, code, steps, number)


def _own(now: datetime) -> Iterator[Plan]:
    for username in OWN:
        for place, (age, steps) in enumerate([(120, ("done",)), (14, STARTED), (4, ("open",))]):
            yield Plan(now - timedelta(days=age), place, ADVICE, steps, place, username)


def _times(plan: Plan, chance: random.Random, *, now: datetime) -> Iterator[tuple[str, datetime]]:
    """When each step is taken; those after `now` have not happened yet."""
    steps, at, taken = list(plan.steps), plan.at, 0
    if steps[0] == "done":
        steps[:1] = [*READY, *["advance"] * len(TIMES[plan.code])]
    for step in steps:
        if step == "advance":
            days = round(TIMES[plan.code][taken] * chance.uniform(0.6, 1.1))
            taken += 1
        elif step == "reopen":
            days = max((now - at).days - chance.randint(3, 9), 1)
        else:
            days = chance.randint(*GAPS.get(step, (0, 0)))
        then = office_hours(at + timedelta(days=days), chance)
        at = then if then > at else at + timedelta(minutes=20)
        if at >= now:
            return
        yield step, at


class Course:
    """What happens to one case, step by step, through the services."""

    def __init__(
        self, plan: Plan, people: dict[str, User], book: Book, products: dict[str, Product], now: datetime
    ) -> None:
        self.plan = plan
        self.book = book
        self.now = now
        self.staff = people[plan.username or "staff"]
        self.actor = people[plan.username or keeper(plan.place if plan.place >= 0 else -1 - plan.place)]
        self.product = products[f"{plan.username} {plan.code}".strip()]
        self.case: Case

    def open(self, at: datetime) -> None:
        plan, book = self.plan, self.book
        places = book.own[plan.username] if plan.username else book.persons if plan.place >= 0 else book.companies
        customer = places[plan.place if plan.place >= 0 else -1 - plan.place]
        notes = "In a hurry: starts on site soon." if plan.number % 7 == 3 else ""
        self.case = cases.create_case(actor=self.actor, customer=customer, product=self.product, notes=notes, now=at)

    def upload(self, at: datetime) -> None:
        self._upload(self._documents()[0], at)

    def upload_rest(self, at: datetime) -> None:
        """The other required ones; of some the optional ones too."""
        for document in self._documents()[1:]:
            if document.required or self.plan.number % 5 == 0:
                self._upload(document, at)

    def check(self, at: datetime) -> None:
        """Of some, as people do."""
        if self.plan.number < DONE_PERSONS and self.plan.number % 3:
            return
        document = self._documents()[0]
        set_checked(actor=self.actor, document=document, checked=True, now=at)

    def by_link(self, at: datetime) -> None:
        """The customer sends the first document themselves."""
        link, _token = create_link(actor=self.actor, case=self.case, days=90, now=at - timedelta(hours=5))
        document = self._documents()[0]
        content, filename, told = self._paper(document)
        receive_upload(link=link, document=document, upload=Upload(content, filename), now=at, **told)

    def begin(self, at: datetime) -> None:
        self._set("processing", at)

    def wait(self, at: datetime) -> None:
        self._set("waiting", at)

    def reject(self, at: datetime) -> None:
        self._set("rejected", at)

    def advance(self, at: datetime) -> None:
        self.case = cases.advance_workflow(actor=self.actor, case=self.case, now=at)

    def note(self, at: datetime) -> None:
        cases.add_note(actor=self.actor, case=self.case, text=NOTES[self.plan.number % len(NOTES)], now=at)

    def close(self, at: datetime) -> None:
        self.case = cases.force_close_case(
            actor=self.staff, case=self.case, reason="The customer went home and needs it no more.", now=at
        )

    def reopen(self, at: datetime) -> None:
        self.case = cases.reopen_case(actor=self.actor, case=self.case, now=at)

    def _documents(self) -> list[CaseDocument]:
        documents = list(self.case.documents.select_related("document_type", "file"))
        for document in documents:
            document.case, document.organization = self.case, self.case.organization
        return documents

    def _set(self, status: str, at: datetime) -> None:
        step = self.case.steps.get(number=self.case.step_number)
        self.case = cases.set_step_status(actor=self.actor, case=self.case, step=step, status=status, now=at)

    def _upload(self, document: CaseDocument, at: datetime) -> None:
        content, filename, told = self._paper(document)
        update_document(actor=self.actor, document=document, changes=told, upload=Upload(content, filename), now=at)

    def _paper(self, document: CaseDocument) -> tuple[BytesIO, str, dict[str, Any]]:
        """A file as the customer would send it, its name, and what stands in it."""
        kind, place, customer = document.document_type.name, self.plan.place, self.case.customer
        name = customer.party.name
        if kind == PASSPORT:
            number, ends = passport_number(place), passport_ends(place, timezone.localdate(self.now))
            line = f"P<{customer.nationality}{customer.last_name.upper()}<<{customer.first_name.upper()}<".replace(
                " ", "<"
            )
            shown = [
                "PASSPORT",
                name,
                customer.nationality,
                number,
                f"{ends:%d %b %Y}",
                line,
                f"{number}<8{ends:%y%m%d}",
            ]
            return passport_scan(shown), "passport.png", {"number": number, "expiry_date": ends}
        if kind == PHOTO:
            return portrait(place * 13), "photo.png", {}
        told: dict[str, Any] = {}
        if kind in (LICENCE, DIRECTOR):
            told = {
                "number": f"L{440_127 + 31 * self.plan.number}",
                "expiry_date": self.now.date() + timedelta(days=1500),
            }
        lines = [kind, name, self.case.number, *(f"{value}" for value in told.values())]
        return offer(lines), f"{kind.lower().replace(' ', '-')}.pdf", told
