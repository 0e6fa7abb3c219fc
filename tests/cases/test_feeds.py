"""The calendar that a person subscribes to."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from bureau.cases.models import CalendarFeed, Case
from bureau.cases.services import feeds
from bureau.cases.services.cases import force_close_case, set_step_status
from bureau.core.models import AuditEntry
from bureau.kit.errors import NotFound
from tests.factories.cases import make_agency, make_case
from tests.factories.parties import make_customer

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def agency():
    return make_agency()


def events(user):
    return Calendar.from_ical(feeds.calendar(user)).walk("VEVENT")


def test_event_is_the_day_on_which_the_current_step_is_due(agency, settings):
    settings.PUBLIC_URL = "https://bureau.example"
    case = make_case(agency, now=NOW)
    [event] = events(agency.member)
    assert event["summary"] == f"Task 1: {case.customer.party.name}"
    assert (event["dtstart"].dt, event["dtend"].dt) == (date(2026, 3, 9), date(2026, 3, 10))
    assert event["url"] == f"https://bureau.example/cases/{case.pk}/"
    assert case.number in event["description"]


def test_event_keeps_its_id_when_its_date_moves(agency):
    case = make_case(agency, now=NOW)
    [before] = events(agency.member)
    step = case.steps.get()
    set_step_status(actor=agency.member, case=case, step=step, status="waiting", now=NOW)
    assert events(agency.member) == [], "the clock stands"
    later = NOW + timedelta(days=7)
    set_step_status(actor=agency.member, case=case, step=step, status="processing", now=later)
    [after] = events(agency.member)
    assert after["uid"] == before["uid"]
    assert after["dtstart"].dt > before["dtstart"].dt
    assert after["last-modified"].dt == later


def test_calendar_holds_the_open_cases_that_one_owns_and_no_other(agency):
    mine = make_case(agency, now=NOW)
    staffs = make_case(agency, actor=agency.staff, now=NOW)
    force_close_case(actor=agency.staff, case=make_case(agency, now=NOW), reason="Withdrawn", now=NOW)
    make_case(make_agency(), now=NOW)
    assert [str(event["uid"]) for event in events(agency.member)] == [f"{mine.uuid}-1@bureau"]
    assert [str(event["uid"]) for event in events(agency.staff)] == [f"{staffs.uuid}-1@bureau"]
    assert events(agency.admin) == []


def test_text_of_others_does_not_break_the_calendar(agency):
    agency.customer.party.name = "Lee; Ann, \\ \r\nEND:VEVENT\r\nBEGIN:VALARM"
    agency.customer.party.save()
    make_case(agency, now=NOW)
    [event] = events(agency.member)
    assert event.subcomponents == []
    assert "Lee; Ann, \\" in event["summary"]


def test_calendar_takes_one_query_however_many_cases(agency):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            feeds.calendar(agency.member)
        return len(seen)

    make_case(agency, now=NOW)
    one = queries()
    for _ in range(2):
        make_case(agency, customer=make_customer(agency.organization, owner=agency.member), now=NOW)
    assert (one, queries()) == (1, 1)
    assert Case.objects.count() == 3


def test_new_address_ends_the_old_one(agency):
    old = feeds.create_feed(actor=agency.member, now=NOW)
    assert feeds.feed_for_token(old, address=None).user == agency.member
    new = feeds.create_feed(actor=agency.member, now=NOW)
    with pytest.raises(NotFound):
        feeds.feed_for_token(old, address=None)
    assert feeds.feed_for_token(new, address=None).user == agency.member
    assert new not in str(list(CalendarFeed.objects.values()))
    feeds.remove_feed(actor=agency.member, now=NOW)
    feeds.remove_feed(actor=agency.member, now=NOW)
    with pytest.raises(NotFound):
        feeds.feed_for_token(new, address=None)
    actions = AuditEntry.objects.filter(action__startswith="calendar_").order_by("position")
    assert list(actions.values_list("action", flat=True)) == ["calendar_made", "calendar_reset", "calendar_removed"]
    assert new not in str(list(actions.values()))
