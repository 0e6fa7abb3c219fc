"""Reads of the documents of cases."""

from collections.abc import Sequence

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from bureau.cases.models import CaseDocument
from bureau.cases.models.documents import TAKEN_AWAY
from bureau.core.models import ScanState, User
from bureau.kit.errors import NotFound

UNCHECKED = Q(checked_at__isnull=True)


def visible_documents(user: User) -> QuerySet[CaseDocument]:
    """Newest first, with what is shown of them."""
    documents = CaseDocument.objects.visible_to(user)
    return documents.select_related("case", "document_type", "file", "checked_by").order_by("-created_at", "-pk")


def visible_document(user: User, pk: int) -> CaseDocument:
    """With its case, customer, product and organization. Raises NotFound, foreign or unknown."""
    documents = visible_documents(user).select_related("case__customer__party", "case__product", "organization")
    found = documents.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("Not found."))
    return found


def documents_in_order(user: User, ids: Sequence[int]) -> list[CaseDocument | None]:
    """For each id the document, or None where this person sees none."""
    wanted = {pk for pk in ids if 0 < pk < 2**63}
    found = {document.pk: document for document in visible_documents(user).filter(pk__in=wanted)}
    return [found.get(pk) for pk in ids]


def completed() -> Q:
    """As `CaseDocument.complete`."""
    clean = Q(file__isnull=False) & ~Q(file__scan_state__in=TAKEN_AWAY)
    number = Q(document_type__has_number=False) | ~Q(number="")
    expiry = Q(document_type__has_expiry_date=False) | Q(expiry_date__isnull=False)
    return clean & number & expiry


def documents_found(words: Sequence[str]) -> Q:
    """Each word, in upper case, is in the type, the number, or the name of the file, the case or the customer."""
    found = Q()
    for word in words:
        own = Q(document_type__name__icontains=word) | Q(number__icontains=word) | Q(file__filename__icontains=word)
        found &= own | Q(case__number__contains=word) | Q(case__customer__sort_name__contains=word)
    return found


def earlier_documents(user: User, document: CaseDocument) -> QuerySet[CaseDocument]:
    """Complete ones of the same type and customer in other cases that this person sees, the last uploaded first."""
    others = CaseDocument.objects.visible_to(user).filter(
        completed(),
        document_type=document.document_type_id,
        case__customer=document.case.customer_id,
        file__scan_state=ScanState.CLEAN,
    )
    others = others.exclude(case=document.case_id).select_related("case", "document_type", "file")
    return others.order_by(F("uploaded_at").desc(), "-pk")
