"""Typeset pages: PDFs and pictures from a typst layout and JSON data.

What people have written goes to the layout as data, never as markup. Nothing is fetched: the typesetter and its fonts
are in the installed package; the machine's own fonts serve the scripts that these lack.
"""

from base64 import b64encode
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import orjson
import typst
from django.utils.formats import number_format

from bureau.core import files
from bureau.core.models import Organization, ScanState


def typeset_pdf(
    layout: Path, data: dict[str, Any], *, standard: Any, timestamp: int, attached: str | None = None
) -> bytes:
    """A PDF of the standard, unless the data has characters that no font here shows. The same data and timestamp (Unix
    seconds) give the same bytes. `attached` is for the layout, which puts it into the PDF as a file."""
    inputs = {"data": orjson.dumps(data).decode()}
    if attached is not None:
        inputs["attached"] = attached
    try:
        return _compile(layout, inputs, timestamp=timestamp, pdf_standards=[standard])
    except typst.TypstError:
        return _compile(layout, inputs, timestamp=timestamp, pdf_standards=[])


def typeset_pictures(layout: Path, data: dict[str, Any], *, ppi: int) -> list[bytes]:
    """Each page as a PNG."""
    made: Any = _compile(layout, {"data": orjson.dumps(data).decode()}, format="png", ppi=ppi)
    return [made] if isinstance(made, bytes) else made


def _compile(layout: Path, inputs: dict[str, str], **options: Any) -> bytes:
    return typst.compile(layout, root=layout.parent, font_paths=_fonts(), sys_inputs=inputs, **options)


@cache
def _fonts() -> typst.Fonts:
    """Looked for once in the life of the process."""
    return typst.Fonts()


def logo(organization: Organization) -> str | None:
    """The logo inside an SVG, which can go with the other data; the bytes of a picture could not."""
    stored = organization.logo
    if stored is None or stored.scan_state != ScanState.CLEAN:
        return None
    with files.open_clean(stored) as content:
        picture = b64encode(content.read()).decode()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 100">'
        '<image width="400" height="100" preserveAspectRatio="xMinYMid" '
        f'href="data:{escape(stored.content_type)};base64,{picture}"/></svg>'
    )


def joined(texts: Sequence[str]) -> str:
    """Those that are not empty, each in lines of its own."""
    return "\n".join(text.replace("\r\n", "\n") for text in texts if text)


def amount_text(amount: Decimal) -> str:
    return number_format(amount, decimal_pos=2, force_grouping=True)


def number_text(number: Decimal) -> str:
    """Without the zeros that say nothing."""
    return number_format(number, len(f"{number.normalize():f}".partition(".")[2]), force_grouping=True)


def day_text(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
