"""Bills as business management shows them, and goods receipts as the purchase order tool does."""

import json
from copy import deepcopy
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from bureau.purchasing.services.budgets import differences
from tests.clients import ApiClient, assert_shape
from tests.core.samples import pdf_bytes
from tests.factories.bills import bill_in, billed, enter, receive
from tests.factories.orders import make_order, make_site, make_vendor, order_in

pytestmark = pytest.mark.django_db
URL = "/api/bills/"
ROW = {
    "id": 1,
    "vendor": {"id": "VEN001", "name": "ABC Supply Co."},
    "purchase_order": 1,
    "po_number": "26069-PO-001",
    "bill_number": "A-100",
    "bill_date": "2026-03-09",
    "due_date": "2026-04-08",
    "status": "open",
    "subtotal": "625.00",
    "tax_amount": "75.00",
    "total_amount": "700.00",
    "account_changed": False,
}
DETAIL = {
    **ROW,
    "lines": [
        {
            "id": 1,
            "description": "2x4 Lumber - 8ft",
            "quantity": 50,
            "unit_price": "12.50",
            "tax_code": "GP",
            "tax_rate": "12.00",
            "net_amount": "625.00",
            "tax_amount": "75.00",
            "line_total": "700.00",
            "order_line": 1,
        }
    ],
    "exceptions": [],
    "approval_comment": "",
    "created_at": "2026-03-10T09:30:00Z",
}


@pytest.fixture(scope="module")
def first_site(once):
    return once(make_site)


@pytest.fixture
def site(first_site):
    return deepcopy(first_site)


@pytest.fixture
def order(site):
    return order_in("approved", site)


def body(order=None, **changes):
    line = {"description": "Lumber", "quantity": 50, "unit_price": "12.50", "tax_code": "GP"}
    given = {
        "vendor": "VEN001",
        "bill_number": "A-100",
        "bill_date": "2026-03-09",
        "due_date": "2026-04-08",
        "lines": [line],
    }
    if order is not None:
        given |= {"purchase_order": order.pk}
        line["order_line"] = order.lines.get().pk
    return given | changes


def pdf(name="bill.pdf"):
    return SimpleUploadedFile(name, pdf_bytes("Bill"), "application/pdf")


def path(bill, action=""):
    return f"{URL}{bill if isinstance(bill, int) else bill.pk}/{action}"


def test_bill_goes_from_entry_to_payment(site, order):
    foreman, finance = ApiClient(site.foreman), ApiClient(site.finance)
    line = order.lines.get().pk
    receipts = f"/api/v1/purchase-orders/{order.pk}/receipts"

    received = foreman.call("POST", receipts, {"lines": [{"line": line, "quantity": 30}], "note": "Gate 2"})
    assert received.status_code == 201
    assert_shape(
        received.json(),
        {"id": 1, "lines": [{"line": 1, "quantity": 30.0}], "note": "Gate 2", "created_at": "2026-03-10T09:30:00Z"},
    )

    entered = finance.call("POST", URL, body(order, total_amount="1.00", status="paid"))
    assert entered.status_code == 201, entered.content
    assert_shape(entered.json(), DETAIL)
    assert (entered.json()["total_amount"], entered.json()["status"]) == ("700.00", "open")
    bill = entered.json()["id"]

    matched = finance.call("POST", path(bill, "match/"))
    assert (matched.status_code, matched.json()["status"]) == (200, "exception")
    assert matched.json()["exceptions"] == [
        {
            "kind": "quantity",
            "line": 1,
            "order_line": line,
            "expected": "30",
            "actual": "50",
            "difference": "20",
            "tolerance": "0",
            "message": "Line 1: 50 is billed in all, 30 was received.",
        }
    ]
    refused = finance.call("POST", path(bill, "approve/"))
    assert (refused.status_code, list(refused.json()["details"])) == (400, ["comment"])

    foreman.call("POST", receipts, {"lines": [{"line": line, "quantity": 20.0}]})
    assert [row["lines"] for row in foreman.call("GET", receipts).json()["data"]] == [
        [{"line": line, "quantity": 30.0}],
        [{"line": line, "quantity": 20.0}],
    ]
    matched = finance.call("POST", path(bill, "match/"))
    assert (matched.json()["status"], matched.json()["exceptions"]) == ("matched", [])
    approved = ApiClient(site.staff).call("POST", path(bill, "approve/"), {"comment": "All there"})
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")
    assert approved.json()["approved_by"]["username"] == site.staff.username
    payment = {"payment_method": "bank_transfer", "payment_date": "2026-03-20"}
    paid = finance.call("POST", path(bill, "pay/"), payment)
    assert (paid.status_code, paid.json()["status"], paid.json()["payment_date"]) == (200, "paid", "2026-03-20")
    again = finance.call("POST", path(bill, "pay/"), payment)
    assert again.status_code == 400
    assert set(again.json()) == {"error", "details"}
    assert list(differences()) == []


def test_bill_seen_before_is_a_conflict_by_number_and_by_file(site):
    finance = ApiClient(site.finance)
    form = body(lines=json.dumps(body()["lines"]))
    entered = finance.call("POST", URL, {**form, "file": pdf()}, files=True)
    assert entered.status_code == 201, entered.content
    assert entered.json()["file"]["filename"] == "bill.pdf"
    by_number = finance.call("POST", URL, body(bill_number="a100"))
    assert (by_number.status_code, list(by_number.json()["details"])) == (409, ["bill_number"])
    assert "A-100" in by_number.json()["error"]
    by_file = finance.call("POST", URL, {**form, "bill_number": "B-1", "file": pdf("b.pdf")}, files=True)
    assert (by_file.status_code, list(by_file.json()["details"])) == (409, ["file"])
    assert finance.call("GET", URL).json()["count"] == 1


def test_form_may_write_lines_field_by_field(site):
    form = body()
    [line] = form.pop("lines")
    form |= {f"lines[0]{name}": value for name, value in line.items()}
    answer = ApiClient(site.finance).call("POST", URL, {**form, "file": pdf()}, files=True)
    assert (answer.status_code, answer.json()["total_amount"]) == (201, "700.00")


def test_file_is_kept_and_downloaded(site):
    finance, bill = ApiClient(site.finance), enter(site)
    assert finance.call("GET", path(bill, "file/")).status_code == 404
    assert finance.call("POST", path(bill, "file/"), {"file": pdf()}, files=True).status_code == 201
    answer = finance.call("GET", path(bill, "file/"))
    assert b"".join(answer.streaming_content) == pdf_bytes("Bill")
    wrong = finance.call("POST", path(bill, "file/"), {"file": SimpleUploadedFile("a.txt", b"text")}, files=True)
    assert wrong.status_code == 400


def test_vendor_is_named_by_code_or_id(site):
    answer = ApiClient(site.admin).call("POST", URL, body(vendor=site.vendor.pk))
    assert (answer.status_code, answer.json()["vendor"]["id"]) == (201, "VEN001")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"vendor": "VEN999"}, "vendor"),
        ({"vendor": None}, "vendor"),
        ({"purchase_order": 2**70}, "purchase_order"),
        ({"purchase_order": "x"}, "purchase_order"),
        ({"bill_number": ""}, "bill_number"),
        ({"bill_number": "--"}, "bill_number"),
        ({"bill_date": "yesterday"}, "bill_date"),
        ({"due_date": "2026-03-08"}, "due_date"),
        ({"lines": []}, "lines"),
        ({"lines": [{"description": "x", "unit_price": "1.00"}]}, "lines.0.quantity"),
        ({"lines": [{"description": "x", "quantity": 1, "unit_price": "-1.00"}]}, "lines.0.unit_price"),
        ({"lines": [{"description": "x", "quantity": 1, "unit_price": 1, "tax_code": "VAT"}]}, "lines.0.tax_code"),
        ({"lines": [{"description": "x", "quantity": 1, "unit_price": 1, "order_line": 1}]}, "lines.0.order_line"),
    ],
)
def test_what_cannot_be_read_is_named(site, changes, field):
    answer = ApiClient(site.finance).call("POST", URL, body(**changes))
    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])


def test_ids_of_another_organization_are_unknown(site, order):
    elsewhere = make_site()
    vendor = make_vendor(elsewhere.organization, "V-77", "Elsewhere")
    foreign = order_in("approved", elsewhere)
    finance = ApiClient(site.finance)
    for field, value, unknown in (
        ("vendor", "V-77", "V-78"),
        ("vendor", vendor.pk, 10**9),
        ("purchase_order", foreign.pk, 10**9),
    ):
        answers = [finance.call("POST", URL, body(**{field: given})) for given in (value, unknown)]
        assert [answer.status_code for answer in answers] == [400, 400]
        assert answers[0].json() == answers[1].json()


def test_order_that_is_not_approved_is_a_field_error(site):
    answer = ApiClient(site.finance).call("POST", URL, body(make_order(site)))
    assert (answer.status_code, list(answer.json()["details"])) == (400, ["purchase_order"])


def test_change_and_delete(site, order):
    finance, bill = ApiClient(site.finance), enter(site, order)
    changed = finance.call("PATCH", path(bill), {"bill_number": "A-101"})
    assert (changed.status_code, changed.json()["bill_number"], len(changed.json()["lines"])) == (200, "A-101", 1)
    half = finance.call("PATCH", path(bill), {"lines": [{"description": "x"}]})
    assert (half.status_code, list(half.json()["details"])) == (400, ["lines.0.quantity", "lines.0.unit_price"])
    replaced = finance.call("PUT", path(bill), body(purchase_order=None))
    assert (replaced.status_code, replaced.json()["purchase_order"]) == (200, None)
    assert finance.call("PUT", path(bill), {"bill_number": "A-102"}).status_code == 400
    assert finance.call("DELETE", path(bill)).status_code == 204
    assert finance.call("GET", path(bill)).status_code == 404
    approved = bill_in("approved", site)
    for method, given in (("PATCH", {"bill_number": "X"}), ("DELETE", None)):
        assert finance.call(method, path(approved), given).status_code == 400


def test_who_sees_and_who_writes(site):
    bill = enter(site)
    pm, foreman, stranger = (ApiClient(person) for person in (site.pm, site.foreman, make_site().admin))
    assert pm.call("GET", path(bill)).status_code == 200
    for method, address in (
        ("POST", URL),
        ("PATCH", path(bill)),
        ("DELETE", path(bill)),
        ("POST", path(bill, "match/")),
        ("POST", path(bill, "approve/")),
        ("POST", path(bill, "pay/")),
    ):
        assert pm.call(method, address, body()).status_code == 403, (method, address)
        if address != URL:
            assert foreman.call(method, address, {}).status_code == 404
            assert stranger.call(method, address, {}).status_code == 404
    assert foreman.call("POST", URL, body()).status_code == 403
    assert foreman.call("GET", URL).json()["results"] == []
    assert ApiClient().call("GET", URL).status_code == 401


def test_list_is_filtered(site, order):
    finance = ApiClient(site.finance)
    other = make_vendor(site.organization, "VEN002", "Bolt & Nut")
    first = enter(site, order)
    second = enter(site, vendor=other, bill_number="B-7", bill_date=date(2026, 2, 1), due_date=date(2026, 3, 1))

    def found(**parameters):
        answer = finance.call("GET", URL, parameters)
        assert answer.status_code == 200, answer.content
        return [row["id"] for row in answer.json()["results"]]

    assert found() == [second.pk, first.pk]
    assert found(status="paid") == []
    assert found(status="open", vendor="VEN002") == found(vendor=other.pk) == [second.pk]
    assert found(purchase_order=order.pk) == found(search="a-100 supply") == [first.pk]
    assert found(date_from="2026-02-02") == [first.pk]
    assert found(date_to="2026-02-01") == found(due_before="2026-03-02") == [second.pk]
    assert found(vendor="9" * 40) == []
    for parameters in ({"status": "lost"}, {"date_from": "soon"}, {"purchase_order": "x"}):
        assert finance.call("GET", URL, parameters).status_code == 400
    assert_shape(finance.call("GET", URL, {"purchase_order": order.pk}).json()["results"][0], ROW)


def test_idempotency_key_enters_a_bill_once(site):
    finance = ApiClient(site.finance)
    answers = [finance.call("POST", URL, body(), headers={"Idempotency-Key": "bill-1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]


# --- Goods receipts


def receipts_of(order):
    return f"/api/v1/purchase-orders/{order.pk}/receipts"


def test_receipt_beyond_the_order_or_of_none_that_is_approved_is_unprocessable(site, order):
    foreman, line = ApiClient(site.foreman), order.lines.get().pk
    for quantity, code in ((50.001, "OVER_RECEIPT"), (-1, "OVER_RETURN")):
        answer = foreman.call("POST", receipts_of(order), {"lines": [{"line": line, "quantity": quantity}]})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    draft = make_order(site)
    given = {"lines": [{"line": draft.lines.get().pk, "quantity": 1}]}
    answer = foreman.call("POST", receipts_of(draft), given)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "WRONG_STATE")


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([], "lines"),
        ([{"line": 0, "quantity": 1}], "lines.0.line"),
        ([{"quantity": 1}], "lines.0.line"),
        ([{"line": 0, "quantity": "many"}], "lines.0.quantity"),
        ("none", "lines"),
    ],
)
def test_receipt_that_cannot_be_read_is_named(site, order, lines, field):
    answer = ApiClient(site.foreman).call("POST", receipts_of(order), {"lines": lines})
    assert (answer.status_code, answer.json()["error"]["details"]["field"].split(".non_field")[0]) == (400, field)


def test_receipts_of_an_order_that_one_does_not_see_are_not_there(site, order):
    for person in (make_site().admin, site.finance):
        for method in ("GET", "POST"):
            answer = ApiClient(person).call(method, receipts_of(order), None if method == "GET" else {"lines": []})
            assert answer.status_code == 404


def test_what_goes_back_is_a_negative_quantity(site, order):
    receive(order, "50")
    given = {"lines": [{"line": order.lines.get().pk, "quantity": -2.5}]}
    answer = ApiClient(site.foreman).call("POST", receipts_of(order), given)
    assert (answer.status_code, answer.json()["lines"][0]["quantity"]) == (201, -2.5)
    bill = enter(site, order, lines=billed(order))
    matched = ApiClient(site.finance).call("POST", path(bill, "match/"))
    assert matched.json()["exceptions"][0]["expected"] == "47.5"


def test_bills_without_a_due_date_come_last_whichever_way_they_are_sorted(site):
    finance = ApiClient(site.finance)
    for number, due in (("1", date(2026, 4, 2)), ("2", None), ("3", date(2026, 4, 1))):
        enter(site, bill_number=number, due_date=due)
    for ordering, expected in (("due_date", "312"), ("-due_date", "132"), ("vendor,-bill_number", "321")):
        rows = finance.call("GET", URL, {"ordering": ordering}).json()["results"]
        assert "".join(row["bill_number"] for row in rows) == expected
