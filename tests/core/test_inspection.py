import hashlib
import io
import struct
import time
import zipfile
import zlib

import pikepdf
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bureau.core.inspection import MAX_FILENAME, Inspected, clean_filename, inspect
from bureau.core.inspection.pictures import MAX_JPEG_SCANS
from bureau.kit.errors import DomainError, Invalid, TooLarge
from tests.core import samples

EVERYTHING = frozenset({"pdf", "jpg", "jpeg", "png", "tiff", "docx", "xlsx", "xls", "xml", "csv", "txt"})
MEGABYTE = 1 << 20
VALID = {
    "pdf": samples.pdf_bytes(),
    "jpg": samples.jpg_bytes(),
    "png": samples.png_bytes(),
    "tiff": samples.tiff_bytes(),
    "docx": samples.docx_bytes(),
    "xlsx": samples.xlsx_bytes(),
    "xls": samples.xls_bytes(),
    "xml": samples.xml_bytes(),
    "csv": samples.csv_bytes(),
    "txt": "Grüße\n".encode(),
}


def check(
    data: bytes,
    filename: str,
    *,
    allowed: frozenset[str] = EVERYTHING,
    declared_type: str | None = None,
    limit: int = 0,
) -> Inspected:
    return inspect(
        io.BytesIO(data),
        filename=filename,
        declared_type=declared_type,
        allowed=allowed,
        max_bytes=limit or 10 * MEGABYTE,
    )


def refusal(data: bytes, filename: str, *, allowed: frozenset[str] = EVERYTHING) -> str:
    with pytest.raises(Invalid) as caught:
        check(data, filename, allowed=allowed)
    assert caught.value.fields == {"file": [caught.value.message]}
    return caught.value.message


@pytest.mark.parametrize(
    ("extension", "content_type"),
    [
        ("pdf", "application/pdf"),
        ("jpg", "image/jpeg"),
        ("png", "image/png"),
        ("tiff", "image/tiff"),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("xls", "application/vnd.ms-excel"),
        ("xml", "application/xml"),
        ("csv", "text/csv"),
        ("txt", "text/plain"),
    ],
)
def test_every_accepted_type_is_recognised(extension, content_type):
    data = VALID[extension]
    file = io.BytesIO(data)
    found = inspect(
        file, filename=f"A.{extension.upper()}", declared_type=None, allowed=frozenset({extension}), max_bytes=MEGABYTE
    )
    assert found == Inspected(content_type, extension, len(data), hashlib.sha256(data).hexdigest())
    assert file.tell() == 0


def test_both_spellings_of_an_extension_are_one_type():
    assert check(VALID["jpg"], "a.jpeg", allowed=frozenset({"jpg"})).extension == "jpg"
    assert check(VALID["tiff"], "a.tif").extension == "tiff"


@pytest.mark.parametrize("declared", ["text/html", "image/png", "application/octet-stream", "", "nonsense", None])
def test_the_declared_type_decides_nothing(declared):
    assert check(VALID["pdf"], "a.pdf", declared_type=declared).content_type == "application/pdf"


@pytest.mark.parametrize("named", sorted(VALID))
@pytest.mark.parametrize("content", sorted(VALID))
def test_a_name_that_lies_is_refused(named, content):
    if named == content or {named, content} == {"csv", "txt"}:
        check(VALID[content], f"file.{named}")
        return
    assert refusal(VALID[content], f"file.{named}")


def test_a_type_that_is_not_allowed_is_refused_with_what_is():
    allowed = frozenset({"pdf", "png"})
    for data, name in [
        (VALID["docx"], "a.docx"),
        (b"MZ\0\0", "a.exe"),
        (VALID["pdf"], "pdf"),
        (b"\0\1\2", "a.pdf"),
        (b"<html></html>", "a.pdf"),
    ]:
        assert refusal(data, name, allowed=allowed).endswith("Accepted are: PDF, PNG.")


def test_an_empty_file_is_refused():
    assert refusal(b"", "a.pdf") == "The file is empty."


def test_the_size_limit_is_exact():
    data = VALID["pdf"]
    assert check(data, "a.pdf", limit=len(data)).size == len(data)
    with pytest.raises(TooLarge) as caught:
        check(data, "a.pdf", limit=len(data) - 1)
    assert caught.value.code == "PAYLOAD_TOO_LARGE"
    assert "file" in caught.value.fields


def test_a_file_far_too_large_is_not_read_to_its_end():
    class Endless(io.RawIOBase):
        served = 0

        def read(self, size=-1):
            self.served += size
            return bytes(size)

        def seek(self, position, whence=0):
            return position

    file = Endless()
    with pytest.raises(TooLarge):
        inspect(file, filename="a.pdf", declared_type=None, allowed=EVERYTHING, max_bytes=3 * MEGABYTE)
    assert file.served <= 4 * MEGABYTE


# --- PDF


def test_pdf_protected_by_a_password_is_refused():
    assert "password" in refusal(samples.pdf_bytes(password="secret"), "a.pdf")


def test_pdf_whose_owner_only_forbids_printing_is_accepted():
    assert check(samples.pdf_bytes(password=""), "a.pdf").extension == "pdf"


def test_pdf_without_pages_is_refused():
    out = io.BytesIO()
    pikepdf.new().save(out)
    assert refusal(out.getvalue(), "a.pdf")


@pytest.mark.parametrize(
    "data",
    [
        b"<html><script>alert(1)</script></html>\n" + VALID["pdf"],
        b"\n" + VALID["pdf"],
        VALID["pdf"] + b"<script>alert(1)</script>",
        VALID["pdf"] + samples.zip_bytes({"a.txt": b"a"}),
        VALID["pdf"] + samples.zip_bytes({"a.txt": b"a"}) + b"%%EOF",
        VALID["pdf"] + samples.exe_bytes(),
        VALID["pdf"] + VALID["png"],
    ],
)
def test_pdf_with_other_content_around_it_is_refused(data):
    assert refusal(data, "a.pdf")


def test_pdf_padded_at_its_end_is_accepted():
    assert check(VALID["pdf"] + b"\r\n" + bytes(100), "a.pdf")


def test_pdf_that_ends_early_is_refused():
    assert refusal(VALID["pdf"][:-60], "a.pdf")


def test_small_pdf_with_a_wrong_table_is_repaired():
    assert check(VALID["pdf"].replace(b"startxref\n", b"startxref\n9"), "a.pdf")


def test_pdf_that_takes_minutes_to_repair_is_refused_in_time():
    data = b"%PDF-1.7\n" + b"".join(b"%d 0 obj\n<<\n" % n for n in range(900_000)) + b"%%EOF"
    started = time.monotonic()
    with pytest.raises(Invalid):
        check(data, "a.pdf", limit=50 * MEGABYTE)
    assert time.monotonic() - started < 20


def test_pdf_header_alone_is_refused():
    assert refusal(b"%PDF-1.7\n%%EOF\n", "a.pdf")


def test_pdf_whose_objects_unpack_without_end_is_refused_in_time():
    deflated = zlib.compress(bytes(200 * MEGABYTE))
    header = b"<< /Type /XRef /Size 3 /W [1 2 1] /Root 2 0 R /Filter /FlateDecode /Length %d >>" % len(deflated)
    data = b"%PDF-1.5\n1 0 obj\n" + header + b"\nstream\n" + deflated + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"
    started = time.monotonic()
    assert refusal(data, "a.pdf")
    assert time.monotonic() - started < 30


# --- Pictures


@pytest.mark.parametrize("extension", ["jpg", "png", "tiff"])
def test_picture_that_ends_early_is_refused(extension):
    data = {"jpg": samples.jpg_bytes, "png": samples.png_bytes, "tiff": samples.tiff_bytes}[extension]((300, 200))
    unused = 14 if extension == "tiff" else 0  # Pillow pads the last directory
    for kept in (len(data) // 2, len(data) - 40, len(data) - 1 - unused):
        assert refusal(data[:kept], f"a.{extension}")


@pytest.mark.parametrize("extension", ["jpg", "png"])
@pytest.mark.parametrize(
    "tail", [samples.zip_bytes({"a.txt": b"a"}), b"<?php phpinfo();", samples.exe_bytes(), VALID["pdf"], b"x"]
)
def test_picture_with_something_behind_it_is_refused(extension, tail):
    assert refusal(VALID[extension] + tail, f"a.{extension}")


def test_picture_with_an_archive_behind_another_picture_is_refused():
    assert refusal(VALID["jpg"] + VALID["jpg"] + samples.zip_bytes({"a.txt": b"a"}), "a.jpg")
    assert refusal(VALID["tiff"] + samples.zip_bytes({"a.txt": b"a"}), "a.tiff")


@pytest.mark.parametrize("extension", ["jpg", "png"])
def test_picture_with_something_behind_much_padding_is_refused(extension):
    assert refusal(VALID[extension] + bytes(70_000) + b"payload", f"a.{extension}")


@pytest.mark.parametrize(
    "tail", [VALID["jpg"], b"\0\0" + VALID["jpg"], b"\0\0\0\x18ftypmp42 a film", b"notes of a camera SEFT", b"\0" * 9]
)
def test_photo_with_what_cameras_append_is_accepted(tail):
    assert check(VALID["jpg"] + tail, "a.jpg").content_type == "image/jpeg"


def test_picture_of_gigantic_size_is_refused_without_decoding_it():
    started = time.monotonic()
    assert "far more" in refusal(samples.png_bomb(), "a.png")
    assert "far more" in refusal(samples.png_bomb((9_500, 9_500)), "a.png")  # where Pillow only warns
    assert time.monotonic() - started < 10


def test_photo_with_endless_scans_is_refused():
    data = VALID["jpg"]
    scan = data.index(b"\xff\xda")
    assert "far more" in refusal(data[:-2] + data[scan:-2] * MAX_JPEG_SCANS + b"\xff\xd9", "a.jpg")


def test_png_with_a_wrong_checksum_is_refused():
    data = bytearray(VALID["png"])
    data[data.index(b"IDAT") + 6] ^= 0xFF
    assert refusal(bytes(data), "a.png")


# --- Office documents


def test_chart_data_in_a_document_is_accepted():
    data = samples.docx_bytes(extra={"word/embeddings/Microsoft_Excel_Sheet.xlsx": VALID["xlsx"]})
    assert check(data, "a.docx").extension == "docx"


def test_small_blank_bitmap_in_a_document_is_accepted():
    assert check(samples.docx_bytes(extra={"word/media/image1.bmp": bytes(3 * MEGABYTE)}), "a.docx")


def test_tiff_whose_pages_go_round_in_a_circle_is_refused():
    data = bytearray(samples.tiff_bytes(pages=1))
    (directory,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, directory)
    struct.pack_into("<I", data, directory + 2 + 12 * entries, directory)
    assert refusal(bytes(data), "a.tiff")


@pytest.mark.parametrize("bomb", [samples.zip_bomb, samples.nested_zip_bomb, samples.overlapping_zip_bomb])
def test_archive_bomb_is_refused_without_unpacking(bomb):
    data = bomb()
    started = time.monotonic()
    assert refusal(data, "a.docx")
    assert time.monotonic() - started < 10


def test_archive_bomb_in_an_embedded_document_is_refused():
    bomb = samples.xlsx_bytes(extra={"xl/media/image1.bmp": bytes(64 * MEGABYTE)})
    assert refusal(samples.docx_bytes(extra={"word/embeddings/Chart.xlsx": bomb}), "a.docx")


def test_documents_nested_twice_are_refused():
    inner = samples.xlsx_bytes(extra={"xl/embeddings/Deeper.docx": VALID["docx"]})
    assert refusal(samples.docx_bytes(extra={"word/embeddings/Chart.xlsx": inner}), "a.docx")


def test_archive_with_too_many_members_is_refused():
    assert refusal(samples.docx_bytes(extra={f"word/{n}.xml": b"" for n in range(5_001)}), "a.docx")


@pytest.mark.parametrize(
    "extra",
    [
        {"word/vbaProject.bin": VALID["xls"]},
        {"word/VBAPROJECT.BIN": b"anything"},
        {"word/media/tool.bin": samples.exe_bytes()},
        {"word/media/archive.bin": samples.zip_bytes({"a": b"a"})},
        {"word/media/archive.bin": b"Rar!\x1a\x07"},
        {"../../etc/cron.d/job": b"* * * * * root true"},
        {"/etc/passwd": b"root"},
        {"word/Document.xml": b"<second/>"},
    ],
)
def test_document_with_what_does_not_belong_in_it_is_refused(extra):
    assert refusal(samples.docx_bytes(extra=extra), "a.docx")


def test_macro_document_is_refused_by_its_declared_content():
    with zipfile.ZipFile(io.BytesIO(VALID["docx"])) as archive:
        types = archive.read("[Content_Types].xml")
    macro_type = types.replace(
        b"vnd.openxmlformats-officedocument.wordprocessingml.document.main", b"vnd.ms-word.document.macroEnabled.main"
    )
    assert "macros" in refusal(samples.docx_bytes(extra={"[Content_Types].xml": macro_type}), "a.docx")


def test_archive_of_something_else_is_refused():
    assert refusal(samples.zip_bytes({"readme.txt": b"hello"}), "a.docx")
    assert refusal(samples.zip_bytes({"word/document.xml": b"<a/>"}), "a.docx")
    assert refusal(samples.docx_bytes(extra={"xl/workbook.xml": b"<a/>", "[Content_Types].xml": b"<Types/>"}), "a.docx")
    doctype = b"<!DOCTYPE Types [<!ENTITY a 'b'>]><Types/>"
    assert refusal(samples.docx_bytes(extra={"[Content_Types].xml": doctype}), "a.docx")


def test_document_whose_main_part_has_another_name_is_accepted():
    with zipfile.ZipFile(io.BytesIO(VALID["docx"])) as archive:
        members = {name: archive.read(name).replace(b"document.xml", b"document2.xml") for name in archive.namelist()}
    members["word/document2.xml"] = members.pop("word/document.xml")
    assert check(samples.zip_bytes(members), "a.docx").extension == "docx"


def test_archive_with_other_content_around_it_is_refused():
    for data in (
        VALID["docx"] + b"tail",
        VALID["docx"][:-2] + struct.pack("<H", 4) + b"note",
        VALID["docx"] + samples.zip_bytes({"a.txt": b"a"}),
        VALID["xlsx"] + VALID["docx"],
    ):
        assert refusal(data, "a.docx")


def test_archive_with_a_password_is_refused():
    data = bytearray(VALID["docx"])
    at = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[at + 8] |= 1
    assert "password" in refusal(bytes(data), "a.docx")


def test_office_document_encrypted_as_a_whole_is_refused():
    data = samples.ole_bytes({"EncryptedPackage": b"x", "EncryptionInfo": b"x"})
    assert "password" in refusal(data, "a.docx")
    assert "password" in refusal(data, "a.xls")


def test_workbook_with_a_password_is_refused():
    assert "password" in refusal(samples.xls_bytes(records=((0x002F, bytes(54)),)), "a.xls")


def test_compound_file_without_a_workbook_is_refused():
    assert refusal(samples.ole_bytes({"WordDocument": b"x"}), "a.xls")
    assert refusal(samples.ole_bytes({"Workbook": b"not a workbook"}), "a.xls")


def test_workbook_with_an_archive_behind_it_is_refused():
    assert refusal(VALID["xls"] + samples.zip_bytes({"a.txt": b"a"}), "a.xls")


# --- Text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_text_of_other_encodings_is_accepted(encoding):
    assert check("Überbau;1\r\n".encode(encoding), "a.csv").content_type == "text/csv"
    xml = f"<?xml version='1.0' encoding='{encoding.removesuffix('-sig')}'?><a>Überbau</a>"
    assert check(xml.encode(encoding), "a.xml").content_type == "application/xml"


@pytest.mark.parametrize(
    "text", [b"a\0b", b"{\\rtf1 text}", b"#!/bin/sh\n", b"%!PS-Adobe", b"\x7fELF", b"<html>", b"a\x1bb"]
)
def test_text_that_is_something_else_is_refused(text):
    assert refusal(text, "a.txt")
    assert refusal(text, "a.csv")


@pytest.mark.parametrize(
    "text",
    [
        b"<a>",
        b"<a><b></a></b>",
        b"<a>&undefined;</a>",
        b"<html><body/></html>",
        b"<svg/>",
        b'<a><x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script></a>',
        b'<svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>',
    ],
)
def test_xml_that_is_broken_or_active_is_refused(text):
    assert refusal(text, "a.xml")


def test_xml_with_a_document_type_is_refused():
    entities = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 30))
    bomb = f"<!DOCTYPE a [<!ENTITY a0 'ha'>{entities}]><a>&a29;</a>"
    assert "DOCTYPE" in refusal(bomb.encode(), "a.xml")
    assert "DOCTYPE" in refusal(b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "a.xml")


# --- Names


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("invoice.pdf", "invoice.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\scan.PNG", "scan.PNG"),
        ("a\0b\r\nc.pdf", "ab c.pdf"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\u2066x\u2069\u200b.pdf", "x.pdf"),
        ("u\u0308ber.pdf", "über.pdf"),
        ("発注書 – 最終.pdf", "発注書 – 最終.pdf"),
        ("", "file"),
        ("   ", "file"),
        (".", "file"),
        ("..", "file"),
        ("folder/", "file"),
        (".pdf", "file.pdf"),
        ("a.pdf. ", "a.pdf"),
        ("no extension", "no extension"),
        ("x" * 300 + ".docx", "x" * 145 + ".docx"),
        ("x." + "y" * 300, "x." + "y" * 148),
    ],
)
def test_clean_filename_keeps_what_is_safe(name, clean):
    assert clean_filename(name) == clean


@given(st.text(max_size=400))
@example("a" * 149 + "\u0301.pdf")
def test_clean_filename_is_always_safe_and_stable(name):
    clean = clean_filename(name)
    assert clean
    assert len(clean) <= MAX_FILENAME
    assert not set(clean) & set("/\\\0\r\n\u202e\u200f")
    assert clean_filename(clean) == clean


def test_the_extension_is_judged_after_the_name_is_cleaned():
    assert check(VALID["pdf"], "x/scan.pd\u202ef").extension == "pdf"
    assert refusal(VALID["pdf"], "scan.pdf\0.exe")


# --- Anything at all


@given(
    data=st.binary(max_size=2_000),
    magic=st.sampled_from([v[:8] for v in VALID.values()]),
    name=st.sampled_from(sorted(VALID)),
)
@settings(max_examples=200, deadline=20_000)
def test_random_bytes_raise_nothing_but_refusals(data, magic, name):
    for content in (data, magic + data):
        try:
            check(content, f"a.{name}")
        except DomainError:
            pass


@given(
    name=st.sampled_from(sorted(VALID)),
    edits=st.lists(st.tuples(st.integers(0, 5_000), st.binary(min_size=1, max_size=6)), min_size=1, max_size=5),
    cut=st.integers(0, 200),
)
@settings(max_examples=300, deadline=20_000, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_files_raise_nothing_but_refusals(name, edits, cut):
    data = bytearray(VALID[name])
    for position, replacement in edits:
        position %= len(data)
        data[position : position + len(replacement)] = replacement
    try:
        check(bytes(data[: len(data) - cut]), f"a.{name}")
    except DomainError:
        pass
