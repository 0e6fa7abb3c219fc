"""Jobs: asynchronous work that survives a killed worker or broker, and has its effect once.

A job is written in the caller's transaction (`enqueue`). The relay (`manage.py relay`) sends due jobs to the broker,
and takes up again what a dead worker or a lost message left behind. A worker claims a job by compare-and-set and holds
a lease that it renews; the job's effects on the database commit together with its success: a second run is void.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Max, Q, QuerySet
from django.utils import timezone

from bureau.core import context
from bureau.core.models import Job, JobEvent, JobState, Organization, User
from bureau.core.prepared import prepared
from bureau.core.redis import wake
from bureau.kit.errors import DomainError

logger = logging.getLogger(__name__)

RELAY_CHANNEL = "relay"

KEPT = timedelta(days=30)  # an ended job


class LeaseLost(Exception):
    """Another worker has taken the job over; what this one did is rolled back."""


@dataclass(slots=True)
class Run:
    """One attempt at a job, as its handler sees it."""

    job: Job
    attempt: int
    finished: bool = False
    result: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def completing(self) -> Iterator[dict[str, Any]]:
        """The transaction in which the handler changes the database: it commits with the job's success or not at all.

        Yields the dictionary that becomes the job's result.
        """
        with transaction.atomic():
            yield self.result
            _end(self, JobState.SUCCESS, now=timezone.now(), result=self.result, progress=100)
        self.finished = True

    def progress(self, percent: int, **counts: int) -> None:
        """Shows how far the work is; also proves that this run still holds the job."""
        with transaction.atomic():
            changes: dict[str, Any] = {"progress": percent, "lease_until": timezone.now() + _lease()}
            if counts:
                changes["counts"] = counts
            _update_held(self, **changes)
            append_event(self.job, "progress", now=timezone.now())


Handler = Callable[[Run], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Kind:
    handler: Handler
    max_attempts: int
    every: timedelta | None = None


kinds: dict[str, Kind] = {}


def job_handler(kind: str, *, max_attempts: int = 5, every: timedelta | None = None) -> Callable[[Handler], Handler]:
    """Registers the handler of a kind of job; `every` makes the relay enqueue one per such period."""

    def register(handler: Handler) -> Handler:
        kinds[kind] = Kind(handler, max_attempts, every)
        return handler

    return register


def enqueue(
    kind: str,
    *,
    payload: dict[str, Any],
    now: datetime,
    organization: Organization | None = None,
    requested_by: User | None = None,
    key: str | None = None,
    run_after: datetime | None = None,
) -> Job:
    """Writes a job in the caller's transaction; it runs after the commit. The same `key` gives the job that exists."""
    if kind not in kinds:
        raise LookupError(f"no handler is registered for jobs of kind {kind!r}")
    job = Job(
        kind=kind,
        key=key,
        payload=payload,
        organization=organization,
        requested_by=requested_by,
        created_at=now,
        run_after=run_after or now,
    )
    if key is None:
        job.save(force_insert=True)
    else:
        Job.objects.bulk_create([job], ignore_conflicts=True)
        job = _with_key(key=key)[0]
    wake(RELAY_CHANNEL)
    return job


@prepared
def _with_key(key: str) -> QuerySet[Job]:
    return Job.objects.filter(key=key)


def state_of(job: Job) -> dict[str, Any]:
    """A job as its watchers see it: `{id, kind, state, progress, result, error, attempts}`."""
    return {
        "id": str(job.pk),
        "kind": job.kind,
        "state": job.state,
        "progress": job.progress,
        "result": job.result,
        "error": job.error or None,
        "attempts": job.attempts,
    }


def append_event(job: Job, name: str, *, now: datetime, data: dict[str, Any] | None = None) -> None:
    """Adds to the job's event stream and wakes its listeners after the commit."""
    job.refresh_from_db()
    last = job.events.aggregate(last=Max("number"))["last"] or 0
    JobEvent.objects.create(job=job, number=last + 1, name=name, data=data or state_of(job), created_at=now)
    wake(job.channel)


def run(job_id: UUID | str) -> None:
    """Runs one attempt, unless the job has ended, is not due or is held by a worker that is alive."""
    job = _claim(job_id, now=timezone.now())
    if job is None:
        return
    context.begin(request_id=f"job_{job.pk}")
    attempt = Run(job, job.attempts)
    kind = kinds[job.kind]
    try:
        with _heartbeat(attempt):
            result = kind.handler(attempt)
        if not attempt.finished:
            with attempt.completing() as final:
                final.update(result or {})
    except LeaseLost:
        logger.warning("job %s (%s) was taken over by another worker", job.pk, job.kind)
    except Exception as error:
        logger.exception("job %s (%s) failed in attempt %s", job.pk, job.kind, attempt.attempt)
        _fail(attempt, error, now=timezone.now(), max_attempts=kind.max_attempts)


def due_to_dispatch(*, now: datetime) -> list[UUID]:
    """Marks the due jobs that the broker does not know of, or has lost, and returns their ids."""
    due = Job.objects.filter(state=JobState.PENDING, run_after__lte=now).filter(
        Q(dispatched_at=None) | Q(dispatched_at__lt=now - lost_after())
    )
    with transaction.atomic():
        rows = due.order_by("run_after", "created_at")
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        ids = list(rows.values_list("pk", flat=True)[:500])
        if ids:
            Job.objects.filter(pk__in=ids).update(dispatched_at=now)
    return ids


def release_lost(*, now: datetime) -> int:
    """Gives back the jobs whose worker died: its lease ran out. Returns how many."""
    released = 0
    for job in Job.objects.filter(state=JobState.STARTED, lease_until__lt=now):
        kind = kinds.get(job.kind)
        lost = Run(job, job.attempts)
        try:
            if (
                kind is None or job.attempts >= kind.max_attempts + 3
            ):  # a lost worker is not the job's own failure, but not for ever
                _fail(lost, RuntimeError("its worker died each time"), now=now, max_attempts=0)
            else:
                with transaction.atomic():
                    _update_held(lost, state=JobState.PENDING, dispatched_at=None, run_after=now, lease_until=None)
                    append_event(job, "state", now=now)
            released += 1
        except LeaseLost:
            continue
    return released


def enqueue_scheduled(*, now: datetime) -> None:
    """Enqueues each periodic kind once per period, however many relays run."""
    for name, kind in kinds.items():
        if kind.every is not None:
            period = int(now.timestamp() // kind.every.total_seconds())
            key = f"every:{name}:{period}"
            if not Job.objects.filter(key=key).exists():
                enqueue(name, payload={}, now=now, key=key)


@job_handler("clean_up_jobs", every=timedelta(days=1))
def clean_up_jobs(run: Run) -> None:
    """Forgets jobs that ended long ago; their payloads hold addresses and texts that nobody needs any more."""
    with run.completing() as result:
        old = Job.objects.filter(finished_at__lt=timezone.now() - KEPT)
        result["deleted"] = old.count()
        old.delete()


def lost_after() -> timedelta:
    """A message that no worker has claimed by then is sent again."""
    return 4 * _lease()


def _lease() -> timedelta:
    return timedelta(seconds=settings.JOB_LEASE_SECONDS)


def _claim(job_id: UUID | str, *, now: datetime) -> Job | None:
    with transaction.atomic():
        claimed = Job.objects.filter(pk=job_id, state=JobState.PENDING, run_after__lte=now).update(
            state=JobState.STARTED,
            attempts=F("attempts") + 1,
            started_at=now,
            lease_until=now + _lease(),
        )
        if not claimed:
            return None
        job = Job.objects.select_related("organization", "requested_by").get(pk=job_id)
        append_event(job, "state", now=now)
    return job


def _update_held(attempt: Run, **changes: Any) -> None:
    held = Job.objects.filter(pk=attempt.job.pk, state=JobState.STARTED, attempts=attempt.attempt)
    if not held.update(**changes):
        raise LeaseLost


def _end(attempt: Run, state: JobState, *, now: datetime, **changes: Any) -> None:
    _update_held(attempt, state=state, finished_at=now, lease_until=None, **changes)
    append_event(attempt.job, "state", now=now)


def _fail(attempt: Run, error: Exception, *, now: datetime, max_attempts: int) -> None:
    message = error.message if isinstance(error, DomainError) else f"{type(error).__name__}: {error}"[:500]
    try:
        with transaction.atomic():
            if attempt.attempt >= max_attempts:
                _end(attempt, JobState.FAILURE, now=now, error=message)
            else:
                again = now + min(timedelta(hours=1), timedelta(seconds=5) * 2 ** (attempt.attempt - 1))
                _update_held(
                    attempt,
                    state=JobState.PENDING,
                    error=message,
                    run_after=again,
                    dispatched_at=None,
                    lease_until=None,
                )
                append_event(attempt.job, "state", now=now)
    except LeaseLost:
        logger.warning("job %s had already been taken over", attempt.job.pk)


@contextmanager
def _heartbeat(attempt: Run) -> Iterator[None]:
    """Renews the lease while the handler works, from a thread with a connection of its own."""
    stop = threading.Event()

    def renew() -> None:
        try:
            while not stop.wait(settings.JOB_LEASE_SECONDS / 3):
                _update_held(attempt, lease_until=timezone.now() + _lease())
        except LeaseLost:
            return
        finally:
            connection.close()

    thread = threading.Thread(target=renew, name=f"lease-{attempt.job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
