"""Every documented example of signing in and out, in each family, and the refusals."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from bureau.accounts.models import RefreshFamily
from bureau.accounts.services import sign_in
from bureau.core import jobs
from bureau.core.models import Job
from tests.clients import ApiClient, assert_shape
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.django_db
TOKEN = "/api/auth/token/"
PAIR = {"access": "eyJ0eXAi", "refresh": "eyJ0eXAi"}
P2P_USER = {
    "id": 1,
    "username": "jdoe",
    "email": "jdoe@company.com",
    "role": "staff",
    "first_name": "John",
    "last_name": "Doe",
}
PO_USER = {
    "id": 123,
    "uuid": "550e8400-e29b-41d4-a716-446655440000",
    "email": "user@example.com",
    "name": "John Doe",
    "role": "pm",
    "authorization_limit": 100000.00,
    "permissions": ["po:create", "po:submit", "po:approve"],
    "project_ids": [],
}


@pytest.fixture
def user():
    return make_user(username="jdoe", role="pm", first_name="John", last_name="Doe")


@pytest.fixture
def anyone():
    return ApiClient()


def signed_in(**defaults):
    """A browser with the cookies of a sign-in; CSRF is enforced."""
    browser = ApiClient(enforce_csrf_checks=True, **defaults)
    assert browser.call("POST", TOKEN, {"username": "jdoe", "password": PASSWORD}).status_code == 200
    return browser


def csrf(browser):
    return {"HTTP_X_CSRFTOKEN": browser.cookies["csrftoken"].value}


# --- p2p, prs, biz: /api/auth/token/


@pytest.mark.parametrize("path", [TOKEN, "/api/auth/token"])
@pytest.mark.parametrize("login", ["jdoe", "JDOE@example.com"])
def test_token(user, anyone, path, login):
    answer = anyone.call("POST", path, {"username": login, "password": PASSWORD})
    assert answer.status_code == 200
    assert_shape(answer.json(), {**PAIR, "user": P2P_USER})
    assert answer.json()["user"]["id"] == user.pk
    assert ApiClient(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}").get("/api/me/").status_code == 200


def test_token_cookies_are_out_of_reach_of_scripts(user, anyone):
    cookies = anyone.call("POST", TOKEN, {"username": "jdoe", "password": PASSWORD}).cookies
    for name, seconds in (("access_token", 900), ("refresh_token", 604800)):
        assert cookies[name]["httponly"]
        assert (cookies[name]["samesite"], cookies[name]["max-age"]) == ("Lax", seconds)
        assert not cookies[name]["secure"]
    assert not cookies["csrftoken"]["httponly"]


def test_token_cookies_are_secure_where_the_address_is(user, anyone, settings):
    settings.HTTPS = True
    cookies = anyone.call("POST", TOKEN, {"username": "jdoe", "password": PASSWORD}).cookies
    assert cookies["access_token"]["secure"]
    assert cookies["refresh_token"]["secure"]


@pytest.mark.parametrize(
    "body", [{"username": "jdoe", "password": "wrong"}, {"username": "nobody", "password": "wrong"}]
)
def test_wrong_credentials(user, anyone, body):
    answer = anyone.call("POST", TOKEN, body)
    assert answer.status_code == 401
    assert answer.json() == {"detail": "The username or the password is not right."}
    assert answer["WWW-Authenticate"] == "Bearer"
    assert not answer.cookies


def test_too_many_attempts(user, anyone, settings):
    settings.THROTTLING = True
    for _ in range(10):
        assert anyone.call("POST", TOKEN, {"username": "jdoe", "password": "wrong"}).status_code == 401
    answer = anyone.call("POST", TOKEN, {"username": "jdoe", "password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    assert set(answer.json()) == {"detail"}
    po = anyone.call("POST", "/api/v1/auth/login", {"email": "jdoe", "password": PASSWORD})
    assert po.status_code == 429
    assert po.json()["error"]["code"] == "RATE_LIMITED"
    assert po.json()["error"]["retry_after"] == int(po["Retry-After"])


def test_refresh_by_body(user, anyone):
    first = anyone.call("POST", TOKEN, {"username": "jdoe", "password": PASSWORD}).json()
    answer = ApiClient().call("POST", "/api/auth/token/refresh/", {"refresh": first["refresh"]})
    assert answer.status_code == 200
    assert_shape(answer.json(), PAIR)
    assert answer.cookies["refresh_token"].value == answer.json()["refresh"] != first["refresh"]


@pytest.mark.parametrize("body", [None, {}])
def test_refresh_by_the_cookie_alone(user, body):
    browser = signed_in()
    before = browser.cookies["refresh_token"].value
    answer = browser.call("POST", "/api/auth/token/refresh/", body)
    assert answer.status_code == 200
    assert browser.cookies["refresh_token"].value == answer.json()["refresh"] != before
    assert browser.cookies["access_token"].value == answer.json()["access"]
    assert browser.get("/api/me/").status_code == 200


def test_replayed_refresh_token_signs_the_family_out(user, anyone):
    first = anyone.call("POST", TOKEN, {"username": "jdoe", "password": PASSWORD}).json()
    second = ApiClient().call("POST", "/api/auth/token/refresh/", {"refresh": first["refresh"]}).json()
    replay = ApiClient().call("POST", "/api/auth/token/refresh/", {"refresh": first["refresh"]})
    assert replay.status_code == 401
    assert replay.json() == {"detail": "Token is invalid or expired"}
    assert ApiClient(HTTP_AUTHORIZATION=f"Bearer {second['access']}").get("/api/me/").status_code == 401
    assert ApiClient().call("POST", "/api/auth/token/refresh/", {"refresh": second["refresh"]}).status_code == 401


def test_refresh_without_a_token_names_the_field(anyone):
    answer = anyone.call("POST", "/api/auth/token/refresh/", {})
    assert answer.status_code == 400
    assert set(answer.json()) == {"refresh"}


def test_verify(user, anyone):
    pair = anyone.call("POST", TOKEN, {"username": "jdoe", "password": PASSWORD}).json()
    for token in pair["access"], pair["refresh"]:
        answer = anyone.call("POST", "/api/auth/token/verify/", {"token": token})
        assert (answer.status_code, answer.json()) == (200, {})
    answer = anyone.call("POST", "/api/auth/token/verify/", {"token": pair["access"] + "x"})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Token is invalid or expired"})


# --- sign-out


def test_logout_by_bearer_ends_access_and_refresh(user, anyone):
    pair = anyone.call("POST", TOKEN, {"username": "jdoe", "password": PASSWORD}).json()
    caller = ApiClient(HTTP_AUTHORIZATION=f"Bearer {pair['access']}")
    answer = caller.call("POST", "/api/auth/logout/")
    assert (answer.status_code, answer.json()) == (200, {"detail": "Successfully logged out"})
    assert caller.get("/api/me/").status_code == 401
    assert ApiClient().call("POST", "/api/auth/token/refresh/", {"refresh": pair["refresh"]}).status_code == 401


def test_logout_by_cookie_needs_the_csrf_token_and_clears_the_cookies(user):
    browser = signed_in()
    assert browser.call("POST", "/api/auth/logout/").status_code == 403
    assert browser.get("/api/me/").status_code == 200
    answer = browser.call("POST", "/api/auth/logout/", **csrf(browser))
    assert answer.status_code == 200
    for name in ("access_token", "refresh_token"):
        assert answer.cookies[name].value == ""
        assert answer.cookies[name]["max-age"] == 0
    assert RefreshFamily.objects.get().revoked_because == "signed_out"


def test_logout_after_the_access_token_has_run_out_takes_the_refresh_token(user):
    browser = signed_in()
    del browser.cookies["access_token"]
    assert browser.call("POST", "/api/auth/logout/").status_code == 403
    assert browser.call("POST", "/api/auth/logout/", **csrf(browser)).status_code == 200
    assert RefreshFamily.objects.get().revoked_because == "signed_out"


def test_logout_of_nobody_is_401(anyone):
    assert anyone.call("POST", "/api/auth/logout/").status_code == 401


# --- passwords


def test_change_password(user):
    browser = signed_in()
    answer = browser.call(
        "POST",
        "/api/auth/change-password/",
        {"old_password": PASSWORD, "new_password": "Quiet-Harbour-17"},
        **csrf(browser),
    )
    assert (answer.status_code, answer.json()) == (200, {"detail": "Password changed successfully"})
    assert browser.get("/api/me/").status_code == 401
    again = ApiClient().call("POST", TOKEN, {"username": "jdoe", "password": "Quiet-Harbour-17"})
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"old_password": "wrong", "new_password": "Quiet-Harbour-17"}, "old_password"),
        ({"old_password": PASSWORD, "new_password": "123"}, "new_password"),
        ({"old_password": PASSWORD}, "new_password"),
        ({"old_password": [], "new_password": "Quiet-Harbour-17"}, "old_password"),
    ],
)
def test_refused_change_of_password_names_the_field(user, body, field):
    answer = ApiClient(user).call("POST", "/api/auth/change-password/", body)
    assert answer.status_code == 400
    assert set(answer.json()) == {field}


def test_password_reset(user, anyone):
    texts = set()
    for address in ("jdoe@example.com", "nobody@example.com"):
        answer = anyone.call("POST", "/api/auth/password-reset/", {"email": address})
        assert answer.status_code == 200
        texts.add(answer.content)
    assert len(texts) == 1
    for job in Job.objects.filter(kind="send_password_reset"):
        jobs.run(job.pk)
    [message] = mail.outbox
    uid, token = re.search(r"/reset-password/([^/]+)/([^/]+)/", message.body).groups()
    body = {"uid": uid, "token": token, "new_password": "Quiet-Harbour-17"}
    assert anyone.call("POST", "/api/auth/password-reset/confirm/", body).status_code == 200
    again = anyone.call("POST", "/api/auth/password-reset/confirm/", body)
    assert again.status_code == 400
    assert set(again.json()) == {"token"}


# --- po


def test_po_login(user, anyone):
    for path in ("/api/v1/auth/login", "/api/v1/auth/login/"):
        answer = anyone.call("POST", path, {"email": "jdoe@example.com", "password": PASSWORD})
        assert answer.status_code == 200
        example = {"access_token": "eyJhb", "refresh_token": "eyJhb", "user": PO_USER, "expires_in": 900}
        assert_shape(answer.json(), example)
        assert set(answer.json()) == set(example)
        assert answer.json()["expires_in"] == 900
        assert answer.json()["user"]["authorization_limit"] == 100000.0


def test_po_refusals_have_their_form(user, anyone):
    wrong = anyone.call("POST", "/api/v1/auth/login", {"email": "jdoe@example.com", "password": "wrong"})
    assert wrong.status_code == 401
    error = wrong.json()["error"]
    assert error["code"] == "UNAUTHORIZED"
    assert error["request_id"] == wrong["X-Request-ID"]
    assert_shape(error, {"code": "", "message": "", "details": {}, "timestamp": ""})
    missing = anyone.call("POST", "/api/v1/auth/login", {"password": PASSWORD})
    assert missing.status_code == 400
    assert missing.json()["error"]["details"]["field"] == "email"
    assert missing.json()["error"]["code"] == "VALIDATION_ERROR"


def test_po_refresh_and_logout(user, anyone):
    first = anyone.call("POST", "/api/v1/auth/login", {"email": "jdoe@example.com", "password": PASSWORD}).json()
    answer = anyone.call("POST", "/api/v1/auth/refresh", {"refresh_token": first["refresh_token"]})
    assert answer.status_code == 200
    assert_shape(answer.json(), {"access_token": "eyJhb", "refresh_token": "eyJhb", "expires_in": 900})
    caller = ApiClient(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access_token']}")
    out = caller.call("POST", "/api/v1/auth/logout")
    assert (out.status_code, out.json()) == (200, {"message": "Successfully logged out"})
    assert caller.get("/api/v1/users/me").status_code == 401
    assert anyone.call("POST", "/api/v1/auth/logout").status_code == 401
    replay = anyone.call("POST", "/api/v1/auth/refresh", {"refresh_token": first["refresh_token"]})
    assert (replay.status_code, replay.json()["error"]["code"]) == (401, "UNAUTHORIZED")


# --- agency


def test_api_token_auth(user, anyone):
    answer = anyone.call("POST", "/api/api-token-auth/", {"username": "jdoe", "password": PASSWORD})
    assert answer.status_code == 200
    assert set(answer.json()) == {"token", "access", "refresh"}
    assert ApiClient(HTTP_AUTHORIZATION=f"Bearer {answer.json()['token']}").get("/api/me/").status_code == 200


def test_session_auth_leads_to_the_form_and_signs_in(user):
    browser = Client(enforce_csrf_checks=True)
    form = browser.get("/api/session-auth/?next=/api/me/")
    assert (form.status_code, form["Location"]) == (302, "/sign-in/?next=%2Fapi%2Fme%2F")
    token = browser.cookies["csrftoken"]
    assert not token["httponly"]
    credentials = {"username": "jdoe", "password": PASSWORD, "next": "/api/me/"}
    for path in ("/api/session-auth/", "/api/session-auth/login/"):
        assert browser.post(path, credentials).status_code == 403
    answer = browser.post("/api/session-auth/", {**credentials, "csrfmiddlewaretoken": token.value})
    assert (answer.status_code, answer["Location"]) == (302, "/api/me/")
    assert browser.cookies["sessionid"]["httponly"]
    assert browser.get("/api/me/").json()["username"] == "jdoe"
    assert browser.post("/api/session-auth/logout/").status_code == 403
    assert browser.post("/api/session-auth/logout/", **csrf(browser)).status_code == 200
    assert browser.get("/api/me/").status_code == 401


def test_session_auth_leads_nowhere_else(user):
    browser = Client()
    for target in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        answer = browser.post("/api/session-auth/", {"username": "jdoe", "password": PASSWORD, "next": target})
        assert (answer.status_code, answer["Location"]) == (302, "/")


def test_session_auth_refuses_wrong_credentials(user):
    answer = Client().post("/api/session-auth/", {"username": "jdoe", "password": "wrong"})
    assert answer.status_code == 401
    assert answer.json() == {"error": "The username or the password is not right.", "details": {}}


def test_mock_auth_config_is_there_in_mock_mode_only(anyone, settings):
    assert anyone.get("/api/mock-auth-config/").status_code == 404
    settings.MOCK_AUTH_ENABLED = True
    answer = anyone.get("/api/mock-auth-config/")
    assert answer.status_code == 200
    assert answer.json()["role"] == "admin"


# --- what is no credential


def test_every_credential_that_is_not_good_is_401(user):
    pair = sign_in.sign_in(login="jdoe", password=PASSWORD, address=None, now=timezone.now())
    for header in (
        f"Bearer {pair.refresh}",
        f"Bearer {pair.access[:-3]}AAA",
        "Bearer hello",
        "Bearer",
        "Bearer ",
        f"Token {pair.access}",
        "Basic amRvZTpwYXNz",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
    ):
        answer = ApiClient(HTTP_AUTHORIZATION=header).get("/api/me/")
        assert answer.status_code == 401, header
        assert set(answer.json()) == {"detail"}
        assert answer["WWW-Authenticate"] == "Bearer"


def test_bad_cookie_is_no_credential():
    caller = ApiClient()
    caller.cookies["access_token"] = "hello"
    assert caller.get("/api/me/").status_code == 401
    assert caller.call("POST", TOKEN, {"username": "a", "password": "b"}).status_code == 401


def test_cookie_counts_on_unsafe_methods_only_with_the_csrf_token(user):
    browser = signed_in()
    assert browser.get("/api/auth/users/me/").status_code == 200
    for method in ("PUT", "PATCH"):
        refused = browser.call(method, "/api/auth/users/me/", {"first_name": "Eve"})
        assert refused.status_code == 403
        assert set(refused.json()) == {"error", "details"}
    answer = browser.call("PATCH", "/api/auth/users/me/", {"first_name": "Jo"}, **csrf(browser))
    assert (answer.status_code, answer.json()["first_name"]) == (200, "Jo")


def test_deactivated_person_is_out_at_once(user):
    caller = ApiClient(user)
    assert caller.get("/api/me/").status_code == 200
    admin = ApiClient(make_user(user.organization, role="admin"))
    assert admin.call("DELETE", f"/api/auth/users/{user.pk}/").status_code == 204
    assert caller.get("/api/me/").status_code == 401
    assert ApiClient().call("POST", TOKEN, {"username": "jdoe", "password": PASSWORD}).status_code == 401


# --- bad input

POSTS = {
    TOKEN: {"username", "password"},
    "/api/auth/token/refresh/": {"refresh"},
    "/api/auth/token/verify/": {"token"},
    "/api/auth/password-reset/": {"email"},
    "/api/auth/password-reset/confirm/": {"uid", "token", "new_password"},
    "/api/api-token-auth/": {"username", "password"},
    "/api/v1/auth/login": {"password"},
    "/api/v1/auth/refresh": {"refresh_token"},
}


def fields_of(path, answer):
    body = answer.json()
    return set(body["error"]["details"]["errors"]) if path.startswith("/api/v1") else set(body)


@pytest.mark.parametrize("path", POSTS)
def test_missing_fields_are_named(anyone, path):
    answer = anyone.call("POST", path, {})
    assert answer.status_code == 400
    assert fields_of(path, answer) == POSTS[path]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("value", [[], {}, True, None, "\x00", ["a"]])
def test_wrong_types_are_named(anyone, path, value):
    answer = anyone.call("POST", path, dict.fromkeys(POSTS[path], value))
    assert answer.status_code == 400
    assert fields_of(path, answer) == POSTS[path]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b'{"username": "a"',
        b"hello",
        b'{"username": "\xff\xfe"}',
        b"[]",
        b'"text"',
        b"1",
        b"null",
        b"{} {}",
        b"\xef\xbb\xbf{",
    ],
)
def test_unreadable_bodies_are_refused(anyone, path, content):
    answer = anyone.post(path, content, content_type="application/json")
    assert answer.status_code == 400
    body = answer.json()
    if path.startswith("/api/v1"):
        assert body["error"]["code"] == "VALIDATION_ERROR"


@pytest.mark.parametrize("path", POSTS)
def test_other_content_types_and_methods_are_refused(anyone, path):
    assert anyone.post(path, "<a/>", content_type="application/xml").status_code == 415
    assert anyone.get(path).status_code == 405


def test_oversize_body_is_refused(anyone, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = anyone.call("POST", TOKEN, {"username": "x" * 2000, "password": "y"})
    assert answer.status_code == 413
