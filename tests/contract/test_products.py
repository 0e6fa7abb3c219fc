"""Products, and when their tasks are due, as the agency suite documents them."""

from datetime import UTC, date, datetime

import pytest

from bureau.accounts.services.closing_days import add_closing_day
from bureau.cases.models import Product
from tests.clients import ApiClient, assert_shape
from tests.factories.accounts import make_organization, make_user
from tests.factories.cases import make_agency, make_case
from tests.factories.products import make_document_type, make_product

pytestmark = pytest.mark.django_db
URL = "/api/products/"
NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
ROW = {
    "id": 1,
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "code": "VISA-EXT",
    "name": "Visa extension",
    "description": "Sixty days more",
    "product_type": "visa",
    "base_price": "250.00",
    "tax_code": "GP",
    "completed_by_payment": False,
    "active": True,
    "created_at": "2026-03-10T09:30:00Z",
    "updated_at": "2026-03-10T09:30:00Z",
}
TASK = {
    "id": 1,
    "step": 1,
    "name": "Collect",
    "description": "",
    "duration": 5,
    "duration_is_business_days": True,
    "country": "",
    "notify_days_before": 2,
    "last_step": False,
}
TYPE = {
    "id": 1,
    "name": "Passport",
    "description": "",
    "has_number": True,
    "has_expiry_date": True,
    "min_validity_months": 6,
    "notify_days_before": 30,
    "actions": [],
}
DETAIL = {**ROW, "tasks": [TASK], "required_documents": [TYPE], "optional_documents": [TYPE]}


@pytest.fixture
def organization():
    return make_organization(country="DE")


@pytest.fixture
def staff(organization):
    return ApiClient(make_user(organization, role="staff"))


def body(passport, photo, **changes):
    return {
        "code": "VISA-EXT",
        "name": "Visa extension",
        "description": "Sixty days more",
        "product_type": "visa",
        "base_price": "250.00",
        "tax_code": "GP",
        "tasks": [
            {"step": 1, "name": "Collect", "duration": 5, "notify_days_before": 2},
            {"step": 2, "name": "File", "duration": 3, "duration_is_business_days": False, "country": "ID"},
            {"step": 3, "name": "Fetch", "duration": 10, "last_step": True},
        ],
        "required_documents": [passport.pk],
        "optional_documents": [{"id": photo.pk, "min_validity_months": 9}],
        **changes,
    }


@pytest.fixture
def passport(organization):
    return make_document_type(organization, "Passport", has_number=True, has_expiry_date=True, min_validity_months=6)


@pytest.fixture
def photo(organization):
    return make_document_type(organization, "Photo")


def refused(answer, status, *fields):
    assert answer.status_code == status, answer.content
    assert set(answer.json()) == {"error", "details"}
    assert sorted(answer.json()["details"]) == sorted(fields)
    return answer.json()


def test_product_is_made_read_changed_and_deleted(staff, passport, photo):
    made = staff.call("POST", URL, body(passport, photo))
    assert made.status_code == 201, made.content
    assert_shape(made.json(), DETAIL)
    found = made.json()
    assert [(t["step"], t["name"], t["country"], t["last_step"]) for t in found["tasks"]] == [
        (1, "Collect", "", False),
        (2, "File", "ID", False),
        (3, "Fetch", "", True),
    ]
    assert [(d["id"], d["min_validity_months"]) for d in found["required_documents"]] == [(passport.pk, 6)]
    assert [(d["id"], d["min_validity_months"]) for d in found["optional_documents"]] == [(photo.pk, 9)]
    path = f"{URL}{found['id']}/"
    assert staff.call("GET", path).json() == found

    changed = staff.call("PATCH", path, {"base_price": 300, "required_documents": [], "uuid": "x", "id": 7})
    assert changed.status_code == 200, changed.content
    assert changed.json()["base_price"] == "300.00"
    assert changed.json()["required_documents"] == []
    assert changed.json()["optional_documents"] == found["optional_documents"]
    assert changed.json()["tasks"] == found["tasks"]
    assert changed.json()["uuid"] == found["uuid"]

    kept = [{**task, "name": task["name"].upper()} for task in reversed(found["tasks"])]
    put = staff.call(
        "PUT", path, {"code": "VISA-EXT", "name": "Visa", "tasks": kept, "active": False, "completed_by_payment": True}
    )
    assert put.status_code == 200, put.content
    assert [(t["id"], t["name"]) for t in put.json()["tasks"]] == [(t["id"], t["name"].upper()) for t in found["tasks"]]
    assert (put.json()["name"], put.json()["active"], put.json()["product_type"]) == ("Visa", False, "visa")
    assert put.json()["completed_by_payment"]

    assert staff.call("DELETE", path).status_code == 204
    refused(staff.call("GET", path), 404)


def test_what_is_shown_of_a_product_can_be_sent_back_as_it_is(staff, passport, photo):
    found = staff.call("POST", URL, body(passport, photo)).json()
    again = staff.call("PUT", f"{URL}{found['id']}/", found)
    assert again.status_code == 200, again.content
    assert again.json() == found


def test_product_by_id_comes_with_its_documents(organization, passport, photo):
    staff = ApiClient(make_user(organization, role="staff"))
    found = staff.call("POST", URL, body(passport, photo)).json()
    answer = ApiClient(make_user(organization)).call("GET", f"{URL}get_product_by_id/{found['id']}/")
    assert answer.status_code == 200
    assert_shape(answer.json(), {"product": ROW, "required_documents": [TYPE], "optional_documents": [TYPE]})
    assert answer.json()["product"] == found
    assert [d["name"] for d in answer.json()["required_documents"]] == ["Passport"]
    assert [d["name"] for d in answer.json()["optional_documents"]] == ["Photo"]


def names(client, path):
    answer = client.call("GET", path)
    assert answer.status_code == 200, answer.content
    assert set(answer.json()) == {"count", "next", "previous", "results"}
    assert answer.json()["count"] == len(answer.json()["results"])
    return [row["name"] for row in answer.json()["results"]]


def test_list_is_searched_narrowed_and_sorted(organization):
    make_product(organization, code="V-1", name="Short visa", product_type="visa", base_price="10.00")
    make_product(organization, code="V-2", name="Long visa", product_type="Visa", base_price="20.00", active=False)
    make_product(organization, code="T-1", name="Tax return", product_type="tax / year", base_price="5.00")
    make_product(make_organization(), code="V-3", name="Foreign visa", product_type="visa")
    member = ApiClient(make_user(organization))
    assert names(member, URL) == ["Long visa", "Short visa", "Tax return"]
    assert names(member, f"{URL}?search=VISA v-1") == ["Short visa"]
    assert names(member, f"{URL}?product_type=visa") == ["Long visa", "Short visa"]
    assert names(member, f"{URL}?product_type=visa&active=true") == ["Short visa"]
    assert names(member, f"{URL}?ordering=-base_price") == ["Long visa", "Short visa", "Tax return"]
    assert names(member, f"{URL}?ordering=base_price,name") == ["Tax return", "Short visa", "Long visa"]
    assert names(member, f"{URL}?created_at__gte=2999-01-01") == []
    assert names(member, f"{URL}get_products_by_product_type/visa/") == ["Long visa", "Short visa"]
    assert names(member, f"{URL}get_products_by_product_type/visa/?active=false") == ["Long visa"]
    assert names(member, f"{URL}get_products_by_product_type/tax / year/") == ["Tax return"]
    assert names(member, f"{URL}get_products_by_product_type/none/") == []
    assert_shape(member.call("GET", URL).json()["results"][0], ROW)
    refused(member.call("GET", f"{URL}?ordering=colour"), 400, "ordering")
    refused(member.call("GET", f"{URL}?active=maybe"), 400, "active")


def test_quick_create_takes_a_code_and_a_name_and_answers_the_product(staff):
    made = staff.call("POST", f"{URL}quick-create/", {"code": "Q-1", "name": "Quick"})
    assert made.status_code == 201, made.content
    assert (made.json()["code"], made.json()["base_price"], made.json()["tasks"]) == ("Q-1", "0.00", [])
    refused(staff.call("POST", f"{URL}quick-create/", {"name": "No code"}), 400, "code")
    refused(staff.call("POST", f"{URL}quick-create/", {"code": "q-1", "name": "Again"}), 409, "code")
    assert Product.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        (["tasks.1.step"], {"tasks": [{"name": "A", "duration": 1}, {"step": 3, "name": "B", "duration": 1}]}),
        (["tasks.0.last_step"], {"tasks": [{"name": n, "duration": 1, "last_step": True} for n in "AB"]}),
        (["tasks.0.duration"], {"tasks": [{"name": "A", "duration": 3651}]}),
        (["tasks.0.duration"], {"tasks": [{"name": "A"}]}),
        (["tasks.0.country"], {"tasks": [{"name": "A", "duration": 1, "country": "ZZ"}]}),
        (["tasks.0.id"], {"tasks": [{"id": 2**70, "name": "A", "duration": 1}]}),
        (["tasks"], {"tasks": "none"}),
        (["required_documents.0"], {"required_documents": [2**70]}),
        (["required_documents.0.id"], {"required_documents": ["passport"]}),
        (["optional_documents.0.min_validity_months"], {"optional_documents": [{"id": 1, "min_validity_months": 999}]}),
        (["base_price"], {"base_price": "-1.00"}),
        (["base_price"], {"base_price": "NaN"}),
        (["tax_code"], {"tax_code": "NONE"}),
        (["code", "name"], {"code": "", "name": None}),
    ],
)
def test_product_that_cannot_be_is_refused_beside_its_fields(staff, fields, changes):
    given = {"code": "X", "name": "X", **changes}
    refused(staff.call("POST", URL, given), 400, *fields)
    assert not Product.objects.exists()


def test_members_read_and_do_not_keep_products(organization, passport, photo):
    member, product = ApiClient(make_user(organization)), make_product(organization)
    path = f"{URL}{product.pk}/"
    assert member.call("GET", path).status_code == 200
    refused(member.call("POST", URL, {}), 403)
    refused(member.call("POST", f"{URL}quick-create/", {"code": "X", "name": "X"}), 403)
    refused(member.call("PATCH", path, {"name": ""}), 403)
    refused(member.call("DELETE", path), 403)
    refused(member.call("GET", f"{path}can-delete/"), 403)


def test_can_delete_counts_what_would_go_and_what_refers(organization, staff):
    product = make_product(organization, tasks=2, required=2, optional=1)
    answer = staff.call("GET", f"{URL}{product.pk}/can-delete/")
    assert answer.status_code == 200
    found = answer.json()
    assert isinstance(found.pop("message"), str)
    assert found == {"can_delete": True, "cases": 0, "tasks": 2, "documents": 3}

    agency = make_agency()
    make_case(agency)
    client, path = ApiClient(agency.staff), f"{URL}{agency.product.pk}/"
    found = client.call("GET", f"{path}can-delete/").json()
    assert (found["can_delete"], found["cases"]) == (False, 1)
    assert "Deactivate" in found["message"]
    assert refused(client.call("DELETE", path), 400)["error"] == found["message"]
    assert client.call("PATCH", path, {"active": False}).json()["active"] is False


def test_bulk_delete_is_for_superusers_and_wants_a_confirmation(organization):
    for code in ("V-1", "V-2"):
        make_product(organization, code=code, name="Visa")
    make_product(make_organization(), code="V-1", name="Visa")
    path = f"{URL}bulk-delete/"
    refused(ApiClient(make_user(organization, role="admin")).call("POST", path, {}), 403)
    superuser = ApiClient(make_user(organization, role="admin", superuser=True))
    refused(superuser.call("POST", path, {"query": "visa"}), 400, "confirm")
    refused(superuser.call("POST", path, {"query": "visa", "confirm": False}), 400, "confirm")
    refused(superuser.call("POST", path, {"query": "", "confirm": True}), 400, "query")
    refused(superuser.call("POST", path, {"confirm": True}), 400, "query")
    gone = superuser.call("POST", path, {"query": "visa", "confirm": True})
    assert (gone.status_code, gone.json()) == (200, {"deleted": 2, "kept": []})
    assert Product.objects.count() == 1


def test_due_date_of_a_task(organization):
    """Five working days from Maundy Thursday on: Good Friday, Easter and a closing day are not among them."""
    admin = make_user(organization, role="admin")
    product = make_product(organization)
    task = product.tasks.first().pk
    member = ApiClient(make_user(organization))

    def due(start, task=task):
        return member.call("GET", f"/api/compute/doc_workflow_due_date/{task}/{start}/")

    assert (due("2026-04-02").status_code, due("2026-04-02").json()) == (200, {"due_date": "2026-04-13"})
    add_closing_day(actor=admin, organization=organization, date=date(2026, 4, 8), now=NOW)
    assert due("2026-04-02").json() == {"due_date": "2026-04-14"}
    for start in ("2026-02-30", "yesterday", "2026-13-01", "0001-01-01", "9999-12-30"):
        refused(due(start), 400, "start_date")
    refused(due("2026-04-02", 2**70), 404)
    refused(due("2026-04-02", make_product(make_organization()).tasks.first().pk), 404)
    refused(due("never", make_product(make_organization()).tasks.first().pk), 404)


def test_due_date_counts_calendar_days_or_the_holidays_of_another_country(organization, passport, photo):
    client = ApiClient(make_user(organization, role="staff"))
    tasks = [
        {"name": "Calendar", "duration": 5, "duration_is_business_days": False},
        {"name": "Elsewhere", "duration": 1, "country": "US"},
        {"name": "Nothing to do", "duration": 0},
    ]
    found = client.call("POST", URL, body(passport, photo, tasks=tasks)).json()["tasks"]

    def due(task, start):
        return client.call("GET", f"/api/compute/doc_workflow_due_date/{task['id']}/{start}/").json()["due_date"]

    assert due(found[0], "2026-04-02") == "2026-04-07"
    assert due(found[1], "2026-04-02") == "2026-04-03"
    assert due(found[1], "2026-11-25") == "2026-11-27"
    assert due(found[2], "2026-04-03") == "2026-04-07"
