"""What a file really is, judged by its content: never by its name, never by a header that came with it.

A sniffer that reads the first bytes is not enough: it takes a PDF with an archive behind it, a picture of
sixty thousand pixels square and a spreadsheet of zeros for what they claim to be. So every type is parsed, within
limits that hold before anything is unpacked or decoded (system.md section 3, Attachments, and 11, Statuses).
"""

import codecs
import hashlib
import io
import itertools
import logging
import re
import struct
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, BinaryIO
from xml.parsers import expat

import olefile
import pikepdf
import pikepdf.settings
from django.utils.translation import gettext as _
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from bureau.kit.errors import DomainError, Invalid, TooLarge

logger = logging.getLogger(__name__)

CHUNK = 1 << 20
MAX_FILENAME = 150

MAX_PIXELS = 89_478_485  # of one picture: where Pillow begins to warn of a decompression bomb
MAX_TIFF_PAGES = 500
MAX_JPEG_SEGMENTS = 2_000
MAX_JPEG_SCANS = 100  # a progressive picture has about ten; each one costs every later reader a full pass
MAX_ARCHIVE_MEMBERS = 5_000
MAX_ARCHIVE_DIRECTORY = 2 << 20
MAX_UNPACKED = 256 << 20
MAX_PDF_STREAM = 64 << 20
MAX_PDF_REPAIRED = 1 << 20  # qpdf spends up to three seconds a MB on damage made for it; honest files rarely need it
MAX_RATIO, RATIO_MATTERS_FROM = 100, 10_000_000  # blank bitmaps in honest documents reach such ratios when small

# qpdf has no limits of its own on what a stream unpacks to. These hold for the whole process, for every reader of PDFs.
pikepdf.settings.set_qpdf_limits(
    doc_max_warnings=1_000,
    max_stream_filters=4,
    flate_max_memory=MAX_PDF_STREAM,
    run_length_max_memory=MAX_PDF_STREAM,
    png_max_memory=MAX_PDF_STREAM,
    tiff_max_memory=MAX_PDF_STREAM,
)

_PADDING = b"\0\t\n\r\x1a "
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
        raise _not_accepted(allowed)
    with refusing_damaged():
        found = check(file, size)
    if found == "txt" and named == "csv":  # the same content: any text can be read as a table
        found = "csv"
    if found != named:
        raise _refused(
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


def _refused(message: str) -> Invalid:
    return Invalid.field("file", message)


def _not_accepted(allowed: frozenset[str]) -> Invalid:
    types = ", ".join(sorted(extension.upper() for extension in allowed))
    return _refused(_("This type of file is not accepted. Accepted are: %(types)s.") % {"types": types})


def _damaged() -> Invalid:
    return _refused(_("The file is damaged or incomplete. Open it, save it anew and upload that."))


def _protected() -> Invalid:
    return _refused(_("The file is protected by a password, so that it cannot be checked. Upload it without one."))


def _bomb() -> Invalid:
    return _refused(_("The file unpacks to far more than its size. Upload a simpler one."))


def _two_in_one() -> Invalid:
    return _refused(_("The file carries other content beside the document. Save it anew and upload that."))


def _with_macros() -> Invalid:
    return _refused(_("The file contains macros or programs. Save it without them and upload that."))


@contextmanager
def refusing_damaged() -> Iterator[None]:
    """One refusal for whatever a parser throws at hostile bytes: OSError, struct.error, KeyError, RecursionError..."""
    try:
        yield
    except DomainError:
        raise
    except Exception as error:
        raise _damaged() from error


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
        raise _refused(_("The file is empty."))
    return size, digest.hexdigest()


def _sniff(head: bytes) -> tuple[set[str], Callable[[BinaryIO, int], str | None]]:
    """The types that content which begins with `head` can have, and the check that tells (None: none of them)."""
    for magic, possible, check in (
        (b"%PDF-", {"pdf"}, _check_pdf),
        (b"\xff\xd8\xff", {"jpg"}, _check_jpeg),
        (b"\x89PNG\r\n\x1a\n", {"png"}, _check_png),
        (b"II*\0", {"tiff"}, _check_tiff),
        (b"MM\0*", {"tiff"}, _check_tiff),
        (b"PK\x03\x04", {"docx", "xlsx"}, _check_ooxml),
        (olefile.MAGIC, {"xls", "docx", "xlsx"}, _check_ole),  # the last two when a password protects them
    ):
        if head.startswith(magic):
            return possible, check
    if head.lstrip(b"\xef\xbb\xbf\xff\xfe\0\t\n\r ").startswith(b"<"):
        return {"xml"}, _check_xml
    return {"txt", "csv"}, _check_text


# --- PDF


def _check_pdf(file: BinaryIO, size: int) -> str:
    tail = _read_at(file, max(0, size - 4096), 4096)
    _, end_mark, after = tail.rpartition(b"%%EOF")
    if not end_mark:
        raise _damaged()
    if after.strip(_PADDING) or _archive_directory(file, size):
        raise _two_in_one()
    try:
        # A PDF that opens without a password can be read and scanned, even when its owner forbids printing.
        with open_pdf(file, size) as pdf:
            if not len(pdf.pages):
                raise _damaged()
    except pikepdf.PasswordError as error:
        raise _protected() from error
    return "pdf"


def open_pdf(file: BinaryIO, size: int) -> pikepdf.Pdf:
    """`file`, of `size` bytes, within time and memory that a hostile file cannot choose. Raises pikepdf's errors."""
    file.seek(0)
    return pikepdf.open(file, attempt_recovery=size <= MAX_PDF_REPAIRED)


# --- Pictures. Headers and structure only: nothing is decoded, so that no picture costs more than its own size.

_JPEG_MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")  # neither stuffing nor a restart inside the picture's data
_SOS, _EOI = 0xDA, 0xD9


def _check_jpeg(file: BinaryIO, size: int) -> str:
    file.seek(2)
    segments = scans = 0
    while (marker := _next_jpeg_marker(file)) != _EOI:
        segments += 1
        scans += marker == _SOS
        if segments > MAX_JPEG_SEGMENTS or scans > MAX_JPEG_SCANS:
            raise _bomb()
        (length,) = struct.unpack(">H", file.read(2))
        file.seek(max(length - 2, 0), io.SEEK_CUR)
    tail = _read_at(file, file.tell(), 65536)
    start = tail.lstrip(_PADDING)
    # Cameras append further pictures (MPF), a film (motion photo) or notes of their own that end in SEFT.
    camera = start.startswith(b"\xff\xd8") or tail[4:8] == b"ftyp" or _read_at(file, size - 4, 4) == b"SEFT"
    if (start and not camera) or _archive_directory(file, size):
        raise _two_in_one()
    _open_image(file, "JPEG").verify()
    return "jpg"


def _next_jpeg_marker(file: BinaryIO) -> int:
    while chunk := file.read(65536):
        if found := _JPEG_MARKER.search(chunk):
            file.seek(found.end() - len(chunk), io.SEEK_CUR)
            return found[1][0]
        if chunk.endswith(b"\xff") and len(chunk) > 1:
            file.seek(-1, io.SEEK_CUR)
    raise _damaged()


def _check_png(file: BinaryIO, size: int) -> str:
    _open_image(file, "PNG").verify()  # the checksum of every chunk
    file.seek(8)
    kind = b""
    while kind != b"IEND":
        length, kind = struct.unpack(">I4s", file.read(8))
        file.seek(length + 4, io.SEEK_CUR)
    if file.tell() > size:
        raise _damaged()
    if _read_at(file, file.tell(), 65536).strip(_PADDING) or _archive_directory(file, size):
        raise _two_in_one()
    return "png"


def _check_tiff(file: BinaryIO, size: int) -> str:
    image = _open_image(file, "TIFF")
    if not isinstance(image, TiffImageFile):
        raise _damaged()
    for page in range(_tiff_pages(file)):
        image.seek(page)
        if image.width * image.height > MAX_PIXELS:
            raise _bomb()
        offsets = image.tag_v2.get(273) or image.tag_v2.get(324) or ()  # strips or tiles
        lengths = image.tag_v2.get(279) or image.tag_v2.get(325) or ()
        ends = [offset + length for offset, length in zip(offsets, lengths, strict=True)]
        if not ends or max(ends) > size:
            raise _damaged()
    if _archive_directory(file, size):
        raise _two_in_one()
    return "tiff"


def _tiff_pages(file: BinaryIO) -> int:
    order = "<" if _read_at(file, 0, 2) == b"II" else ">"
    (directory,) = struct.unpack(order + "I", _read_at(file, 4, 4))
    pages = 0
    while directory:
        pages += 1
        if pages > MAX_TIFF_PAGES:  # or the directories go round in a circle
            raise _bomb()
        (entries,) = struct.unpack(order + "H", _read_at(file, directory, 2))
        (directory,) = struct.unpack(order + "I", _read_at(file, directory + 2 + 12 * entries, 4))
    return pages


def _open_image(file: BinaryIO, image_format: str) -> Image.Image:
    file.seek(0)
    try:
        image = Image.open(file, formats=[image_format])
    except Image.DecompressionBombError as error:
        raise _bomb() from error
    if image.width * image.height > MAX_PIXELS:  # Pillow only warns, and warnings cannot be caught per thread
        raise _bomb()
    return image


# --- Office documents: archives of XML (docx, xlsx) and compound files (xls)

_EMBEDDED_DOCUMENT = re.compile(r"(?:word|xl)/embeddings/[^/]+\.(?:docx|xlsx|pptx)", re.IGNORECASE)
_ARCHIVE_OR_PROGRAM = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"MSCF", b"\xfd7zXZ", b"MZ", b"\x7fELF")
_MAIN_PART = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": "xlsx",
}


def _archive_directory(file: BinaryIO, size: int) -> tuple[int, int, int] | None:
    """Where the zip directory of `file` is, its length, and where its end record is; None when it is no zip archive.

    Readers of archives look for the end record from behind and forgive everything around the archive: that is what
    lets an archive hide behind a picture.
    """
    window = 65536 + 22
    start = max(0, size - window)
    tail = _read_at(file, start, window)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        return None
    (length,) = struct.unpack("<I", tail[at + 12 : at + 16])
    position = start + at - length
    if tail[max(0, at - 20) :].startswith(b"PK\x06\x07") or (
        position >= 0 and _read_at(file, position, 4) == b"PK\x01\x02"
    ):
        return position, length, start + at
    return None


def _check_ooxml(file: BinaryIO, size: int) -> str | None:
    with _open_archive(file, size, embedded=False) as archive:
        main_parts: set[str] = set()
        names = {name.lower() for name in archive.namelist()}

        def read_part(element: str, attributes: dict[str, str]) -> None:
            content_type = attributes.get("ContentType", "")
            if "macroEnabled" in content_type or "vbaProject" in content_type:
                raise _with_macros()
            if attributes.get("PartName", "").removeprefix("/").lower() in names:
                main_parts.add(_MAIN_PART.get(content_type, ""))

        try:
            with archive.open("[Content_Types].xml") as part:
                _parse_xml(part, read_part)
        except KeyError:
            return None  # an archive, but of something else
    main_parts.discard("")
    return main_parts.pop() if len(main_parts) == 1 else None


@contextmanager
def _open_archive(file: BinaryIO, size: int, *, embedded: bool) -> Iterator[zipfile.ZipFile]:
    """An archive that is safe to unpack: judged by its directory alone, and by the first bytes of each member."""
    directory = _archive_directory(file, size)
    if not directory:
        raise _damaged()
    start, length, end = directory
    if length > MAX_ARCHIVE_DIRECTORY:
        raise _bomb()
    if end + 22 != size or start + length != end:
        raise _two_in_one()
    with zipfile.ZipFile(file) as archive:
        members = sorted(archive.infolist(), key=lambda member: member.header_offset)
        _check_members(members, start)
        for member in members:
            _check_member(archive, member, embedded=embedded)
        yield archive


def _check_members(members: list[zipfile.ZipInfo], directory_start: int) -> None:
    if not members or members[0].header_offset != 0:
        raise _two_in_one()
    if len({member.filename.lower() for member in members}) != len(members):
        raise _damaged()  # which of two equal names counts differs from reader to reader
    ends = [*(member.header_offset for member in members[1:]), directory_start]
    for member, end in zip(members, ends, strict=True):
        if member.header_offset + 30 + member.compress_size > end:  # several members share the same compressed bytes
            raise _bomb()
    unpacked, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
    if (
        len(members) > MAX_ARCHIVE_MEMBERS
        or unpacked > MAX_UNPACKED
        or (unpacked > RATIO_MATTERS_FROM and unpacked > MAX_RATIO * packed)
        or any(m.file_size > RATIO_MATTERS_FROM and m.file_size > MAX_RATIO * m.compress_size for m in members)
    ):
        raise _bomb()


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, embedded: bool) -> None:
    name = member.filename
    if member.flag_bits & 0x1:
        raise _protected()
    if name.startswith("/") or "\\" in name or ".." in name.split("/"):
        raise _damaged()
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _damaged()  # office programs write no other
    if name.lower().endswith("vbaproject.bin"):
        raise _with_macros()
    with archive.open(member) as content:
        if not content.read(8).startswith(_ARCHIVE_OR_PROGRAM):
            return
        # A chart keeps the table it was drawn from as a document within the document, one level deep.
        if embedded or not _EMBEDDED_DOCUMENT.fullmatch(name):
            raise _two_in_one()
        content.seek(0)
        inner = io.BytesIO(content.read())
    with _open_archive(inner, inner.getbuffer().nbytes, embedded=True):
        pass


def _check_ole(file: BinaryIO, size: int) -> str | None:
    file.seek(0)
    with olefile.OleFileIO(file) as ole:
        if ole.exists("EncryptedPackage"):
            raise _protected()
        name = next((name for name in ("Workbook", "Book") if ole.exists(name)), None)
        if not name:
            return None
        records = biff_records(ole.openstream(name).read())
        first, _content = next(records, (None, b""))
        if first not in (0x0009, 0x0209, 0x0409, 0x0809):  # BOF, of any version of Excel
            raise _damaged()
        for kind, _content in itertools.islice(records, 10):
            if kind == 0x002F:  # FILEPASS comes before everything that it encrypts
                raise _protected()
    if _archive_directory(file, size):
        raise _two_in_one()
    return "xls"


def biff_records(workbook: bytes) -> Iterator[tuple[int, bytes]]:
    """The records of a workbook stream (MS-XLS 2.1.4): kind and content."""
    at = 0
    while at + 4 <= len(workbook):
        kind, length = struct.unpack_from("<HH", workbook, at)
        yield kind, workbook[at + 4 : at + 4 + length]
        at += 4 + length


# --- Text

_CONTROL = re.compile("[\0-\x08\x0b\x0e-\x19\x1b-\x1f\x7f]")
_ACTIVE_NAMESPACES = ("http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg")


def _check_xml(file: BinaryIO, size: int) -> str:
    def refuse_active(element: str, attributes: dict[str, str]) -> None:
        if element.lower() in ("html", "svg") or element.startswith(_ACTIVE_NAMESPACES):
            raise _two_in_one()  # a browser would run the scripts in it

    file.seek(0)
    _parse_xml(file, refuse_active)
    return "xml"


def _parse_xml(file: IO[bytes], on_element: Callable[[str, dict[str, str]], None]) -> None:
    """Well-formed and without a document type, which is where entities, and with them bombs, are declared."""

    def refuse_doctype(*declaration: object) -> None:
        raise _refused(_("XML with a document type (DOCTYPE) is not accepted. Remove it and upload the file again."))

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.StartElementHandler = on_element
    while chunk := file.read(CHUNK):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)


def _check_text(file: BinaryIO, size: int) -> str | None:
    """Text in UTF-8, UTF-16 with its mark, or any 8-bit code: old programs write tables in the last."""
    file.seek(0)
    head = file.read(4)
    if head.startswith((b"{\\rt", b"#!", b"%!")):  # RTF, a script, PostScript
        return None
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1"
    file.seek(0)
    if any(_CONTROL.search(text) for text in codecs.iterdecode(iter(lambda: file.read(CHUNK), b""), encoding)):
        return None
    return "txt"


def _read_at(file: BinaryIO, position: int, length: int) -> bytes:
    file.seek(max(position, 0))
    return file.read(length)
