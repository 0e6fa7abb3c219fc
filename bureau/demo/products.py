"""What Northwind Builders does for those who come to work on its sites: products with their tasks and documents."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bureau.accounts.services.closing_days import add_closing_day
from bureau.cases.models import DocumentType, Product
from bureau.cases.services.document_types import create_document_type
from bureau.cases.services.products import DocumentInput, TaskInput, create_product
from bureau.core.models import User
from bureau.demo.people import OWNERS, VAT

PASSPORT, PHOTO, LETTER = "Passport", "Passport photo", "Sponsor letter"
CONTRACT, DIPLOMA, LICENCE = "Employment contract", "Diploma", "Driving licence"
ARTICLES, DIRECTOR, LEASE = "Articles of association", "ID of the director", "Lease of the office"

DOCUMENT_TYPES: dict[str, dict[str, Any]] = {
    PASSPORT: {
        "description": "The page with the photo, in colour, all four corners visible.", "has_number": True,
        "has_expiry_date": True, "min_validity_months": 6, "notify_days_before": 60,
        "actions": ["use-previous", "fill-from-customer", "ask-customer"],
    },
    PHOTO: {
        "description": "35 x 45 mm, not older than six months, light background.", "actions": ["ask-customer"],
    },
    LETTER: {"description": "Of the employer, signed."},
    CONTRACT: {"description": "Signed by both sides, all pages.", "actions": ["use-previous", "ask-customer"]},
    DIPLOMA: {"description": "With a sworn translation.", "actions": ["use-previous"]},
    LICENCE: {
        "description": "Both sides.", "has_number": True, "has_expiry_date": True, "actions": ["ask-customer"],
    },
    ARTICLES: {"description": "As the notary has certified them."},
    DIRECTOR: {"description": "Passport or identity card.", "has_number": True, "has_expiry_date": True},
    LEASE: {"description": "Or another proof of the address."},
}  # fmt: skip

VISA, PERMIT, COMPANY, DRIVING = "VISA-EXT", "WORK-PERMIT", "COMPANY-REG", "LICENCE-EX"
TRANSLATION = "TRANSLATION"

# code: name, type, price, description, tasks, required documents, optional ones
PRODUCTS: dict[str, tuple[str, str, int, str, list[TaskInput], list[str], list[str]]] = {
    VISA: (
        "Visa extension", "visa", 290, "Extension of a residence visa before it ends.",
        [
            TaskInput("Check the documents", 3, "Everything there, and valid for long enough?", notify_days_before=1),
            TaskInput("Submit to the immigration office", 10, "Book the appointment, go along.", notify_days_before=3),
            TaskInput("Collect and hand over", 5, notify_days_before=2),
        ],
        [PASSPORT, PHOTO], [LETTER],
    ),
    PERMIT: (
        "Work permit", "permit", 640, "From the contract to the permit, for people from outside the EU.",
        [
            TaskInput("Prepare the application", 5, notify_days_before=2),
            TaskInput("File with the authority", 15, "With the check of the contract.", notify_days_before=3),
            TaskInput("The authority decides", 30, business_days=False, notify_days_before=7),
            TaskInput("Hand over the permit", 3, notify_days_before=1),
        ],
        [PASSPORT, CONTRACT], [DIPLOMA],
    ),
    COMPANY: (
        "Company registration", "company", 1450, "A branch or a company of one's own, ready to send invoices.",
        [
            TaskInput("Draft the articles", 5, notify_days_before=2),
            TaskInput("Notary appointment", 10, notify_days_before=3),
            TaskInput("Commercial register", 15, notify_days_before=5),
            TaskInput("Register for tax", 10, notify_days_before=3),
        ],
        [ARTICLES, DIRECTOR], [LEASE],
    ),
    DRIVING: (
        "Driving licence exchange", "permit", 180, "A foreign licence becomes a German one.",
        [
            TaskInput("Have the licence translated", 5, notify_days_before=1),
            TaskInput("Exchange at the licensing office", 30, business_days=False, notify_days_before=7),
        ],
        [LICENCE, PHOTO], [],
    ),
    TRANSLATION: (
        "Certified translation", "translation", 65, "Of one page, by a sworn translator. Done when it has been paid.",
        [TaskInput("Have it translated", 5, notify_days_before=1)], [], [DIPLOMA],
    ),
}  # fmt: skip
OWN = "ADVICE"
FRIDAY = 4


def create_products(people: dict[str, User], *, now: datetime) -> dict[str, Product]:
    """Northwind's by their codes; those of the sole traders by "<username> ADVICE"."""
    staff = people["staff"]
    types = {
        name: create_document_type(actor=staff, name=name, now=now, **details)
        for name, details in DOCUMENT_TYPES.items()
    }
    products = {}
    for code, (name, kind, price, description, tasks, required, optional) in PRODUCTS.items():
        products[code] = create_product(
            actor=staff, code=code, name=name, description=description, product_type=kind, base_price=Decimal(price),
            tax_code=VAT, completed_by_payment=code == TRANSLATION, tasks=tasks,
            documents=taken(types, required, optional), now=now,
        )  # fmt: skip
    for username, _first, _last in OWNERS:
        order = create_document_type(actor=people[username], name="Signed order", now=now)
        products[f"{username} {OWN}"] = create_product(
            actor=people[username], code=OWN, name="Advice", product_type="advice", base_price=Decimal(95),
            tasks=[TaskInput("First meeting", 5, notify_days_before=1), TaskInput("Written advice", 10)],
            documents=[DocumentInput(order.pk)], now=now,
        )  # fmt: skip
    return products


def taken(types: dict[str, DocumentType], required: Sequence[str], optional: Sequence[str]) -> list[DocumentInput]:
    return [
        *(DocumentInput(types[name].pk) for name in required),
        *(DocumentInput(types[name].pk, required=False) for name in optional),
    ]


def close_between_the_years(people: dict[str, User], *, now: datetime, at: datetime) -> None:
    """Of the years that the data touches; and a day that comes. `at`: when it was entered."""
    admin = people["admin"]
    for year in (at.year, at.year + 1, at.year + 2):
        add_closing_day(
            actor=admin, organization=admin.organization, date=date(year, 12, 24), until=date(year, 12, 31),
            name="Between the years", now=at,
        )  # fmt: skip
    moving = now.date() + timedelta(days=25)
    moving -= timedelta(days=max(moving.weekday() - FRIDAY, 0))
    add_closing_day(actor=admin, organization=admin.organization, date=moving, name="The office moves", now=at)
