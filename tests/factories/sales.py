"""Quotes and invoices, by the services."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from bureau.core.models import Organization, User
from bureau.parties.models import Customer
from bureau.sales.models import Invoice, Quote
from bureau.sales.selectors.invoices import visible_invoice
from bureau.sales.services.content import LineInput
from bureau.sales.services.invoices import create_invoice, issue_invoice
from tests.factories.accounts import make_organization, make_user
from tests.factories.parties import make_customer


@dataclass
class Shop:
    """An organization that sells: who works there, and a customer."""

    organization: Organization
    admin: User
    staff: User
    member: User
    other: User
    customer: Customer


def make_shop(**organization: Any) -> Shop:
    """Its own tax code is GP (12 %). The customer is the member's; `other` is another member, who sees neither."""
    office = make_organization(**{"country": "DE", "tax_number": "DE123456788", **organization})
    people = {role: make_user(office, role=role) for role in ("admin", "staff", "member")}
    customer = make_customer(
        office,
        owner=people["member"],
        customer_type="company",
        company_name="Fjord Trading",
        email="books@fjord.example",
        address="Havnegata 7\n0150 Oslo",
    )
    return Shop(office, **people, other=make_user(office), customer=customer)


def line(description: str = "Advice", quantity: str = "1", unit_price: str = "100.00", **more: Any) -> LineInput:
    """A line at 12 % where no tax code is named."""
    return LineInput(description, Decimal(quantity), Decimal(unit_price), **{"tax_code": "GP", **more})


def make_invoice(
    shop: Shop,
    *,
    lines: Sequence[LineInput] | None = None,
    issued: bool = False,
    actor: User | None = None,
    now: datetime | None = None,
    **options: Any,
) -> Invoice:
    """A draft of the member's for the shop's customer: 100.00 and 12.00 tax where no `lines` are given."""
    actor, now = actor or shop.member, now or timezone.now()
    options = {"customer": shop.customer, "lines": [line()] if lines is None else lines, **options}
    invoice = create_invoice(actor=actor, now=now, **options)
    if issued:
        issue_invoice(actor=actor, invoice=invoice, now=now)
    return visible_invoice(shop.admin, invoice.pk)


def make_quote(
    shop: Shop,
    *,
    lines: Sequence[LineInput] | None = None,
    actor: User | None = None,
    now: datetime | None = None,
    **options: Any,
) -> Quote:
    """A draft of the member's for the shop's customer: 100.00 and 12.00 tax where no `lines` are given."""
    from bureau.sales.services.quotes import create_quote

    options = {"customer": shop.customer, "lines": [line()] if lines is None else lines, **options}
    return create_quote(actor=actor or shop.member, now=now or timezone.now(), **options)
