"""The files of a request: quotes, invoices, proofs of payment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from django.db import transaction
from django.utils.translation import gettext as _

from bureau.accounts.services.validation import clean_text
from bureau.core import audit, files
from bureau.core.models import StoredFile, User
from bureau.kit.errors import Forbidden, Invalid, NotFound
from bureau.purchasing.models import Attachment, PurchaseRequest
from bureau.purchasing.permissions import requests as permissions
from bureau.purchasing.services.editing import begin_edit, locked, require_state
from bureau.purchasing.states import RequestStatus

EXTENSIONS = frozenset({"pdf", "jpg", "jpeg", "png", "docx", "xlsx", "xls"})
MAX_BYTES = 10 * 1024 * 1024
MAX_FILES = 20


@dataclass(frozen=True, slots=True)
class Upload(files.Upload):
    category: str = ""


def attach_file(
    *,
    actor: User,
    request: PurchaseRequest,
    upload: IO[bytes],
    filename: str,
    declared_type: str | None = None,
    category: str = "",
    now: datetime,
) -> Attachment:
    """Adds a file: the requestor while they may edit (a rejected request becomes resubmitted), finance reviewers during
    their review.

    Raises Forbidden, WrongState, Invalid (wrong type, empty, too many files), TooLarge, VirusDetected.
    """
    given = Upload(upload, filename, declared_type, category)
    [stored] = store_uploads(actor=actor, request=request, uploads=[given], now=now)
    with transaction.atomic():
        request = locked(request)
        old = request.status
        if request.status != RequestStatus.FINANCE_REVIEW:
            begin_edit(request, actor=actor, now=now)
        [attachment] = attach_stored(actor=actor, request=request, stored=[stored], uploads=[given], now=now)
        audit.record(
            request,
            "attachment_added",
            actor=actor,
            now=now,
            old={"status": old},
            new={"status": request.status, **described(attachment)},
        )
    return attachment


def store_uploads(
    *, actor: User, request: PurchaseRequest, uploads: Sequence[Upload], now: datetime
) -> list[StoredFile]:
    """Judges and keeps the files before the request is locked: nobody should wait while they are scanned."""
    permissions.can_attach_file(actor, request).enforce()
    require_state(request, "attach")
    _check_count(request, len(uploads))
    for upload in uploads:
        clean_text("category", upload.category, longest=50)
    return [
        files.store(
            upload,
            allowed=EXTENSIONS,
            max_bytes=MAX_BYTES,
            uploader=actor,
            now=now,
        )
        for upload in uploads
    ]


def attach_stored(
    *, actor: User, request: PurchaseRequest, stored: Sequence[StoredFile], uploads: Sequence[Upload], now: datetime
) -> list[Attachment]:
    """Ties stored files to the locked request."""
    permissions.can_attach_file(actor, request).enforce()
    require_state(request, "attach")
    _check_count(request, len(stored))
    return Attachment.objects.bulk_create(
        Attachment(
            request=request, file=file, category=clean_text("category", upload.category, longest=50), created_at=now
        )
        for file, upload in zip(stored, uploads, strict=True)
    )


def remove_attachment(*, actor: User, attachment: Attachment, now: datetime) -> None:
    """Takes a file off the request again, by whoever added it; the form field that names it becomes empty."""
    with transaction.atomic():
        request = locked(attachment.request)
        permissions.can_attach_file(actor, request).enforce()
        require_state(request, "attach")
        found = request.attachments.select_related("file").filter(pk=attachment.pk).first()
        if found is None:
            raise NotFound(_("The file was removed already."))
        if found.file.uploader_id != actor.pk:
            raise Forbidden(_("Only the person who added a file can remove it."))
        old = request.status
        if request.status != RequestStatus.FINANCE_REVIEW:
            begin_edit(request, actor=actor, now=now)
        request.field_values.filter(value_file=found).delete()
        gone = described(found)
        found.delete()
        audit.record(
            request,
            "attachment_removed",
            actor=actor,
            now=now,
            old={"status": old, **gone},
            new={"status": request.status},
        )


def open_attachment(*, actor: User, attachment: Attachment, now: datetime) -> IO[bytes]:
    """The content, for a download by somebody who sees the request; the download is audited.

    Raises NotFound, and Locked (code SCAN_PENDING while the scan runs) for a file that must not leave.
    """
    if not PurchaseRequest.objects.visible_to(actor).filter(pk=attachment.request_id).exists():
        raise NotFound
    content = files.open_clean(attachment.file)
    with transaction.atomic():
        audit.record(attachment.request, "downloaded", actor=actor, now=now, new=described(attachment))
    return content


def described(attachment: Attachment) -> dict[str, str]:
    """What the audit log keeps of a file: enough to know it again."""
    file = attachment.file
    return {"attachment": str(attachment.uuid), "filename": file.filename, "sha256": file.sha256}


def _check_count(request: PurchaseRequest, added: int) -> None:
    if added and request.attachments.count() + added > MAX_FILES:
        raise Invalid.field("file", _("A request takes at most %(count)d files.") % {"count": MAX_FILES})
