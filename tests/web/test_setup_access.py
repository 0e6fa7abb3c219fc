"""Who comes in, what the overview tells, and that no list costs more queries with more rows."""

from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils import timezone

from bureau.accounts.services.organizations import update_organization
from bureau.accounts.services.users import deactivate_user
from bureau.purchasing.models import FormTemplate, WorkflowTemplate
from tests.factories.accounts import give_role, make_team, make_user
from tests.factories.purchasing import make_form, make_office, make_workflow

pytestmark = pytest.mark.django_db
PLACES = ["", "organization/", "people/", "people/new/", "teams/", "teams/new/", "forms/", "forms/new/", "workflows/"]
PLACES += ["buying/", "selling/", "tax-codes/"]


@pytest.mark.parametrize("place", PLACES)
def test_others_are_told_whom_to_ask(office, sign_in, place):
    answer = sign_in(office.manager).get(f"/setup/{place}")
    assert answer.status_code == 403
    assert office.admin.email in answer.content.decode()
    assert sign_in(office.admin).get(f"/setup/{place}").status_code == 200


def test_records_of_setup_are_for_administrators(office, sign_in):
    form = FormTemplate.objects.get(team=office.team)
    browser = sign_in(office.manager)
    for path in (f"/setup/teams/{office.team.uuid}/", f"/setup/forms/{form.uuid}/"):
        assert browser.get(path).status_code == 403
        assert browser.post(path, {"name": "Mine", "do": "save"}).status_code == 403
    assert browser.post(f"/setup/people/{office.manager.uuid}/", {"role": "admin"}).status_code == 403
    office.manager.refresh_from_db()
    assert office.manager.role == "member"


def test_visitors_sign_in_first(client):
    assert client.get("/setup/").headers["Location"] == "/sign-in/?next=/setup/"


def test_superuser_sets_up_their_own_organization_only(office, sign_in):
    theirs = make_office()
    office.admin.is_superuser = True
    office.admin.save()
    browser = sign_in(office.admin)
    assert browser.get(f"/setup/people/{theirs.manager.uuid}/").status_code == 404
    assert theirs.manager.username not in browser.get("/setup/people/").content.decode()


def test_rail_shows_setup_to_administrators_only(office, sign_in):
    assert 'href="/setup/"' in sign_in(office.admin).get("/").content.decode()
    assert 'href="/setup/"' not in sign_in(office.manager).get("/").content.decode()


def test_overview_says_what_stops_requests(office, sign_in):
    general = office.organization.teams.get(is_general=True)
    give_role(office.manager, general, "MANAGER")
    give_role(office.finance, general, "FINANCE_REVIEWER")
    browser = sign_in(office.admin)
    assert "Everything that requests need is there" in browser.get("/setup/").content.decode()
    office.director.access_scopes.filter(team=office.team).delete()
    make_team(office.organization, "Site")
    text = browser.get("/setup/").content.decode()
    assert "Nobody can decide “Director Approval” in Marketing: nobody has the role Director." in text
    for missing in ("has no form", "has no workflow", "Nobody may start requests in Site"):
        assert missing in text


def test_overview_names_the_approver_who_has_left(office, sign_in):
    make_workflow(office, steps=[{"step_name": "One", "approvers": [{"user": office.director.uuid}]}])
    deactivate_user(actor=office.admin, user=office.director, now=timezone.now())
    text = sign_in(office.admin).get("/setup/").content.decode()
    assert f"the account of {office.director.name} is not active" in text


def test_overview_misses_the_completion_address_until_it_is_set(office, sign_in, settings):
    settings.COMPLETION_EMAIL = ""
    browser = sign_in(office.admin)
    assert "No e-mail address is told" in browser.get("/setup/").content.decode()
    changes = {"completion_email": "books@example.com"}
    update_organization(actor=office.admin, organization=office.organization, changes=changes, now=timezone.now())
    assert "No e-mail address is told" not in sign_in(office.admin).get("/setup/").content.decode()


def test_lists_cost_the_same_however_long_they_are(office, sign_in, django_assert_max_num_queries):
    browser = sign_in(office.admin)
    form = FormTemplate.objects.get(team=office.team, in_use=True)
    workflow = WorkflowTemplate.objects.get(team=office.team, in_use=True)
    names = ("setup", "setup-users", "setup-teams", "setup-forms", "setup-workflows", "setup-form-new")
    paths = [reverse(f"web:{name}") for name in names] + [
        reverse("web:setup-team", args=[office.team.uuid]),
        reverse("web:setup-form", args=[form.uuid]),
        reverse("web:setup-workflow", args=[workflow.uuid]),
        reverse("web:setup-user", args=[office.manager.uuid]),
    ]

    def costs() -> list[int]:
        counted = []
        for path in paths:
            browser.get(path)  # what is cached is cached
            with django_assert_max_num_queries(60) as queries:
                assert browser.get(path).status_code == 200
            counted.append(len(queries))
        return counted

    before = costs()
    for number in range(3):
        team = make_team(office.organization, f"Team {number}")
        for code in ("INITIATOR", "MANAGER", "DIRECTOR"):
            give_role(make_user(office.organization), team, code)
            give_role(make_user(office.organization), office.team, code)
        give_role(office.manager, team, "MANAGER")
        other = replace(office, team=team)
        make_form(other)
        make_workflow(other, steps=[{"step_name": "One", "approvers": [{"role": "MANAGER"}, {"role": "DIRECTOR"}]}])
    assert dict(zip(paths, costs(), strict=True)) == dict(zip(paths, before, strict=True))
