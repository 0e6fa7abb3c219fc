"""Reads across vendors, orders and bills: what was spent with whom, what may still be billed, what is to be paid."""

from datetime import date
from decimal import Decimal

from django.db.models import DecimalField, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from bureau.core.models import User
from bureau.core.sums import ExactSum
from bureau.kit.money import ZERO
from bureau.parties.models import AccountState, BankAccount, Vendor
from bureau.purchasing.models import Bill, BillLine, OrderLine, PurchaseOrder
from bureau.purchasing.selectors.bills import ACCEPTED, bills_awaiting, visible_bills
from bureau.purchasing.selectors.orders import with_first_line
from bureau.purchasing.selectors.receipts import NOTHING, received_quantities
from bureau.purchasing.states import BillStatus

_MONEY = DecimalField(max_digits=14, decimal_places=2)


def with_spend(vendors: QuerySet[Vendor], user: User, year: int) -> QuerySet[Vendor]:
    """With `spend`: the approved and paid bills of that year, by their date, that this person sees; and `waits`: an
    account is to be confirmed."""
    bills = Bill.objects.visible_to(user).filter(
        vendor=OuterRef("pk"), status__in=ACCEPTED, bill_date__gte=date(year, 1, 1), bill_date__lt=date(year + 1, 1, 1)
    )
    total = bills.order_by().values("vendor").annotate(total=ExactSum("total_amount")).values("total")
    proposed = BankAccount.objects.filter(vendor=OuterRef("pk"), state=AccountState.PROPOSED)
    spend = Coalesce(Subquery(total, output_field=_MONEY), ZERO, output_field=_MONEY)
    return vendors.annotate(spend=spend, waits=Exists(proposed))


def orders_with(user: User, vendor: Vendor) -> QuerySet[PurchaseOrder]:
    orders = PurchaseOrder.objects.visible_to(user).filter(vendor=vendor).select_related("project")
    return with_first_line(orders).order_by("-created_at", "-pk")


def bills_of(user: User, vendor: Vendor) -> QuerySet[Bill]:
    return visible_bills(user).filter(vendor=vendor)


def unbilled(order: PurchaseOrder, *, three_way: bool) -> list[tuple[OrderLine, Decimal]]:
    """The lines of an order of which something may still be billed, and how much: what came in (two ways: what was
    ordered) less what approved bills have asked for."""
    received = received_quantities(order)
    rows = BillLine.objects.filter(order_line__order=order, bill__status__in=ACCEPTED).order_by()
    billed = dict(rows.values_list("order_line").annotate(ExactSum("quantity")))
    found = []
    for line in order.lines.all():
        base = received.get(line.pk, NOTHING) if three_way else line.quantity
        rest = base - billed.get(line.pk, NOTHING)
        if rest > 0:
            found.append((line, rest))
    return found


def bills_to_decide(user: User) -> QuerySet[Bill]:
    """Those not approved yet whose match found nothing, or that were not matched yet; oldest first."""
    return bills_awaiting(user).exclude(status=BillStatus.EXCEPTION)


def bills_to_pay(user: User, *, until: date | None = None) -> QuerySet[Bill]:
    """The approved bills, due first; `until`: those due on that day or before, and those that name no day."""
    rows = visible_bills(user).filter(status=BillStatus.APPROVED)
    if until is not None:
        rows = rows.filter(Q(due_date__lte=until) | Q(due_date=None))
    return rows.order_by("due_date", "pk")


def former_account(vendor: Vendor) -> BankAccount | None:
    """Where the vendor was paid before the account of today."""
    accounts = vendor.bank_accounts.filter(state=AccountState.SUPERSEDED)
    return accounts.order_by("-decided_at", "-pk").first()


def proposed_account(vendor: Vendor) -> BankAccount | None:
    proposed = vendor.bank_accounts.filter(state=AccountState.PROPOSED)
    return proposed.select_related("proposed_by", "vendor__organization").first()
