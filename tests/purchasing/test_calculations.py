from decimal import Decimal

import pytest

from bureau.kit.pricing import decimal_places, digits
from bureau.purchasing.calculations import request_amount


@pytest.mark.parametrize(
    ("number", "decimals", "written"),
    [
        ("0", 0, 0),
        ("0.00", 0, 0),
        ("1.50", 1, 2),
        ("12.34", 2, 4),
        ("0.125", 3, 3),
        ("-1E+3", 0, 4),
        ("100", 0, 3),
        ("1E-7", 7, 7),
        ("1." + "0" * 39 + "1", 40, 41),
    ],
)
def test_digits_and_decimals_of_a_number(number, decimals, written):
    assert (decimal_places(Decimal(number)), digits(Decimal(number))) == (decimals, written)


def test_amount_is_the_total_of_the_lines_else_the_form_amount():
    assert request_amount([Decimal("1.10"), Decimal("2.20")], Decimal(9)) == Decimal("3.30")
    assert request_amount([], Decimal("9.005")) == Decimal("9.01")
    assert request_amount([Decimal("0.00")], Decimal(9)) == Decimal("0.00")
    assert request_amount([], None) is None
