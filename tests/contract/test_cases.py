"""Customer applications as the agency suite documents them."""

from copy import deepcopy
from datetime import date, timedelta

import pytest
from django.utils import timezone

from bureau.cases.models import Case, CaseLink
from bureau.cases.services.cases import force_close_case
from bureau.cases.services.products import TaskInput
from bureau.core.models import AuditEntry, IdempotencyKey
from tests.clients import ApiClient, assert_shape
from tests.factories.accounts import make_user
from tests.factories.cases import fill, fill_required, make_agency, make_case
from tests.factories.parties import make_customer
from tests.factories.products import make_product

pytestmark = pytest.mark.django_db
URL = "/api/customer-applications/"
MOMENT = "2026-03-10T09:30:00Z"
ROW = {
    "id": 1,
    "uuid": "550e8400-e29b-41d4-a716-446655440000",
    "number": "CASE-2026-00001",
    "customer": 1,
    "customer_name": "Jane Doe",
    "product": 1,
    "product_name": "Product 1",
    "doc_date": "2026-03-10",
    "due_date": "2026-03-31",
    "status": "pending",
    "notes": "",
    "owner": 1,
    "step": 1,
    "step_name": "Task 1",
    "step_status": "pending",
    "step_due_date": "2026-03-17",
    "is_overdue": False,
    "completed_at": None,
    "created_at": MOMENT,
    "updated_at": MOMENT,
}
WORKFLOW = {
    "id": 1,
    "step": 1,
    "name": "Task 1",
    "status": "pending",
    "start_date": "2026-03-10",
    "due_date": "2026-03-17",
    "completed_at": None,
    "is_current": True,
    "is_overdue": False,
}
DOCUMENT = {
    "id": 1,
    "uuid": "550e8400-e29b-41d4-a716-446655440000",
    "customer_application": 1,
    "doc_type": 1,
    "doc_type_name": "Passport",
    "required": True,
    "doc_number": "",
    "expiry_date": None,
    "details": "",
    "filename": None,
    "size": None,
    "content_type": None,
    "scan_state": None,
    "state": "missing",
    "completed": False,
    "uploaded_at": None,
    "checked_at": None,
    "checked_by": None,
    "actions": [],
    "created_at": MOMENT,
    "updated_at": MOMENT,
}
DETAIL = {
    **ROW,
    "documents": [DOCUMENT],
    "workflows": [WORKFLOW],
    "readiness": {"date": "2026-03-31", "missing": ["Passport"], "blocked_by": ["Passport"], "text": "Can be"},
}


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture(scope="module")
def first_agency(once):
    return once(make_agency)


@pytest.fixture
def agency(first_agency):
    return deepcopy(first_agency)


@pytest.fixture
def api(agency):
    return ApiClient(agency.member)


def path(case, action=""):
    return f"{URL}{case if isinstance(case, int) else case.pk}/{action}"


def given(agency, **changes):
    return {"customer": agency.customer.pk, "product": agency.product.pk, **changes}


@pytest.mark.parametrize("address", [URL, f"{URL}quick-create/"])
def test_case_comes_with_its_documents_and_first_step(agency, api, address):
    answer = api.call("POST", address, given(agency, doc_date="2026-03-10", notes="Urgent", status="completed"))
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert_shape(made, DETAIL)
    assert (made["status"], made["step"], made["step_name"], made["notes"]) == ("pending", 1, "Task 1", "Urgent")
    assert [document["required"] for document in made["documents"]] == [True, True, False]
    assert {document["state"] for document in made["documents"]} == {"missing"}
    assert [step["is_current"] for step in made["workflows"]] == [True]
    assert len(made["readiness"]["missing"]) == 2
    assert made["owner"] == agency.member.pk
    assert api.call("GET", path(made["id"])).json() == made


def test_customer_and_date_have_other_ways_to_be_said(agency, api):
    answer = api.call("POST", URL, {"client": agency.customer.pk, "product": agency.product.pk})
    assert (answer.status_code, answer.json()["doc_date"]) == (201, timezone.localdate().isoformat())


def test_same_key_makes_one_case(agency, api):
    first, again = (api.call("POST", URL, given(agency), HTTP_IDEMPOTENCY_KEY="k1") for _ in range(2))
    assert first.json() == again.json()
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"customer": None}, "customer"),
        ({"customer": "x"}, "customer"),
        ({"customer": 2**70}, "customer"),
        ({"product": 2**70}, "product"),
        ({"product": []}, "product"),
        ({"doc_date": "yesterday"}, "doc_date"),
        ({"doc_date": "2026-02-30"}, "doc_date"),
        ({"doc_date": "1066-10-14"}, "doc_date"),
        ({"notes": "x" * 10001}, "notes"),
        ({"owner": "me"}, "owner"),
    ],
)
def test_what_cannot_be_read_is_named(agency, api, changes, field):
    answer = api.call("POST", URL, given(agency, **changes))
    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])
    assert set(answer.json()) == {"error", "details"}
    assert not Case.objects.exists()


@pytest.mark.parametrize("field", ["customer", "product"])
def test_what_must_be_given_is_named(agency, api, field):
    body = given(agency)
    del body[field]
    answer = api.call("POST", URL, body)
    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])


def test_foreign_ids_are_unknown(agency):
    theirs, caller = make_agency(), ApiClient(agency.admin)
    stranger = make_user(theirs.organization)
    for field, foreign in (
        ("customer", theirs.customer.pk),
        ("product", theirs.product.pk),
        ("owner", stranger.pk),
    ):
        answers = [caller.call("POST", URL, given(agency, **{field: pk})) for pk in (foreign, 2**40)]
        assert [answer.status_code for answer in answers] == [400, 400]
        assert answers[0].json() == answers[1].json()
        assert list(answers[0].json()["details"]) == [field]
    unseen = make_customer(agency.organization, owner=agency.other)
    answer = ApiClient(agency.member).call("POST", URL, given(agency, customer=unseen.pk))
    assert list(answer.json()["details"]) == ["customer"]


def test_product_that_is_not_offered_any_more_is_refused(agency, api):
    agency.product.active = False
    agency.product.save()
    answer = api.call("POST", URL, given(agency))
    assert (answer.status_code, list(answer.json()["details"])) == (400, ["product"])


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_case_is_changed_and_what_is_left_out_stays(agency, api, method):
    case = make_case(agency, doc_date=date(2026, 3, 10), notes="Before")
    answer = api.call(method, path(case), {"doc_date": "2026-04-10", "due_date": "2020-01-01", "status": "completed"})
    assert answer.status_code == 200, answer.content
    changed = answer.json()
    assert_shape(changed, DETAIL)
    assert (changed["doc_date"], changed["notes"], changed["status"]) == ("2026-04-10", "Before", "pending")
    assert changed["due_date"] > case.due_date.isoformat()
    assert api.call(method, path(case), {"notes": ""}).json()["notes"] == ""


def test_customer_and_product_stay(agency, api):
    case = make_case(agency)
    same = given(agency, client=agency.customer.pk)
    assert api.call("PUT", path(case), same).status_code == 200
    other = make_product(agency.organization)
    answer = api.call("PATCH", path(case), {"product": other.pk})
    assert (answer.status_code, list(answer.json()["details"])) == (400, ["product"])
    assert Case.objects.get().product == agency.product


def test_owner_is_named_by_those_who_see_the_organization(agency, api):
    case = make_case(agency)
    api.call("PATCH", path(case), {"owner": agency.other.pk})
    assert Case.objects.get().owner == agency.member
    ApiClient(agency.staff).call("PATCH", path(case), {"owner": agency.other.pk})
    assert Case.objects.get().owner == agency.other


def test_case_goes_through_its_steps_to_its_end(agency, api):
    case = make_case(agency)
    early = api.call("POST", path(case, "advance-workflow/"))
    assert early.status_code == 400
    assert "Upload valid ones first" in early.json()["error"]
    fill_required(case, actor=agency.member)
    assert api.call("GET", path(case)).json()["status"] == "processing"
    seen = []
    for _ in range(3):
        answer = api.call("POST", path(case, "advance-workflow/"))
        assert answer.status_code == 200, answer.content
        seen.append((answer.json()["step"], answer.json()["status"]))
    assert seen == [(2, "processing"), (3, "processing"), (None, "completed")]
    done = answer.json()
    assert [step["status"] for step in done["workflows"]] == ["completed"] * 3
    assert not any(step["is_current"] for step in done["workflows"])
    assert (done["step_status"], done["step_due_date"], done["readiness"]["date"]) == ("", None, None)
    assert api.call("POST", path(case, "advance-workflow/")).status_code == 400
    reopened = api.call("POST", path(case, "reopen/"))
    assert (reopened.status_code, reopened.json()["step"], reopened.json()["status"]) == (200, 3, "processing")
    assert api.call("POST", path(case, "reopen/")).status_code == 400


def test_step_that_is_named_is_completed_once(agency, api):
    case = make_case(agency)
    fill_required(case, actor=agency.member)
    first, second = (api.call("POST", path(case, "advance-workflow/"), {"step": 1}) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 400)
    assert Case.objects.get().step_number == 2


def test_status_of_a_step_is_set(agency, api):
    case = make_case(agency)
    step = case.steps.get()
    address = path(case, f"workflows/{step.pk}/status/")
    waiting = api.call("POST", address, {"status": "waiting"})
    assert (waiting.status_code, waiting.json()["step_status"]) == (200, "waiting")
    assert waiting.json()["step_due_date"] is None
    assert "an answer of the customer" in waiting.json()["readiness"]["blocked_by"]
    rejected = api.call("POST", address, {"status": "rejected"})
    assert rejected.json()["status"] == "rejected"
    for body in ({"status": "done"}, {}, {"status": None}, {"status": ["pending"]}):
        refused = api.call("POST", address, body)
        assert (refused.status_code, list(refused.json()["details"])) == (400, ["status"])
    illegal = api.call("POST", address, {"status": "waiting"})
    assert illegal.status_code == 400
    assert Case.objects.get().step_status == "rejected"
    missing = api.call("POST", address, {"status": "pending"})
    assert missing.status_code == 200
    refused = api.call("POST", address, {"status": "completed"})
    assert (refused.status_code, Case.objects.get().step_status) == (400, "pending")


def test_step_of_another_case_or_a_past_one_is_refused(agency, api):
    case, other = make_case(agency), make_case(agency)
    foreign = path(case, f"workflows/{other.steps.get().pk}/status/")
    assert api.call("POST", foreign, {"status": "processing"}).status_code == 404
    assert api.call("POST", path(case, f"workflows/{2**70}/status/"), {"status": "processing"}).status_code == 404
    first = case.steps.get()
    fill_required(case, actor=agency.member)
    api.call("POST", path(case, "advance-workflow/"))
    past = api.call("POST", path(case, f"workflows/{first.pk}/status/"), {"status": "pending"})
    assert past.status_code == 400
    assert "current step is 2" in past.json()["error"]


def test_closing_by_force_is_for_staff_with_a_reason(agency, api):
    case = make_case(agency)
    assert api.call("POST", path(case, "force-close/"), {"reason": "Gave up"}).status_code == 403
    staff = ApiClient(agency.staff)
    for body in ({}, {"reason": ""}, {"reason": "  "}, {"reason": "x" * 1001}):
        refused = staff.call("POST", path(case, "force-close/"), body)
        assert (refused.status_code, list(refused.json()["details"])) == (400, ["reason"])
    closed = staff.call("POST", path(case, "force-close/"), {"reason": "Gave up"})
    assert (closed.status_code, closed.json()["status"]) == (200, "completed")
    assert closed.json()["closing_reason"] == "Gave up"
    assert AuditEntry.objects.get(action="force_closed").new_values["reason"] == "Gave up"
    assert staff.call("POST", path(case, "force-close/"), {"reason": "Again"}).status_code == 400
    reopened = api.call("POST", path(case, "reopen/"))
    assert (reopened.json()["status"], reopened.json()["closing_reason"]) == ("pending", "")


def test_deleting_is_for_staff_and_told_beforehand(agency, api):
    case = make_case(agency)
    fill(case.documents.first(), actor=agency.member)
    may = api.call("GET", path(case, "can-delete/")).json()
    assert may["can_delete"] is False
    assert "staff" in may["message"]
    assert api.call("GET", path(case, "delete-preview/")).status_code == 403
    assert api.call("DELETE", path(case)).status_code == 403
    staff = ApiClient(agency.staff)
    assert staff.call("GET", path(case, "can-delete/")).json() == {"can_delete": True, "message": ""}
    assert staff.call("GET", path(case, "delete-preview/")).json() == {
        "number": case.number,
        "documents": 3,
        "files": 1,
        "workflows": 1,
        "notes": 0,
        "links": 0,
    }
    assert staff.call("DELETE", path(case)).status_code == 204
    assert staff.call("GET", path(case)).status_code == 404


def test_deleting_many_is_for_a_superuser_who_confirms(agency, api):
    case, other = make_case(agency), make_case(agency)
    address = f"{URL}bulk-delete/"
    body = {"query": case.number, "confirm": True}
    for caller in (api, ApiClient(agency.admin)):
        assert caller.call("POST", address, body).status_code == 403
        assert caller.call("POST", address, {}).status_code == 403
    root = ApiClient(make_user(agency.organization, role="admin", superuser=True))
    for wrong, field in (
        ({"query": case.number}, "confirm"),
        ({"query": case.number, "confirm": False}, "confirm"),
        ({"query": "", "confirm": True}, "query"),
        ({"confirm": True}, "query"),
    ):
        refused = root.call("POST", address, wrong)
        assert (refused.status_code, list(refused.json()["details"])) == (400, [field])
    assert root.call("POST", address, body).json() == {"deleted": 1}
    assert list(Case.objects.all()) == [other]


def test_notes_are_written_and_read(agency, api):
    case = make_case(agency)
    for text in ("First", "Second"):
        answer = api.call("POST", path(case, "notes/"), {"text": text})
        assert answer.status_code == 201
    assert_shape(answer.json(), {"id": 1, "text": "Hm", "author": {"id": 1, "name": "M"}, "created_at": MOMENT})
    assert [note["text"] for note in api.call("GET", path(case, "notes/")).json()["results"]] == ["First", "Second"]
    for body in ({}, {"text": ""}, {"text": " "}, {"text": "x" * 5001}):
        refused = api.call("POST", path(case, "notes/"), body)
        assert (refused.status_code, list(refused.json()["details"])) == (400, ["text"])


def test_links_are_made_listed_and_ended(agency, api):
    case = make_case(agency)
    answer = api.call("POST", path(case, "links/"), {"days": 3}, HTTP_IDEMPOTENCY_KEY="k1")
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert "/c/" in made["url"]
    assert not IdempotencyKey.objects.exists(), "the secret address is kept nowhere"
    [listed] = api.call("GET", path(case, "links/")).json()["results"]
    assert listed == {name: value for name, value in made.items() if name != "url"}
    assert_shape(listed, {"id": "550e8400", "created_by": {"id": 1, "name": "M"}, "expires_at": MOMENT, "uploads": 0})
    address = path(case, f"links/{made['id']}/")
    assert api.call("DELETE", address).status_code == 204
    assert api.call("GET", path(case, "links/")).json()["results"][0]["revoked_at"]
    assert api.call("DELETE", address).status_code == 400
    other = make_case(agency)
    assert api.call("DELETE", path(other, f"links/{made['id']}/")).status_code == 404
    for days in (0, 91, "x"):
        refused = api.call("POST", path(case, "links/"), {"days": days})
        assert (refused.status_code, list(refused.json()["details"])) == (400, ["days"])


def test_link_is_mailed_to_a_customer_with_an_address(agency, api):
    case = make_case(agency)
    refused = api.call("POST", path(case, "links/"), {"send": True})
    assert refused.status_code == 400
    assert not CaseLink.objects.exists()
    agency.customer.party.email = "jane@example.com"
    agency.customer.party.save()
    answer = api.call("POST", path(case, "links/"), {"send": True})
    assert (answer.status_code, answer.json()["url"]) == (201, None)


def test_list_shows_what_the_caller_sees_newest_first(agency, api):
    first, second = make_case(agency), make_case(agency)
    make_case(agency, actor=agency.staff, customer=make_customer(agency.organization, owner=agency.other))
    make_case(make_agency())
    answer = api.call("GET", URL).json()
    assert [row["id"] for row in answer["results"]] == [second.pk, first.pk]
    assert answer["count"] == 2
    assert_shape(answer["results"][0], ROW)
    assert answer["results"][0]["step_name"] == "Task 1"
    assert ApiClient(agency.staff).call("GET", URL).json()["count"] == 3
    assert ApiClient(agency.other).call("GET", URL).json()["count"] == 1
    assert ApiClient().call("GET", URL).status_code == 401


def test_list_is_narrowed_and_sorted(agency, api):
    today = timezone.localdate()
    quick = make_product(agency.organization, name="Quick visa", task_inputs=[TaskInput("Only", 1)])
    late = make_case(agency, product=quick, doc_date=today - timedelta(days=60))
    waiting = make_case(agency, product=quick, doc_date=today - timedelta(days=50))
    done = make_case(agency, doc_date=today - timedelta(days=40))
    fresh = make_case(agency, doc_date=today)
    step = waiting.steps.get()
    api.call("POST", path(waiting, f"workflows/{step.pk}/status/"), {"status": "waiting"})
    force_close_case(actor=agency.staff, case=done, reason="x", now=timezone.now())

    def found(**parameters):
        answer = api.call("GET", URL, parameters)
        assert answer.status_code == 200, answer.content
        return [row["id"] for row in answer.json()["results"]]

    everything = [fresh.pk, done.pk, waiting.pk, late.pk]
    assert found() == everything
    assert found(overdue="true") == [late.pk]
    assert found(overdue="false") == [fresh.pk, done.pk, waiting.pk]
    assert found(status="completed") == [done.pk]
    assert found(step_status="waiting") == [waiting.pk]
    assert found(product=quick.pk) == [waiting.pk, late.pk]
    assert found(customer=agency.customer.pk) == found(client=agency.customer.pk) == everything
    assert found(customer=2**40) == []
    assert found(owner=agency.member.pk) == everything
    assert found(search=late.number.lower()) == [late.pk]
    assert found(search="quick jane") == [waiting.pk, late.pk]
    assert found(search="jane nothing") == []
    assert found(doc_date__gte=(today - timedelta(days=45)).isoformat()) == [fresh.pk, done.pk]
    assert found(doc_date__lte=(today - timedelta(days=55)).isoformat()) == [late.pk]
    assert found(created_at__gte=today.isoformat()) == everything
    assert found(created_at__lte="2020-01-01") == []
    assert found(ordering="doc_date") == [late.pk, waiting.pk, done.pk, fresh.pk]
    assert found(ordering="-number", page_size=1) == [fresh.pk]
    for wrong in (
        {"status": "open"},
        {"overdue": "maybe"},
        {"customer": "x"},
        {"doc_date__gte": "x"},
        {"ordering": "x"},
    ):
        answer = api.call("GET", URL, wrong)
        assert (answer.status_code, list(answer.json()["details"])) == (400, list(wrong))


def test_list_can_be_taken_as_a_file(agency, api):
    case = make_case(agency)
    answer = api.call("GET", URL, {"export": "csv", "search": case.number})
    assert answer["Content-Type"].startswith("text/csv")
    rows = b"".join(answer.streaming_content).decode().splitlines()
    assert len(rows) == 2
    assert case.number in rows[1]
    assert "Task 1" in rows[1]


@pytest.mark.parametrize(
    ("method", "action", "body"),
    [
        ("GET", "", None),
        ("PUT", "", {}),
        ("PATCH", "", {"notes": "x"}),
        ("DELETE", "", None),
        ("POST", "advance-workflow/", None),
        ("POST", "reopen/", None),
        ("POST", "force-close/", {"reason": "x"}),
        ("GET", "can-delete/", None),
        ("GET", "delete-preview/", None),
        ("GET", "notes/", None),
        ("POST", "notes/", {"text": "x"}),
        ("GET", "links/", None),
        ("POST", "links/", {}),
    ],
)
def test_case_that_one_does_not_see_is_not_there(agency, method, action, body):
    case = make_case(agency)
    for caller in (agency.other, make_agency().admin):
        assert ApiClient(caller).call(method, path(case, action), body).status_code == 404
    assert ApiClient(agency.admin).call(method, path(2**70, action), body).status_code == 404


@pytest.mark.parametrize(
    ("method", "action"),
    [("POST", ""), ("GET", "advance-workflow/"), ("GET", "reopen/"), ("DELETE", "notes/"), ("GET", "force-close/")],
)
def test_other_methods_are_refused(agency, api, method, action):
    assert api.call(method, path(make_case(agency), action)).status_code == 405
