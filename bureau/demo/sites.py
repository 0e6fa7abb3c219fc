"""Where the demo orders go to: projects with their cost codes and members, vendors with their accounts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from bureau.core.models import User
from bureau.demo.clock import Event
from bureau.demo.people import OWNERS
from bureau.parties.models import AccountState, BankAccount, Vendor
from bureau.parties.services.vendors import confirm_account, create_vendor, propose_account
from bureau.purchasing.models import CostCode, Project
from bureau.purchasing.services.budgets import set_external
from bureau.purchasing.services.delegations import create_delegation
from bureau.purchasing.services.projects import add_project_member, create_cost_code, create_project

# id, code, description, category, budget, spent outside Bureau
CODES = {
    "PRJ001": [
        ("CC-001", "01-100", "Site Preparation", "Construction", 150_000, 0),
        ("CC-002", "03-300", "Concrete", "Construction", 480_000, 118_400),
        ("CC-003", "05-120", "Structural Steel", "Construction", 620_000, 96_250),
        ("CC-004", "26-050", "Electrical", "Installations", 310_000, 0),
        ("CC-005", "01-500", "Site Office and Safety", "General", 7_400, 0),
    ],
    "PRJ002": [
        ("CC-001", "02-200", "Demolition", "Construction", 60_000, 21_700),
        ("CC-002", "07-500", "Roof and Facade", "Construction", 240_000, 0),
    ],
}

# name, contact, e-mail, telephone, address, payment terms
ABC = "ABC Supply Co."
BETON, STAHL, ELEKTRO = "Hansa Beton GmbH", "Stahlbau Nord AG", "Elektro Kruse"
MIETE, DACH, MARKT = "Mietpark Harburg", "Dachdeckerei Petersen", "Baumarkt Altona"
ENTSORGUNG = "Entsorgung Nordwest"
VENDORS = [
    (ABC, "Jane Smith", "orders@abcsupply.com", "555-0123", "123 Main St, City, State 12345", "Net 30"),
    (BETON, "Jens Albers", "auftrag@hansabeton.example", "040 555 210", "Kaistrasse 40\n21107 Hamburg", "Net 30"),
    (STAHL, "Birte Sommer", "vertrieb@stahlbau-nord.example", "0431 555 88", "Werftstrasse 9\n24143 Kiel", "Net 45"),
    (ELEKTRO, "Tom Kruse", "post@elektro-kruse.example", "040 555 377", "Bahnhofstrasse 3\n21614 Buxtehude", "Net 14"),
    (MIETE, "Anke Wolff", "dispo@mietpark-harburg.example", "040 555 640", "Am Radeland 25\n21079 Hamburg", "Net 14"),
    (DACH, "Lars Petersen", "buero@petersen-dach.example", "04101 555 12", "Ring 18\n25421 Pinneberg", "Net 30"),
    (MARKT, "", "service@baumarkt-altona.example", "040 555 900", "Stresemannstrasse 310\n22761 Hamburg", "On receipt"),
    (ENTSORGUNG, "Ina Behrens", "info@entsorgung-nw.example", "0421 555 45", "Hafenrand 2\n28237 Bremen", "Net 30"),
    ("Gerüstbau Wulf", "Dirk Wulf", "info@wulf-geruest.example", "040 555 118", "Moorweg 7\n22453 Hamburg", "Net 30"),
    ("Fensterwerk Lübeck", "Maja Jansen", "info@fenster.example", "0451 555 20", "Werkring 5\n23569 Lübeck", "Net 45"),
    ("Office Depot", "", "orders@officedepot.example", "040 555 001", "Spaldingstrasse 64\n20097 Hamburg", "Net 30"),
    ("Medikit", "Nora Adler", "bestellung@medikit.example", "040 555 733", "Lange Reihe 88\n20099 Hamburg", "Net 30"),
    ("Kessler Print", "Uwe Kessler", "druck@kessler.example", "040 555 410", "Gasstrasse 14\n22761 Hamburg", "Net 14"),
]  # fmt: skip
WITH_ACCOUNT = (ABC, BETON, STAHL, ELEKTRO, MIETE, DACH, ENTSORGUNG, "Kessler Print")


@dataclass(frozen=True)
class Sites:
    """By their codes ("PRJ001", "CC-001") and names."""

    cost_codes: dict[tuple[str, str], CostCode]
    vendors: dict[str, Vendor]
    own: dict[str, tuple[CostCode, Vendor]]
    """The sole traders' cost code and vendor, by username."""


def create_sites(people: dict[str, User], *, now: datetime) -> Sites:
    admin = people["admin"]
    start, end = now.date(), now.date() + timedelta(days=800)
    projects = {
        "PRJ001": create_project(
            actor=admin, code="PRJ001", name="Downtown Office Building", budget=Decimal(2_500_000),
            start_date=start, end_date=end, now=now,
        ),
        "PRJ002": create_project(
            actor=admin, code="PRJ002", name="Riverside Warehouse", budget=Decimal(900_000),
            start_date=start + timedelta(days=120), end_date=end, now=now,
        ),
    }  # fmt: skip
    for name in ("foreman", "super", "pm"):
        add_project_member(actor=admin, project=projects["PRJ001"], user=people[name], now=now)
    add_project_member(actor=admin, project=projects["PRJ002"], user=people["pm"], now=now)
    codes = {
        (project.code, row[0]): _cost_code(admin, project, row, now=now)
        for project in projects.values()
        for row in CODES[project.code]
    }
    vendors = {row[0]: _vendor(people["staff"], row, now=now) for row in VENDORS}
    for index, name in enumerate(WITH_ACCOUNT):
        _confirmed_account(people["staff"], people["finance"], vendors[name], index, now=now)
    return Sites(codes, vendors, {username: _own_site(people[username], now=now) for username, _first, _last in OWNERS})


def site_events(people: dict[str, User], sites: Sites, *, now: datetime) -> Iterator[Event]:
    """Accounts that change, and deciding in another's place: once long ago, once next month."""
    staff, finance = people["staff"], people["finance"]
    reason = "Letter of the vendor; called back on the number we have."
    yield Event(
        now - timedelta(days=16, hours=3),
        lambda at: _propose(staff, sites.vendors[STAHL], 20, reason, now=at),
    )
    yield Event(now - timedelta(days=15), lambda at: _confirm(finance, sites.vendors[STAHL], now=at))
    yield Event(
        now - timedelta(hours=20),
        lambda at: _propose(staff, sites.vendors[ELEKTRO], 21, "New bank, says the footer of their last bill.", now=at),
    )
    yield Event(now - timedelta(days=100), lambda at: _delegate(people["super"], people["foreman"], at, 0, 5))
    yield Event(now - timedelta(days=1), lambda at: _delegate(people["super"], people["pm"], at, 30, 10))


def _cost_code(admin: User, project: Project, row: tuple[str, str, str, str, int, int], *, now: datetime) -> CostCode:
    external_id, code, description, category, budget, outside = row
    made = create_cost_code(
        actor=admin, project=project, external_id=external_id, code=code, description=description, category=category,
        budget=Decimal(budget), now=now,
    )  # fmt: skip
    if outside:
        set_external(cost_code=made, spent=Decimal(outside), reason="before Bureau", actor=admin, now=now)
    return made


def _vendor(actor: User, row: tuple[str, str, str, str, str, str], *, now: datetime) -> Vendor:
    name, contact, email, phone, address, terms = row
    return create_vendor(
        actor=actor, name=name, contact_name=contact, email=email, phone=phone, address=address, payment_terms=terms,
        now=now,
    )  # fmt: skip


def _own_site(owner: User, *, now: datetime) -> tuple[CostCode, Vendor]:
    project = create_project(actor=owner, code="PRJ001", name="Workshop", budget=Decimal(18_000), now=now)
    code = create_cost_code(
        actor=owner, project=project, external_id="CC-001", code="01-100", description="Tools and material",
        budget=Decimal(12_000), now=now,
    )  # fmt: skip
    vendor = create_vendor(actor=owner, name="Werkzeug Brandt", email="laden@brandt.example", now=now)
    return code, vendor


def iban(number: int) -> str:
    """A German IBAN with its check digits, of a bank that does not exist."""
    account = f"99999999{number:010}"
    check = 98 - int(f"{account}131400") % 97
    return f"DE{check:02}{account}"


def _propose(actor: User, vendor: Vendor, number: int, reason: str, *, now: datetime) -> BankAccount:
    name = vendor.party.name
    return propose_account(actor=actor, vendor=vendor, iban=iban(4711 + number), holder=name, reason=reason, now=now)


def _confirmed_account(staff: User, finance: User, vendor: Vendor, number: int, *, now: datetime) -> None:
    account = _propose(staff, vendor, number, "As printed on the contract.", now=now)
    confirm_account(actor=finance, account=account, now=now)


def _confirm(actor: User, vendor: Vendor, *, now: datetime) -> None:
    confirm_account(actor=actor, account=vendor.bank_accounts.get(state=AccountState.PROPOSED), now=now)


def _delegate(giver: User, taker: User, at: datetime, ahead: int, days: int) -> None:
    start = timezone.localdate(at) + timedelta(days=ahead)
    create_delegation(
        actor=giver, delegator=giver, delegate=taker, start_date=start, end_date=start + timedelta(days=days), now=at
    )
