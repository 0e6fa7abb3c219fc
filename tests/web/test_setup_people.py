"""People and teams: who they are, what they hold, and what is refused beside its field."""

import pytest
from django.core import mail
from django.utils import timezone

from bureau.accounts.models import AccessScope, Role, Team
from bureau.accounts.services.users import deactivate_user
from bureau.core import jobs
from bureau.core.models import Job, User
from tests.factories.accounts import PASSWORD, give_role, make_team, make_user

pytestmark = pytest.mark.django_db
NEW = {
    "first_name": "Ida",
    "last_name": "Berg",
    "email": "ida@example.com",
    "username": "",
    "role": "member",
    "authorization_limit": "",
    "how": "link",
    "password": "",
}


@pytest.fixture
def browser(office, sign_in):
    return sign_in(office.admin)


def test_new_person_gets_a_link_by_mail(office, browser):
    answer = browser.post("/setup/people/new/", NEW)
    person = User.objects.get(username="ida")
    assert answer.headers["Location"] == f"/setup/people/{person.uuid}/"
    assert (person.organization, person.name) == (office.organization, "Ida Berg")
    assert not person.has_usable_password()
    jobs.run(Job.objects.get(kind="send_password_reset").pk)
    assert [message.to for message in mail.outbox] == [["ida@example.com"]]


def test_new_person_can_get_a_typed_password(browser):
    browser.post("/setup/people/new/", {**NEW, "how": "typed", "password": "Quiet-Harbour-17", "role": "foreman"})
    person = User.objects.get(username="ida")
    assert person.check_password("Quiet-Harbour-17")
    assert person.authorization_limit == 5000
    assert not Job.objects.filter(kind="send_password_reset").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"email": "no address"}, "Enter a valid email address"),
        ({"email": "{taken}"}, "This e-mail address is already taken."),
        ({"username": "a b"}, "Use letters, digits"),
        ({"how": "typed"}, "Type a password"),
        ({"how": "typed", "password": "12345678"}, "too common"),
        ({"role": "king"}, "Select a valid choice"),
        ({"authorization_limit": "-1"}, "A limit is not negative."),
        ({"authorization_limit": "much"}, "Enter a number."),
    ],
)
def test_refusal_stands_in_the_form_and_keeps_what_was_typed(office, browser, changes, message):
    changes = {name: value.format(taken=office.manager.email) for name, value in changes.items()}
    answer = browser.post("/setup/people/new/", {**NEW, **changes})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert message in text
    assert 'value="Berg"' in text
    assert not User.objects.filter(first_name="Ida").exists()


def test_role_brings_its_limit_unless_one_is_typed(office, browser):
    person, path = office.manager, f"/setup/people/{office.manager.uuid}/"
    given = {"email": person.email, "username": person.username, "role": "pm", "authorization_limit": ""}
    assert browser.post(path, given).status_code == 302
    person.refresh_from_db()
    assert (person.role, person.authorization_limit) == ("pm", 100_000)
    browser.post(path, {**given, "role": "foreman", "authorization_limit": "750"})
    person.refresh_from_db()
    assert (person.role, person.authorization_limit) == ("foreman", 750)


def test_own_role_cannot_be_changed(office, browser):
    path = f"/setup/people/{office.admin.uuid}/"
    browser.post(path, {"email": office.admin.email, "username": office.admin.username, "role": "member"})
    office.admin.refresh_from_db()
    assert office.admin.role == "admin"
    assert "Deactivate" not in browser.get(path).content.decode()


def test_list_is_searched_and_filtered(office, browser):
    make_user(office.organization, first_name="Åsa", last_name="Öberg", role="pm")
    gone = make_user(office.organization, first_name="Gone")
    deactivate_user(actor=office.admin, user=gone, now=timezone.now())

    def names(query):
        page = browser.get(f"/setup/people/?{query}").context["page"]
        return {person.first_name for person in page if person.first_name}

    assert names("") == {"Åsa"}
    assert names("q=asa+%C3%B6berg") == set()
    assert names("q=%C3%85sa+%C3%96berg") == {"Åsa"}
    assert names("role=pm") == {"Åsa"}
    assert names("state=inactive") == {"Gone"}
    assert names("state=all&q=%00") == {"Åsa", "Gone"}
    assert "Nobody matches" in browser.get("/setup/people/?q=nobody").content.decode()


def test_deactivating_warns_of_roles_that_nobody_else_has_and_can_be_undone(office, browser):
    path = f"/setup/people/{office.director.uuid}/"
    text = browser.get(path + "deactivate/").content.decode()
    assert "Director, Marketing" in text
    give_role(office.admin, office.team, Role.DIRECTOR)
    assert "Director, Marketing" not in browser.get(path + "deactivate/").content.decode()
    browser.post(path + "deactivate/")
    office.director.refresh_from_db()
    assert not office.director.is_active
    browser.post(path + "activate/")
    office.director.refresh_from_db()
    assert office.director.is_active


def test_superuser_is_shown_but_not_changed_by_others(office, browser):
    office.manager.is_superuser = True
    office.manager.save()
    path = f"/setup/people/{office.manager.uuid}/"
    assert "Only a superuser can change a superuser" in browser.get(path).content.decode()
    answer = browser.post(path + "password/", {"typed-password": "Quiet-Harbour-17"})
    assert answer.status_code == 422
    office.manager.refresh_from_db()
    assert office.manager.check_password(PASSWORD)


def test_password_is_typed_or_mailed_for_somebody(office, browser):
    path = f"/setup/people/{office.manager.uuid}/"
    weak = browser.post(path + "password/", {"typed-password": "12345678"})
    assert (weak.status_code, "too common" in weak.content.decode()) == (422, True)
    browser.post(path + "password/", {"typed-password": "Quiet-Harbour-17"})
    office.manager.refresh_from_db()
    assert office.manager.check_password("Quiet-Harbour-17")
    browser.post(path + "send-link/")
    assert Job.objects.get(kind="send_password_reset").payload["user"] == office.manager.pk


def test_roles_are_given_and_taken_on_the_persons_page(office, browser):
    path = f"/setup/people/{office.manager.uuid}/teams/"
    given = {"member-subject": str(office.team.uuid), "member-role": "DIRECTOR"}
    browser.post(path, given)
    held = AccessScope.objects.filter(user=office.manager, team=office.team, role__code="DIRECTOR")
    assert held.exists()
    browser.post(path, {**given, "do": "remove"})
    assert not held.exists()
    refused = browser.post(path, {**given, "do": "remove"})
    assert "does not hold this role" in refused.content.decode()
    foreign = make_team(make_user().organization, "Theirs")
    refused = browser.post(path, {**given, "member-subject": str(foreign.uuid)})
    assert (refused.status_code, AccessScope.objects.filter(team=foreign).exists()) == (422, False)


# --- Teams


def test_team_is_made_changed_and_closed(office, browser):
    answer = browser.post("/setup/teams/new/", {"name": "Site", "description": "Fences"})
    team = Team.objects.get(name="Site")
    path = answer.headers["Location"]
    assert path == f"/setup/teams/{team.uuid}/"
    assert "Make a form" in browser.get(path).content.decode()
    browser.post(path, {"name": "Site", "description": ""})
    team.refresh_from_db()
    assert (team.description, team.is_active) == ("", False)
    refused = browser.post(path, {"name": "marketing"})
    assert (refused.status_code, "There is a team with this name already." in refused.content.decode()) == (422, True)


def test_general_team_has_no_switch_to_close_it(office, browser):
    general = Team.objects.get(organization=office.organization, is_general=True)
    browser.post(f"/setup/teams/{general.uuid}/", {"name": "Everybody", "description": ""})
    general.refresh_from_db()
    assert (general.name, general.is_active) == ("Everybody", True)


def test_cell_of_the_matrix_gives_and_takes_a_role(office, browser):
    path = f"/setup/teams/{office.team.uuid}/members/"
    held = AccessScope.objects.filter(user=office.manager, team=office.team, role__code="DIRECTOR")
    browser.post(path, {"toggle": f"add:{office.manager.uuid}:DIRECTOR"})
    assert held.exists()
    answer = browser.post(path, {"toggle": f"remove:{office.manager.uuid}:DIRECTOR"}, headers={"HX-Request": "true"})
    assert not held.exists()
    assert 'id="members"' in answer.content.decode()
    assert "is no longer Director" in answer.headers["HX-Trigger"]


@pytest.mark.parametrize(
    "toggle", ["add", "add:x:MANAGER", "add:{manager}:KING", "remove:{foreign}:MANAGER", "a:b:c:d"]
)
def test_cell_that_is_not_there_changes_nothing(office, browser, toggle):
    before = AccessScope.objects.count()
    toggle = toggle.format(manager=office.manager.uuid, foreign="00000000-0000-4000-8000-000000000000")
    answer = browser.post(
        f"/setup/teams/{office.team.uuid}/members/", {"toggle": toggle}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 400
    assert AccessScope.objects.count() == before


def test_everybody_stays_an_initiator_of_general(office, browser):
    general = Team.objects.get(organization=office.organization, is_general=True)
    path = f"/setup/teams/{general.uuid}/members/"
    assert (
        f"remove:{office.manager.uuid}:INITIATOR" not in browser.get(f"/setup/teams/{general.uuid}/").content.decode()
    )
    answer = browser.post(path, {"toggle": f"remove:{office.manager.uuid}:INITIATOR"}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert AccessScope.objects.filter(user=office.manager, team=general).exists()


def test_person_is_added_to_a_team(office, browser):
    person, path = make_user(office.organization), f"/setup/teams/{office.team.uuid}/members/"
    browser.post(path, {"member-subject": str(person.uuid), "member-role": "INITIATOR"})
    assert AccessScope.objects.filter(user=person, team=office.team, role__code="INITIATOR").exists()
    refused = browser.post(path, {"member-subject": "", "member-role": "INITIATOR"})
    assert (refused.status_code, "This field is required" in refused.content.decode()) == (422, True)


def test_long_team_is_paged_and_searched(office, browser):
    for number in range(27):
        give_role(make_user(office.organization, first_name=f"Nr{number}"), office.team, "INITIATOR")
    page = browser.get(f"/setup/teams/{office.team.uuid}/?q=Nr26").context["page"]
    assert [person.first_name for person in page] == ["Nr26"]
    assert browser.get(f"/setup/teams/{office.team.uuid}/").context["page"].paginator.num_pages == 2


def test_role_is_added_with_a_code_of_its_name(office, browser):
    browser.post("/setup/teams/", {"role-name": "Safety officer", "role-code": ""})
    assert Role.objects.filter(organization=office.organization, code="SAFETY_OFFICER").exists()
    refused = browser.post("/setup/teams/", {"role-name": "Safety Officer", "role-code": ""})
    assert (refused.status_code, "role with this code already" in refused.content.decode()) == (422, True)
