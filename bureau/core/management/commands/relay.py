import logging
import signal
import time
from typing import Any

import redis
from django.core.management.base import BaseCommand
from django.db import Error as DatabaseError
from django.db import close_old_connections
from django.utils import timezone

from bureau.core import jobs
from bureau.core.redis import connection
from bureau.core.tasks import run_job

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    requires_system_checks = []  # starts quicker
    help = "Sends due jobs to the broker, takes up lost ones and enqueues the periodic ones, until it is stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        listener = None
        swept = 0.0
        try:
            while True:
                try:
                    if time.monotonic() - swept > 2:
                        swept = time.monotonic()
                        jobs.enqueue_scheduled(now=timezone.now())
                        jobs.release_lost(now=timezone.now())
                    relay_once()
                except DatabaseError:
                    logger.exception("the database does not answer; trying again")
                    close_old_connections()
                    time.sleep(1)
                listener = self._wait(listener)
        except KeyboardInterrupt:
            return

    def _wait(self, listener: Any) -> Any:
        """Until a job was written, or a second has passed."""
        try:
            if listener is None:
                listener = connection().pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
                listener.subscribe(jobs.RELAY_CHANNEL)
            if listener.get_message(timeout=1.0) is not None:
                while listener.get_message(timeout=0) is not None:  # one look serves all wake-ups so far
                    pass
            return listener
        except redis.RedisError:
            time.sleep(1)
            return None


def relay_once() -> int:
    """Sends every due job; returns how many. What the broker does not take is sent again after `jobs.lost_after()`."""
    sent = 0
    for job_id in jobs.due_to_dispatch(now=timezone.now()):
        run_job.apply_async((str(job_id),), task_id=str(job_id))
        sent += 1
    return sent
