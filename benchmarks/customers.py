"""Customers of the last 18 months in bulk, as the services would have left them behind."""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from uuid import UUID

from django.db import connection

from benchmarks.orders import CHUNK, DAYS
from benchmarks.sites import PLACES, TRADES
from benchmarks.tables import Chain, Row, Tables
from bureau.accounts.permissions import SYSTEM
from bureau.accounts.services.users import create_user
from bureau.core.models import Organization, User
from bureau.parties.models import Customer, CustomerType, Party
from bureau.parties.services.parties import index

CLERKS = 40
"""Members who look after customers, and see those alone."""
COMPANIES = 0.3
"""The share of the customers that are companies."""
FIRST = (
    "Ada", "Amir", "Anna", "Björn", "Chen", "Clara", "Daria", "David", "Elena", "Emre", "Farid", "Grace", "Hana",
    "Igor", "Ines", "Jonas", "Julia", "Kofi", "Lea", "Luis", "Maria", "Mehmet", "Mina", "Nadia", "Noah", "Olga", "Omar",
    "Paul", "Priya", "Rosa", "Samir", "Sofia", "Tariq", "Tom", "Vera", "Wei", "Yara", "Yusuf", "Zoe",
)  # fmt: skip
LAST = (
    "Abebe", "Ahmed", "Becker", "Bianchi", "Braun", "Costa", "Diallo", "Dubois", "Eriksen", "Fischer", "Garcia", "Haas",
    "Hoffmann", "Ibrahim", "Ivanov", "Jansen", "Kaya", "Keller", "Khan", "Kim", "Kowalski", "Lange", "Lopez", "Mensah",
    "Meyer", "Nguyen", "Novak", "Okafor", "Patel", "Petrov", "Rossi", "Sato", "Schulz", "Silva", "Singh", "Tanaka",
    "Vogel", "Weber", "Yilmaz", "Zhang",
)  # fmt: skip
NATIONS = "DEU", "TUR", "IND", "BRA", "GHA", "CHN", "UKR", "USA", "EGY", "VNM"


@dataclass
class Clientele:
    """Who looks after the customers, and these themselves, the oldest first: (id, owner's id, moment)."""

    organization: Organization
    admin: User
    clerks: list[User]
    customers: list[tuple[int, int, datetime]]


def make_customers(organization: Organization, admin: User, count: int, *, now: datetime) -> Clientele:
    """This many, persons and companies, each with an owner among the clerks."""
    with connection.cursor() as cursor:
        # Foreign keys are right by construction: to look each up again takes longer than writing it.
        cursor.execute("SET LOCAL session_replication_role = replica")
    dice = random.Random(19)
    clerks = [make_clerk(organization, str(n), now=now) for n in range(CLERKS)]
    tables = Tables(Party, Customer)
    chain = Chain(organization, "customer", tables)
    clientele = Clientele(organization, admin, clerks, [])
    moments = iter(sorted(now - timedelta(seconds=dice.randint(60, DAYS * 86_400)) for _ in range(count)))
    while chunk := list(islice(moments, CHUNK)):
        for moment in chunk:
            owner = clerks[int(CLERKS * dice.random() ** 1.5)]  # some are busier than others
            row = _customer(dice, tables, organization, owner, len(clientele.customers) + 1, moment)
            chain.add(row["id"], "created", owner.pk, moment, name=row["sort_name"], owner=owner.pk)
            clientele.customers.append((row["id"], owner.pk, moment))
        chain.link()
        tables.write()
    tables.end()
    chain.end()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    return clientele


def make_clerk(organization: Organization, name: str, *, now: datetime) -> User:
    return create_user(
        actor=SYSTEM, organization=organization, username=f"clerk{name}", email=f"clerk{name}@example.com",
        first_name="Kim", last_name=f"Clerk {name}", password="Mauve-Anvil-88", role="member", now=now,
    )  # fmt: skip


def _customer(
    dice: random.Random, tables: Tables, organization: Organization, owner: User, number: int, created: datetime
) -> Row:
    own = _company(dice) if dice.random() < COMPANIES else _person(dice, number, created.date())
    name = own["company_name"] if own["customer_type"] == CustomerType.COMPANY else _full_name(own)
    moments = {"organization_id": organization.pk, "created_at": created, "updated_at": created}
    party = {
        **moments,
        "uuid": UUID(int=dice.getrandbits(128), version=4),
        "name": name,
        "email": f"customer{number}@example.com" if dice.random() < 0.9 else "",
        "phone": f"+49 151 {dice.randint(1_000_000, 9_999_999)}",
        "address": f"{dice.choice(PLACES)} Street {dice.randint(1, 200)}\n{dice.randint(10_000, 99_999)} Hamburg",
        "tax_number": f"DE {number:09}" if own["customer_type"] == CustomerType.COMPANY else "",
    }
    customer = {
        **moments,
        **own,
        "uuid": UUID(int=dice.getrandbits(128), version=4),
        "party_id": tables.add(Party, party)["id"],
        "owner_id": owner.pk,
        "active": dice.random() < 0.96,
    }
    made = Customer(**customer)
    made.party = Party(**party)
    index(made)
    customer["sort_name"], customer["search_text"] = made.sort_name, made.search_text
    return tables.add(Customer, customer)


def _company(dice: random.Random) -> Row:
    name = f"{dice.choice(LAST)} {dice.choice(TRADES)} {dice.choice(('GmbH', 'Ltd.', 'SA', 'AG'))}"
    return {"customer_type": CustomerType.COMPANY.value, "company_name": name}


def _person(dice: random.Random, number: int, today: date) -> Row:
    issued = today - timedelta(days=dice.randint(10, 3000))
    return {
        "customer_type": CustomerType.PERSON.value,
        "title": dice.choice(("", "", "Ms", "Mr", "Dr")),
        "first_name": dice.choice(FIRST),
        "last_name": dice.choice(LAST),
        "company_name": f"{dice.choice(LAST)} {dice.choice(TRADES)}" if dice.random() < 0.1 else "",
        "nationality": dice.choice(NATIONS),
        "birthdate": date(dice.randint(1950, 2004), dice.randint(1, 12), dice.randint(1, 28)),
        "birth_place": dice.choice(PLACES),
        "passport_number": f"C{number:08}",
        "passport_issue_date": issued,
        "passport_expiry_date": issued + timedelta(days=3650),
        "gender": dice.choice("FMX"),
        "whatsapp": f"+49 160 {dice.randint(1_000_000, 9_999_999)}" if dice.random() < 0.3 else "",
        "notify_steps_due": dice.random() < 0.5,
        "notify_documents_expiring": dice.random() < 0.5,
    }


def _full_name(person: Row) -> str:
    return f"{person['first_name']} {person['last_name']}"
