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
