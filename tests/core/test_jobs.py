from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from bureau.core import jobs
from bureau.core.models import Job, JobState, Organization

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kind(monkeypatch):
    """Registers a handler under a name of this test's own."""

    def register(handler, **options):
        monkeypatch.setitem(jobs.kinds, "probe", jobs.Kind(handler, options.pop("max_attempts", 3), **options))

    return register


def enqueued(**options):
    return jobs.enqueue("probe", payload=options.pop("payload", {}), now=timezone.now(), **options)


def rename(run):
    with run.completing() as result:
        Organization.objects.create(name="made by the job")
        result["made"] = 1


def test_job_of_a_rolled_back_transaction_never_was(kind):
    kind(rename)
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
        enqueued()
        raise RuntimeError
    assert not Job.objects.exists()


def test_job_runs_once_however_often_it_is_delivered(kind):
    kind(rename)
    job = enqueued()
    for _ in range(3):
        jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.progress, job.attempts, job.result) == (JobState.SUCCESS, 100, 1, {"made": 1})
    assert Organization.objects.filter(name="made by the job").count() == 1


def test_result_of_a_plain_handler_is_kept(kind):
    kind(lambda run: {"read": run.job.payload["text"]})
    job = enqueued(payload={"text": "hello"})
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.result == {"read": "hello"}


def test_failed_job_is_tried_again_later_and_then_given_up(kind):
    def broken(run):
        with run.completing():
            Organization.objects.create(name="half made")
            raise ValueError("the disk is full")

    kind(broken, max_attempts=2)
    job = enqueued()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.PENDING, 1)
    assert "the disk is full" in job.error
    assert job.run_after > timezone.now()
    jobs.run(job.pk)  # not due yet
    job.refresh_from_db()
    assert job.attempts == 1
    Job.objects.update(run_after=timezone.now())
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.FAILURE, 2)
    assert not Organization.objects.filter(name="half made").exists()


def test_job_of_a_dead_worker_is_taken_up_and_the_late_one_changes_nothing(kind):
    def slow(run):
        now = timezone.now() + timedelta(minutes=5)
        assert jobs.release_lost(now=now) == 1  # the lease ran out while this worker was stopped
        jobs.kinds["probe"] = jobs.Kind(rename, 3)
        Job.objects.update(run_after=timezone.now())
        jobs.run(run.job.pk)  # another worker does the work
        with run.completing():
            Organization.objects.create(name="made twice")

    kind(slow)
    job = enqueued()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.SUCCESS, 2)
    assert Organization.objects.filter(name="made by the job").count() == 1
    assert not Organization.objects.filter(name="made twice").exists()


def test_same_key_is_enqueued_once(kind):
    kind(rename)
    assert enqueued(key="k").pk == enqueued(key="k").pk
    assert Job.objects.count() == 1


def test_due_jobs_are_dispatched_once_and_again_when_lost(kind):
    kind(rename)
    now = timezone.now()
    job, later = enqueued(), enqueued(run_after=now + timedelta(hours=1))
    soon = timezone.now()
    assert jobs.due_to_dispatch(now=soon) == [job.pk]
    assert jobs.due_to_dispatch(now=soon + timedelta(seconds=1)) == []
    assert jobs.due_to_dispatch(now=soon + jobs.lost_after() + timedelta(seconds=1)) == [job.pk]
    assert later.pk in jobs.due_to_dispatch(now=now + timedelta(hours=1, seconds=1))


def test_scheduled_kind_is_enqueued_once_a_period(kind):
    kind(rename, every=timedelta(hours=1))
    now = timezone.now().replace(minute=10)
    for minutes in (0, 1, 40):
        jobs.enqueue_scheduled(now=now + timedelta(minutes=minutes))
    assert Job.objects.filter(kind="probe").count() == 1
    jobs.enqueue_scheduled(now=now + timedelta(minutes=60))
    assert Job.objects.filter(kind="probe").count() == 2


def test_jobs_that_ended_long_ago_are_forgotten(kind):
    kind(rename)
    old, recent = enqueued(), enqueued()
    for job in (old, recent):
        jobs.run(job.pk)
    Job.objects.filter(pk=old.pk).update(finished_at=timezone.now() - jobs.KEPT - timedelta(days=1))
    cleaning = jobs.enqueue("clean_up_jobs", payload={}, now=timezone.now())
    jobs.run(cleaning.pk)
    assert set(Job.objects.values_list("pk", flat=True)) == {recent.pk, cleaning.pk}


def test_events_tell_the_whole_life_in_order(kind):
    def counting(run):
        run.progress(40, done=2)
        return {}

    kind(counting)
    job = enqueued()
    jobs.run(job.pk)
    events = list(job.events.values_list("number", "name", "data__state", "data__progress"))
    assert events == [(1, "state", "STARTED", 0), (2, "progress", "STARTED", 40), (3, "state", "SUCCESS", 100)]
