"""The days on which the organization does not work."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from bureau.accounts.services.closing_days import add_closing_day, remove_closing_day
from bureau.core.models import AuditEntry, ClosingDay
from bureau.kit.errors import Conflict, Forbidden, Invalid, NotFound
from tests.factories.accounts import make_organization, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
URL = "/setup/closing-days/"


@pytest.fixture
def organization():
    return make_organization(country="DE")


@pytest.fixture
def admin(organization):
    return make_user(organization, role="admin")


@pytest.fixture
def browser(admin, sign_in):
    return sign_in(admin)


def add(admin, day, **given):
    return add_closing_day(actor=admin, organization=admin.organization, date=day, now=NOW, **given)


def dates(organization):
    return [day.isoformat() for day in organization.closing_days.values_list("date", flat=True)]


def test_closing_day_is_kept_and_audited(organization, admin):
    (day,) = add(admin, date(2026, 5, 15), name=" Bridge day ")
    assert (day.date, day.name, day.organization) == (date(2026, 5, 15), "Bridge day", organization)
    entry = AuditEntry.objects.get(entity_type="closing_day", action="created")
    assert (entry.user, entry.organization, entry.new_values["date"]) == (admin, organization, "2026-05-15")
    remove_closing_day(actor=admin, closing_day=day, now=NOW)
    assert not ClosingDay.objects.exists()
    assert AuditEntry.objects.get(entity_type="closing_day", action="deleted").old_values["name"] == "Bridge day"
    with pytest.raises(NotFound):
        remove_closing_day(actor=admin, closing_day=day, now=NOW)


def test_several_days_leave_out_those_without_work_and_those_that_are_there(organization, admin):
    """24 December 2026 is a Thursday; Christmas, the weekend and New Year's Day are no working days anyway."""
    add(admin, date(2026, 12, 29))
    added = add(admin, date(2026, 12, 24), until=date(2027, 1, 3), name="Between the years")
    assert [day.date.isoformat() for day in added] == ["2026-12-24", "2026-12-28", "2026-12-30", "2026-12-31"]
    assert len(dates(organization)) == 5


def test_closing_day_that_is_there_or_that_cannot_be_is_refused(organization, admin):
    add(admin, date(2026, 5, 15))
    with pytest.raises(Conflict):
        add(admin, date(2026, 5, 15))
    with pytest.raises(Conflict):
        add(admin, date(2026, 5, 16), until=date(2026, 5, 17))
    for given in (
        {"until": date(2026, 5, 31)},
        {"until": date(2026, 7, 31)},
        {"name": "x" * 101},
        {"name": "x\x00y"},
    ):
        with pytest.raises(Invalid):
            add(admin, date(2026, 6, 1), **given)
    assert dates(organization) == ["2026-05-15"]


@pytest.mark.parametrize("role", ["member", "staff", "pm"])
def test_closing_days_are_kept_by_administrators_of_the_organization(organization, admin, role):
    (day,) = add(admin, date(2026, 5, 15))
    for person in (make_user(organization, role=role), make_user(role="owner")):
        with pytest.raises(Forbidden):
            add_closing_day(actor=person, organization=organization, date=date(2026, 5, 18), now=NOW)
        with pytest.raises(Forbidden):
            remove_closing_day(actor=person, closing_day=day, now=NOW)
    assert dates(organization) == ["2026-05-15"]


def test_page_adds_lists_and_removes_them(organization, browser):
    soon = timezone.localdate() + timedelta(days=40)
    assert browser.post(URL, {"date": soon.isoformat(), "until": "", "name": "Works <outing>"}).status_code == 302
    add(organization.users.get(role="admin"), date(2020, 5, 15), name="Long ago")
    answer = browser.get(URL)
    text = answer.content.decode()
    assert [row.date for row in answer.context["coming"]] == [soon]
    assert [row.name for row in answer.context["past"]] == ["Long ago"]
    assert "Works &lt;outing&gt;" in text
    assert "public holidays of Germany" in text
    day = organization.closing_days.get(date=soon)
    assert browser.post(URL, {"remove": day.pk}).status_code == 302
    assert dates(organization) == ["2020-05-15"]
    assert browser.post(URL, {"remove": day.pk}).status_code == 302, "it is gone, as was asked"


def test_refused_closing_day_stands_beside_its_field_with_what_was_typed(organization, browser):
    for given, field in (({"date": "soon"}, "date"), ({"date": "2026-06-01", "until": "2026-05-01"}, "until")):
        answer = browser.post(URL, {"name": "Works outing", **given})
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
        assert "Works outing" in answer.content.decode()
    assert dates(organization) == []
    browser.post(URL, {"date": "2026-06-01"})
    answer = browser.post(URL, {"date": "2026-06-01"})
    assert answer.status_code == 422
    assert "There is nothing to add" in answer.content.decode()


def test_closing_day_of_another_organization_is_not_removed(organization, browser):
    stranger = make_user(role="owner")
    (theirs,) = add(stranger, date(2026, 5, 15))
    browser.post(URL, {"remove": theirs.pk})
    assert ClosingDay.objects.filter(pk=theirs.pk).exists()
    assert "15 May" not in browser.get(URL).content.decode()


def test_page_is_for_administrators(organization, sign_in):
    member = sign_in(make_user(organization))
    assert member.get(URL).status_code == 403
    assert member.post(URL, {"date": "2026-06-01"}).status_code == 403
    assert dates(organization) == []


def test_page_says_where_to_set_the_country(sign_in):
    answer = sign_in(make_user(role="owner")).get(URL)
    assert "in which country you work" in answer.content.decode()
