"""Files that come in by a form, and files that are shown or downloaded, whatever they hang on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from csp.decorators import csp
from django.http import FileResponse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from bureau.core.models import StoredFile
from bureau.kit.errors import DomainError, Forbidden, Invalid, NotFound
from bureau.web.answers import PageRequest, View, page
from bureau.web.templatetags.bureau import previewable


def uploads(request: PageRequest) -> list[Any]:
    """From the drop zone one file at a time, from a plain form several. Raises Invalid for none."""
    given = request.FILES.getlist("file") + request.FILES.getlist("files")
    if not given:
        raise Invalid.field("file", _("Choose a file first."))
    return given


@contextmanager
def naming(upload: Any) -> Iterator[None]:
    """Whatever is wrong with the file stands beside the field, with the file's name."""
    try:
        yield
    except (Forbidden, NotFound):
        raise
    except DomainError as error:
        raise Invalid.field("file", f"{upload.name}: {error.message}") from error


def framed(view: View) -> View:
    """A page that our own pages may show in a frame."""
    return xframe_options_sameorigin(csp({"frame-ancestors": ["'self'"]})(page(require_GET(view))))


def require_preview(stored: StoredFile) -> None:
    """Raises NotFound for what a browser does not show by itself without running anything."""
    if not previewable(stored.content_type):
        raise NotFound(_("This kind of file has no preview."))


def sent_file(stored: StoredFile, content: IO[bytes], *, inline: bool) -> FileResponse:
    """A stored file as it was named; nobody on the way keeps a copy."""
    response = FileResponse(
        content, as_attachment=not inline, filename=stored.filename, content_type=stored.content_type
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response
