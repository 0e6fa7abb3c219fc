"""Every documented example of purchase orders: lists, records, drafts and what moves them on."""

from copy import deepcopy
from datetime import timedelta
from decimal import Decimal

import pytest

from bureau.purchasing.models import PurchaseOrder
from bureau.purchasing.services import budgets, orders
from bureau.purchasing.states import OrderStatus as S
from tests.clients import ApiClient, assert_shape
from tests.factories.accounts import make_user
from tests.factories.orders import NOW, line, make_cost_code, make_order, make_project, make_site, make_vendor, order_in

pytestmark = pytest.mark.django_db
URL = "/api/v1/purchase-orders"

ROW = {
    "id": 1,
    "po_number": "25210-PO-001",
    "type": "standard",
    "status": "submitted",
    "project_id": "PRJ001",
    "cost_code": "CC-001",
    "vendor_name": "ABC Supply Co.",
    "vendor_contact_name": "Jane Smith",
    "vendor_email": "jane@abcsupply.com",
    "vendor_phone": "555-0123",
    "subtotal": 1500.00,
    "tax_amount": 180.00,
    "total_amount": 1680.00,
    "line_items_count": 3,
    "created_by": {"id": 123, "name": "John Doe", "role": "foreman"},
    "submitted_by": {"id": 123, "name": "John Doe"},
    "submitted_at": "2025-07-29T10:30:00Z",
    "created_at": "2025-07-29T09:15:00Z",
    "updated_at": "2025-07-29T10:30:00Z",
}
PAGINATION = {"page": 1, "limit": 20, "total": 45, "pages": 3, "has_next": True, "has_prev": False}
LINE = {
    "description": "2x4 Lumber - 8ft",
    "quantity": 50.000,
    "unit": "pcs",
    "unit_price": 12.50,
    "category": "MA",
    "tax_code": "GP",
}
DETAIL = {
    **{name: value for name, value in ROW.items() if name not in ("line_items_count", "submitted_by", "submitted_at")},
    "vendor_address": "123 Main St, City, State 12345",
    "line_items": [{"id": 1, "line_number": 1, **LINE, "tax_rate": 12.00, "tax_amount": 75.00, "line_total": 700.00}],
    "files": [
        {
            "id": 1,
            "original_filename": "quote.pdf",
            "file_size": 245760,
            "mime_type": "application/pdf",
            "uploaded_by": "John Doe",
            "uploaded_at": "2025-07-29T09:20:00Z",
        }
    ],
    "approval_history": [
        {
            "id": 1,
            "approver": {"id": 456, "name": "Jane Manager", "role": "super"},
            "status": "pending",
            "created_at": "2025-07-29T10:30:00Z",
        }
    ],
}
CREATE = {
    "type": "standard",
    "project_id": "PRJ001",
    "cost_code": "CC-001",
    "vendor_name": "ABC Supply Co.",
    "vendor_contact_name": "Jane Smith",
    "vendor_email": "jane@abcsupply.com",
    "vendor_phone": "555-0123",
    "vendor_address": "123 Main St, City, State 12345",
    "line_items": [LINE],
    "ceiling_amount": 5000.00,
    "urgency_justification": "Emergency repair needed",
}
ERROR = {"code": "...", "message": "...", "details": {}, "timestamp": "...Z", "request_id": "req_..."}


@pytest.fixture(scope="module")
def first_site(once):
    return once(make_site)


@pytest.fixture
def site(first_site):
    return deepcopy(first_site)


@pytest.fixture
def foreman(site):
    return ApiClient(site.foreman)


@pytest.fixture
def superintendent(site):
    return ApiClient(site.superintendent)


def refused(answer, status, code):
    assert answer.status_code == status, answer.content
    error = answer.json()["error"]
    assert_shape(error, ERROR)
    assert set(error) == set(ERROR)
    assert error["code"] == code
    return error


def field_refused(answer, field):
    error = refused(answer, 400, "VALIDATION_ERROR")
    details = error["details"]
    assert list(details["errors"]) == [field], details
    assert (details["field"], details["message"]) == (field, details["errors"][field][0])
    return details["message"]


# --- From draft to closed


def test_order_goes_from_draft_to_closed_as_documented(site, foreman, superintendent):
    created = foreman.call("POST", URL, CREATE)
    assert created.status_code == 201
    body = created.json()
    assert set(body) == {"id", "po_number", "status", "total_amount", "created_at"}
    assert (body["status"], body["total_amount"]) == ("draft", 700.00)
    assert body["po_number"].endswith("-PO-001")
    one = f"{URL}/{body['id']}"

    changed = foreman.call("PUT", one, {**CREATE, "vendor_phone": "555-0199"})
    assert changed.status_code == 200
    assert_shape(changed.json(), {**DETAIL, "files": [], "approval_history": []})
    assert changed.json()["vendor_phone"] == "555-0199"
    assert changed.json()["ceiling_amount"] is None  # of a standard order it means nothing

    submitted = foreman.call("PATCH", f"{one}/submit")
    assert submitted.status_code == 200
    assert submitted.json() == {
        "id": body["id"],
        "po_number": body["po_number"],
        "status": "submitted",
        "submitted_at": submitted.json()["submitted_at"],
        "approver": {"id": site.superintendent.pk, "name": site.superintendent.name, "role": "super"},
    }
    assert submitted.json()["submitted_at"].endswith("Z")

    listed = superintendent.get(URL)
    assert listed.status_code == 200
    assert_shape(listed.json(), {"data": [ROW], "pagination": PAGINATION})
    assert set(listed.json()["data"][0]) == set(ROW)
    assert listed.json()["pagination"] == {**PAGINATION, "total": 1, "pages": 1, "has_next": False}

    approved = superintendent.call("PATCH", f"{one}/approve", {"comments": "Approved for project requirements"})
    assert approved.status_code == 200
    assert set(approved.json()) == {"id", "po_number", "status", "approved_at", "approved_by"}
    assert approved.json()["status"] == "approved"
    assert approved.json()["approved_by"] == {"id": site.superintendent.pk, "name": site.superintendent.name}

    detail = foreman.get(one).json()
    assert_shape(detail, {**DETAIL, "files": []})
    assert detail["line_items"] == [
        {
            **LINE,
            "id": detail["line_items"][0]["id"],
            "line_number": 1,
            "tax_rate": 12,
            "tax_amount": 75,
            "line_total": 700,
        }
    ]
    [decision] = detail["approval_history"]
    assert (decision["status"], decision["comments"]) == ("approved", "Approved for project requirements")

    closed = foreman.call("PATCH", f"{one}/close", {"reason": "All came in"})
    assert closed.status_code == 200
    assert set(closed.json()) == {"id", "po_number", "status", "closing_reason", "closed_at"}
    assert (closed.json()["status"], closed.json()["closing_reason"]) == ("closed", "All came in")


def test_numbers_are_json_numbers(site, foreman):
    made = foreman.call("POST", URL, CREATE)
    assert b'"total_amount":700.0,' in made.content
    detail = foreman.get(f"{URL}/{made.json()['id']}").content
    assert b'"quantity":50.0,' in detail
    assert b'"unit_price":12.5,' in detail
    assert b'"tax_rate":12.0,' in detail


def test_reject_answers_as_documented(site, superintendent):
    order = order_in(S.SUBMITTED, site)
    reason = "Insufficient budget allocation for this project"
    answer = superintendent.call("PATCH", f"{URL}/{order.pk}/reject", {"reason": reason})
    assert answer.status_code == 200
    assert answer.json() == {
        "id": order.pk,
        "po_number": order.po_number,
        "status": "rejected",
        "rejection_reason": reason,
        "rejected_at": answer.json()["rejected_at"],
    }
    [decision] = superintendent.get(f"{URL}/{order.pk}").json()["approval_history"]
    assert (decision["status"], decision["comments"]) == ("rejected", reason)


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": None}, None])
def test_rejecting_needs_a_reason(site, superintendent, body):
    order = order_in(S.SUBMITTED, site)
    assert field_refused(superintendent.call("PATCH", f"{URL}/{order.pk}/reject", body), "reason")
    order.refresh_from_db()
    assert order.status == S.SUBMITTED


def test_cancel_gives_up_a_submitted_order(site, foreman):
    order = order_in(S.SUBMITTED, site)
    answer = foreman.call("PATCH", f"{URL}/{order.pk}/cancel", {"reason": "Not needed"})
    assert answer.status_code == 200
    assert set(answer.json()) == {"id", "po_number", "status", "cancellation_reason", "cancelled_at"}
    assert (answer.json()["status"], answer.json()["cancellation_reason"]) == ("cancelled", "Not needed")
    [decision] = foreman.get(f"{URL}/{order.pk}").json()["approval_history"]
    assert decision["status"] == "superseded"


def test_deleted_draft_is_gone_and_its_number_stays_unused(site, foreman):
    order = make_order(site)
    answer = foreman.call("DELETE", f"{URL}/{order.pk}")
    assert (answer.status_code, answer.content) == (204, b"")
    refused(foreman.get(f"{URL}/{order.pk}"), 404, "NOT_FOUND")
    assert foreman.get(URL).json()["pagination"]["total"] == 0
    assert make_order(site).po_number != order.po_number
    assert PurchaseOrder.objects.get(pk=order.pk).deleted_at is not None


def test_put_leaves_what_is_not_given(site, foreman):
    order = make_order(site, description="For the roof")
    answer = foreman.call("PUT", f"{URL}/{order.pk}", {"vendor_name": "Miller Steel"})
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["vendor_name"], shown["description"], shown["total_amount"]) == ("Miller Steel", "For the roof", 700)
    assert shown["vendor_id"] is None
    lines = [{"description": "Nails", "quantity": 2, "unit_price": 3.25}, {**LINE, "unit": "m"}]
    shown = foreman.call("PUT", f"{URL}/{order.pk}", {"line_items": lines}).json()
    assert [(row["line_number"], row["unit"], row["category"], row["tax_code"]) for row in shown["line_items"]] == [
        (1, "pcs", "MA", "GST_0"),
        (2, "m", "MA", "GP"),
    ]
    assert (shown["total_amount"], shown["line_items_count"]) == (706.50, 2)


def test_put_moves_a_draft_to_another_cost_code(site, foreman):
    order = make_order(site)
    make_cost_code(site.project, "CC-002")
    assert foreman.call("PUT", f"{URL}/{order.pk}", {"cost_code": "CC-002"}).json()["cost_code"] == "CC-002"
    make_project(site.organization, "PRJ002", members=[site.foreman])
    assert field_refused(foreman.call("PUT", f"{URL}/{order.pk}", {"project_id": "PRJ002"}), "cost_code")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("status", [S.SUBMITTED, S.APPROVED, S.REJECTED, S.CANCELLED, S.CLOSED])
def test_what_is_no_draft_is_neither_changed_nor_deleted(site, foreman, method, status):
    order = order_in(status, site)
    answer = foreman.call(method, f"{URL}/{order.pk}", {"description": "other"} if method == "PUT" else None)
    assert "draft" in refused(answer, 403, "FORBIDDEN")["message"]


def test_draft_of_somebody_else_is_read_only(site, superintendent):
    order = make_order(site)
    assert superintendent.get(f"{URL}/{order.pk}").status_code == 200
    for method, path, body in (("PUT", "", {"description": "x"}), ("DELETE", "", None), ("PATCH", "/submit", None)):
        refused(superintendent.call(method, f"{URL}/{order.pk}{path}", body), 403, "FORBIDDEN")


@pytest.mark.parametrize("role", ["staff", "finance"])
@pytest.mark.parametrize("body", [CREATE, {}])
def test_creating_needs_the_permission(site, role, body):
    refused(ApiClient(getattr(site, role)).call("POST", URL, body), 403, "FORBIDDEN")


# --- Who may do what, when


@pytest.mark.parametrize(
    ("who", "status", "action", "body", "expected", "code"),
    [
        ("foreman", S.SUBMITTED, "submit", None, 422, "WRONG_STATE"),
        ("foreman", S.SUBMITTED, "approve", {}, 403, "FORBIDDEN"),
        ("staff", S.SUBMITTED, "approve", {}, 403, "FORBIDDEN"),
        ("superintendent", S.DRAFT, "approve", {}, 422, "WRONG_STATE"),
        ("superintendent", S.APPROVED, "approve", {}, 422, "WRONG_STATE"),
        ("superintendent", S.REJECTED, "reject", {"reason": "No"}, 422, "WRONG_STATE"),
        ("superintendent", S.SUBMITTED, "cancel", {"reason": "No"}, 403, "FORBIDDEN"),
        ("foreman", S.APPROVED, "cancel", {}, 422, "WRONG_STATE"),
        ("foreman", S.SUBMITTED, "close", {}, 422, "WRONG_STATE"),
        ("superintendent", S.APPROVED, "close", {}, 403, "FORBIDDEN"),
        ("finance", S.SUBMITTED, "approve", {}, 404, "NOT_FOUND"),
    ],
)
def test_refused_action_answers_its_status_and_changes_nothing(site, who, status, action, body, expected, code):
    order = order_in(status, site)
    answer = ApiClient(getattr(site, who)).call("PATCH", f"{URL}/{order.pk}/{action}", body)
    refused(answer, expected, code)
    order.refresh_from_db()
    assert order.status == status


def test_approving_above_ones_limit_is_forbidden(site, superintendent):
    order = orders.submit_order(actor=site.foreman, order=make_order(site, amount="25000.01"), now=NOW)
    error = refused(superintendent.call("PATCH", f"{URL}/{order.pk}/approve"), 403, "FORBIDDEN")
    assert "25,000.00" in error["message"]
    assert ApiClient(site.pm).call("PATCH", f"{URL}/{order.pk}/approve").status_code == 200


def test_submit_without_anybody_to_approve_is_refused(site):
    order = make_order(site, actor=site.admin, amount="100000.01")
    error = refused(ApiClient(site.admin).call("PATCH", f"{URL}/{order.pk}/submit"), 422, "NO_APPROVER")
    assert "100,000.01" in error["message"]


def test_overdrawing_the_cost_code_takes_an_override_with_comments(site, superintendent):
    budgets.set_budget(cost_code=site.cost_code, budget=Decimal("699.99"), reason="less", actor=site.admin, now=NOW)
    one = f"{URL}/{order_in(S.SUBMITTED, site).pk}/approve"
    assert "0.01" in refused(superintendent.call("PATCH", one, {}), 422, "BUDGET_EXCEEDED")["message"]
    assert field_refused(superintendent.call("PATCH", one, {"override_budget": True}), "comments")
    assert field_refused(superintendent.call("PATCH", one, {"override_budget": "perhaps"}), "override_budget")
    answer = superintendent.call("PATCH", one, {"override_budget": True, "comments": "Cannot wait"})
    assert (answer.status_code, answer.json()["status"]) == (200, "approved")
    detail = superintendent.get(one.removesuffix("/approve")).json()
    assert detail["budget_overridden"] is True


@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
def test_transitions_are_patches(site, foreman, method):
    order = make_order(site)
    refused(foreman.call(method, f"{URL}/{order.pk}/submit", {}), 405, "METHOD_NOT_ALLOWED")


def test_order_itself_is_not_patched(site, foreman):
    refused(foreman.call("PATCH", f"{URL}/{make_order(site).pk}", {}), 405, "METHOD_NOT_ALLOWED")


# --- Types


def test_rolling_order_is_drawn_down_to_its_ceiling(site, foreman, superintendent):
    rolling = {**CREATE, "type": "rolling", "ceiling_amount": 1000.00}
    del rolling["line_items"]
    made = foreman.call("POST", URL, rolling)
    assert made.status_code == 201, made.content
    one = f"{URL}/{made.json()['id']}"
    refused(foreman.call("POST", f"{one}/releases", {"amount": 10}), 422, "WRONG_STATE")
    assert foreman.call("PATCH", f"{one}/submit").status_code == 200
    assert superintendent.call("PATCH", f"{one}/approve").status_code == 200
    released = foreman.call("POST", f"{one}/releases", {"amount": 600.50, "note": "Week 31"})
    assert released.status_code == 201
    assert_shape(released.json(), {"id": 1, "amount": 600.50, "note": "Week 31", "created_at": "...Z"})
    assert (released.json()["amount"], released.json()["note"]) == (600.50, "Week 31")
    error = refused(foreman.call("POST", f"{one}/releases", {"amount": 399.51}), 422, "CEILING_EXCEEDED")
    assert "399.50" in error["message"]
    assert foreman.call("POST", f"{one}/releases", {"amount": "399.50"}).status_code == 201
    assert foreman.get(f"{one}/releases").json() == {
        "data": [
            {
                "id": row["id"],
                "amount": amount,
                "note": note,
                "released_by": {"id": site.foreman.pk, "name": site.foreman.name},
                "created_at": row["created_at"],
            }
            for row, amount, note in zip(
                foreman.get(one).json()["releases"], (600.50, 399.50), ("Week 31", ""), strict=True
            )
        ]
    }
    detail = foreman.get(one).json()
    assert (detail["ceiling_amount"], detail["released_amount"]) == (1000, 1000)


def test_release_is_for_rolling_orders(site, foreman):
    order = order_in(S.APPROVED, site)
    refused(foreman.call("POST", f"{URL}/{order.pk}/releases", {"amount": 1}), 422, "NOT_ROLLING")
    for amount in (0, -1, 0.001, "NaN", None, "x", 10**15):
        assert field_refused(foreman.call("POST", f"{URL}/{order.pk}/releases", {"amount": amount}), "amount")
    assert field_refused(foreman.call("POST", f"{URL}/{order.pk}/releases", {}), "amount")


def test_walkup_order_is_closed_with_a_receipt(site, foreman, superintendent):
    order = order_in(S.APPROVED, site, type="walkup", urgency_justification="Burst pipe")
    refused(foreman.call("PATCH", f"{URL}/{order.pk}/close"), 422, "RECEIPT_MISSING")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"line_items": []}, "line_items"),
        ({"line_items": None}, "line_items"),
        ({"type": "rolling", "ceiling_amount": None}, "ceiling_amount"),
        ({"type": "rolling", "ceiling_amount": 0}, "ceiling_amount"),
        ({"type": "rolling", "ceiling_amount": -5}, "ceiling_amount"),
        ({"type": "rolling", "ceiling_amount": 0.001}, "ceiling_amount"),
        ({"type": "rolling", "ceiling_amount": "Infinity"}, "ceiling_amount"),
        ({"type": "walkup", "urgency_justification": ""}, "urgency_justification"),
        ({"type": "walkup", "urgency_justification": None}, "urgency_justification"),
        ({"type": "blanket"}, "type"),
        ({"type": None}, "type"),
        ({"project_id": "PRJ999"}, "project_id"),
        ({"project_id": None}, "project_id"),
        ({"cost_code": "CC-999"}, "cost_code"),
        ({"cost_code": ["CC-001"]}, "cost_code"),
        ({"vendor_name": ""}, "vendor_name"),
        ({"vendor_name": "x" * 201}, "vendor_name"),
        ({"vendor_name": "a\x00b"}, "vendor_name"),
        ({"vendor_id": "VEN999"}, "vendor_id"),
        ({"vendor_email": "jane"}, "vendor_email"),
        ({"description": "x" * 5001}, "description"),
        ({"line_items": [{}]}, "line_items.0.description"),
        ({"line_items": [LINE] * 501}, "line_items"),
        ({"line_items": "LINE"}, "line_items"),
    ],
)
def test_bad_input_names_its_field_and_makes_nothing(site, foreman, changes, field):
    answer = foreman.call("POST", URL, {**CREATE, **changes})
    error = refused(answer, 400, "VALIDATION_ERROR")
    assert error["details"]["field"] == field
    assert not PurchaseOrder.objects.exists()


@pytest.mark.parametrize("field", ["type", "project_id", "cost_code", "vendor_name"])
def test_required_fields_are_named(site, foreman, field):
    body = {name: value for name, value in CREATE.items() if name != field}
    assert field_refused(foreman.call("POST", URL, body), field) == "This field is required."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("description", ""),
        ("description", "x" * 301),
        ("quantity", 0),
        ("quantity", -1),
        ("quantity", 0.0001),
        ("quantity", "NaN"),
        ("quantity", "-Infinity"),
        ("quantity", 10**9),
        ("quantity", True),
        ("quantity", None),
        ("unit_price", -0.01),
        ("unit_price", 0.001),
        ("unit_price", 10**12),
        ("unit_price", "12,50"),
        ("unit_price", "1e400"),
        ("unit", "x" * 21),
        ("category", "XX"),
        ("category", None),
        ("tax_code", "VAT"),
        ("tax_code", 5),
    ],
)
def test_bad_line_names_its_field(site, foreman, name, value):
    answer = foreman.call("POST", URL, {**CREATE, "line_items": [LINE, {**LINE, name: value}]})
    assert field_refused(answer, f"line_items.1.{name}")
    assert not PurchaseOrder.objects.exists()


def test_totals_too_large_to_keep_are_refused(site, foreman):
    dear = {**LINE, "quantity": 999_999_999, "unit_price": 999_999_999_999.99}
    assert field_refused(foreman.call("POST", URL, {**CREATE, "line_items": [dear]}), "line_items.0.unit_price")
    half = {**LINE, "quantity": 1, "unit_price": 500_000_000_000}
    assert field_refused(foreman.call("POST", URL, {**CREATE, "line_items": [half, half]}), "line_items")


def test_foreign_ids_in_a_body_are_refused_in_the_words_of_unknown_ones(site, foreman):
    other = make_site()
    make_project(other.organization, "SECRET")
    make_cost_code(make_project(site.organization, "NOTMINE"), "CC-NOTMINE")
    make_vendor(other.organization, "VEN-SECRET")

    def words(field, value):
        return field_refused(foreman.call("POST", URL, {**CREATE, field: value}), field)

    assert words("project_id", "SECRET") == words("project_id", "NOTMINE") == words("project_id", "NOWHERE")
    assert words("cost_code", "CC-NOTMINE") == words("cost_code", "CC-NOWHERE")
    assert words("vendor_id", "VEN-SECRET") == words("vendor_id", "VEN-NOWHERE")


def test_project_and_cost_code_have_to_be_active(site, foreman):
    make_cost_code(site.project, "CC-OLD", active=False)
    assert field_refused(foreman.call("POST", URL, {**CREATE, "cost_code": "CC-OLD"}), "cost_code")
    type(site.project).objects.filter(pk=site.project.pk).update(status="closed")
    assert field_refused(foreman.call("POST", URL, CREATE), "project_id")


def test_vendor_is_known_by_id_or_by_exact_name(site, foreman):
    make_vendor(site.organization, "VEN002", "Miller Steel")

    def vendor_of(**changes):
        made = foreman.call("POST", URL, {**CREATE, **changes})
        assert made.status_code == 201, made.content
        shown = foreman.get(f"{URL}/{made.json()['id']}").json()
        return shown["vendor_id"], shown["vendor_name"]

    assert vendor_of() == ("VEN001", "ABC Supply Co.")
    assert vendor_of(vendor_name="Somebody new") == (None, "Somebody new")
    assert vendor_of(vendor_id="VEN002", vendor_name="miller steel") == ("VEN002", "miller steel")
    named_otherwise = {**CREATE, "vendor_id": "VEN002"}
    assert field_refused(foreman.call("POST", URL, named_otherwise), "vendor_name")
    without_name = {name: value for name, value in CREATE.items() if name != "vendor_name"}
    made = foreman.call("POST", URL, {**without_name, "vendor_id": "VEN002"})
    assert foreman.get(f"{URL}/{made.json()['id']}").json()["vendor_name"] == "Miller Steel"


def test_unknown_and_read_only_fields_are_ignored(site, foreman):
    made = foreman.call("POST", URL, {**CREATE, "status": "approved", "po_number": "1", "total_amount": 1, "colour": 1})
    assert (made.status_code, made.json()["status"], made.json()["total_amount"]) == (201, "draft", 700)


def test_repeated_create_with_the_same_key_makes_one_order(site, foreman):
    answers = [foreman.call("POST", URL, CREATE, HTTP_IDEMPOTENCY_KEY="order-4711") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert PurchaseOrder.objects.count() == 1
    other = foreman.call("POST", URL, {**CREATE, "description": "x"}, HTTP_IDEMPOTENCY_KEY="order-4711")
    refused(other, 422, "IDEMPOTENCY_KEY_REUSED")


# --- Lists


def test_list_is_newest_first_in_pages_of_twenty(site, foreman):
    for number in range(22):
        make_order(site, now=NOW + timedelta(minutes=number))
    first = foreman.get(URL).json()
    assert first["pagination"] == {
        "page": 1, "limit": 20, "total": 22, "pages": 2, "has_next": True, "has_prev": False
    }  # fmt: skip
    created = [row["created_at"] for row in first["data"]]
    assert created == sorted(created, reverse=True)
    second = foreman.get(URL, {"page": 2}).json()
    assert (len(second["data"]), second["pagination"]["has_prev"]) == (2, True)
    assert foreman.get(URL, {"limit": 5000}).json()["pagination"]["limit"] == 100
    assert foreman.get(URL, {"page": 9}).json()["data"] == []


def test_list_has_every_documented_filter(site):
    admin = ApiClient(site.admin)
    other = make_project(site.organization, "PRJ002", members=[site.foreman])
    draft = make_order(site)
    submitted = order_in(S.SUBMITTED, site, actor=site.pm, vendor_name="Müller & Söhne")
    rolling = make_order(site, type="rolling", ceiling_amount=Decimal(900), lines=[], description="Gravel by the week")
    later = make_order(
        site,
        project=other,
        cost_code=make_cost_code(other, "CC-001"),
        lines=[line("1.00", "100% cotton_gloves")],
        now=NOW + timedelta(days=3),
    )

    def listed(**parameters):
        answer = admin.get(URL, parameters)
        assert answer.status_code == 200, answer.content
        assert answer.json()["pagination"]["total"] == len(answer.json()["data"])
        return {row["id"] for row in answer.json()["data"]}

    everything = {order.pk for order in (draft, submitted, rolling, later)}
    assert listed() == listed(search=" ") == listed(status="") == everything
    assert listed(status="submitted") == {submitted.pk}
    assert listed(type="rolling") == {rolling.pk}
    assert listed(type="standard", status="draft") == {draft.pk, later.pk}
    assert listed(project_id="PRJ002") == {later.pk}
    assert listed(project_id="PRJ999") == set()
    assert listed(created_by=site.pm.pk) == {submitted.pk}
    assert listed(date_from="2026-03-11") == {later.pk}
    assert listed(date_from="2026-03-13", date_to="2026-03-13") == {later.pk}
    assert listed(date_to="2026-03-10") == everything - {later.pk}
    assert listed(date_to="2026-03-10T09:29:59Z") == set()
    assert listed(date_to="2026-03-10T09:30:00Z") == everything - {later.pk}
    assert listed(search=later.po_number) == {later.pk}
    assert listed(search="söhne MÜLLER") == {submitted.pk}
    assert listed(search="gravel") == {rolling.pk}
    assert listed(search="lumber") == {draft.pk, submitted.pk}
    assert listed(search="100%") == listed(search="cotton_gl") == {later.pk}
    assert listed(search="lumber gravel") == set()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page", "0"),
        ("page", "x"),
        ("page", "-1"),
        ("page", "1.5"),
        ("limit", "0"),
        ("limit", "many"),
        ("status", "open"),
        ("status", "DRAFT"),
        ("type", "blanket"),
        ("created_by", "me"),
        ("created_by", "-1"),
        ("created_by", "9" * 30),
        ("date_from", "yesterday"),
        ("date_from", "2026-02-30"),
        ("date_to", "9999-12-31"),
        ("date_to", "0001-01-01T00:00:00+14:00"),
        ("project_id", "a\x00b"),
        ("search", "\x00"),
        ("search", "x" * 201),
    ],
)
def test_unreadable_filter_is_a_field_error(site, foreman, name, value):
    assert field_refused(foreman.get(URL, {name: value}), name).startswith("Give ")


def test_people_see_the_orders_of_their_projects_and_of_their_own(site):
    mine = make_order(site)
    other = make_project(site.organization, "PRJ002", members=[site.superintendent])
    theirs = make_order(site, actor=site.superintendent, project=other, cost_code=make_cost_code(other, "CC-001"))
    newcomer = make_user(site.organization, role="foreman")

    def seen(user):
        return {row["id"] for row in ApiClient(user).get(URL).json()["data"]}

    assert seen(site.foreman) == {mine.pk}
    assert seen(site.superintendent) == {mine.pk, theirs.pk}
    assert seen(site.staff) == seen(site.pm) == seen(site.admin) == {mine.pk, theirs.pk}
    assert seen(newcomer) == seen(make_site().admin) == set()
    refused(ApiClient(newcomer).get(f"{URL}/{mine.pk}"), 404, "NOT_FOUND")


def test_order_that_is_not_there_is_404_whatever_was_sent(site, foreman):
    foreign = make_order(make_site())
    for pk in (foreign.pk, 10**9, 10**25):
        for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("PATCH", "/approve"), ("POST", "/notes")):
            refused(
                foreman.call(method, f"{URL}/{pk}{path}", None if method == "GET" else {"type": 1}), 404, "NOT_FOUND"
            )


def test_notes_are_added_in_any_state(site, foreman, superintendent):
    order = order_in(S.CLOSED, site)
    added = superintendent.call("POST", f"{URL}/{order.pk}/notes", {"text": "Two boards were cracked."})
    assert added.status_code == 201
    assert added.json() == {
        "id": added.json()["id"],
        "text": "Two boards were cracked.",
        "author": {"id": site.superintendent.pk, "name": site.superintendent.name},
        "created_at": added.json()["created_at"],
    }
    assert foreman.get(f"{URL}/{order.pk}/notes").json() == {"data": [added.json()]}
    assert foreman.get(f"{URL}/{order.pk}").json()["notes"] == [added.json()]
    for body in ({}, {"text": ""}, {"text": "  "}, {"text": "x" * 5001}, {"text": "\x00"}):
        assert field_refused(foreman.call("POST", f"{URL}/{order.pk}/notes", body), "text")


# --- Limits and errors


def test_limits_are_told_and_the_last_call_is_refused(site, settings):
    settings.THROTTLING = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "endpoint": "3/minute"}
    caller = ApiClient(site.foreman)
    answers = [caller.get(URL) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer["X-RateLimit-Limit"] for answer in answers} == {"3"}
    assert all(int(answer["X-RateLimit-Reset"]) > 0 for answer in answers)
    error = answers[3].json()["error"]
    assert set(error) == {"code", "message", "retry_after", "timestamp", "request_id"}
    assert (error["code"], error["message"]) == ("RATE_LIMITED", "Too many requests. Please try again later.")
    assert 0 < error["retry_after"] <= 60
    assert answers[3]["Retry-After"] == str(error["retry_after"])
    assert caller.call("POST", URL, CREATE).status_code == 201  # another endpoint


def test_errors_have_the_documented_form(site, foreman):
    assert refused(ApiClient().get(URL), 401, "UNAUTHORIZED")["details"] == {}
    assert refused(foreman.get(f"{URL}/999"), 404, "NOT_FOUND")["request_id"].startswith("req_")
    malformed = foreman.post(URL, "{", content_type="application/json")
    refused(malformed, 400, "VALIDATION_ERROR")
    refused(foreman.post(URL, "<a/>", content_type="text/xml"), 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("path", [URL, f"{URL}/"])
def test_closing_slash_may_be_left_out(site, foreman, path):
    assert foreman.get(path).status_code == 200
