from concurrent.futures import ThreadPoolExecutor

import redis as redis_errors

from bureau.core import rates
from bureau.core.rates import Limit


def test_limit_allows_exactly_its_count_under_concurrency():
    limit = Limit("rate:parallel", 100, 60)
    with ThreadPoolExecutor(20) as pool:
        states = list(pool.map(lambda _: rates.hit([limit]), range(400)))
    assert sum(not state.exceeded for state in states) == 100


def test_refused_call_is_counted_by_no_limit():
    wide, narrow = Limit("rate:wide", 10, 60), Limit("rate:narrow", 1, 60)
    assert not rates.hit([wide, narrow]).exceeded
    for _ in range(5):
        state = rates.hit([wide, narrow])
        assert (state.exceeded, state.limit, state.remaining) == (True, 1, 0)
    assert rates.hit([wide]).remaining == 8


def test_tightest_limit_is_shown():
    state = rates.hit([Limit("rate:a", 100, 3600), Limit("rate:b", 5, 60)])
    assert (state.limit, state.remaining) == (5, 4)
    assert 1 <= state.retry_after <= 60


def test_limit_starts_anew_after_its_period():
    limit = Limit("rate:short", 1, 1)
    assert not rates.hit([limit]).exceeded
    assert rates.hit([limit]).exceeded
    rates.connection().pexpire("rate:short", 1)
    rates.connection().get("rate:nothing")
    while rates.connection().exists("rate:short"):
        pass
    assert not rates.hit([limit]).exceeded


def test_rate_is_read_as_count_per_period():
    assert Limit.parse("user:1", "1000/hour") == Limit("rate:user:1", 1000, 3600)


def test_office_goes_on_without_the_cache_server(monkeypatch):
    def away(**_):
        raise redis_errors.ConnectionError

    monkeypatch.setattr(rates, "_script", lambda: away)
    assert rates.hit([Limit("rate:x", 1, 1)]) is None
