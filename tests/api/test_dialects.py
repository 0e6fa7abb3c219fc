"""Each family answers a refusal in its documented body, wherever in the server it comes from."""

import json

import pytest
from django.core.exceptions import RequestDataTooBig
from django.utils import timezone

from bureau.api.dialect import AGENCY, BIZ, P2P, PO, PRS, Problem, dialect_of
from bureau.api.problems import to_problem
from bureau.kit import errors
from tests.clients import ApiClient
from tests.factories.accounts import make_user

PATHS = {
    "p2p": "/api/purchases/nothing/",
    "po": "/api/v1/nothing",
    "prs": "/api/prs/nothing/",
    "biz": "/api/nothing/",
}
KEYS = {
    "p2p": {"error": {"code", "message", "details"}},
    "po": {"error": {"code", "message", "details", "timestamp", "request_id"}},
    "prs": {"detail": None},
    "biz": {"error": None, "details": set()},
}


def keys_of(body):
    return {name: set(value) if isinstance(value, dict) else None for name, value in body.items()}


@pytest.mark.parametrize(("name", "path"), PATHS.items())
@pytest.mark.django_db
def test_unknown_address_is_refused_in_the_dialect_of_its_path(name, path):
    answer = ApiClient().call("GET", path)
    assert (answer.status_code, keys_of(answer.json())) == (404, KEYS[name])
    assert answer["X-Request-ID"]


@pytest.mark.parametrize(("name", "path"), PATHS.items())
@pytest.mark.django_db
def test_unknown_host_is_refused_in_the_dialect_of_its_path(name, path):
    answer = ApiClient().call("GET", path, headers={"host": "elsewhere.example"})
    assert (answer.status_code, keys_of(answer.json())) == (400, KEYS[name])


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/api/purchases/requests/", P2P),
        ("/api/documents/upload/", P2P),
        ("/api/documents/processing-status/", P2P),
        ("/api/documents/1/", BIZ),
        ("/api/tasks/1/", P2P),
        ("/api/v1/auth/login", PO),
        ("/api/v1", PO),
        ("/api/v10/x", BIZ),
        ("/api/prs/requests/", PRS),
        ("/api/me", PRS),
        ("/api/users/", PRS),
        ("/api/auth/token/", PRS),
        ("/api/auth/users/", BIZ),
        ("/api/auth/users/me/", BIZ),
        ("/api/api-token-auth/", PRS),
        ("/api/customers/", BIZ),
        ("/api/meat/", BIZ),
    ],
)
def test_address_belongs_to_its_documented_family(path, dialect):
    assert dialect_of(path) is dialect


def test_every_dialect_writes_field_errors_as_documented():
    problem = Problem(
        400, "VALIDATION_ERROR", "The request contains invalid data", {"email": ["Wrong.", "Long."], "name": ["No."]}
    )
    now = timezone.now()
    assert P2P.error_body(problem, now) == {
        "error": {"code": "VALIDATION_ERROR", "message": problem.message, "details": problem.fields}
    }
    assert PRS.error_body(problem, now) == problem.fields
    assert (
        BIZ.error_body(problem, now)
        == AGENCY.error_body(problem, now)
        == {"error": problem.message, "details": problem.fields}
    )
    po = PO.error_body(problem, now)["error"]
    assert po["details"] == {"field": "email", "message": "Wrong.", "errors": problem.fields}


def test_rate_limited_answer_of_po_says_when_to_come_back():
    problem = to_problem(errors.RateLimited(retry_after=60, limit=10))
    assert problem.headers["Retry-After"] == "60"
    assert (problem.headers["X-RateLimit-Limit"], problem.headers["X-RateLimit-Remaining"]) == ("10", "0")
    body = PO.error_body(problem, timezone.now())["error"]
    assert set(body) == {"code", "message", "retry_after", "timestamp", "request_id"}
    assert (body["code"], body["retry_after"]) == ("RATE_LIMITED", 60)


@pytest.mark.parametrize(
    ("error", "po", "others"),
    [
        (errors.Invalid("x"), 400, 400),
        (errors.Unauthorized("x"), 401, 401),
        (errors.Forbidden("x"), 403, 403),
        (errors.NotFound("x"), 404, 404),
        (errors.Conflict("x"), 409, 409),
        (errors.TooLarge("x"), 413, 413),
        (errors.WrongState("x"), 422, 400),
        (errors.BusinessRule("x"), 422, 400),
        (errors.Locked("x"), 423, 423),
        (errors.IntegrationFailed("x"), 502, 502),
        (RequestDataTooBig(), 413, 413),
    ],
)
def test_kind_of_error_has_its_status_in_each_dialect(error, po, others):
    problem = to_problem(error)
    assert PO.status(problem) == po
    assert {dialect.status(problem) for dialect in (P2P, PRS, BIZ, AGENCY)} == {others}


def test_unexpected_error_is_no_problem_of_the_caller():
    assert to_problem(ZeroDivisionError()) is None


@pytest.fixture
def client():
    return ApiClient(make_user(role="admin"))


URL = "/api/prs/requests/"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        b'{"subject": ',
        b'{"subject": "\xff\xfe"}',
        b'{"subject": NaN}',
        b"\x00",
        b'{"subject": "\\ud800"}',
        b"[" * 5000,
        b'"x"',
        b"[1]",
        b"1e999",
    ],
)
def test_unreadable_json_is_refused(client, body):
    answer = client.post(URL, body, content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert json.loads(answer.content)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "multipart/form-data; boundary=" + "x" * 300,
        "application/json; charset=utf-16",
    ],
)
def test_malformed_body_is_refused(client, content_type):
    answer = client.post(URL, b"--y\r\nnothing of the kind", content_type=content_type)
    assert answer.status_code in (400, 415), answer.content


@pytest.mark.django_db
def test_oversize_json_is_refused(client):
    answer = client.post(URL, b'{"subject": "' + b"x" * 2_600_000 + b'"}', content_type="application/json")
    assert (answer.status_code, list(answer.json())) == (413, ["detail"])


@pytest.mark.django_db
def test_unknown_media_type_and_method_are_refused(client):
    assert client.post(URL, b"<x/>", content_type="application/xml").status_code == 415
    answer = client.call("DELETE", URL)
    assert (answer.status_code, list(answer.json())) == (405, ["detail"])


@pytest.mark.django_db
def test_request_id_of_the_caller_is_kept_when_it_is_plain(client):
    assert client.get(URL, HTTP_X_REQUEST_ID="order-4711-abc")["X-Request-ID"] == "order-4711-abc"
    assert client.get(URL, HTTP_X_REQUEST_ID="<script>")["X-Request-ID"].startswith("req_")


@pytest.mark.django_db
def test_anonymous_call_is_told_to_sign_in():
    answer = ApiClient().call("GET", URL)
    assert (answer.status_code, list(answer.json())) == (401, ["detail"])
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.django_db
def test_unexpected_error_shows_nothing_of_the_inside(client, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("bureau.api.views.paged", broken)
    answer = client.call("GET", URL)
    assert answer.status_code == 500
    assert b"secret" not in answer.content
    assert b"ZeroDivision" not in answer.content
