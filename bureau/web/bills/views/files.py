"""A bill as it came in."""

from django.http import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from bureau.core.models import StoredFile
from bureau.kit.errors import NotFound
from bureau.purchasing.models import Bill
from bureau.purchasing.selectors.bills import visible_bill
from bureau.purchasing.services.bills import open_file
from bureau.web.answers import PageRequest, page
from bureau.web.files import framed, require_preview, sent_file


def _kept(found: Bill) -> StoredFile:
    if found.file is None:
        raise NotFound(_("This bill has no file."))
    return found.file


@page
@require_GET
def file(request: PageRequest, pk: int) -> HttpResponseBase:
    found = visible_bill(request.user, pk)
    kept = _kept(found)
    content = open_file(actor=request.user, bill=found, now=timezone.now())
    return sent_file(kept, content, inline=False)


@framed
def preview(request: PageRequest, pk: int) -> HttpResponseBase:
    found = visible_bill(request.user, pk)
    kept = _kept(found)
    require_preview(kept)
    content = open_file(actor=request.user, bill=found, now=timezone.now())
    return sent_file(kept, content, inline=True)
