"""What is documented is served, and what is served is in the OpenAPI documents."""

import json
import re
from collections.abc import Iterator

import pytest
from django.urls import URLPattern, resolve
from openapi_spec_validator import validate

from bureau.api.dialect import DIALECTS
from bureau.api.schema import FOLDER
from bureau.api.urls import urlpatterns

UUID = "123e4567-e89b-12d3-a456-426614174000"
VERBS = ("get", "post", "put", "patch", "delete")

# Sign-in and the API's entrance, then simple requests and tasks, then purchase requests, orders, customers.
DOCUMENTED = f"""
GET /api/
GET /api/health/
GET /api/schema/
GET /api/schema/swagger-ui/
GET /api/schema/redoc/
GET /api/docs/
GET /api/redoc/
GET /api/country-codes/
POST /api/auth/token/
POST /api/auth/token/refresh/
POST /api/auth/token/verify/
POST /api/auth/logout/
POST /api/auth/change-password/
POST /api/api-token-auth/
GET /api/session-auth/
GET /api/mock-auth-config/
GET /api/auth/users/
POST /api/auth/users/
GET /api/auth/users/1/
PUT /api/auth/users/1/
DELETE /api/auth/users/1/
GET /api/auth/users/me/
PUT /api/auth/users/me/
POST /api/v1/auth/login
POST /api/v1/auth/refresh
POST /api/v1/auth/logout
GET /api/v1/users
GET /api/v1/users/me

GET /api/purchases/requests/
POST /api/purchases/requests/
GET /api/tasks/{UUID}/
GET /api/jobs/{UUID}/
GET /api/jobs/{UUID}/stream/

GET /api/me/
GET /api/users/
GET /api/prs/requests/
POST /api/prs/requests/
GET /api/prs/requests/{UUID}/
PATCH /api/prs/requests/{UUID}/
POST /api/prs/requests/{UUID}/submit/
POST /api/prs/requests/{UUID}/approve/
POST /api/prs/requests/{UUID}/reject/
POST /api/prs/requests/{UUID}/complete/
GET /api/prs/requests/inbox/
GET /api/prs/requests/finance-inbox/
POST /api/prs/requests/{UUID}/attachments/
GET /api/prs/attachments/{UUID}/download/
GET /api/prs/teams/
POST /api/prs/teams/
GET /api/prs/teams/{UUID}/
PATCH /api/prs/teams/{UUID}/
GET /api/prs/teams/{UUID}/members/
POST /api/prs/teams/{UUID}/members/
GET /api/prs/form-templates/
POST /api/prs/form-templates/
GET /api/prs/form-templates/{UUID}/
PATCH /api/prs/form-templates/{UUID}/
GET /api/prs/workflows/
POST /api/prs/workflows/
GET /api/prs/workflows/{UUID}/
PATCH /api/prs/workflows/{UUID}/

GET /api/v1/purchase-orders
POST /api/v1/purchase-orders
GET /api/v1/purchase-orders/1
PUT /api/v1/purchase-orders/1
DELETE /api/v1/purchase-orders/1
PATCH /api/v1/purchase-orders/1/submit
PATCH /api/v1/purchase-orders/1/approve
PATCH /api/v1/purchase-orders/1/reject
PATCH /api/v1/purchase-orders/1/cancel
PATCH /api/v1/purchase-orders/1/close
GET /api/v1/purchase-orders/1/releases
POST /api/v1/purchase-orders/1/releases
GET /api/v1/purchase-orders/1/receipts
POST /api/v1/purchase-orders/1/receipts
POST /api/v1/purchase-orders/1/notes
GET /api/v1/purchase-orders/1/pdf
GET /api/v1/purchase-orders/1/files
POST /api/v1/purchase-orders/1/files
GET /api/v1/files/1/download
DELETE /api/v1/files/1
GET /api/v1/projects
GET /api/v1/projects/PRJ001/cost-codes
GET /api/v1/vendors
GET /api/v1/audit-logs
POST /api/v1/integrations/jobcost/sync
POST /api/v1/integrations/timberline/sync

GET /api/clients/
POST /api/clients/
GET /api/clients/1/
PUT /api/clients/1/
PATCH /api/clients/1/
DELETE /api/clients/1/
GET /api/customers/
POST /api/customers/
GET /api/customers/search/
GET /api/customers/duplicates/
GET /api/customers/1/
PUT /api/customers/1/
PATCH /api/customers/1/
DELETE /api/customers/1/
POST /api/customers/quick-create/
POST /api/customers/1/toggle-active/
POST /api/customers/bulk-delete/
GET /api/products/
POST /api/products/
GET /api/products/1/
PUT /api/products/1/
PATCH /api/products/1/
DELETE /api/products/1/
GET /api/products/get_product_by_id/1/
GET /api/products/get_products_by_product_type/visa/
POST /api/products/quick-create/
GET /api/products/1/can-delete/
POST /api/products/bulk-delete/
GET /api/document-types/
POST /api/document-types/
GET /api/document-types/1/
PUT /api/document-types/1/
PATCH /api/document-types/1/
DELETE /api/document-types/1/
GET /api/document-types/1/can-delete/
GET /api/compute/doc_workflow_due_date/1/2026-03-10/
"""
EXCLUDED = {
    "/api/schema/": "the document itself",
    "/api/schema/{dialect}/": "the document itself",
    "/api/schema/swagger-ui/": "a page",
    "/api/schema/redoc/": "a page",
    "/api/docs/": "a page",
    "/api/redoc/": "a page",
}
"""Addresses that the documents leave out, and why."""


def operations(name: str) -> set[tuple[str, str]]:
    """Verb and path, with its closing slash, of everything in one document."""
    paths = json.loads((FOLDER / name).read_bytes())["paths"]
    return {(verb, f"{path.rstrip('/')}/") for path, item in paths.items() for verb in item if verb in VERBS}


def routed() -> Iterator[tuple[str, str]]:
    """Verb and path of everything that is routed, written as the documents do."""
    for entry in urlpatterns:
        assert isinstance(entry, URLPattern), "routes are declared flat"
        path = "/api/" + str(entry.pattern)
        path = re.sub(r"<\w+:(\w+)>", lambda part: "{id}" if part[1] == "pk" else f"{{{part[1]}}}", path)
        view = entry.callback.view_class
        yield from ((verb, path) for verb in VERBS if hasattr(view, verb))


EVERYTHING = operations("openapi.json")


@pytest.mark.parametrize("line", [line for line in DOCUMENTED.splitlines() if line])
def test_documented_address_takes_its_method(line):
    method, path = line.split()
    view = resolve(f"{path.rstrip('/')}/").func.view_class
    assert hasattr(view, method.lower())


def test_every_route_is_in_the_document():
    assert {(verb, path) for verb, path in routed() if path not in EXCLUDED} - EVERYTHING == set()


def test_the_document_holds_nothing_that_is_not_routed():
    assert EVERYTHING - set(routed()) == set()


def test_excluded_addresses_are_routed():
    assert set(EXCLUDED) <= {path for _verb, path in routed()}


def test_the_documents_of_the_families_cover_the_whole():
    assert set().union(*(operations(f"{name}.json") for name in DIALECTS)) == EVERYTHING


@pytest.mark.parametrize("name", ["openapi", *DIALECTS])
def test_the_documents_are_valid_openapi(name):
    validate(json.loads((FOLDER / f"{name}.json").read_bytes()))


@pytest.mark.parametrize("name", ["agency", "biz"])
def test_every_list_takes_the_query_parameters_of_its_family(name):
    """But for what hangs on one record, and for the ageing, whose rows are sums."""
    paths = json.loads((FOLDER / f"{name}.json").read_bytes())["paths"]
    taken = {
        path: {parameter["name"] for parameter in item["get"].get("parameters", ())}
        for path, item in paths.items()
        if "get" in item and "{" not in path and path != "/api/invoices/ageing/"
    }
    lists = {path: parameters for path, parameters in taken.items() if "page" in parameters}
    assert lists
    for path, parameters in lists.items():
        assert {"page_size", "ordering", "created_at__gte", "created_at__lte"} <= parameters, path
