"""Recurring invoices in the API: every method, filter and refusal."""

from copy import deepcopy
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bureau.core.models import AuditEntry
from bureau.sales.models import Invoice, RecurringInvoice
from bureau.sales.services.recurring import create_recurring, make_due_invoices
from tests.clients import ApiClient
from tests.factories.parties import make_customer
from tests.factories.sales import line, make_shop

pytestmark = pytest.mark.django_db
URL = "/api/recurring-invoices/"
ITEM = {"description": "Hosting", "quantity": 2, "unit_price": "19.90", "unit": "month", "tax_code": "GP"}


@pytest.fixture(scope="module")
def first_shop(once):
    return once(make_shop)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


@pytest.fixture
def member(shop):
    return ApiClient(shop.member)


@pytest.fixture
def today():
    return timezone.localdate()


def body(shop, **changes):
    begin = timezone.localdate() + timedelta(days=10)
    given = {"client": shop.customer.pk, "name": "Hosting", "interval": "monthly", "start_date": str(begin)}
    return {**given, "line_items": [ITEM], **changes}


def path(recurring):
    return f"{URL}{recurring if isinstance(recurring, int) else recurring.pk}/"


def make(shop, **options):
    given = {
        "actor": shop.member,
        "customer": shop.customer,
        "lines": [line()],
        "name": "Hosting",
        "now": timezone.now(),
    }
    return create_recurring(**{**given, "interval": "monthly", "start_date": timezone.localdate(), **options})


def made(answer):
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_post_keeps_what_an_invoice_is_made_of(shop, member, today):
    begin = str(today + timedelta(days=10))
    found = made(member.call("POST", URL, body(shop, next_date="2020-01-01", problem="x", owner=shop.other.pk)))
    told = {name: found.pop(name) for name in ("id", "uuid", "created_at", "updated_at")}
    assert found == {
        "name": "Hosting",
        "client": shop.customer.pk,
        "client_name": "Fjord Trading",
        "interval": "monthly",
        "start_date": begin,
        "next_date": begin,
        "end_date": None,
        "payment_days": shop.organization.payment_days,
        "line_items": [
            {
                "description": "Hosting",
                "quantity": 2,
                "unit": "month",
                "unit_price": "19.90",
                "discount_percent": "0.00",
                "tax_code": "GP",
            }
        ],
        "terms": shop.organization.invoice_terms,
        "notes": "",
        "send": False,
        "active": True,
        "problem": "",
        "owner": shop.member.pk,
    }
    assert member.call("GET", path(told["id"])).json() == {**found, **told}
    assert member.call("GET", URL).json()["results"] == [{**found, **told}]
    assert not Invoice.objects.exists(), "its date has not come"
    entry = AuditEntry.objects.get(entity_type="recurring_invoice")
    assert (entry.action, entry.user, entry.new_values["lines"][0]["unit_price"]) == ("created", shop.member, "19.90")


def test_invoices_are_made_of_what_was_given(shop, member, today):
    given = {"send": True, "payment_days": 7, "terms": "Net 7", "notes": "Thank you", "start_date": str(today)}
    made(member.call("POST", URL, body(shop, **given)))
    assert make_due_invoices(now=timezone.now()) == 1
    [invoice] = member.call("GET", "/api/invoices/").json()["results"]
    assert (invoice["total_amount"], invoice["sent"], invoice["owner"]) == ("44.58", True, shop.member.pk)
    assert (invoice["issue_date"], invoice["due_date"]) == (str(today), str(today + timedelta(days=7)))
    assert (invoice["terms"], invoice["notes"]) == ("Net 7", "Thank you")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"client": None}, "client"),
        ({"client": 2**40}, "client"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"interval": "daily"}, "interval"),
        ({"interval": None}, "interval"),
        ({"start_date": None}, "start_date"),
        ({"start_date": "soon"}, "start_date"),
        ({"start_date": "1989-12-31"}, "start_date"),
        ({"end_date": "2020-01-01"}, "end_date"),
        ({"payment_days": -1}, "payment_days"),
        ({"payment_days": 366}, "payment_days"),
        ({"line_items": []}, "line_items"),
        ({"line_items": "x"}, "line_items"),
        ({"line_items": [{**ITEM, "quantity": 0}]}, "line_items.0.quantity"),
        ({"line_items": [{**ITEM, "tax_code": "NONE"}]}, "line_items.0.tax_code"),
        ({"line_items": [{**ITEM, "unit_price": "1.001"}]}, "line_items.0.unit_price"),
        ({"send": "perhaps"}, "send"),
    ],
)
def test_what_cannot_be_read_is_a_field_error_and_keeps_nothing(shop, member, changes, field):
    answer = member.call("POST", URL, body(shop, **changes))
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == [field]
    assert not RecurringInvoice.objects.exists()


@pytest.mark.parametrize("field", ["name", "interval", "start_date", "line_items", "client"])
def test_what_is_needed_cannot_be_left_out(shop, member, field):
    given = body(shop)
    del given[field]
    answer = member.call("POST", URL, given)
    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])


def test_foreign_client_is_refused_in_the_words_of_an_unknown_one(shop, member):
    refused = [
        member.call("POST", URL, body(shop, client=pk)).json()["details"]
        for pk in (make_shop().customer.pk, make_customer(shop.organization, owner=shop.other).pk, 2**40)
    ]
    assert refused == [{"client": ["There is no such client."]}] * 3
    under = member.call("POST", URL, {**body(shop), "client": 2**40, "customer": 2**40}).json()["details"]
    assert list(under) == ["client"]


def test_patch_changes_what_is_named_and_put_leaves_the_rest(shop, member, today):
    recurring = make(shop, start_date=today + timedelta(days=5))
    other = make_customer(shop.organization, owner=shop.member)
    changed = member.call("PATCH", path(recurring), {"name": "Care", "customer": other.pk, "send": True})
    assert changed.status_code == 200, changed.content
    assert (changed.json()["name"], changed.json()["client"], changed.json()["send"]) == ("Care", other.pk, True)
    assert changed.json()["next_date"] == str(today + timedelta(days=5))
    put = member.call("PUT", path(recurring), {"interval": "weekly", "start_date": str(today + timedelta(days=1))})
    assert (put.json()["name"], put.json()["next_date"]) == ("Care", str(today + timedelta(days=1)))
    lines = member.call("PATCH", path(recurring), {"line_items": [ITEM]}).json()["line_items"]
    assert [row["unit_price"] for row in lines] == ["19.90"]
    bad = member.call("PATCH", path(recurring), {"name": "", "interval": "weekly"})
    assert bad.status_code == 400
    assert member.call("GET", path(recurring)).json()["name"] == "Care"
    entries = AuditEntry.objects.filter(entity_type="recurring_invoice").order_by("position")
    assert list(entries.values_list("action", flat=True)) == ["created", "updated", "updated", "updated"]


def test_paused_one_makes_nothing_and_is_resumed_from_today_on(shop, member, today):
    begin = today - timedelta(weeks=3)
    recurring = make(shop, interval="weekly", start_date=begin, now=timezone.now() - timedelta(weeks=3))
    now = timezone.now()
    make_due_invoices(now=now - timedelta(weeks=3))
    assert member.call("PATCH", path(recurring), {"active": False}).json()["active"] is False
    assert make_due_invoices(now=now) == 0
    resumed = member.call("PATCH", path(recurring), {"active": True}).json()
    assert (resumed["active"], resumed["next_date"]) == (True, str(today))
    assert member.call("PATCH", path(recurring), {"notes": "x"}).json()["next_date"] == str(today)
    longer = member.call("PATCH", path(recurring), {"end_date": str(today + timedelta(days=365))}).json()
    assert longer["next_date"] == str(today), "what was left out does not come back by a change"
    assert make_due_invoices(now=now) == 1
    assert Invoice.objects.count() == 2


def test_new_one_may_begin_paused(shop, member, today):
    found = made(member.call("POST", URL, body(shop, active=False, start_date=str(today))))
    assert found["active"] is False
    assert make_due_invoices(now=timezone.now()) == 0


def test_delete_leaves_the_invoices_that_it_made(shop, member):
    recurring = make(shop)
    make_due_invoices(now=timezone.now())
    answer = member.call("DELETE", path(recurring))
    assert (answer.status_code, answer.content) == (204, b"")
    assert member.call("GET", path(recurring)).status_code == 404
    assert Invoice.objects.get().recurring is None
    assert AuditEntry.objects.filter(entity_type="recurring_invoice", action="deleted").exists()


def test_whoever_sees_one_works_on_it_and_nobody_else_finds_it(shop, member):
    recurring = make(shop)
    for user in (shop.admin, shop.staff, shop.member):
        assert ApiClient(user).call("PATCH", path(recurring), {"notes": user.username}).status_code == 200
    for user in (shop.other, make_shop().admin):
        caller = ApiClient(user)
        assert caller.call("GET", URL).json()["results"] == []
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            assert caller.call(method, path(recurring), {}).status_code == 404, method
    assert ApiClient().call("GET", URL).status_code == 401


def test_owner_is_named_by_those_who_see_the_organization(shop, member):
    staff = ApiClient(shop.staff)
    found = made(staff.call("POST", URL, body(shop, owner=shop.member.pk)))
    assert found["owner"] == shop.member.pk
    assert staff.call("PATCH", path(found["id"]), {"owner": shop.other.pk}).json()["owner"] == shop.other.pk
    refused = staff.call("PATCH", path(found["id"]), {"owner": make_shop().member.pk})
    assert (refused.status_code, list(refused.json()["details"])) == (400, ["owner"])


def test_list_is_filtered_ordered_and_paged(shop, member, today):
    other = make_customer(shop.organization, owner=shop.member)
    first = make(shop, name="Hosting")
    make(shop, name="Care", interval="yearly", active=False)
    make(shop, name="Backup", customer=other, start_date=today + timedelta(days=40))
    for query, names in (
        ({}, ["Backup", "Care", "Hosting"]),
        ({"active": "true"}, ["Backup", "Hosting"]),
        ({"active": "false"}, ["Care"]),
        ({"client": other.pk}, ["Backup"]),
        ({"customer": shop.customer.pk}, ["Care", "Hosting"]),
        ({"interval": "yearly"}, ["Care"]),
        ({"owner": shop.other.pk}, []),
        ({"search": "hosting fjord"}, ["Hosting"]),
        ({"next_date__gte": str(today + timedelta(days=1))}, ["Backup"]),
        ({"next_date__lte": str(today)}, ["Care", "Hosting"]),
        ({"ordering": "name"}, ["Backup", "Care", "Hosting"]),
        ({"ordering": "-next_date,name"}, ["Backup", "Care", "Hosting"]),
        ({"created_at__gte": str(date(2099, 1, 1))}, []),
    ):
        found = member.call("GET", URL, query).json()
        assert [row["name"] for row in found["results"]] == names, query
        assert found["count"] == len(names)
    assert list(member.call("GET", URL, {"page_size": 1}).json()) == ["count", "next", "previous", "results"]
    for query in ({"active": "maybe"}, {"client": "x"}, {"interval": "daily"}, {"ordering": "lines"}):
        answer = member.call("GET", URL, query)
        assert (answer.status_code, list(answer.json()["details"])) == (400, list(query)), query
    assert first.pk


def test_list_costs_the_same_queries_for_one_and_for_three(shop, member):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert member.call("GET", URL).status_code == 200
        return len(captured)

    make(shop)
    queries()  # what is loaded once a process
    few = queries()
    for name in ("Care", "Backup"):
        make(shop, name=name, customer=make_customer(shop.organization, owner=shop.member))
    assert queries() == few


def test_problem_is_shown_until_it_is_put_right(shop, member):
    recurring = make(shop)
    shop.organization.tax_codes.filter(code="GP").update(active=False)
    assert make_due_invoices(now=timezone.now()) == 0
    assert member.call("GET", path(recurring)).json()["problem"]
    lines = [{**ITEM, "tax_code": "GST_0"}]
    assert member.call("PATCH", path(recurring), {"line_items": lines}).json()["problem"] == ""
    assert make_due_invoices(now=timezone.now()) == 1
