"""By what the number of a vendor's bill is known again, however it is written: pure functions."""

import re
import unicodedata

CONFUSED = str.maketrans("АВЕЅІЈКМНОРСТУХΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABESIJKMHOPCTYXABEZHIKMNOPTYX")
"""Cyrillic and Greek capitals that are drawn as Latin ones."""
MISREAD = str.maketrans("OIL", "011")


def number_key(bill_number: str) -> str:
    """Letters and digits in upper case, without accents. A vendor's number with the same key is the same number."""
    return re.sub(r"[\W_]", "", _plain(bill_number))


def number_shape(bill_number: str) -> str:
    """The key without leading zeros, letters that are taken for digits read as those: A-0100, A-1OO, A-l00. Numbers of
    one shape may be different ones."""
    return re.sub(r"[\W_]", "", re.sub(r"(?<!\d)0+(?=\d)", "", _plain(bill_number).translate(MISREAD)))


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).upper().translate(CONFUSED)
    digits = (unicodedata.decimal(character, None) for character in plain)
    return "".join(character if digit is None else str(digit) for character, digit in zip(plain, digits, strict=True))
