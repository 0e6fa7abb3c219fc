"""Reads of bills: which there are, how one compares with its order, and what a person can do with it."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from bureau.core.models import User
from bureau.core.sums import ExactSum
from bureau.kit.errors import NotFound
from bureau.kit.money import ZERO
from bureau.kit.permissions import Decision, denied
from bureau.parties.permissions.vendors import handles_payables
from bureau.parties.selectors.vendors import tolerance, vendor_named
from bureau.purchasing.bill_numbers import number_shape
from bureau.purchasing.matching import BilledLine, Difference, Kind, Ordered, OrderedLine, Tolerances, match
from bureau.purchasing.models import Bill, BillLine, OrderLine, OrderType, PurchaseOrder
from bureau.purchasing.permissions import bills as permissions
from bureau.purchasing.selectors.receipts import NOTHING, by_order_line, received_quantities
from bureau.purchasing.states import BillStatus, OrderStatus

ACCEPTED = (BillStatus.APPROVED, BillStatus.PAID)
BILLABLE = (OrderStatus.APPROVED, OrderStatus.CLOSED)


def visible_bills(user: User) -> QuerySet[Bill]:
    """Newest first, with the names that a list shows."""
    return Bill.objects.visible_to(user).select_related("vendor__party", "order").order_by("-created_at", "-pk")


def visible_bill(user: User, pk: int) -> Bill:
    """The bill with this id, where the person may see it. Raises NotFound, foreign or unknown."""
    found = with_details(Bill.objects.visible_to(user).filter(pk=pk)).first()
    if found is None:
        raise NotFound(_("Not found."))
    return found


def with_details(bills: QuerySet[Bill]) -> QuerySet[Bill]:
    """With everything that a bill's page and its detail in the API show."""
    return bills.select_related(
        "organization",
        "vendor__party",
        "order__created_by",
        "file",
        "bank_account",
        "approved_by",
        "paid_by",
        "created_by",
    ).prefetch_related(Prefetch("lines", BillLine.objects.select_related("order_line")))


def bills_awaiting(user: User) -> QuerySet[Bill]:
    """What somebody who works with bills decides on: those not approved yet, oldest first."""
    if not (user.is_superuser or handles_payables(user)):
        return Bill.objects.none()
    return visible_bills(user).filter(status__in=permissions.UNDECIDED).order_by("created_at", "pk")


def bill_exceptions(user: User) -> QuerySet[Bill]:
    """The queue of exceptions: bills whose last match found differences, oldest first."""
    return bills_awaiting(user).filter(status=BillStatus.EXCEPTION)


def orders_of_bills(user: User) -> QuerySet[PurchaseOrder]:
    """The orders that a bill of this person may name: all of the organization for those who work with bills."""
    if not user.is_superuser and handles_payables(user):
        return PurchaseOrder.objects.present().filter(organization=user.organization_id)
    return PurchaseOrder.objects.visible_to(user)


def billable_orders(user: User) -> QuerySet[PurchaseOrder]:
    """Those of them that can be billed: approved or closed."""
    return orders_of_bills(user).filter(status__in=BILLABLE)


def billed_quantities(order: PurchaseOrder, *, besides: Bill) -> dict[int, Decimal]:
    """By order line: what the order's other bills that were approved have asked for."""
    return by_order_line(
        BillLine.objects.filter(order_line__order=order, bill__status__in=ACCEPTED).exclude(bill=besides)
    )


def total_of(bills: QuerySet[Bill]) -> Decimal:
    total: Decimal | None = bills.aggregate(total=ExactSum("total_amount"))["total"]
    return total or ZERO


def tolerances_of(bill: Bill) -> Tolerances:
    return Tolerances(*(tolerance(bill.vendor, bill.organization, name) for name in ("quantity", "price", "total")))


@dataclass(slots=True)
class MatchRow:
    """A line of the three-way table: what was ordered, what came in, what was billed before and what is billed now.

    `ordered` None: the bill asks for something that was not ordered. `billed` holds the bill's lines for it.
    """

    ordered: OrderLine | None
    received: Decimal = NOTHING
    billed_before: Decimal = NOTHING
    billed: list[BillLine] = field(default_factory=list)
    differences: list[dict[str, Any]] = field(default_factory=list)

    @property
    def billed_now(self) -> Decimal:
        return sum((line.quantity for line in self.billed), NOTHING)


def match_rows(bill: Bill) -> list[MatchRow]:
    """The bill beside its order, line by line: the order's lines first, then what is on the bill alone.

    Differences are those that the last match found; those of the bill as a whole stand in `bill.exceptions` alone.
    """
    rows: dict[int, MatchRow] = {}
    if bill.order is not None:
        received, before = received_quantities(bill.order), billed_quantities(bill.order, besides=bill)
        for line in bill.order.lines.all():
            rows[line.pk] = MatchRow(line, received.get(line.pk, NOTHING), before.get(line.pk, NOTHING))
    alone = []
    by_number: dict[int, MatchRow] = {}
    for billed in bill.lines.all():
        row = rows.get(billed.order_line_id or 0)
        if row is None:
            row = MatchRow(None)
            alone.append(row)
        row.billed.append(billed)
        by_number[billed.line_number] = row
    for difference in bill.exceptions:
        if difference["line"] in by_number:
            by_number[difference["line"]].differences.append(difference)
    return [*rows.values(), *alone]


def found_differences(bill: Bill) -> list[Difference]:
    """What a match of the bill finds now. Lock the order where the answer must hold until the commit."""
    lines = [
        BilledLine(
            number=line.line_number,
            quantity=line.quantity,
            unit_price=line.unit_price,
            tax_rate=line.tax_rate,
            total=line.line_total,
            order_line=line.order_line_id,
        )
        for line in bill.lines.all()
    ]
    ordered = None if bill.order is None else _ordered(bill, bill.order)
    found = match(lines, ordered, tolerances_of(bill), three_way=bill.vendor.match_receipts)
    return found + _seen_before(bill)


def _seen_before(bill: Bill) -> list[Difference]:
    """An earlier or approved bill of the same total that has this number, of another record of the vendor, or one that
    is easily read as it."""
    same = Bill.objects.filter(organization=bill.organization_id, total_amount=bill.total_amount).exclude(pk=bill.pk)
    same = same.filter(Q(pk__lt=bill.pk) | Q(status__in=ACCEPTED))
    same = same.filter(Q(vendor=bill.vendor_id) | Q(number_key=bill.number_key)).select_related("vendor__party")
    shape = number_shape(bill.bill_number)
    seen = next((one for one in same.order_by("pk") if number_shape(one.bill_number) == shape), None)
    if seen is None:
        return []
    message = _("It looks like bill %(number)s of %(vendor)s, which comes to the same total.") % {
        "number": seen.bill_number,
        "vendor": str(seen.vendor),
    }
    return [Difference(Kind.SEEN_BEFORE, message, actual=bill.total_amount)]


def _ordered(bill: Bill, order: PurchaseOrder) -> Ordered:
    received, billed = received_quantities(order), billed_quantities(order, besides=bill)
    lines = [
        OrderedLine(
            id=line.pk,
            quantity=line.quantity,
            unit_price=line.unit_price,
            tax_rate=line.tax_rate,
            received=received.get(line.pk, NOTHING),
            billed=billed.get(line.pk, NOTHING),
        )
        for line in order.lines.all()
    ]
    known = order.vendor_id is not None or vendor_named(bill.organization, order.vendor_name) == bill.vendor
    vendor = "" if known else order.vendor_name
    if order.type != OrderType.ROLLING:
        return Ordered(lines, vendor=vendor)
    return Ordered(
        lines,
        vendor=vendor,
        released=order.released_amount,
        billed=total_of(Bill.objects.filter(order=order, status__in=ACCEPTED).exclude(pk=bill.pk)),
    )


def available_actions(bill: Bill, user: User) -> dict[str, Decision]:
    """For each action whether this person can do it now; where not, the reason to show in its place."""
    may_write = permissions.can_write_bills(user, bill.organization)
    answers: dict[str, Decision] = {
        **dict.fromkeys(("edit", "delete", "attach", "match", "pay"), may_write),
        "approve": permissions.can_approve_bill(user, bill),
    }
    for action, answer in answers.items():
        if answer and bill.status not in permissions.STATES_OF[action]:
            answers[action] = denied(permissions.wrong_state(bill, action))
    return answers
