"""Reading what people give for a form's fields: one typed value per field, or the reason why it cannot be read."""

import re
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from bureau.kit.pricing import MAX_AMOUNT, decimal_places, digits
from bureau.purchasing.models import Attachment, FieldType, FormField

TEXT_LENGTH = {FieldType.TEXT: 500, FieldType.LONG_TEXT: 20_000}
NUMBER_DIGITS, NUMBER_DECIMALS = 14, 4  # SQLite keeps 15 digits exactly
NUMBER = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})", re.ASCII)
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

VALUE_COLUMNS = {
    FieldType.TEXT: "value_text",
    FieldType.LONG_TEXT: "value_text",
    FieldType.SELECT: "value_text",
    FieldType.NUMBER: "value_number",
    FieldType.DATE: "value_date",
    FieldType.BOOLEAN: "value_boolean",
    FieldType.FILE: "value_file",
}

Value = str | Decimal | date | bool | Attachment | None
"""A typed value; None is an empty field."""


class UnreadableValue(ValueError):
    """Carries the message for the person."""


def parse_value(field: FormField, given: Any) -> Value | UUID:
    """The typed value of `given` for this field, None when it is empty; of a FILE the uuid of its attachment.

    Raises UnreadableValue.
    """
    if isinstance(given, str):
        if "\x00" in given:
            raise UnreadableValue(_("Null characters are not allowed."))
        given = given.strip()
    if given is None or given == "":
        return None
    match field.field_type:
        case FieldType.NUMBER:
            return _number(field, given)
        case FieldType.DATE:
            return _date(given)
        case FieldType.BOOLEAN:
            return _boolean(given)
        case FieldType.SELECT:
            if not isinstance(given, str) or given not in field.options:
                raise UnreadableValue(_("Choose one of: %(options)s.") % {"options": ", ".join(field.options)})
            return given
        case FieldType.FILE:
            return _file(given)
        case _:
            return _text(given, TEXT_LENGTH[FieldType(field.field_type)])


def _text(given: Any, longest: int) -> str:
    if not isinstance(given, str):
        raise UnreadableValue(_("Give a text."))
    if len(given) > longest:
        raise UnreadableValue(_("Use at most %(count)d characters.") % {"count": longest})
    return given


def _number(field: FormField, given: Any) -> Decimal:
    number: Decimal | None = None
    if isinstance(given, str):
        number = Decimal(given) if NUMBER.fullmatch(given) else None
    elif isinstance(given, int | float | Decimal) and not isinstance(given, bool):
        number = Decimal(str(given))
    if number is None or not number.is_finite():
        raise UnreadableValue(_("Give a number, such as 1250.50."))
    if decimal_places(number) > NUMBER_DECIMALS or digits(number) > NUMBER_DIGITS:
        raise UnreadableValue(_("Use at most 14 digits, 4 of them decimals."))
    if field.minimum is not None and number < field.minimum:
        raise UnreadableValue(_("Give at least %(limit)s.") % {"limit": f"{field.minimum.normalize():f}"})
    if field.maximum is not None and number > field.maximum:
        raise UnreadableValue(_("Give at most %(limit)s.") % {"limit": f"{field.maximum.normalize():f}"})
    if field.is_amount and not 0 <= number < MAX_AMOUNT:
        raise UnreadableValue(_("Give an amount from 0 to 999,999,999,999.99."))
    return number


def _date(given: Any) -> date:
    if isinstance(given, date):
        return given
    try:
        if isinstance(given, str) and ISO_DATE.fullmatch(given):
            return date.fromisoformat(given)
    except ValueError:
        pass
    raise UnreadableValue(_("Give a date as YYYY-MM-DD."))


def _boolean(given: Any) -> bool:
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given.lower() in ("true", "false"):
        return given.lower() == "true"
    raise UnreadableValue(_("Answer true or false."))


def _file(given: Any) -> UUID:
    try:
        return given if isinstance(given, UUID) else UUID(given)
    except (ValueError, AttributeError, TypeError):
        raise UnreadableValue(_("Give the id of an attachment of this request.")) from None


def plain(value: Value) -> str | bool | None:
    """The value as the audit log keeps it: numbers and dates as text, a file as the uuid of its attachment."""
    match value:
        case Decimal():
            return f"{value.normalize():f}"
        case date():
            return value.isoformat()
        case Attachment():
            return str(value.uuid)
    return value
