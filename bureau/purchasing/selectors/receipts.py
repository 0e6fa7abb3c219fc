"""Reads of goods receipts: what has come in of an order, and what may still come."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from bureau.core.sums import ExactSum
from bureau.kit.money import ZERO
from bureau.kit.pricing import priced_line
from bureau.parties.selectors.vendors import tolerance
from bureau.purchasing.models import GoodsReceipt, OrderLine, PurchaseOrder, ReceiptLine

NOTHING = Decimal("0.000")


@dataclass(frozen=True, slots=True)
class Receivable:
    """How much of an order line has come in. `outstanding` is never negative; `most` is what may come in all."""

    line: OrderLine
    received: Decimal
    most: Decimal

    @property
    def outstanding(self) -> Decimal:
        return max(self.line.quantity - self.received, NOTHING)


def by_order_line(rows: QuerySet[Any]) -> dict[int, Decimal]:
    """The summed quantities of receipt or bill lines, by the id of their order line."""
    return dict(rows.order_by().values_list("order_line").annotate(ExactSum("quantity")))


def received_quantities(order: PurchaseOrder) -> dict[int, Decimal]:
    """By order line: what came in less what went back. A line of which nothing ever came is not there."""
    return by_order_line(ReceiptLine.objects.filter(order_line__order=order))


def receivable(order: PurchaseOrder) -> list[Receivable]:
    """Every line of the order, by number, with what has come in of it."""
    received = received_quantities(order)
    percent = tolerance(order.vendor, order.organization, "quantity")
    return [
        Receivable(line, received.get(line.pk, NOTHING), line.quantity * (100 + percent) / 100)
        for line in order.lines.all()
    ]


def received_value(order: PurchaseOrder) -> Decimal:
    """What has come in of the order at its prices, with tax: of a whole line exactly the line's total."""
    received = received_quantities(order)
    lines = order.lines.filter(pk__in=received)
    return sum((priced_line(received[line.pk], line.unit_price, line.tax_rate).total for line in lines), ZERO)


def receipts(order: PurchaseOrder) -> QuerySet[GoodsReceipt]:
    """What came in at which time, oldest first, with its lines."""
    found = GoodsReceipt.objects.filter(order=order).select_related("received_by").order_by("number")
    return found.prefetch_related("lines__order_line")
