"""What reads and merges files, as a program of its own: `python -I program.py OPERATION ARGUMENTS` (JSON), started by
sandbox.py and by nothing else.

Files are never trusted: PDF and picture libraries are large, and what makes one of them loop, swallow memory or crash
ends this process and not the server. It imports nothing of Bureau, gets no environment, and has limits on time,
memory and output before it looks at a file. The result is the file `result` in its working directory. Exit 3 is a
refusal, of which `result` gives the reason as JSON; while files are merged, `at` says which one, counted from 0.
"""

import io
import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

REFUSED = 3
MAX_HEIGHT = 8000  # pixels of a picture that is made: a page as narrow as a ruler does not grow without end
IMAGE_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/tiff": "TIFF"}
PDF = "application/pdf"
A4 = (595.28, 841.89)  # points
MIRRORED = {2, 4, 5, 7}  # of the EXIF orientations: a PDF page can be turned, not mirrored
TRANSPARENT = {"LA", "La", "PA", "RGBA", "RGBa"}


class Refusal(Exception):
    """`reason`: no-page, protected, damaged, or pages (too many)."""

    def __init__(self, reason: str, **details: Any) -> None:
        super().__init__(reason)
        self.body = {"reason": reason, **details}


def pages(file: str, content_type: str) -> bytes:
    """How many there are, as decimal digits."""
    if content_type == PDF:
        with open_pdf(file) as pdf:
            return str(len(pdf)).encode()
    return str(frames(open_image(file, content_type))).encode()


def render(file: str, content_type: str, number: int, width: int) -> bytes:
    """Page `number`, from 1, as WebP `width` pixels wide."""
    picture = (pdf_page if content_type == PDF else image_page)(file, content_type, number, width)
    written = io.BytesIO()
    picture.save(written, "WEBP", quality=85, method=2)
    return written.getvalue()


def pdf_page(file: str, content_type: str, number: int, width: int) -> Image.Image:
    with open_pdf(file) as pdf:
        check_number(number, len(pdf))
        pdf.init_forms()  # else what was filled in is not drawn
        page = pdf[number - 1]
        wide, high = page.get_size()
        scale = min((width - 0.01) / wide, MAX_HEIGHT / high)  # it is rounded up to whole pixels
        return page.render(scale=scale).to_pil().convert("RGB")


def open_pdf(file: str) -> Any:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        raise Refusal("protected" if "password" in str(error).lower() else "damaged", error=str(error)) from error


def image_page(file: str, content_type: str, number: int, width: int) -> Image.Image:
    """Never larger than the picture itself."""
    image = open_image(file, content_type)
    check_number(number, frames(image))
    image.seek(number - 1)
    turned = image.getexif().get(0x0112, 1) >= 5
    wide, high = reversed(image.size) if turned else image.size
    wanted = min(width, wide, MAX_HEIGHT * wide // high or 1)
    size = (wanted, max(1, round(wanted * high / wide)))
    image.draft("RGB", size[::-1] if turned else size)  # a JPEG is decoded no larger than it must be
    return opaque(ImageOps.exif_transpose(image)).resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def open_image(file: str, content_type: str) -> Image.Image:
    return Image.open(file, formats=[IMAGE_FORMATS[content_type]])


def frames(image: Image.Image) -> int:
    """Of a TIFF its pages; what cameras and animations put behind a picture is none."""
    return getattr(image, "n_frames", 1) if image.format == "TIFF" else 1


def check_number(number: int, count: int) -> None:
    if number > count:
        raise Refusal("no-page", count=count)


def opaque(image: Image.Image) -> Image.Image:
    """In RGB, on white where it is transparent."""
    if image.mode.startswith("I"):  # 16 bits a pixel: Pillow would cut off what is above 8
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in TRANSPARENT or "transparency" in image.info:
        seen = image.convert("RGBA")
        image = Image.new("RGB", image.size, "white")
        image.paste(seen, mask=seen.getchannel("A"))
    return image.convert("RGB")


def merge(files: list[tuple[str, str]], max_pages: int) -> bytes:
    """The files in their order as one PDF: the pages of PDFs, and each picture on a page."""
    import pikepdf
    import pikepdf.settings

    pikepdf.settings.set_qpdf_limits(doc_max_warnings=1000)
    merged = pikepdf.new()
    for place, (file, content_type) in enumerate(files):
        Path("at").write_text(str(place))
        try:
            source = pikepdf.open(file if content_type == PDF else io.BytesIO(picture_pdf(file, content_type)))
        except pikepdf.PasswordError as error:
            raise Refusal("protected") from error
        if len(merged.pages) + len(source.pages) > max_pages:
            raise Refusal("pages")
        if source.Root.get("/AcroForm") is not None:
            # What was filled in becomes part of the pages: fields of the same name would else share one value.
            source.generate_appearance_streams()
            source.flatten_annotations("all")
        for page in source.pages:
            if "/AA" in page.obj:  # what would run when a page is opened
                del page.obj["/AA"]
        merged.pages.extend(source.pages)
    written = io.BytesIO()
    merged.save(written, deterministic_id=True)
    return written.getvalue()


def picture_pdf(file: str, content_type: str) -> bytes:
    """A picture as a PDF of A4 pages, turned as the picture is: in its own size where it fits, else as large as fits.

    JPEGs and most others are taken in as they are; what a PDF cannot hold so is written anew, without loss."""
    import img2pdf

    options = {
        "layout_fun": img2pdf.get_layout_fun(A4, fit=img2pdf.FitMode.shrink, auto_orient=True),
        "rotation": img2pdf.Rotation.ifvalid,
        "engine": img2pdf.Engine.internal,
    }
    image = open_image(file, content_type)
    plain = image.mode not in TRANSPARENT and "transparency" not in image.info
    if plain and image.getexif().get(0x0112, 1) not in MIRRORED:
        try:
            return bytes(img2pdf.convert(file, **options))
        except (img2pdf.ImageOpenError, img2pdf.JpegColorspaceError, NotImplementedError, ValueError):
            pass  # a PDF cannot hold it as it is: it is written anew below
    written = []
    for number in range(frames(image)):
        image.seek(number)
        page = io.BytesIO()
        opaque(ImageOps.exif_transpose(image)).save(page, "PNG", dpi=image.info.get("dpi", (96, 96)))
        written.append(page.getvalue())
    return bytes(img2pdf.convert(written, **options))


OPERATIONS: dict[str, Callable[..., bytes]] = {"pages": pages, "render": render, "merge": merge}


def main(operation: str, given: str) -> int:
    arguments = json.loads(given)
    for limit, value in arguments.pop("limits").items():
        resource.setrlimit(getattr(resource, limit), (value, value))
    code = 0
    try:
        result = OPERATIONS[operation](**arguments)
    except Refusal as refusal:
        code, result = REFUSED, json.dumps(refusal.body).encode()
    except Exception as error:  # noqa: BLE001  # whatever a library throws at hostile bytes
        code, result = REFUSED, json.dumps({"reason": "damaged", "error": repr(error)[:500]}).encode()
    Path("result").write_bytes(result)
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
