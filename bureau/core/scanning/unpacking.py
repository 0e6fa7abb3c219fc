"""What is inside a file, piece by piece, for the rules to look at; within limits of time and memory."""

import html
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO

import olefile
import pikepdf
from django.utils.translation import gettext as _

from bureau.core.inspection.office import MAX_MEMBERS, biff_records
from bureau.core.inspection.pdf import open_pdf
from bureau.kit.errors import DomainError, Invalid

# Bytes are scanned in windows that overlap, so that nothing hides on an edge.
WINDOW, OVERLAP = 4 << 20, 64 << 10
MAX_DEPTH = 3
MAX_UNPACKED = 512 << 20  # of one file, all levels together
MAX_INNER = 64 << 20  # of a container within a container
MAX_LZW = 64 << 10  # LZW has no limit in qpdf: this much can unpack to 90 MB
MAX_VBA_SOURCE = 4 << 20

_CONTAINERS = (b"PK\x03\x04", b"%PDF-", olefile.MAGIC)
Part = tuple[str, bytes]


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


def file_parts(file: BinaryIO, extension: str) -> Iterator[Part]:
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
        if len(members) > MAX_MEMBERS or any(member.flag_bits & 0x1 for member in members):
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
