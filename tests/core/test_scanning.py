import io
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given, settings
from hypothesis import strategies as st

from bureau.core.inspection import inspect
from bureau.core.scanning import ClamdScanner, Clean, Infected, VirusDetected, scan_builtin
from bureau.core.scanning.unpacking import WINDOW, _decompress_vba
from bureau.kit.errors import BusinessRule, DomainError, IntegrationFailed, Invalid
from tests.core import samples
from tests.core.clamd import InstreamServer
from tests.core.test_inspection import EVERYTHING, VALID

EICAR = samples.EICAR


def scan(data: bytes, filename: str) -> str | None:
    """As an upload: inspected, then scanned."""
    file = io.BytesIO(data)
    inspected = inspect(file, filename=filename, declared_type=None, allowed=EVERYTHING, max_bytes=50 << 20)
    found = scan_builtin(file, inspected)
    if found is None:
        assert file.tell() == 0
    return found


@pytest.mark.parametrize("extension", sorted(VALID))
def test_ordinary_files_are_clean(extension):
    assert scan(VALID[extension], f"a.{extension}") is None


def test_a_finding_is_a_business_rule_that_does_not_repeat_the_file():
    error = VirusDetected("EICAR_Test_File")
    assert isinstance(error, BusinessRule)
    assert error.code == "VIRUS_DETECTED"
    assert error.finding == "EICAR_Test_File"
    assert "EICAR" not in error.message


# --- EICAR, everywhere it can be


def eicar_in_two_layers_of_a_pdf() -> bytes:
    return samples.pdf_bytes(attachments={"inner.pdf": samples.pdf_bytes(attachments={"a.txt": EICAR})})


def eicar_with_a_pdf_around_it() -> bytes:
    return VALID["pdf"].replace(b"\n", b"\n%" + EICAR + b"\n", 1)


def eicar_under_two_filters() -> bytes:
    pdf = pikepdf.open(io.BytesIO(VALID["pdf"]))
    stream = pdf.make_stream(b"")
    stream.write(
        zlib.compress(EICAR).hex().encode() + b">",
        filter=pikepdf.Array([pikepdf.Name.ASCIIHexDecode, pikepdf.Name.FlateDecode]),
    )
    pdf.Root.Sample = stream
    return saved(pdf)


def eicar_in_an_attachment_that_calls_itself_a_picture() -> bytes:
    pdf = pikepdf.open(io.BytesIO(VALID["pdf"]))
    stream = pdf.make_stream(bytes(2 << 20) + EICAR, Subtype=pikepdf.Name.Image)
    pdf.Root.Names = pikepdf.Dictionary(
        EmbeddedFiles=pikepdf.Dictionary(
            Names=pikepdf.Array(
                [pikepdf.String("a"), pikepdf.Dictionary(F=pikepdf.String("a"), EF=pikepdf.Dictionary(F=stream))]
            )
        )
    )
    return saved(pdf)


def saved(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out, compress_streams=True)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "filename"),
    [
        (EICAR, "a.txt"),
        (b"name,value\n" + EICAR, "a.csv"),
        (bytes(VALID["jpg"][:2]) + b"\xff\xfe" + struct.pack(">H", len(EICAR) + 2) + EICAR + VALID["jpg"][2:], "a.jpg"),
        (eicar_with_a_pdf_around_it(), "a.pdf"),
        (samples.pdf_bytes(streams=(EICAR,)), "a.pdf"),
        (samples.pdf_bytes(streams=(bytes(100_000) + EICAR,)), "a.pdf"),
        (samples.pdf_bytes(text=EICAR.decode()), "a.pdf"),
        (samples.pdf_bytes(password="", streams=(EICAR,)), "a.pdf"),
        (samples.pdf_bytes(attachments={"eicar.com.txt": EICAR}), "a.pdf"),
        (samples.pdf_bytes(attachments={"a.zip": samples.zip_bytes({"eicar.com": EICAR})}), "a.pdf"),
        (samples.pdf_bytes(attachments={"a.docx": samples.docx_bytes(extra={"word/a.bin": EICAR})}), "a.pdf"),
        (eicar_in_two_layers_of_a_pdf(), "a.pdf"),
        (eicar_under_two_filters(), "a.pdf"),
        (eicar_in_an_attachment_that_calls_itself_a_picture(), "a.pdf"),
        (samples.docx_bytes(extra={"word/media/a.bin": EICAR}), "a.docx"),
        (samples.docx_bytes(extra={"word/media/a.bin": b"x" * (WINDOW - 30) + EICAR}), "a.docx"),
        (samples.xlsx_bytes(extra={"xl/media/a.bin": EICAR}), "a.xlsx"),
        (samples.docx_bytes(extra={"word/embeddings/A.xlsx": samples.xlsx_bytes(extra={"xl/a.bin": EICAR})}), "a.docx"),
        (samples.docx_bytes(extra={"word/embeddings/oleObject1.bin": samples.ole_bytes({"Package": EICAR})}), "a.docx"),
        (samples.xls_bytes(extra={"Package": EICAR}), "a.xls"),
    ],
)  # fmt: skip
def test_the_test_virus_is_found(data, filename):
    assert scan(data, filename) == "EICAR_Test_File"


# --- Programs and scripts


@pytest.mark.parametrize("program", [samples.exe_bytes(), samples.elf_bytes()])
def test_a_program_inside_a_document_is_found(program):
    for data, filename in [
        (samples.pdf_bytes(attachments={"readme.txt": program}), "a.pdf"),
        (samples.pdf_bytes(streams=(b"filler" + program,)), "a.pdf"),
        (samples.xls_bytes(extra={"Package": b"filler" + program}), "a.xls"),
        (samples.docx_bytes(extra={"word/embeddings/oleObject1.bin": samples.ole_bytes({"P": program})}), "a.docx"),
    ]:
        assert scan(data, filename).startswith("Program_")


def test_the_letters_of_a_program_header_alone_are_clean():
    assert scan(b"MZ, PE and ELF are words of this text. " * 1000, "a.txt") is None
    assert scan(samples.pdf_bytes(streams=(b"MZ" * 100_000,)), "a.pdf") is None


@pytest.mark.parametrize("name", ["invoice.exe", "Invoice.PDF.JS", "run.lnk "])
def test_a_program_attached_by_name_is_found(name):
    assert scan(samples.pdf_bytes(attachments={name: b"anything"}), "a.pdf") == "Attached_Program"
    packed = struct.pack("<IH", 100, 2) + name.encode() + b"\0rest"
    data = samples.docx_bytes(extra={"word/embeddings/oleObject1.bin": samples.ole_bytes({"\x01Ole10Native": packed})})
    assert scan(data, "a.docx") == "Attached_Program"


def test_attached_invoices_are_clean():
    attachments = {"factur-x.xml": samples.xml_bytes(), "terms.pdf": VALID["pdf"], "photo.jpg": VALID["jpg"]}
    assert scan(samples.pdf_bytes(attachments=attachments), "a.pdf") is None


def test_a_picture_that_carries_a_script_is_found():
    comment = b"<?php system($_GET['c']); ?>"
    data = VALID["jpg"][:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + VALID["jpg"][2:]
    assert scan(data, "a.jpg") == "Picture_With_Script"


# --- PDF actions


def script(**more: pikepdf.Object) -> pikepdf.Dictionary:
    return pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"), **more)


@pytest.mark.parametrize(
    "catalog",
    [
        {"OpenAction": script()},
        {
            "OpenAction": pikepdf.Dictionary(
                S=pikepdf.Name.Named, N=pikepdf.Name.NextPage, Next=pikepdf.Array([script()])
            )
        },
        {"AA": pikepdf.Dictionary(WC=script())},
        {
            "Names": pikepdf.Dictionary(
                JavaScript=pikepdf.Dictionary(Names=pikepdf.Array([pikepdf.String("a"), script()]))
            )
        },
    ],
)
def test_a_script_that_runs_on_opening_is_found(catalog):
    assert scan(samples.pdf_bytes(catalog=catalog), "a.pdf") == "PDF_Script_On_Opening"


def test_a_script_of_a_page_is_found():
    pdf = pikepdf.open(io.BytesIO(VALID["pdf"]))
    pdf.pages[0].obj.AA = pikepdf.Dictionary(O=pdf.make_indirect(script()))
    assert scan(saved(pdf), "a.pdf") == "PDF_Script_On_Opening"


def test_a_form_that_calculates_and_a_place_to_open_at_are_clean():
    pdf = pikepdf.open(io.BytesIO(VALID["pdf"]))
    field = pikepdf.Dictionary(FT=pikepdf.Name.Tx, T=pikepdf.String("total"), AA=pikepdf.Dictionary(C=script()))
    pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([pdf.make_indirect(field)]))
    pdf.Root.OpenAction = pikepdf.Array([pdf.pages[0].obj, pikepdf.Name.Fit])
    pdf.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=pikepdf.Array()))
    assert scan(saved(pdf), "a.pdf") is None


def test_a_pdf_that_launches_a_program_is_found():
    launch = pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String("cmd.exe"))
    assert scan(samples.pdf_bytes(catalog={"OpenAction": launch}), "a.pdf") == "PDF_Launches_Program"
    pdf = pikepdf.open(io.BytesIO(VALID["pdf"]))
    pdf.pages[0].obj.Annots = pikepdf.Array([pikepdf.Dictionary(Subtype=pikepdf.Name.Link, A=launch)])
    assert scan(saved(pdf), "a.pdf") == "PDF_Launches_Program"
    assert scan(saved(pdf).replace(b"/Launch", b"/L#61unch"), "a.pdf") == "PDF_Launches_Program"
    assert scan(samples.pdf_bytes(attachments={"inner.pdf": saved(pdf)}), "a.pdf") == "PDF_Launches_Program"


# --- What cannot be looked into


def test_an_attachment_with_a_password_is_refused():
    locked = samples.pdf_bytes(password="secret")
    with pytest.raises(Invalid, match="cannot be checked"):
        scan(samples.pdf_bytes(attachments={"locked.pdf": locked}), "a.pdf")


def test_containers_nested_too_deep_are_refused():
    data = b"the core"
    for _level in range(4):
        data = samples.pdf_bytes(attachments={"inner": data})
    with pytest.raises(Invalid, match="cannot be checked"):
        scan(samples.pdf_bytes(attachments={"inner": data}), "a.pdf")


def test_a_bomb_attached_to_a_pdf_is_refused_in_time():
    archive = bytearray(samples.zip_bytes({"zeros": b"0"}))
    struct.pack_into("<I", archive, archive.index(b"PK\x01\x02") + 24, 600 << 20)  # as its directory declares it
    for attachment in (bytes(100 << 20), bytes(archive)):
        data = samples.pdf_bytes(attachments={"bomb": attachment})
        started = time.monotonic()
        with pytest.raises(Invalid, match="cannot be checked"):
            scan(data, "a.pdf")
        assert time.monotonic() - started < 30


def test_pages_of_huge_pictures_are_clean():
    pdf = pikepdf.open(io.BytesIO(VALID["pdf"]))
    deflated = zlib.compress(bytes(80 << 20), 1)
    pictures = []
    for _page in range(10):
        picture = pdf.make_stream(b"", Subtype=pikepdf.Name.Image, Width=8192, Height=8192)
        picture.write(deflated, filter=pikepdf.Name.FlateDecode)
        pictures.append(picture)
    pdf.Root.Pictures = pikepdf.Array(pictures)
    out = io.BytesIO()
    pdf.save(out, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    started = time.monotonic()
    assert scan(out.getvalue(), "a.pdf") is None
    assert time.monotonic() - started < 20


def test_a_damaged_stream_on_a_page_is_no_finding():
    pdf = pikepdf.open(io.BytesIO(VALID["pdf"]))
    pdf.Root.Sample = pdf.make_stream(b"")
    pdf.Root.Sample.write(b"this is not deflated", filter=pikepdf.Name.FlateDecode)
    out = io.BytesIO()
    pdf.save(out, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    assert scan(out.getvalue(), "a.pdf") is None


def test_an_archive_whose_content_does_not_match_its_checksum_is_refused():
    data = bytearray(samples.docx_bytes(extra={"word/media/a.bin": bytes(range(256)) * 40}))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        at = archive.getinfo("word/media/a.bin").header_offset
    data[at + 100] ^= 0x55
    with pytest.raises(Invalid):
        scan(bytes(data), "a.docx")


# --- Macros and fields


def workbook_with_macro(source: str) -> bytes:
    return samples.xls_bytes(extra={"_VBA_PROJECT_CUR/ThisWorkbook": samples.vba_stream(source)})


@pytest.mark.parametrize(
    "source",
    [
        'Private Sub Workbook_Open()\r\n  Shell "calc.exe", 1\r\nEnd Sub\r\n',
        'Sub Auto_Open()\r\n  CreateObject("WScript.Shell").Run "cmd"\r\nEnd Sub\r\n',
        "Sub AUTO_OPEN()\r\n" + "  x = x + 1\r\n" * 2_000 + '  powershell = "x"\r\nEnd Sub\r\n',
    ],
)
def test_a_macro_that_runs_a_program_on_opening_is_found(source):
    assert scan(workbook_with_macro(source), "a.xls") == "VBA_Runs_Program_On_Opening"


def test_a_macro_compressed_with_back_references_is_read():
    # "Attribute VB_Name" literally, then a copy token: 9 bytes from 9 back (MS-OVBA 2.4.1.3.19).
    literal = b"Auto_Open Shell(Auto_Open "
    tokens = b""
    for start in range(0, 24, 8):
        tokens += b"\0" + literal[start : start + 8]
    tokens += b"\x04" + literal[24:26] + struct.pack("<H", ((26 - 1) << 11) | (9 - 3))
    container = b"\x01" + struct.pack("<H", 0xB000 | (len(tokens) + 2 - 3)) + tokens
    assert _decompress_vba(b"xx" + container, 2, 1000) == literal + b"Auto_Open"


def test_a_macro_over_two_modules_is_found():
    data = samples.xls_bytes(
        extra={
            "_VBA_PROJECT_CUR/ThisWorkbook": samples.vba_stream("Sub Workbook_Open()\r\n  Start\r\nEnd Sub\r\n"),
            "_VBA_PROJECT_CUR/Module1": samples.vba_stream('Sub Start()\r\n  Shell "calc"\r\nEnd Sub\r\n'),
        }
    )
    assert scan(data, "a.xls") == "VBA_Runs_Program_On_Opening"


def test_a_macro_behind_a_button_is_clean():
    assert scan(workbook_with_macro("Sub SortRows()\r\n  Range(A1).Sort\r\nEnd Sub\r\n"), "a.xls") is None


def test_a_macro_sheet_that_runs_on_opening_is_found():
    sheet = (0x0085, struct.pack("<IBB", 0, 0, 1) + b"\x06\0Macro1")
    auto_open = (0x0018, struct.pack("<HBBHHHBBBB", 0x20, 0, 1, 0, 0, 1, 0, 0, 0, 0) + b"\0\x01")
    assert scan(samples.xls_bytes(records=(sheet, auto_open)), "a.xls") == "XLM_Runs_On_Opening"
    assert scan(samples.xls_bytes(records=(sheet,)), "a.xls") is None


def field(*instructions: str) -> str:
    pieces = "".join(f"<w:r><w:instrText>{text}</w:instrText></w:r>" for text in instructions)
    return (
        f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>{pieces}<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    )


@pytest.mark.parametrize(
    "body",
    [
        field(' DDEAUTO c:\\windows\\system32\\cmd.exe "/k calc.exe"'),
        field("PAGE") + field("D", "DE", "AU", "TO cmd"),
        field("&#68;DE excel sheet A1"),
        '<w:p><w:fldSimple w:instr="DDE cmd /k calc"/></w:p>',
        "<w:p><w:fldSimple w:instr='dde cmd'/></w:p>",
    ],
)
def test_a_field_that_starts_a_program_is_found(body):
    assert scan(samples.docx_bytes(body=body), "a.docx") == "DDE_Field"


def test_ordinary_fields_are_clean():
    body = (
        field(" PAGE ") + field(' HYPERLINK "https://example.com/DDE " ') + "<w:p><w:r><w:t>DDE cmd</w:t></w:r></w:p>"
    )
    assert scan(samples.docx_bytes(body=body), "a.docx") is None


def test_a_link_to_a_program_in_a_workbook_is_found():
    link = b'<externalLink><ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>'
    assert scan(samples.xlsx_bytes(extra={"xl/externalLinks/externalLink1.xml": link}), "a.xlsx") == "DDE_Link"


def test_a_formula_that_starts_a_program_is_found():
    assert scan(b"name,total\n=cmd|' /C calc'!A0,1\n", "a.csv") == "DDE_Formula"
    assert scan(b"name,total\n@SUM(1)*cmd|'/C calc'!A0,1\n", "a.csv") == "DDE_Formula"
    assert scan(b"name,total\nhelp|cmd,=A1+B2\n", "a.csv") is None


# --- Anything at all


@given(
    name=st.sampled_from(["pdf", "docx", "xlsx", "xls"]),
    edits=st.lists(st.tuples(st.integers(0, 5_000), st.binary(min_size=1, max_size=6)), min_size=1, max_size=4),
)
@settings(max_examples=300, deadline=20_000)
def test_damaged_files_raise_nothing_but_refusals(name, edits):
    rich = {
        "pdf": samples.pdf_bytes(attachments={"a.xlsx": VALID["xlsx"], "b.xls": VALID["xls"]}),
        "xls": workbook_with_macro("Sub Auto_Open()\r\nEnd Sub"),
    }
    data = bytearray(rich.get(name, VALID[name]))
    for position, replacement in edits:
        position %= len(data)
        data[position : position + len(replacement)] = replacement
    try:
        scan(bytes(data), f"a.{name}")
    except DomainError:
        pass


# --- ClamAV


@pytest.fixture
def clamd() -> Iterator[InstreamServer]:
    server = InstreamServer()
    yield server
    server.listener.close()


def test_clamd_receives_the_whole_file_and_its_answer_is_read(clamd):
    scanner = ClamdScanner(clamd.url)
    data = bytes(range(256)) * 1_000
    file = io.BytesIO(data)
    file.seek(99)
    assert scanner.scan(file) == Clean()
    assert clamd.received == data
    assert scanner.scan(io.BytesIO(data + EICAR)) == Infected("Eicar-Signature")
    assert scanner.scan(io.BytesIO(b"")) == Clean()


def test_clamd_that_refuses_to_scan_is_a_failure_and_never_clean(clamd):
    with pytest.raises(IntegrationFailed):
        ClamdScanner(clamd.url).scan(io.BytesIO(bytes(2 << 20)))


def test_clamd_that_is_away_is_a_failure(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for url in (f"tcp://127.0.0.1:{port}", f"unix://{tmp_path}/clamd.sock"):
        with pytest.raises(IntegrationFailed):
            ClamdScanner(url).scan(io.BytesIO(b"x"))


def test_clamd_that_hangs_is_a_failure():
    server = InstreamServer(silent=True)
    with pytest.raises(IntegrationFailed):
        ClamdScanner(server.url, timeout_seconds=0.1).scan(io.BytesIO(b"x"))
    server.listener.close()


@pytest.mark.parametrize("url", ["", "localhost:3310", "http://localhost:3310", "unix://", "tcp://"])
def test_clamd_url_that_means_nothing_is_refused(url):
    with pytest.raises(ImproperlyConfigured, match="CLAMD_URL"):
        ClamdScanner(url)


@pytest.mark.skipif(not shutil.which("clamd"), reason="clamd (Debian: clamav-daemon) is not installed")
def test_the_real_clamd_answers():
    with tempfile.TemporaryDirectory() as folder:  # short: the path of a socket has a limit
        home = Path(folder)
        (home / "db").mkdir()
        (home / "db" / "local.ndb").write_text(f"Bureau.Test:0:*:{b'the sample signature'.hex()}\n")
        config = home / "clamd.conf"
        config.write_text(
            f"Foreground yes\nDatabaseDirectory {home}/db\nLocalSocket {home}/s\nStreamMaxLength 1M\nUser root\n"
        )
        daemon = subprocess.Popen(
            ["clamd", "--config-file", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            deadline = time.monotonic() + 30
            while not (home / "s").exists() and time.monotonic() < deadline:
                assert daemon.poll() is None
                time.sleep(0.05)
            scanner = ClamdScanner(f"unix://{home}/s")
            assert scanner.scan(io.BytesIO(b"nothing of interest")) == Clean()
            assert scanner.scan(io.BytesIO(b"here is the sample signature")) == Infected("Bureau.Test.UNOFFICIAL")
            with pytest.raises(IntegrationFailed):
                scanner.scan(io.BytesIO(bytes(3 << 20)))
        finally:
            daemon.terminate()
            daemon.wait(10)
