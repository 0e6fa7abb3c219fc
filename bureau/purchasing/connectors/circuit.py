"""A circuit breaker for a service, shared by all processes over the cache server.

After `threshold` failures in a row nobody calls the service for a while; then one caller tries, and its outcome closes
the circuit or opens it again. While the cache server is away every call is let through: the office goes on.
"""

import logging
import math
from dataclasses import dataclass
from typing import Any, cast

import redis
from django.utils.translation import gettext as _

from bureau.core.redis import connection
from bureau.kit.errors import IntegrationFailed

logger = logging.getLogger(__name__)

REMEMBERED = 3600  # seconds for which failures count as "in a row"


class CircuitOpen(IntegrationFailed):
    """Nobody was asked: the service has failed too often just now, or wants to be left alone."""

    def __init__(self, service: str, seconds: float) -> None:
        text = _("%(service)s has not been working and is not asked for now. Try again in %(seconds)d seconds.")
        super().__init__(text % {"service": service, "seconds": max(1, math.ceil(seconds))})


@dataclass(frozen=True, slots=True)
class CircuitState:
    """`open_for`: seconds until somebody tries again; 0 when calls are let through."""

    failures: int
    open_for: float
    known: bool = True


@dataclass(frozen=True, slots=True)
class Circuit:
    """`open_for`: seconds without calls after the failures; `trial_for`: until a trial without an outcome is void."""

    service: str
    threshold: int = 5
    open_for: float = 60
    trial_for: float = 30

    def check(self) -> None:
        """Before each call. Raises CircuitOpen."""
        try:
            state = self._state()
            if state.open_for:
                raise CircuitOpen(self.service, state.open_for)
            if state.failures >= self.threshold and not connection().set(
                self._key("trial"), 1, nx=True, px=_milliseconds(self.trial_for)
            ):
                raise CircuitOpen(self.service, self.open_for)
        except redis.RedisError:
            self._away()

    def succeeded(self) -> None:
        try:
            connection().delete(self._key("failures"), self._key("trial"), self._key("open"))
        except redis.RedisError:
            self._away()

    def failed(self) -> None:
        try:
            pipe: Any = connection().pipeline()
            failures, _expires = pipe.incr(self._key("failures")).expire(self._key("failures"), REMEMBERED).execute()
            if failures >= self.threshold:
                pipe.set(self._key("open"), 1, px=_milliseconds(self.open_for))
                pipe.delete(self._key("trial")).execute()
                logger.warning("%s is not asked for %s s: %s failures in a row", self.service, self.open_for, failures)
        except redis.RedisError:
            self._away()

    def hold(self, seconds: float) -> None:
        """The service itself asked to be left alone for so long."""
        try:
            connection().set(self._key("open"), 1, px=_milliseconds(seconds))
        except redis.RedisError:
            self._away()

    def state(self) -> CircuitState:
        try:
            return self._state()
        except redis.RedisError:
            return CircuitState(0, 0, known=False)

    def _state(self) -> CircuitState:
        pipe: Any = connection().pipeline()
        left, failures = pipe.pttl(self._key("open")).get(self._key("failures")).execute()
        return CircuitState(int(failures or 0), max(0, cast(int, left)) / 1000)

    def _key(self, name: str) -> str:
        return f"circuit:{self.service.lower()}:{name}"

    def _away(self) -> None:
        logger.warning("the cache server does not answer: the circuit of %s is taken for closed", self.service)


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
