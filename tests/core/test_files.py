"""A stored file: kept once, scanned before anyone can have it."""

import io
import os
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from bureau.core import files, jobs
from bureau.core.models import Job, JobState, ScanState, StoredFile
from bureau.core.scanning import VirusDetected
from bureau.kit.errors import Invalid, Locked, TooLarge
from tests.core.clamd import InstreamServer
from tests.core.samples import EICAR, exe_bytes, pdf_bytes, png_bytes, zip_bomb
from tests.factories.accounts import make_organization, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def stored(content, *, filename="quote.pdf", user=None, max_bytes=1_000_000):
    return files.store(
        files.Upload(io.BytesIO(content), filename, "application/pdf"),
        allowed=frozenset({"pdf", "png"}),
        max_bytes=max_bytes,
        uploader=user or make_user(),
        now=timezone.now(),
    )


def test_clean_file_can_be_opened_at_once():
    file = stored(pdf_bytes("quote"), filename="../../etc/Quote 1.pdf")
    assert (file.filename, file.content_type, file.scan_state) == ("Quote 1.pdf", "application/pdf", ScanState.CLEAN)
    with files.open_clean(file) as content:
        assert content.read() == pdf_bytes("quote")


@pytest.mark.parametrize(
    ("content", "filename", "error"),
    [
        (b"", "quote.pdf", Invalid),
        (png_bytes(), "quote.pdf", Invalid),
        (exe_bytes(), "quote.pdf", Invalid),
        (zip_bomb(), "quote.pdf", Invalid),
        (pdf_bytes(streams=(EICAR,)), "quote.pdf", VirusDetected),
        (pdf_bytes("x") + b" " * 1_000_000, "quote.pdf", TooLarge),
    ],
)
def test_refused_file_leaves_nothing_behind(content, filename, error):
    user = make_user()
    with pytest.raises(error):
        stored(content, filename=filename, user=user)
    assert not StoredFile.objects.exists()
    assert not default_storage.exists(str(user.organization_id))


def test_files_that_nothing_refers_to_are_deleted_after_a_day():
    organization = make_organization()
    user = make_user(organization)
    logo, unused, fresh = (stored(png_bytes(), filename="logo.png", user=user) for _ in range(3))
    organization.logo = logo
    organization.save()
    yesterday = timezone.now() - timedelta(days=2)
    StoredFile.objects.exclude(pk=fresh.pk).update(created_at=yesterday)
    lost, new = (
        default_storage.save("1/ab/lost", ContentFile(b"x")),
        default_storage.save("1/ab/new", ContentFile(b"x")),
    )
    os.utime(default_storage.path(lost), (yesterday.timestamp(), yesterday.timestamp()))
    jobs.run(jobs.enqueue("clean_up_files", payload={}, now=timezone.now()).pk)
    assert set(StoredFile.objects.values_list("pk", flat=True)) == {logo.pk, fresh.pk}
    kept = {path: default_storage.exists(path) for path in (logo.path, unused.path, fresh.path, lost, new)}
    assert kept == {logo.path: True, unused.path: False, fresh.path: True, lost: False, new: True}


def test_file_waits_for_clamav_and_is_quarantined_when_it_finds_something(settings):
    server = InstreamServer(signature=b"%PDF")
    settings.CLAMD_URL = server.url
    bad, good = stored(pdf_bytes("bad")), stored(png_bytes(), filename="logo.png")
    for file in (bad, good):
        with pytest.raises(files.ScanPending):
            files.open_clean(file)
    for job in Job.objects.filter(kind="scan_file"):
        jobs.run(job.pk)
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.scan_state, bad.finding) == (ScanState.INFECTED, "Eicar-Signature")
    with pytest.raises(Locked, match="quarantined"):
        files.open_clean(bad)
    with files.open_clean(good) as content:
        assert content.read() == png_bytes()


def test_file_stays_locked_while_clamav_is_away(settings):
    settings.CLAMD_URL = "tcp://127.0.0.1:1"
    file = stored(pdf_bytes("x"))
    job = Job.objects.get(kind="scan_file")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.PENDING
    file.refresh_from_db()
    with pytest.raises(files.ScanPending):
        files.open_clean(file)
    Job.objects.update(attempts=files.SCAN_ATTEMPTS - 1, run_after=job.created_at)
    jobs.run(job.pk)
    job.refresh_from_db()
    file.refresh_from_db()
    assert (job.state, file.scan_state) == (JobState.FAILURE, ScanState.FAILED)
    with pytest.raises(Locked, match="did not pass"):
        files.open_clean(file)
