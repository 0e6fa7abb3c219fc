"""The building sites whose orders are measured: projects with their people and cost codes, and vendors."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bureau.accounts.permissions import SYSTEM
from bureau.accounts.services.users import create_user
from bureau.core.models import Organization, User
from bureau.parties.models import Party, Vendor
from bureau.purchasing.models import CostCode, Delegation, Project, ProjectMember

PROJECTS, COST_CODES, FOREMEN = 25, 8, 3  # cost codes of each project, foremen of each
SUPERINTENDENTS, MANAGERS, VENDORS = 10, 4, 200
PLACES = "Harbour", "Hill", "Station", "River", "Market", "School", "Mill", "Garden", "Tower", "Bridge"
TRADES = "Supply", "Concrete", "Steel", "Rentals", "Electric", "Lumber", "Roofing", "Paint", "Plumbing", "Tools"


@dataclass
class Site:
    """A project with its people."""

    project: Project
    cost_codes: list[CostCode]
    foremen: list[User]
    superintendent: User
    manager: User
    waiting: list[tuple[int, User]] = field(default_factory=list)  # for a decision: order, and who is asked


@dataclass
class Sites:
    """All of them, which began `began`."""

    organization: Organization
    admin: User
    sites: list[Site]
    vendors: list[Vendor]
    began: datetime


def make_sites(organization: Organization, admin: User, *, began: datetime, now: datetime) -> Sites:
    supers = [_person(organization, "super", n, now=now) for n in range(SUPERINTENDENTS)]
    managers = [_person(organization, "pm", n, now=now) for n in range(MANAGERS)]
    sites = Sites(organization, admin, [], _vendors(organization, now=began), began)
    for n in range(PROJECTS):
        foremen = [_person(organization, "foreman", n * FOREMEN + m, now=now) for m in range(FOREMEN)]
        sites.sites.append(_site(sites, n, foremen, supers[n % len(supers)], managers[n % len(managers)], now=began))
    Delegation.objects.create(
        organization=organization, delegator=managers[0], delegate=managers[1], created_by=admin, created_at=now,
        start_date=now.date(), end_date=now.date() + timedelta(days=7),
    )  # fmt: skip
    return sites


def _person(organization: Organization, role: str, number: int, *, now: datetime) -> User:
    return create_user(
        actor=SYSTEM, organization=organization, username=f"{role}{number}", email=f"{role}{number}@example.com",
        first_name=PLACES[number % len(PLACES)], last_name=f"{role.title()} {number}", password="Mauve-Anvil-88",
        role=role, now=now,
    )  # fmt: skip


def _vendors(organization: Organization, *, now: datetime) -> list[Vendor]:
    names = [f"{PLACES[n % 10]} {TRADES[n // 10 % 10]} {'Co.' if n < 100 else 'Ltd.'}" for n in range(VENDORS)]
    parties = Party.objects.bulk_create(
        Party(
            organization=organization, name=name, email=f"orders{n}@example.com", phone=f"555-{n:04}",
            address=f"{n + 1} Main St, City, State 12345", created_at=now, updated_at=now,
        )
        for n, name in enumerate(names)
    )  # fmt: skip
    return Vendor.objects.bulk_create(
        Vendor(organization=organization, party=party, code=f"VEN{n:03}", payment_terms="Net 30")
        for n, party in enumerate(parties, 1)
    )


def _site(
    sites: Sites, number: int, foremen: list[User], superintendent: User, manager: User, *, now: datetime
) -> Site:
    project = Project.objects.create(
        organization=sites.organization, code=f"PRJ{number + 1:03}", start_date=now.date(),
        name=f"{PLACES[number % 10]} building {number + 1}", created_at=now, updated_at=now,
    )  # fmt: skip
    codes = CostCode.objects.bulk_create(
        CostCode(project=project, external_id=f"CC-{n:03}", code=f"{n:02}-100", description=TRADES[n - 1])
        for n in range(1, COST_CODES + 1)
    )
    ProjectMember.objects.bulk_create(
        ProjectMember(project=project, user=person, created_at=now) for person in (*foremen, superintendent, manager)
    )
    return Site(project, codes, foremen, superintendent, manager)
