"""The clients against a server that misbehaves."""

import logging
import time

import pytest
import redis

from bureau.kit.errors import IntegrationFailed
from bureau.purchasing.connectors import timberline
from bureau.purchasing.connectors.circuit import Circuit, CircuitOpen
from bureau.purchasing.connectors.http import Refused, Unreachable
from tests.purchasing.connectors import accounting
from tests.purchasing.connectors.accounting import API_KEY, CLIENT_SECRET, AccountingServer

PROJECTS = [{"id": f"PRJ{n:03}", "name": f"Project {n}", "budget": 1000.10} for n in range(1, 6)]
ORDER = {"po_number": "26069-PO-001", "total_amount": "700.00"}


def ids(batch):
    return [row.values["id"] for row in batch.rows]


def test_pages_are_read_to_the_end(server, jobcost):
    server.projects, server.page_size = PROJECTS, 2
    batch = jobcost().projects()
    assert ids(batch) == ["PRJ001", "PRJ002", "PRJ003", "PRJ004", "PRJ005"]
    assert [row.number for row in batch.rows] == [1, 2, 3, 4, 5]
    assert str(batch.rows[0].values["budget"]) == "1000.1"
    assert server.count("GET /projects") == 3


def test_no_rows_are_an_answer(server, jobcost):
    assert ids(jobcost().projects()) == []


@pytest.mark.parametrize(
    "trouble",
    [
        accounting.status(500),
        accounting.status(503),
        accounting.status(429),
        accounting.silence,
        accounting.reset,
        accounting.truncated,
        accounting.body(b'{"data": [}'),
        accounting.body(b"\xff\xfe"),
        accounting.body(b"[" * 100_000),
        accounting.body(b'{"data": [NaN]}'),
    ],
    ids=["500", "503", "429", "silence", "reset", "truncated", "broken", "bytes", "deep", "nan"],
)
def test_read_is_repeated_until_it_works(server, jobcost, trouble):
    server.projects = PROJECTS
    server.troubles["/projects"] = [trouble, trouble]
    assert len(jobcost().projects().rows) == 5
    assert server.count("GET /projects") == 3


def test_read_is_given_up_in_the_end(server, jobcost):
    server.always["/projects"] = accounting.status(500)
    with pytest.raises(Unreachable, match="JobCost does not work now"):
        jobcost().projects()
    assert server.count("GET /projects") == 3


def test_waits_get_longer(server, jobcost, monkeypatch):
    slept = []
    monkeypatch.setattr("tenacity.nap.time.sleep", slept.append)
    monkeypatch.setattr("random.uniform", lambda _low, high: high)
    server.always["/projects"] = accounting.status(500)
    with pytest.raises(Unreachable):
        jobcost(attempts=5, first_wait=0.001).projects()
    assert slept == sorted(slept)
    assert slept[-1] >= 4 * slept[0] > 0


def test_retry_after_is_waited_for(server, jobcost):
    server.projects = PROJECTS
    server.troubles["/projects"] = [accounting.status(429, Retry_After="1")]
    assert len(jobcost(longest_wait=2).projects().rows) == 5
    assert server.times[1] - server.times[0] >= 1


def test_longer_retry_after_keeps_everybody_away(server, jobcost):
    server.troubles["/projects"] = [accounting.status(429, Retry_After="120")]
    with pytest.raises(Unreachable):
        jobcost().projects()
    with pytest.raises(CircuitOpen, match=r"Try again in 1(19|20) seconds"):
        jobcost().projects()
    assert server.count("GET /projects") == 1


def test_retry_after_as_a_date_is_understood(server, jobcost):
    server.troubles["/projects"] = [accounting.status(503, Retry_After="Fri, 31 Dec 2999 23:59:59 GMT")]
    with pytest.raises(Unreachable):
        jobcost().projects()
    assert 3590 < Circuit("JobCost").state().open_for <= 3600


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (accounting.status(400), "refused the call"),
        (accounting.status(404), "refused the call"),
        (accounting.status(401), "credentials"),
        (accounting.status(403), "credentials"),
        (accounting.endless, "more than"),
        (accounting.packed, "packed"),
        (accounting.body(b'{"data": "none"}'), "not a list"),
        (accounting.body(b"[1, 2]"), "not a list"),
        (accounting.body(b""), "not a list"),
        (accounting.body(b'{"data": [], "pagination": {"pages": "many"}}'), "not a list"),
        (accounting.body(b'{"data": [1], "pagination": {"pages": 1000000}}'), "more than"),
    ],
)
def test_what_asking_again_would_not_help_is_refused_at_once(server, jobcost, trouble, words):
    server.always["/projects"] = trouble
    with pytest.raises(Refused, match=words):
        jobcost().projects()
    assert server.count("GET /projects") == 1


def test_redirect_to_another_host_is_not_followed(server, jobcost):
    other = AccountingServer()
    try:
        server.always["/projects"] = accounting.redirect(f"{other.url}/projects")
        with pytest.raises(Refused, match="another address"):
            jobcost().projects()
        assert other.calls == []
    finally:
        other.close()


def test_bytes_that_drip_in_time_do_not_take_for_ever(server, jobcost):
    server.always["/projects"] = accounting.dripping
    begun = time.monotonic()
    with pytest.raises(Unreachable, match="too long"):
        jobcost(in_all=0.2, attempts=1).projects()
    assert time.monotonic() - begun < 1


def test_nobody_listens(server, jobcost):
    server.close()
    with pytest.raises(Unreachable, match="connection to JobCost failed"):
        jobcost().projects()


def test_row_that_is_no_object_is_reported(server, jobcost):
    server.projects = [PROJECTS[0], "PRJ002", None]
    batch = jobcost().projects()
    assert ids(batch) == ["PRJ001"]
    assert [error.row for error in batch.errors] == [2, 3]


SHORT = {"threshold": 3, "open_for": 0.15}


def test_service_that_is_down_is_left_alone(server, jobcost):
    server.always["/projects"] = accounting.status(500)
    with pytest.raises(CircuitOpen):
        jobcost(circuit={"threshold": 2, "open_for": 60}).projects()
    with pytest.raises(CircuitOpen):
        jobcost(circuit={"threshold": 2, "open_for": 60}).projects()  # as another process would
    assert server.count("GET /projects") == 2


def test_one_trial_after_the_pause_closes_it(server, jobcost):
    server.projects = PROJECTS
    server.troubles["/projects"] = [accounting.status(500)] * 3
    with pytest.raises(Unreachable):
        jobcost(circuit=SHORT).projects()
    with pytest.raises(CircuitOpen):
        jobcost(circuit=SHORT).projects()
    time.sleep(0.2)
    assert len(jobcost(circuit=SHORT).projects().rows) == 5
    assert Circuit("JobCost").state().failures == 0


def test_failed_trial_opens_it_again(server, jobcost):
    server.always["/projects"] = accounting.status(500)
    for _ in range(3):
        with pytest.raises(IntegrationFailed):
            jobcost(circuit=SHORT).projects()
        time.sleep(0.2)
    assert server.count("GET /projects") == 5  # three at first, then one a pause


def test_only_one_tries():
    circuit = Circuit("JobCost", threshold=1, open_for=0.05)
    circuit.failed()
    time.sleep(0.1)
    circuit.check()
    with pytest.raises(CircuitOpen):
        circuit.check()
    circuit.succeeded()
    circuit.check()


def test_trial_without_an_outcome_is_void_after_a_while():
    circuit = Circuit("JobCost", threshold=1, open_for=0.05, trial_for=0.05)
    circuit.failed()
    time.sleep(0.1)
    circuit.check()
    time.sleep(0.1)
    circuit.check()


def test_refusals_do_not_open_it(server, jobcost):
    server.always["/projects"] = accounting.status(400)
    for _ in range(5):
        with pytest.raises(Refused):
            jobcost(circuit=SHORT).projects()
    assert server.count("GET /projects") == 5


def test_calls_go_on_without_the_cache_server(server, jobcost, monkeypatch):
    nowhere = redis.Redis.from_url("unix:///nonexistent/valkey.sock")
    monkeypatch.setattr("bureau.purchasing.connectors.circuit.connection", lambda: nowhere)
    server.projects = PROJECTS
    server.troubles["/projects"] = [accounting.status(500)]
    assert len(jobcost(circuit={"threshold": 1}).projects().rows) == 5
    assert Circuit("JobCost").state().known is False


def test_token_is_asked_for_once(server, timber):
    server.vendors = [{"id": "VEN001", "name": "ABC"}]
    assert ids(timber().vendors()) == ids(timber().vendors()) == ["VEN001"]
    assert server.calls == ["POST /oauth/token", "GET /vendors", "GET /vendors"]


def test_token_that_is_not_accepted_any_more_is_renewed(server, timber):
    server.vendors = [{"id": "VEN001", "name": "ABC"}]
    timber().vendors()
    server.tokens.clear()
    assert ids(timber().vendors()) == ["VEN001"]
    assert server.count("POST /oauth/token") == 2


def test_token_renewal_is_tried_once(server, timber):
    server.always["/vendors"] = accounting.status(401)
    with pytest.raises(Refused, match="credentials"):
        timber().vendors()
    assert server.calls == ["POST /oauth/token", "GET /vendors"] * 2


def test_token_that_ends_soon_is_renewed_before(server, timber):
    server.always["/oauth/token"] = lambda exchange: (
        server.tokens.add("t"),
        exchange.answer(200, {"access_token": "t", "expires_in": 0.0001}),
    )
    timber().vendors()
    timberline._tokens.update({place: (token, 0) for place, (token, _) in timberline._tokens.items()})
    timber().vendors()
    assert server.count("POST /oauth/token") == 2


@pytest.mark.parametrize("answer", [b"{}", b'{"access_token": 5}', b'{"access_token": "a\\nb"}', b"[]", b"null"])
def test_no_token_is_no_sign_in(server, timber, answer):
    server.always["/oauth/token"] = accounting.body(answer)
    with pytest.raises(Refused, match="no access token"):
        timber().vendors()


@pytest.mark.parametrize("repeat", [1, 3])
def test_order_is_posted_once(server, timber, repeat):
    assert {timber().post_order(ORDER, key="order-1") for _ in range(repeat)} == {"PO-1"}
    assert [order["po_number"] for order in server.orders] == ["26069-PO-001"]
    assert server.orders[0]["external_id"] == "order-1"
    assert server.keys == {"order-1": "PO-1"}


@pytest.mark.parametrize("keeps_keys", [True, False])
@pytest.mark.parametrize(
    "trouble",
    [
        accounting.reset,
        accounting.truncated,
        accounting.silence,
        accounting.status(500),
        accounting.status(504),
        accounting.body(b"<html>stored</html>"),
    ],
    ids=["reset", "truncated", "silence", "500", "504", "html"],
)
def test_lost_answer_makes_no_second_order(server, timber, trouble, keeps_keys):
    server.keeps_keys = keeps_keys
    server.troubles["/purchase-orders"] = [lambda e: e.answer(200, {"data": []}), accounting.lost_answer(trouble)]
    with pytest.raises(Unreachable):
        timber().post_order(ORDER, key="order-1")
    assert server.count("POST /purchase-orders") == 1
    assert timber().post_order(ORDER, key="order-1") == "PO-1"  # the next try of the job looks first
    assert len(server.orders) == 1


def test_order_that_another_try_has_stored_meanwhile_is_found(server, timber):
    server.store({**ORDER, "external_id": "order-1"}, "order-1")
    nothing = lambda exchange: exchange.answer(200, {"data": []})  # noqa: E731
    server.troubles["/purchase-orders"] = [nothing, accounting.status(409)]
    assert timber().post_order(ORDER, key="order-1") == "PO-1"
    assert len(server.orders) == 1


def test_order_that_is_refused_says_so(server, timber):
    nothing = lambda exchange: exchange.answer(200, {"data": []})  # noqa: E731
    server.troubles["/purchase-orders"] = [nothing, accounting.status(422)]
    with pytest.raises(Refused, match="status 422"):
        timber().post_order(ORDER, key="order-1")


def test_answer_without_an_id_is_no_success(server, timber):
    nothing = lambda exchange: exchange.answer(200, {"data": []})  # noqa: E731
    server.troubles["/purchase-orders"] = [nothing, accounting.body(b'{"ok": true}')]
    with pytest.raises(Refused, match="which id"):
        timber().post_order(ORDER, key="order-1")


@pytest.mark.parametrize(
    "trouble", [accounting.status(500), accounting.status(400), accounting.status(401), accounting.reset]
)
def test_no_secret_is_told_or_logged(server, jobcost, timber, trouble, caplog):
    caplog.set_level(logging.DEBUG)
    for path in ("/projects", "/vendors", "/oauth/token"):
        server.always[path] = trouble
    told = []
    for read in (jobcost().projects, timber().vendors):
        with pytest.raises(IntegrationFailed) as raised:
            read()
        told.append(raised.value.message)
    server.always.pop("/oauth/token")
    with pytest.raises(IntegrationFailed):
        timber().vendors()
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("bureau")]
    text = "\n".join(told + ours)
    assert "JobCost" in text
    for secret in (API_KEY, CLIENT_SECRET, "bm9ib2R5", "token-"):
        assert secret not in text


def test_key_that_cannot_be_sent_is_not_told(server, jobcost):
    connector = jobcost()
    connector._headers = {"X-API-Key": "key\nof two lines"}
    with pytest.raises(IntegrationFailed) as raised:
        connector.projects()
    assert "two lines" not in raised.value.message
    assert raised.value.__suppress_context__
