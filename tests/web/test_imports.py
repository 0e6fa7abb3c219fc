"""Importing a file by hand."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bureau.core import jobs
from bureau.core.models import Job, JobState
from bureau.imports.models import Import
from bureau.kit.sheets import read_rows
from bureau.parties.models import Customer
from tests.core.samples import EICAR
from tests.factories.accounts import make_organization, make_user
from tests.factories.imports import check, imported, take_over, upload

pytestmark = pytest.mark.django_db
TEXT = "Name;E-Mail;Note\nAnn Lee;ann@example.com;x\nBob Ray;no address;y\n"


@pytest.fixture
def staff():
    return make_user(make_organization(), role="staff")


@pytest.fixture
def browser(staff, sign_in):
    return sign_in(staff)


def sheet(text=TEXT, name="list.csv"):
    return SimpleUploadedFile(name, text.encode(), "text/csv")


def shown(browser, record):
    answer = browser.get(reverse("web:import", args=[record.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_file_goes_from_upload_to_report(browser):
    answer = browser.post(reverse("web:imports"), {"kind": "customers", "file": sheet()}, follow=True)
    page = answer.content.decode()
    record = Import.objects.get()
    assert '<option value="email" selected>' in page
    assert "no address" in page

    columns = {"column-0": "name", "column-1": "email", "column-2": ""}
    answer = browser.post(
        reverse("web:import-map", args=[record.pk]), {**columns, "update_existing": "on"}, follow=True
    )
    assert "Trying every row" in answer.content.decode()
    record.refresh_from_db()
    assert record.update_existing
    jobs.run(record.job.pk)
    page = shown(browser, record)
    assert page.index("Bob Ray") < page.index("Ann Lee"), "refused rows come first"
    assert "Import 1 row" in page
    assert Customer.objects.count() == 0

    answer = browser.post(reverse("web:import-run", args=[record.pk]), follow=True)
    assert "data-import-stream" in answer.content.decode()
    record.refresh_from_db()
    jobs.run(record.job.pk)
    page = shown(browser, record)
    assert reverse("web:customer", args=[Customer.objects.get().pk]) in page

    answer = browser.get(reverse("web:import-report", args=[record.pk]), {"export": "xlsx"})
    [headings, *rows] = openpyxl.load_workbook(io.BytesIO(b"".join(answer))).active.iter_rows(values_only=True)
    assert headings == ("Row", "Result", "What", "Why")
    assert [row[:3] for row in rows] == [(2, "New", "Ann Lee"), (3, "Refused", "Bob Ray")]
    assert rows[1][3].startswith("E-mail: ")


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (lambda: sheet(""), "empty"),
        (lambda: sheet("a,b\n"), "no rows"),
        (lambda: sheet(name="list.pdf"), "not accepted"),
        (lambda: sheet("name,email\n" + EICAR.decode() + ",x\n"), "irus"),
    ],
)
def test_bad_file_is_refused_beside_the_field(file, words, browser):
    answer = browser.post(reverse("web:imports"), {"kind": "customers", "file": file()})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Import.objects.count() == 0


@pytest.mark.parametrize(
    ("kind", "heading"), [("customers", "Passport number"), ("products", "Code"), ("invoices", "Invoice number")]
)
def test_empty_list_gives_an_example_of_its_kind(kind, heading, browser):
    page = browser.get(reverse("web:imports"), {"kind": kind}).content.decode()
    assert heading in page.split("Example:")[1]


def test_list_offers_the_kind_it_was_asked_for(browser, staff):
    upload(staff, TEXT)
    page = browser.get(reverse("web:imports"), {"kind": "products"}).content.decode()
    assert '<option value="products" selected>' in page
    assert "list.csv" not in page
    assert "list.csv" in browser.get(reverse("web:imports"), {"kind": "customers"}).content.decode()


def test_member_is_offered_what_they_may_import(staff, sign_in):
    member = make_user(staff.organization, role="member")
    page = sign_in(member).get(reverse("web:imports")).content.decode()
    assert '<option value="customers"' in page
    assert '<option value="products"' not in page


def test_field_chosen_twice_stands_beside_its_column(browser, staff):
    record = upload(staff, TEXT)
    answer = browser.post(reverse("web:import-map", args=[record.pk]), {"column-0": "name", "column-1": "name"})
    assert answer.status_code == 422
    assert "“Name” is taken for this already." in answer.content.decode().replace("&quot;", '"')
    record.refresh_from_db()
    assert record.mapping == {"name": "Name", "email": "E-Mail"}


def test_missing_required_field_is_named(staff, browser):
    record = upload(staff, "Bezeichnung;Preis\nVisa;5\n", kind="products")
    answer = browser.post(reverse("web:import-map", args=[record.pk]), {"column-0": "name"})
    assert answer.status_code == 422
    assert "Choose the column that holds this: Code." in answer.content.decode()


def test_checked_file_can_be_mapped_again(browser, staff):
    record = check(staff, upload(staff, TEXT))
    page = browser.get(reverse("web:import", args=[record.pk]), {"map": "1"}).content.decode()
    assert 'name="column-0"' in page
    browser.post(reverse("web:import-map", args=[record.pk]), {"column-0": "name"})
    record.refresh_from_db()
    assert (record.state, record.mapping) == ("checking", {"name": "Name"})


def test_rows_are_narrowed_by_what_became_of_them(browser, staff):
    record = imported(staff, TEXT)
    page = browser.get(reverse("web:import", args=[record.pk]), {"outcome": "created"}).content.decode()
    assert "Ann Lee" in page
    assert "Bob Ray" not in page


def test_unreadable_file_says_why_and_what_to_do(browser, staff):
    record = check(staff, upload(staff, TEXT + "Cy;c@example.com;z\n" + 'Di;"d;z\n'))
    page = shown(browser, record)
    assert "Line 5" in page
    assert "Upload another one" in page


def test_work_that_stopped_can_go_on(browser, staff):
    record = check(staff, upload(staff, TEXT))
    browser.post(reverse("web:import-run", args=[record.pk]))
    Job.objects.update(state=JobState.FAILURE, error="The disk is full.")
    page = shown(browser, record)
    assert "The disk is full." in page
    assert reverse("web:import-run", args=[record.pk]) in page
    record.refresh_from_db()
    assert take_over(staff, record).state == "imported"


def test_import_of_somebody_else_is_not_there(staff, sign_in):
    record = upload(staff, TEXT)
    browser = sign_in(make_user(staff.organization, role="member"))
    for name, verb in [("import", "get"), ("import-map", "post"), ("import-check", "post"), ("import-run", "post")]:
        assert getattr(browser, verb)(reverse(f"web:{name}", args=[record.pk])).status_code == 404


def test_list_of_imports_is_exported(browser, staff):
    imported(staff, TEXT)
    answer = browser.get(reverse("web:imports"), {"kind": "customers", "export": "csv"})
    rows = [row.cells for row in read_rows(io.BytesIO(b"".join(answer)), extension="csv")]
    found = dict(zip(rows[0], rows[1], strict=False))
    assert (found["File"], found["Rows"], found["New"], found["Refused"]) == ("list.csv", "2", "1", "1")


def test_list_costs_the_same_queries_for_one_and_for_three(browser, staff):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            browser.get(reverse("web:imports"))
        return len(captured)

    upload(staff, TEXT)
    queries()
    few = queries()
    upload(staff, TEXT)
    upload(staff, TEXT)
    assert queries() == few
