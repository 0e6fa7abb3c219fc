"""18 months of purchase requests, the newest of them still on their way."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO

from bureau.accounts.models import Team
from bureau.core.models import User
from bureau.demo.clock import HISTORY, SEED, Act, Event, moments, office_hours
from bureau.demo.paper import offer
from bureau.demo.people import OWNERS
from bureau.purchasing.models import PurchaseRequest
from bureau.purchasing.services.approvals import approve_request, complete_request, reject_request
from bureau.purchasing.services.attachments import Upload
from bureau.purchasing.services.content import ItemInput
from bureau.purchasing.services.requests import create_and_submit, create_request, submit_request, update_request
from bureau.purchasing.states import RequestStatus

RECENT = timedelta(days=21)
REQUESTS = 60

MARKETING = [
    ("Camera lenses", "GOODS", "Lumen Optics", "Product shoots", 4200),
    ("Trade fair booth", "SERVICES", "Expo Partners", "Building Fair", 12800),
    ("Brochure print run", "GOODS", "Kessler Print", "Spring brochure", 1860),
    ("Website photography", "SERVICES", "Studio Halden", "Website", 2400),
    ("Drone footage of site PRJ001", "SERVICES", "Skyline Films", "Harbour project", 3150),
    ("Advertising in Baublatt", "SERVICES", "Baublatt Verlag", "Spring brochure", 5400),
    ("Design software licences", "SOFTWARE", "Pixelworks", "", 1188),
    ("Roll-up displays", "GOODS", "Kessler Print", "Building Fair", 690),
    ("Hotel rooms for the fair", "TRAVEL", "Hotel am Messeplatz", "Building Fair", 2310),
    ("Customer survey", "SERVICES", "Marktblick", "Website", 7900),
    ("Safety vests with logo", "GOODS", "ABC Supply Co.", "Harbour project", 940),
    ("Video editing", "SERVICES", "Skyline Films", "Harbour project", 2750),
]
GENERAL: list[tuple[str, str, str, list[tuple[str, int | str, str]]]] = [
    ("A4 paper", "GOODS", "Office Depot", [("A4 paper, box of 5 reams", 12, "24.90")]),
    ("Printer ink", "GOODS", "Office Depot", [("Black cartridge", 6, "38.50"), ("Colour cartridge", 4, "46.00")]),
    ("Site office heater", "GOODS", "ABC Supply Co.", [("Electric heater 3 kW", 2, "189.00")]),
    ("First aid refills", "GOODS", "Medikit", [("First aid refill set", 8, "31.20")]),
    ("Coffee machine repair", "SERVICES", "Braun", [("Repair, hours", "1.5", "85.00"), ("Pump", 1, "64.30")]),
    ("Desk chairs", "GOODS", "Sitwell", [("Desk chair", 4, "279.00")]),
    ("Site office laptop", "GOODS", "Rechnerhaus", [("Laptop 14 inch", 1, "1349.00"), ("Dock", 1, "179.00")]),
    ("Measuring tools", "GOODS", "ABC Supply Co.", [("Laser distance meter", 3, "129.00"), ("Tape 30 m", 5, "18.40")]),
    ("Forklift training", "SERVICES", "Safe Lift Academy", [("Training, person", 3, "420.00")]),
    ("Cleaning supplies", "GOODS", "Office Depot", [("Floor cleaner 10 l", 4, "27.80"), ("Cloths, pack", 10, "6.40")]),
]  # fmt: skip
OPEN_STATES = [
    RequestStatus.PENDING_APPROVAL,
    RequestStatus.FINANCE_REVIEW,
    RequestStatus.IN_REVIEW,
    RequestStatus.FINANCE_REVIEW,
    RequestStatus.REJECTED,
    RequestStatus.IN_REVIEW,
    RequestStatus.PENDING_APPROVAL,
    RequestStatus.RESUBMITTED,
    RequestStatus.PENDING_APPROVAL,
    RequestStatus.FINANCE_REVIEW,
    RequestStatus.DRAFT,
    RequestStatus.IN_REVIEW,
    RequestStatus.PENDING_APPROVAL,
]
COMMENTS = ["", "", "", "Fine.", "Approved, within the budget.", "Good price.", "Please order this week."]
REASONS = [
    "The budget of this quarter is spent.",
    "Please get a second quote first.",
    "We still have enough of it in the store.",
]


@dataclass(frozen=True, slots=True)
class Plan:
    """A request to come: when it starts, who asks for what, and the state in which it is left."""

    at: datetime
    person: User
    final: RequestStatus
    begin: Callable[[datetime], PurchaseRequest]


def request_events(people: dict[str, User], marketing: Team, *, now: datetime) -> Iterator[Event]:
    chance = random.Random(SEED)
    for plan in sorted(_plans(people, marketing, chance, now=now), key=lambda plan: plan.at):
        yield from list(_course(plan, people, chance, now=now))


def _plans(people: dict[str, User], marketing: Team, chance: random.Random, *, now: datetime) -> Iterator[Plan]:
    general = [people[name] for name in ("foreman", "super", "pm", "staff", "requester", "director")]
    for index in range(REQUESTS):
        recent = index - (REQUESTS - len(OPEN_STATES))
        if recent >= 0:
            age = timedelta(days=len(OPEN_STATES) + 2 - recent)
        else:
            older = -recent / (REQUESTS - len(OPEN_STATES))
            age = RECENT + (HISTORY - RECENT) * older - timedelta(hours=chance.uniform(0, 80))
        at = office_hours(now - age, chance)
        final = _final_state(recent, chance)
        if index % 3 == 2:
            person = general[index // 3 % len(general)]
            yield Plan(at, person, final, _general_request(person, index // 3, final))
        else:
            yield Plan(
                at, people["requester"], final, _marketing_request(people["requester"], marketing, index, chance)
            )
    for index in range(8):
        person = people[OWNERS[index % 2][0]]
        at = office_hours(now - HISTORY * (8 - index) / 9, chance)
        yield Plan(at, person, RequestStatus.COMPLETED, _general_request(person, index, RequestStatus.COMPLETED))


def _final_state(recent: int, chance: random.Random) -> RequestStatus:
    """The newest are still on their way; of the older ones every eighth or so was rejected for good."""
    if recent >= 0:
        return OPEN_STATES[recent]
    return RequestStatus.REJECTED if chance.random() < 0.12 else RequestStatus.COMPLETED


def _marketing_request(
    person: User, team: Team, index: int, chance: random.Random
) -> Callable[[datetime], PurchaseRequest]:
    subject, kind, vendor, campaign, usual = MARKETING[index * 5 % len(MARKETING)]
    price = Decimal(round(usual * chance.uniform(0.8, 1.25), 2)).quantize(Decimal("0.01"))

    def begin(at: datetime) -> PurchaseRequest:
        return create_request(
            actor=person,
            team=team,
            subject=subject,
            description=f"Offer of {vendor}, valid for four weeks.",
            purchase_type=kind,
            vendor_name=vendor,
            field_values={"budget_amount": str(price), "campaign": campaign},
            now=at,
        )

    return begin


def _general_request(person: User, index: int, final: RequestStatus) -> Callable[[datetime], PurchaseRequest]:
    subject, kind, vendor, lines = GENERAL[index % len(GENERAL)]
    items = [
        ItemInput(description=text, quantity=Decimal(quantity), unit_price=Decimal(price))
        for text, quantity, price in lines
    ]

    def begin(at: datetime) -> PurchaseRequest:
        if index % 2 and final != RequestStatus.DRAFT:
            return create_and_submit(
                actor=person, subject=subject, description=f"From {vendor.rstrip('.')}.", items=items, now=at
            )
        team = Team.objects.get(organization=person.organization_id, is_general=True)
        return create_request(
            actor=person, team=team, subject=subject, purchase_type=kind, vendor_name=vendor, items=items, now=at
        )

    return begin


def _course(plan: Plan, people: dict[str, User], chance: random.Random, *, now: datetime) -> Iterator[Event]:
    """What happens to one request and when, up to the state in which it is left; never after `now`."""
    made: list[PurchaseRequest] = []
    times = moments(plan.at, chance, now=now)
    comments = [chance.choice(COMMENTS) for _ in range(3)]
    reason = chance.choice(REASONS)
    with_quote = chance.random() < 0.25

    def begin(at: datetime) -> None:
        made.append(plan.begin(at))

    def submit(at: datetime) -> None:
        if made[0].status == RequestStatus.DRAFT:
            uploads = [Upload(_offer(made[0]), f"quote-{made[0].number}.pdf", category="Quote")] if with_quote else []
            submit_request(actor=plan.person, request=made[0], uploads=uploads, now=at)

    def approve(who: str, comment: str) -> Act:
        return lambda at: approve_request(actor=people[who], request=made[0], comment=comment, now=at)

    def reject(at: datetime) -> None:
        reject_request(actor=people["manager"], request=made[0], comment=reason, now=at)

    def complete(at: datetime) -> None:
        complete_request(actor=people["finance"], request=made[0], comment=comments[2], now=at)

    def edit(at: datetime) -> None:
        update_request(actor=plan.person, request=made[0], description="With the second quote attached soon.", now=at)

    yield Event(next(times), begin)
    if plan.final == RequestStatus.DRAFT:
        return
    yield Event(next(times), submit)
    if plan.person.username.startswith("owner"):
        return
    if plan.final in (RequestStatus.REJECTED, RequestStatus.RESUBMITTED):
        yield Event(next(times), reject)
        if plan.final == RequestStatus.RESUBMITTED:
            yield Event(next(times), edit)
        return
    if plan.final == RequestStatus.PENDING_APPROVAL:
        return
    yield Event(next(times), approve("manager", comments[0]))
    if plan.final == RequestStatus.IN_REVIEW:
        return
    yield Event(next(times), lambda at: _director(made[0], people["director"], comments[1], at))
    if plan.final == RequestStatus.COMPLETED:
        yield Event(next(times), complete)


def _director(request: PurchaseRequest, director: User, comment: str, at: datetime) -> None:
    """General asks no director."""
    if request.team.name == "Marketing":
        approve_request(actor=director, request=request, comment=comment, now=at)


def _offer(request: PurchaseRequest) -> BytesIO:
    return offer(
        [f"Quote for {request.subject}", request.vendor_name, f"Net amount: {request.amount} EUR", request.number]
    )
