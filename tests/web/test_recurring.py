"""Recurring invoices in the pages: written once, looked at, paused, and hidden from others."""

from copy import deepcopy
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bureau.sales.models import Invoice, RecurringInvoice
from bureau.sales.services.recurring import create_recurring, make_due_invoices
from tests.factories.sales import line, make_shop

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture(scope="module")
def first_shop(once):
    return once(make_shop)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


def url(name: str, *args) -> str:
    return reverse(f"web:{name}", args=args)


def text_of(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def make(shop, **values) -> RecurringInvoice:
    given = {"name": "Hosting", "interval": "monthly", "start_date": TODAY, **values}
    return create_recurring(
        actor=shop.member, customer=shop.customer, lines=[line("Hosting")], now=timezone.now(), **given
    )


def given(**changes):
    """What the form sends."""
    return {
        "customer_name": "Fjord Trading",
        "customer": "",
        "name": "Maintenance",
        "interval": "quarterly",
        "start_date": TODAY.isoformat(),
        "end_date": "",
        "payment_days": "14",
        "terms": "",
        "notes": "",
        "do": "save",
        "line_description": ["Lift", ""],
        "line_quantity": ["2", ""],
        "line_unit": ["h", ""],
        "line_unit_price": ["80,50", ""],
        "line_discount_percent": ["", ""],
        "line_tax_code": ["GP", "GP"],
        "line_case": ["", ""],
        **changes,
    }


def test_one_is_written_and_changed(shop, sign_in):
    browser = sign_in(shop.member)
    answer = browser.post(url("recurring-new"), given())
    made = RecurringInvoice.objects.get()
    assert answer.headers["Location"] == url("recurring-invoice", made.pk)
    assert (made.interval, made.payment_days, made.lines[0]["unit_price"]) == ("quarterly", 14, "80.50")
    page = text_of(browser.get(url("recurring-edit", made.pk)))
    assert 'value="Fjord Trading"' in page
    assert 'value="80.50"' in page
    browser.post(url("recurring-edit", made.pk), given(name="Service", send="on"))
    made.refresh_from_db()
    assert (made.name, made.send) == ("Service", True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"customer_name": "Nobody"}, "There is no such customer."),
        ({"name": ""}, "This field is required."),
        ({"end_date": "2001-01-01"}, "It ends on its first date or later."),
        ({"payment_days": "-1"}, "from 0 to"),
        ({"interval": "hourly"}, "Select a valid choice"),
        ({"line_quantity": ["many", ""]}, "Give a number"),
        ({"line_description": ["", ""], "line_quantity": ["", ""], "line_unit_price": ["", ""],
          "line_unit": ["", ""]}, "Add a line first."),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_there_and_what_was_typed_is_kept(shop, sign_in, changes, message):
    answer = sign_in(shop.member).post(url("recurring-new"), given(**changes, notes="kept words"))
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert "kept words" in answer.content.decode()
    assert not RecurringInvoice.objects.exists()


def test_more_lines_come_without_script(shop, sign_in):
    text = text_of(sign_in(shop.member).post(url("recurring-new"), given(do="more")))
    assert text.count('name="line_description"') > 3
    assert not RecurringInvoice.objects.exists()


def test_page_shows_the_next_dates_and_what_was_made(shop, sign_in):
    made = make(shop, start_date=TODAY - timedelta(days=1))
    make_due_invoices(now=timezone.now())
    answer = sign_in(shop.member).get(url("recurring-invoice", made.pk))
    assert Invoice.objects.get().number in text_of(answer)
    assert len(answer.context["coming"]) == 4
    assert answer.context["coming"][0] > TODAY


def test_one_is_paused_and_goes_on(shop, sign_in):
    browser, made = sign_in(shop.member), make(shop)
    browser.post(url("recurring-active", made.pk), {"active": "no"})
    assert "None while it is paused." in text_of(browser.get(url("recurring-invoice", made.pk)))
    assert made.name in text_of(browser.get(url("recurring"), {"tab": "paused"}))
    browser.post(url("recurring-active", made.pk), {"active": "yes"})
    made.refresh_from_db()
    assert made.active


def test_one_is_deleted(shop, sign_in):
    made = make(shop)
    sign_in(shop.member).post(url("recurring-delete", made.pk))
    assert not RecurringInvoice.objects.exists()


def test_problem_is_told(shop, sign_in):
    made = make(shop)
    RecurringInvoice.objects.filter(pk=made.pk).update(problem="The client is not active.")
    browser = sign_in(shop.staff)
    assert "The client is not active." in text_of(browser.get(url("recurring-invoice", made.pk)))
    assert "With a problem" in text_of(browser.get(url("recurring")))


def test_list_finds_by_name_and_customer_and_goes_out_as_a_table(shop, sign_in):
    make(shop)
    browser = sign_in(shop.member)
    assert "Fjord Trading" in text_of(browser.get(url("recurring"), {"q": "hosting fjord"}))
    assert "Nothing matches" in text_of(browser.get(url("recurring"), {"q": "cleaning"}))
    assert "Hosting" in b"".join(browser.get(url("recurring"), {"export": "csv"})).decode()


def test_others_see_none(shop, sign_in):
    made = make(shop)
    for person in (shop.other, make_shop().admin):
        browser = sign_in(person)
        for name in ("recurring-invoice", "recurring-edit"):
            assert browser.get(url(name, made.pk)).status_code == 404
        for name in ("recurring-active", "recurring-delete", "recurring-edit"):
            assert browser.post(url(name, made.pk), given()).status_code == 404
        assert "No recurring invoices yet" in text_of(browser.get(url("recurring")))
