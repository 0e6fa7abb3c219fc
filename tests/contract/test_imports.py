"""Imports of customers and products, as the agency's API shows them."""

import csv
import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from bureau.cases.models import Product
from bureau.core import jobs
from bureau.imports.models import Import
from bureau.parties.models import Customer
from tests.clients import ApiClient, assert_shape
from tests.core.samples import pdf_bytes
from tests.factories.accounts import make_organization, make_user

pytestmark = pytest.mark.django_db
URL = "/api/imports/"
TEXT = "Name;E-Mail;Geburtsdatum\nJürgen Groß;j@example.com;31.12.1980\nAnn Lee;ann@example;1.1.1990\n"
ROW = {
    "id": 1,
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "kind": "customers",
    "filename": "list.csv",
    "state": "uploaded",
    "update_existing": False,
    "rows_total": 0,
    "rows_done": 0,
    "counts": {},
    "error": "",
    "job": None,
    "created_by": {"id": 1, "username": "staff"},
    "created_at": "2026-03-10T09:30:00Z",
    "finished_at": None,
}
DETAIL = {
    **ROW,
    "columns": ["Name"],
    "samples": [["Jürgen Groß"]],
    "mapping": {"name": "Name"},
    "fields": [{"name": "name", "label": "Name", "required": False, "help": ""}],
}


@pytest.fixture
def staff():
    return make_user(make_organization(), role="staff")


@pytest.fixture
def client(staff):
    return ApiClient(staff)


def sheet(content=TEXT, name="list.csv", encoding="utf-8", declared="text/csv"):
    data = content if isinstance(content, bytes) else content.encode(encoding)
    return SimpleUploadedFile(name, data, declared)


def upload(client, file=None, kind="customers"):
    return client.call("POST", URL, {"kind": kind, "file": file or sheet()}, files=True)


def work(answer):
    """Runs the job that an answer names."""
    assert answer.status_code == 202, answer.content
    jobs.run(answer.json()["job"])


def test_import_goes_from_upload_to_report(client):
    made = upload(client, sheet(encoding="cp1252"))
    assert made.status_code == 201, made.content
    body = made.json()
    assert_shape(body, DETAIL)
    assert body["mapping"] == {"name": "Name", "email": "E-Mail", "birthdate": "Geburtsdatum"}
    assert body["samples"][0] == ["Jürgen Groß", "j@example.com", "31.12.1980"]
    path = f"{URL}{body['id']}/"

    mapped = client.call("PATCH", path, {"mapping": {"name": "Name", "email": "E-Mail"}, "update_existing": True})
    assert mapped.status_code == 200, mapped.content
    assert (mapped.json()["mapping"], mapped.json()["update_existing"]) == ({"name": "Name", "email": "E-Mail"}, True)

    work(client.call("POST", f"{path}check/"))
    checked = client.call("GET", path).json()
    assert (checked["state"], checked["counts"]) == ("checked", {"created": 1, "refused": 1})
    assert (checked["rows_total"], Customer.objects.count()) == (2, 0)
    refused = client.call("GET", f"{path}rows/", {"outcome": "refused"}).json()
    assert refused["count"] == 1
    assert_shape(refused["results"][0], {"number": 3, "outcome": "refused", "trial": True, "label": "Ann Lee"})
    assert list(refused["results"][0]["problems"]) == ["email"]

    work(client.call("POST", f"{path}run/"))
    done = client.call("GET", path).json()
    assert (done["state"], done["counts"]) == ("imported", {"created": 1, "refused": 1})
    [row] = client.call("GET", f"{path}rows/", {"outcome": "created"}).json()["results"]
    assert (row["trial"], row["number"], row["record_id"]) == (False, 2, Customer.objects.get().pk)
    assert client.call("GET", f"{path}rows/", {"trial": "true"}).json()["count"] == 2

    report = client.call("GET", f"{path}report/")
    rows = list(csv.DictReader(io.StringIO(b"".join(report).decode("utf-8-sig"))))
    assert [(row["number"], row["outcome"], row["label"]) for row in rows] == [
        ("2", "created", "Jürgen Groß"),
        ("3", "refused", "Ann Lee"),
    ]
    assert rows[1]["problems"].startswith("email: ")
    assert_shape(client.call("GET", URL).json()["results"][0], ROW)


def test_workbook_of_products_is_imported():
    admin = make_user(make_organization(), role="admin")
    client = ApiClient(admin)
    book = openpyxl.Workbook()
    for row in (
        ["SKU", "Product name", "Price", "Kind"],
        ["V1", "Visa", 1500, "visa"],
        ["V2", "Permit", "1.250,50", None],
    ):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    made = upload(client, sheet(file.getvalue(), "products.xlsx"), kind="products")
    assert made.status_code == 201, made.content
    path = f"{URL}{made.json()['id']}/"
    work(client.call("POST", f"{path}check/"))
    work(client.call("POST", f"{path}run/"))
    prices = {product.code: str(product.base_price) for product in Product.objects.all()}
    assert prices == {"V1": "1500.00", "V2": "1250.50"}


@pytest.mark.parametrize(
    ("file", "status"),
    [
        (lambda: sheet(b""), 400),
        (lambda: sheet("name,email\n"), 400),
        (lambda: sheet(pdf_bytes("Bill"), "list.csv"), 400),
        (lambda: sheet(pdf_bytes("Bill"), "list.xlsx"), 400),
        (lambda: sheet("name\nAnn\n", "list.xlsx"), 400),
        (lambda: sheet(b"\xef\xbb\xbfname\n\xff\xfe\n"), 400),
        (lambda: sheet("name\nAnn\n", "list.pdf"), 400),
    ],
)
def test_bad_file_is_refused_in_the_dialect(file, status, client):
    answer = upload(client, file())
    assert answer.status_code == status
    assert list(answer.json()["details"]) == ["file"]
    assert Import.objects.count() == 0


def test_unknown_kind_and_missing_file_are_field_errors(client):
    assert list(upload(client, kind="bills").json()["details"]) == ["kind"]
    answer = client.call("POST", URL, {"kind": "customers"}, files=True)
    assert (answer.status_code, list(answer.json()["details"])) == (400, ["file"])


def test_mapping_that_fits_nothing_is_a_field_error(client):
    path = f"{URL}{upload(client).json()['id']}/"
    answer = client.call("PATCH", path, {"mapping": {"email": "No such", "shoe": "Name"}})
    assert answer.status_code == 400
    assert set(answer.json()["details"]) == {"mapping.email", "mapping.shoe"}


def test_wrong_state_changes_nothing(client):
    path = f"{URL}{upload(client).json()['id']}/"
    early = client.call("POST", f"{path}run/")
    assert (early.status_code, early.json()["error"]) == (
        400,
        "Check the import first: that shows what would become of its rows.",
    )
    assert client.call("POST", f"{path}check/").status_code == 202
    assert client.call("POST", f"{path}check/").status_code == 400
    assert Customer.objects.count() == 0


def test_member_imports_customers_and_not_products(staff):
    member = ApiClient(make_user(staff.organization, role="member"))
    assert upload(member).status_code == 201
    assert upload(member, sheet("code,name\nA,B\n"), kind="products").status_code == 403


def test_import_of_somebody_else_is_not_there(client, staff):
    made = upload(client).json()["id"]
    member = ApiClient(make_user(staff.organization, role="member"))
    stranger = ApiClient(make_user(role="admin"))
    for caller in (member, stranger):
        assert caller.call("GET", f"{URL}{made}/").status_code == 404
        assert caller.call("POST", f"{URL}{made}/run/").status_code == 404
        assert caller.call("GET", URL).json()["count"] == 0


def test_list_is_filtered(client):
    upload(client)
    assert client.call("GET", URL, {"kind": "products"}).json()["count"] == 0
    assert client.call("GET", URL, {"state": "uploaded", "created_at__lte": timezone.now().date()}).json()["count"] == 1
    assert client.call("GET", URL, {"state": "lost"}).status_code == 400
