"""What every test stands on: real servers, an empty cache, and the choice of tests for the database of this run."""

import os

import pytest

ON_POSTGRES = "BUREAU_TEST_POSTGRES" in os.environ
DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL run whatever reaches a database, on SQLite all but what needs PostgreSQL."""
    kept, left_out = [], []
    for item in items:
        (kept if _belongs(item) else left_out).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def _belongs(item: pytest.Item) -> bool:
    if not ON_POSTGRES:
        return item.get_closest_marker("postgres") is None
    if item.get_closest_marker("browser") or item.get_closest_marker("once"):
        return False
    return bool(item.get_closest_marker("django_db") or DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Where everything is installed (BUREAU_REQUIRE_ALL), a skipped test is a failure: nothing stays untested there."""
    report = yield
    if report.skipped and os.environ.get("BUREAU_REQUIRE_ALL") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and nothing may be here: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def django_db_modify_db_settings():
    """Every worker has its database by name already (tests/servers.py)."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """On SQLite a transactional test empties the tables by DELETE, which the audit log's trigger forbids."""
    from django.db import connection

    if connection.vendor == "sqlite":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER IF EXISTS core_auditentry_no_delete")


@pytest.fixture(scope="module")
def once(django_db_setup, django_db_blocker):
    """`once(make)` in a fixture of a module makes what its tests begin with one time for all of them; each takes a deep
    copy, and what it changes in the database is rolled back to this."""
    from django.db import transaction

    with django_db_blocker.unblock():
        whole = transaction.atomic()
        whole.__enter__()

    def made(make):
        with django_db_blocker.unblock():
            return make()

    yield made
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        whole.__exit__(None, None, None)


@pytest.fixture(scope="session")
def valkey_databases():
    """This worker's cache and broker, as redis-py clients."""
    import redis
    from django.conf import settings

    cache = redis.Redis.from_url(settings.CACHE_URL)
    number = cache.connection_pool.connection_kwargs["db"]
    return cache, redis.Redis.from_url(settings.CACHE_URL, db=number - 1)


@pytest.fixture(autouse=True)
def _empty_valkey(valkey_databases):
    """No counter, cached record or queued message of another test."""
    for database in valkey_databases:
        database.flushdb()
