"""Whether the servers that Bureau stands on answer."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from kombu.connection import Connection

from bureau.core import redis

logger = logging.getLogger(__name__)


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _cache() -> None:
    redis.connection().ping()


def _broker() -> None:
    with Connection(settings.BROKER_URL, connect_timeout=2) as broker:  # type: ignore[no-untyped-call]
        broker.ensure_connection(max_retries=1, timeout=2)


CHECKS: dict[str, Callable[[], None]] = {"database": _database, "cache": _cache, "broker": _broker}


def components() -> dict[str, bool]:
    """Each server, and whether it answers now. Why not is in the log, never in an answer."""
    return {name: _answers(name, check) for name, check in CHECKS.items()}


def _answers(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception:
        logger.warning("%s does not answer", name, exc_info=True)
        return False
    return True
