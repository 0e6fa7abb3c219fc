"""Whatever is done to an invoice in whatever order: lines, taxes and payments add up to the cent.

The reference here keeps amounts in whole cents and shares no code with the product.
"""

from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bureau.kit.errors import DomainError
from bureau.sales.models import CreditNote, InvoiceLine, Payment, PaymentShare
from bureau.sales.services import invoices
from bureau.sales.services.content import LineInput
from bureau.sales.services.payments import mark_as_paid, record_payment, refund_payment
from tests.factories.sales import make_invoice, make_shop

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = date(2026, 11, 23)
RATES = {"GP": 12, "GST2": 5, "PST7": 7, "XMPT": 0}


def half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def reference(quantity: int, price: int, discount: int, rate: int) -> tuple[int, int]:
    """Net and tax in cents; quantity in thousandths, price in cents, discount in hundredths of a percent."""
    net = half_up(quantity * price * (10_000 - discount), 1000 * 10_000)
    return net, half_up(net * rate, 100)


drawn_lines = st.lists(
    st.tuples(st.integers(1, 50_000), st.integers(0, 200_000), st.integers(0, 10_000), st.sampled_from(sorted(RATES))),
    max_size=6,
)


def inputs(drawn):
    return [
        LineInput(
            f"Line {place}",
            Decimal(quantity) / 1000,
            Decimal(price) / 100,
            discount_percent=Decimal(discount) / 100,
            tax_code=code,
        )
        for place, (quantity, price, discount, code) in enumerate(drawn)
    ]


class InvoiceLife(RuleBasedStateMachine):
    """The reference: lines in cents, the state, and every payment with what is left of it."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = transaction.atomic()
        self.whole.__enter__()
        self.shop = make_shop()
        self.state = "draft"
        self.lines: list[tuple[int, int]] = []
        self.payments: dict[int, int] = {}
        self.paid = 0

    @initialize(drawn=drawn_lines)
    def begin(self, drawn) -> None:
        self.invoice = make_invoice(self.shop, lines=inputs(drawn), now=NOW)
        self.keep(drawn)

    def keep(self, drawn) -> None:
        self.drawn = drawn
        self.lines = [reference(q, p, d, RATES[code]) for q, p, d, code in drawn]

    @property
    def total(self) -> int:
        return sum(net + tax for net, tax in self.lines)

    @contextmanager
    def outcome(self, allowed: bool):
        """What is within is done where `allowed`, else refused; a refusal takes all back, as a request's would."""
        try:
            with transaction.atomic():
                yield
        except DomainError:
            assert not allowed
        else:
            assert allowed

    @rule(drawn=drawn_lines)
    def change(self, drawn) -> None:
        with self.outcome(self.state == "draft" or drawn == self.drawn):  # what is there already is no change
            invoices.update_invoice(
                actor=self.shop.member, invoice=self.invoice, changes={}, lines=inputs(drawn), now=NOW
            )
        if self.state == "draft":
            self.keep(drawn)

    def issue(self) -> None:
        if self.state == "draft":
            self.state = "issued"

    @rule()
    def send(self) -> None:
        with self.outcome(self.state == "draft" and bool(self.lines)):
            invoices.issue_invoice(actor=self.shop.member, invoice=self.invoice, now=NOW)
        if self.lines:
            self.issue()

    @rule(amount=st.integers(-5, 300_000), place=st.integers(-1, 5))
    def pay(self, amount, place) -> None:
        rows = list(InvoiceLine.objects.filter(invoice=self.invoice))
        row = rows[place] if 0 <= place < len(rows) else None
        room = self.total - self.paid
        if row is not None:
            room = int((row.line_total - row.paid_amount) * 100)
        allowed = self.state != "cancelled" and bool(self.lines) and 0 < amount <= room
        with self.outcome(allowed):
            payment = record_payment(
                actor=self.shop.member,
                invoice=self.invoice,
                amount=Decimal(amount) / 100,
                payment_date=TODAY,
                payment_method="cash",
                line=row,
                now=NOW,
            )
            self.payments[payment.pk] = amount
        if allowed:
            self.paid += amount
            self.issue()

    @rule()
    def pay_all(self) -> None:
        left = self.total - self.paid
        allowed = self.state != "cancelled" and bool(self.lines) and left > 0
        with self.outcome(allowed):
            for payment in mark_as_paid(
                actor=self.shop.member, invoice=self.invoice, payment_method="cash", payment_date=TODAY, now=NOW
            ):
                self.payments[payment.pk] = int(payment.amount * 100)
        if allowed:
            self.paid = self.total
            self.issue()

    @precondition(lambda self: self.payments)
    @rule(data=st.data(), amount=st.none() | st.integers(1, 200_000))
    def refund(self, data, amount) -> None:
        pk = data.draw(st.sampled_from(sorted(self.payments)))
        left = self.payments[pk]
        allowed = left > 0 and (amount is None or amount <= left)
        with self.outcome(allowed):
            refund_payment(
                actor=self.shop.member,
                payment=Payment.objects.get(pk=pk),
                amount=None if amount is None else Decimal(amount) / 100,
                payment_date=TODAY,
                now=NOW,
            )
        if allowed:
            back = left if amount is None else amount
            self.payments[pk] -= back
            self.paid -= back

    @rule()
    def cancel(self) -> None:
        issued = self.state == "issued"
        with self.outcome(self.state != "cancelled"):
            invoices.cancel_invoice(actor=self.shop.member, invoice=self.invoice, now=NOW)
        self.state = "cancelled"
        if issued:
            assert CreditNote.objects.get(invoice=self.invoice).total_amount * 100 == self.total

    @invariant()
    def adds_up(self) -> None:
        if not hasattr(self, "invoice"):
            return
        self.invoice.refresh_from_db()
        invoice, rows = self.invoice, list(InvoiceLine.objects.filter(invoice=self.invoice))
        assert [(row.net_amount * 100, row.tax_amount * 100) for row in rows] == self.lines
        assert invoice.subtotal * 100 == sum(net for net, _tax in self.lines)
        assert invoice.tax_amount * 100 == sum(tax for _net, tax in self.lines)
        assert invoice.total_amount * 100 == self.total
        assert invoice.paid_amount * 100 == self.paid == sum(row.paid_amount * 100 for row in rows)
        laid = PaymentShare.objects.filter(payment__invoice=invoice).values_list("amount", flat=True)
        taken = Payment.objects.filter(invoice=invoice).values_list("amount", flat=True)
        assert sum(laid) == sum(taken) == invoice.paid_amount
        assert invoice.balance * 100 == (0 if self.state == "cancelled" else self.total - self.paid)
        expected = self.state
        if self.state == "issued":
            expected = "paid" if self.paid == self.total else "partial" if self.paid else "sent"
        assert invoice.status == expected

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.whole.__exit__(None, None, None)


def lives(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


def test_amounts_always_add_up(db):
    run_state_machine_as_test(InvoiceLife, settings=lives(25, 12))


@pytest.mark.soak
def test_amounts_of_500_invoices_always_add_up(db):
    run_state_machine_as_test(InvoiceLife, settings=lives(500, 25))
