"""Archives of XML (docx, xlsx) and compound files (xls)."""

import io
import itertools
import re
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import olefile

from bureau.core.inspection.edges import archive_directory
from bureau.core.inspection.refusals import bomb, damaged, protected, two_in_one, with_macros
from bureau.core.inspection.text import parse_xml

MAX_MEMBERS = 5_000
MAX_DIRECTORY = 2 << 20
MAX_UNPACKED = 256 << 20
MAX_RATIO, RATIO_MATTERS_FROM = 100, 10_000_000  # blank bitmaps in honest documents reach such ratios when small

_EMBEDDED_DOCUMENT = re.compile(r"(?:word|xl)/embeddings/[^/]+\.(?:docx|xlsx|pptx)", re.IGNORECASE)
_ARCHIVE_OR_PROGRAM = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"MSCF", b"\xfd7zXZ", b"MZ", b"\x7fELF")
_MAIN_TYPES = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": "xlsx",
}
_MAIN_NAMES = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx"}


def check_ooxml(file: BinaryIO, size: int) -> str | None:
    with _open_archive(file, size, embedded=False) as archive:
        declared: set[str] = set()

        def read_part(element: str, attributes: dict[str, str]) -> None:
            content_type = attributes.get("ContentType", "")
            if "macroEnabled" in content_type or "vbaProject" in content_type:
                raise with_macros()
            declared.add(content_type)

        try:
            with archive.open("[Content_Types].xml") as part:
                parse_xml(part, read_part)
        except KeyError:
            return None  # an archive, but of something else
        names = set(archive.namelist())
    # Word writes document2.xml now and then: the declaration counts, the usual name only where nothing is declared.
    found = declared & _MAIN_TYPES.keys() or names & _MAIN_NAMES.keys()
    kinds = {(_MAIN_TYPES | _MAIN_NAMES)[key] for key in found}
    return kinds.pop() if len(kinds) == 1 else None


@contextmanager
def _open_archive(file: BinaryIO, size: int, *, embedded: bool) -> Iterator[zipfile.ZipFile]:
    """An archive that is safe to unpack: judged by its directory alone, and by the first bytes of each member."""
    directory = archive_directory(file, size)
    if not directory:
        raise damaged()
    start, length, end = directory
    if length > MAX_DIRECTORY:
        raise bomb()
    if end + 22 != size:
        raise two_in_one()
    with zipfile.ZipFile(file) as archive:
        members = sorted(archive.infolist(), key=lambda member: member.header_offset)
        _check_members(members, start)
        for member in members:
            _check_member(archive, member, embedded=embedded)
        yield archive


def _check_members(members: list[zipfile.ZipInfo], directory_start: int) -> None:
    if not members or members[0].header_offset != 0:
        raise two_in_one()
    if len({member.filename.lower() for member in members}) != len(members):
        raise damaged()  # which of two equal names counts differs from reader to reader
    ends = [*(member.header_offset for member in members[1:]), directory_start]
    for member, end in zip(members, ends, strict=True):
        if member.header_offset + 30 + member.compress_size > end:  # several members share the same compressed bytes
            raise bomb()
    unpacked, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
    if (
        len(members) > MAX_MEMBERS
        or unpacked > MAX_UNPACKED
        or (unpacked > RATIO_MATTERS_FROM and unpacked > MAX_RATIO * packed)
        or any(m.file_size > RATIO_MATTERS_FROM and m.file_size > MAX_RATIO * m.compress_size for m in members)
    ):
        raise bomb()


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, embedded: bool) -> None:
    name = member.filename
    if member.flag_bits & 0x1:
        raise protected()
    if name.startswith("/") or "\\" in name or ".." in name.split("/"):
        raise damaged()
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise damaged()  # office programs write no other
    if name.lower().endswith("vbaproject.bin"):
        raise with_macros()
    with archive.open(member) as content:
        if not content.read(8).startswith(_ARCHIVE_OR_PROGRAM):
            return
        # A chart keeps the table it was drawn from as a document within the document, one level deep.
        if embedded or not _EMBEDDED_DOCUMENT.fullmatch(name):
            raise two_in_one()
        content.seek(0)
        inner = io.BytesIO(content.read())
    with _open_archive(inner, inner.getbuffer().nbytes, embedded=True):
        pass


def check_ole(file: BinaryIO, size: int) -> str | None:
    file.seek(0)
    with olefile.OleFileIO(file) as ole:
        if ole.exists("EncryptedPackage"):
            raise protected()
        name = next((name for name in ("Workbook", "Book") if ole.exists(name)), None)
        if not name:
            return None
        records = biff_records(ole.openstream(name).read())
        first, _content = next(records, (None, b""))
        if first not in (0x0009, 0x0209, 0x0409, 0x0809):  # BOF, of any version of Excel
            raise damaged()
        for kind, _content in itertools.islice(records, 10):
            if kind == 0x002F:  # FILEPASS comes before everything that it encrypts
                raise protected()
    if archive_directory(file, size):
        raise two_in_one()
    return "xls"


def biff_records(workbook: bytes) -> Iterator[tuple[int, bytes]]:
    """The records of a workbook stream (MS-XLS 2.1.4): kind and content."""
    at = 0
    while at + 4 <= len(workbook):
        kind, length = struct.unpack_from("<HH", workbook, at)
        yield kind, workbook[at + 4 : at + 4 + length]
        at += 4 + length
