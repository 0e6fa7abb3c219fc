"""Goods receipts: in parts, back, never too much, and the worth of them in the ledger."""

from copy import deepcopy
from decimal import Decimal

import pytest

from bureau.core.models import AuditEntry
from bureau.kit.errors import Forbidden, Invalid, WrongState
from bureau.kit.money import ZERO
from bureau.purchasing.models import EntryKind, GoodsReceipt, ReceiptLine
from bureau.purchasing.selectors.receipts import receivable, received_quantities
from bureau.purchasing.services.budgets import differences, order_figures
from bureau.purchasing.services.orders import LineInput
from bureau.purchasing.services.receipts import OverReceipt, OverReturn, ReceiptLineInput, record_receipt
from bureau.purchasing.states import OrderStatus
from tests.factories.accounts import make_user
from tests.factories.bills import receive
from tests.factories.orders import NOW, make_order, make_site, order_in

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def first_site(once):
    return once(make_site)


@pytest.fixture
def site(first_site):
    return deepcopy(first_site)


@pytest.fixture
def order(site):
    return order_in("approved", site)


def received(order):
    return order_figures(order)[EntryKind.RECEIVED]


def test_parts_come_in_until_all_is_there_and_their_worth_adds_up_to_the_line_totals(order):
    """50 x 12.50 and 12 % tax: 14.00 a piece."""
    assert [receive(order, quantity).number for quantity in ("20", "29.5")] == [1, 2]
    assert received(order) == Decimal("693.00")
    [line] = receivable(order)
    assert (line.received, line.outstanding) == (Decimal("49.500"), Decimal("0.500"))
    receive(order, "0.5")
    assert received(order) == order.total_amount == Decimal("700.00")
    assert list(differences()) == []


def test_worth_of_three_thirds_is_the_whole_to_the_cent(site):
    """99.99 and 5 % tax are 104.99; three times 35.00 would be 105.00."""
    lines = [
        LineInput("Sand", Decimal(3), Decimal("33.33"), "t", "MA", "GST2"),
        LineInput("Hire", Decimal("1.5"), Decimal("0.03"), "day", "EQ", "PST7"),
    ]
    order = order_in("approved", site, lines=lines)
    for _part in range(3):
        receive(order, "1", "0.5")
    assert received(order) == order.total_amount


def test_what_goes_back_is_taken_off_again(order):
    receive(order, "50")
    receive(order, "-8", note="Split ends")
    assert received(order) == Decimal("588.00")
    assert received_quantities(order) == {order.lines.get().pk: Decimal("42.000")}
    receive(order, "8")
    assert received(order) == Decimal("700.00")


def test_no_more_goes_back_than_came_in(order):
    receive(order, "5")
    with pytest.raises(OverReturn, match="only 5 came in"):
        receive(order, "-5.001")
    assert received(order) == Decimal("70.00")


def test_no_more_comes_in_than_was_ordered(order):
    receive(order, "40")
    with pytest.raises(OverReceipt, match=r"50 were ordered and 40 came in before; with 10\.001 more .* above the 50"):
        receive(order, "10.001")
    assert GoodsReceipt.objects.count() == 1


@pytest.mark.parametrize(("of_vendor", "most"), [(None, "51"), (Decimal(10), "55"), (Decimal(0), "50")])
def test_tolerance_is_the_vendors_else_the_organizations(site, of_vendor, most):
    type(site.organization).objects.update(quantity_tolerance=Decimal(2))
    type(site.vendor).objects.update(quantity_tolerance=of_vendor)
    order = order_in("approved", site)
    with pytest.raises(OverReceipt):
        receive(order, str(Decimal(most) + Decimal("0.001")))
    receive(order, most)
    assert received(order) == Decimal(most) * 14
    figures = order_figures(order)
    assert (
        figures[EntryKind.REQUESTED] == figures[EntryKind.COMMITTED] == max(figures[EntryKind.RECEIVED], Decimal(700))
    )


@pytest.mark.parametrize("quantity", ["0", "0.0001", "NaN", "Infinity", "1000000000"])
def test_quantity_that_cannot_be_is_refused_by_field(order, quantity):
    with pytest.raises(Invalid) as refused:
        receive(order, quantity)
    assert list(refused.value.fields) == ["lines.0.quantity"]


def test_line_of_another_order_is_refused_in_the_words_of_an_unknown_one(site, order):
    foreign = make_order(site).lines.get().pk
    said = []
    for line in (foreign, 0):
        with pytest.raises(Invalid) as refused:
            record_receipt(actor=site.foreman, order=order, lines=[ReceiptLineInput(line, Decimal(1))], now=NOW)
        said.append(refused.value.fields)
    assert said[0] == said[1]
    assert list(said[0]) == ["lines.0.line"]


def test_receipt_names_each_line_once_and_at_least_one(site, order):
    line = ReceiptLineInput(order.lines.get().pk, Decimal(1))
    for lines, field in ([], "lines"), ([line, line], "lines.1.line"):
        with pytest.raises(Invalid) as refused:
            record_receipt(actor=site.foreman, order=order, lines=lines, now=NOW)
        assert list(refused.value.fields) == [field]
    assert not ReceiptLine.objects.exists()


@pytest.mark.parametrize("status", [status for status in OrderStatus if status != OrderStatus.APPROVED])
def test_only_an_approved_order_is_received(site, status):
    order = order_in(status, site)
    with pytest.raises(WrongState):
        receive(order, "1", actor=site.foreman)
    assert received(order) == ZERO


def test_receiving_takes_somebody_of_the_site_or_the_office(site, order):
    with pytest.raises(Forbidden):
        receive(order, "1", actor=make_user(site.organization))
    for person in (site.staff, site.superintendent):
        receive(order, "1", actor=person)


def test_receipt_is_audited_with_what_came(site, order):
    receive(order, "3", note=" Gate 2 ")
    entry = AuditEntry.objects.get(entity_id=str(order.pk), action="received")
    assert entry.user == site.foreman
    assert entry.new_values == {"receipt": 1, "note": "Gate 2", "lines": [{"line": 1, "quantity": "3"}]}
