"""The documents of a case: uploaded, described, checked, replaced and taken off again."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import IO, Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.accounts.services.validation import clean_text
from bureau.cases.models import Case, CaseDocument, CaseLink, DocumentType
from bureau.cases.notifications.cases import tell_uploaded
from bureau.cases.permissions import cases as permissions
from bureau.cases.selectors.facts import piece_of
from bureau.cases.services.cases.following import follow, locked, readable_date
from bureau.cases.services.links import note_upload
from bureau.cases.states import CaseStatus, DocumentState, document_state
from bureau.core import audit, files
from bureau.core.files import Upload
from bureau.core.models import Organization, StoredFile, User
from bureau.core.prepared import prepared
from bureau.kit.errors import BusinessRule, Conflict, Invalid, NotFound, WrongState

EXTENSIONS = frozenset({"pdf", "jpg", "jpeg", "png", "docx"})
MAX_BYTES = 20 * 1024 * 1024
TEXTS = {"number": 100, "details": 1000}
FIELDS = (*TEXTS, "expiry_date")
"""What can be said of a document beside its file."""


class DocumentThere(Conflict):
    """A case has one document of a type (system.md, section 11)."""

    code = "DOCUMENT_EXISTS"


class NothingToCheck(BusinessRule):
    code = "DOCUMENT_INCOMPLETE"


def add_document(
    *,
    actor: User,
    case: Case,
    document_type: DocumentType,
    upload: Upload | None = None,
    number: str = "",
    expiry_date: date | None = None,
    details: str = "",
    required: bool = False,
    now: datetime,
) -> CaseDocument:
    """A further document of a case, beside those that its product takes.

    Raises Forbidden, Invalid (also for a wrong or an empty file), TooLarge, VirusDetected, DocumentThere, WrongState.
    """
    permissions.can_change_case(actor, case).enforce()
    given = _read({"number": number, "details": details, "expiry_date": expiry_date})
    if document_type.organization_id != case.organization_id:
        raise Invalid.field("doc_type", _("There is no such document type."))
    _refuse_second(case, document_type)
    stored = _stored(upload, uploader=actor, organization=case.organization, now=now)
    with transaction.atomic():
        case = locked(case)
        permissions.can_change_case(actor, case).enforce()
        _require_open(case)
        _refuse_second(case, document_type)
        document = CaseDocument(
            organization=case.organization,
            case=case,
            document_type=document_type,
            required=required,
            position=case.documents.count() + 1,
            min_validity_months=document_type.min_validity_months,
            file=stored,
            uploaded_at=now if stored else None,
            created_at=now,
            updated_at=now,
            **given,
        )
        document.save(force_insert=True)
        follow(case, now=now)
        audit.record(case, "document_added", actor=actor, now=now, new={"required": required, **described(document)})
    return document


def update_document(
    *, actor: User, document: CaseDocument, changes: Mapping[str, Any], upload: Upload | None = None, now: datetime
) -> CaseDocument:
    """Changes what is named in `changes` (names of FIELDS; others are ignored) and takes the file, in place of one that
    was there. What was checked has to be checked again.

    Raises Forbidden, Invalid (also for a wrong or an empty file), TooLarge, VirusDetected, WrongState, NotFound.
    """
    permissions.can_change_case(actor, document.case).enforce()
    given = _read({name: value for name, value in changes.items() if name in FIELDS})
    stored = _stored(upload, uploader=actor, organization=document.organization, now=now)
    with transaction.atomic():
        case, document = _locked(document)
        permissions.can_change_case(actor, case).enforce()
        _require_open(case)
        _write(case, document, given, stored, actor=actor, now=now)
    return document


def receive_upload(
    *,
    link: CaseLink,
    document: CaseDocument,
    upload: Upload,
    number: str = "",
    expiry_date: date | None = None,
    now: datetime,
) -> CaseDocument:
    """What a customer uploads by link: a document of the link's own case, which nobody has checked yet.

    Raises Invalid (also for a wrong or an empty file), TooLarge, VirusDetected, WrongState, NotFound (also for a link
    that was revoked meanwhile).
    """
    if document.case_id != link.case_id:
        raise NotFound(_("Not found."))
    today = timezone.localdate(now)
    _refuse_checked(document, today=today)
    given = _read({"number": number, "expiry_date": expiry_date})
    stored = _stored(upload, uploader=None, organization=document.organization, now=now)
    with transaction.atomic():
        case, document = _locked(document)
        _require_open(case)
        _refuse_checked(document, today=today)
        note_upload(link, now=now)
        tell_uploaded(case, now=now)
        _write(case, document, {name: value for name, value in given.items() if value}, stored, actor=None, now=now)
    return document


def set_checked(*, actor: User, document: CaseDocument, checked: bool, now: datetime) -> CaseDocument:
    """Says that somebody looked at a document and found it right, or takes that back. Raises Forbidden, NothingToCheck
    (it is not complete), WrongState, NotFound."""
    with transaction.atomic():
        case, document = _locked(document)
        permissions.can_change_case(actor, case).enforce()
        _require_open(case)
        if checked == (document.checked_at is not None):
            return document
        if checked and not document.complete:
            raise NothingToCheck(_("The document is not complete: upload it, with all that it asks for, first."))
        document.checked_by, document.checked_at = (actor, now) if checked else (None, None)
        document.updated_at = now
        document.save(update_fields=["checked_by", "checked_at", "updated_at"])
        follow(case, now=now)
        action = "document_checked" if checked else "document_unchecked"
        audit.record(case, action, actor=actor, now=now, new=described(document))
    return document


def remove_document(*, actor: User, document: CaseDocument, now: datetime) -> None:
    """Takes a document off its case. One that the product requires stays as a line, and is missing again.

    Raises Forbidden, WrongState, NotFound.
    """
    with transaction.atomic():
        case, document = _locked(document)
        permissions.can_change_case(actor, case).enforce()
        _require_open(case)
        gone = described(document)
        if document.required:
            document.file = document.uploaded_at = document.expiry_date = None
            document.checked_at = document.checked_by = None
            document.number = document.details = ""
            document.updated_at = now
            document.save()
        else:
            document.delete()
        follow(case, now=now)
        audit.record(case, "document_removed", actor=actor, now=now, old=gone)


def open_document(*, actor: User, document: CaseDocument, now: datetime) -> IO[bytes]:
    """The content, for a download by somebody who sees the case; the download is audited.

    Raises NotFound, and Locked (code SCAN_PENDING while the scan runs) for a file that must not leave.
    """
    visible = CaseDocument.objects.visible_to(actor).select_related("file", "case", "document_type")
    current = visible.filter(pk=document.pk).first()
    if current is None or current.file is None:
        raise NotFound(_("There is no file yet."))
    content = files.open_clean(current.file)
    with transaction.atomic():
        audit.record(current.case, "downloaded", actor=actor, now=now, new=described(current))
    return content


def described(document: CaseDocument) -> dict[str, Any]:
    """What the audit log keeps of a document: enough to know it again."""
    file = document.file
    return {
        "document": document.pk,
        "name": document.document_type.name,
        "number": document.number,
        "expiry_date": document.expiry_date,
        "filename": file.filename if file else None,
        "sha256": file.sha256 if file else None,
    }


def _locked(document: CaseDocument) -> tuple[Case, CaseDocument]:
    """The document as it is now, behind the lock of its case."""
    case = locked(document.case)
    rows = _current(pk=document.pk, case=case.pk)
    if not rows:
        raise NotFound(_("The document was removed."))
    current: CaseDocument = rows[0]
    current.case = case
    return case, current


@prepared
def _current(pk: int, case: int) -> QuerySet[CaseDocument]:
    return CaseDocument.objects.select_related("document_type", "file", "organization").filter(pk=pk, case=case)


def _write(
    case: Case,
    document: CaseDocument,
    given: Mapping[str, Any],
    stored: StoredFile | None,
    *,
    actor: User | None,
    now: datetime,
) -> None:
    before = described(document)
    for name, value in given.items():
        setattr(document, name, value)
    if stored is not None:
        document.file, document.uploaded_at = stored, now
    after = described(document)
    changed = stored is not None or after != before
    if not changed and "details" not in given:
        return
    if changed:
        document.checked_by = document.checked_at = None
    document.updated_at = now
    document.save()
    follow(case, now=now)
    action = "document_uploaded" if stored is not None else "document_changed"
    audit.record(case, action, actor=actor, now=now, old=before, new=after)


def _read(given: dict[str, Any]) -> dict[str, Any]:
    """The given values as they are kept."""
    read: dict[str, Any] = {
        name: clean_text(name, given[name] or "", longest=TEXTS[name]) for name in TEXTS if name in given
    }
    if "expiry_date" in given:
        day = given["expiry_date"]
        read["expiry_date"] = None if day is None else readable_date("expiry_date", day)
    return read


def _stored(
    upload: Upload | None, *, uploader: User | None, organization: Organization, now: datetime
) -> StoredFile | None:
    """Judged, scanned and kept before the case is locked: nobody should wait for that."""
    if upload is None:
        return None
    return files.store(
        upload,
        allowed=EXTENSIONS,
        max_bytes=MAX_BYTES,
        uploader=uploader,
        organization=organization,
        now=now,
    )


def _require_open(case: Case) -> None:
    if case.status == CaseStatus.COMPLETED:
        raise WrongState(_("The case is completed. Reopen it to change its documents."))


def _refuse_second(case: Case, document_type: DocumentType) -> None:
    if CaseDocument.objects.filter(case=case.pk, document_type=document_type.pk).exists():
        raise DocumentThere(
            _("This case has a document of the type %(name)s already. Change that one.") % {"name": document_type.name}
        )


def _refuse_checked(document: CaseDocument, *, today: date) -> None:
    """One that has expired meanwhile, or whose file the scan took away, is asked for again, checked or not."""
    state = document_state(piece_of(document), due_date=document.case.due_date, today=today)
    if state == DocumentState.CHECKED:
        raise WrongState(_("This document was checked already. Ask the office if it has to be replaced."))
