"""A building company with a project, made by the services that make it in the product."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bureau.accounts.models import Role, Team
from bureau.core.models import Organization, User
from bureau.parties.models import Party, Vendor
from bureau.purchasing.models import CostCode, Project, ProjectMember, PurchaseOrder
from bureau.purchasing.services import budgets, orders
from bureau.purchasing.services.orders import LineInput
from bureau.purchasing.states import OrderStatus
from tests.factories.accounts import give_role, make_organization, make_user
from tests.factories.purchasing import pdf

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
LUMBER = LineInput("2x4 Lumber - 8ft", Decimal(50), Decimal("12.50"), "pcs", "MA", "GP")
"""625.00 net, 75.00 tax, 700.00 in all: the contract's example."""


@dataclass
class Site:
    organization: Organization
    project: Project
    cost_code: CostCode
    vendor: Vendor
    admin: User
    staff: User
    foreman: User
    superintendent: User
    pm: User
    finance: User


def make_site(*, budget: str = "150000.00", **options: Any) -> Site:
    """Project PRJ001 with foreman (limit 5,000), superintendent (25,000) and pm (100,000) as members."""
    organization = make_organization(**options)
    people = {
        name: make_user(organization, role=role)
        for name, role in (
            ("foreman", "foreman"),
            ("superintendent", "super"),
            ("pm", "pm"),
            ("admin", "admin"),
            ("staff", "staff"),
            ("finance", "member"),
        )
    }
    give_role(people["finance"], Team.objects.get(organization=organization, is_general=True), Role.FINANCE_REVIEWER)
    project = make_project(organization, "PRJ001", members=[people[n] for n in ("foreman", "superintendent", "pm")])
    return Site(
        organization=organization,
        project=project,
        cost_code=make_cost_code(project, "CC-001", budget=budget),
        vendor=make_vendor(organization),
        **people,
    )


def make_project(organization: Organization, code: str, *, members: list[User] = [], **options: Any) -> Project:  # noqa: B006
    given = {"name": "Downtown Office Building", "created_at": NOW, "updated_at": NOW, **options}
    project = Project.objects.create(organization=organization, code=code, **given)
    ProjectMember.objects.bulk_create(ProjectMember(project=project, user=user, created_at=NOW) for user in members)
    return project


def make_cost_code(project: Project, external_id: str, *, budget: str = "0.00", **options: Any) -> CostCode:
    given = {"code": "01-100", "description": "Site Preparation", "category": "Construction", **options}
    cost_code = CostCode.objects.create(project=project, external_id=external_id, **given)
    budgets.set_budget(cost_code=cost_code, budget=Decimal(budget), reason="first budget", actor=None, now=NOW)
    return cost_code


def make_vendor(
    organization: Organization, code: str = "VEN001", name: str = "ABC Supply Co.", **options: Any
) -> Vendor:
    party = Party.objects.create(
        organization=organization,
        name=name,
        email="orders@abcsupply.com",
        phone="555-0123",
        address="123 Main St, City, State 12345",
        created_at=NOW,
        updated_at=NOW,
    )
    return Vendor.objects.create(organization=organization, party=party, code=code, payment_terms="Net 30", **options)


def make_order(site: Site, **options: Any) -> PurchaseOrder:
    """A standard draft of the foreman's with one line: 700.00. `amount` gives another total, without tax."""
    amount = options.pop("amount", None)
    lines = [LUMBER] if amount is None else [line(amount)]
    given = {
        "actor": site.foreman,
        "type": "standard",
        "project": site.project,
        "cost_code": site.cost_code,
        "vendor_name": "ABC Supply Co.",
        "vendor_email": "jane@abcsupply.com",
        "lines": lines,
        "now": NOW,
        **options,
    }
    return orders.create_order(**given)


def line(amount: str | Decimal, description: str = "Gravel", **options: Any) -> LineInput:
    """One piece at this net price, exempt from tax."""
    return LineInput(description, Decimal(1), Decimal(amount), **{"tax_code": "XMPT", **options})


def submit(order: PurchaseOrder, **options: Any) -> PurchaseOrder:
    return orders.submit_order(**{"actor": order.created_by, "order": order, "now": NOW, **options})


def approve(person: User, order: PurchaseOrder, **options: Any) -> PurchaseOrder:
    return orders.approve_order(**{"actor": person, "order": order, "now": NOW, **options})


def attach(order: PurchaseOrder, **options: Any) -> Any:
    given = {"actor": order.created_by, "order": order, "upload": pdf(), "filename": "quote.pdf", "now": NOW, **options}
    return orders.attach_file(**given)


def order_in(status: OrderStatus | str, site: Site, **options: Any) -> PurchaseOrder:
    """An order that went its way up to `status`; the pm decides."""
    order = make_order(site, **options)
    match OrderStatus(status):
        case OrderStatus.DRAFT:
            return order
        case OrderStatus.CANCELLED:
            return orders.cancel_order(actor=order.created_by, order=order, reason="Not needed", now=NOW)
    order = submit(order)
    match OrderStatus(status):
        case OrderStatus.SUBMITTED:
            return order
        case OrderStatus.REJECTED:
            return orders.reject_order(actor=site.pm, order=order, reason="Too dear.", now=NOW)
    order = approve(site.pm, order)
    if OrderStatus(status) == OrderStatus.APPROVED:
        return order
    if order.type == "walkup":
        attach(order)
    return orders.close_order(actor=order.created_by, order=order, now=NOW)
