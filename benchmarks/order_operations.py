"""The measured operations on purchase orders."""

import random
from itertools import cycle
from typing import Any

from django.utils import timezone

from benchmarks.office import Office
from benchmarks.operations import (
    DETAIL_BOUND,
    FEW,
    LIST_BOUND,
    MANY,
    WRITE_BOUND,
    Callers,
    Operation,
    Queries,
    answer,
    check_reads,
    counted,
    left_behind,
    patch,
    ports,
    post,
    same,
)
from benchmarks.orders import LINES
from benchmarks.servers import Servers
from benchmarks.sites import Site, Sites
from bureau.core.models import AuditEntry, Job, User
from bureau.purchasing.models import (
    Approval,
    ApprovalSlot,
    Decision,
    LedgerEntry,
    OrderLine,
    OrderNote,
    OrderType,
    PurchaseOrder,
)
from bureau.purchasing.services import orders
from bureau.purchasing.states import OrderStatus

BASE = "/api/v1/purchase-orders"
SIZE = 25
DEEP = 2000  # a page


def operations(office: Office, callers: Callers) -> list[Operation]:
    dice = random.Random(17)
    sites, admin = office.sites, office.admin
    ids = list(PurchaseOrder.objects.order_by("?").values_list("pk", flat=True)[:2000])
    waiting = [case for site in sites.sites for case in site.waiting]
    dice.shuffle(waiting)
    pool = [_approve(callers, order, person) for order, person in waiting]
    drafts = [_create(callers, sites, site, person) for site in sites.sites for person in site.foremen]

    def pages(*queries: str) -> Any:
        return cycle([callers.call(admin, f"{BASE}?limit={SIZE}&{query}") for query in queries])

    busiest = sites.sites[0].project.code
    chosen = [f"status=approved&project_id={busiest}&page={page}" for page in range(1, 11)]
    deep = min(DEEP, PurchaseOrder.objects.count() // SIZE)
    return [
        Operation("order list", pages(*chosen), bound=LIST_BOUND),
        Operation("order page 1", pages("page=1"), bound=LIST_BOUND),
        Operation(f"order page {deep}", pages(f"page={deep}"), bound=LIST_BOUND, beside="order page 1"),
        Operation("order detail", cycle([callers.call(admin, f"{BASE}/{id}") for id in ids]), bound=DETAIL_BOUND),
        Operation("order create", cycle(drafts), status=201, bound=WRITE_BOUND),
        Operation("order approve", iter(pool), bound=WRITE_BOUND, once=True),
    ]


def draft(sites: Sites, site: Site, lines: int = LINES) -> dict[str, Any]:
    return {
        "type": "standard",
        "project_id": site.project.code,
        "cost_code": site.cost_codes[0].external_id,
        "vendor_name": sites.vendors[7].party.name,
        "vendor_contact_name": "Jane Smith",
        "vendor_email": "jane@example.com",
        "vendor_phone": "555-0123",
        "vendor_address": "123 Main St, City, State 12345",
        "description": "For the second floor.",
        "line_items": [
            {
                "description": f"2x4 Lumber - {8 + line}ft",
                "quantity": 50.5,
                "unit": "pcs",
                "unit_price": 12.25,
                "category": "MA",
                "tax_code": "GP",
            }
            for line in range(lines)
        ],
    }


def _create(callers: Callers, sites: Sites, site: Site, person: User) -> bytes:
    return callers.call(person, BASE, draft(sites, site))


def _approve(callers: Callers, order: int, person: User) -> bytes:
    return callers.call(person, f"{BASE}/{order}/approve", {"comments": "Within the budget."}, method="PATCH")


def check_sameness(office: Office, callers: Callers, servers: Servers) -> None:
    """Raises Different unless both sides answer the same reads alike, and leave the same rows after the same writes."""
    site, admin = office.sites.sites[0], office.admin
    chosen = f"status=approved&project_id={site.project.code}"
    last = -(-PurchaseOrder.objects.count() // SIZE)
    lists = [f"page={page}" for page in (1, 2, last)] + [chosen, f"{chosen}&page=3", "project_id=PRJ002"]
    reads = [(admin, f"{BASE}?limit={SIZE}&{query}") for query in lists]
    sample = set(PurchaseOrder.objects.order_by("?").values_list("pk", flat=True)[:100])
    sample |= set(OrderNote.objects.values_list("order", flat=True)[:10])
    sample |= set(PurchaseOrder.objects.filter(type=OrderType.ROLLING).values_list("pk", flat=True)[:20])
    reads += [(admin, f"{BASE}/{id}") for id in sample]
    check_reads(reads, callers, servers)

    creates, approves, rows = [], [], []
    for port in ports(servers):
        made = answer(port, _create(callers, office.sites, site, site.foremen[0]), 201)
        order = PurchaseOrder.objects.get(pk=made["id"])
        orders.submit_order(actor=site.foremen[0], order=order, now=timezone.now())
        approves.append(answer(port, _approve(callers, order.pk, site.superintendent)))
        creates.append(made)
        rows.append(_left_behind(order))
    unlike = {"id": None, "po_number": None, "created_at": None, "approved_at": None}
    same("create", *({**made, **unlike} for made in creates))
    same("approve", *({**approved, **unlike} for approved in approves))
    same("rows", *rows)


def _left_behind(order: PurchaseOrder) -> str:
    found = {
        "order": PurchaseOrder.objects.filter(pk=order.pk),
        "lines": OrderLine.objects.filter(order=order),
        "approval": Approval.objects.filter(order=order),
        "slots": ApprovalSlot.objects.filter(order=order),
        "decisions": Decision.objects.filter(order=order),
        "ledger": LedgerEntry.objects.filter(order=order).order_by("pk"),
        "jobs": Job.objects.filter(payload__order=order.pk).order_by("created_at", "kind"),
        "audit": AuditEntry.objects.filter(entity_type="purchase_order", entity_id=str(order.pk)).order_by("pk"),
    }
    return left_behind(found, {order.po_number: "<number>"})


def count_queries(office: Office, callers: Callers) -> list[Queries]:
    """A page of 1 and of 25 rows; an order without anything and a full one; 1 and 25 lines, in both writes."""
    sites, site = office.sites, office.sites.sites[0]
    admin, foreman, superintendent = (
        callers.client(person) for person in (office.admin, site.foremen[0], site.superintendent)
    )
    small, large = (draft(sites, site, lines) for lines in (FEW, MANY))
    made = [post(foreman, BASE, body)().json()["id"] for body in (small, large, large)]
    for order in PurchaseOrder.objects.filter(pk__in=made[:2]):
        orders.submit_order(actor=site.foremen[0], order=order, now=timezone.now())
    closed = PurchaseOrder.objects.filter(status=OrderStatus.CLOSED, type=OrderType.ROLLING)
    full = closed.filter(files__isnull=False, notes__isnull=False)[0].pk

    def approve(order: int) -> Any:
        return patch(superintendent, f"{BASE}/{order}/approve", {"comments": ""})

    return [
        counted("order list", *(lambda n=n: admin.get(f"{BASE}?limit={n}&status=approved") for n in (FEW, MANY))),
        counted("order detail", *(lambda id=id: admin.get(f"{BASE}/{id}") for id in (made[2], full))),
        counted("order create", post(foreman, BASE, small), post(foreman, BASE, large)),
        counted("order approve", approve(made[0]), approve(made[1])),
    ]
