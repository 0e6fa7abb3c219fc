"""What the fields of a record say about its values, as field errors. Every caller is covered: API, pages, commands."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.db import models
from django.utils.translation import gettext as _

from bureau.kit.errors import Invalid

FieldErrors = dict[str, list[str]]
_no_null = ProhibitNullCharactersValidator()


def set_fields(record: models.Model, values: dict[str, Any]) -> FieldErrors:
    """Sets `values` on an unsaved change of `record`, texts stripped; returns what the fields refuse."""
    for name, value in values.items():
        setattr(record, name, value.strip() if isinstance(value, str) else value)
    return field_errors(record, values)


def field_errors(record: models.Model, names: Iterable[str]) -> FieldErrors:
    wanted = set(names)
    errors: FieldErrors = {}
    try:
        record.clean_fields(exclude={field.name for field in record._meta.fields} - wanted)
    except ValidationError as error:
        errors = error.message_dict
    for name in wanted - errors.keys():
        try:
            _no_null(getattr(record, name))
        except ValidationError as error:
            errors[name] = error.messages
    return errors


def clean_text(name: str, given: str, *, longest: int) -> str:
    """A text as it is kept, without surrounding space. Raises Invalid for field `name`."""
    text = given.strip()
    if "\x00" in text:
        raise Invalid.field(name, _("Null characters are not allowed."))
    if len(text) > longest:
        raise Invalid.field(name, _("Use at most %(count)d characters.") % {"count": longest})
    return text
