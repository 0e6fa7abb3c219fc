"""The calendar's address, and the part of the account page that makes it."""

import re

import pytest
from icalendar import Calendar

from bureau.core.models import User
from tests.factories.cases import make_agency, make_case

pytestmark = pytest.mark.django_db


@pytest.fixture
def agency():
    return make_agency()


def make_address(browser):
    page = browser.post("/account/", {"do": "calendar"})
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    found = re.search(r'value="http[^"]+(/calendar/[\w-]{43}\.ics)"', page.content.decode())
    return found[1]


def test_account_page_makes_an_address_that_calendar_programs_read_without_signing_in(agency, sign_in, client):
    case = make_case(agency)
    browser = sign_in(agency.member)
    assert "Make an address" in browser.get("/account/").content.decode()
    address = make_address(browser)
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    [event] = Calendar.from_ical(answer.content).walk("VEVENT")
    assert case.number in event["description"]
    assert client.head(address).status_code == 200
    assert client.post(address).status_code in (403, 405)
    again = browser.get("/account/").content.decode()
    assert address not in again, "it is shown once"
    assert "Make a new address" in again


def test_new_or_removed_address_ends_the_old_one(agency, sign_in, client):
    browser = sign_in(agency.member)
    old = make_address(browser)
    new = make_address(browser)
    assert (client.get(old).status_code, client.get(new).status_code) == (404, 200)
    assert browser.post("/account/", {"do": "no-calendar"}).headers["Location"].endswith("/account/#calendar")
    assert client.get(new).status_code == 404
    assert "Make an address" in browser.get("/account/").content.decode()


def test_calendar_of_a_person_who_is_not_active_is_not_there_in_the_words_of_an_unknown_one(agency, sign_in, client):
    address = make_address(sign_in(agency.member))
    User.objects.filter(pk=agency.member.pk).update(is_active=False)
    gone = client.get(address)
    unknown = client.get("/calendar/nothing.ics")
    assert gone.status_code == unknown.status_code == 404
    assert gone.content == unknown.content
    assert "no-store" in gone.headers["Cache-Control"]


def test_calendar_is_limited_by_feed_and_wrong_addresses_by_caller(agency, sign_in, client, settings):
    settings.THROTTLING = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "anonymous": "3/hour"}
    mine, theirs = make_address(sign_in(agency.member)), make_address(sign_in(agency.staff))
    assert [client.get(mine).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert client.get(theirs).status_code == 200
    answers = [client.get("/calendar/nothing.ics") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_calendar_takes_as_many_queries_for_many_cases(agency, sign_in, client, django_assert_num_queries):
    address = make_address(sign_in(agency.member))
    for count in (1, 2):
        for _ in range(count):
            make_case(agency)
        with django_assert_num_queries(2):
            client.get(address)
