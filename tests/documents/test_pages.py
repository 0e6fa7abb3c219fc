"""Pages as pictures: what they show, hostile files, and limits that hold."""

import io

import pikepdf
import pytest
from PIL import Image

from bureau.core.files import ScanPending
from bureau.core.models import ScanState
from bureau.documents import pages, sandbox
from bureau.documents.pages import Unreadable, page_count, render_page
from bureau.kit.errors import Invalid, NotFound, RateLimited
from tests.core.samples import docx_bytes, jpg_bytes, pdf_bytes, png_bomb, png_bytes, tiff_bytes
from tests.documents.stored import replaced, stored
from tests.documents.test_merging import form, picture

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


def drawn(file, number=1, width=400) -> Image.Image:
    image = Image.open(io.BytesIO(render_page(file, number, width)))
    assert image.format == "WEBP"
    return image.convert("L")


def blank_pdf(*sizes) -> bytes:
    pdf = pikepdf.new()
    for size in sizes:
        pdf.add_blank_page(page_size=size)
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "filename", "count"),
    [
        (blank_pdf((595, 842), (842, 595), (200, 200)), "three.pdf", 3),
        (jpg_bytes(), "a.jpg", 1),
        (png_bytes(), "a.png", 1),
        (tiff_bytes(pages=4), "a.tiff", 4),
    ],
)
def test_pages_are_counted(content, filename, count):
    assert page_count(stored(content, filename)) == count


def test_page_of_a_pdf_is_drawn_as_wide_as_asked():
    page = drawn(stored(pdf_bytes("Some text that is there"), "a.pdf"))
    assert page.width == 400
    assert 560 <= page.height <= 570
    assert page.getextrema()[0] < 100 < 250 < page.getextrema()[1]
    assert drawn(stored(blank_pdf((595, 842)), "blank.pdf")).getextrema()[0] > 250


def test_each_page_is_its_own():
    file = stored(blank_pdf((595, 842), (842, 595)), "two.pdf")
    assert drawn(file, 1).height > 400 > drawn(file, 2).height


def test_filled_in_field_is_drawn():
    assert drawn(replaced(stored(pdf_bytes(), "form.pdf"), form("Anna"))).getextrema()[0] < 100


@pytest.mark.parametrize(("orientation", "size"), [(1, (300, 100)), (3, (300, 100)), (6, (100, 300)), (7, (100, 300))])
def test_photo_is_shown_as_the_camera_was_held(orientation, size):
    file = stored(picture(orientation=orientation), "photo.jpg")
    assert drawn(file, width=2000).size == size, "and never larger than it is"
    assert drawn(file, width=50).size == (50, round(50 * size[1] / size[0]))


def test_transparent_and_deep_pictures_are_shown():
    clear = stored(picture("RGBA", color=(0, 0, 0, 0), image_format="PNG"), "clear.png")
    assert drawn(clear).getextrema()[0] > 250
    grey = stored(picture("I;16", color=32768, image_format="PNG"), "deep.png")
    assert 120 < drawn(grey).getextrema()[0] < 136


def test_pages_of_a_tiff_are_drawn():
    file = stored(tiff_bytes(pages=2), "scan.tiff")
    assert drawn(file, 2).size == (32, 24)
    with pytest.raises(NotFound):
        render_page(file, 3, 400)


@pytest.mark.parametrize("number", [0, 2, 2**31, 2**70])
@pytest.mark.parametrize(("content", "filename"), [(pdf_bytes(), "a.pdf"), (jpg_bytes(), "a.jpg")])
def test_page_that_there_is_not(number, content, filename):
    with pytest.raises(NotFound):
        render_page(stored(content, filename), number, 400)


@pytest.mark.parametrize("width", [0, 39, 2001, -5])
def test_width_has_limits(width):
    with pytest.raises(Invalid) as refused:
        render_page(stored(jpg_bytes(), "a.jpg"), 1, width)
    assert list(refused.value.fields) == ["width"]


def test_word_document_has_no_pages():
    file = stored(docx_bytes(), "letter.docx")
    with pytest.raises(Invalid, match="no pages"):
        page_count(file)
    with pytest.raises(Invalid, match="no pages"):
        render_page(file, 1, 400)


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (pdf_bytes(password="secret"), "secret.pdf"),
        (b"%PDF-1.7\n" + b"\xff" * 5000, "noise.pdf"),
        (b"", "empty.pdf"),
        (png_bomb(), "bomb.png"),
        (jpg_bytes((500, 500))[:400], "cut.jpg"),
    ],
)
def test_file_that_got_past_the_checks_is_refused_and_named(content, filename):
    kind = filename.rpartition(".")[2]
    file = replaced(stored({"pdf": pdf_bytes, "png": png_bytes, "jpg": jpg_bytes}[kind](), filename), content)
    with pytest.raises(Unreadable, match=filename):
        render_page(file, 1, 400)


def test_page_that_is_endlessly_high_is_drawn_narrower():
    page = drawn(stored(blank_pdf((10, 14000)), "ruler.pdf"), width=2000)
    assert page.width < 20
    assert page.height <= 8000


@pytest.mark.parametrize(
    "body",
    [
        "import time\ntime.sleep(60)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
        "raise SystemExit(1)",
    ],
)
def test_program_that_hangs_or_crashes_is_a_refusal(monkeypatch, tmp_path, body):
    (tmp_path / "bad.py").write_text(body)
    monkeypatch.setattr(sandbox.program, "__file__", str(tmp_path / "bad.py"))
    monkeypatch.setattr(pages, "SECONDS", 1)
    with pytest.raises(Unreadable, match=r"a\.pdf"):
        render_page(stored(pdf_bytes(), "a.pdf"), 1, 400)


def test_memory_has_an_end(monkeypatch):
    monkeypatch.setattr(sandbox, "MEMORY", 80 << 20)
    with pytest.raises(Unreadable, match=r"a\.jpg"):
        render_page(stored(jpg_bytes((6000, 6000)), "a.jpg"), 1, 2000)


def test_too_many_at_once_are_sent_away(monkeypatch):
    monkeypatch.setattr(sandbox, "PATIENCE", 0.01)
    file = stored(pdf_bytes(), "a.pdf")
    for _ in range(sandbox.AT_ONCE):
        sandbox._turns.acquire()
    try:
        with pytest.raises(RateLimited):
            page_count(file)
    finally:
        sandbox._turns.release(sandbox.AT_ONCE)
    assert page_count(file) == 1


def test_program_gets_no_secrets(monkeypatch, tmp_path):
    (tmp_path / "look.py").write_text("import os, pathlib\npathlib.Path('result').write_text(repr(dict(os.environ)))")
    monkeypatch.setattr(sandbox.program, "__file__", str(tmp_path / "look.py"))
    monkeypatch.setenv("SECRET_KEY", "hidden")
    assert b"hidden" not in render_page(stored(pdf_bytes(), "a.pdf"), 1, 400)


def test_file_still_being_scanned_is_not_opened():
    file = stored(pdf_bytes(), "a.pdf")
    file.scan_state = ScanState.PENDING
    with pytest.raises(ScanPending):
        render_page(file, 1, 400)
