"""Handing approved orders over to accounting: written down in the approving transaction, posted afterwards, until it
works. The key of an order makes every repeat void, whoever repeats it."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from bureau.core import audit
from bureau.core.jobs import Run, enqueue, job_handler
from bureau.core.models import Job, JobState, Organization
from bureau.purchasing.connectors.choosing import serves_orders
from bureau.purchasing.models import OrderLine, PurchaseOrder
from bureau.purchasing.states import OrderStatus

KIND = "post_order"
POSTED = (OrderStatus.APPROVED, OrderStatus.CLOSED)


def post_order_later(order: PurchaseOrder, *, now: datetime) -> Job:
    """Call it in the transaction that approves the order; an order is only ever written down once."""
    payload = {"order": order.pk, "po_number": order.po_number}
    return enqueue(KIND, payload=payload, now=now, organization=order.organization, key=f"{KIND}:{order.pk}")


@job_handler("post_order", max_attempts=150)  # an hour apart in the end: a service that is away for six days
def post_order(run: Run) -> None:
    orders = PurchaseOrder.objects.select_related("organization", "project", "cost_code", "vendor", "approved_by")
    order = orders.get(pk=run.job.payload["order"])
    connector = serves_orders(order.organization)
    posted = order.status in POSTED
    reference = connector.post_order(document(order), key=order_key(order)) if posted else ""
    with run.completing() as result:
        result |= {"connector": connector.name, "reference": reference, "po_number": order.po_number}
        if posted:
            new = {"connector": connector.name, "reference": reference}
            audit.record(order, "posted", actor=None, now=timezone.now(), new=new)


def post_again(organization: Organization, *, now: datetime) -> int:
    """Lets the posts that were given up be tried once more each, at once; those that wait need not wait longer."""
    jobs = Job.objects.filter(organization=organization, kind=KIND)
    stuck = jobs.filter(state__in=(JobState.FAILURE, JobState.PENDING))
    return stuck.update(state=JobState.PENDING, run_after=now, dispatched_at=None, finished_at=None)


def order_key(order: PurchaseOrder) -> str:
    """Names the order for ever, in every system: numbers are unique within an organization only, and after a restore
    an order may get the number of one that was lost, but not its moment."""
    moment = int(order.created_at.timestamp() * 1_000_000)
    return f"bureau-{order.organization.uuid}-{order.po_number}-{moment}"


def document(order: PurchaseOrder) -> dict[str, Any]:
    """The order as it is handed over (docs/integrations.md). Amounts are texts: no decimal gets lost on the way."""
    return {
        "po_number": order.po_number,
        "type": order.type,
        "project_id": order.project.code,
        "cost_code_id": order.cost_code.external_id,
        "cost_code": order.cost_code.code,
        "vendor_id": order.vendor.code if order.vendor else None,
        "vendor": {
            "name": order.vendor_name,
            "contact_name": order.vendor_contact_name,
            "email": order.vendor_email,
            "phone": order.vendor_phone,
            "address": order.vendor_address,
        },
        "description": order.description,
        "currency": order.organization.currency,
        "subtotal": str(order.subtotal),
        "tax_amount": str(order.tax_amount),
        "total_amount": str(order.total_amount),
        "ceiling_amount": None if order.ceiling_amount is None else str(order.ceiling_amount),
        "approved_by": order.approved_by.name if order.approved_by else None,
        "approved_at": order.approved_at.isoformat() if order.approved_at else None,
        "lines": [_line(line) for line in order.lines.all()],
    }


def _line(line: OrderLine) -> dict[str, Any]:
    return {
        "line_number": line.line_number,
        "description": line.description,
        "quantity": str(line.quantity),
        "unit": line.unit,
        "unit_price": str(line.unit_price),
        "category": line.category,
        "tax_code": line.tax_code,
        "tax_rate": str(line.tax_rate),
        "net_amount": str(line.net_amount),
        "tax_amount": str(line.tax_amount),
        "line_total": str(line.line_total),
    }
