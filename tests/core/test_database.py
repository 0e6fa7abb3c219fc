import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from bureau.core.models import Organization
from bureau.core.prepared import prepared
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
