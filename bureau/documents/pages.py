"""Pages of stored files as pictures, for lists and for looking at a file without the program that made it.

A page costs a process: 0.2 s and 45 MB for an A4 page of text at 1000 pixels, half of it for starting Python; 0.15 s
for a thumbnail of a photo. Callers keep what they get.
"""

from django.utils.translation import gettext as _

from bureau.core.models import StoredFile
from bureau.documents import sandbox
from bureau.documents.program import IMAGE_FORMATS, PDF
from bureau.kit.errors import Invalid, NotFound

CONTENT_TYPE = "image/webp"
NARROWEST, WIDEST = 40, 2000
SECONDS = 15

WITH_PAGES = frozenset({PDF, *IMAGE_FORMATS})
"""The content types of which there are pages."""


class Unreadable(Invalid):
    code = "UNREADABLE_FILE"


def page_count(stored: StoredFile) -> int:
    """How many pages a PDF or a picture has. Raises Invalid (neither, or not readable), and what opening it raises:
    ScanPending, Locked; RateLimited."""
    _require_pages(stored)
    if stored.content_type in ("image/jpeg", "image/png"):
        return 1
    try:
        return int(sandbox.run("pages", [stored], seconds=SECONDS))
    except sandbox.Failed as failed:
        raise _refusal(stored, failed) from failed


def render_page(stored: StoredFile, number: int, width: int) -> bytes:
    """Page `number`, from 1, as WebP of `width` pixels (40 to 2000).

    A picture is never made larger than it is, and a page that is very high is narrower. Raises NotFound for a page that
    there is not, and as `page_count`.
    """
    if not NARROWEST <= width <= WIDEST:
        message = _("Give a width from %(from)d to %(to)d pixels.") % {"from": NARROWEST, "to": WIDEST}
        raise Invalid.field("width", message)
    _require_pages(stored)
    if number < 1:
        raise NotFound(_("There is no such page."))
    try:
        return sandbox.run("render", [stored], seconds=SECONDS, number=number, width=width)
    except sandbox.Failed as failed:
        raise _refusal(stored, failed) from failed


def page_tag(stored: StoredFile, number: int, width: int) -> str:
    """An ETag: the same for the same picture."""
    return f'"{stored.sha256}-{number}-{width}"'


def _require_pages(stored: StoredFile) -> None:
    if stored.content_type not in WITH_PAGES:
        raise Invalid(_("This kind of file has no pages to show: %(file)s. Download it.") % {"file": stored.filename})


def _refusal(stored: StoredFile, failed: sandbox.Failed) -> Exception:
    if failed.reason == "no-page":
        return NotFound(_("There is no such page."))
    if failed.reason == "protected":
        return Unreadable(_("%(file)s is protected by a password. Download it.") % {"file": stored.filename})
    return Unreadable(_("%(file)s cannot be shown: it is damaged or too complex.") % {"file": stored.filename})
