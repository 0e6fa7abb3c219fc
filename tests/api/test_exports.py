"""Every list of the API can be taken as a file. The lists come from the URL configuration."""

import csv
import io
from decimal import Decimal

import pytest
from django.urls import URLPattern, get_resolver, reverse

from bureau.api import exports
from bureau.core.models import AuditEntry
from bureau.kit import sheets
from bureau.purchasing.services import orders
from bureau.purchasing.states import RequestStatus
from tests.clients import ApiClient
from tests.factories.bills import enter, receive
from tests.factories.cases import make_agency, make_case
from tests.factories.imports import upload
from tests.factories.orders import NOW, make_site, make_vendor, order_in
from tests.factories.purchasing import make_office, request_in

pytestmark = pytest.mark.django_db


def lists():
    """The names of the addresses that answer lists, and the names of the values that they take."""
    api = next(resolver for resolver in get_resolver().url_patterns if getattr(resolver, "app_name", "") == "api")
    for pattern in api.url_patterns:
        assert isinstance(pattern, URLPattern)
        method = getattr(getattr(pattern.callback, "cls", None), "get", None)
        if getattr(method, "paged", False) or getattr(method, "whole", False):
            yield pattern.name, tuple(pattern.pattern.converters)


ALL = sorted(name for name, values in lists() if not values)
OF_AGENCIES = {"customers", "clients", "products", "document-types", "cases", "documents", "imports"}
OF_ORDERS = ["order-releases", "order-notes", "order-files", "order-receipts"]


@pytest.fixture
def site():
    site = make_site()
    site.admin.is_superuser = True
    site.admin.save()
    return site


@pytest.fixture
def order(site):
    order = order_in("approved", site, type="rolling", ceiling_amount=Decimal(900))
    orders.release(actor=site.foreman, order=order, amount=Decimal(5), now=NOW)
    orders.add_note(actor=site.foreman, order=order, text="=1+1", now=NOW)
    receive(order, "10")
    enter(site, order)
    return order


def taken(client, path, form="csv", **parameters):
    answer = client.call("GET", path, {**parameters, "export": form})
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == exports.TYPES[form]
    assert f".{form}" in answer["Content-Disposition"]
    return b"".join(answer)


def read(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def shown(client, path, **parameters):
    body = client.call("GET", path, {"page_size": 100, "limit": 100, **parameters}).json()
    return body.get("results", body.get("data"))


def test_there_are_lists():
    assert {"bills", "orders", "requests", "vendors", "audit-logs", "jobs"} <= set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_list_is_exported_row_by_row(name, site, order, office):
    if name in OF_AGENCIES:
        agency = make_agency()
        make_case(agency)
        upload(agency.admin, "name\nAnn\n")
    client = ApiClient(office.finance if name == "finance-inbox" else site.admin)
    path = reverse(f"api:{name}")
    rows = shown(client, path)
    found = read(taken(client, path))
    assert len(found) == len(rows) + (name == "audit-logs")  # where the export itself is the newest entry
    if rows and "id" in rows[0]:
        assert {str(row["id"]) for row in rows} <= {row["id"] for row in found}
    workbook = sheets.read_rows(io.BytesIO(taken(client, path, "xlsx")), extension="xlsx")
    assert len(list(workbook)) - 1 == len(rows) + 2 * (name == "audit-logs")


@pytest.fixture
def office(site):
    office = make_office()
    request_in(RequestStatus.FINANCE_REVIEW, office)
    return office


@pytest.mark.parametrize("name", OF_ORDERS)
def test_list_of_an_order_is_exported(name, site, order):
    client = ApiClient(site.foreman)
    path = reverse(f"api:{name}", kwargs={"pk": order.pk})
    assert [row["id"] for row in read(taken(client, path))] == [str(row["id"]) for row in shown(client, path)]


def test_export_has_flat_columns_and_documented_values(site, order):
    [row] = read(taken(ApiClient(site.finance), "/api/bills/"))
    assert (row["vendor.id"], row["vendor.name"], row["total_amount"]) == ("VEN001", "ABC Supply Co.", "700.00")
    assert row["created_at"] == "2026-03-10T09:30:00Z"
    assert "lines" not in row


def test_export_is_filtered_and_sorted_as_the_list(site):
    make_vendor(site.organization, "VEN002", "Zinc Works")
    make_vendor(site.organization, "VEN003", "Zebra Paint")
    client = ApiClient(site.admin)
    assert [row["name"] for row in read(taken(client, "/api/v1/vendors", search="z"))] == ["Zebra Paint", "Zinc Works"]
    people = read(taken(client, "/api/auth/users/", ordering="-username"))
    names = [row["username"] for row in people]
    assert names == sorted(names, reverse=True)


def test_export_ignores_pages(site):
    assert len(read(taken(ApiClient(site.admin), "/api/auth/users/", page="2", page_size="1"))) > 1


def test_export_is_limited_to_what_the_caller_sees(site, order):
    other = make_site()
    assert read(taken(ApiClient(other.foreman), "/api/v1/purchase-orders")) == []
    assert ApiClient(site.foreman).call("GET", "/api/auth/users/", {"export": "csv"}).status_code == 403
    assert ApiClient().call("GET", "/api/bills/", {"export": "csv"}).status_code == 401


def test_export_is_in_the_audit_log(site, order):
    taken(ApiClient(site.finance), "/api/bills/", "xlsx")
    entry = AuditEntry.objects.filter(action="exported").get()
    assert (entry.user, entry.new_values) == (site.finance, {"list": "bills", "form": "xlsx", "rows": 1})


def test_no_text_is_taken_for_a_formula(site, order):
    [note] = read(taken(ApiClient(site.foreman), f"/api/v1/purchase-orders/{order.pk}/notes"))
    assert note["text"] == "'=1+1"


@pytest.mark.parametrize("path", ["/api/bills/", "/api/v1/vendors"])
def test_unknown_form_is_a_field_error(path, site):
    answer = ApiClient(site.admin).call("GET", path, {"export": "pdf"})
    assert answer.status_code == 400
    assert "csv, xlsx" in answer.content.decode()
    assert AuditEntry.objects.filter(action="exported").count() == 0


def test_too_many_rows_for_a_workbook_point_to_csv(site, order, monkeypatch):
    monkeypatch.setattr(exports, "MAX_XLSX_ROWS", 0)
    client = ApiClient(site.finance)
    answer = client.call("GET", "/api/bills/", {"export": "xlsx"})
    assert answer.status_code == 400
    assert "Choose CSV" in answer.json()["details"]["export"][0]
    assert len(read(taken(client, "/api/bills/"))) == 1


def test_export_counts_against_the_rate_limits(site, settings):
    settings.THROTTLING = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "user": "2/hour"}
    client = ApiClient(site.finance)
    answers = [client.call("GET", "/api/bills/", {"export": "csv"}).status_code for _ in range(3)]
    assert answers == [200, 200, 429]
