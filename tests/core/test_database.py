import pytest
from django.db import connection, connections
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from bureau.core.models import Organization, User
from bureau.core.prepared import Narrowing, Parameter, PreparedForUser, prepared
from tests.clients import ApiClient
from tests.factories.accounts import make_organization, make_user


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_request_after_the_server_dropped_the_connection_gets_a_new_one():
    client = ApiClient(make_user())
    assert client.call("GET", "/api/me/").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
    connection.health_check_done = False  # as at the beginning of a request
    assert client.call("GET", "/api/me/").status_code == 200


@prepared
def named(name: str):
    return Organization.objects.filter(name=name).order_by("pk")


@pytest.mark.django_db
def test_prepared_query_gives_the_rows_of_each_value():
    first, second, third = (make_organization(name) for name in ("A", "B", "A"))
    assert named(name="A") == [first, third]
    assert named(name="B") == [second]
    assert named(name="C") == []
    assert named.slice(1, 5, name="A") == [third]
    assert named.count(name="A") == 2


@pytest.mark.django_db
def test_prepared_query_takes_values_as_values():
    make_organization("A")
    with CaptureQueriesContext(connection) as captured:
        assert named(name="A' OR '1'='1") == []
    assert len(captured) == 1


@pytest.mark.django_db
def test_number_that_no_column_holds_is_equal_to_nothing():
    numbered = prepared(lambda pk: Organization.objects.filter(pk=pk))
    assert numbered(pk=2**63) == numbered(pk=-(10**30)) == []
    assert numbered.count(pk=10**25) == 0


def named_like(name):
    return Narrowing(("name", len(name)), lambda: [Q(first_name=Parameter("name"))], {"name": name})


@pytest.mark.django_db
def test_prepared_list_is_narrowed_by_values_not_by_structure():
    admin = make_user(role="admin", first_name="Ada")
    others = [make_user(admin.organization, first_name=name) for name in ("Bo", "Cy", "Bo")]
    people = PreparedForUser(lambda user: User.objects.filter(organization=user.organization_id).order_by("pk"))
    assert people.slice(admin, 0, 9) == [admin, *others]
    assert people.slice(admin, 0, 9, named_like("Bo")) == [others[0], others[2]]
    assert people.slice(admin, 0, 9, named_like("Cy")) == [others[1]]
    assert people.count(admin, named_like("Bo")) == 2
    assert people.slice(make_user(), 0, 9, named_like("Cy")) == []
    assert len(people._variants) == 3


@pytest.mark.django_db
def test_prepared_list_forgets_combinations_before_there_are_too_many():
    admin = make_user(role="admin", first_name="Ada")
    people = PreparedForUser(lambda user: User.objects.filter(organization=user.organization_id).order_by("pk"))
    for length in range(people.KEPT + 10):
        assert people.variant(admin, named_like("x" * length))
    assert len(people._variants) <= people.KEPT
    assert people.count(admin, named_like("Ada")) == 1
