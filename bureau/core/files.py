"""Stored files: judged by content, scanned before anyone can download them, forgotten when nothing refers to them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any, BinaryIO, cast
from uuid import uuid4

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Exists, OuterRef, ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.core.hooks import file_quarantined
from bureau.core.inspection import clean_filename, inspect
from bureau.core.jobs import Run, enqueue, job_handler
from bureau.core.models import Job, Organization, ScanState, StoredFile, User
from bureau.core.scanning import ClamdScanner, Infected, VirusDetected, scan_builtin
from bureau.kit.errors import IntegrationFailed, Locked, NotFound


class ScanPending(Locked):
    code = "SCAN_PENDING"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came in."""

    content: IO[bytes]
    filename: str
    declared_type: str | None = None


def store(
    upload: Upload,
    *,
    allowed: frozenset[str],
    max_bytes: int,
    uploader: User | None,
    organization: Organization | None = None,
    now: datetime,
) -> StoredFile:
    """Judges, scans and keeps an upload; `allowed` names extensions. Without an uploader, who is a customer then, the
    organization is named.

    With CLAMD_URL set the file stays `pending` until a job has had it scanned there.
    Raises Invalid (wrong type, empty), TooLarge, VirusDetected; nothing is kept then.
    """
    content = cast(BinaryIO, upload.content)
    found = inspect(
        content,
        filename=upload.filename,
        declared_type=upload.declared_type,
        allowed=allowed,
        max_bytes=max_bytes,
    )
    finding = scan_builtin(content, found)
    if finding:
        raise VirusDetected(finding)
    owner = organization or (uploader.organization if uploader else None)
    if owner is None:
        raise TypeError("a file without an uploader: name the organization")
    uuid = uuid4()
    path = f"{owner.pk}/{uuid.hex[:2]}/{uuid.hex}"
    content.seek(0)
    default_storage.save(path, File(content, name=path))
    stored = StoredFile.objects.create(
        uuid=uuid,
        organization=owner,
        uploader=uploader,
        filename=clean_filename(upload.filename),
        content_type=found.content_type,
        size=found.size,
        sha256=found.sha256,
        path=path,
        scan_state=ScanState.PENDING if settings.CLAMD_URL else ScanState.CLEAN,
        created_at=now,
    )
    if settings.CLAMD_URL:
        enqueue("scan_file", payload={"file": stored.pk}, now=now, organization=owner, requested_by=uploader)
    return stored


def open_clean(stored: StoredFile) -> IO[bytes]:
    """The content, for a download. Raises ScanPending, or Locked for a file that was found infected or not scanned."""
    if stored.scan_state == ScanState.PENDING:
        raise ScanPending("The file is still being scanned. Try again in a moment.")
    if stored.scan_state != ScanState.CLEAN:
        raise Locked("The file is quarantined: the virus scan did not pass it.")
    return default_storage.open(stored.path)


def keep_result(job: Job, content: bytes) -> None:
    """Keeps what a job of an organization has made for a day: no record names it, so `clean_up_files` deletes it then.
    Kept again it is replaced."""
    path = _result_path(job)
    default_storage.delete(path)
    default_storage.save(path, ContentFile(content))


def read_result(job: Job) -> bytes:
    """Raises NotFound when it is not kept any more."""
    try:
        with default_storage.open(_result_path(job)) as content:
            return bytes(content.read())
    except FileNotFoundError:
        raise NotFound(_("The file is not kept any more. Ask for it again.")) from None


def _result_path(job: Job) -> str:
    return f"{job.organization_id}/{job.pk.hex[:2]}/{job.pk.hex}"


@job_handler("clean_up_files", every=timedelta(days=1))
def clean_up_files(run: Run) -> None:
    """Deletes the files that nothing refers to any more, and contents whose record was never committed."""
    before = timezone.now() - timedelta(days=1)
    unused = StoredFile.objects.filter(created_at__lt=before)
    for relation in StoredFile._meta.related_objects:
        in_use = relation.related_model._default_manager.filter(**{relation.field.name: OuterRef("pk")})
        unused = unused.exclude(Exists(in_use))
    deleted = 0
    for stored in list(unused):
        try:
            stored.delete()
        except ProtectedError:  # somebody has just begun to refer to it
            continue
        default_storage.delete(stored.path)
        deleted += 1
    for organization in _names(0, "."):
        for shard in _names(0, organization):
            contents = {f"{organization}/{shard}/{name}" for name in _names(1, f"{organization}/{shard}")}
            known = StoredFile.objects.filter(path__in=contents).values_list("path", flat=True)
            for path in contents.difference(known):
                if default_storage.get_modified_time(path) < before:
                    default_storage.delete(path)
                    deleted += 1
    with run.completing() as result:
        result["deleted"] = deleted


def _names(kind: int, path: str) -> list[str]:
    """The folders (0) or files (1) at a place in the storage."""
    try:
        return list(default_storage.listdir(path)[kind])
    except FileNotFoundError:
        return []


SCAN_ATTEMPTS = 30


@job_handler("scan_file", max_attempts=SCAN_ATTEMPTS)
def scan_file(run: Run) -> dict[str, Any]:
    """Has ClamAV scan a stored file. A daemon that is away leaves the file pending and the job to be tried again; a day
    of it, or a file that it cannot scan, leaves the scan failed and the file locked."""
    stored = StoredFile.objects.get(pk=run.job.payload["file"])
    try:
        with default_storage.open(stored.path) as content:
            verdict = ClamdScanner(settings.CLAMD_URL).scan(cast(BinaryIO, content))
    except IntegrationFailed:
        if run.attempt == SCAN_ATTEMPTS:
            with transaction.atomic():
                _scanned(stored, ScanState.FAILED)
        raise
    state = ScanState.INFECTED if isinstance(verdict, Infected) else ScanState.CLEAN
    with run.completing() as result:
        _scanned(stored, state, finding=verdict.name if isinstance(verdict, Infected) else "")
        result["scan_state"] = state.value
    return {}


def _scanned(stored: StoredFile, state: ScanState, *, finding: str = "") -> None:
    StoredFile.objects.filter(pk=stored.pk, scan_state=ScanState.PENDING).update(scan_state=state, finding=finding)
    if state != ScanState.CLEAN:
        file_quarantined.send(file=stored, now=timezone.now())
