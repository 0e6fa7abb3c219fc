"""How pages of lists are read: keys first, rows after, and nothing is counted that need not be."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Count
from django.test.utils import CaptureQueriesContext

from bureau.api.filters import Filter, Ordering, narrowing, since, until
from bureau.core.models import User
from bureau.core.prepared import PreparedForUser, page_of
from bureau.purchasing.models import PurchaseOrder
from tests.clients import ApiClient
from tests.factories.accounts import make_organization, make_user
from tests.factories.orders import NOW, make_order, make_site, order_in

pytestmark = pytest.mark.django_db
ORDERS = "/api/v1/purchase-orders"
PEOPLE = "/api/auth/users/"


@pytest.fixture
def site():
    return make_site()


def newest_first():
    return PurchaseOrder.objects.order_by("-created_at", "-pk")


@pytest.mark.parametrize(
    "narrowed",
    [
        lambda rows: rows,
        lambda rows: rows.filter(project__code="PRJ001"),
        lambda rows: rows.filter(project__memberships__user__role="foreman"),
        lambda rows: rows.select_related("project", "submitted_by"),
        lambda rows: rows.prefetch_related("lines"),
        lambda rows: rows.annotate(count=Count("lines")),
        lambda rows: rows.filter(lines__unit="pcs").distinct(),
        lambda rows: rows.order_by("project__code", "created_by__username", "pk"),
    ],
)
def test_page_holds_what_a_slice_would(site, narrowed):
    for number in range(5):
        make_order(site, now=NOW + timedelta(minutes=number % 3))
    rows = narrowed(newest_first())
    assert list(page_of(rows, 1, 3)) == list(rows[1:4])
    assert list(page_of(rows, 4, 3)) == list(rows[4:7])
    assert list(page_of(rows, 9, 3)) == []


def test_page_reads_joined_records_with_the_rows(site):
    make_order(site)
    with CaptureQueriesContext(connection) as captured:
        [order] = page_of(newest_first().select_related("project").prefetch_related("lines"), 0, 5)
        assert (order.project.code, len(order.lines.all())) == ("PRJ001", 1)
    assert len(captured) == 2


@pytest.mark.once  # the plans of SQLite
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"type": "standard"},
        {"status": "draft", "type": "standard"},
        {"date_from": "2026-01-01", "date_to": "2026-03-31"},
        {"project_id": "PRJ001"},
    ],
)
def test_pages_and_totals_come_from_an_index_alone(site, parameters):
    make_order(site)
    client = ApiClient(site.admin)
    client.get(ORDERS, parameters)
    with CaptureQueriesContext(connection) as captured:
        assert len(client.get(ORDERS, parameters).json()["data"]) == 1
    total, rows = (query["sql"] for query in captured.captured_queries[-2:])
    assert "JOIN" not in total or "project_id" in parameters
    for sql in (total, rows):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = [row[-1] for row in cursor.fetchall()]
        assert any("USING COVERING INDEX order_" in step for step in plan), plan


def test_far_page_continues_where_the_one_before_ended(site):
    made = [make_order(site, now=NOW + timedelta(minutes=number)).pk for number in range(7)]
    client = ApiClient(site.foreman)
    pages = [client.get(ORDERS, {"limit": 2, "page": page}).json() for page in (1, 2, 3, 4, 5)]
    assert [row["id"] for page in pages for row in page["data"]] == made[::-1]
    assert [page["pagination"]["has_next"] for page in pages] == [True, True, True, False, False]
    assert {page["pagination"]["total"] for page in pages} == {7}
    assert pages[4]["data"] == []


def test_own_list_holds_exactly_what_one_may_see(site):
    """The list is found from the person's side; a record is asked about from its own."""
    order_in("approved", site)
    order_in("submitted", site, actor=site.superintendent)
    order_in("draft", site, actor=site.pm)
    elsewhere = make_site()
    order_in("approved", elsewhere)
    for user in User.objects.all():
        seen = PurchaseOrder.objects.visible_to(user).values_list("pk", flat=True)
        listed = PurchaseOrder.objects.listed_for(user).values_list("pk", flat=True)
        assert sorted(listed) == sorted(seen), user.role
    assert PurchaseOrder.objects.listed_for(site.foreman).count() == 3
    assert PurchaseOrder.objects.listed_for(site.finance).count() == 0


def test_dates_of_filters_are_days_or_moments():
    assert since("2026-03-10").isoformat() == "2026-03-10T00:00:00+00:00"
    assert until("2026-03-10").isoformat() == "2026-03-11T00:00:00+00:00"
    assert since("2026-03-10T09:30:00Z").isoformat() == "2026-03-10T09:30:00+00:00"
    assert until("2026-03-10T09:30:00Z").isoformat() == "2026-03-10T09:30:01+00:00"
    for wrong in ("", "yesterday", "2026-02-30", "0001-01-01", "9999-12-31", "2026-03-10T25:00:00"):
        with pytest.raises(ValueError):
            since(wrong)


def test_lists_are_sorted_as_asked_and_alike_rows_by_id():
    organization = make_organization()
    admin = make_user(organization, role="admin", username="b", last_name="Adler")
    for username, last_name in (("c", "Zorn"), ("a", "Adler")):
        make_user(organization, username=username, last_name=last_name)
    client = ApiClient(admin)

    def names(ordering):
        return "".join(row["username"] for row in client.get(PEOPLE, {"ordering": ordering}).json()["results"])

    asked = ["", "username", "-username", "last_name", "-last_name", "-last_name,username", " last_name , -id"]
    assert [names(ordering) for ordering in asked] == ["bca", "abc", "cba", "bac", "cab", "cab", "abc"]


@pytest.mark.parametrize("ordering", ["password", "username,nothing", "--username", ",", "username,", "-", "pk"])
def test_order_that_there_is_not_is_a_field_error_that_names_those_there_are(ordering):
    refused = ApiClient(make_user(role="owner")).get(PEOPLE, {"ordering": ordering})
    assert (refused.status_code, list(refused.json()["details"])) == (400, ["ordering"])
    assert "id, username, email" in refused.json()["details"]["ordering"][0]


def test_lists_without_an_order_to_choose_ignore_the_parameter(site):
    assert ApiClient(site.admin).get(ORDERS, {"ordering": "nothing"}).status_code == 200


def test_created_at_takes_days_and_moments():
    client = ApiClient(make_user(role="owner"))
    created = client.user.created_at
    day, moment = created.date().isoformat(), created.strftime("%Y-%m-%dT%H:%M:%SZ")
    before, after = ((created + timedelta(days=days)).date().isoformat() for days in (-1, 1))

    def count(**parameters):
        return client.get(PEOPLE, parameters).json()["count"]

    for given in (day, moment):
        assert count(created_at__gte=given, created_at__lte=given) == 1
    assert count(created_at__gte=after) == count(created_at__lte=before) == 0
    assert client.get(PEOPLE, {"created_at__gte": "soon"}).status_code == 400


def test_prepared_list_is_built_once_for_each_order(site):
    ours = [make_order(site).pk for _number in range(3)]
    rows = PreparedForUser(lambda user: PurchaseOrder.objects.visible_to(user).order_by("pk"), columns=["pk"])
    few = Filter("few", "pk__lt", int)

    def read(**parameters):
        narrowed = narrowing([few], parameters, Ordering(created_at="created_at"))
        return [pk for (pk,) in rows.slice(site.admin, 0, 5, narrowed)], rows.variant(site.admin, narrowed)

    found, built = read()
    assert found == ours
    again, other = read(ordering="-created_at")
    assert (again, other is built) == (ours[::-1], False)
    assert read(ordering="-created_at")[1] is other
    assert read(ordering="-created_at", few=str(ours[2]))[0] == [ours[1], ours[0]]
