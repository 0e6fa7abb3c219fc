"""Records as one person sees them; what they may not see is not there, in the same words."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from bureau.core.models import User
from bureau.kit.errors import NotFound
from bureau.purchasing.models import Attachment, PurchaseRequest
from bureau.purchasing.selectors import requests as selectors


def visible_request(user: User, uuid: UUID) -> PurchaseRequest:
    """With all that its page shows. Raises NotFound."""
    found = selectors.with_details(PurchaseRequest.objects.visible_to(user)).filter(uuid=uuid).first()
    if found is None:
        raise NotFound(_("There is no such request."))
    return found


def search_words(rows: QuerySet[PurchaseRequest], words: str) -> QuerySet[PurchaseRequest]:
    for word in words.replace("\x00", "").split()[:8]:
        rows = rows.filter(Q(subject__icontains=word) | Q(number__icontains=word) | Q(vendor_name__icontains=word))
    return rows


def visible_attachment(user: User, uuid: UUID) -> Attachment:
    found = Attachment.objects.visible_to(user).select_related("file", "request").filter(uuid=uuid).first()
    if found is None:
        raise NotFound(_("There is no such file."))
    return found
