"""Query parameters of lists: declared once, checked, applied where named; anything unreadable is a field error."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from bureau.kit.errors import Invalid


def text(value: str) -> str:
    if "\x00" in value or len(value) > 200:
        raise ValueError
    return value


def number(value: str) -> int:
    found = int(value)
    if not 0 <= found < 2**63 or not value.isascii():
        raise ValueError
    return found


def flag(value: str) -> bool:
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[value.lower()]


def day(value: str) -> date:
    return date.fromisoformat(value)


def identifier(value: str) -> uuid.UUID:
    return uuid.UUID(value)


class OneOf:
    """Reads one of the given texts."""

    def __init__(self, choices: Sequence[str]) -> None:
        self.choices = list(choices)

    def __call__(self, value: str) -> str:
        if value not in self.choices:
            raise ValueError
        return value


@dataclass(frozen=True)
class Filter:
    """One parameter. `where` is a lookup ("team__uuid"), or a function from the parsed value to a Q."""

    name: str
    where: str | Callable[[Any], Q]
    parse: Callable[[str], Any] = text
    help: str = ""

    def condition(self, raw: str) -> Q:
        try:
            value = self.parse(raw)
        except (ValueError, KeyError):
            choices = getattr(self.parse, "choices", None)
            hint = _("one of: {choices}").format(choices=", ".join(choices)) if choices else _("a valid value")
            raise Invalid.field(self.name, _("Give {hint}.").format(hint=hint)) from None
        return self.where(value) if callable(self.where) else Q(**{self.where: value})


def apply(queryset: QuerySet[Any], filters: Sequence[Filter], parameters: Mapping[str, str]) -> QuerySet[Any]:
    for declared in filters:
        raw = parameters.get(declared.name)
        if raw:
            queryset = queryset.filter(declared.condition(raw))
    return queryset


def searching(*lookups: str) -> Callable[[str], Q]:
    """A condition that each word of the text is found in one of the lookups."""

    def condition(value: str) -> Q:
        found = Q()
        for word in value.split():
            anywhere = Q()
            for lookup in lookups:
                anywhere |= Q(**{f"{lookup}__icontains": word})
            found &= anywhere
        return found

    return condition
