"""Several files as one PDF."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from bureau.core.models import StoredFile
from bureau.documents import sandbox
from bureau.documents.pages import WITH_PAGES
from bureau.kit.errors import BusinessRule, TooLarge

MAX_BYTES = 50 << 20
MAX_PAGES = 1000
SECONDS = 60


class NotMergeable(BusinessRule):
    code = "NOT_MERGEABLE"


def merge(files: Sequence[StoredFile]) -> bytes:
    """The files in the given order as one PDF. A picture becomes an A4 page, turned as its camera was held; form fields
    become part of their page, and scripts and attachments stay behind.

    Raises NotMergeable, which names the file (neither PDF nor picture, protected, damaged), TooLarge past 50 MB or 1000
    pages, and what opening a file raises: ScanPending, Locked; RateLimited.
    """
    for file in files:
        if file.content_type not in WITH_PAGES:
            raise NotMergeable(_("%(file)s cannot be merged: it is neither a PDF nor a picture.") % _named(file))
    if sum(file.size for file in files) > MAX_BYTES:
        raise TooLarge(_("Merge at most %(limit)d MB at once.") % {"limit": MAX_BYTES >> 20})
    try:
        return sandbox.run("merge", files, seconds=SECONDS, many=True, max_pages=MAX_PAGES)
    except sandbox.Failed as failed:
        file = files[failed.place]
        if failed.reason == "pages":
            raise TooLarge(_("Merge at most %(limit)d pages at once.") % {"limit": MAX_PAGES}) from failed
        if failed.reason == "protected":
            message = _("%(file)s cannot be merged: it is protected by a password.") % _named(file)
            raise NotMergeable(message) from failed
        message = _("%(file)s cannot be merged: it is damaged or too complex. Save it anew.") % _named(file)
        raise NotMergeable(message) from failed


def _named(file: StoredFile) -> dict[str, str]:
    return {"file": file.filename}
