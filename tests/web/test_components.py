"""Numbers, moments and states as the pages show them."""

import gzip
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

import bureau.web
from bureau.purchasing.states import RequestStatus
from bureau.web.templatetags.bureau import STATES, money, quantity, relative, when

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


def text(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (Decimal("4200"), "4,200.00"),
        (Decimal("0.005"), "0.01"),
        (Decimal("-1680.50"), "(1,680.50)"),
        (Decimal("1234567.891"), "1,234,567.89"),
        (None, "–"),
    ],
)
def test_money_is_shown_to_the_cent_and_negative_in_parentheses(amount, shown):
    assert text(money(amount)) == shown


def test_money_names_its_currency():
    assert text(money(Decimal(5), "EUR")) == "5.00 EUR"


@pytest.mark.parametrize(
    ("value", "shown"), [("2.000", "2"), ("2.500", "2.5"), ("1200", "1,200"), ("1E+3", "1,000"), ("0.125", "0.125")]
)
def test_quantity_leaves_out_the_zeros_that_say_nothing(value, shown):
    assert text(quantity(Decimal(value))) == shown


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(days=6, hours=23), "6 d ago"),
        (timedelta(days=7), "3 Mar"),
        (timedelta(days=100), "30 Nov 2025"),
        (-timedelta(days=2), "in 2 d"),
    ],
)
def test_moment_is_relative_within_a_week(ago, shown):
    assert relative(NOW - ago, NOW) == shown


def test_moment_carries_the_exact_time_for_hover_and_print():
    html = when(NOW - timedelta(days=2), NOW)
    assert 'title="8 Mar 2026, 09:30"' in html
    assert '<span class="print">8 Mar 2026, 09:30</span>' in html


@pytest.fixture(scope="module")
def symbols():
    return set(re.findall(r'<symbol id="([^"]+)"', Path(finders.find("bureau/icons.svg")).read_text()))


@pytest.mark.parametrize("status", list(RequestStatus))
def test_every_state_of_a_request_has_a_word_and_a_shape(status, symbols):
    tone, word = STATES[status]
    assert word
    assert tone in symbols


def test_every_icon_that_a_template_names_is_drawn(symbols):
    templates = list((Path(bureau.web.__path__[0]) / "templates").rglob("*.html"))
    used = {name for path in templates for name in re.findall(r'{% icon "([^"]+)"', path.read_text())}
    assert len(used) > 20
    assert used <= symbols


def test_script_and_style_of_a_page_are_below_100_kb_as_sent():
    files = ("bureau/app.js", "bureau/app.css", "bureau/tokens.css", "bureau/icons.svg", "django_htmx/htmx-2.min.js")
    assert sum(len(gzip.compress(Path(finders.find(name)).read_bytes())) for name in files) < 100_000
