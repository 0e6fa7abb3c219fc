"""The people of the demo data: Northwind Builders with its teams, and two sole traders."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.hashers import get_hasher, make_password

from bureau.accounts.models import Role, Team
from bureau.accounts.permissions import SYSTEM
from bureau.accounts.services.organizations import create_organization, update_organization
from bureau.accounts.services.taxes import create_tax_code
from bureau.accounts.services.teams import add_member, create_team
from bureau.accounts.services.users import create_user
from bureau.core.models import Organization, User
from bureau.purchasing.services.templates import create_form_template, create_workflow_template

STAFF = [
    ("staff", "Sofie", "Lindqvist", "staff"),
    ("foreman", "Ben", "Okafor", "foreman"),
    ("super", "Rosa", "Delgado", "super"),
    ("pm", "Henrik", "Vos", "pm"),
    ("requester", "Mia", "Tanaka", "member"),
    ("manager", "Karl", "Weber", "member"),
    ("director", "Amara", "Nwosu", "member"),
    ("finance", "Lena", "Fischer", "member"),
]
OWNERS = [("owner", "Oona", "Virtanen"), ("owner2", "Tomás", "Rivera")]
VAT = "VAT19"
SELLING = {
    "payment_days": 14,
    "bank_name": "Hansebank Hamburg",
    "iban": "DE89370400440532013000",
    "bic": "COBADEFFXXX",
    "invoice_terms": "Payable within 14 days without deduction. Please give the number of the invoice.",
    "quote_terms": "All prices are net, from the building site. The work begins within three weeks of your order.",
}
"""What Northwind Builders writes on quotes and invoices."""
TRADERS: dict[str, dict[str, Any]] = {
    "owner": {
        "address": "Merikatu 8\n00140 Helsinki", "country": "FI", "tax_number": "FI27364151",
        "iban": "FI2112345600000785", "bic": "NDEAFIHH", "payment_days": 21,
    },
    "owner2": {
        "address": "Calle de la Cruz 21\n28012 Madrid", "country": "ES", "tax_number": "ESX2482300W",
        "iban": "ES9121000418450200051332", "bic": "CAIXESBB", "payment_days": 30,
    },
}  # fmt: skip


def create_people(start: datetime, password: str) -> tuple[dict[str, User], Team]:
    """Everybody by their username, and the team Marketing. Raises Invalid when `password` is too weak."""
    northwind = create_organization(
        name="Northwind Builders",
        now=start,
        address="Hafenstrasse 12\n20457 Hamburg",
        country="DE",
        tax_number="DE811907980",
        completion_email="accounts@northwind.example",
    )
    with _one_password_hash(password):
        people = {"admin": _person(northwind, start, password, ("admin", "Alma", "Brandt", "admin"), superuser=True)}
        for given in STAFF:
            people[given[0]] = _person(northwind, start, password, given)
        for username, first, last in OWNERS:
            people[username] = _person(None, start, password, (username, first, last, "owner"))
    admin = people["admin"]
    create_tax_code(actor=admin, organization=northwind, code=VAT, name="VAT", rate=Decimal(19), now=start)
    changes = {"default_tax_code": "GP", **SELLING}
    update_organization(actor=admin, organization=northwind, changes=changes, now=start)
    northwind.refresh_from_db()  # its people hold this one
    for username, details in TRADERS.items():
        trader = people[username]
        update_organization(actor=trader, organization=trader.organization, changes=details, now=start)
        trader.organization.refresh_from_db()
    general = Team.objects.get(organization=northwind, is_general=True)
    marketing = create_team(
        actor=admin, name="Marketing", description="Brochures, fairs, the website.", now=start, organization=northwind
    )
    roles = {role.code: role for role in Role.objects.filter(organization=northwind)}
    add_member(actor=admin, team=marketing, user=people["requester"], role=roles[Role.INITIATOR], now=start)
    for team in (marketing, general):
        for name, code in (("manager", Role.MANAGER), ("director", Role.DIRECTOR), ("finance", Role.FINANCE_REVIEWER)):
            add_member(actor=admin, team=team, user=people[name], role=roles[code], now=start)
    create_form_template(
        actor=admin,
        team=marketing,
        name="Marketing Form",
        fields=[
            {
                "field_id": "budget_amount",
                "name": "Budget Amount",
                "field_type": "NUMBER",
                "required": True,
                "minimum": Decimal(0),
                "help_text": "What it costs in all, without tax.",
                "is_amount": True,
            },
            {"field_id": "campaign", "name": "Campaign", "field_type": "TEXT", "help_text": "If it belongs to one."},
        ],
        attachment_categories=[{"name": "Quote"}],
        now=start,
    )
    create_workflow_template(
        actor=admin,
        team=marketing,
        name="Standard Workflow",
        steps=[
            {"step_name": "Manager Approval", "approvers": [{"role": Role.MANAGER}]},
            {"step_name": "Director Approval", "approvers": [{"role": Role.DIRECTOR}]},
            {"step_name": "Finance Review", "is_finance_review": True},
        ],
        now=start,
    )
    return people, marketing


def _person(
    organization: Organization | None,
    now: datetime,
    password: str,
    given: tuple[str, str, str, str],
    *,
    superuser: bool = False,
) -> User:
    username, first, last, role = given
    domain = "northwind.example" if organization else f"{username}.example"
    return create_user(
        actor=SYSTEM,
        username=username,
        email=f"{username}@{domain}",
        password=password,
        role=role,
        first_name=first,
        last_name=last,
        organization=organization,
        superuser=superuser,
        now=now,
    )


@contextmanager
def _one_password_hash(password: str) -> Iterator[None]:
    """Hashing is slow by design: the people made inside get one hash in common, made once."""
    hasher = get_hasher()
    usual = getattr(hasher, "iterations", None)
    if usual is not None:
        hasher.iterations = 1  # type: ignore[attr-defined]
    try:
        yield
    finally:
        if usual is not None:
            hasher.iterations = usual  # type: ignore[attr-defined]
    User.objects.update(password=make_password(password))
