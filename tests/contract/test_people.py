"""Every documented example of people, teams and the API's entrance."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bureau.accounts.models import Role
from bureau.accounts.selectors import general_team
from bureau.core.models import User
from tests.clients import ApiClient, assert_shape
from tests.factories.accounts import PASSWORD, give_role, make_team, make_user

pytestmark = pytest.mark.django_db
PRS_USER = {
    "id": "123e4567-e89b-12d3-a456-426614174000",
    "username": "user@example.com",
    "email": "user@example.com",
    "first_name": "John",
    "last_name": "Doe",
}
SCOPE = {
    "id": "...",
    "team": {"id": "...", "name": "Marketing"},
    "role": {"code": "INITIATOR", "name": "Initiator"},
}
TEAM = {"id": "...", "name": "Marketing", "description": "Marketing team", "is_active": True}
PO_ROW = {
    "id": 123,
    "uuid": "550e8400-e29b-41d4-a716-446655440000",
    "email": "user@example.com",
    "name": "John Doe",
    "role": "foreman",
    "authorization_limit": 5000.00,
    "active": True,
    "last_login": "2025-07-29T08:00:00Z",
    "created_at": "2025-01-15T10:00:00Z",
}
NEW = {"username": "newcomer", "email": "newcomer@example.com", "password": PASSWORD}


@pytest.fixture
def admin():
    return make_user(role="admin", username="boss")


@pytest.fixture
def foreman(admin):
    return make_user(admin.organization, role="foreman", username="foreman", first_name="Jo", last_name="Doe")


# --- prs


def test_me(foreman):
    team = make_team(foreman.organization)
    give_role(foreman, team, Role.INITIATOR)
    answer = ApiClient(foreman).get("/api/me/")
    assert answer.status_code == 200
    assert_shape(answer.json(), {**PRS_USER, "access_scopes": [SCOPE]})
    assert set(answer.json()) == {*PRS_USER, "access_scopes"}
    assert answer.json()["id"] == str(foreman.uuid)
    assert [scope["team"]["name"] for scope in answer.json()["access_scopes"]] == ["General", "Marketing"]


def test_me_costs_the_same_for_one_and_for_many_roles(foreman, django_assert_max_num_queries):
    for number in range(5):
        give_role(foreman, make_team(foreman.organization, f"Team {number}"), Role.INITIATOR)
    caller = ApiClient(foreman)
    with django_assert_max_num_queries(2):
        caller.get("/api/me/")


def test_users_are_listed_for_administrators_only(admin, foreman):
    make_user()
    answer = ApiClient(admin).get("/api/users/")
    assert answer.status_code == 200
    assert_shape(
        answer.json(), {"count": 50, "next": None, "previous": None, "results": [{**PRS_USER, "is_active": True}]}
    )
    assert [row["username"] for row in answer.json()["results"]] == ["boss", "foreman"]
    refused = ApiClient(foreman).get("/api/users/")
    assert (refused.status_code, set(refused.json())) == (403, {"detail"})
    assert ApiClient().get("/api/users/").status_code == 401


def test_users_are_paged_and_searched(admin):
    for number in range(4):
        make_user(admin.organization, username=f"person-{number}", first_name="Ada" if number == 2 else "")
    caller = ApiClient(admin)
    page = caller.get("/api/users/", {"page_size": 2, "page": 2}).json()
    assert (page["count"], len(page["results"])) == (5, 2)
    assert "page=3" in page["next"]
    assert "page=1" in page["previous"]
    assert [row["first_name"] for row in caller.get("/api/users/", {"search": "ADA"}).json()["results"]] == ["Ada"]
    assert caller.get("/api/users/", {"page": 9}).status_code == 404
    assert caller.get("/api/users/", {"page": "x"}).status_code == 404


def test_teams(admin, foreman):
    make_team(admin.organization, description="Marketing team")
    make_team(admin.organization, "Old", is_active=False)
    make_team(make_user().organization, "Elsewhere")
    answer = ApiClient(foreman).get("/api/prs/teams/")
    assert answer.status_code == 200
    assert_shape(answer.json(), [TEAM])
    assert [team["name"] for team in answer.json()] == ["General", "Marketing"]
    assert [team["name"] for team in ApiClient(foreman).get("/api/prs/teams/?is_active=false").json()] == ["Old"]


def test_team(admin, foreman):
    team = make_team(admin.organization, description="Marketing team")
    answer = ApiClient(foreman).get(f"/api/prs/teams/{team.uuid}/")
    assert (answer.status_code, answer.json()) == (200, {**TEAM, "id": str(team.uuid)})


def test_foreign_and_unknown_teams_are_404(admin):
    stranger = ApiClient(make_user(role="admin"))
    team = general_team(admin.organization)
    for path in (f"/api/prs/teams/{team.uuid}/", "/api/prs/teams/123e4567-e89b-12d3-a456-426614174000/"):
        for verb, address in (("GET", path), ("PATCH", path), ("GET", f"{path}members/"), ("POST", f"{path}members/")):
            body = {"name": "X", "user": str(team.uuid), "role": "MANAGER"} if verb != "GET" else None
            answer = stranger.call(verb, address, body)
            assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})
    assert stranger.get("/api/prs/teams/hello/").status_code == 404


def test_administrators_make_and_change_teams(admin, foreman):
    made = ApiClient(admin).call("POST", "/api/prs/teams/", {"name": "Legal", "description": "Contracts"})
    assert made.status_code == 201
    assert_shape(made.json(), TEAM)
    path = f"/api/prs/teams/{made.json()['id']}/"
    changed = ApiClient(admin).call("PATCH", path, {"is_active": False, "id": "ignored"})
    assert (changed.status_code, changed.json()["is_active"], changed.json()["name"]) == (200, False, "Legal")
    assert ApiClient(foreman).call("PATCH", path, {"name": "Mine"}).status_code == 403
    assert ApiClient(foreman).call("POST", "/api/prs/teams/", {"name": "Mine"}).status_code == 403
    twice = ApiClient(admin).call("POST", "/api/prs/teams/", {"name": "legal"})
    assert (twice.status_code, set(twice.json())) == (400, {"name"})
    general = general_team(admin.organization)
    kept = ApiClient(admin).call("PATCH", f"/api/prs/teams/{general.uuid}/", {"is_active": False})
    assert (kept.status_code, set(kept.json())) == (400, {"detail"})


def test_members_are_listed_added_and_removed(admin, foreman):
    team = make_team(admin.organization)
    path = f"/api/prs/teams/{team.uuid}/members/"
    boss = ApiClient(admin)
    added = boss.call("POST", path, {"user": str(foreman.uuid), "role": "MANAGER"})
    assert added.status_code == 201
    assert added.json()["user"] == {"id": str(foreman.uuid), "username": "foreman"}
    assert added.json()["role"] == {"code": "MANAGER", "name": "Manager"}
    assert ApiClient(foreman).get(path).json() == [added.json()]
    assert ApiClient(foreman).call("POST", path, {"user": str(foreman.uuid), "role": "DIRECTOR"}).status_code == 403
    assert ApiClient(foreman).call("DELETE", f"{path}{added.json()['id']}/").status_code == 403
    assert boss.call("DELETE", f"{path}{added.json()['id']}/").status_code == 204
    assert boss.get(path).json() == []
    assert boss.call("DELETE", f"{path}{added.json()['id']}/").status_code == 404


def test_foreign_and_unknown_ids_in_a_body_are_the_same_field_error(admin):
    team, stranger = make_team(admin.organization), make_user()
    answers = [
        ApiClient(admin).call("POST", f"/api/prs/teams/{team.uuid}/members/", {"user": user, "role": "MANAGER"})
        for user in (str(stranger.uuid), "123e4567-e89b-12d3-a456-426614174000")
    ]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json() == answers[1].json() == {"user": ["There is no such person."]}
    unknown = ApiClient(admin).call(
        "POST", f"/api/prs/teams/{team.uuid}/members/", {"user": str(admin.uuid), "role": "KING"}
    )
    assert (unknown.status_code, set(unknown.json())) == (400, {"role"})


def test_roles(admin, foreman):
    answer = ApiClient(foreman).get("/api/prs/roles/")
    assert [role["code"] for role in answer.json()] == ["DIRECTOR", "FINANCE_REVIEWER", "INITIATOR", "MANAGER"]
    made = ApiClient(admin).call("POST", "/api/prs/roles/", {"code": "LAWYER", "name": "Lawyer"})
    assert (made.status_code, made.json()["code"]) == (201, "LAWYER")
    assert ApiClient(foreman).call("POST", "/api/prs/roles/", {"code": "X", "name": "X"}).status_code == 403


# --- po


def test_po_users(admin, foreman):
    User.objects.update(last_login=datetime(2026, 1, 2, tzinfo=UTC))
    pm = make_user(admin.organization, role="pm", username="pm")
    for path in ("/api/v1/users", "/api/v1/users/"):
        answer = ApiClient(pm).get(path, {"role": "foreman"})
        assert answer.status_code == 200
        assert_shape(answer.json(), {"data": [PO_ROW], "pagination": {"page": 1, "limit": 20, "total": 25, "pages": 2}})
        assert answer.json()["data"][0]["last_login"] == "2026-01-02T00:00:00Z"
        assert answer.json()["pagination"] == {
            "page": 1, "limit": 20, "total": 1, "pages": 1, "has_next": False, "has_prev": False,
        }  # fmt: skip
    everybody = ApiClient(admin).get("/api/v1/users").json()["data"]
    assert [row["name"] for row in everybody] == ["boss", "Jo Doe", "pm"]
    refused = ApiClient(foreman).get("/api/v1/users")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"active": "false"}, ["gone"]),
        ({"active": "true"}, ["boss", "Jo Doe"]),
        ({"search": "doe jo"}, ["Jo Doe"]),
        ({"search": "BOSS@"}, ["boss"]),
        ({"page": 9}, []),
        ({"limit": 1}, ["boss"]),
    ],
)
def test_po_users_are_filtered(admin, foreman, parameters, names):
    gone = make_user(admin.organization, username="gone")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    answer = ApiClient(admin).get("/api/v1/users", parameters)
    assert answer.status_code == 200
    assert [row["name"] for row in answer.json()["data"]] == names


@pytest.mark.parametrize(
    "parameters", [{"role": "king"}, {"active": "maybe"}, {"page": "x"}, {"limit": "0"}, {"search": "\x00"}]
)
def test_po_users_refuse_what_they_cannot_read(admin, parameters):
    answer = ApiClient(admin).get("/api/v1/users", parameters)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["field"] == next(iter(parameters))


def test_po_me(foreman):
    answer = ApiClient(foreman).get("/api/v1/users/me")
    assert answer.status_code == 200
    assert_shape(answer.json(), {**PO_ROW, "permissions": ["po:create", "po:submit"], "project_ids": []})
    assert answer.json()["permissions"] == ["po:create", "po:submit", "file:upload"]
    assert answer.json()["project_ids"] == []


# --- biz


def test_user_is_made_read_changed_and_deactivated(admin):
    boss = ApiClient(admin)
    made = boss.call(
        "POST", "/api/auth/users/", {**NEW, "role": "foreman", "first_name": "Jo", "id": 1, "is_superuser": True}
    )
    assert made.status_code == 201
    assert "password" not in made.json()
    shown = made.json()
    assert (shown["username"], shown["role"], shown["authorization_limit"]) == ("newcomer", "foreman", "5000.00")
    assert shown["is_active"] is True
    assert shown["organization"] == admin.organization_id
    path = f"/api/auth/users/{shown['id']}/"
    assert boss.get(path).json() == shown
    put = boss.call("PUT", path, {**shown, "role": "pm", "last_name": "Doe"})
    assert (put.status_code, put.json()["role"], put.json()["last_name"]) == (200, "pm", "Doe")
    patched = boss.call("PATCH", path, {"authorization_limit": "12.50"})
    assert (patched.status_code, patched.json()["authorization_limit"]) == (200, "12.50")
    assert boss.call("DELETE", path).status_code == 204
    assert boss.get(path).json()["is_active"] is False
    assert boss.call("PATCH", path, {"is_active": True}).json()["is_active"] is True
    assert not User.objects.get(pk=shown["id"]).is_superuser


def test_users_of_biz_are_listed_for_administrators_only(admin, foreman):
    make_user()
    answer = ApiClient(admin).get("/api/auth/users/")
    assert answer.status_code == 200
    assert {"count", "next", "previous", "results"} == set(answer.json())
    assert [row["username"] for row in answer.json()["results"]] == ["boss", "foreman"]
    refused = ApiClient(foreman).get("/api/auth/users/")
    assert (refused.status_code, set(refused.json())) == (403, {"error", "details"})


def test_owner_is_made_with_an_organization_of_their_own(admin):
    made = ApiClient(admin).call("POST", "/api/auth/users/", {**NEW, "role": "owner"})
    assert made.status_code == 201
    assert made.json()["organization"] != admin.organization_id
    assert ApiClient(admin).get(f"/api/auth/users/{made.json()['id']}/").status_code == 404
    stranger = User.objects.get(pk=made.json()["id"])
    assert [team["name"] for team in ApiClient(stranger).get("/api/prs/teams/").json()] == ["General"]
    assert ApiClient(stranger).call("POST", "/api/prs/teams/", {"name": "Mine"}).status_code == 201


def test_organization_is_ones_own_or_a_field_error(admin):
    other = make_user().organization_id
    answers = [
        ApiClient(admin).call("POST", "/api/auth/users/", {**NEW, "organization": number}) for number in (other, 10**15)
    ]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json() == answers[1].json()
    assert set(answers[0].json()["details"]) == {"organization"}


def test_others_neither_make_nor_change_people(admin, foreman):
    caller = ApiClient(foreman)
    assert caller.call("POST", "/api/auth/users/", NEW).status_code == 403
    own = f"/api/auth/users/{foreman.pk}/"
    assert caller.get(own).status_code == 200
    assert caller.call("PATCH", own, {"role": "admin"}).status_code == 403
    assert caller.get(f"/api/auth/users/{admin.pk}/").status_code == 404
    assert caller.call("DELETE", f"/api/auth/users/{admin.pk}/").status_code == 404


def test_foreign_and_unknown_people_are_404(admin, foreman):
    stranger = ApiClient(make_user(role="admin"))
    for pk in (foreman.pk, 10**9, 10**30):
        for verb in ("GET", "PUT", "PATCH", "DELETE"):
            answer = stranger.call(
                verb, f"/api/auth/users/{pk}/", None if verb in ("GET", "DELETE") else {"first_name": "X"}
            )
            assert (answer.status_code, answer.json()) == (404, {"error": "Not found.", "details": {}})


def test_nobody_demotes_or_deactivates_themselves(admin):
    path = f"/api/auth/users/{admin.pk}/"
    for verb, body in (("DELETE", None), ("PATCH", {"role": "member"}), ("PATCH", {"is_active": False})):
        assert ApiClient(admin).call(verb, path, body).status_code == 403
    assert ApiClient(admin).get(path).json()["role"] == "admin"


def test_registration_is_closed_unless_it_is_open(settings):
    visitor = ApiClient()
    assert visitor.call("POST", "/api/auth/users/", {**NEW, "role": "owner"}).status_code == 401
    settings.OPEN_REGISTRATION = True
    assert visitor.call("POST", "/api/auth/users/", {**NEW, "role": "admin"}).status_code == 403
    made = visitor.call("POST", "/api/auth/users/", {**NEW, "role": "owner"})
    assert (made.status_code, made.json()["role"]) == (201, "owner")
    assert visitor.get("/api/auth/users/").status_code == 401


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": "BOSS"}, "username"),
        ({"email": "Boss@example.com"}, "email"),
        ({"email": "x"}, "email"),
        ({"password": "123"}, "password"),
        ({"role": "king"}, "role"),
        ({"role": 5}, "role"),
        ({"authorization_limit": "many"}, "authorization_limit"),
        ({"authorization_limit": -1}, "authorization_limit"),
        ({"authorization_limit": [1]}, "authorization_limit"),
        ({"username": {"a": 1}}, "username"),
        ({"first_name": "x" * 151}, "first_name"),
        ({"last_name": "\x00"}, "last_name"),
        ({"organization": "mine"}, "organization"),
    ],
)
def test_unfit_values_are_errors_of_their_field(admin, changes, field):
    answer = ApiClient(admin).call("POST", "/api/auth/users/", {**NEW, **changes})
    assert answer.status_code == 400
    assert_shape(answer.json(), {"error": "Error message", "details": {field: ["Field-specific error messages"]}})
    assert set(answer.json()["details"]) == {field}
    assert not User.objects.filter(username="newcomer").exists()


def test_repeated_post_with_one_idempotency_key_makes_one_person(admin):
    caller = ApiClient(admin)
    answers = [caller.call("POST", "/api/auth/users/", NEW, HTTP_IDEMPOTENCY_KEY="key-1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert User.objects.filter(username="newcomer").count() == 1


def test_profile_is_read_and_changed_within_bounds(foreman):
    caller = ApiClient(foreman)
    before = caller.get("/api/auth/users/me/").json()
    assert before["id"] == foreman.pk
    for verb in ("PUT", "PATCH"):
        answer = caller.call(
            verb, "/api/auth/users/me/",
            {"first_name": verb, "role": "admin", "authorization_limit": 9, "is_active": False, "organization": 1},
        )  # fmt: skip
        assert answer.status_code == 200
        assert answer.json() == {**before, "first_name": verb}
    assert caller.call("PATCH", "/api/auth/users/me/", {"email": "boss@example.com"}).status_code == 400


# --- the entrance


def test_root_names_what_there_is():
    answer = ApiClient().get("/api/")
    assert answer.status_code == 200
    assert answer.json()["token"] == "http://testserver/api/auth/token/"
    assert all(value.startswith("http://testserver/api/") for value in answer.json().values())
    assert ApiClient().get("/api").json() == answer.json()


def test_health_names_what_does_not_answer(settings):
    answer = ApiClient().get("/api/health/")
    good = {"database": "ok", "cache": "ok", "broker": "ok"}
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "checks": good})
    settings.BROKER_URL = "redis+socket:///nowhere/secret.sock"
    answer = ApiClient().get("/api/health/")
    assert (answer.status_code, answer.json()) == (503, {"status": "error", "checks": {**good, "broker": "error"}})


def test_health_is_not_limited(settings):
    settings.THROTTLING = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "anonymous": "1/hour"}
    for _ in range(3):
        assert ApiClient().get("/api/health/").status_code == 200


def test_country_codes(foreman):
    assert ApiClient().get("/api/country-codes/").status_code == 401
    answer = ApiClient(foreman).get("/api/country-codes/")
    assert answer.status_code == 200
    assert len(answer.json()) > 240
    germany = next(country for country in answer.json() if country["alpha2_code"] == "DE")
    assert germany == {"country": "Germany", "alpha2_code": "DE", "alpha3_code": "DEU", "numeric_code": "276"}


def test_lists_cost_the_same_for_one_row_and_for_three(admin):
    caller = ApiClient(admin)
    team = make_team(admin.organization)
    paths = [
        "/api/users/",
        "/api/auth/users/",
        "/api/v1/users",
        "/api/prs/teams/",
        f"/api/prs/teams/{team.uuid}/members/",
    ]
    give_role(admin, team, Role.MANAGER)
    costs = []
    for _ in range(2):
        found = []
        for path in paths:
            with CaptureQueriesContext(connection) as queries:
                assert caller.get(path).status_code == 200
            found.append(len(queries))
        costs.append(found)
        for number in range(2):
            give_role(make_user(admin.organization), team, Role.MANAGER)
            make_team(admin.organization, f"More {len(costs)}{number}")
    assert costs[0] == costs[1]
