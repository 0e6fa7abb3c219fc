"""Files as people attach them: an offer, the photo of a receipt."""

from collections.abc import Sequence
from io import BytesIO

import pikepdf
from PIL import Image, ImageDraw


def offer(lines: Sequence[str]) -> BytesIO:
    """A one-page PDF that looks like what it is."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595, 842))
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica,
        Encoding=pikepdf.Name.WinAnsiEncoding,
    )  # fmt: skip
    page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    shown = b" ".join(b"<" + line.encode("cp1252", "replace").hex().encode() + b"> '" for line in lines)
    page.obj.Contents = pdf.make_stream(b"BT /F1 14 Tf 22 TL 72 770 Td " + shown + b" ET")
    content = BytesIO()
    pdf.save(content, static_id=True)
    content.seek(0)
    return content


def receipt_photo(lines: Sequence[str]) -> BytesIO:
    """A slip of paper on a dark table, a little askew."""
    slip = Image.new("RGB", (260, 420), "white")
    pen = ImageDraw.Draw(slip)
    for index, line in enumerate(lines):
        pen.text((20, 24 + 26 * index), line, fill="black")
    table = Image.new("RGB", (360, 500), (72, 60, 52))
    turned = slip.rotate(3, expand=True, fillcolor=(72, 60, 52))
    table.paste(turned, (40, 30))
    content = BytesIO()
    table.save(content, "JPEG", quality=80)
    content.seek(0)
    return content


def passport_scan(lines: Sequence[str]) -> BytesIO:
    """The page of a passport that has the photo; the last two lines are those that machines read."""
    scan = Image.new("L", (420, 290), 236)
    pen = ImageDraw.Draw(scan)
    pen.rectangle((14, 14, 405, 275), outline=120, width=2)
    pen.rectangle((30, 44, 122, 164), fill=205)
    _head(pen, (76, 104), 0.55)
    for index, line in enumerate(lines[:-2]):
        pen.text((140, 44 + 20 * index), line, fill=40)
    for index, line in enumerate(lines[-2:]):
        pen.text((24, 226 + 20 * index), line, fill=0, font_size=14)
    return _png(scan)


def portrait(shade: int) -> BytesIO:
    """A passport photo of nobody."""
    photo = Image.new("L", (210, 270), 225)
    _head(ImageDraw.Draw(photo), (105, 130), 1, fill=90 + shade % 80)
    return _png(photo)


def _head(pen: ImageDraw.ImageDraw, middle: tuple[int, int], scale: float, fill: int = 120) -> None:
    x, y = middle
    pen.ellipse((x - 38 * scale, y - 70 * scale, x + 38 * scale, y + 30 * scale), fill=fill)
    pen.ellipse((x - 75 * scale, y + 40 * scale, x + 75 * scale, y + 180 * scale), fill=fill - 30)


def _png(image: Image.Image) -> BytesIO:
    content = BytesIO()
    image.save(content, "PNG")
    content.seek(0)
    return content
