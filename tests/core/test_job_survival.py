"""Real workers, killed at random moments: no job is lost, none has its effect twice."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager

import pytest
from django.utils import timezone

from bureau.core import jobs
from bureau.core.models import Job, JobState, Organization

WORKER = [sys.executable, "-m", "celery", "-A", "tests.core.effects", "worker", "-c", "2", "--loglevel", "ERROR"]
RELAY = [sys.executable, "-m", "tests.core.effects", "relay"]


def start(command):
    environment = {**os.environ, "JOB_LEASE_SECONDS": "1", "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


@contextmanager
def running(command):
    process = start(command)
    try:
        yield process
    finally:
        kill(process)


def kill(process):
    """The process and its children at once, as a power cut does."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait(10)


def wait_until(condition, seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return False


def survive(*, count, kills, monkeypatch):
    monkeypatch.setitem(jobs.kinds, "effect", jobs.Kind(lambda run: None, 50))
    names = [f"effect {n}" for n in range(count)]
    ours = Job.objects.filter(kind="effect")  # the relay enqueues periodic ones as well
    succeeded = ours.filter(state=JobState.SUCCESS)
    for name in names:
        jobs.enqueue("effect", payload={"name": name}, now=timezone.now())
    worker = start(WORKER)
    try:
        with running(RELAY):
            assert wait_until(lambda: succeeded.exists(), 60), "no worker came up"
            for _ in range(kills):
                done = succeeded.count()
                wait_until(lambda done=done: succeeded.count() > done, 30)
                time.sleep(random.random() * 0.15)
                kill(worker)
                worker = start(WORKER)
            ended = wait_until(lambda: succeeded.count() == count, 90)
    finally:
        kill(worker)
    states = Counter(ours.values_list("state", flat=True))
    assert ended, f"after 90 s: {states}"
    effects = Counter(Organization.objects.values_list("name", flat=True))
    assert effects == Counter(names)


@pytest.mark.django_db(transaction=True)
def test_jobs_survive_killed_workers(monkeypatch):
    survive(count=20, kills=2, monkeypatch=monkeypatch)


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_fifty_jobs_survive_twenty_kills(monkeypatch):
    survive(count=50, kills=20, monkeypatch=monkeypatch)
