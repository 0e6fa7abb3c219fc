"""POST /api/v1/integrations/{jobcost|timberline}/sync against services on loopback."""

import pytest

from bureau.core.models import Job
from bureau.purchasing.models import Project
from tests.clients import ApiClient, assert_shape
from tests.factories.orders import make_site
from tests.purchasing.connectors import accounting
from tests.purchasing.connectors.accounting import API_KEY

pytestmark = pytest.mark.django_db
JOBCOST = "/api/v1/integrations/jobcost/sync"
EXAMPLE = {
    "connector": "jobcost",
    "status": "partial",
    "created": 1,
    "updated": 0,
    "unchanged": 0,
    "errors": [{"part": "projects", "row": 2, "message": "id is missing"}],
    "synced_at": "2026-03-10T09:30:00Z",
}


@pytest.fixture
def site(connected):
    connected.projects = [{"id": "PRJ009", "name": "Bridge"}, {"name": "?"}]
    connected.vendors = [{"id": "VEN009", "name": "Steel Co."}]
    return make_site()


@pytest.mark.parametrize("slash", ["", "/"])
def test_sync_answers_what_it_did(site, slash):
    answer = ApiClient(site.admin).call("POST", JOBCOST + slash)
    assert answer.status_code == 200
    assert_shape(answer.json(), EXAMPLE)
    assert {**answer.json(), "synced_at": ""} == {**EXAMPLE, "synced_at": ""}
    assert Project.objects.filter(organization=site.organization, code="PRJ009").exists()
    again = ApiClient(site.admin).call("POST", JOBCOST).json()
    assert (again["created"], again["unchanged"]) == (0, 1)


def test_vendors_are_synced_by_timberline(site):
    answer = ApiClient(site.admin).call("POST", "/api/v1/integrations/timberline/sync").json()
    assert (answer["connector"], answer["status"], answer["created"]) == ("timberline", "success", 1)


def test_failing_service_is_an_integration_error(site, connected):
    connected.always["/projects"] = accounting.status(500)
    answer = ApiClient(site.admin).call("POST", JOBCOST)
    assert answer.status_code == 502
    assert answer.json()["error"]["code"] == "INTEGRATION_ERROR"
    assert "JobCost" in answer.json()["error"]["message"]
    assert API_KEY not in answer.content.decode()
    assert Job.objects.get(kind="sync_part").state == "FAILURE"


@pytest.mark.parametrize("person", ["foreman", "superintendent", "pm", "staff", "finance"])
def test_sync_needs_its_permission(site, person):
    answer = ApiClient(getattr(site, person)).call("POST", JOBCOST)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")


@pytest.mark.parametrize("person", ["admin", "foreman"])
def test_unknown_service_is_not_there(site, person):
    answer = ApiClient(getattr(site, person)).call("POST", "/api/v1/integrations/sap/sync")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


def test_visitor_signs_in_first(site):
    assert ApiClient().call("POST", JOBCOST).status_code == 401
    assert ApiClient(site.admin).call("GET", JOBCOST).status_code == 405
