"""Rate limits, exact under concurrency: one script on the cache server checks and counts all limits of a call."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import redis
from redis.commands.core import Script

from bureau.core.redis import connection

logger = logging.getLogger(__name__)

PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}

# A call that any limit refuses is counted by none. Returns count and milliseconds to the reset, per key.
SCRIPT = """
local refused = false
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or '0') >= tonumber(ARGV[2 * i - 1]) then refused = true end
end
local answer = {}
for i, key in ipairs(KEYS) do
  local count
  if refused then count = tonumber(redis.call('GET', key) or '0') else count = redis.call('INCR', key) end
  local left = redis.call('PTTL', key)
  if left < 0 then
    left = tonumber(ARGV[2 * i]) * 1000
    if not refused then redis.call('PEXPIRE', key, left) end
  end
  answer[2 * i - 1] = count
  answer[2 * i] = left
end
table.insert(answer, refused and 1 or 0)
return answer
"""


@dataclass(frozen=True, slots=True)
class Limit:
    key: str
    count: int
    seconds: int

    @classmethod
    def parse(cls, key: str, rate: str) -> "Limit":
        """`rate` is "count/period": "100/hour"."""
        count, _, period = rate.partition("/")
        return cls(f"rate:{key}", int(count), PERIODS[period])


@dataclass(frozen=True, slots=True)
class RateState:
    """The tightest limit after a call: how many it allows, how many are left, when it starts anew (Unix seconds)."""

    exceeded: bool
    limit: int
    remaining: int
    reset: int

    @property
    def retry_after(self) -> int:
        return max(1, self.reset - int(time.time()))


@cache
def _script() -> Script:
    return connection().register_script(SCRIPT)


def hit(limits: Sequence[Limit]) -> RateState | None:
    """Counts one call against every limit, or against none where one is used up.

    None when the cache server does not answer: the office goes on working, and the log says so.
    """
    try:
        answer = _script()(
            keys=[limit.key for limit in limits],
            args=[value for limit in limits for value in (limit.count, limit.seconds)],
        )
    except redis.RedisError:
        logger.exception("the cache server does not answer: rate limits are off")
        return None
    refused = bool(answer[-1])
    states = []
    for index, limit in enumerate(limits):
        count, left = answer[2 * index], answer[2 * index + 1]
        states.append((max(0, limit.count - count), -left, limit))
    remaining, left, tightest = min(states, key=lambda state: state[:2])
    return RateState(refused, tightest.count, remaining, int(time.time()) + (-left + 999) // 1000)
