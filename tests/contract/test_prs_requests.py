"""Every documented example of the purchase request system, sections on requests, inboxes and attachments."""

from copy import deepcopy

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from bureau.purchasing.states import RequestStatus as S
from tests.clients import ApiClient, assert_shape
from tests.core.samples import pdf_bytes
from tests.factories.purchasing import MARKETING_FIELDS, make_office, request_in

pytestmark = pytest.mark.django_db
URL = "/api/prs/requests/"

PERSON = {"id": "...", "username": "user@example.com"}
ROW = {
    "id": "123e4567-e89b-12d3-a456-426614174000",
    "requestor": PERSON,
    "team": {"id": "...", "name": "Marketing"},
    "status": {"code": "DRAFT", "name": "Draft"},
    "subject": "Purchase Office Supplies",
    "vendor_name": "Office Depot",
    "created_at": "2025-01-15T10:30:00Z",
}
TEMPLATE = {"id": "...", "name": "Marketing Form", "version_number": 1}
DETAIL = {
    **ROW,
    "requestor": {**PERSON, "first_name": "John", "last_name": "Doe"},
    "form_template": TEMPLATE,
    "workflow_template": TEMPLATE,
    "current_template_step": {"id": "...", "step_name": "Manager Approval", "step_order": 1},
    "vendor_account": "1234567890",
    "description": "Need to purchase office supplies for Q1",
    "purchase_type": {"code": "GOODS", "name": "Goods"},
    "field_values": [
        {
            "field": {"id": "...", "field_id": "budget_amount", "name": "Budget Amount", "field_type": "NUMBER"},
            "value_number": "5000.00",
        }
    ],
    "attachments": [
        {"id": "...", "filename": "invoice.pdf", "file_size": 102400, "upload_date": "2025-01-15T10:30:00Z"}
    ],
    "approval_history": [
        {
            "id": "...",
            "template_step": {"step_name": "Manager Approval", "step_order": 1},
            "approver": {"username": "manager@example.com"},
            "action": "APPROVE",
            "comment": "Approved",
            "timestamp": "2025-01-15T11:00:00Z",
        }
    ],
    "submitted_at": "2025-01-15T10:35:00Z",
    "updated_at": "2025-01-15T11:00:00Z",
}
CREATE = {
    "purchase_type": "GOODS",
    "vendor_name": "Office Depot",
    "vendor_account": "1234567890",
    "subject": "Purchase Office Supplies",
    "description": "Need to purchase office supplies for Q1",
    "field_values": {"budget_amount": "5000.00"},
}


@pytest.fixture(scope="module")
def first_office(once):
    return once(make_office)


@pytest.fixture
def office(first_office):
    return deepcopy(first_office)


def pdf(name="invoice.pdf"):
    return SimpleUploadedFile(name, pdf_bytes("Invoice"), "application/pdf")


def test_request_goes_from_draft_to_completed_as_documented(office, django_capture_on_commit_callbacks):
    requester, manager, director, finance = map(
        ApiClient, (office.requester, office.manager, office.director, office.finance)
    )

    created = requester.call("POST", URL, {**CREATE, "team": str(office.team.uuid)})
    assert created.status_code == 201
    assert_shape(created.json(), {key: DETAIL[key] for key in DETAIL if key not in ("attachments", "approval_history")})
    assert created.json()["field_values"][0]["value_number"] == "5000.00"
    one = f"{URL}{created.json()['id']}/"

    attached = requester.call("POST", f"{one}attachments/", {"file": pdf(), "category": "Invoice"}, files=True)
    assert attached.status_code == 201
    assert_shape(
        attached.json(),
        {"id": "...", "filename": "invoice.pdf", "file_size": 1, "file_type": "application/pdf", "upload_date": "..."},
    )

    changes = {
        "vendor_name": "Updated Vendor Name",
        "subject": "Updated Subject",
        "field_values": {"budget_amount": "6000.00"},
    }
    changed = requester.call("PATCH", one, changes)
    assert changed.status_code == 200
    assert changed.json()["vendor_name"] == "Updated Vendor Name"
    assert changed.json()["field_values"][0]["value_number"] == "6000.00"

    submitted = requester.call("POST", f"{one}submit/")
    assert submitted.status_code == 200
    assert_shape(submitted.json(), {"id": "...", "status": {"code": "...", "name": "..."}, "submitted_at": "..."})
    assert submitted.json()["status"] == {"code": "PENDING_APPROVAL", "name": "Pending Approval"}

    inbox = manager.call("GET", f"{URL}inbox/")
    assert_shape(
        inbox.json(),
        {
            "count": 5,
            "results": [
                {
                    "id": "...",
                    "subject": "...",
                    "current_template_step": {"step_name": "Manager Approval"},
                    "requestor": {"username": "..."},
                }
            ],
        },
    )
    approved = manager.call("POST", f"{one}approve/", {"comment": "Approved - looks good"})
    assert approved.status_code == 200
    assert approved.json()["status"] == {"code": "IN_REVIEW", "name": "In Review"}
    assert approved.json()["current_template_step"]["step_name"] == "Director Approval"
    assert approved.json()["current_template_step"]["step_order"] == 2

    detail = manager.call("GET", one)
    assert_shape(detail.json(), DETAIL)
    assert "value_text" not in detail.json()["field_values"][0]

    assert director.call("POST", f"{one}approve/").json()["status"]["code"] == "FINANCE_REVIEW"
    waiting = finance.call("GET", f"{URL}finance-inbox/")
    assert_shape(waiting.json(), {"count": 3, "results": [{"id": "...", "subject": "...", "status": {"code": "..."}}]})
    completed = finance.call("POST", f"{one}complete/", {"comment": "Payment processed"})
    assert completed.status_code == 200
    assert completed.json()["status"] == {"code": "COMPLETED", "name": "Completed"}
    assert completed.json()["completed_at"].endswith("Z")


def test_reject_answers_as_documented(office):
    record = request_in(S.PENDING_APPROVAL, office)
    answer = ApiClient(office.manager).call(
        "POST", f"{URL}{record.uuid}/reject/", {"comment": "Rejected - budget exceeds limit"}
    )
    assert answer.status_code == 200
    assert answer.json() == {
        "id": str(record.uuid),
        "status": {"code": "REJECTED", "name": "Rejected"},
        "rejection_comment": "Rejected - budget exceeds limit",
    }


def test_list_has_the_documented_rows_and_page_links(office):
    for _ in range(3):
        request_in(S.DRAFT, office)
    answer = ApiClient(office.requester).call("GET", URL, {"page_size": 2})
    assert answer.status_code == 200
    assert_shape(answer.json(), {"count": 100, "next": "http://...", "previous": None, "results": [ROW]})
    assert answer.json()["count"] == 3
    second = ApiClient(office.requester).get(answer.json()["next"])
    assert len(second.json()["results"]) == 1
    assert second.json()["next"] is None
    assert "page=1" in second.json()["previous"]


def test_list_filters_by_status_team_and_requestor(office):
    draft, pending = request_in(S.DRAFT, office), request_in(S.PENDING_APPROVAL, office)
    admin = ApiClient(office.admin)

    def listed(**parameters):
        return {row["id"] for row in admin.call("GET", URL, parameters).json()["results"]}

    assert listed(status="DRAFT") == {str(draft.uuid)}
    assert listed(status="PENDING_APPROVAL", team=str(office.team.uuid)) == {str(pending.uuid)}
    assert listed(requestor=str(office.manager.uuid)) == set()
    assert listed(requestor=str(office.requester.uuid)) == {str(draft.uuid), str(pending.uuid)}
    for parameters in ({"status": "NEW"}, {"team": "x"}, {"requestor": "1"}):
        answer = admin.call("GET", URL, parameters)
        assert answer.status_code == 400
        assert list(answer.json()) == list(parameters)


@pytest.mark.parametrize("page", ["0", "-1", "x", "1.5", "99999999999", "2", "¹"])
def test_unreadable_or_missing_page_is_not_found(office, page):
    answer = ApiClient(office.requester).call("GET", URL, {"page": page})
    assert (answer.status_code, list(answer.json())) == (404, ["detail"])


def test_page_size_is_capped_at_a_hundred(office):
    assert ApiClient(office.requester).call("GET", URL, {"page_size": 5000}).status_code == 200
    assert ApiClient(office.requester).call("GET", URL, {"page_size": "many"}).json() == {
        "page_size": ["Give a number from 1 to 100."]
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"subject": ""}, "subject"),
        ({"subject": None}, "subject"),
        ({"subject": "x" * 201}, "subject"),
        ({"subject": "a\x00b"}, "subject"),
        ({"purchase_type": "GIFTS"}, "purchase_type"),
        ({"team": "marketing"}, "team"),
        ({"team": "123e4567-e89b-12d3-a456-426614174000"}, "team"),
        ({"field_values": []}, "field_values"),
        ({"field_values": {"budget_amount": "a lot"}}, "budget_amount"),
        ({"field_values": {"budget_amount": "NaN"}}, "budget_amount"),
        ({"items": [{"description": "Paper", "quantity": 0, "unit_price": "1.00"}]}, "items.0.quantity"),
        ({"items": [{"description": "Paper", "quantity": 1, "unit_price": "-1"}]}, "items.0.unit_price"),
    ],
)
def test_bad_input_names_its_field_and_makes_nothing(office, changes, field):
    answer = ApiClient(office.requester).call("POST", URL, {**CREATE, "team": str(office.team.uuid), **changes})
    assert answer.status_code == 400, answer.content
    assert list(answer.json()) == [field]
    assert ApiClient(office.requester).call("GET", URL).json()["count"] == 0


def test_submit_without_required_values_names_them(office):
    client = ApiClient(office.requester)
    created = client.call("POST", URL, {**CREATE, "team": str(office.team.uuid), "field_values": {}})
    answer = client.call("POST", f"{URL}{created.json()['id']}/submit/")
    assert (answer.status_code, list(answer.json())) == (400, ["budget_amount"])


def test_submit_takes_files_along(office):
    record = request_in(S.DRAFT, office)
    answer = ApiClient(office.requester).call(
        "POST", f"{URL}{record.uuid}/submit/", {"files": [pdf("a.pdf"), pdf("b.pdf")]}, files=True
    )
    assert answer.status_code == 200
    assert record.attachments.count() == 2


def test_download_has_safe_headers_and_the_content(office):
    record = request_in(S.DRAFT, office)
    client = ApiClient(office.requester)
    attached = client.call("POST", f"{URL}{record.uuid}/attachments/", {"file": pdf()}, files=True).json()
    answer = client.call("GET", f"/api/prs/attachments/{attached['id']}/download/")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="invoice.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer.getvalue() == pdf_bytes("Invoice")


@pytest.mark.parametrize(
    ("who", "status", "action", "body", "expected"),
    [
        ("requester", S.PENDING_APPROVAL, "submit", None, 400),
        ("requester", S.PENDING_APPROVAL, "approve", {}, 403),
        ("manager", S.DRAFT, "approve", {}, 404),
        ("admin", S.PENDING_APPROVAL, "approve", {}, 403),
        ("manager", S.PENDING_APPROVAL, "reject", {"comment": "too short"}, 400),
        ("manager", S.PENDING_APPROVAL, "reject", {}, 400),
        ("director", S.PENDING_APPROVAL, "approve", {}, 404),
        ("manager", S.IN_REVIEW, "approve", {}, 403),
        ("finance", S.IN_REVIEW, "complete", {}, 400),
        ("manager", S.FINANCE_REVIEW, "complete", {}, 403),
        ("manager", S.COMPLETED, "reject", {"comment": "much too late now"}, 400),
    ],
)
def test_refused_action_answers_its_status_and_changes_nothing(office, who, status, action, body, expected):
    record = request_in(status, office)
    answer = ApiClient(getattr(office, who)).call("POST", f"{URL}{record.uuid}/{action}/", body)
    assert answer.status_code == expected, answer.content
    record.refresh_from_db()
    assert record.status == status


def test_finance_inbox_is_for_finance_reviewers(office):
    answer = ApiClient(office.manager).call("GET", f"{URL}finance-inbox/")
    assert (answer.status_code, list(answer.json())) == (403, ["detail"])


def test_answers_without_the_closing_slash_are_the_same(office):
    record = request_in(S.DRAFT, office)
    client = ApiClient(office.requester)
    assert client.call("GET", f"{URL}{record.uuid}").json() == client.call("GET", f"{URL}{record.uuid}/").json()


def test_templates_have_the_documented_shape(office):
    client = ApiClient(office.requester)
    forms = client.call("GET", "/api/prs/form-templates/").json()
    marketing = next(form for form in forms if form["name"] == "Marketing Form")
    field = {"id": "...", "field_id": "...", "name": "...", "field_type": "...", "required": True, "order": 1}
    assert_shape(marketing, {"id": "...", "name": "...", "version_number": 1, "fields": [field]})
    assert [entry["field_id"] for entry in marketing["fields"]] == [entry["field_id"] for entry in MARKETING_FIELDS]
    assert client.call("GET", f"/api/prs/form-templates/{marketing['id']}/").json() == marketing
    step = {
        "id": "...",
        "step_name": "Manager Approval",
        "step_order": 1,
        "is_finance_review": False,
        "approvers": [{"role": {"code": "MANAGER", "name": "Manager"}}],
    }
    workflows = client.call("GET", "/api/prs/workflows/").json()
    standard = next(workflow for workflow in workflows if workflow["name"] == "Standard Workflow")
    assert_shape(standard, {"id": "...", "name": "...", "version_number": 1, "steps": [step]})


def test_changed_template_is_a_new_version_and_only_administrators_change_it(office):
    admin = ApiClient(office.admin)
    forms = admin.call("GET", "/api/prs/form-templates/").json()
    old = next(form for form in forms if form["name"] == "Marketing Form")
    changes = {"fields": [{"field_id": "reason", "name": "Reason", "field_type": "LONG_TEXT", "required": True}]}
    url = f"/api/prs/form-templates/{old['id']}/"
    assert ApiClient(office.manager).call("PATCH", url, changes).status_code == 403
    new = admin.call("PATCH", url, changes)
    assert new.status_code == 200
    assert (new.json()["version_number"], new.json()["name"]) == (2, "Marketing Form")
    assert new.json()["id"] != old["id"]
    listed = admin.call("GET", "/api/prs/form-templates/").json()
    assert [form["version_number"] for form in listed if form["name"] == "Marketing Form"] == [2]
    assert admin.call("GET", url).json()["fields"] == old["fields"]


def test_administrator_makes_a_workflow_for_a_team(office):
    body = {
        "name": "Short",
        "team": str(office.team.uuid),
        "steps": [
            {"step_name": "Manager", "step_order": 1, "is_finance_review": False, "approvers": [{"role": "MANAGER"}]}
        ],
    }
    made = ApiClient(office.admin).call("POST", "/api/prs/workflows/", body)
    assert made.status_code == 201, made.content
    assert made.json()["steps"][0]["approvers"][0]["role"] == {"code": "MANAGER", "name": "Manager"}
    record = request_in(S.PENDING_APPROVAL, office)
    assert (
        ApiClient(office.manager).call("POST", f"{URL}{record.uuid}/approve/").json()["status"]["code"] == "COMPLETED"
    )


def test_half_a_line_is_a_field_error_in_a_change_too(office):
    request = request_in(S.DRAFT, office)
    changed = ApiClient(office.requester).call("PATCH", f"{URL}{request.uuid}/", {"items": [{"description": "Lens"}]})
    assert (changed.status_code, list(changed.json())) == (400, ["items.0.quantity", "items.0.unit_price"])
