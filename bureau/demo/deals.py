"""What happens to one quote, invoice or recurring invoice of the demo data, step by step, through the services."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from bureau.core.models import User
from bureau.demo.clock import Event
from bureau.demo.customers import Book, keeper
from bureau.demo.people import VAT
from bureau.kit.money import cents
from bureau.parties.models import Customer
from bureau.sales.models import Invoice, Payment, Quote, RecurringInvoice
from bureau.sales.selectors.invoices import billable_cases
from bureau.sales.services import invoices, payments, quotes, recurring
from bureau.sales.services.content import LineInput
from bureau.sales.states import InvoiceStatus

ANSWERS = ["Please start in the first week of the month.", "As discussed on site.", ""]
REFUSALS = ["We found somebody who can start sooner.", "Too dear for this year, thank you.", "The plan has changed."]


@dataclass(frozen=True, slots=True)
class Plan:
    """A quote or invoice to come. `steps` are methods of Course. `place`: of the person, or -1 - that of the company;
    of a sole trader's, among theirs."""

    at: datetime
    place: int
    steps: tuple[str, ...]
    lines: tuple[LineInput, ...]
    of_case: bool = False
    """It bills the customer's case too."""
    late: bool = False
    username: str = ""
    method: str = "bank_transfer"
    number: int = 0


class Course:
    def __init__(self, plan: Plan, people: dict[str, User], book: Book) -> None:
        self.plan = plan
        self.book = book
        self.actor = people[plan.username or keeper(plan.place if plan.place >= 0 else -1 - plan.place)]
        self.quoted: Quote
        self.invoice: Invoice
        self.payment: Payment

    def quote(self, at: datetime) -> None:
        self.quoted = quotes.create_quote(
            actor=self.actor, customer=customer_at(self.book, self.plan), lines=self.plan.lines, now=at
        )

    def send(self, at: datetime) -> None:
        self.quoted = quotes.mark_quote_sent(actor=self.actor, quote=self.quoted, now=at)

    def accept(self, at: datetime) -> None:
        self._decide(at, accepted=True, note=ANSWERS[self.plan.number % len(ANSWERS)])

    def decline(self, at: datetime) -> None:
        self._decide(at, accepted=False, note=REFUSALS[self.plan.number % len(REFUSALS)])

    def revise(self, at: datetime) -> None:
        """The next version, a little cheaper."""
        lines = [
            LineInput(line.description, line.quantity, line.unit_price, line.unit, Decimal(5), line.tax_code)
            for line in self.plan.lines
        ]
        self.quoted = quotes.update_quote(actor=self.actor, quote=self.quoted, changes={}, lines=lines, now=at)

    def convert(self, at: datetime) -> None:
        self.invoice = quotes.convert_quote(actor=self.actor, quote=self.quoted, now=at)

    def create(self, at: datetime) -> None:
        plan, customer = self.plan, customer_at(self.book, self.plan)
        lines = list(plan.lines)
        if plan.of_case:
            case = billable_cases(self.actor, customer).last()
            if case is not None:
                lines.insert(0, LineInput("", Decimal(1), case.product.base_price, case=case))
        self.invoice = invoices.create_invoice(actor=self.actor, customer=customer, lines=lines, now=at)

    def issue(self, at: datetime) -> None:
        self.invoice = invoices.issue_invoice(actor=self.actor, invoice=self.invoice, now=at)

    def part(self, at: datetime) -> None:
        self._pay(cents(self.invoice.total_amount * Decimal("0.4")), at)

    def rest(self, at: datetime) -> None:
        self.invoice.refresh_from_db()
        self._pay(self.invoice.balance, at)

    def pay(self, at: datetime) -> None:
        self._pay(self.invoice.total_amount, at)

    def cancel(self, at: datetime) -> None:
        invoices.cancel_invoice(
            actor=self.actor, invoice=self.invoice, reason="Billed to the wrong company of the group.", now=at
        )

    def refund(self, at: datetime) -> None:
        """A tenth, for a defect."""
        self._refund(cents(self.payment.amount / 10), "A tenth back, for the scratched panel.", at)

    def refund_all(self, at: datetime) -> None:
        self._refund(None, "Back after the credit note.", at)

    def _decide(self, at: datetime, *, accepted: bool, note: str) -> None:
        customer = self.quoted.customer
        name = f"{customer.first_name} {customer.last_name}".strip() or customer.party.name
        self.quoted = quotes.decide_quote(
            quote=self.quoted, accepted=accepted, name=name, note=note, version=self.quoted.version, now=at, actor=None
        )

    def _pay(self, amount: Decimal, at: datetime) -> None:
        method = self.plan.method
        reference = f"Statement {at:%m}/{at.day}" if method == "bank_transfer" else ""
        self.payment = payments.record_payment(
            actor=self.actor, invoice=self.invoice, amount=amount, payment_date=timezone.localdate(at),
            payment_method=method, reference=reference, now=at,
        )  # fmt: skip

    def _refund(self, amount: Decimal | None, note: str, at: datetime) -> None:
        payments.refund_payment(
            actor=self.actor, payment=self.payment, amount=amount, payment_date=timezone.localdate(at), note=note,
            now=at,
        )  # fmt: skip


def customer_at(book: Book, plan: Plan) -> Customer:
    if plan.username:
        return book.own[plan.username][plan.place]
    return book.persons[plan.place] if plan.place >= 0 else book.companies[-1 - plan.place]


@dataclass(frozen=True, slots=True)
class Hire:
    """A recurring invoice of a company, begun so many days ago; each is issued, and paid before the next."""

    place: int
    name: str
    interval: str
    every: int
    """Days after which one is due at the latest."""
    days: int
    line: LineInput


HIRE = [
    Hire(0, "Site container", "monthly", 31, 160, LineInput("Site container, one month", Decimal(2), Decimal(210))),
    Hire(7, "Maintenance", "quarterly", 92, 290, LineInput("Maintenance of the lift", Decimal(1), Decimal(480))),
]


def hire_events(hire: Hire, people: dict[str, User], book: Book, *, now: datetime) -> Iterator[Event]:
    actor = people[keeper(hire.place)]
    made: list[RecurringInvoice] = []

    def begin(at: datetime) -> None:
        found = recurring.create_recurring(
            actor=actor, customer=book.companies[hire.place], lines=[replace(hire.line, tax_code=VAT)], now=at,
            name=hire.name, interval=hire.interval, start_date=timezone.localdate(at),
        )  # fmt: skip
        made.append(found)

    def bill(at: datetime) -> None:
        recurring.make_due_invoices(now=at)
        for invoice in made[0].invoices.filter(status=InvoiceStatus.DRAFT):
            invoices.issue_invoice(actor=actor, invoice=invoice, now=at)

    def collect(at: datetime) -> None:
        for invoice in made[0].invoices.filter(status=InvoiceStatus.SENT):
            payments.record_payment(
                actor=actor, invoice=invoice, amount=invoice.balance, payment_date=timezone.localdate(at),
                payment_method="bank_transfer", now=at,
            )  # fmt: skip

    start = now - timedelta(days=hire.days)
    yield Event(start, begin)
    for number in range(hire.days // hire.every + 1):
        at = start + timedelta(days=number * hire.every, hours=1)
        yield Event(at, bill)
        if at + timedelta(days=11) < now:
            yield Event(at + timedelta(days=11), collect)
