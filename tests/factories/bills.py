"""Bills of a building company's vendor, by the services."""

from datetime import date
from decimal import Decimal
from typing import Any

from bureau.purchasing.models import Bill, GoodsReceipt, PurchaseOrder
from bureau.purchasing.services import bills
from bureau.purchasing.services.bills import BillLineInput
from bureau.purchasing.services.receipts import ReceiptLineInput, record_receipt
from bureau.purchasing.states import BillStatus
from tests.factories.orders import NOW, Site, order_in


def receive(order: PurchaseOrder, *quantities: str | None, actor: Any = None, **options: Any) -> GoodsReceipt:
    """Quantities of the order's lines, in their order; None leaves a line out."""
    lines = [
        ReceiptLineInput(line.pk, Decimal(quantity))
        for line, quantity in zip(order.lines.all(), quantities, strict=False)
        if quantity is not None
    ]
    return record_receipt(actor=actor or order.created_by, order=order, lines=lines, now=NOW, **options)


def billed(order: PurchaseOrder, **changes: Any) -> list[BillLineInput]:
    """All of the order's lines at its prices; `changes` for each."""
    return [
        BillLineInput(**{"quantity": line.quantity, "unit_price": line.unit_price, "order_line": line.pk, **changes})
        for line in order.lines.all()
    ]


def enter(site: Site, order: PurchaseOrder | None = None, **options: Any) -> Bill:
    """Bill A-100 of the site's vendor by the finance reviewer: all of the order; without one 40.00 of something."""
    given = {
        "actor": site.finance,
        "vendor": site.vendor,
        "order": order,
        "bill_number": "A-100",
        "bill_date": date(2026, 3, 9),
        "lines": billed(order) if order else [BillLineInput(Decimal(1), Decimal(40), "Courier", "XMPT")],
        "now": NOW,
        **options,
    }
    return bills.enter_bill(**given)


def match(bill: Bill, actor: Any = None) -> Bill:
    return bills.match_bill(actor=actor or bill.created_by, bill=bill, now=NOW)


def approve(bill: Bill, comment: str = "", actor: Any = None) -> Bill:
    return bills.approve_bill(actor=actor or bill.created_by, bill=bill, comment=comment, now=NOW)


def pay(bill: Bill, actor: Any = None, method: str = "bank_transfer") -> Bill:
    return bills.pay_bill(
        actor=actor or bill.created_by,
        bill=bill,
        payment_method=method,
        payment_date=date(2026, 3, 20),
        now=NOW,
    )


def bill_in(status: BillStatus | str, site: Site, **options: Any) -> Bill:
    """A bill that went its way up to `status`: of an order that came in, as an exception of one that did not."""
    order = order_in("approved", site)
    if status != BillStatus.EXCEPTION:
        receive(order, "50")
    bill = enter(site, order, **options)
    if status == BillStatus.OPEN:
        return bill
    if status in (BillStatus.MATCHED, BillStatus.EXCEPTION):
        return match(bill)
    bill = approve(bill)
    return bill if status == BillStatus.APPROVED else pay(bill)
