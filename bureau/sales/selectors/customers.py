"""What was sold to a customer."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet

from bureau.core.models import User
from bureau.core.sums import ExactSum
from bureau.kit.money import ZERO
from bureau.parties.models import Customer
from bureau.sales.models import Invoice, Payment
from bureau.sales.states import ISSUED, OPEN


@dataclass(frozen=True, slots=True)
class SellingFigures:
    """Of the issued invoices that stand, in one currency. billed = paid + outstanding; overdue is part of that."""

    currency: str
    billed: Decimal
    paid: Decimal
    outstanding: Decimal
    overdue: Decimal


def selling_figures(user: User, customer: Customer, *, today: date) -> list[SellingFigures]:
    """For each currency that was billed, of the invoices that this person sees."""
    issued = Invoice.objects.visible_to(user).filter(customer=customer, status__in=ISSUED)
    late = Q(status__in=OPEN, due_date__lt=today)
    sums = (
        issued.order_by()
        .values_list("currency")
        .annotate(
            billed=ExactSum("total_amount"),
            paid=ExactSum("paid_amount"),
            outstanding=ExactSum("balance"),
            overdue=ExactSum("balance", filter=late),
        )
    )
    return [SellingFigures(row[0], *(amount or ZERO for amount in row[1:])) for row in sums.order_by("currency")]


def payments_of(user: User, customer: Customer) -> QuerySet[Payment]:
    """The payments and refunds of the customer's invoices that this person sees, the last first."""
    payments = Payment.objects.visible_to(user).filter(invoice__customer=customer).select_related("invoice")
    return payments.order_by("-payment_date", "-pk")
