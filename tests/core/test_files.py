"""A stored file: kept once, scanned before anyone can have it."""

import io

import pytest
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
        io.BytesIO(content),
        filename=filename,
        declared_type="application/pdf",
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


def test_same_content_is_kept_once_per_organization():
    ours = make_organization()
    first, second = stored(pdf_bytes("a"), user=make_user(ours)), stored(pdf_bytes("a"), user=make_user(ours))
    other = stored(pdf_bytes("a"))
    assert first.path == second.path
    assert other.path != first.path


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
