"""Small valid files of every accepted type, made in memory, and the hostile ones that must be refused.

Nothing here is a real document: the text inside says what it is.
"""

import io
import struct
import zipfile
import zlib

import pikepdf
from PIL import Image

# The harmless test file of every virus scanner (eicar.org), in two pieces so that no scanner takes this module for it.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def pdf_bytes(
    text: str = "A sample page",
    *,
    attachments: dict[str, bytes] | None = None,
    streams: tuple[bytes, ...] = (),
    password: str | None = None,
    catalog: dict[str, pikepdf.Object] | None = None,
) -> bytes:
    """One page that shows `text`; `streams` are further compressed streams, `catalog` further entries of the root."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595, 842))
    page.obj.Resources = pikepdf.Dictionary(
        Font=pikepdf.Dictionary(
            F1=pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        )
    )
    escaped = text.encode("latin-1", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    page.obj.Contents = pdf.make_stream(b"BT /F1 12 Tf 72 770 Td (" + escaped + b") Tj ET")
    for name, data in (attachments or {}).items():
        pdf.attachments[name] = pikepdf.AttachedFileSpec(pdf, data, filename=name)
    if streams:
        pdf.Root.BureauSample = pdf.make_indirect(pikepdf.Array([pdf.make_stream(data) for data in streams]))
    for key, value in (catalog or {}).items():
        pdf.Root[f"/{key}"] = value
    encryption = pikepdf.Encryption(owner="owner", user=password) if password is not None else False
    out = io.BytesIO()
    pdf.save(out, encryption=encryption, compress_streams=True, static_id=password is None)
    return out.getvalue()


def _image_bytes(image_format: str, size: tuple[int, int], **options: object) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(out, image_format, **options)
    return out.getvalue()


def png_bytes(size: tuple[int, int] = (32, 24)) -> bytes:
    return _image_bytes("PNG", size)


def jpg_bytes(size: tuple[int, int] = (32, 24)) -> bytes:
    return _image_bytes("JPEG", size)


def tiff_bytes(size: tuple[int, int] = (32, 24), pages: int = 2) -> bytes:
    page = Image.new("1", size, 1)
    out = io.BytesIO()
    page.save(out, "TIFF", save_all=True, append_images=[page] * (pages - 1), compression="tiff_lzw")
    return out.getvalue()


def png_bomb(size: tuple[int, int] = (60_000, 60_000)) -> bytes:
    """A few hundred bytes that declare an image of `size`; nothing that large is ever built."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(10_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def zip_bytes(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.{kind}.main+xml"/>'
    "</Types>"
)
_RELS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Target="{target}" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"/>'
    "</Relationships>"
)
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOC_RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def docx_bytes(
    text: str = "A sample document", *, extra: dict[str, bytes] | None = None, body: str | None = None
) -> bytes:
    """`extra` adds or replaces archive members, `body` is WordprocessingML instead of one paragraph of `text`."""
    body = body if body is not None else f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"
    return zip_bytes(
        {
            "[Content_Types].xml": _TYPES.format(part="word/document.xml", kind="wordprocessingml.document").encode(),
            "_rels/.rels": _RELS.format(target="word/document.xml", kind="officeDocument").encode(),
            "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'.encode(),
            **(extra or {}),
        }
    )


def xlsx_bytes(text: str = "A sample cell", *, extra: dict[str, bytes] | None = None) -> bytes:
    """One sheet with `text` in A1; `extra` adds or replaces archive members."""
    return zip_bytes(
        {
            "[Content_Types].xml": _TYPES.format(part="xl/workbook.xml", kind="spreadsheetml.sheet").encode(),
            "_rels/.rels": _RELS.format(target="xl/workbook.xml", kind="officeDocument").encode(),
            "xl/workbook.xml": (
                f'<workbook xmlns="{_SHEET}" xmlns:r="{_DOC_RELS}"><sheets>'
                '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>'
            ).encode(),
            "xl/_rels/workbook.xml.rels": _RELS.format(target="worksheets/sheet1.xml", kind="worksheet").encode(),
            "xl/worksheets/sheet1.xml": (
                f'<worksheet xmlns="{_SHEET}"><sheetData><row r="1"><c r="A1" t="inlineStr">'
                f"<is><t>{text}</t></is></c></row></sheetData></worksheet>"
            ).encode(),
            **(extra or {}),
        }
    )


_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_NONE = 0xFFFFFFFF


def ole_bytes(streams: dict[str, bytes]) -> bytes:
    """An OLE compound file (MS-CFB, version 3). Names may hold one storage: "_VBA_PROJECT_CUR/Module1".

    Streams are padded to 4096 bytes, below which they would belong to a mini stream.
    """
    nodes: list[tuple[str, int, bytes]] = []  # name, index of the storage it is in (0: the root), content
    storages: dict[str, int] = {}
    for path, data in streams.items():
        storage, _, name = path.rpartition("/")
        if storage and storage not in storages:
            nodes.append((storage, 0, b""))
            storages[storage] = len(nodes)
        nodes.append((name, storages.get(storage, 0), data.ljust(4096, b"\0")))

    def siblings(parent: int) -> list[int]:
        return [index for index, node in enumerate(nodes, 1) if node[1] == parent]

    directory_sectors = -(-(len(nodes) + 1) // 4)
    fat: list[int] = []
    content = b""
    starts: dict[int, int] = {}
    for index, (_, _, data) in enumerate(nodes, 1):
        if data:
            sectors = -(-len(data) // _SECTOR)
            starts[index] = len(fat)
            fat += [*range(len(fat) + 1, len(fat) + sectors), _END]
            content += data.ljust(sectors * _SECTOR, b"\0")
    directory_start = len(fat)
    fat += [*range(directory_start + 1, directory_start + directory_sectors), _END]
    fat_start = len(fat)
    fat_sectors = 1
    while (len(fat) + fat_sectors) * 4 > fat_sectors * _SECTOR:
        fat_sectors += 1
    fat += [_FAT] * fat_sectors

    def entry(name: str, kind: int, child: int, right: int, start: int, size: int) -> bytes:
        encoded = name.encode("utf-16-le")
        links = struct.pack("<BBIII", kind, 1, _NONE, right, child)
        tail = struct.pack("<16sIQQIQ", b"", 0, 0, 0, start, size)
        return encoded.ljust(64, b"\0") + struct.pack("<H", len(encoded) + 2) + links + tail

    directory = entry("Root Entry", 5, 1 if nodes else _NONE, _NONE, _END, 0)
    for index, (name, parent, data) in enumerate(nodes, 1):
        later = [other for other in siblings(parent) if other > index]
        children = siblings(index)
        is_storage = name in storages and storages[name] == index
        directory += entry(
            name,
            1 if is_storage else 2,
            children[0] if is_storage and children else _NONE,
            later[0] if later else _NONE,
            starts.get(index, 0),
            len(data),
        )
    directory = directory.ljust(directory_sectors * _SECTOR, b"\0")
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII",
        bytes.fromhex("d0cf11e0a1b11ae1"), b"", 0x3E, 3, 0xFFFE, 9, 6, b"",
        0, fat_sectors, directory_start, 0, 4096, _END, 0, _END, 0,
    )  # fmt: skip
    header += struct.pack(f"<{fat_sectors}I", *range(fat_start, fat_start + fat_sectors)).ljust(436, b"\xff")
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(fat_sectors * _SECTOR, b"\xff")
    return header + content + directory + table


def biff_bytes(*records: tuple[int, bytes]) -> bytes:
    """A BIFF8 workbook stream: BOF of the globals, `records`, EOF."""
    all_records = ((0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)), *records, (0x000A, b""))
    return b"".join(struct.pack("<HH", kind, len(data)) + data for kind, data in all_records)


def xls_bytes(*, extra: dict[str, bytes] | None = None, records: tuple[tuple[int, bytes], ...] = ()) -> bytes:
    """`extra` adds streams to the compound file, `records` BIFF records to the workbook."""
    return ole_bytes({"Workbook": biff_bytes(*records), **(extra or {})})


def vba_stream(source: str) -> bytes:
    """A VBA module stream (MS-OVBA 2.4.1) that holds `source`, every byte as a literal."""
    text = ('Attribute VB_Name = "ThisWorkbook"\r\n' + source).encode("cp1252")
    container = b"\x01"
    for start in range(0, len(text), 3600):
        piece = text[start : start + 3600]
        tokens = b"".join(b"\x00" + piece[at : at + 8] for at in range(0, len(piece), 8))
        container += struct.pack("<H", 0xB000 | (len(tokens) + 2 - 3)) + tokens
    return b"compiled code that scanners skip" + container


def xml_bytes(body: str = "<cbc:ID>1</cbc:ID>") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" '
        'xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">'
        f"{body}</Invoice>\n"
    ).encode()


def csv_bytes() -> bytes:
    return "code,name\r\nCC-001,Überbau\r\n".encode()


def zip_bomb(megabytes: int = 64) -> bytes:
    """A word document whose one member unpacks to `megabytes` of nothing: a ratio of a thousand."""
    return docx_bytes(extra={"word/media/image1.bmp": bytes(megabytes << 20)})


def nested_zip_bomb() -> bytes:
    """A word document with an archive of archives inside, each of them small."""
    inner = zip_bytes({"zeros.txt": bytes(1 << 20)})
    middle = zip_bytes({f"{n}.zip": inner for n in range(10)})
    return docx_bytes(extra={"word/embeddings/Package.zip": middle})


def overlapping_zip_bomb(copies: int = 500) -> bytes:
    """A word document whose directory names one compressed member many times over (Fifield's bomb)."""
    data = docx_bytes(extra={"word/media/zeros.bin": bytes(900_000)})
    end = data.rindex(b"PK\x05\x06")
    directory_size, directory_at = struct.unpack("<II", data[end + 12 : end + 20])
    directory = data[directory_at : directory_at + directory_size]
    last = directory[directory.rindex(b"PK\x01\x02") :]
    more = b"".join(last.replace(b"zeros.bin", b"z%04d.bin" % n) for n in range(copies))
    count = directory.count(b"PK\x01\x02") + copies
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(directory + more), directory_at, 0)
    return data[:directory_at] + directory + more + tail


def exe_bytes() -> bytes:
    """The headers of a Windows program (DOS header, PE signature), without any code."""
    dos = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x80)
    return dos.ljust(0x80, b"\0") + b"PE\0\0" + struct.pack("<HH", 0x14C, 1) + bytes(240)


def elf_bytes() -> bytes:
    """The header of a Linux program, without any code."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 2, 62, 1) + bytes(40)
