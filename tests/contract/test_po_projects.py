"""Every documented example of projects, cost codes and vendors."""

from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest

from bureau.purchasing.services import budgets
from bureau.purchasing.states import OrderStatus as S
from tests.clients import ApiClient, assert_shape
from tests.factories.orders import NOW, make_cost_code, make_project, make_site, make_vendor, order_in

pytestmark = pytest.mark.django_db
PROJECT = {
    "id": "PRJ001",
    "name": "Downtown Office Building",
    "status": "active",
    "budget": 2500000.00,
    "spent": 1200000.00,
    "remaining": 1300000.00,
    "start_date": "2025-01-01",
    "end_date": "2025-12-31",
}
COST_CODE = {
    "id": "CC-001",
    "code": "01-100",
    "description": "Site Preparation",
    "category": "Construction",
    "budget": 150000.00,
    "spent": 75000.00,
    "remaining": 75000.00,
    "active": True,
}
VENDOR = {
    "id": "VEN001",
    "name": "ABC Supply Co.",
    "contact_info": {
        "email": "orders@abcsupply.com",
        "phone": "555-0123",
        "address": "123 Main St, City, State 12345",
    },
    "payment_terms": "Net 30",
    "active": True,
}


@pytest.fixture(scope="module")
def first_site(once):
    return once(make_site)


@pytest.fixture
def site(first_site):
    return deepcopy(first_site)


def listed(user, path, **parameters):
    answer = ApiClient(user).get(f"/api/v1/{path}", parameters)
    assert answer.status_code == 200, answer.content
    assert set(answer.json()) == {"data"}
    return answer.json()["data"]


def test_projects_answer_as_documented(site):
    type(site.project).objects.update(start_date=date(2025, 1, 1), end_date=date(2025, 12, 31))
    budgets.set_project_budget(
        project=site.project, budget=Decimal(2_500_000), reason="plan", actor=site.admin, now=NOW
    )
    order_in(S.APPROVED, site)
    [row] = listed(site.foreman, "projects")
    assert_shape([row], [PROJECT])
    assert row == {**PROJECT, "spent": 700.00, "remaining": 2499300.00}


def test_projects_are_active_ones_unless_others_are_asked_for(site):
    make_project(site.organization, "PRJ002", status="closed", name="Old Mill")
    make_project(site.organization, "PRJ003", status="on_hold", name="Harbour")

    def codes(**parameters):
        return [row["id"] for row in listed(site.admin, "projects", **parameters)]

    assert codes() == codes(active="true") == codes(active="1") == ["PRJ001"]
    assert codes(active="false") == ["PRJ002", "PRJ003"]
    assert codes(active="false", search="mill") == ["PRJ002"]
    assert codes(search="prj001") == codes(search="office downtown") == ["PRJ001"]
    assert codes(search="mill") == []


def test_projects_are_ones_own_for_those_who_do_not_see_all(site):
    make_project(site.organization, "PRJ002")
    make_project(make_site().organization, "PRJ003")
    assert [row["id"] for row in listed(site.foreman, "projects")] == ["PRJ001"]
    assert [row["id"] for row in listed(site.staff, "projects")] == ["PRJ001", "PRJ002"]
    assert listed(site.finance, "projects") == []


def test_superuser_is_shown_the_codes_of_their_own_organization(site):
    make_site()
    type(site.admin).objects.filter(pk=site.admin.pk).update(is_superuser=True)
    assert [row["id"] for row in listed(site.admin, "projects")] == ["PRJ001"]
    assert [row["id"] for row in listed(site.admin, "vendors")] == ["VEN001"]
    assert len(listed(site.admin, "projects/PRJ001/cost-codes")) == 1


def test_cost_codes_answer_as_documented(site):
    make_cost_code(site.project, "CC-002", active=False)
    budgets.set_external(cost_code=site.cost_code, spent=Decimal(74300), reason="before", actor=site.admin, now=NOW)
    order_in(S.APPROVED, site)
    rows = listed(site.foreman, "projects/PRJ001/cost-codes")
    assert rows[0] == COST_CODE
    assert (rows[1]["id"], rows[1]["active"]) == ("CC-002", False)


@pytest.mark.parametrize("code", ["PRJ999", "SECRET", "prj001", "a%00b"])
def test_cost_codes_of_a_project_that_is_not_there_are_404(site, code):
    make_project(make_site().organization, "SECRET")
    answer = ApiClient(site.admin).get(f"/api/v1/projects/{code}/cost-codes")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


def test_vendors_answer_as_documented(site):
    assert listed(site.foreman, "vendors") == [VENDOR]


def test_vendors_are_filtered(site):
    make_vendor(site.organization, "VEN002", "Miller Steel", active=False)
    make_vendor(make_site().organization, "VEN003", "Elsewhere Ltd.")

    def codes(**parameters):
        return [row["id"] for row in listed(site.foreman, "vendors", **parameters)]

    assert codes() == ["VEN001", "VEN002"]
    assert codes(active="true") == ["VEN001"]
    assert codes(active="false") == ["VEN002"]
    assert codes(search="steel miller") == ["VEN002"]
    assert codes(search="elsewhere") == []


def test_page_of_a_list_without_pages_may_be_asked_for(site):
    for number in range(2, 6):
        make_vendor(site.organization, f"VEN00{number}", f"Vendor {number}")
    assert [row["id"] for row in listed(site.foreman, "vendors", limit=2, page=2)] == ["VEN003", "VEN004"]
    assert len(listed(site.foreman, "vendors", page=1)) == 5
    assert listed(site.foreman, "vendors", page=9) == []
    assert [row["id"] for row in listed(site.admin, "projects", limit=1)] == ["PRJ001"]


@pytest.mark.parametrize("path", ["projects", "vendors"])
@pytest.mark.parametrize(
    ("name", "value"), [("active", "perhaps"), ("search", "\x00"), ("page", "0"), ("limit", "x"), ("search", "x" * 201)]
)
def test_unreadable_filter_is_a_field_error(site, path, name, value):
    answer = ApiClient(site.admin).get(f"/api/v1/{path}", {name: value})
    assert (answer.status_code, answer.json()["error"]["details"]["field"]) == (400, name)


@pytest.mark.parametrize("path", ["projects", "vendors", "projects/PRJ001/cost-codes"])
def test_lists_are_for_people_who_signed_in(site, path):
    answer = ApiClient().get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHORIZED")
    assert ApiClient(site.foreman).call("POST", f"/api/v1/{path}", {}).status_code == 405


def test_profile_names_the_projects_one_is_a_member_of(site):
    make_project(site.organization, "PRJ002", members=[site.pm])
    assert ApiClient(site.pm).get("/api/v1/users/me").json()["project_ids"] == ["PRJ001", "PRJ002"]
    assert ApiClient(site.foreman).get("/api/v1/users/me").json()["project_ids"] == ["PRJ001"]
