"""What the writers of both XML formats share. Names carry their prefix; the root declares the namespaces."""

import re
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element, SubElement, tostring

PROFILE = "urn:cen.eu:en16931:2017"
INVOICE, CREDIT_NOTE = "380", "381"
"""UNTDID 1001."""
SEPA_TRANSFER, CREDIT_TRANSFER = "58", "30"
"""UNTDID 4461."""
DISCOUNT = "95"
"""UNTDID 5189."""

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold."""


def add(parent: Element, path: str, text: str | Decimal | None = None, **attributes: str) -> Element:
    """Appends an element, `path` naming those around it too. Amounts are written with two decimals."""
    *around, name = path.split("/")
    for outer in around:
        parent = SubElement(parent, outer)
    element = SubElement(parent, name, attributes)
    if text is not None:
        element.text = f"{text:.2f}" if isinstance(text, Decimal) else _FORBIDDEN.sub("", text)
    return element


def plain_number(number: Decimal) -> str:
    """Without the zeros that say nothing."""
    return f"{number.normalize():f}"


def packed_day(day: date) -> str:
    return f"{day:%Y%m%d}"


def written(root: Element) -> bytes:
    return tostring(root, encoding="UTF-8", xml_declaration=True)
