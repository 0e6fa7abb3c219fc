"""Downloads: never shown inline, never sniffed, nothing in them may run."""

from io import BytesIO
from typing import IO

from django.http import FileResponse

from bureau.core.models import StoredFile


def download(stored: StoredFile, content: IO[bytes]) -> FileResponse:
    return _sent(content, filename=stored.filename, content_type=stored.content_type, size=stored.size)


def attachment(content: bytes, *, filename: str, content_type: str) -> FileResponse:
    """What was made for this answer."""
    return _sent(BytesIO(content), filename=filename, content_type=content_type, size=len(content))


def _sent(content: IO[bytes], *, filename: str, content_type: str, size: int) -> FileResponse:
    answer = FileResponse(content, as_attachment=True, filename=filename, content_type=content_type)
    answer["Content-Length"] = str(size)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer
