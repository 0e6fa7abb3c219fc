"""The connection to the Redis-protocol server that holds counters and wakes listeners (CACHE_URL)."""

import logging
from functools import cache

import redis
from django.conf import settings
from django.db import transaction

logger = logging.getLogger(__name__)


@cache
def connection() -> redis.Redis:
    return redis.Redis.from_url(settings.CACHE_URL, socket_connect_timeout=1, socket_timeout=2)


def wake(channel: str, message: str = "") -> None:
    """After commit, tells whoever listens on `channel` to look again. Losing it costs a delay, never an effect."""

    def publish() -> None:
        try:
            connection().publish(channel, message)
        except redis.RedisError:
            logger.warning("wake-up on %s was not sent: the cache server does not answer", channel.split(":")[0])

    transaction.on_commit(publish, robust=True)
