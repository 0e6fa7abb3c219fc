"""Every documented example of the audit log."""

from datetime import timedelta

import pytest

from bureau.core import audit
from bureau.core.models import AuditEntry
from bureau.purchasing.services import orders
from bureau.purchasing.states import OrderStatus as S
from tests.clients import ApiClient, assert_shape
from tests.factories.orders import NOW, make_order, make_site, order_in

pytestmark = pytest.mark.django_db
URL = "/api/v1/audit-logs"
ROW = {
    "id": 1001,
    "entity_type": "purchase_order",
    "entity_id": "1",
    "action": "created",
    "user": {"id": 123, "name": "John Doe", "role": "foreman"},
    "old_values": None,
    "new_values": {"po_number": "25210-PO-001", "status": "draft", "total_amount": 700.00},
    "ip_address": "192.168.1.100",
    "created_at": "2025-07-29T09:15:00Z",
}


@pytest.fixture
def site():
    return make_site()


def listed(site, **parameters):
    answer = ApiClient(site.admin).get(URL, {"limit": 100, **parameters})
    assert answer.status_code == 200, answer.content
    assert answer.json()["pagination"]["total"] == len(answer.json()["data"])
    return answer.json()["data"]


def test_audit_log_answers_as_documented(site):
    order = make_order(site)
    answer = ApiClient(site.admin).get(URL, {"entity_type": "purchase_order"})
    assert answer.status_code == 200
    assert_shape(answer.json(), {"data": [ROW], "pagination": {"page": 1, "limit": 50, "total": 1250, "pages": 25}})
    [row] = answer.json()["data"]
    assert (row["entity_type"], row["entity_id"], row["action"]) == ("purchase_order", str(order.pk), "created")
    assert row["user"] == {"id": site.foreman.pk, "name": site.foreman.name, "role": "foreman"}
    assert row["old_values"] is None
    assert row["new_values"]["po_number"] == order.po_number
    assert row["new_values"]["total_amount"] == 700.00
    assert row["new_values"]["line_items"][0]["unit_price"] == 12.50
    entry = AuditEntry.objects.get(pk=row["id"])
    assert (row["hash"], row["previous_hash"]) == (entry.hash, entry.previous_hash)
    assert answer.json()["pagination"]["limit"] == 50


def test_call_leaves_its_address_and_request_id(site):
    note = ApiClient(site.foreman, REMOTE_ADDR="192.168.1.100").call(
        "POST", f"/api/v1/purchase-orders/{make_order(site).pk}/notes", {"text": "Look"}
    )
    [row] = listed(site, action="note_added")
    assert (row["ip_address"], row["request_id"]) == ("192.168.1.100", note["X-Request-ID"])


def test_entries_are_newest_first_in_pages_of_fifty(site):
    for number in range(60):
        audit.record(site.project, "updated", actor=None, now=NOW + timedelta(seconds=number))
    client = ApiClient(site.admin)
    first = client.get(URL, {"entity_type": "project"}).json()
    second = client.get(URL, {"entity_type": "project", "page": 2}).json()
    assert (len(first["data"]), first["pagination"]["pages"], first["pagination"]["has_next"]) == (50, 2, True)
    moments = [row["created_at"] for page in (first, second) for row in page["data"]]
    assert moments == sorted(moments, reverse=True)
    assert first["data"][0]["user"] is None


def test_audit_log_has_every_documented_filter(site):
    order = order_in(S.APPROVED, site)
    later = make_order(site, now=NOW + timedelta(days=2))
    about = {"entity_type": "purchase_order"}

    def actions(**parameters):
        return [row["action"] for row in listed(site, **parameters)]

    assert sorted(actions(**about)) == ["approved", "created", "created", "submitted"]
    assert actions(**about, entity_id=later.pk) == ["created"]
    assert sorted(actions(**about, entity_id=order.pk)) == ["approved", "created", "submitted"]
    assert actions(**about, user_id=site.pm.pk) == ["approved"]
    assert actions(**about, action="submitted") == ["submitted"]
    assert actions(**about, date_from="2026-03-12", date_to="2026-03-12") == ["created"]
    assert len(actions(**about, date_to="2026-03-10")) == 3
    assert len(actions(**about, date_from="2026-03-10T09:30:00Z", date_to="2026-03-10T09:30:00Z")) == 3
    assert actions(**about, date_from="2026-03-10T09:30:01Z", date_to="2026-03-11") == []
    assert {row["entity_type"] for row in listed(site, entity_type="user")} == {"user"}
    assert listed(site, entity_type="spaceship") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user_id", "me"),
        ("user_id", "9" * 40),
        ("date_from", "yesterday"),
        ("date_to", "2026-13-01"),
        ("date_to", "9999-12-31T23:59:59"),
        ("entity_type", "\x00"),
        ("action", "x" * 201),
        ("page", "0"),
        ("limit", "none"),
    ],
)
def test_unreadable_filter_is_a_field_error(site, name, value):
    answer = ApiClient(site.admin).get(URL, {name: value})
    assert (answer.status_code, answer.json()["error"]["details"]["field"]) == (400, name)


@pytest.mark.parametrize("role", ["foreman", "superintendent", "pm", "staff", "finance"])
def test_audit_log_is_for_administrators(site, role):
    answer = ApiClient(getattr(site, role)).get(URL)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")
    assert ApiClient().get(URL).status_code == 401


def test_audit_log_is_that_of_ones_own_organization(site):
    other = make_site()
    theirs = make_order(other)
    superuser = other.admin
    type(superuser).objects.filter(pk=superuser.pk).update(is_superuser=True)
    assert listed(site, entity_type="purchase_order") == []
    [row] = listed(other, entity_type="purchase_order")
    assert row["entity_id"] == str(theirs.pk)
    assert not {row["id"] for row in listed(site)} & {row["id"] for row in listed(other)}


def test_amounts_are_numbers_and_other_texts_stay_texts(site):
    order = make_order(site, description="12.50")
    orders.update_order(actor=site.foreman, order=order, changes={"vendor_phone": "100.00"}, now=NOW)
    [updated] = listed(site, action="updated")
    assert updated["new_values"] == {"vendor_phone": "100.00"}
    [created] = listed(site, action="created", entity_type="purchase_order")
    assert created["new_values"]["description"] == "12.50"
    assert created["new_values"]["tax_amount"] == 75.00
