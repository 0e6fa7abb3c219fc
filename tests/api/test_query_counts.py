"""No list, and no detail, costs more queries for more rows."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bureau.cases.services.cases import add_note, advance_workflow
from bureau.cases.services.links import create_link
from bureau.purchasing.services import orders
from bureau.purchasing.states import RequestStatus as S
from bureau.sales.services import quotes
from bureau.sales.services.invoices import cancel_invoice, issue_invoice
from bureau.sales.services.payments import mark_as_paid
from tests.clients import ApiClient
from tests.factories.accounts import make_organization, make_user
from tests.factories.bills import enter, receive
from tests.factories.cases import fill_required, make_agency, make_case
from tests.factories.orders import attach as file_up
from tests.factories.orders import make_cost_code, make_project, make_site, make_vendor, order_in
from tests.factories.parties import make_customer
from tests.factories.products import make_product
from tests.factories.purchasing import NOW, STANDARD_STEPS, make_form, make_office, make_workflow, request_in
from tests.factories.sales import line, make_invoice, make_quote, make_shop

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


ORDER_LISTS = {
    "orders": "foreman",
    "projects": "admin",
    "vendors": "foreman",
    "audit-logs": "admin",
    "po-users": "pm",
}


def one_more(site, number):
    """An order with all that hangs on one, and one more of everything that is listed."""
    order = order_in("approved", site, type="rolling", ceiling_amount=Decimal(900))
    file_up(order)
    orders.release(actor=site.foreman, order=order, amount=Decimal(5), now=NOW)
    orders.add_note(actor=site.foreman, order=order, text="Look", now=NOW)
    make_cost_code(make_project(site.organization, f"MORE{number}"), "CC-001")
    make_cost_code(site.project, f"CC-MORE{number}")
    make_vendor(site.organization, f"MORE{number}", f"Vendor {number}")
    make_user(site.organization)
    return order


@pytest.mark.parametrize(("name", "who"), ORDER_LISTS.items())
@pytest.mark.parametrize("parameters", ["", "?page=1&limit=5&search=e"])
def test_list_of_the_order_tool_costs_the_same_queries_for_one_row_and_for_three(name, who, parameters):
    site = make_site()
    client = ApiClient(getattr(site, who))
    path = reverse(f"api:{name}") + parameters
    one_more(site, 1)
    few = queries(client, path)
    one_more(site, 2)
    one_more(site, 3)
    assert queries(client, path) == few <= 3


def test_what_hangs_on_an_order_costs_the_same_queries_for_one_and_for_three():
    site = make_site()
    client = ApiClient(site.foreman)
    order = one_more(site, 1)
    paths = [reverse(f"api:order-{name}", kwargs={"pk": order.pk}) for name in ("files", "notes", "releases")]
    paths += [reverse("api:order", kwargs={"pk": order.pk}), reverse("api:cost-codes", kwargs={"project_id": "PRJ001"})]
    few = [queries(client, path) for path in paths]
    for number in range(2):
        file_up(order)
        orders.add_note(actor=site.foreman, order=order, text="Again", now=NOW)
        orders.release(actor=site.foreman, order=order, amount=Decimal(5), now=NOW)
        make_cost_code(site.project, f"CC-AGAIN{number}")
    assert [queries(client, path) for path in paths] == few
    assert few == [3, 3, 3, 7, 3]


def test_products_and_document_types_cost_the_same_queries_for_one_and_for_three():
    organization = make_organization()
    client = ApiClient(make_user(organization))
    bare, full = make_product(organization, tasks=1, required=1, optional=0), make_product(organization, tasks=5)
    paths = [reverse("api:products"), reverse("api:document-types"), reverse("api:products-by-type", args=["visa"])]
    few = [queries(client, path) for path in paths]
    for _ in range(3):
        make_product(organization, product_type="visa")
    assert [queries(client, path) for path in paths[:2]] == few[:2] == [3, 3]
    assert queries(client, paths[2]) <= 3
    details = [reverse("api:product", kwargs={"pk": product.pk}) for product in (bare, full)]
    assert queries(client, details[0]) == queries(client, details[1]) <= 4


@pytest.mark.parametrize("who", ["member", "staff"])
def test_clients_and_customers_cost_the_same_queries_for_one_and_for_three(who):
    organization = make_organization()
    person = make_user(organization, role=who)
    client = ApiClient(person)
    parameters = "?search=jane&ordering=-name,created_at&created_at__gte=2020-01-01"
    lists = [f"{reverse(f'api:{name}')}{given}" for name in ("clients", "customers") for given in ("", parameters)]
    customer = make_customer(organization, person)
    assert [queries(client, path) for path in lists] == [3, 3, 3, 3]
    for _ in range(2):
        make_customer(organization, person)
    assert [queries(client, path) for path in lists] == [3, 3, 3, 3]
    assert queries(client, reverse("api:customer", kwargs={"pk": customer.pk})) == 2
    assert queries(client, reverse("api:client", kwargs={"pk": customer.pk})) == 2


def test_cases_and_documents_cost_the_same_queries_for_one_and_for_three():
    agency = make_agency()
    client = ApiClient(agency.member)
    parameters = "?search=jane&overdue=false&ordering=-created_at,id&created_at__gte=2020-01-01"
    lists = [f"{reverse(f'api:{name}')}{given}" for name in ("cases", "documents") for given in ("", parameters)]
    bare = make_case(agency, product=make_product(agency.organization, tasks=1, required=1, optional=0))
    few = [queries(client, path) for path in lists]
    full = make_case(agency)
    fill_required(full, actor=agency.member)
    advance_workflow(actor=agency.member, case=full, now=NOW)
    assert [queries(client, path) for path in lists] == few == [3, 3, 3, 3]
    details = [reverse("api:case", kwargs={"pk": case.pk}) for case in (bare, full)]
    assert queries(client, details[0]) == queries(client, details[1]) <= 8
    assert queries(client, reverse("api:document", kwargs={"pk": full.documents.all()[0].pk})) == 2


def test_quotes_and_their_versions_cost_the_same_queries_for_one_and_for_three():
    shop = make_shop()
    client = ApiClient(shop.member)
    parameters = "?search=fjord&status=expired&client=1&ordering=-created_at,id&created_at__gte=2020-01-01"
    lists = [f"{reverse('api:quotes')}{given}" for given in ("", parameters.replace("=1&", f"={shop.customer.pk}&"))]

    def add(lines, day):
        quote = make_quote(shop, lines=[line(f"Line {n}") for n in range(lines)], expiry_date=day, issue_date=day)
        quotes.mark_quote_sent(actor=shop.member, quote=quote, now=NOW)
        return quote

    bare = add(1, date(2020, 1, 1))
    few = [queries(client, path) for path in lists]
    full = add(5, date(2020, 1, 1))
    add(2, date(2020, 1, 1))
    assert [queries(client, path) for path in lists] == few == [4, 4]
    details = [reverse("api:quote", kwargs={"pk": quote.pk}) for quote in (bare, full)]
    assert queries(client, details[0]) == queries(client, details[1]) == 3
    versions = [reverse("api:quote-versions", kwargs={"pk": quote.pk}) for quote in (bare, full)]
    quotes.update_quote(
        actor=shop.member, quote=full, changes={"notes": "New", "expiry_date": date(2099, 1, 1)}, now=NOW
    )
    quotes.mark_quote_sent(actor=shop.member, quote=full, now=NOW)
    assert queries(client, versions[0]) == queries(client, versions[1])


def test_notes_and_links_of_a_case_cost_the_same_queries_for_one_and_for_three():
    agency = make_agency()
    case, client = make_case(agency), ApiClient(agency.member)
    paths = [reverse(f"api:case-{name}", kwargs={"pk": case.pk}) for name in ("notes", "links")]

    def add():
        add_note(actor=agency.member, case=case, text="Look", now=NOW)
        create_link(actor=agency.member, case=case, now=NOW)

    add()
    few = [queries(client, path) for path in paths]
    add()
    add()
    assert [queries(client, path) for path in paths] == few


def test_invoices_and_payments_cost_the_same_queries_for_one_and_for_three():
    agency = make_agency()
    client, parameters = ApiClient(agency.member), "?search=jane&status=paid&ordering=-balance,invoice_number"
    billed = [reverse("api:invoices"), reverse("api:invoices") + parameters]
    lists = [*billed, reverse("api:payments"), reverse("api:credit-notes")]
    lists.append(reverse("api:billable-cases", kwargs={"customer_id": agency.customer.pk}))
    made = []

    def add(*, cases):
        make_case(agency)
        lines = [line("", "1", "50.00", case=make_case(agency)) for _ in range(cases)]
        paid, credited = make_invoice(agency, lines=[line(), *lines]), make_invoice(agency)
        mark_as_paid(actor=agency.member, invoice=paid, payment_method="cash", payment_date=NOW.date(), now=NOW)
        issue_invoice(actor=agency.member, invoice=credited, now=NOW)
        cancel_invoice(actor=agency.member, invoice=credited, now=NOW)
        made.append(paid.pk)

    make_invoice(agency)
    assert queries(client, billed[0]) == 6
    add(cases=1)
    few = [queries(client, path) for path in lists]
    add(cases=3)
    add(cases=2)
    assert [queries(client, path) for path in lists] == few == [6, 6, 4, 3, 4]
    details = [reverse("api:invoice", kwargs={"pk": pk}) for pk in [*made, make_invoice(agency).pk]]
    assert [queries(client, path) for path in details] == [5, 5, 5, 5]


def test_draft_of_many_lines_costs_the_queries_of_one():
    shop = make_shop()
    client = ApiClient(shop.member)

    def made(lines):
        item = {"description": "Hours", "quantity": 1, "unit_price": "80.00", "tax_code": "GP"}
        with CaptureQueriesContext(connection) as captured:
            answer = client.call("POST", "/api/invoices/", {"client": shop.customer.pk, "line_items": [item] * lines})
        assert answer.status_code == 201, answer.content
        return len(captured)

    made(1)
    assert made(1) == made(50)
