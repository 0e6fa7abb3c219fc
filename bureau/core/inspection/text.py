import codecs
import re
from collections.abc import Callable
from typing import IO, BinaryIO
from xml.parsers import expat

from django.utils.translation import gettext as _

from bureau.core.inspection.refusals import refused, two_in_one

CHUNK = 1 << 20

_CONTROL = re.compile("[\0-\x08\x0b\x0e-\x19\x1b-\x1f\x7f]")
_ACTIVE_NAMESPACES = ("http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg")


def check_xml(file: BinaryIO, size: int) -> str:
    def refuse_active(element: str, attributes: dict[str, str]) -> None:
        if element.lower() in ("html", "svg") or element.startswith(_ACTIVE_NAMESPACES):
            raise two_in_one()  # a browser would run the scripts in it

    file.seek(0)
    parse_xml(file, refuse_active)
    return "xml"


def parse_xml(file: IO[bytes], on_element: Callable[[str, dict[str, str]], None]) -> None:
    """Well-formed and without a document type, which is where entities, and with them bombs, are declared."""

    def refuse_doctype(*declaration: object) -> None:
        raise refused(_("XML with a document type (DOCTYPE) is not accepted. Remove it and upload the file again."))

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.StartElementHandler = on_element
    while chunk := file.read(CHUNK):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)


def check_text(file: BinaryIO, size: int) -> str | None:
    """Text in UTF-8, UTF-16 with its mark, or any 8-bit code: old programs write tables in the last."""
    file.seek(0)
    head = file.read(4)
    if head.startswith((b"{\\rt", b"#!", b"%!")):  # RTF, a script, PostScript
        return None
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1"
    file.seek(0)
    if any(_CONTROL.search(text) for text in codecs.iterdecode(iter(lambda: file.read(CHUNK), b""), encoding)):
        return None
    return "txt"
