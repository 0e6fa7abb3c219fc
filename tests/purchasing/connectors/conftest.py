from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bureau.purchasing.connectors import choosing, syncing, timberline
from bureau.purchasing.connectors.circuit import Circuit
from bureau.purchasing.connectors.http import Patience, Service
from bureau.purchasing.connectors.jobcost import JobCost
from bureau.purchasing.connectors.timberline import Timberline
from tests.purchasing.connectors.accounting import API_KEY, CLIENT, CLIENT_SECRET, AccountingServer

HURRIED = Patience(connect=0.3, read=0.2, in_all=3, attempts=3, first_wait=0.001, longest_wait=0.05)


@pytest.fixture
def server() -> Iterator[AccountingServer]:
    timberline._tokens.clear()
    found = AccountingServer()
    yield found
    found.close()


@pytest.fixture
def jobcost(server):
    def connect(*, circuit: dict[str, Any] | None = None, max_body: int = 1_000_000, **patience: Any) -> JobCost:
        given = Circuit("JobCost", **{"threshold": 100, **(circuit or {})})
        service = Service(
            "JobCost", server.url, patience=replace(HURRIED, **patience), circuit=given, max_body=max_body
        )
        return JobCost(service, api_key=API_KEY)

    return connect


@pytest.fixture
def timber(server):
    def connect(*, circuit: dict[str, Any] | None = None, **patience: Any) -> Timberline:
        given = Circuit("Timberline", **{"threshold": 100, **(circuit or {})})
        service = Service("Timberline", server.url, patience=replace(HURRIED, **patience), circuit=given)
        return Timberline(service, client_id=CLIENT, client_secret=CLIENT_SECRET)

    return connect


@pytest.fixture
def connected(server, settings, monkeypatch):
    """The settings name both services, and everybody is as hurried as these tests."""
    monkeypatch.setattr(syncing, "QUICK", HURRIED)
    for function in (syncing.sync_part, choosing.serves_part, choosing.serves_orders):
        monkeypatch.setattr(function, "__kwdefaults__", {"patience": HURRIED})
    settings.JOBCOST_URL = settings.TIMBERLINE_URL = server.url
    settings.JOBCOST_API_KEY = API_KEY
    settings.TIMBERLINE_CLIENT_ID, settings.TIMBERLINE_CLIENT_SECRET = CLIENT, CLIENT_SECRET
    settings.CONNECTOR_ORGANIZATION = ""
    return server


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path
