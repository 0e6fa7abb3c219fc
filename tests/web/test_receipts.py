"""Receiving on site: in parts, all at once, and back; what is refused stands beside its line."""

from copy import deepcopy
from decimal import Decimal

import pytest

from bureau.purchasing.selectors.receipts import received_quantities
from tests.factories.accounts import make_user
from tests.factories.orders import LUMBER, line, make_site, order_in

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def first_site(once):
    return once(make_site)


@pytest.fixture
def site(first_site):
    return deepcopy(first_site)


@pytest.fixture
def order(site):
    return order_in("approved", site, lines=[LUMBER, line("80.00")])


def name_of(order, number: int) -> str:
    return f"quantity-{order.lines.get(line_number=number).pk}"


def path_of(order) -> str:
    return f"/orders/{order.pk}/receive/"


def test_part_comes_in_and_the_rest_is_outstanding(site, order, sign_in):
    browser = sign_in(site.foreman)
    answer = browser.post(path_of(order), {"direction": "in", name_of(order, 1): "20.5", "note": "Two are split"})
    assert answer.status_code == 302
    assert list(received_quantities(order).values()) == [Decimal("20.5")]
    text = browser.get(path_of(order)).content.decode()
    assert "Two are split" in text
    assert '<b><span class="num">29.5</span> outstanding</b>' in text
    assert 'value="29.5" inputmode="decimal"' in browser.get(path_of(order) + "?fill=all").content.decode()


def test_goods_go_back(site, order, sign_in):
    browser = sign_in(site.foreman)
    browser.post(path_of(order), {"direction": "in", name_of(order, 1): "50"})
    browser.post(path_of(order), {"direction": "back", name_of(order, 1): "5"})
    assert list(received_quantities(order).values()) == [Decimal(45)]
    refused = browser.post(path_of(order), {"direction": "back", name_of(order, 1): "46"})
    assert refused.status_code == 422
    assert "46 cannot go back" in refused.content.decode()
    assert 'value="back" checked' in refused.content.decode()


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("many", "as a number"),
        ("1,000", "as a number"),
        ("1.2345", "3 decimals"),
        ("", "at least one"),
    ],
)
def test_unusable_quantity_is_refused_and_kept(site, order, sign_in, typed, message):
    answer = sign_in(site.foreman).post(path_of(order), {name_of(order, 1): "", name_of(order, 2): typed})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert message in text
    assert f'name="{name_of(order, 2)}" value="{typed}"' in text
    assert received_quantities(order) == {}


def test_order_that_is_not_approved_says_why_nothing_comes_in(site, sign_in):
    draft = order_in("draft", site)
    text = sign_in(site.foreman).get(path_of(draft)).content.decode()
    assert "Goods are received on an approved order" in text
    assert "Note the receipt" not in text


def test_others_do_not_find_the_order(site, order, sign_in):
    assert sign_in(make_user(site.organization)).get(path_of(order)).status_code == 404
    assert sign_in(site.admin).get("/orders/99999999999999999999999/receive/").status_code == 404


def test_page_costs_the_same_however_much_came_in(site, order, sign_in, django_assert_max_num_queries):
    browser = sign_in(site.foreman)

    def cost() -> int:
        browser.get(path_of(order))
        with django_assert_max_num_queries(40) as queries:
            assert browser.get(path_of(order)).status_code == 200
        return len(queries)

    browser.post(path_of(order), {name_of(order, 1): "1"})
    before = cost()
    for _more in range(3):
        browser.post(path_of(order), {name_of(order, 1): "1", name_of(order, 2): "0.1"})
    assert cost() == before
