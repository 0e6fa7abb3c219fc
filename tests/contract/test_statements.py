"""Ageing and statements, as the API of invoices and customers shows them."""

import csv
import io
from copy import deepcopy
from datetime import timedelta
from decimal import Decimal

import openpyxl
import pypdfium2
import pytest
from django.utils import timezone

from bureau.core.models import AuditEntry
from bureau.sales.services.payments import record_payment
from tests.clients import ApiClient, assert_shape
from tests.factories.accounts import make_user
from tests.factories.parties import make_customer
from tests.factories.sales import line, make_invoice, make_shop

pytestmark = pytest.mark.django_db
AGEING = "/api/invoices/ageing/"
OWED = {
    "currency": "EUR",
    "not_due": "0.00",
    "days_1_30": "100.00",
    "days_31_60": "0.00",
    "days_61_90": "0.00",
    "over_90": "0.00",
    "overdue": "100.00",
    "total": "100.00",
}
ROW = {**OWED, "client": 1, "customer": 1, "customer_name": "Fjord Trading"}
STATEMENT = {
    "customer": 1,
    "customer_name": "Fjord Trading",
    "currency": "EUR",
    "currencies": ["EUR"],
    "date_from": "2025-11-23",
    "date_to": "2026-11-23",
    "opening_balance": "0.00",
    "invoiced": "100.00",
    "credited": "0.00",
    "paid": "30.00",
    "refunded": "0.00",
    "closing_balance": "70.00",
    "owed": OWED,
    "credit": "0.00",
    "lines": [
        {
            "date": "2026-11-01",
            "kind": "invoice",
            "number": "INV-2026-001",
            "invoice": 1,
            "invoice_number": "INV-2026-001",
            "due_date": "2026-11-10",
            "payment_method": "",
            "reference": "",
            "amount": "100.00",
            "balance": "100.00",
        }
    ],
}


@pytest.fixture(scope="module")
def first_shop(once):
    return once(make_shop)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


@pytest.fixture
def client(shop):
    return ApiClient(shop.member)


def ago(days):
    return timezone.localdate() - timedelta(days=days)


def issue(shop, amount="100.00", *, days=40, **options):
    """Issued so many days ago, due ten later, without tax."""
    rows = [line(unit_price=amount, tax_code="GST_0")]
    return make_invoice(shop, lines=rows, issued=True, issue_date=ago(days), due_date=ago(days - 10), **options)


def pay(shop, invoice, amount, days=5):
    options = {"payment_date": ago(days), "payment_method": "bank_transfer", "reference": "TX1"}
    return record_payment(actor=shop.staff, invoice=invoice, amount=Decimal(amount), now=timezone.now(), **options)


def path_of(customer):
    return f"/api/customers/{customer.pk}/statement/"


def table(answer):
    assert answer.status_code == 200, answer.content
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_ageing_is_a_page_of_what_clients_owe(shop, client):
    issue(shop)
    body = client.call("GET", AGEING).json()
    assert (body["count"], body["next"], body["previous"]) == (1, None, None)
    assert_shape(body["results"][0], ROW)
    assert body["results"][0] == {**ROW, "client": shop.customer.pk, "customer": shop.customer.pk}
    assert client.call("GET", f"{AGEING}totals/").json() == [OWED]


def test_ageing_is_narrowed_sorted_and_cut_into_pages(shop):
    for number in range(21):
        issue(shop, f"{number + 1}.00", customer=make_customer(shop.organization, shop.member, first_name=f"C{number}"))
    issue(shop, "5.00")
    client = ApiClient(shop.staff)

    def found(query=""):
        return client.call("GET", f"{AGEING}?{query}").json()

    assert (found()["count"], len(found()["results"]), len(found("page=2")["results"])) == (22, 20, 2)
    assert [row["total"] for row in found("ordering=-total&page_size=2")["results"]] == ["21.00", "20.00"]
    assert [row["total"] for row in found("ordering=total,-customer_name&page_size=1")["results"]] == ["1.00"]
    assert [row["customer_name"] for row in found("search=trading")["results"]] == ["Fjord Trading"]
    for name in ("client", "customer"):
        assert [row["total"] for row in found(f"{name}={shop.customer.pk}")["results"]] == ["5.00"]
    assert found(f"as_of={ago(41)}")["count"] == 0
    assert found(f"client={shop.customer.pk}&as_of={ago(35)}")["results"][0]["not_due"] == "5.00"
    assert client.call("GET", f"{AGEING}totals/?client={shop.customer.pk}").json()[0]["total"] == "5.00"
    assert client.call("GET", f"{AGEING}?page=9").status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [("as_of=yesterday", "as_of"), ("as_of=0001-01-01", "as_of"), ("client=x", "client"), ("ordering=x", "ordering")],
)
def test_unreadable_parameter_of_the_ageing_is_a_field_error(client, query, field):
    answer = client.call("GET", f"{AGEING}?{query}")
    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])


def test_ageing_is_taken_as_a_file(shop, client):
    issue(shop)
    [row] = table(client.call("GET", f"{AGEING}?export=csv"))
    assert (row["customer_name"], row["days_1_30"], row["total"]) == ("Fjord Trading", "100.00", "100.00")
    answer = client.call("GET", f"{AGEING}?export=xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert [cell.value for cell in sheet[2]][:2] == ["EUR", 0]


def test_statement_tells_an_account_from_opening_to_closing_balance(shop, client):
    pay(shop, issue(shop), "30.00")
    body = client.call("GET", path_of(shop.customer)).json()
    assert_shape(body, STATEMENT)
    assert [(one["kind"], one["amount"], one["balance"]) for one in body["lines"]] == [
        ("invoice", "100.00", "100.00"),
        ("payment", "-30.00", "70.00"),
    ]
    assert (body["opening_balance"], body["closing_balance"], body["owed"]["days_1_30"]) == ("0.00", "70.00", "70.00")
    assert body["date_to"] == timezone.localdate().isoformat()
    body = client.call("GET", f"{path_of(shop.customer)}?date_from={ago(20)}&date_to={ago(1)}").json()
    assert (body["opening_balance"], len(body["lines"]), body["closing_balance"]) == ("100.00", 1, "70.00")
    body = client.call("GET", f"{path_of(shop.customer)}?currency=usd").json()
    assert (body["currency"], body["lines"], body["closing_balance"]) == ("USD", [], "0.00")


def test_statement_is_taken_as_a_file_that_begins_and_ends_with_the_balance(shop, client):
    pay(shop, issue(shop), "30.00")
    rows = table(client.call("GET", f"{path_of(shop.customer)}?export=csv"))
    assert [(row["kind"], row["amount"], row["balance"]) for row in rows] == [
        ("opening_balance", "", "0.00"),
        ("invoice", "100.00", "100.00"),
        ("payment", "-30.00", "70.00"),
        ("closing_balance", "", "70.00"),
    ]
    answer = client.call("GET", f"{path_of(shop.customer)}?export=xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert sheet.max_row == 5


def test_statement_on_paper_holds_every_figure(shop, client):
    invoice = issue(shop, "1234.50")
    pay(shop, invoice, "34.49")
    answer = client.call("GET", f"{path_of(shop.customer)}?file_format=pdf")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert "statement-fjord-trading-" in answer["Content-Disposition"]
    text = "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(answer.content))
    for expected in ("Fjord Trading", "Havnegata 7", invoice.number, "1,234.50", "-34.49", "1,200.01", "TX1", "Total"):
        assert expected in text, expected
    entry = AuditEntry.objects.filter(entity_type="customer", entity_id=str(shop.customer.pk)).latest("pk")
    assert (entry.action, entry.user) == ("downloaded", shop.member)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("date_from=2026-03-02&date_to=2026-03-01", "date_to"),
        ("date_from=x", "date_from"),
        ("date_to=0001-01-01", "date_to"),
        ("export=doc", "export"),
        ("file_format=docx", "file_format"),
    ],
)
def test_unreadable_parameter_of_a_statement_is_a_field_error(shop, client, query, field):
    answer = client.call("GET", f"{path_of(shop.customer)}?{query}")
    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])


def test_statement_of_a_customer_one_does_not_see_is_not_there(shop):
    for user in (shop.other, make_user(role="admin")):
        assert ApiClient(user).call("GET", path_of(shop.customer)).status_code == 404
        assert ApiClient(user).call("GET", AGEING).json()["count"] == 0
    assert ApiClient(shop.staff).call("GET", "/api/customers/99999999999999999999/statement/").status_code == 404
