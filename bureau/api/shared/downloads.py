"""Downloads: never shown inline, never sniffed, nothing in them may run."""

from typing import IO

from django.http import FileResponse

from bureau.core.models import StoredFile


def download(stored: StoredFile, content: IO[bytes]) -> FileResponse:
    answer = FileResponse(content, as_attachment=True, filename=stored.filename, content_type=stored.content_type)
    answer["Content-Length"] = str(stored.size)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer
