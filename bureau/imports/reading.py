"""What the cells of a row say, as values; what cannot be read is told field by field."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from bureau.imports.registry import ImportField, Values
from bureau.kit.errors import Invalid

_YES, _NO = {"true", "yes", "y", "1", "on", "x", "ja", "oui", "si"}, {"false", "no", "n", "0", "off", "nein", "non"}
_DAY = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})")
_LIKE_A_VALUE = re.compile(r"[^@\s]+@[^@\s]+\.\w+|[+-]?[\d.,/: -]*\d[\d.,/: -]*")


def as_day(text: str) -> date:
    """2026-03-31, 31.03.2026, or with slashes where day and month cannot be mistaken. Raises ValueError."""
    text = text.partition(" 00:00")[0].partition("T00:00")[0]
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    found = _DAY.fullmatch(text)
    if not found:
        raise ValueError(_("Give a date such as 2026-03-31."))
    first, between, second, year = int(found[1]), found[2], int(found[3]), int(found[4])
    if between != "." and first != second and first <= 12 and second <= 12:
        raise ValueError(_("This date can be read in two ways. Write it as 2026-03-31."))
    day, month = (second, first) if between != "." and second > 12 else (first, second)
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(_("Give a date such as 2026-03-31.")) from None


def as_flag(text: str) -> bool:
    """Raises ValueError."""
    if (word := text.casefold()) in _YES | _NO:
        return word in _YES
    raise ValueError(_("Give yes or no."))


def as_amount(text: str) -> Decimal:
    """1500.00, 1,500.00, 1.500,00 or 1500,00. Raises ValueError, also for 1,500, which can be read in two ways."""
    number = re.sub(r"[\s'’]", "", text)
    if re.fullmatch(r"[+-]?\d{1,3}[.,]\d{3}", number):
        raise ValueError(_("This amount can be read in two ways. Write it as 1500.00."))
    if re.fullmatch(r"[+-]?(\d+|\d{1,3}(\.\d{3})+),\d{1,2}", number):
        number = number.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d{1,2})?", number):
        number = number.replace(",", "")
    if not re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,10})?", number, re.ASCII):
        raise ValueError(_("Give an amount such as 1500.00."))
    return Decimal(number)


def parsed(values: Values, readers: Mapping[str, Callable[[str], Any]]) -> dict[str, Any]:
    """The values, those with a reader as it reads them. Raises Invalid with every field that cannot be read."""
    found: dict[str, Any] = {}
    errors: dict[str, list[str]] = defaultdict(list)
    for name, text in values.items():
        try:
            found[name] = readers[name](text) if name in readers else text
        except ValueError as error:
            errors[name].append(str(error))
    if errors:
        raise Invalid(fields=errors)
    return found


def headings_of(cells: Sequence[str]) -> list[str]:
    """The names of the columns, each once: an empty one is called by its place, a second one gets a number.

    Raises Invalid for a first row that holds no names but values.
    """
    if any(_LIKE_A_VALUE.fullmatch(cell) for cell in cells):
        raise Invalid.field("file", _("The first row must name the columns; this one holds values already."))
    found: list[str] = []
    for place, cell in enumerate(cells, 1):
        name = " ".join(cell.split())[:100] or _("Column %d") % place
        unique, number = name, 2
        while unique in found:
            unique, number = f"{name} ({number})", number + 1
        found.append(unique)
    return found


def guessed_mapping(columns: Iterable[str], fields: Iterable[ImportField]) -> dict[str, str]:
    """For each field the column that is called as it, where there is one; no column twice."""
    by_words: dict[str, str] = {}
    for column in columns:
        by_words.setdefault(_words(column), column)
    found: dict[str, str] = {}
    for field in fields:
        for name in (field.name, str(field.label), *field.aliases):
            called = by_words.get(_words(name))
            if called is not None and called not in found.values():
                found[field.name] = called
                break
    return found


def _words(text: str) -> str:
    """Letters and digits alone, without case and accents: "E-Mail" is "e mail" is "EMAIL"."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if letter.isalnum())
