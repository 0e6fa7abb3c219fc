"""What a file really is, judged by its content: never by its name, never by a header that came with it.

A sniffer that reads the first bytes is not enough: it takes a PDF with an archive behind it, a picture of
sixty thousand pixels square and a spreadsheet of zeros for what they claim to be. So every type is parsed, within
limits that hold before anything is unpacked or decoded.
"""

import hashlib
import logging
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

import olefile
from django.utils.translation import gettext as _

from bureau.core.inspection.office import check_ole, check_ooxml
from bureau.core.inspection.pdf import check_pdf
from bureau.core.inspection.pictures import check_jpeg, check_png, check_tiff
from bureau.core.inspection.refusals import refused, refusing_damaged
from bureau.core.inspection.text import check_text, check_xml
from bureau.kit.errors import Invalid, TooLarge

logger = logging.getLogger(__name__)

CHUNK = 1 << 20
MAX_FILENAME = 150

_CONTENT_TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "png": "image/png",
    "tiff": "image/tiff",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xls": "application/vnd.ms-excel",
    "xml": "application/xml",
    "csv": "text/csv",
    "txt": "text/plain",
}
_SAME_TYPE = {"jpeg": "jpg", "tif": "tiff"}


@dataclass(frozen=True)
class Inspected:
    """`extension` is the usual one of the type (jpg, never jpeg); `size` in bytes; `sha256` in hexadecimal."""

    content_type: str
    extension: str
    size: int
    sha256: str


def inspect(
    file: BinaryIO, *, filename: str, declared_type: str | None, allowed: frozenset[str], max_bytes: int
) -> Inspected:
    """The true type of `file`, which must be one of the extensions in `allowed` and the one that `filename` ends in.

    `declared_type`, the Content-Type that came with the file, decides nothing: browsers guess it from the name. When
    it differs it is logged. Raises Invalid (empty, another type, more than one type at once, damaged, encrypted,
    a bomb) or TooLarge. Leaves `file` at its start.
    """
    size, sha256 = _size_and_hash(file, max_bytes)
    accepted = {_SAME_TYPE.get(extension, extension) for extension in allowed}
    suffix = PurePosixPath(clean_filename(filename)).suffix.removeprefix(".").lower()
    named = _SAME_TYPE.get(suffix, suffix)
    if named not in accepted:
        raise _not_accepted(allowed)
    file.seek(0)
    possible, check = _sniff(file.read(4096))
    if not possible & accepted:
        types = ", ".join(sorted(extension.upper() for extension in allowed))
        message = _("The name ends in .%(named)s, but the content is not %(named)s. Accepted are: %(types)s.")
        raise refused(message % {"named": suffix, "types": types})
    with refusing_damaged():
        found = check(file, size)
    if found == "txt" and named == "csv":  # the same content: any text can be read as a table
        found = "csv"
    if found != named:
        raise refused(
            _("The name ends in .%(named)s, but the content is not %(named)s. Choose the right file, or save it anew.")
            % {"named": suffix}
        )
    content_type = _CONTENT_TYPES[found]
    if declared_type and declared_type.partition(";")[0].strip().lower() not in (
        content_type,
        "application/octet-stream",
    ):
        logger.info("An uploaded %s was declared as %r.", content_type, declared_type[:100])
    file.seek(0)
    return Inspected(content_type=content_type, extension=found, size=size, sha256=sha256)


def clean_filename(name: str) -> str:
    """`name` as it is safe to show and to offer for download: no folders, no invisible characters, at most 150 long.

    Bidirectional overrides go because they make "gnp.exe" read as "exe.png".
    """
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    visible = "".join(
        " " if character.isspace() else character
        for character in name
        if character in "\t\n\r" or not unicodedata.category(character).startswith("C")
    )
    stem, dot, extension = " ".join(visible.split()).rstrip(". ").rpartition(".")
    if not dot or len(extension) > 20:
        stem, extension = stem + dot + extension, ""
    stem = stem.strip(". ") or "file"
    ending = f".{extension.strip()}" if extension.strip() else ""
    return unicodedata.normalize("NFC", stem[: MAX_FILENAME - len(ending)].rstrip() + ending)


def _not_accepted(allowed: frozenset[str]) -> Invalid:
    types = ", ".join(sorted(extension.upper() for extension in allowed))
    return refused(_("This type of file is not accepted. Accepted are: %(types)s.") % {"types": types})


def _size_and_hash(file: BinaryIO, max_bytes: int) -> tuple[int, str]:
    file.seek(0)
    size, digest = 0, hashlib.sha256()
    while chunk := file.read(CHUNK):
        size += len(chunk)
        if size > max_bytes:
            limit = f"{max_bytes / (1 << 20):g}"
            message = _("The file is too large: at most %(limit)s MB are accepted.") % {"limit": limit}
            raise TooLarge(fields={"file": [message]})
        digest.update(chunk)
    if not size:
        raise refused(_("The file is empty."))
    return size, digest.hexdigest()


def _sniff(head: bytes) -> tuple[set[str], Callable[[BinaryIO, int], str | None]]:
    """The types that content which begins with `head` can have, and the check that tells (None: none of them)."""
    for magic, possible, check in (
        (b"%PDF-", {"pdf"}, check_pdf),
        (b"\xff\xd8\xff", {"jpg"}, check_jpeg),
        (b"\x89PNG\r\n\x1a\n", {"png"}, check_png),
        (b"II*\0", {"tiff"}, check_tiff),
        (b"MM\0*", {"tiff"}, check_tiff),
        (b"PK\x03\x04", {"docx", "xlsx"}, check_ooxml),
        (olefile.MAGIC, {"xls", "docx", "xlsx"}, check_ole),  # the last two when a password protects them
    ):
        if head.startswith(magic):
            return possible, check
    if head.lstrip(b"\xef\xbb\xbf\xff\xfe\0\t\n\r ").startswith(b"<"):
        return {"xml"}, check_xml
    return {"txt", "csv"}, check_text
