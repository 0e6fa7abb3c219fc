"""Looking for malicious content: the rules of rules/documents.yar here and now, ClamAV where a daemon is configured.

Rules see what a container holds, not only its bytes: members of archives, decoded streams and attachments of PDFs,
streams and macro sources of compound files, three levels deep (system.md section 11, Files).
"""

import html
import io
import re
import socket
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, BinaryIO
from urllib.parse import urlsplit

import olefile
import pikepdf
import yara_x
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from bureau.core.inspection import MAX_ARCHIVE_MEMBERS, Inspected, biff_records, open_pdf, refusing_damaged
from bureau.kit.errors import BusinessRule, DomainError, IntegrationFailed, Invalid

# Bytes are scanned in windows that overlap, so that nothing hides on an edge.
WINDOW, OVERLAP = 4 << 20, 64 << 10
MAX_DEPTH = 3
MAX_UNPACKED = 512 << 20  # of one file, all levels together
MAX_INNER = 64 << 20  # of a container within a container
MAX_LZW = 64 << 10  # LZW has no limit in qpdf: this much can unpack to 90 MB
MAX_VBA_SOURCE = 4 << 20
SCAN_SECONDS = 30
CONNECT_SECONDS = 5

_CONTAINERS = (b"PK\x03\x04", b"%PDF-", olefile.MAGIC)
Part = tuple[str, bytes]


class VirusDetected(BusinessRule):
    """`finding` is the scanner's name for it, for the audit log; the message does not repeat what the file says."""

    code = "VIRUS_DETECTED"

    def __init__(self, finding: str) -> None:
        super().__init__(_("The virus scanner refused this file. Ask its sender for a clean copy."))
        self.finding = finding


def scan_builtin(file: BinaryIO, inspected: Inspected) -> str | None:
    """The name of the first rule that matches `file` or anything inside; None when there is none.

    Raises Invalid when part of it cannot be looked into: damaged, protected by a password, or too large unpacked.
    Leaves `file` at its start.
    """
    scanner = yara_x.Scanner(_rules())
    scanner.set_timeout(SCAN_SECONDS)
    with refusing_damaged():
        for part, data in _file_parts(file, inspected.extension):
            scanner.set_global("part", part)
            if matching := scanner.scan(data).matching_rules:
                return matching[0].identifier
    file.seek(0)
    return None


@cache
def _rules() -> yara_x.Rules:
    compiler = yara_x.Compiler()
    compiler.define_global("part", "")
    for path in sorted((Path(__file__).parent / "rules").glob("*.yar")):
        compiler.add_source(path.read_text(), origin=path.name)
    return compiler.build()


def _unscannable() -> Invalid:
    message = _("Part of the file cannot be checked for viruses. Upload it without what it contains or attaches.")
    return Invalid.field("file", message)


class _Unpacked:
    """How much one file may still unpack to."""

    def __init__(self) -> None:
        self._left = MAX_UNPACKED

    def spend(self, amount: int) -> None:
        self._left -= amount
        if self._left < 0:
            raise _unscannable()


def _file_parts(file: BinaryIO, extension: str) -> Iterator[Part]:
    file.seek(0)
    for window in _windows(file):
        yield extension, window
    yield from _container_parts(file, _Unpacked(), depth=1)


def _windows(file: IO[bytes]) -> Iterator[bytes]:
    before = b""
    while chunk := file.read(WINDOW):
        yield before + chunk
        before = chunk[-OVERLAP:]


def _container_parts(file: BinaryIO, unpacked: _Unpacked, *, depth: int) -> Iterator[Part]:
    """What the container `file` holds; nothing when it is none."""
    file.seek(0)
    head = file.read(8)
    if not head.startswith(_CONTAINERS):
        return
    if depth > MAX_DEPTH:
        raise _unscannable()
    file.seek(0)
    if head.startswith(b"PK\x03\x04"):
        yield from _archive_parts(file, unpacked, depth)
    elif head.startswith(b"%PDF-"):
        yield from _pdf_parts(file, unpacked, depth)
    else:
        yield from _compound_parts(file, unpacked, depth)


def _inner_parts(data: bytes, unpacked: _Unpacked, depth: int) -> Iterator[Part]:
    try:
        yield from _container_parts(io.BytesIO(data), unpacked, depth=depth + 1)
    except DomainError:
        raise
    except Exception as error:  # whatever a parser throws at it: it cannot be looked into
        raise _unscannable() from error


# --- Archives, and what is in office documents

# Field instructions: Word splits one over several elements, and a new field begins at each mark.
_FIELD = re.compile(
    rb"""(?P<begin>fldCharType\s*=\s*["']begin)|:instr\s*=\s*(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)')|instrText\b[^>]*>(?P<t>[^<]*)"""
)


def _archive_parts(file: BinaryIO, unpacked: _Unpacked, depth: int) -> Iterator[Part]:
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if len(members) > MAX_ARCHIVE_MEMBERS or any(member.flag_bits & 0x1 for member in members):
            raise _unscannable()
        for member in members:
            unpacked.spend(member.file_size)
            with archive.open(member) as content:
                is_container = content.read(8).startswith(_CONTAINERS)
                if is_container and member.file_size > MAX_INNER:
                    raise _unscannable()
                content.seek(0)
                for window in _windows(content):
                    yield "member", window
                    if fields := _field_instructions(window):
                        yield "fields", fields
                if is_container:
                    content.seek(0)
                    yield from _inner_parts(content.read(), unpacked, depth)


def _field_instructions(document: bytes) -> bytes:
    if document[:2] in (b"\xff\xfe", b"\xfe\xff"):
        document = document.decode("utf-16", "replace").encode()
    instructions = b"".join(
        b"\n" if field["begin"] else b"\n" + (field["a"] or field["b"]) if field["t"] is None else field["t"]
        for field in _FIELD.finditer(document)
    )
    return html.unescape(instructions.decode("utf-8", "replace")).encode() if instructions else b""


# --- Compound files: old spreadsheets, and objects embedded in new documents


def _compound_parts(file: BinaryIO, unpacked: _Unpacked, depth: int) -> Iterator[Part]:
    sources = bytearray()
    with olefile.OleFileIO(file) as ole:
        for path in ole.listdir():
            data = ole.openstream(path).read()
            unpacked.spend(len(data))
            yield "stream", data
            if path[-1] in ("Workbook", "Book"):
                yield "xlm", _macro_sheets(data)
            if path[-1] == "\x01Ole10Native":  # any file as an icon: its length, a flag, its name
                yield "name", data[6:].partition(b"\0")[0]
            # A module is compiled code of unknown length, then its source, compressed: it begins "Attribute VB_Name".
            for found in re.finditer(rb"\x01..\x00Attribut", data, re.DOTALL):
                sources += _decompress_vba(data, found.start(), MAX_VBA_SOURCE - len(sources))
            yield from _inner_parts(data, unpacked, depth)
    yield "vba", bytes(sources)


def _macro_sheets(workbook: bytes) -> bytes:
    """Excel 4.0 macros (MS-XLS 2.4.28 BoundSheet8, 2.4.150 Lbl): the sheets, and the built-in name that runs one."""
    found = b""
    for kind, content in biff_records(workbook):
        if kind == 0x0085 and content[5:6] == b"\x01":
            found += b"macro sheet\n"
        if kind == 0x000A:  # the end of what belongs to the workbook as a whole
            break
        if kind == 0x0018 and content[:1] and content[0] & 0x20 and content[15:16] == b"\x01":
            found += b"auto_open\n"
    return found


def _decompress_vba(data: bytes, start: int, limit: int) -> bytes:
    """The source in the compressed container (MS-OVBA 2.4.1) at `start`, as far as it can be read, up to `limit`."""
    out = bytearray()
    at = start + 1
    while at + 2 <= len(data) and len(out) < limit:
        (header,) = struct.unpack_from("<H", data, at)
        end = min(at + (header & 0x0FFF) + 3, len(data))
        at += 2
        if header & 0x7000 != 0x3000:
            break
        if not header & 0x8000:
            out += data[at:end]
            at = end
        begin = len(out)
        while at < end and len(out) - begin <= 4096:
            flags, at = data[at], at + 1
            for bit in range(8):
                if at >= end:
                    break
                if not flags >> bit & 1:
                    out.append(data[at])
                    at += 1
                    continue
                token = int.from_bytes(data[at : at + 2], "little")
                at += 2
                offset_bits = max(4, (len(out) - begin - 1).bit_length())
                offset = (token >> (16 - offset_bits)) + 1
                if offset > len(out):
                    return bytes(out)
                for _copied in range((token & (0xFFFF >> offset_bits)) + 3):
                    out.append(out[-offset])
        at = end
    return bytes(out[:limit])


# --- PDF


def _pdf_parts(file: BinaryIO, unpacked: _Unpacked, depth: int) -> Iterator[Part]:
    with open_pdf(file, file.seek(0, io.SEEK_END)) as pdf:
        objects: list[bytes] = []
        streams: list[pikepdf.Object] = []
        attached: set[tuple[int, int]] = set()
        for item in pdf.objects:
            if item == pikepdf.Name.Launch:  # the name alone, which an action elsewhere refers to
                objects.append(b"/S /Launch")
            if isinstance(item, pikepdf.Stream):
                streams.append(item)
                item = item.stream_dict
            if not isinstance(item, (pikepdf.Dictionary, pikepdf.Array)):
                continue
            objects.append(item.unparse(resolved=True))
            if b"/EF " in objects[-1]:
                for holder in _dictionaries(item):
                    if isinstance(versions := holder.get("/EF"), pikepdf.Dictionary):
                        attached |= {version.objgen for version in versions.as_dict().values()}
                        yield "name", str(holder.get("/UF", holder.get("/F", ""))).encode()
        yield "pdf_objects", b"\n".join(objects)
        yield "pdf_opening", b"\n".join(_opening_scripts(pdf))
        for stream in streams:
            is_attached = stream.objgen in attached or stream.get("/Type") == pikepdf.Name.EmbeddedFile
            data = _decoded(stream, unpacked, is_attached=is_attached)
            yield ("attachment" if is_attached else "stream"), data
            if is_attached:
                yield from _inner_parts(data, unpacked, depth)


def _dictionaries(item: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """`item` and what is written inside of it, without what it refers to."""
    if isinstance(item, pikepdf.Dictionary):
        yield item
    children = item.as_dict().values() if isinstance(item, pikepdf.Dictionary) else item
    for child in children:
        if isinstance(child, (pikepdf.Dictionary, pikepdf.Array)) and not child.is_indirect:
            yield from _dictionaries(child)


def _decoded(stream: pikepdf.Object, unpacked: _Unpacked, *, is_attached: bool) -> bytes:
    """The content of a stream; nothing where it cannot be decoded: its bytes as they are have been scanned already.

    An attachment must be readable, drawings need not: they are never run, and broken ones are common.
    """
    raw = stream.read_raw_bytes()
    if not is_attached and stream.get("/Subtype") == pikepdf.Name.Image:
        try:  # only the beginning: a page scanned in colour unpacks to 100 MB
            return zlib.decompressobj().decompress(raw, 1 << 20)
        except zlib.error:
            return b""
    try:
        filters = stream.get("/Filter", pikepdf.Array())
        if "/LZW" in filters.unparse().decode() and len(raw) > MAX_LZW:
            raise pikepdf.DataDecodingError("LZW")
        data = stream.read_bytes()
    except pikepdf.PdfError as error:
        if is_attached:
            raise _unscannable() from error
        unpacked.spend(min(len(raw) * 1032, MAX_INNER))  # what was decoded in vain, at the highest ratio of Flate
        return b""
    unpacked.spend(len(data))
    return data


def _opening_scripts(pdf: pikepdf.Pdf) -> Iterator[bytes]:
    """Scripts that run when the document or a page is opened. Those behind a form's fields are common and harmless."""
    start: list[pikepdf.Object] = []
    for holder in (pdf.Root, *(page.obj for page in pdf.pages)):
        if isinstance(actions := holder.get("/AA"), pikepdf.Dictionary):
            start += actions.as_dict().values()
    if isinstance(action := pdf.Root.get("/OpenAction"), pikepdf.Dictionary):  # an array is a place to scroll to
        start.append(action)
    if isinstance(names := pdf.Root.get("/Names"), pikepdf.Dictionary) and "/JavaScript" in names:
        start.append(names.JavaScript)
    seen: set[tuple[int, int]] = set()
    while start:
        item = start.pop()
        if item.is_indirect:
            if item.objgen in seen:
                continue
            seen.add(item.objgen)
        if isinstance(item, pikepdf.Array):
            start += list(item)
        elif isinstance(item, pikepdf.Dictionary):
            if "/JS" in item:
                yield b"/JS "
            start += [item[key] for key in ("/Next", "/Kids", "/Names") if key in item]


# --- ClamAV


@dataclass(frozen=True)
class Clean:
    pass


@dataclass(frozen=True)
class Infected:
    name: str


class ClamdScanner:
    """The ClamAV daemon at `url`: unix:///run/clamav/clamd.ctl or tcp://host:3310. It is spoken to per scan."""

    def __init__(self, url: str, *, timeout_seconds: float = 60) -> None:
        parts = urlsplit(url)
        if not (parts.scheme == "unix" and parts.path) and not (parts.scheme == "tcp" and parts.hostname):
            raise ImproperlyConfigured(f"CLAMD_URL is {url!r}: say unix:///path/of/socket or tcp://host:port.")
        self._parts = parts
        self._timeout = timeout_seconds

    def scan(self, file: BinaryIO) -> Clean | Infected:
        """Sends the whole of `file` (INSTREAM, clamd(8)). Raises IntegrationFailed when there is no clear answer."""
        file.seek(0)
        try:
            with self._connect() as connection:
                connection.sendall(b"zINSTREAM\0")
                while chunk := file.read(1 << 16):
                    connection.sendall(struct.pack(">I", len(chunk)) + chunk)
                connection.sendall(struct.pack(">I", 0))
                answer = _read_answer(connection)
        except OSError as error:
            raise IntegrationFailed(_("The virus scanner does not answer. Try again later.")) from error
        if answer == "stream: OK":
            return Clean()
        if answer.startswith("stream: ") and answer.endswith(" FOUND"):
            return Infected(answer.removeprefix("stream: ").removesuffix(" FOUND"))
        raise IntegrationFailed(_("The virus scanner could not check this file. Try again later.")) from ValueError(
            answer
        )

    def _connect(self) -> socket.socket:
        if self._parts.scheme == "tcp":
            connection = socket.create_connection((self._parts.hostname, self._parts.port or 3310), CONNECT_SECONDS)
        else:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(self._parts.path)
            except OSError:
                connection.close()
                raise
        connection.settimeout(self._timeout)
        return connection


def _read_answer(connection: socket.socket) -> str:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < 4096:
        piece = connection.recv(4096)
        if not piece:
            break
        answer += piece
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")
