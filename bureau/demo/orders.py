"""18 months of purchase orders with their receipts and bills, the newest of them in every state."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from bureau.core.models import User
from bureau.demo.clock import HISTORY, SEED, Event, office_hours
from bureau.demo.courses import Course, Plan
from bureau.demo.sites import ABC, BETON, DACH, ELEKTRO, ENTSORGUNG, MARKT, MIETE, STAHL, Sites
from bureau.purchasing.services import bills, orders
from bureau.purchasing.services.bills import BillLineInput
from bureau.purchasing.services.orders import LineInput

OLDER = 37
RECENT = timedelta(days=24)

# vendor: where it is ordered for, and (description, unit, price, category, tax code, least, most)
GOODS: dict[str, tuple[tuple[str, str], list[tuple[str, str, str, str, str, int, int]]]] = {
    ABC: (("PRJ001", "CC-001"), [
        ("2x4 Lumber - 8ft", "pcs", "12.50", "MA", "GP", 20, 90),
        ("Plywood sheet 18 mm", "pcs", "38.90", "MA", "GP", 8, 30),
        ("Construction screws 5x80", "box", "21.40", "MA", "GP", 4, 16),
    ]),
    MIETE: (("PRJ001", "CC-001"), [
        ("Excavator 8 t", "day", "290.00", "EQ", "GST2", 2, 9),
        ("Transport there and back", "pcs", "180.00", "EQ", "GST2", 1, 1),
    ]),
    BETON: (("PRJ001", "CC-002"), [
        ("Ready-mix concrete C25/30", "m3", "118.00", "MA", "GP", 20, 90),
        ("Pump truck", "h", "165.00", "EQ", "GST2", 2, 8),
    ]),
    "Gerüstbau Wulf": (("PRJ001", "CC-002"), [("Scaffolding, up and down", "m2", "9.80", "SC", "GST2", 120, 700)]),
    STAHL: (("PRJ001", "CC-003"), [
        ("Steel beam HEB 200", "m", "96.50", "MA", "GP", 60, 280),
        ("Welding on site", "h", "72.00", "LA", "GST2", 8, 60),
    ]),
    ELEKTRO: (("PRJ001", "CC-004"), [
        ("Electrical installation of a floor", "pcs", "6400.00", "SC", "GST2", 1, 2),
        ("Cable NYM-J 5x2.5", "m", "2.35", "MA", "GP", 200, 1200),
    ]),
    "Medikit": (("PRJ001", "CC-005"), [("First aid cabinet, filled", "pcs", "129.00", "MA", "GP", 2, 5)]),
    "Office Depot": (("PRJ001", "CC-005"), [
        ("Site office desk", "pcs", "249.00", "MA", "GP", 1, 4), ("Plan paper A0", "pcs", "34.50", "MA", "GP", 4, 12),
    ]),
    DACH: (("PRJ002", "CC-002"), [
        ("Roof membrane", "m2", "31.50", "MA", "GP", 100, 420),
        ("Roofing work", "h", "64.00", "SC", "GST2", 20, 100),
    ]),
    "Fensterwerk Lübeck": (("PRJ002", "CC-002"), [("Window 120x140, triple", "pcs", "486.00", "MA", "GP", 4, 24)]),
    ENTSORGUNG: (("PRJ002", "CC-001"), [("Container 10 m3, rubble", "pcs", "310.00", "SC", "GST2", 1, 6)]),
    MARKT: (("PRJ001", "CC-005"), [
        ("Submersible pump", "pcs", "189.00", "EQ", "GP", 1, 1), ("Hose, 25 m", "pcs", "46.90", "MA", "GP", 1, 3),
    ]),
}  # fmt: skip
ROTATION = [
    (ABC, "foreman"), (BETON, "super"), (STAHL, "pm"), (MIETE, "foreman"), (DACH, "pm"), (ELEKTRO, "super"),
    ("Office Depot", "foreman"), (STAHL, "super"), (ABC, "foreman"), ("Gerüstbau Wulf", "super"), (ENTSORGUNG, "pm"),
    (BETON, "foreman"), ("Fensterwerk Lübeck", "pm"), ("Medikit", "foreman"), (ELEKTRO, "pm"),
]  # fmt: skip
URGENT = ["The pit was filling with water.", "The hose burst at seven in the morning.", "The site lights failed."]
REASONS = [
    "Ask for a second offer first.",
    "We still have enough of this on site.",
    "This belongs on the other project.",
]

BEGUN = ("create", "submit")
APPROVED = (*BEGUN, "approve", "send")
RECEIVED = (*APPROVED, "receive", "receive_rest")
BILLED = (*RECEIVED, "bill_order", "match")
PAID = (*RECEIVED, "bill_order", "approve_bill", "pay", "close")
AT_ONCE = tuple(step for step in PAID if step != "receive_rest")
CALLED_OFF = ("release", "bill_release", "approve_bill", "pay")
DAYS = {
    "approve": (0, 2), "approve_in_place": (1, 1), "reject": (0, 2), "cancel": (0, 3), "note": (1, 3),
    "receive": (3, 12), "receive_rest": (1, 6), "send_back": (1, 2), "bill_order": (2, 7), "approve_bill": (1, 4),
    "pay": (8, 20), "close": (1, 3), "release": (18, 26), "bill_release": (3, 6),
}  # fmt: skip
"""From the step before, at least and at most; the others follow within the hour."""


def order_events(people: dict[str, User], sites: Sites, *, now: datetime) -> Iterator[Event]:
    chance = random.Random(SEED + 1)
    plans = [*_older(chance, now), *_walkups(chance, now), *_rolling(now), *_recent(chance, now)]
    for number, plan in enumerate(plans, 1):
        course = Course(plan, people, sites, number)
        yield from [Event(at, getattr(course, step)) for step, at in _times(plan, chance, now=now)]
    yield from _bills_alone(people, sites, now=now)
    for index, username in enumerate(sites.own):
        yield from _own_orders(people[username], sites, index, now=now)


def _times(plan: Plan, chance: random.Random, *, now: datetime) -> Iterator[tuple[str, datetime]]:
    """When each step is taken; those after `now` have not happened yet."""
    at = plan.at
    for step in plan.steps:
        if step != plan.steps[0]:
            low, high = DAYS.get(step, (0, 0))
            soon = at + timedelta(minutes=chance.randint(10, 55))
            if plan.hours is not None:
                at += timedelta(hours=plan.hours)
            elif high:
                at = max(soon, office_hours(at + timedelta(days=chance.randint(low, high)), chance))
            else:
                at = soon
        if at >= now:
            return
        yield step, at


def _older(chance: random.Random, now: datetime) -> Iterator[Plan]:
    """Most went all the way; some were refused, given up, not billed yet, or not paid in time."""
    for index in range(OLDER):
        age = RECENT + (HISTORY - RECENT - timedelta(days=6)) * (OLDER - index) / OLDER
        at = office_hours(now - age, chance)
        vendor, who = ROTATION[index % len(ROTATION)]
        steps, words = AT_ONCE if index % 3 else PAID, ""
        if index % 13 == 6:
            steps, words = (*BEGUN, "reject"), REASONS[index // 13 % len(REASONS)]
        elif index % 17 == 9:
            steps, words = (*BEGUN, "cancel"), "The plan has changed; we need none of it."
        elif timedelta(days=45) < age < timedelta(days=130) and index % 3:
            steps = PAID[:-2]
        elif index % 19 == 11:
            steps, words = (*RECEIVED, "send_back", "note"), "Two pieces were damaged; the vendor sends new ones."
        elif index % 8 == 3:
            steps = ("create", "quote", *AT_ONCE[1:])
        yield _plan(at, who, vendor, steps, chance, words=words, raised=4 if index % 15 == 4 else 0)
    place = Plan(now - timedelta(days=98), "pm", ABC, ("PRJ001", "CC-001"), (*BEGUN, "approve_in_place", *AT_ONCE[3:]))
    yield _with_lines(place, [LineInput("Safety net 10 x 5 m", Decimal(6), Decimal("164.00"))])


def _walkups(chance: random.Random, now: datetime) -> Iterator[Plan]:
    for index in range(8):
        at = office_hours(now - timedelta(days=12 + 61 * index), chance)
        steps = ("create", "receipt", "submit", "approve", "close")
        yield _plan(at, "foreman", MARKT, steps, chance, type="walkup", words=URGENT[index % len(URGENT)])


def _rolling(now: datetime) -> Iterator[Plan]:
    for days, who, vendor, ceiling, steps in (
        (400, "super", BETON, 48_000, (*APPROVED, *CALLED_OFF * 4, "close")),
        (260, "pm", MIETE, 12_000, (*APPROVED, *CALLED_OFF * 2)),
        (120, "foreman", ABC, 4_800, (*APPROVED, *CALLED_OFF * 2)),
        (33, "pm", DACH, 36_000, (*APPROVED, "release")),
    ):
        at = (now - timedelta(days=days)).replace(hour=10, minute=12, second=0, microsecond=0)
        text = "Called off month by month."
        yield Plan(at, who, vendor, GOODS[vendor][0], steps, type="rolling", ceiling=Decimal(ceiling), description=text)


def _recent(chance: random.Random, now: datetime) -> Iterator[Plan]:
    """One or two in each state: days ago, who, what, and how far."""
    for days, who, vendor, steps, raised in (
        (21, "super", BETON, BILLED, 8),
        (20, "foreman", ABC, (*APPROVED, "receive", *BILLED[-2:]), 0),
        (19, "super", STAHL, BILLED, 0), (18, "pm", ELEKTRO, BILLED, 0), (17, "foreman", MIETE, RECEIVED[:-1], 0),
        (16, "super", "Gerüstbau Wulf", (*RECEIVED, "bill_order"), 0), (15, "pm", DACH, (*RECEIVED, "bill_order"), 0),
        (14, "super", STAHL, (*BILLED, "approve_bill"), 0), (13, "foreman", "Office Depot", PAID[:-2], 0),
        (11, "pm", "Fensterwerk Lübeck", RECEIVED, 0),
        (9, "super", ELEKTRO, (*APPROVED, "receive"), 0),
        (6, "foreman", ABC, APPROVED, 0), (5, "super", BETON, APPROVED, 0),
        (4, "foreman", MIETE, (*BEGUN, "reject"), 0),
        (3, "pm", ENTSORGUNG, ("create", "cancel"), 0),
    ):  # fmt: skip
        words = "Please take the smaller machine." if "reject" in steps else "Ordered twice by mistake."
        if "reject" not in steps and "cancel" not in steps:
            words = ""
        at = now - timedelta(days=days)
        yield _plan(at, who, vendor, steps, chance, words=words, raised=raised, hours=days * 24 / 10)
    yield Plan(now - timedelta(days=2), "pm", ABC, ("PRJ001", "CC-005"), ("convert", *APPROVED[1:]), hours=5)
    yield from _waiting(now)


def _waiting(now: datetime) -> Iterator[Plan]:
    """For the superintendent, the project manager, the administrator; and drafts."""
    fence = LineInput("Site fence, 3.5 m panel", Decimal(60), Decimal("25.00"), "pcs", "MA", "GP")
    beams = LineInput("Steel beam HEB 300", Decimal(290), Decimal("148.00"), "m", "MA", "GP")
    for hours, who, vendor, steps, line in (
        (30, "foreman", ABC, BEGUN, fence),
        (21, "foreman", MIETE, BEGUN, LineInput("Wheel loader", Decimal(4), Decimal("310.00"), "day", "EQ", "GST2")),
        (3, "foreman", BETON, BEGUN, LineInput("Screed", Decimal(28), Decimal("96.00"), "m3", "MA", "GP")),
        (26, "super", ELEKTRO, BEGUN, LineInput("Lift", Decimal(1), Decimal("18400.00"), "pcs", "SC", "GST2")),
        (5, "super", STAHL, BEGUN, beams),
        (28, "pm", STAHL, BEGUN, LineInput("Staircase", Decimal(2), Decimal("21900.00"), "pcs", "SC", "GST2")),
        (4, "super", ELEKTRO, BEGUN, LineInput("Switchgear", Decimal(1), Decimal("98500.00"), "pcs", "SC", "GP")),
        (7, "foreman", ABC, ("create",), LineInput("Tarpaulin", Decimal(5), Decimal("42.00"), "pcs", "MA", "GP")),
        (50, "super", BETON, ("create",), LineInput("Formwork oil", Decimal(4), Decimal("58.00"), "can", "MA", "GP")),
        (9, "pm", DACH, ("create",), LineInput("Skylight", Decimal(6), Decimal("910.00"), "pcs", "MA", "GP")),
    ):  # fmt: skip
        plan = Plan(now - timedelta(hours=hours), who, vendor, GOODS[vendor][0], steps, hours=0.4)
        yield _with_lines(plan, [line])


def _plan(
    at: datetime,
    who: str,
    vendor: str,
    steps: tuple[str, ...],
    chance: random.Random,
    *,
    type: str = "standard",
    words: str = "",
    raised: int = 0,
    hours: float | None = None,
) -> Plan:
    code, goods = GOODS[vendor]
    lines = tuple(
        LineInput(text, Decimal(chance.randint(least, most)), Decimal(price), unit, category, tax_code)
        for text, unit, price, category, tax_code, least, most in goods
    )
    return Plan(at, who, vendor, code, steps, lines, type, words=words, raised=Decimal(raised), hours=hours)


def _with_lines(plan: Plan, lines: list[LineInput]) -> Plan:
    return Plan(plan.at, plan.who, plan.vendor, plan.code, plan.steps, tuple(lines), hours=plan.hours)


def _bills_alone(people: dict[str, User], sites: Sites, *, now: datetime) -> Iterator[Event]:
    """Of no order: one waits with that as its difference, one has just come in."""
    finance = people["finance"]

    def enter(vendor: str, number: str, line: BillLineInput, at: datetime, *, match: bool) -> None:
        day = at.date()
        bill = bills.enter_bill(
            actor=finance, vendor=sites.vendors[vendor], bill_number=number, bill_date=day,
            due_date=day + timedelta(days=30), lines=[line], now=at,
        )  # fmt: skip
        if match:
            bills.match_bill(actor=finance, bill=bill, now=at)

    water = BillLineInput(Decimal(1), Decimal("212.60"), "Waste water analysis", "GST2")
    posters = BillLineInput(Decimal(40), Decimal("3.90"), "Safety posters A2", "GP")
    yield Event(now - timedelta(days=8), lambda at: enter(ENTSORGUNG, "2281-A", water, at, match=True))
    yield Event(now - timedelta(hours=30), lambda at: enter("Kessler Print", "KP 10447", posters, at, match=False))


def _own_orders(owner: User, sites: Sites, index: int, *, now: datetime) -> Iterator[Event]:
    """A sole trader has nobody who approves: drafts to print, and bills that are paid."""
    code, vendor = sites.own[owner.username]

    def draft(at: datetime) -> None:
        orders.create_order(
            actor=owner, type="standard", project=code.project, cost_code=code, vendor=vendor,
            vendor_name=vendor.party.name, vendor_email=vendor.party.email,
            lines=[LineInput("Cordless drill", Decimal(1), Decimal("229.00"))], now=at,
        )  # fmt: skip

    def bill(number: int, at: datetime) -> None:
        made = bills.enter_bill(
            actor=owner, vendor=vendor, bill_number=f"WB-{number}", bill_date=at.date(),
            lines=[BillLineInput(Decimal(number), Decimal("17.40"), "Drill bits, set")], now=at,
        )  # fmt: skip
        bills.approve_bill(actor=owner, bill=made, comment="Bought at the counter.", now=at)
        bills.pay_bill(actor=owner, bill=made, payment_method="cash", payment_date=at.date(), now=at)

    for number in (1, 2, 3):
        at = now - timedelta(days=140 * number - 60 * index - 30, hours=2)
        yield Event(at, lambda at, number=number: bill(number, at))  # type: ignore[misc]
    yield Event(now - timedelta(days=6 + index), draft)
    yield Event(now - timedelta(days=1 + index), draft)
