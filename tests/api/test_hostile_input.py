"""What nobody sends by accident is refused in the family's words: no answer is a 5xx."""

import io
import re

import pytest
from django.urls import reverse

from bureau.core.models import User
from config.wsgi import application
from tests.clients import ApiClient
from tests.factories.accounts import PASSWORD, make_organization, make_user

LONG_NUMBER = "0000000001" + "9" * 5000  # more digits than Python turns into a number
REQUESTS = "/api/purchases/requests/"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def admin():
    return ApiClient(make_user(role="admin"))


@pytest.mark.django_db
@pytest.mark.parametrize("number", [LONG_NUMBER, "0000000001" + "9" * 30])
@pytest.mark.parametrize(("path", "status"), [("/api/prs/requests/", 404), ("/api/v1/users", 400)])
def test_page_with_endless_digits_is_no_page(admin, path, status, number):
    assert admin.call("GET", path, {"page": number}).status_code == status


@pytest.mark.django_db
def test_page_size_with_endless_digits_counts_as_the_largest(admin):
    assert admin.call("GET", "/api/v1/users", {"limit": LONG_NUMBER}).json()["pagination"]["limit"] == 100


@pytest.mark.django_db
def test_deep_body_under_an_idempotency_key_is_refused_as_without(admin):
    answer = admin.post(
        REQUESTS,
        '{"title":' + "[" * 400 + "]" * 400 + "}",
        content_type="application/json",
        HTTP_IDEMPOTENCY_KEY="deep",
    )
    assert answer.status_code == 400


@pytest.mark.django_db
def test_form_field_with_an_endless_name_is_refused(admin):
    answer = admin.post(REQUESTS, f"items[{LONG_NUMBER}]description=x", content_type=FORM)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")


@pytest.mark.django_db
def test_forms_are_read_in_the_api_as_json_is():
    owner = ApiClient(make_user(make_organization(sole_trader=True), role="owner"))
    body = "title=Paper&items[0]description=A4&items[0]quantity=10&items[0]unit_price=5.50"
    assert owner.post(REQUESTS, body, content_type=FORM).json()["total"] == "55.00"


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["base64", "undefined", "utf-16", "idna", "x" * 20_000])
def test_charset_of_a_body_picks_no_codec(charset):
    """By the WSGI application itself: the test client makes its requests in another way."""
    heads = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/api/me/",
        "QUERY_STRING": "a=%C3%A9",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "CONTENT_TYPE": f"text/plain; charset={charset}",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    }
    application(environ, lambda status, headers: heads.append(status))
    assert heads == ["401 Unauthorized"]


@pytest.mark.django_db
def test_form_in_another_charset_is_refused_where_cookies_sign_in():
    client = ApiClient(enforce_csrf_checks=True)
    user = make_user()
    client.call("POST", "/api/auth/token/", {"username": user.username, "password": PASSWORD})
    answer = client.post(REQUESTS, "title=x", content_type=f"{FORM}; charset=utf-16")
    assert (answer.status_code, set(answer.json()["error"])) == (400, {"code", "message", "details"})


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["docs", "docs-redoc", "swagger-ui", "redoc"])
def test_documentation_refuses_as_its_family_does(name):
    url = reverse(f"api:{name}")
    assert ApiClient().get(url, HTTP_ACCEPT="text/html").status_code == 200
    assert ApiClient().get(url, HTTP_ACCEPT="application/json").status_code == 200
    answer = ApiClient().post(url)
    assert (answer.status_code, set(answer.json())) == (405, {"error", "details"})


@pytest.mark.parametrize("name", ["docs", "docs-redoc"])
def test_documentation_asks_no_other_server(name):
    page = ApiClient().get(reverse(f"api:{name}")).content.decode()
    assert "<script" in page
    assert "//" not in re.sub(r"<!--.*?-->", "", page, flags=re.DOTALL).replace("http://testserver/", "")


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "keys"), [("/api/v1/users", {"error"}), ("/api/me/", {"detail"})])
def test_host_that_is_not_ours_is_refused_in_the_family_of_the_address(path, keys):
    answer = ApiClient(HTTP_HOST="evil.example").get(path)
    assert (answer.status_code, set(answer.json())) == (400, keys)


@pytest.mark.django_db
def test_session_cookie_with_a_null_character_is_nobody_s():
    client = ApiClient()
    assert client.get("/api/me/", HTTP_COOKIE='sessionid="\\000aaaaaaaaaaa"').status_code == 401
    assert client.get("/", HTTP_COOKIE='sessionid="\\000aaaaaaaaaaa"').status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [("username", "\u3392" * 150), ("email", "a" * 60 + "@" + ".".join(["\u0130" * 60] * 3) + ".com")],
)
def test_name_that_grows_when_it_is_normalized_is_too_long(admin, field, value):
    body = {"username": "nora", "email": "nora@example.com", "password": PASSWORD, field: value}
    answer = admin.call("POST", "/api/auth/users/", body)
    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])


@pytest.mark.django_db
def test_password_that_could_not_sign_in_is_refused(admin):
    body = {"username": "nora", "email": "nora@example.com", "password": PASSWORD * 400}
    assert list(admin.call("POST", "/api/auth/users/", body).json()["details"]) == ["password"]
    assert not User.objects.filter(username="nora").exists()


@pytest.mark.django_db
def test_origin_that_may_read_with_credentials_may_write_with_them(settings):
    """A front end of its own that CORS_ALLOWED_ORIGINS names signs in by cookie, and sends the CSRF token."""
    user = make_user(make_organization())
    client = ApiClient(enforce_csrf_checks=True)
    client.call("POST", "/api/auth/token/", {"username": user.username, "password": PASSWORD})
    token = client.cookies["csrftoken"].value
    settings.CSRF_TRUSTED_ORIGINS = [*settings.CSRF_TRUSTED_ORIGINS, "http://localhost:3000"]
    allowed = client.call("POST", REQUESTS, {}, HTTP_ORIGIN="http://localhost:3000", HTTP_X_CSRFTOKEN=token)
    foreign = client.call("POST", REQUESTS, {}, HTTP_ORIGIN="http://evil.example", HTTP_X_CSRFTOKEN=token)
    assert (allowed.status_code, foreign.status_code) == (400, 403)
