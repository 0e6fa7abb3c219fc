"""Every documented example of the procurement system, section 3, and its error format (section 5)."""

import pytest

from bureau.accounts.models import Role, Team
from bureau.purchasing.models import PurchaseRequest
from bureau.purchasing.states import RequestStatus as S
from tests.clients import ApiClient, assert_shape
from tests.factories.accounts import give_role, make_organization, make_user
from tests.factories.purchasing import make_office, request_in

pytestmark = pytest.mark.django_db
URL = "/api/purchases/requests/"
CREATE = {
    "title": "Q4 Office Supplies",
    "description": "Stationery and printer ink",
    "items": [{"description": "A4 Paper Ream", "quantity": 10, "unit_price": "5.50"}],
}
REQUEST = {
    "id": 1,
    "title": "Q4 Office Supplies",
    "description": "Stationery and printer ink",
    "status": "pending",
    "items": [{"description": "A4 Paper Ream", "quantity": 10, "unit_price": "5.50"}],
    "total": "55.00",
    "created_at": "2025-01-15T10:30:00Z",
}


@pytest.fixture
def organization():
    """An office whose General team has a manager and a finance reviewer."""
    found = make_organization()
    general = Team.objects.get(organization=found, is_general=True)
    give_role(make_user(found, username="chief"), general, Role.MANAGER)
    give_role(make_user(found, username="clerk"), general, Role.FINANCE_REVIEWER)
    return found


def test_request_is_created_and_submitted_in_one_step(organization):
    client = ApiClient(make_user(organization))
    answer = client.call("POST", URL, CREATE)
    assert answer.status_code == 201, answer.content
    assert_shape(answer.json(), REQUEST)
    assert {key: answer.json()[key] for key in ("status", "total", "items")} == {
        "status": "pending",
        "total": "55.00",
        "items": [{"description": "A4 Paper Ream", "quantity": 10, "unit_price": "5.50", "total": "55.00"}],
    }
    record = PurchaseRequest.objects.get(pk=answer.json()["id"])
    assert (record.status, record.subject, record.team.name) == (S.PENDING_APPROVAL, "Q4 Office Supplies", "General")


def test_request_is_the_same_record_in_both_families(organization):
    client = ApiClient(make_user(organization))
    made = client.call("POST", URL, CREATE).json()
    (row,) = client.call("GET", "/api/prs/requests/").json()["results"]
    detail = client.call("GET", f"/api/prs/requests/{row['id']}/").json()
    assert (detail["subject"], detail["amount"], detail["items"]) == (made["title"], made["total"], made["items"])


def test_list_shows_coarse_statuses_and_no_drafts():
    office = make_office()
    for status in S:
        request_in(status, office)
    client = ApiClient(office.requester)
    listed = client.call("GET", URL).json()
    assert_shape(listed, {"count": 7, "next": None, "previous": None, "results": [{**REQUEST, "items": []}]})
    assert listed["count"] == 7
    counts = {
        status: client.call("GET", URL, {"status": status}).json()["count"]
        for status in ("pending", "approved", "rejected")
    }
    assert counts == {"pending": 5, "approved": 1, "rejected": 1}


def test_search_looks_into_title_and_description(organization):
    client = ApiClient(make_user(organization))
    client.call("POST", URL, CREATE)
    client.call("POST", URL, {**CREATE, "title": "Chairs", "description": ""})
    assert client.call("GET", URL, {"search": "PRINTER q4"}).json()["count"] == 1
    assert client.call("GET", URL, {"search": "chair"}).json()["count"] == 1
    assert client.call("GET", URL, {"search": "%"}).json()["count"] == 0
    assert client.call("GET", URL, {"search": "a\x00"}).status_code == 400


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": 7.5, "items": "none"}, "items"),
        ({"items": []}, "items"),
        ({"items": [{"description": "x", "quantity": -1, "unit_price": "1"}]}, "items.0.quantity"),
        ({"items": [{"description": "x", "quantity": 1, "unit_price": "1.005"}]}, "items.0.unit_price"),
        ({"items": [{"description": "x", "quantity": "1e400", "unit_price": "1"}]}, "items.0.quantity"),
    ],
)
def test_bad_input_is_answered_in_the_documented_error_format(organization, changes, field):
    answer = ApiClient(make_user(organization)).call("POST", URL, {**CREATE, **changes})
    assert answer.status_code == 400, answer.content
    assert_shape(answer.json(), {"error": {"code": "VALIDATION_ERROR", "message": "Invalid input data", "details": {}}})
    assert field in answer.json()["error"]["details"]
    assert not PurchaseRequest.objects.exists()


def test_request_that_nobody_could_approve_names_the_step_and_makes_nothing():
    lonely = make_organization()
    answer = ApiClient(make_user(lonely)).call("POST", URL, CREATE)
    assert answer.status_code == 400
    assert "Manager Approval" in answer.json()["error"]["message"]
    assert not PurchaseRequest.objects.exists()


def test_owner_of_a_sole_trade_is_approved_at_once():
    answer = ApiClient(make_user(role="owner", organization=make_organization(sole_trader=True))).call(
        "POST", URL, CREATE
    )
    assert (answer.status_code, answer.json().get("status")) == (201, "approved")


def test_total_of_rounded_lines_is_exact(organization):
    items = [{"description": "Cable", "quantity": "0.335", "unit_price": "0.10"}] * 3
    answer = ApiClient(make_user(organization)).call("POST", URL, {**CREATE, "items": items})
    assert [item["total"] for item in answer.json()["items"]] == ["0.03"] * 3
    assert answer.json()["total"] == "0.09"
