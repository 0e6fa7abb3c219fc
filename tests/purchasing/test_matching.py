"""The match of a bill with its order, by table and by property."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bureau.kit.pricing import priced_line
from bureau.purchasing.matching import BilledLine, Kind, Ordered, OrderedLine, Tolerances, match

D = Decimal
LUMBER = OrderedLine(1, quantity=D(50), unit_price=D("12.50"), tax_rate=D(12), received=D(50))
HIRE = OrderedLine(2, quantity=D(3), unit_price=D("200.00"), tax_rate=D(5), received=D(1))
ORDER = Ordered([LUMBER, HIRE])
STRICT = Tolerances()


def billed(line: OrderedLine | None = LUMBER, number: int = 1, **changes) -> BilledLine:
    """A line of the bill: all of the order line, at its price, where not said otherwise."""
    like = {"quantity": line.quantity, "unit_price": line.unit_price, "tax_rate": line.tax_rate} if line else {}
    values = {"quantity": D(1), "unit_price": D(40), "tax_rate": D(0), **like}
    values |= {name: D(value) for name, value in changes.items()}
    return BilledLine(number, **values, total=priced_line(*values.values()).total, order_line=line.id if line else None)


def kinds(lines, order: Ordered | None = ORDER, tolerances=STRICT, *, three_way=True) -> list[str]:
    return [found.kind.value for found in match(lines, order, tolerances, three_way=three_way)]


@pytest.mark.parametrize(
    ("line", "tolerances", "three_way", "expected"),
    [
        (billed(), STRICT, True, []),
        (billed(quantity="12"), STRICT, True, []),
        (billed(unit_price="9.99"), STRICT, True, []),
        # Received: 1 of 3 days of hire.
        (billed(HIRE), STRICT, True, ["quantity"]),
        (billed(HIRE), STRICT, False, []),
        (billed(HIRE, quantity="3.001"), Tolerances(total=D(1)), False, ["quantity"]),
        (billed(quantity="51"), Tolerances(quantity=D(2)), True, []),
        (billed(quantity="51.001"), Tolerances(quantity=D(2)), True, ["quantity"]),
        (billed(unit_price="12.51"), Tolerances(total=D(1)), True, ["price"]),
        (billed(unit_price="12.75"), Tolerances(price=D(2), total=D(14)), True, []),
        (billed(unit_price="12.75"), Tolerances(price=D(2), total=D("13.99")), True, ["total"]),
        (billed(unit_price="12.76"), Tolerances(price=D(2), total=D(20)), True, ["price"]),
        (billed(tax_rate="5"), STRICT, True, ["tax"]),
        (billed(tax_rate="13"), Tolerances(total=D(10)), True, ["tax"]),
        (billed(None), STRICT, True, ["unknown_line", "total"]),
        (billed(None), Tolerances(total=D(40)), True, ["unknown_line"]),
    ],
)
def test_match_finds_what_goes_beyond_the_order(line, tolerances, three_way, expected):
    assert kinds([line], tolerances=tolerances, three_way=three_way) == expected


def test_line_of_another_order_is_unknown():
    assert kinds([replace(billed(), order_line=9)], tolerances=Tolerances(total=D(1000))) == ["unknown_line"]


def test_bill_without_an_order_is_an_exception():
    [found] = match([billed(None)], None, STRICT, three_way=True)
    assert (found.kind, found.actual) == (Kind.NO_ORDER, D("40.00"))


def test_earlier_bills_and_lines_that_share_an_order_line_count_together():
    order = Ordered([replace(LUMBER, billed=D(30))])
    assert kinds([billed(quantity="10"), billed(number=2, quantity="10")], order) == []
    [found] = match([billed(quantity="10"), billed(number=2, quantity="11")], order, STRICT, three_way=True)
    assert found.as_json() == {
        "kind": "quantity",
        "line": 1,
        "order_line": 1,
        "expected": "50",
        "actual": "51",
        "difference": "1",
        "tolerance": "0",
        "message": "Line 1: 51 is billed in all, 50 was received.",
    }


def test_difference_in_money_is_written_to_the_cent():
    found = match([billed(unit_price="13")], ORDER, Tolerances(price=D(2), total=D(5)), three_way=True)
    assert [difference.as_json() for difference in found] == [
        {
            "kind": "price",
            "line": 1,
            "order_line": 1,
            "expected": "12.50",
            "actual": "13.00",
            "difference": "0.50",
            "tolerance": "2",
            "message": "Line 1: 13.00 each is billed, 12.50 was ordered.",
        },
        {
            "kind": "total",
            "line": None,
            "order_line": None,
            "expected": "700.00",
            "actual": "728.00",
            "difference": "28.00",
            "tolerance": "5.00",
            "message": "The bill comes to 728.00, 700.00 at the prices of the order.",
        },
    ]


def test_rolling_order_is_measured_by_what_was_released():
    order = Ordered([], released=D("100.00"), billed=D("60.00"))
    assert kinds([billed(None)], order) == []
    [found] = match([billed(None, unit_price="40.01")], order, Tolerances(total=D(5)), three_way=True)
    assert (found.kind, found.expected, found.actual, found.difference) == (
        Kind.OVER_CEILING, D("100.00"), D("100.01"), D("0.01"),
    )  # fmt: skip
    priced = Ordered([HIRE], released=D(5000))
    assert kinds([billed(HIRE, quantity="9"), billed(HIRE, number=2, unit_price="201")], priced) == ["price"]


# --- Properties

quantities = st.decimals("0.001", "9999", places=3)
prices = st.decimals("0", "9999", places=2)
rates = st.sampled_from([D(0), D(5), D(7), D(12)])
percents = st.decimals("0", "20", places=2)
tolerance = st.builds(Tolerances, percents, percents, st.decimals("0", "500", places=2))
ordered_lines = st.builds(OrderedLine, st.just(0), quantities, prices, rates, quantities)
orders = st.lists(ordered_lines, min_size=1, max_size=4).map(
    lambda lines: Ordered([replace(line, id=number) for number, line in enumerate(lines, 1)])
)


def whole_bill(order: Ordered, three_way: bool) -> list[BilledLine]:
    return [
        billed(line, number, quantity=line.received if three_way else line.quantity)
        for number, line in enumerate(order.lines, 1)
    ]


@given(orders, tolerance, st.booleans())
def test_bill_of_what_is_there_at_the_prices_of_the_order_always_matches(order, tolerances, three_way):
    assert kinds(whole_bill(order, three_way), order, tolerances, three_way=three_way) == []


@given(orders, st.booleans(), st.data())
def test_without_tolerance_any_more_is_found(order, three_way, data):
    lines = whole_bill(order, three_way)
    place = data.draw(st.integers(0, len(lines) - 1))
    what, more, kind = data.draw(
        st.sampled_from([("quantity", D("0.001"), "quantity"), ("unit_price", D("0.01"), "price")])
    )
    line = order.lines[place]
    like = {"quantity": lines[place].quantity, "unit_price": line.unit_price}
    lines[place] = billed(line, place + 1, **{**like, what: like[what] + more})
    assert kind in kinds(lines, order, STRICT, three_way=three_way)


@given(orders, tolerance, st.booleans(), st.data())
def test_what_a_wider_tolerance_finds_a_narrower_one_finds_too(order, tolerances, three_way, data):
    lines = [
        billed(line, number, quantity=data.draw(quantities), unit_price=data.draw(prices))
        for number, line in enumerate(order.lines, 1)
    ]
    wider = Tolerances(*(data.draw(percents) + part for part in (tolerances.quantity, tolerances.price)), D(1000))
    wide, narrow = (match(lines, order, width, three_way=three_way) for width in (wider, tolerances))
    found = {(difference.kind, difference.line) for difference in narrow}
    assert {(difference.kind, difference.line) for difference in wide} <= found


@given(orders, st.lists(st.tuples(quantities, prices), min_size=1, max_size=4), tolerance)
def test_bill_that_matches_costs_no_more_than_the_order_and_its_tolerance(order, given_lines, tolerances):
    lines = [
        billed(line, number, quantity=quantity, unit_price=price)
        for number, (line, (quantity, price)) in enumerate(zip(order.lines, given_lines, strict=False), 1)
    ]
    if kinds(lines, order, tolerances):
        return
    most = sum(
        priced_line(line.received * (100 + tolerances.quantity) / 100, line.unit_price, line.tax_rate).total
        for line in order.lines
    )
    assert sum(line.total for line in lines) <= most + tolerances.total
