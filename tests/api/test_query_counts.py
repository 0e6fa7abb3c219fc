"""No list, and no detail, costs more queries for more rows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bureau.purchasing.states import RequestStatus as S
from tests.clients import ApiClient
from tests.factories.accounts import make_user
from tests.factories.bills import enter, receive
from tests.factories.orders import make_site, order_in
from tests.factories.purchasing import STANDARD_STEPS, make_form, make_office, make_workflow, request_in

pytestmark = pytest.mark.django_db

LISTS = {
    "simple-requests": "requester",
    "requests": "admin",
    "inbox": "manager",
    "finance-inbox": "finance",
    "form-templates": "requester",
    "workflows": "requester",
    "teams": "requester",
    "users": "admin",
    "auth-users": "admin",
    "po-users": "admin",
    "jobs": "admin",
    "roles": "requester",
}


def queries(client, path):
    client.call("GET", path)  # what is loaded once a process
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = client.call("GET", path)
    assert answer.status_code == 200, answer.content
    return len(captured)


def more(office):
    request_in(S.PENDING_APPROVAL, office)
    request_in(S.FINANCE_REVIEW, office)
    make_form(office)
    make_workflow(office, steps=STANDARD_STEPS)
    make_user(office.organization)


@pytest.mark.parametrize(("name", "who"), LISTS.items())
def test_list_costs_the_same_queries_for_one_row_and_for_many(name, who):
    office = make_office()
    client = ApiClient(getattr(office, who))
    more(office)
    few = queries(client, reverse(f"api:{name}"))
    more(office)
    more(office)
    assert queries(client, reverse(f"api:{name}")) == few


def test_page_of_a_list_costs_three_queries():
    """The caller, the count, the rows."""
    office = make_office()
    more(office)
    assert queries(ApiClient(office.admin), reverse("api:requests")) == 3


def test_detail_costs_the_same_queries_whatever_hangs_on_it():
    office = make_office()
    bare, full = request_in(S.DRAFT, office), request_in(S.COMPLETED, office)
    client = ApiClient(office.admin)
    path = [reverse("api:request", kwargs={"request_id": record.uuid}) for record in (bare, full)]
    assert queries(client, path[0]) == queries(client, path[1]) <= 7


def test_bills_and_receipts_cost_the_same_queries_for_one_and_for_three():
    site = make_site()
    order = order_in("approved", site)
    lists = [
        (ApiClient(site.finance), reverse("api:bills")),
        (ApiClient(site.foreman), reverse("api:order-receipts", kwargs={"pk": order.pk})),
    ]

    def add(number):
        receive(order, "10")
        enter(site, order, bill_number=str(number))

    add(1)
    few = [queries(client, path) for client, path in lists]
    add(2)
    add(3)
    assert [queries(client, path) for client, path in lists] == few
