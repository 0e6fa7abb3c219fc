"""From a request to an order, and from an order to its vendor, in the pages."""

import pytest
from django.urls import reverse

from bureau.core.models import AuditEntry, Job
from bureau.purchasing.models import PurchaseOrder
from bureau.purchasing.states import RequestStatus
from tests.factories.accounts import make_user
from tests.factories.orders import make_cost_code, make_order, make_project, make_site, order_in
from tests.factories.purchasing import request_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def pm(office):
    return make_user(office.organization, role="pm")


@pytest.fixture
def code(office, pm):
    project = make_project(office.organization, "PRJ001", members=[pm])
    return make_cost_code(project, "CC-001", budget="150000.00")


def page_of(request, name="request"):
    return reverse(f"web:{name}", args=[request.uuid])


def test_approved_request_offers_an_order_to_who_makes_orders(sign_in, office, pm, code):
    request = request_in(RequestStatus.COMPLETED, office)
    shown = sign_in(pm).get(page_of(request)).content.decode()
    assert 'data-dialog="order-dialog"' in shown
    assert "PRJ001 · CC-001 Site Preparation" in shown
    assert "order-dialog" not in sign_in(office.requester).get(page_of(request)).content.decode()
    waiting = request_in(RequestStatus.IN_REVIEW, office)
    assert "order-dialog" not in sign_in(pm).get(page_of(waiting)).content.decode()


def test_dialog_makes_the_order_and_both_pages_name_each_other(sign_in, office, pm, code):
    request = request_in(RequestStatus.COMPLETED, office)
    browser = sign_in(pm)
    answer = browser.post(page_of(request, "request-order"), {"cost_code": code.pk, "vendor_name": "Lumen Optics"})
    order = PurchaseOrder.objects.get()
    assert answer.url == reverse("web:order", args=[order.pk])
    assert (order.request, order.vendor_name, order.cost_code) == (request, "Lumen Optics", code)
    shown = browser.get(page_of(request)).content.decode()
    assert answer.url in shown
    assert "order-dialog" not in shown
    assert page_of(request) in browser.get(answer.url).content.decode()


def test_order_that_one_does_not_see_is_not_linked(sign_in, office, pm, code):
    request = request_in(RequestStatus.COMPLETED, office)
    sign_in(pm).post(page_of(request, "request-order"), {"cost_code": code.pk})
    shown = sign_in(office.requester).get(page_of(request)).content.decode()
    assert PurchaseOrder.objects.get().po_number not in shown


def test_choice_is_asked_for_beside_its_field(sign_in, office, pm, code):
    request = request_in(RequestStatus.COMPLETED, office)
    foreign = make_cost_code(make_project(make_site().organization, "OTHER"), "CC-001")
    browser = sign_in(pm)
    for chosen in ("", "x", foreign.pk):
        answer = browser.post(page_of(request, "request-order"), {"cost_code": chosen, "vendor_name": "Lumen <Optics>"})
        assert answer.status_code == 422
        assert "Choose what it is bought for." in answer.content.decode()
        assert "Lumen &lt;Optics&gt;" in answer.content.decode()
    assert not PurchaseOrder.objects.exists()


def test_page_of_its_own_works_without_script(sign_in, office, pm, code):
    request = request_in(RequestStatus.COMPLETED, office)
    answer = sign_in(pm).get(page_of(request, "request-order"))
    assert answer.status_code == 200
    assert "Make the order" in answer.content.decode()
    assert sign_in(office.requester).get(page_of(request, "request-order")).status_code == 403


def test_pdf_opens_in_the_browser(sign_in):
    site = make_site()
    order = make_order(site)
    answer = sign_in(site.foreman).get(reverse("web:order-pdf", args=[order.pk]))
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'inline; filename="{order.po_number}.pdf"'
    assert AuditEntry.objects.filter(action="downloaded", entity_id=str(order.pk)).count() == 1


def test_order_is_sent_from_its_page(sign_in):
    site = make_site()
    order = order_in("approved", site, vendor=site.vendor)
    browser = sign_in(site.foreman)
    path = reverse("web:order-send", args=[order.pk])
    shown = browser.get(path).content.decode()
    assert "jane@abcsupply.com" in shown
    assert "orders@abcsupply.com" in shown
    answer = browser.post(path, {"to": "orders@abcsupply.com", "message": "Gate 2."}, follow=True)
    assert [str(message) for message in answer.context["messages"]] == [
        f"{order.po_number} is on its way to orders@abcsupply.com."
    ]
    assert Job.objects.get(kind="send_order").payload["to"] == "orders@abcsupply.com"


def test_refused_address_comes_back_with_the_message(sign_in):
    site = make_site()
    order = order_in("approved", site)
    answer = sign_in(site.foreman).post(
        reverse("web:order-send", args=[order.pk]), {"to": "mallory@example.com", "message": "Gate <2>"}
    )
    assert answer.status_code == 422
    assert "not an address of the vendor" in answer.content.decode()
    assert "Gate &lt;2&gt;" in answer.content.decode()
    assert not Job.objects.filter(kind="send_order").exists()


def test_draft_is_not_sent(sign_in):
    site = make_site()
    order = make_order(site)
    assert sign_in(site.foreman).get(reverse("web:order-send", args=[order.pk])).status_code == 403
