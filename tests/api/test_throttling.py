import pytest

from tests.clients import ApiClient
from tests.factories.accounts import make_organization, make_user
from tests.factories.purchasing import make_office

pytestmark = pytest.mark.django_db
URL = "/api/prs/requests/"


@pytest.fixture(autouse=True)
def _limits(settings):
    settings.THROTTLING = True
    settings.RATE_LIMITS = {
        "anonymous": "3/hour",
        "user": "5/hour",
        "admin": "9/hour",
        "endpoint": "100/minute",
        "upload": "2/minute",
        "sign_in": "10/minute",
    }


def test_answers_carry_the_tightest_limit_and_the_last_is_refused():
    client = ApiClient(make_user())
    answers = [client.call("GET", URL) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert [answer["X-RateLimit-Remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0"]
    assert {answer["X-RateLimit-Limit"] for answer in answers} == {"5"}
    assert int(answers[-1]["Retry-After"]) > 0
    assert list(answers[-1].json()) == ["detail"]


def test_people_are_counted_apart_and_administrators_get_more():
    organization = make_organization()
    member, admin = ApiClient(make_user(organization)), ApiClient(make_user(organization, role="admin"))
    assert member.call("GET", URL)["X-RateLimit-Limit"] == "5"
    answer = admin.call("GET", URL)
    assert (answer["X-RateLimit-Limit"], answer["X-RateLimit-Remaining"]) == ("9", "8")


def test_bad_credentials_count_against_the_address():
    clients = [ApiClient(HTTP_AUTHORIZATION=f"Bearer wrong{n}") for n in range(4)]
    assert [client.call("GET", URL).status_code for client in clients] == [401, 401, 401, 429]
    assert ApiClient(HTTP_AUTHORIZATION="Bearer x", REMOTE_ADDR="10.0.0.9").call("GET", URL).status_code == 401


def test_address_that_means_nothing_is_counted_like_any_other():
    client = ApiClient(make_user())
    answers = [client.call("POST", "/api/prs/nothing/") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [404] * 5 + [429]
    assert answers[0]["X-RateLimit-Remaining"] == "4"
    assert list(answers[0].json()) == ["detail"]
    assert ApiClient().call("GET", "/api/v1/nothing")["X-RateLimit-Limit"] == "3"


def test_uploads_have_a_limit_of_their_own():
    office = make_office()
    client = ApiClient(office.requester)
    path = f"{URL}123e4567-e89b-12d3-a456-426614174000/attachments/"
    assert [client.call("POST", path, {}, files=True).status_code for _ in range(3)] == [404, 404, 429]


def test_stream_that_goes_on_is_not_counted_again():
    client = ApiClient(make_user(), **{"bureau.stream": True})
    assert [client.call("GET", URL).status_code for _ in range(7)] == [200] * 7
