"""Many rows, and workers that die: no row is lost, none is taken twice."""

import os
import signal
import subprocess
import sys
import time
import tracemalloc

import pytest
from django.utils import timezone

from bureau.core import jobs
from bureau.core.models import Job
from bureau.imports.models import Import, ImportState
from bureau.imports.selectors import rows_of
from bureau.imports.services import run_import
from bureau.parties.models import Customer
from tests.factories.accounts import make_organization, make_user
from tests.factories.imports import check, driven, imported, take_over, upload

WORKER = "import sys, django; django.setup(); from bureau.core import jobs; jobs.run(sys.argv[1])"


def many(count):
    lines = (f"Person {n},Nr {n},p{n}@example.com,+49 30 {n:06d},1980-01-{n % 28 + 1:02d}\n" for n in range(count))
    return "first_name,last_name,email,phone,birthdate\n" + "".join(lines)


@pytest.fixture
def staff():
    return make_user(make_organization(), role="staff")


@pytest.mark.django_db(transaction=True)
def test_many_rows_are_taken_as_a_job(staff):
    record = imported(staff, many(800))
    assert (record.state, record.counts) == (ImportState.IMPORTED, {"created": 800})
    assert record.job.events.filter(name="progress").count() <= 100


@pytest.mark.django_db(transaction=True)
def test_killed_worker_leaves_its_rows_to_the_next(staff):
    """The worker is a process of its own, and is killed as by a power cut while it takes rows."""
    record = check(staff, upload(staff, many(600) + "Again,Again,p5@example.com,,\n"))
    record = run_import(actor=staff, imported=record, now=timezone.now())
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(record.job.pk)], env=environment)
    until = time.monotonic() + 60
    while time.monotonic() < until and Import.objects.get(pk=record.pk).rows_done < 100:
        time.sleep(0.02)
    worker.send_signal(signal.SIGKILL)
    worker.wait(10)
    record.refresh_from_db()
    assert 100 <= record.rows_done < 600
    assert record.rows_done == Customer.objects.count() == rows_of(record).count()
    Job.objects.filter(pk=record.job.pk).update(lease_until=timezone.now())
    assert jobs.release_lost(now=timezone.now()) == 1
    record = driven(record)
    assert (record.state, record.counts) == (ImportState.IMPORTED, {"created": 600, "duplicate": 1})
    assert Customer.objects.count() == 600
    numbers = list(rows_of(record).values_list("number", flat=True))
    assert numbers == list(range(2, 603))


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_hundred_thousand_rows(staff):
    record = upload(staff, many(100_000))
    tracemalloc.start()
    for step in (check, take_over):
        record = step(staff, record)
        assert record.counts == {"created": 100_000}
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert Customer.objects.count() == 100_000
    assert peak < 60 << 20, f"{peak >> 20} MB"  # the keys that were seen, and nothing that grows with a row's cells
