"""Whatever people do with orders, in whatever order: the books add up, and nobody passes their rights."""

from contextlib import suppress
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bureau.kit.errors import DomainError
from bureau.purchasing.models import Bill, CostCode, Decision, EntryKind, LedgerEntry, OrderType, PurchaseOrder
from bureau.purchasing.permissions.orders import limit_of
from bureau.purchasing.services import budgets, orders
from bureau.purchasing.services.bills import BillLineInput, approve_bill, enter_bill, match_bill, pay_bill
from bureau.purchasing.services.orders import LineInput
from bureau.purchasing.services.receipts import ReceiptLineInput, record_receipt
from bureau.purchasing.states import OrderStatus
from tests.factories.orders import NOW, Site, attach, make_site

pytestmark = pytest.mark.django_db
CENT = Decimal("0.01")
RATES = {"GST2": 5, "PST7": 7, "GP": 12, "GST_0": 0, "XMPT": 0}
PEOPLE = ("foreman", "superintendent", "pm", "admin", "staff", "finance")

quantities = st.decimals(min_value="0.001", max_value="40", places=3)
prices = st.decimals(min_value=0, max_value=900, places=2)
lines = st.lists(
    st.builds(
        LineInput,
        description=st.just("Gravel"),
        quantity=quantities,
        unit_price=prices,
        category=st.sampled_from(["LA", "EQ", "MA", "SC"]),
        tax_code=st.sampled_from(sorted(RATES)),
    ),
    max_size=4,
)
people = st.sampled_from(PEOPLE)
amounts = st.decimals(min_value="0.01", max_value=9000, places=2)
NEXT = {
    "": ["create"],
    "draft": ["submit", "submit", "update", "cancel"],
    "submitted": ["approve", "approve", "approve", "reject", "cancel"],
    "approved": ["receive", "receive", "bill", "bill", "release", "close"],
    "open": ["approve_bill"],
    "matched": ["approve_bill"],
    "exception": ["approve_bill"],
    "approved bill": ["pay"],
}
"""What can be done with a record in a state; now and then something else is tried."""
ACTIONS = sorted({action for actions in NEXT.values() for action in actions})
DETAILS = {
    "create": st.tuples(people, st.sampled_from(OrderType.values), lines, amounts),
    "update": st.tuples(people, lines),
    "submit": st.tuples(people),
    "approve": st.tuples(people, st.booleans()),
    "reject": st.tuples(people),
    "cancel": st.tuples(people),
    "close": st.tuples(people),
    "release": st.tuples(people, amounts),
    "receive": st.tuples(people, st.decimals(min_value=-10, max_value=40, places=3)),
    "bill": st.tuples(quantities, prices),
    "approve_bill": st.tuples(),
    "pay": st.tuples(),
}


class Play:
    """Carries steps out as far as the services allow."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.now = NOW

    def create(self, _nothing, person, kind, rows, amount):
        orders.create_order(
            actor=getattr(self.site, person),
            type=kind,
            project=self.site.project,
            cost_code=self.site.cost_code,
            vendor_name="ABC Supply Co.",
            lines=rows,
            ceiling_amount=amount,
            urgency_justification="Burst pipe",
            now=self.now,
        )

    def update(self, order, person, rows):
        orders.update_order(actor=getattr(self.site, person), order=order, changes={}, lines=rows, now=self.now)

    def submit(self, order, person):
        orders.submit_order(actor=getattr(self.site, person), order=order, now=self.now)

    def approve(self, order, person, override):
        orders.approve_order(
            actor=getattr(self.site, person),
            order=order,
            override_budget=override,
            comments="All right.",
            now=self.now,
        )

    def reject(self, order, person):
        orders.reject_order(actor=getattr(self.site, person), order=order, reason="No.", now=self.now)

    def cancel(self, order, person):
        orders.cancel_order(actor=getattr(self.site, person), order=order, reason="No.", now=self.now)

    def close(self, order, person):
        if order.type == OrderType.WALKUP and not order.files.exists():
            attach(order, now=self.now)
        orders.close_order(actor=getattr(self.site, person), order=order, now=self.now)

    def release(self, order, person, amount):
        orders.release(actor=getattr(self.site, person), order=order, amount=amount, now=self.now)

    def receive(self, order, person, quantity):
        rows = [ReceiptLineInput(line.pk, min(quantity, line.quantity)) for line in order.lines.all()[:2]]
        record_receipt(actor=getattr(self.site, person), order=order, lines=rows, now=self.now)

    def bill_order(self, order, quantity, price):
        row = BillLineInput(
            quantity=quantity, unit_price=price, description="Gravel", order_line=order.lines.first().pk
        )
        enter_bill(
            actor=self.site.finance,
            vendor=self.site.vendor,
            bill_number=f"B-{Bill.objects.count()}",
            bill_date=self.now.date(),
            order=order,
            lines=[row],
            now=self.now,
        )

    def approve_bill(self, bill):
        bill = match_bill(actor=self.site.finance, bill=bill, now=self.now)
        approve_bill(actor=self.site.finance, bill=bill, comment="As delivered.", now=self.now)

    def pay(self, bill):
        pay_bill(
            actor=self.site.finance,
            bill=bill,
            payment_method="bank_transfer",
            payment_date=self.now.date(),
            now=self.now,
        )

    def step(self, name, *details):
        self.now += timedelta(hours=1)
        with suppress(DomainError), transaction.atomic():
            getattr(self, "bill_order" if name == "bill" else name)(*details)

    def draw(self, data) -> None:
        """One step: mostly something that the record's state allows, by somebody who often may."""
        found = [(order, order.status) for order in PurchaseOrder.objects.order_by("pk")]
        found += [(bill, "approved bill" if bill.status == "approved" else bill.status) for bill in Bill.objects.all()]
        records = [(None, "")] * (3 if len(found) < 3 else 1) + [one for one in found if one[1] in NEXT]
        record, state = data.draw(st.sampled_from(records))
        action = data.draw(st.sampled_from(NEXT[state]))
        if isinstance(record, PurchaseOrder) and data.draw(st.integers(0, 9)) == 0:
            action = data.draw(st.sampled_from(sorted({*ACTIONS} - {"create", "approve_bill", "pay"})))
        if action == "bill" and not record.lines.exists():
            action = "release"
        details = list(data.draw(DETAILS[action]))
        if details and details[0] in PEOPLE and data.draw(st.integers(0, 9)) < 8:
            details[0] = self.fitting(action, record) or details[0]
        self.step(action, record, *details)

    def fitting(self, action, order) -> str:
        if order is None:
            return "foreman"
        names = {getattr(self.site, name).pk: name for name in PEOPLE}
        return "admin" if action in ("approve", "reject") else names[order.created_by_id]


def check(site: Site) -> None:
    for order in PurchaseOrder.objects.all():
        check_totals(order)
        check_decision(order)
        figures = budgets.order_figures(order)
        in_order = [figures[stage] for stage in budgets.STAGES]
        assert in_order == sorted(in_order, reverse=True), f"{order} {order.status}: {in_order}"
        assert in_order[-1] >= 0
        if order.status in (OrderStatus.DRAFT, OrderStatus.REJECTED, OrderStatus.CANCELLED):
            assert in_order == [0, 0, 0, 0, 0]
        if order.status == OrderStatus.SUBMITTED:
            assert in_order == [order.amount, 0, 0, 0, 0]
        if order.ceiling_amount is not None:
            assert order.released_amount <= order.ceiling_amount
    assert list(budgets.differences()) == []
    code = CostCode.objects.get(pk=site.cost_code.pk)
    entries = LedgerEntry.objects.filter(cost_code=code)
    committed = sum((entry.amount for entry in entries if entry.kind == EntryKind.COMMITTED), Decimal(0))
    assert (code.spent, code.remaining) == (committed, code.budget - committed)
    overdrawn = code.remaining < 0
    known = PurchaseOrder.objects.filter(budget_overridden=True).exists() or Bill.objects.exclude(approved_at=None)
    assert not overdrawn or known, "the budget was passed without anybody's override"


def check_totals(order: PurchaseOrder) -> None:
    total = Decimal(0)
    for line in order.lines.all():
        exact = line.quantity * line.unit_price
        tax = (exact * RATES[line.tax_code] / 100).quantize(CENT, ROUND_HALF_UP)
        assert line.tax_amount == tax
        assert line.line_total == exact.quantize(CENT, ROUND_HALF_UP) + tax
        total += line.line_total
    assert order.total_amount == total == order.subtotal + order.tax_amount


def check_decision(order: PurchaseOrder) -> None:
    for decision in Decision.objects.filter(order=order).select_related("approver"):
        assert decision.approver_id not in (order.created_by_id, order.submitted_by_id)
        assert order.amount <= limit_of(decision.approver)


GIVEN = {
    "data": st.data(),
    "length": st.integers(10, 40),
    "budget": st.sampled_from(["0.00", "5000.00", "150000.00"]),
}
QUIET = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
}


def play(data, length: int, budget: str) -> None:
    with transaction.atomic():
        site = make_site(budget=budget)
        players = Play(site)
        for _ in range(length):
            players.draw(data)
            check(site)
        transaction.set_rollback(True)


@given(**GIVEN)
@settings(max_examples=25, **QUIET)
def test_any_sequence_of_actions_keeps_the_books(db, data, length, budget):
    play(data, length, budget)


@pytest.mark.soak
@given(**GIVEN)
@settings(max_examples=1000, **QUIET)
def test_1000_sequences_of_actions_keep_the_books(db, data, length, budget):
    play(data, length, budget)


def test_a_day_in_the_past_shows_the_figures_of_that_day():
    site = make_site()
    players = Play(site)
    row = LineInput("Gravel", Decimal(10), Decimal(100), tax_code="XMPT")
    days = [NOW.date() + timedelta(days=day) for day in range(5)]
    moves = [
        ("create", "foreman", "standard", [row], Decimal(1)),
        ("submit", "foreman"),
        ("approve", "pm", False),
        ("receive", "foreman", Decimal(4)),
        ("close", "foreman"),
    ]
    for day, (action, *details) in enumerate(moves):
        players.now = NOW + timedelta(days=day)
        players.step(action, PurchaseOrder.objects.first(), *details)
    seen = [
        tuple(int(budgets.figures_as_of(what, day)[stage]) for stage in budgets.STAGES[:3])
        for what in (site.project, site.cost_code)
        for day in days
    ]
    assert seen == [(0, 0, 0), (1000, 0, 0), (1000, 1000, 0), (1000, 1000, 400), (400, 400, 400)] * 2
    assert budgets.figures_as_of(site.cost_code, days[0])[EntryKind.BUDGET] == 150_000
    assert budgets.figures_as_of(site.cost_code, days[0] - timedelta(days=1))[EntryKind.BUDGET] == 0


def test_changed_figure_is_found_by_the_command(capsys):
    site = make_site()
    call_command("verify_ledger")
    CostCode.objects.filter(pk=site.cost_code.pk).update(committed=1)
    with pytest.raises(CommandError):
        call_command("verify_ledger")
    assert "CC-001 Site Preparation: committed is 1.00, its entries add up to 0.00" in capsys.readouterr().err
