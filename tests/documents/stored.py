"""Stored files for the tests of what is made of them."""

from io import BytesIO

from bureau.core import files
from bureau.core.models import StoredFile
from tests.factories.accounts import make_organization
from tests.factories.purchasing import NOW

ALLOWED = frozenset({"pdf", "jpg", "jpeg", "png", "tiff", "docx"})


def stored(content: bytes, filename: str, organization=None) -> StoredFile:
    return files.store(
        files.Upload(BytesIO(content), filename),
        allowed=ALLOWED,
        max_bytes=20 << 20,
        uploader=None,
        organization=organization or make_organization(),
        now=NOW,
    )


def replaced(file: StoredFile, content: bytes) -> StoredFile:
    """The record with another content: what a file would be that got past the checks of uploads."""
    from django.core.files.storage import default_storage

    with default_storage.open(file.path, "wb") as target:
        target.write(content)
    return file
