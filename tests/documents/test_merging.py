"""Several files as one PDF: order, pages of pictures, and what is refused with the file's name."""

import io

import pikepdf
import pytest
from PIL import Image

from bureau.core.files import ScanPending
from bureau.core.models import ScanState
from bureau.documents import merging, sandbox
from bureau.documents.merging import NotMergeable, merge
from bureau.kit.errors import Locked, TooLarge
from tests.core.samples import docx_bytes, jpg_bytes, pdf_bytes, png_bytes, tiff_bytes
from tests.documents.stored import replaced, stored

pytestmark = pytest.mark.django_db
PORTRAIT, LANDSCAPE = (595, 842), (842, 595)


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


def picture(mode="RGB", size=(300, 100), color=None, orientation=None, image_format="JPEG", **options) -> bytes:
    image = Image.new(mode, size, color or 0)
    if orientation:
        exif = image.getexif()
        exif[0x0112] = orientation
        options["exif"] = exif
    out = io.BytesIO()
    image.save(out, image_format, **options)
    return out.getvalue()


def merged(*files) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(merge(files)))


def sizes(pdf: pikepdf.Pdf) -> list[tuple[int, int]]:
    """As they are shown: turned pages as turned."""
    found = []
    for page in pdf.pages:
        left, low, right, high = (float(value) for value in page.mediabox)
        size = (round(right - left), round(high - low))
        found.append(size[::-1] if int(page.obj.get("/Rotate", 0)) % 180 else size)
    return found


def texts(pdf: pikepdf.Pdf) -> list[bytes]:
    return [page.Contents.read_bytes() if "/Contents" in page.obj else b"" for page in pdf.pages]


def test_order_is_kept_and_pictures_become_pages():
    files = [
        stored(pdf_bytes("second by name, first here"), "b.pdf"),
        stored(jpg_bytes((3000, 2000)), "photo.jpg"),
        stored(pdf_bytes("last"), "a.pdf"),
        stored(png_bytes((20, 30)), "small.png"),
        stored(tiff_bytes(pages=2), "scan.tiff"),
    ]
    pdf = merged(*files)
    assert sizes(pdf) == [PORTRAIT, LANDSCAPE, PORTRAIT, PORTRAIT, LANDSCAPE, LANDSCAPE]
    found = texts(pdf)
    assert b"first here" in found[0]
    assert b"last" in found[2]


def test_same_file_may_come_twice():
    file = stored(pdf_bytes("again"), "a.pdf")
    assert len(merged(file, file).pages) == 2


@pytest.mark.parametrize(
    ("orientation", "shown"),
    [(1, LANDSCAPE), (2, LANDSCAPE), (3, LANDSCAPE), (5, PORTRAIT), (6, PORTRAIT), (7, PORTRAIT), (8, PORTRAIT)],
)
def test_page_is_turned_as_the_camera_was_held(orientation, shown):
    assert sizes(merged(stored(picture(orientation=orientation), "photo.jpg"))) == [shown]


@pytest.mark.parametrize(
    ("mode", "color", "image_format", "options", "filename"),
    [
        ("RGBA", (255, 0, 0, 128), "PNG", {}, "alpha.png"),
        ("LA", (0, 128), "PNG", {}, "grey-alpha.png"),
        ("P", 0, "PNG", {"transparency": 0}, "palette.png"),
        ("I;16", 40000, "PNG", {}, "deep.png"),
        ("CMYK", (0, 255, 255, 0), "JPEG", {}, "print.jpg"),
        ("1", 1, "TIFF", {}, "fax.tiff"),
    ],
)
def test_every_kind_of_picture_becomes_a_page(mode, color, image_format, options, filename):
    content = picture(mode, color=color, image_format=image_format, **options)
    assert sizes(merged(stored(content, filename))) == [LANDSCAPE]


def test_what_is_transparent_becomes_white():
    pdf = merged(stored(picture("RGBA", color=(0, 0, 0, 0), image_format="PNG"), "clear.png"))
    [image] = pdf.pages[0].get_images().values()
    assert pikepdf.PdfImage(image).as_pil_image().convert("RGB").getpixel((5, 5)) == (255, 255, 255)


def test_picture_of_a_tiny_resolution_still_fits_the_page():
    assert sizes(merged(stored(picture(dpi=(1, 1)), "poster.jpg"))) == [LANDSCAPE]


def form(value: str) -> bytes:
    """A page with one filled-in field, always of the same name, and a script that runs when it is opened."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=PORTRAIT)
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    field = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Tx,
            T="name",
            V=value,
            DA="/Helv 12 Tf 0 g",
            Rect=[50, 700, 300, 730],
            F=4,
        )
    )
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    page.obj.Annots = pikepdf.Array([field])
    page.obj.AA = pikepdf.Dictionary(O=script)
    resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(Helv=font))
    pdf.Root.AcroForm = pikepdf.Dictionary(
        Fields=pikepdf.Array([field]), DR=resources, NeedAppearances=True, DA="/Helv 12 Tf 0 g"
    )
    pdf.Root.OpenAction = script
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def test_forms_keep_their_own_values_and_scripts_stay_behind():
    import pypdfium2

    content = merge([replaced(stored(pdf_bytes(), f"{name}.pdf"), form(name)) for name in ("Anna", "Berta")])
    assert b"JavaScript" not in content
    assert b"app.alert" not in content
    read = [page.get_textpage().get_text_bounded().strip() for page in pypdfium2.PdfDocument(content)]
    assert read == ["Anna", "Berta"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pdf_bytes(password="secret"), "password"),
        (b"%PDF-1.7 cut off", "damaged"),
        (b"", "damaged"),
        (pdf_bytes()[:300], "damaged"),
    ],
)
def test_file_that_cannot_be_read_is_named(content, reason):
    good = stored(pdf_bytes(), "good.pdf")
    bad = replaced(stored(pdf_bytes(), "bad.pdf"), content)
    with pytest.raises(NotMergeable, match=rf"^bad\.pdf .*{reason}"):
        merge([good, bad, good])


def test_broken_picture_is_named():
    bad = replaced(stored(jpg_bytes(), "bad.jpg"), b"\xff\xd8\xff nothing")
    with pytest.raises(NotMergeable, match=r"bad\.jpg"):
        merge([stored(pdf_bytes(), "good.pdf"), bad])


def test_what_is_neither_pdf_nor_picture_is_named():
    with pytest.raises(NotMergeable, match=r"letter\.docx"):
        merge([stored(pdf_bytes(), "good.pdf"), stored(docx_bytes(), "letter.docx")])


def test_more_than_can_be_merged_at_once_is_refused(monkeypatch):
    files = [stored(pdf_bytes(), "a.pdf"), stored(pdf_bytes(), "b.pdf")]
    monkeypatch.setattr(merging, "MAX_PAGES", 1)
    with pytest.raises(TooLarge, match="1 pages"):
        merge(files)
    monkeypatch.setattr(merging, "MAX_BYTES", 100)
    with pytest.raises(TooLarge):
        merge(files)


def test_program_that_takes_too_long_names_the_file_it_was_at(monkeypatch, tmp_path):
    slow = tmp_path / "slow.py"
    slow.write_text("import pathlib, time\npathlib.Path('at').write_text('1')\ntime.sleep(60)\n")
    monkeypatch.setattr(sandbox.program, "__file__", str(slow))
    monkeypatch.setattr(merging, "SECONDS", 1)
    with pytest.raises(NotMergeable, match=r"^b\.pdf"):
        merge([stored(pdf_bytes(), "a.pdf"), stored(pdf_bytes(), "b.pdf")])


@pytest.mark.parametrize(("state", "error"), [(ScanState.PENDING, ScanPending), (ScanState.INFECTED, Locked)])
def test_file_that_must_not_be_opened_is_not_merged(state, error):
    file = stored(pdf_bytes(), "a.pdf")
    file.scan_state = state
    with pytest.raises(error):
        merge([file])
