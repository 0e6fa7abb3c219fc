"""Looking at the files of documents, page by page or as one PDF."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from bureau.cases.models import CaseDocument
from bureau.cases.services.documents import described
from bureau.core import audit
from bureau.core.models import StoredFile, User
from bureau.documents import merging, pages
from bureau.kit.errors import BusinessRule, Invalid, NotFound

MOST_MERGED = 200
THUMBNAIL_WIDTH = 240
PAGE_WIDTH = 1000
"""Pixels."""


class DocumentIncomplete(BusinessRule):
    code = "DOCUMENT_INCOMPLETE"


def merge_documents(*, actor: User, documents: Sequence[CaseDocument], now: datetime) -> bytes:
    """The files of documents that the actor sees, in this order, as one PDF; a case's log says what was taken of it.

    Raises Invalid (none, or too many), DocumentIncomplete and NotMergeable, which name the document, TooLarge,
    NotFound, ScanPending, Locked, RateLimited.
    """
    if not 0 < len(documents) <= MOST_MERGED:
        message = _("Choose from 1 to %(most)d documents.") % {"most": MOST_MERGED}
        raise Invalid.field("document_ids", message)
    files = []
    for document in documents:
        if not document.complete:
            name = document.document_type.name
            message = _("%(document)s of %(case)s is not complete. Complete it, or leave it out.")
            raise DocumentIncomplete(message % {"document": name, "case": document.case.number})
        files.append(file_of(actor, document))
    merged = merging.merge(files)
    with transaction.atomic():
        for case in sorted({document.case for document in documents}, key=lambda case: case.pk):
            taken = [described(document) for document in documents if document.case_id == case.pk]
            audit.record(case, "documents_merged", actor=actor, now=now, new={"documents": taken})
    return merged


def count_pages(*, actor: User, document: CaseDocument) -> int:
    """Raises NotFound (also where there is no file), Invalid (no pages, or not readable), ScanPending, Locked."""
    return pages.page_count(file_of(actor, document))


def view_page(*, actor: User, document: CaseDocument, number: int, width: int = PAGE_WIDTH, now: datetime) -> bytes:
    """A page as a picture (documents/pages.py); that it was looked at is in the case's log. Raises as `count_pages`."""
    picture = pages.render_page(file_of(actor, document), number, width)
    with transaction.atomic():
        audit.record(document.case, "viewed", actor=actor, now=now, new={"page": number, **described(document)})
    return picture


def thumbnail(*, actor: User, document: CaseDocument) -> bytes:
    """The first page, too small to be read. Raises as `count_pages`."""
    return pages.render_page(file_of(actor, document), 1, THUMBNAIL_WIDTH)


def file_of(actor: User, document: CaseDocument) -> StoredFile:
    """Raises NotFound, for somebody who does not see the document any more, too."""
    file = document.file
    if file is None or not CaseDocument.objects.visible_to(actor).filter(pk=document.pk).exists():
        raise NotFound(_("There is no file yet."))
    return file
