"""A customer's account with us: what was billed, taken back, paid and refunded, and what that came to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.core.models import PaymentMethod, User
from bureau.core.sums import ExactSum
from bureau.kit.errors import Invalid
from bureau.kit.money import ZERO
from bureau.kit.workdays import add_months
from bureau.parties.models import Customer
from bureau.sales.models import CreditNote, Invoice, Payment
from bureau.sales.selectors.ageing import Owed, ageing


class MovementKind(StrEnum):
    """In the order in which those of one day stand."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    REFUND = "refund"


KINDS: Final = {
    MovementKind.INVOICE: gettext_lazy("Invoice"),
    MovementKind.CREDIT_NOTE: gettext_lazy("Credit note"),
    MovementKind.PAYMENT: gettext_lazy("Payment"),
    MovementKind.REFUND: gettext_lazy("Refund"),
}
ORDER: Final = {kind: place for place, kind in enumerate(MovementKind)}
MONTHS: Final = 12  # of a statement whose beginning nobody says


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What changed the account: `amount` is what the customer owes more by it, negative what they owe less; `balance`
    what they owed then."""

    kind: MovementKind
    day: date
    number: str
    invoice_id: int
    invoice_number: str
    amount: Decimal
    due_date: date | None = None  # of an invoice
    payment_method: str = ""
    reference: str = ""
    balance: Decimal = ZERO

    @property
    def label(self) -> str:
        return str(KINDS[self.kind])

    @property
    def about(self) -> str:
        """What a credit note, a payment or a refund is for, and how the money came."""
        if self.kind == MovementKind.INVOICE:
            return ""
        return ", ".join(filter(None, (_("for %(number)s") % {"number": self.invoice_number}, self.method)))

    @property
    def method(self) -> str:
        return str(PaymentMethod(self.payment_method).label) if self.payment_method else ""


@dataclass(frozen=True, slots=True)
class Statement:
    """An account in one currency from a day to a day, both included. opening_balance + the amounts of all movements =
    closing_balance. `currencies`: those in which there is an account; `owed`: what is open at its end, by age."""

    customer: Customer
    currency: str
    currencies: list[str]
    date_from: date
    date_to: date
    opening_balance: Decimal
    movements: list[Movement]
    owed: Owed

    @property
    def closing_balance(self) -> Decimal:
        return self.movements[-1].balance if self.movements else self.opening_balance

    def total(self, kind: MovementKind) -> Decimal:
        """Of the amounts of one kind, as a positive amount."""
        return abs(sum((one.amount for one in self.movements if one.kind == kind), ZERO))

    @property
    def invoiced(self) -> Decimal:
        return self.total(MovementKind.INVOICE)

    @property
    def credited(self) -> Decimal:
        return self.total(MovementKind.CREDIT_NOTE)

    @property
    def paid(self) -> Decimal:
        return self.total(MovementKind.PAYMENT)

    @property
    def refunded(self) -> Decimal:
        return self.total(MovementKind.REFUND)

    @property
    def credit(self) -> Decimal:
        """What is theirs at the end: paid on what was taken back and not refunded, or ahead of an invoice.
        closing_balance = owed.total - credit."""
        return self.owed.total - self.closing_balance


def customer_statement(
    user: User,
    customer: Customer,
    *,
    date_from: date | None = None,
    date_to: date | None = None,
    currency: str = "",
    today: date,
) -> Statement:
    """Of the invoices that this person sees, by their dates and those of credit notes and payments. Until today, and
    over a year, where not given; in the organization's currency where there is an account in it, else in the first.

    Raises Invalid.
    """
    end = date_to or today
    begin = date_from or add_months(end, -MONTHS)
    if begin > end:
        raise Invalid.field("date_to", _("A statement ends on its first day or later."))
    issued = Invoice.objects.visible_to(user).filter(customer=customer, issued_at__isnull=False)
    currencies = sorted(issued.order_by().values_list("currency", flat=True).distinct())
    usual = customer.organization.currency
    currency = currency or (usual if usual in currencies or not currencies else currencies[0])
    account = Account(issued.filter(currency=currency).order_by())
    opening = account.balance_before(begin)
    rows = ageing(user, as_of=end, today=today, customer=customer.pk)
    return Statement(
        customer=customer,
        currency=currency,
        currencies=currencies,
        date_from=begin,
        date_to=end,
        opening_balance=opening,
        movements=list(_running(opening, account.movements(begin, end))),
        owed=next((row for row in rows if row.currency == currency), Owed(currency=currency)),
    )


@dataclass(frozen=True, slots=True)
class Account:
    """The invoices of one customer and currency, and what followed them."""

    invoices: QuerySet[Invoice]

    @property
    def credit_notes(self) -> QuerySet[CreditNote]:
        return CreditNote.objects.filter(invoice__in=self.invoices.values("pk"))

    @property
    def payments(self) -> QuerySet[Payment]:
        return Payment.objects.filter(invoice__in=self.invoices.values("pk")).order_by()

    def balance_before(self, day: date) -> Decimal:
        billed = _sum(self.invoices.filter(issue_date__lt=day), "total_amount")
        taken_back = _sum(self.credit_notes.filter(issue_date__lt=day), "total_amount")
        return billed - taken_back - _sum(self.payments.filter(payment_date__lt=day), "amount")

    def movements(self, first: date, last: date) -> Iterator[tuple[int, Movement]]:
        """Each with the id of its record, in no order."""
        for invoice in self.invoices.filter(issue_date__range=(first, last)):
            yield invoice.pk, _billed(invoice)
        for note in self.credit_notes.filter(issue_date__range=(first, last)).select_related("invoice"):
            yield note.pk, _taken_back(note)
        for payment in self.payments.filter(payment_date__range=(first, last)).select_related("invoice"):
            yield payment.pk, _paid(payment)


def _sum(rows: QuerySet[Any], column: str) -> Decimal:
    return rows.aggregate(sum=ExactSum(column))["sum"] or ZERO


def _billed(invoice: Invoice) -> Movement:
    return Movement(
        kind=MovementKind.INVOICE,
        day=invoice.issue_date,
        number=invoice.number,
        invoice_id=invoice.pk,
        invoice_number=invoice.number,
        amount=invoice.total_amount,
        due_date=invoice.due_date,
    )


def _taken_back(note: CreditNote) -> Movement:
    return Movement(
        kind=MovementKind.CREDIT_NOTE,
        day=note.issue_date,
        number=note.number,
        invoice_id=note.invoice_id,
        invoice_number=note.invoice.number,
        amount=-note.total_amount,
    )


def _paid(payment: Payment) -> Movement:
    return Movement(
        kind=MovementKind.REFUND if payment.refund_of_id else MovementKind.PAYMENT,
        day=payment.payment_date,
        number="",
        invoice_id=payment.invoice_id,
        invoice_number=payment.invoice.number,
        amount=-payment.amount,
        payment_method=payment.payment_method,
        reference=payment.reference,
    )


def _running(opening: Decimal, movements: Iterable[tuple[int, Movement]]) -> Iterator[Movement]:
    """In their order, each with what is owed after it."""
    balance = opening
    for _pk, movement in sorted(movements, key=lambda pair: (pair[1].day, ORDER[pair[1].kind], pair[0])):
        balance += movement.amount
        yield replace(movement, balance=balance)
