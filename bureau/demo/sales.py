"""18 months of quotes and invoices: what was offered and billed, paid or not; the newest of it in every state."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from bureau.core.models import User
from bureau.demo.clock import HISTORY, SEED, Event, office_hours
from bureau.demo.customers import OWN, Book, came
from bureau.demo.deals import HIRE, Course, Plan, hire_events
from bureau.demo.people import VAT
from bureau.sales.reminders import remind_customers
from bureau.sales.services.content import LineInput

OLDER = 22
RECENT = timedelta(days=70)
EXEMPT = "XMPT"

# What Northwind Builders does for companies: (description, unit, price, least, most)
WORK = [
    [("Curtain wall element, installed", "m2", "148.00", 12, 60), ("Site supervision", "h", "78.00", 8, 30)],
    [("Scaffold, assembled and hired for a month", "m2", "9.40", 80, 400)],
    [("Shop drawings", "h", "72.00", 6, 40), ("Survey and set-out", "day", "640.00", 1, 3)],
    [("Drywall partition, both sides boarded", "m2", "54.50", 30, 180), ("Site supervision", "h", "78.00", 4, 16)],
    [("Crane with operator", "day", "980.00", 1, 6), ("Transport there and back", "pcs", "260.00", 1, 1)],
    [("Concrete repair", "m2", "86.00", 10, 70), ("Material, by list", "pcs", "312.40", 1, 1)],
]
FEE = LineInput("Fee of the authority, passed on", Decimal(1), Decimal("124.00"), "", tax_code=EXEMPT)
METHODS = ["bank_transfer", "credit_card", "bank_transfer", "cash", "bank_transfer", "paypal", "crypto", "other"]

ISSUED = ("create", "issue")
PAID = (*ISSUED, "pay")
IN_PARTS = (*ISSUED, "part", "rest")
OFFERED = ("quote", "send")
ORDERED = (*OFFERED, "accept", "convert", "issue", "pay")

# Days ago, which company, what happened. Invoices are due after 14 days.
STATES = [
    (1, 3, ("create",)), (2, 8, ("create",)), (4, 12, ("create",)),
    (2, 0, ISSUED), (5, 4, ISSUED), (8, 10, ISSUED), (11, 14, ISSUED),
    (10, 6, (*ISSUED, "part")), (13, 1, (*ISSUED, "part")),
    (19, 5, ISSUED), (34, 2, ISSUED), (59, 9, ISSUED), (114, 11, ISSUED), (46, 13, (*ISSUED, "part")),
    (40, 7, (*ISSUED, "cancel")), (85, 10, (*PAID, "refund")), (62, 12, (*PAID, "cancel", "refund_all")),
]  # fmt: skip
OFFERS = [
    (470, 1, ORDERED), (390, 0, ORDERED), (330, 4, ORDERED), (250, 3, ORDERED), (170, 5, ORDERED), (95, 6, ORDERED),
    (420, 2, (*OFFERED, "decline")), (290, 3, (*OFFERED, "decline")), (140, 7, (*OFFERED, "decline")),
    (60, 9, (*OFFERED, "decline")), (360, 5, OFFERED), (200, 8, OFFERED), (48, 2, OFFERED),
    (75, 0, (*OFFERED, "decline", "revise", "send", "accept", "convert", "issue")),
    (16, 13, (*OFFERED, "accept")), (12, 6, (*OFFERED, "accept")),
    (27, 4, OFFERED), (18, 11, OFFERED), (9, 10, OFFERED), (6, 1, OFFERED), (3, 14, OFFERED),
    (5, 12, ("quote",)), (2, 7, ("quote",)), (1, 0, ("quote",)),
]  # fmt: skip
# Who had a case that was completed some hundred days after they came
CASES = [0, 2, 3, 5, 8, 11, 14]
NEWER_CASES = [(29, 3, ISSUED), (27, 2, PAID), (31, 15, PAID), (28, 6, ISSUED)]
DAYS = {
    "pay": (5, 13), "part": (3, 6), "rest": (10, 24), "cancel": (2, 6), "refund": (3, 9), "refund_all": (1, 3),
    "send": (0, 1), "accept": (3, 9), "decline": (4, 12), "convert": (0, 2), "revise": (1, 2),
}  # fmt: skip
"""From the step before, at least and at most; the others follow within the hour."""
LATE = 25  # days, of those who pay late
REMINDED_DAYS = 110  # until now: for so long customers have been reminded


def sales_events(people: dict[str, User], book: Book, *, now: datetime) -> Iterator[Event]:
    chance = random.Random(SEED + 5)
    plans = [*_older(chance, now), *_states(chance, now), *_offers(chance, now), *_cases(now), *_own(chance, now)]
    for number, plan in enumerate(plans):
        course = Course(replace(plan, method=METHODS[number % len(METHODS)], number=number), people, book)
        yield from [Event(at, getattr(course, step)) for step, at in _times(plan, chance, now=now)]
    for hire in HIRE:
        yield from hire_events(hire, people, book, now=now)
    for days in range(REMINDED_DAYS):
        yield Event(now - timedelta(days=days, minutes=1), lambda at: remind_customers(now=at))


def _times(plan: Plan, chance: random.Random, *, now: datetime) -> Iterator[tuple[str, datetime]]:
    """When each step is taken; those after `now` have not happened yet."""
    at = plan.at
    for step in plan.steps:
        if step != plan.steps[0]:
            soon = at + timedelta(minutes=chance.randint(10, 55))
            low, high = DAYS.get(step, (0, 0))
            days = chance.randint(low, high) + (LATE if step == "pay" and plan.late else 0)
            at = max(soon, office_hours(at + timedelta(days=days), chance)) if high else soon
        if at >= now:
            return
        yield step, at


def _older(chance: random.Random, now: datetime) -> Iterator[Plan]:
    """All were paid, some late, some in two parts."""
    for index in range(OLDER):
        age = RECENT + (HISTORY - RECENT - timedelta(days=40)) * (OLDER - index) / OLDER
        place = _company(index, age)
        steps = IN_PARTS if index % 5 == 3 else PAID
        lines = _lines(index, chance)
        if index % 4 == 1:
            lines = [replace(lines[0], discount_percent=Decimal(10)), *lines[1:]]
        if index % 6 == 2:
            lines.append(FEE)
        yield Plan(office_hours(now - age, chance), -1 - place, steps, tuple(lines), late=index % 7 == 5)


def _company(index: int, age: timedelta) -> int:
    """One that was a customer then."""
    days = HISTORY.days - age.days
    return index % max(min(days // 32, 15), 1)


def _lines(index: int, chance: random.Random) -> list[LineInput]:
    return [
        LineInput(text, Decimal(chance.randint(least, most)), Decimal(price), unit, tax_code=VAT)
        for text, unit, price, least, most in WORK[index % len(WORK)]
    ]


def _states(chance: random.Random, now: datetime) -> Iterator[Plan]:
    for index, (days, place, steps) in enumerate(STATES):
        at = office_hours(now - timedelta(days=days), chance)
        yield Plan(at, -1 - place, steps, tuple(_lines(index + 2, chance)))


def _offers(chance: random.Random, now: datetime) -> Iterator[Plan]:
    for index, (days, place, steps) in enumerate(OFFERS):
        at = office_hours(now - timedelta(days=days), chance)
        yield Plan(at, -1 - place, steps, tuple(_lines(index + 1, chance)))


def _cases(now: datetime) -> Iterator[Plan]:
    """What was done for people, with the fee that was paid for them."""
    for place in CASES:
        yield Plan(came(place, now) + timedelta(days=110), place, PAID, (FEE,), of_case=True, late=place == 8)
    for place, days, steps in NEWER_CASES:
        yield Plan(now - timedelta(days=days), place, steps, (FEE,), of_case=True)


def _own(chance: random.Random, now: datetime) -> Iterator[Plan]:
    for index, username in enumerate(OWN):
        for place, (days, steps) in enumerate(
            [(300, PAID), (180, PAID), (100, IN_PARTS), (64, ISSUED), (9, ISSUED), (1, ("create",)), (5, OFFERED)]
        ):
            line = LineInput("Advice", Decimal(chance.randint(2, 12)), Decimal(95), "h")
            at = office_hours(now - timedelta(days=days + 3 * index), chance)
            yield Plan(at, place % 4, steps, (line,), username=username)
