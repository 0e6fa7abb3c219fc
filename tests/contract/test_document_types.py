"""Document types as the agency suite documents them."""

import pytest

from bureau.cases.models import DocumentType
from bureau.cases.services.products import DocumentInput
from tests.clients import ApiClient, assert_shape
from tests.factories.accounts import make_organization, make_user
from tests.factories.products import make_document_type, make_product

pytestmark = pytest.mark.django_db
URL = "/api/document-types/"
TYPE = {
    "id": 1,
    "name": "Passport",
    "description": "The page with the photo",
    "has_number": True,
    "has_expiry_date": True,
    "min_validity_months": 6,
    "notify_days_before": 60,
    "actions": ["use-previous"],
    "created_at": "2026-03-10T09:30:00Z",
    "updated_at": "2026-03-10T09:30:00Z",
}


@pytest.fixture
def organization():
    return make_organization()


@pytest.fixture
def staff(organization):
    return ApiClient(make_user(organization, role="staff"))


def refused(answer, status, *fields):
    assert answer.status_code == status, answer.content
    assert set(answer.json()) == {"error", "details"}
    assert sorted(answer.json()["details"]) == sorted(fields)
    return answer.json()


def test_document_type_is_made_read_changed_and_deleted(staff):
    made = staff.call("POST", URL, TYPE)
    assert made.status_code == 201, made.content
    assert_shape(made.json(), TYPE)
    path = f"{URL}{made.json()['id']}/"
    assert staff.call("GET", path).json() == made.json()
    changed = staff.call("PATCH", path, {"min_validity_months": 9})
    assert (changed.status_code, changed.json()["min_validity_months"]) == (200, 9)
    assert changed.json()["has_number"] is True
    put = staff.call("PUT", path, {"name": "Travel passport", "has_number": False})
    assert (put.json()["name"], put.json()["has_number"], put.json()["has_expiry_date"]) == (
        "Travel passport",
        False,
        True,
    )
    assert staff.call("DELETE", path).status_code == 204
    refused(staff.call("GET", path), 404)


def test_document_type_needs_a_name_alone(staff):
    made = staff.call("POST", URL, {"name": "Photo"}).json()
    assert (made["has_number"], made["has_expiry_date"], made["min_validity_months"]) == (False, False, 0)
    refused(staff.call("POST", URL, {"name": "PHOTO"}), 409, "name")
    assert DocumentType.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("name", ""),
        ("name", None),
        ("min_validity_months", -1),
        ("min_validity_months", "soon"),
        ("notify_days_before", 3651),
        ("has_number", "perhaps"),
        ("actions", ["no-such-action"]),
        ("actions", "use-previous"),
    ],
)
def test_document_type_that_cannot_be_is_refused_beside_its_field(staff, field, given):
    refused(staff.call("POST", URL, {"name": "Photo", field: given}), 400, field)
    assert not DocumentType.objects.exists()


def test_list_shows_those_of_the_organization_by_name(organization):
    for name in ("Photo", "Passport"):
        make_document_type(organization, name)
    make_document_type(make_organization(), "Permit")
    member = ApiClient(make_user(organization))
    answer = member.call("GET", URL).json()
    assert (answer["count"], [row["name"] for row in answer["results"]]) == (2, ["Passport", "Photo"])
    assert [row["name"] for row in member.call("GET", f"{URL}?search=pass").json()["results"]] == ["Passport"]
    assert [row["name"] for row in member.call("GET", f"{URL}?ordering=-name").json()["results"]] == [
        "Photo",
        "Passport",
    ]


def test_members_read_and_do_not_keep_document_types(organization):
    member, kind = ApiClient(make_user(organization)), make_document_type(organization)
    path = f"{URL}{kind.pk}/"
    assert member.call("GET", path).status_code == 200
    refused(member.call("POST", URL, {}), 403)
    refused(member.call("PATCH", path, {"name": ""}), 403)
    refused(member.call("DELETE", path), 403)
    refused(member.call("GET", f"{path}can-delete/"), 403)


def test_can_delete_says_what_refers_to_it(organization, staff):
    kind = make_document_type(organization)
    path = f"{URL}{kind.pk}/"
    found = staff.call("GET", f"{path}can-delete/").json()
    assert (found["can_delete"], found["products"], found["documents"]) == (True, 0, 0)
    make_product(organization, document_inputs=[DocumentInput(kind.pk)])
    found = staff.call("GET", f"{path}can-delete/").json()
    assert (found["can_delete"], found["products"], found["documents"]) == (False, 1, 0)
    assert refused(staff.call("DELETE", path), 400)["error"] == found["message"]
