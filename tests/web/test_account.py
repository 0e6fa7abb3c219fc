"""Signing in and out, the way back in, and what one sets for oneself."""

import re

import pytest
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from bureau.core.logs import JsonFormatter
from bureau.core.models import Job
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.django_db
NEW = "Quiet-Harbour-17"


@pytest.fixture
def user():
    return make_user(username="jo", email="jo@example.com")


def try_sign_in(client, login="jo", password=PASSWORD, next_page=""):
    return client.post("/sign-in/", {"username": login, "password": password, "next": next_page})


@pytest.mark.parametrize("login", ["jo", "JO", "jo@example.com"])
def test_sign_in_by_username_or_address_leads_to_the_page_that_was_asked_for(client, user, login):
    answer = client.get("/requests/")
    assert answer.headers["Location"] == "/sign-in/?next=/requests/"
    assert try_sign_in(client, login, next_page="/requests/").headers["Location"] == "/requests/"
    assert client.get("/requests/").status_code == 200


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_sign_in_never_leads_to_another_site(client, user, target):
    assert try_sign_in(client, next_page=target).headers["Location"] == settings.LOGIN_REDIRECT_URL


def test_refused_sign_in_stands_beside_the_field_and_keeps_the_name(client, user):
    wrong = try_sign_in(client, password="wrong")
    assert wrong.status_code == 422
    assert wrong.context["form"].errors["password"] == ["The username or the password is not right."]
    assert 'value="jo"' in wrong.content.decode()
    unknown = try_sign_in(client, login="nobody", password="wrong")
    assert unknown.context["form"].errors == wrong.context["form"].errors
    assert try_sign_in(client, login="", password="").context["form"].errors.keys() == {"username", "password"}


def test_sign_in_is_throttled(client, user, settings):
    settings.THROTTLING = True
    statuses = [try_sign_in(client, password="wrong").status_code for _n in range(11)]
    assert statuses == [422] * 10 + [429]
    assert try_sign_in(client).status_code == 429


def test_sign_out_ends_the_session(sign_in, user):
    browser = sign_in(user)
    assert browser.get("/").status_code == 200
    assert browser.get("/sign-out/").status_code == 405
    assert browser.post("/sign-out/").headers["Location"] == "/sign-in/"
    assert browser.get("/").status_code == 302


def test_forgotten_password_page_does_not_tell_who_has_an_account(client, user):
    known = client.post("/forgot-password/", {"email": "jo@example.com"})
    unknown = client.post("/forgot-password/", {"email": "nobody@example.com"})
    assert known.status_code == unknown.status_code == 200
    assert "a message with a link is on its way" in known.content.decode()
    assert re.sub(r"\s", "", known.content.decode()) == re.sub(r"\s", "", unknown.content.decode())
    assert Job.objects.filter(kind="send_password_reset").count() == 2
    assert client.post("/forgot-password/", {"email": "no address"}).status_code == 422


def test_reset_link_sets_the_password_once(client, user):
    uid, token = urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)
    page = f"/reset-password/{uid}/{token}/"
    assert "New password again" in client.get(page).content.decode()
    differs = client.post(page, {"new_password": NEW, "repeat": NEW + "x"})
    assert differs.status_code == 422
    assert "not the same" in differs.content.decode()
    weak = client.post(page, {"new_password": "12345678", "repeat": "12345678"})
    assert weak.context["form"].errors["new_password"]
    assert client.post(page, {"new_password": NEW, "repeat": NEW}).headers["Location"] == "/sign-in/"
    assert "The new password is set" in client.get("/sign-in/").content.decode()
    assert try_sign_in(client, password=NEW).status_code == 302
    again = client.get(page)
    assert again.status_code == 410
    assert "too old or was used before" in again.content.decode()


def test_changed_password_keeps_this_session_and_ends_the_others(sign_in, user):
    here, elsewhere = sign_in(user), sign_in(user)
    change = {"do": "password", "old_password": PASSWORD, "new_password": NEW, "repeat": NEW}
    wrong = here.post("/account/", {**change, "old_password": "wrong"})
    assert wrong.status_code == 422
    assert wrong.context["form"].errors["old_password"] == ["This is not your present password."]
    assert here.post("/account/", change).status_code == 302
    assert here.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302


def test_single_key_shortcuts_can_be_turned_off(sign_in, user):
    browser = sign_in(user)
    assert 'data-keys="on"' in browser.get("/").content.decode()
    browser.post("/account/", {"do": "shortcuts"})
    assert 'data-keys="off"' in browser.get("/").content.decode()
    browser.post("/account/", {"do": "shortcuts", "shortcuts": "on"})
    assert 'data-keys="on"' in browser.get("/").content.decode()


def test_theme_is_kept_in_a_cookie_and_drawn_without_script(client):
    assert 'data-theme=""' in client.get("/sign-in/").content.decode()
    assert client.post("/theme/", {"theme": "toggle", "next": "/sign-in/"}).headers["Location"] == "/sign-in/"
    assert 'data-theme="dark"' in client.get("/sign-in/").content.decode()
    client.post("/theme/", {"theme": "toggle"})
    assert 'data-theme="light"' in client.get("/sign-in/").content.decode()
    client.post("/theme/", {"theme": ""})
    assert 'data-theme=""' in client.get("/sign-in/").content.decode()


def test_log_does_not_tell_a_password_link(client, user, caplog):
    uid, token = urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)
    answer = client.post(f"/reset-password/{uid}/{token}/", {"new_password": NEW, "repeat": "another"})
    assert answer.status_code == 422  # the link still works
    logged = "".join(JsonFormatter().format(record) for record in caplog.records)
    assert "/reset-password/..." in logged
    assert token not in logged
