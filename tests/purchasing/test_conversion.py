"""A request becomes an order: when, by whom, with what, and once."""

from decimal import Decimal

import pytest

from bureau.core.models import AuditEntry, TaxCode
from bureau.kit.errors import Conflict, Forbidden, WrongState
from bureau.purchasing.models import OrderLine, PurchaseOrder, PurchaseRequest
from bureau.purchasing.selectors import conversion as selectors
from bureau.purchasing.services import orders
from bureau.purchasing.services.content import ItemInput
from bureau.purchasing.services.conversion import create_order_from_request
from bureau.purchasing.states import RequestStatus
from tests.crowds import at_once
from tests.factories.accounts import make_user
from tests.factories.orders import NOW, make_cost_code, make_project, make_vendor
from tests.factories.purchasing import Office, make_office, request_in

pytestmark = pytest.mark.django_db
APPROVED = (RequestStatus.FULLY_APPROVED, RequestStatus.FINANCE_REVIEW, RequestStatus.COMPLETED)


def make_buyer(office: Office) -> dict:
    """A project manager of the office, and where they order."""
    pm = make_user(office.organization, role="pm")
    project = make_project(office.organization, "PRJ001", members=[pm])
    return {"actor": pm, "project": project, "cost_code": make_cost_code(project, "CC-001", budget="150000.00")}


def convert(request: PurchaseRequest, buyer: dict, **options) -> PurchaseOrder:
    return create_order_from_request(**{**buyer, "request": request, "now": NOW, **options})


@pytest.mark.parametrize("status", APPROVED)
def test_lines_are_carried_over(status):
    office = make_office()
    office.organization.default_tax_code = "GP"
    office.organization.save()
    items = [
        ItemInput(description="A4 paper", quantity=Decimal("12.5"), unit_price=Decimal("24.90")),
        ItemInput(description="Ink", quantity=Decimal(2), unit_price=Decimal("38.50")),
    ]
    request = request_in(status, office, items=items, vendor_name="Office Depot")
    buyer = make_buyer(office)
    order = convert(request, buyer)
    rows = OrderLine.objects.filter(order=order)
    assert list(rows.values_list("description", "quantity", "unit", "unit_price", "category", "tax_code")) == [
        ("A4 paper", Decimal("12.500"), "pcs", Decimal("24.90"), "MA", "GP"),
        ("Ink", Decimal("2.000"), "pcs", Decimal("38.50"), "MA", "GP"),
    ]
    assert (order.status, order.type, order.vendor_name, order.created_by) == (
        "draft", "standard", "Office Depot", buyer["actor"],
    )  # fmt: skip
    assert order.subtotal == request.amount
    assert order.request == request
    assert selectors.order_of(request) == order
    entry = AuditEntry.objects.get(action="ordered")
    assert (entry.entity_id, entry.new_values["po_number"]) == (str(request.pk), order.po_number)


def test_request_without_lines_gives_one_of_its_subject():
    office = make_office()
    request = request_in(RequestStatus.COMPLETED, office, subject="Camera lenses")
    [line] = convert(request, make_buyer(office)).lines.all()
    assert (line.description, line.quantity, line.net_amount) == ("Camera lenses", 1, request.amount)
    assert TaxCode.objects.get(organization=office.organization, code=line.tax_code).rate == line.tax_rate


def test_known_vendor_brings_their_address_along():
    office = make_office()
    vendor = make_vendor(office.organization, contact_name="Jane Smith")
    order = convert(request_in(RequestStatus.COMPLETED, office, vendor_name="abc supply co."), make_buyer(office))
    assert (order.vendor, order.vendor_email, order.vendor_contact_name) == (
        vendor, "orders@abcsupply.com", "Jane Smith",
    )  # fmt: skip


def test_request_without_vendor_takes_the_one_that_is_given():
    office = make_office()
    request = request_in(RequestStatus.COMPLETED, office)
    assert request.vendor_name == ""
    buyer = make_buyer(office)
    order = convert(request, buyer)
    assert order.vendor_name == "Vendor not chosen yet"
    orders.delete_order(actor=buyer["actor"], order=order, now=NOW)
    assert convert(request, buyer, vendor_name="Lumen Optics").vendor_name == "Lumen Optics"


@pytest.mark.parametrize("status", sorted({*RequestStatus} - {*APPROVED}))
def test_request_that_is_not_approved_is_refused(status):
    office = make_office()
    request = request_in(status, office)
    buyer = make_buyer(office)
    assert not selectors.can_order_request(request, buyer["actor"])
    with pytest.raises(WrongState, match="approved"):
        convert(request, buyer)
    assert not PurchaseOrder.objects.exists()


def test_second_order_is_refused_while_the_first_counts():
    office = make_office()
    request = request_in(RequestStatus.COMPLETED, office)
    buyer = make_buyer(office)
    first = convert(request, buyer)
    with pytest.raises(Conflict, match=first.po_number):
        convert(request, buyer)
    assert "already" in selectors.can_order_request(request, buyer["actor"]).reason
    orders.cancel_order(actor=buyer["actor"], order=first, reason="Wrong project", now=NOW)
    second = convert(request, buyer)
    assert selectors.order_of(request) == second
    assert list(selectors.orders_of_request(request, buyer["actor"])) == [first, second]


def test_only_who_creates_orders_may():
    office = make_office()
    request = request_in(RequestStatus.COMPLETED, office)
    buyer = make_buyer(office)
    for role in ("member", "staff"):
        person = make_user(office.organization, role=role)
        assert not selectors.can_order_request(request, person)
        with pytest.raises(Forbidden):
            convert(request, buyer, actor=person)
    stranger = make_user(role="admin")
    assert not selectors.can_order_request(request, stranger)
    with pytest.raises(Forbidden):
        convert(request, buyer, actor=stranger)


def test_places_to_order_on_are_active_ones_of_the_own_projects():
    office = make_office()
    foreman = make_user(office.organization, role="foreman")
    theirs = make_project(office.organization, "PRJ001", members=[foreman])
    on = make_cost_code(theirs, "CC-001")
    make_cost_code(theirs, "CC-009", active=False)
    make_cost_code(make_project(office.organization, "PRJ002"), "CC-001")
    make_cost_code(make_project(office.organization, "PRJ003", members=[foreman], status="closed"), "CC-001")
    assert list(selectors.codes_to_order_on(foreman)) == [on]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True, reset_sequences=False)
def test_many_at_once_make_one_order():
    office = make_office()
    request = request_in(RequestStatus.COMPLETED, office)
    buyer = make_buyer(office)
    assert at_once([lambda: convert(request, buyer)] * 12) == {"done": 1, "Conflict": 11}
    assert PurchaseOrder.objects.filter(request=request).count() == 1
