"""What an order leaves as: PDF, mail to the vendor; and an order made of a request."""

import uuid

import pytest

from bureau.core.models import AuditEntry, Job
from bureau.purchasing.models import PurchaseOrder
from bureau.purchasing.states import RequestStatus
from tests.clients import ApiClient
from tests.factories.accounts import make_user
from tests.factories.orders import make_cost_code, make_order, make_project, make_site, order_in
from tests.factories.purchasing import make_office, request_in

pytestmark = pytest.mark.django_db
ORDERS = "/api/v1/purchase-orders"
PLACE = {"project_id": "PRJ001", "cost_code": "CC-001"}


@pytest.fixture
def office():
    office = make_office()
    office.pm = make_user(office.organization, role="pm")
    make_cost_code(make_project(office.organization, "PRJ001", members=[office.pm]), "CC-001", budget="150000.00")
    return office


def path_of(request):
    return f"/api/prs/requests/{request.uuid}/create-order/"


def test_pdf_is_a_download_that_the_audit_log_keeps():
    site = make_site()
    order = make_order(site)
    answer = ApiClient(site.foreman).get(f"{ORDERS}/{order.pk}/pdf")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{order.po_number}.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.content.startswith(b"%PDF-")
    entry = AuditEntry.objects.get(action="downloaded")
    assert (entry.user, entry.entity_id) == (site.foreman, str(order.pk))


def test_pdf_of_an_order_that_one_does_not_see_is_not_there():
    site = make_site()
    order = make_order(site)
    for person in (make_user(site.organization, role="foreman"), make_user(role="admin")):
        answer = ApiClient(person).get(f"{ORDERS}/{order.pk}/pdf")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert ApiClient().get(f"{ORDERS}/{order.pk}/pdf").status_code == 401


def test_send_hands_the_order_to_the_mail():
    site = make_site()
    order = order_in("approved", site)
    answer = ApiClient(site.foreman).call("POST", f"{ORDERS}/{order.pk}/send", {"message": "Gate 2, please."})
    assert answer.status_code == 202
    assert answer.json() == {"id": order.pk, "po_number": order.po_number, "sent_to": "jane@abcsupply.com"}
    assert Job.objects.get(kind="send_order").payload["message"] == "Gate 2, please."


def test_send_with_one_key_mails_once():
    site = make_site()
    order = order_in("approved", site)
    caller = ApiClient(site.foreman)
    for _turn in range(2):
        answer = caller.call("POST", f"{ORDERS}/{order.pk}/send", {}, HTTP_IDEMPOTENCY_KEY="once")
        assert answer.status_code == 202
    assert Job.objects.filter(kind="send_order").count() == 1


def test_send_is_refused_with_the_documented_codes():
    site = make_site()
    draft, approved = make_order(site), order_in("approved", site)
    foreman, staff = ApiClient(site.foreman), ApiClient(site.staff)
    answer = foreman.call("POST", f"{ORDERS}/{draft.pk}/send", {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "WRONG_STATE")
    assert staff.call("POST", f"{ORDERS}/{approved.pk}/send", {}).status_code == 403
    answer = foreman.call("POST", f"{ORDERS}/{approved.pk}/send", {"to": "mallory@example.com"})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["field"] == "to"
    assert not Job.objects.filter(kind="send_order").exists()


@pytest.mark.parametrize("status", [RequestStatus.FINANCE_REVIEW, RequestStatus.COMPLETED])
def test_approved_request_becomes_a_draft_order(office, status):
    request = request_in(status, office, vendor_name="Lumen Optics")
    answer = ApiClient(office.pm).call("POST", path_of(request), PLACE)
    assert answer.status_code == 201
    order = PurchaseOrder.objects.get()
    assert answer.json() == {"id": order.pk, "po_number": order.po_number}
    assert (order.status, order.request_id, order.vendor_name) == ("draft", request.pk, "Lumen Optics")


def test_request_that_is_not_approved_is_400(office):
    for status in (RequestStatus.PENDING_APPROVAL, RequestStatus.REJECTED):
        answer = ApiClient(office.pm).call("POST", path_of(request_in(status, office)), PLACE)
        assert answer.status_code == 400
        assert "approved" in answer.json()["detail"]
    assert not PurchaseOrder.objects.exists()


def test_second_order_of_a_request_is_409_and_names_the_first(office):
    request = request_in(RequestStatus.COMPLETED, office)
    caller = ApiClient(office.pm)
    first = caller.call("POST", path_of(request), PLACE).json()
    answer = caller.call("POST", path_of(request), PLACE)
    assert answer.status_code == 409
    assert first["po_number"] in answer.json()["detail"]


def test_who_creates_no_orders_is_403_and_who_sees_no_request_404(office):
    request = request_in(RequestStatus.COMPLETED, office)
    assert ApiClient(office.requester).call("POST", path_of(request), PLACE).status_code == 403
    assert ApiClient(make_user(office.organization, role="staff")).call("POST", path_of(request), {}).status_code == 403
    for person in (make_user(office.organization, role="foreman"), make_user(role="admin")):
        assert ApiClient(person).call("POST", path_of(request), PLACE).status_code == 404
    assert ApiClient(office.pm).call("POST", f"/api/prs/requests/{uuid.uuid4()}/create-order/", {}).status_code == 404


def test_project_and_cost_code_are_checked_in_the_same_words_for_foreign_and_unknown(office):
    request = request_in(RequestStatus.COMPLETED, office)
    caller = ApiClient(office.pm)
    make_cost_code(make_project(make_site().organization, "FOREIGN"), "CC-001")
    answers = [caller.call("POST", path_of(request), {**PLACE, "project_id": code}) for code in ("FOREIGN", "UNKNOWN")]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json() == answers[1].json()
    assert list(answers[0].json()) == ["project_id"]
    assert list(caller.call("POST", path_of(request), {**PLACE, "cost_code": "CC-999"}).json()) == ["cost_code"]
    assert set(caller.call("POST", path_of(request), {}).json()) == {"project_id", "cost_code"}
