"""Every list page offers itself as a file, with the filter in force."""

import csv
import io
from decimal import Decimal

import openpyxl
import pytest
from django.urls import reverse

from bureau.core.models import AuditEntry
from bureau.kit import sheets
from bureau.purchasing.states import RequestStatus
from bureau.sales.services.payments import record_payment
from tests.factories.bills import enter
from tests.factories.cases import make_agency, make_case
from tests.factories.imports import upload
from tests.factories.orders import make_order, make_site, make_vendor, order_in
from tests.factories.purchasing import make_office, request_in
from tests.factories.sales import make_invoice, make_quote, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return make_site()


def read_csv(answer):
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    content = b"".join(answer)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_list_is_exported_as_filtered(site, sign_in):
    make_vendor(site.organization, "VEN002", "Other Goods")
    browser = sign_in(site.admin)
    page = browser.get(reverse("web:vendors"), {"q": "other", "page": "1"}).content.decode()
    assert 'href="?q=other&amp;export=csv"' in page
    rows = read_csv(browser.get(reverse("web:vendors"), {"q": "other", "export": "csv"}))
    assert [row[:2] for row in rows] == [["Code", "Vendor"], ["VEN002", "Other Goods"]]


def test_export_is_in_the_audit_log(site, sign_in):
    browser = sign_in(site.admin)
    read_csv(browser.get(reverse("web:vendors"), {"export": "csv"}))
    entry = AuditEntry.objects.filter(action="exported").get()
    assert (entry.user, entry.entity_type, entry.entity_id) == (site.admin, "organization", str(site.organization.pk))
    assert entry.new_values == {"list": "vendors", "form": "csv", "rows": 1}


def test_workbook_holds_numbers_and_days_as_such(site, sign_in):
    order = order_in("approved", site)
    enter(site, order)
    answer = sign_in(site.finance).get(reverse("web:bills"), {"tab": "all", "export": "xlsx"})
    assert 'filename="bills-' in answer["Content-Disposition"]
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer))).active
    headings = [cell.value for cell in sheet[1]]
    bill = dict(zip(headings, [cell.value for cell in sheet[2]], strict=True))
    assert (bill["Total"], bill["Date"].date().isoformat(), bill["State"]) == (700, "2026-03-09", "Not matched yet")
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref


def test_no_text_is_taken_for_a_formula(site, sign_in):
    make_vendor(site.organization, "VEN002", '=HYPERLINK("http://evil.example")')
    rows = read_csv(sign_in(site.admin).get(reverse("web:vendors"), {"q": "hyper", "export": "csv"}))
    assert rows[1][1] == '\'=HYPERLINK("http://evil.example")'


def test_export_shows_no_more_than_the_page(site, sign_in):
    make_order(site, actor=site.pm)
    rows = read_csv(sign_in(site.foreman).get(reverse("web:orders"), {"scope": "mine", "export": "csv"}))
    assert len(rows) == 1


def test_too_many_rows_for_a_workbook_say_so(site, sign_in, monkeypatch):
    monkeypatch.setattr("bureau.web.exports.MAX_XLSX_ROWS", 0)
    answer = sign_in(site.admin).get(reverse("web:vendors"), {"export": "xlsx"})
    assert answer.status_code == 400
    assert "Choose CSV" in answer.content.decode()


def test_unknown_kind_of_file_is_not_found(site, sign_in):
    assert sign_in(site.admin).get(reverse("web:vendors"), {"export": "pdf"}).status_code == 404


LISTS = {
    "requests": ("requests", {"scope": "all"}),
    "finance-inbox": ("finance-inbox", {}),
    "orders": ("orders", {"scope": "all"}),
    "bills": ("bills", {"tab": "all"}),
    "vendors": ("vendors", {}),
    "projects": ("projects", {}),
    "audit": ("audit-log", {}),
    "customers": ("customers", {}),
    "products": ("products", {}),
    "document-types": ("document-types", {}),
    "cases": ("cases", {}),
    "imports": ("imports", {"kind": "customers"}),
    "quotes": ("quotes", {}),
    "invoices": ("invoices", {}),
    "payments": ("payments", {}),
    "ageing": ("ageing", {}),
}
OF_AGENCY = ("customers", "products", "document-types", "cases", "imports")
OF_SHOP = ("quotes", "invoices", "payments", "ageing")


@pytest.fixture
def people(name):
    """Whoever may see the list, in an organization that has something in it."""
    if name in OF_AGENCY:
        agency = make_agency()
        make_case(agency)
        upload(agency.admin, "name\nAnn\n")
        return agency.admin
    if name in OF_SHOP:
        shop = make_shop()
        make_quote(shop)
        invoice = make_invoice(shop)
        options = {"amount": Decimal(12), "payment_date": invoice.issue_date, "payment_method": "cash"}
        record_payment(actor=shop.admin, invoice=invoice, now=invoice.created_at, **options)
        return shop.admin
    if name == "finance-inbox":
        office = make_office()
        request_in(RequestStatus.FINANCE_REVIEW, office)
        return office.finance
    site = make_site()
    enter(site, order_in("approved", site), bill_number="Über 7")
    if name == "requests":
        office = make_office()
        request_in(RequestStatus.FINANCE_REVIEW, office)
        return office.admin
    return site.admin


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_every_list_page_exports_itself(name, form, people, sign_in):
    filename, parameters = LISTS[name]
    browser = sign_in(people)
    assert "export=csv" in browser.get(reverse(f"web:{name}"), parameters).content.decode()
    answer = browser.get(reverse(f"web:{name}"), {**parameters, "export": form})
    assert answer.status_code == 200
    assert f'filename="{filename}-' in answer["Content-Disposition"]
    rows = list(sheets.read_rows(io.BytesIO(b"".join(answer)), extension=form))
    assert len(rows) >= 2


def test_money_keeps_its_cents_in_csv():
    assert sheets.csv_cell(Decimal("-12.50")) == "-12.50"
