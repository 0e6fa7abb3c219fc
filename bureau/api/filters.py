"""Query parameters of lists: declared once, checked, applied where named; anything unreadable is a field error.

Every list of agency and biz takes created_at__gte, created_at__lte and `ordering`:
`@operation(answer=Row, page=True, filters=[*CREATED, ...], ordering=Ordering(name="sort_name", ...))`, whether the
view returns a queryset or a prepared list. The order of the view itself holds where none is asked for.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.core.prepared import EVERYTHING, Narrowing, Parameter, ordered
from bureau.kit.errors import Invalid


def text(value: str) -> str:
    if "\x00" in value or len(value) > 200:
        raise ValueError
    return value


def words(value: str) -> list[str]:
    """The words of a search, at most ten, in upper case, as texts that are searched in are kept."""
    return text(value).upper().split()[:10]


def number(value: str) -> int:
    found = int(value)
    if not 0 <= found < 2**63 or not value.isascii():
        raise ValueError
    return found


def flag(value: str) -> bool:
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[value.lower()]


def day(value: str) -> date:
    return date.fromisoformat(value)


def since(value: str) -> datetime:
    """The first moment of a day; a moment is itself."""
    return _moment(value)[0]


def until(value: str) -> datetime:
    """The first moment after a day; after a moment, which answers show to the second, the end of its second."""
    begin, length = _moment(value)
    return begin + length


def _moment(value: str) -> tuple[datetime, timedelta]:
    found = datetime.fromisoformat(value)
    if not 1900 <= found.year <= 2999:
        raise ValueError
    whole_day = len(value) <= len("2025-07-29")
    length = timedelta(days=1) if whole_day else timedelta(microseconds=1 if found.microsecond else 1_000_000)
    return (found if found.tzinfo else timezone.make_aware(found)), length


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


HINTS: dict[Any, Any] = {
    number: gettext_lazy("a whole number"),
    flag: gettext_lazy("true or false"),
    day: gettext_lazy("a date such as 2025-07-29"),
    since: gettext_lazy("a date such as 2025-07-29"),
    until: gettext_lazy("a date such as 2025-07-29"),
    text: gettext_lazy("at most 200 characters"),
    words: gettext_lazy("at most 200 characters"),
}


@dataclass(frozen=True)
class Filter:
    """One parameter. `where` is a lookup ("team__uuid"), or a function from the parsed value to a Q.

    In a prepared list the function gets parameters in place of values, a list of them where the value is a list.
    """

    name: str
    where: str | Callable[[Any], Q]
    parse: Callable[[str], Any] = text
    help: str = ""
    default: str = ""
    """What counts where the parameter is not given."""

    def read(self, raw: str) -> Any:
        """Raises Invalid."""
        try:
            return self.parse(raw)
        except (ValueError, KeyError):
            choices = getattr(self.parse, "choices", None)
            if choices:
                hint = _("one of: {choices}").format(choices=", ".join(choices))
            else:
                hint = HINTS.get(self.parse) or _("a valid value")
            raise Invalid.field(self.name, _("Give {hint}.").format(hint=hint)) from None

    def condition(self, value: Any) -> Q:
        return self.where(value) if callable(self.where) else Q(**{self.where: value})


CREATED = [
    Filter("created_at__gte", "created_at__gte", since, "created on this day, at this moment, or later"),
    Filter("created_at__lte", "created_at__lt", until, "created on this day, at this moment, or earlier"),
]


class Ordering:
    """What a list can be sorted by, beside id: `name="field"`, or its fields. ?ordering=name,-created_at: descending.

    Rows that are alike in all of it follow each other by id, in the direction of the last name; rows without a value
    come last.
    """

    NAME = "ordering"

    def __init__(self, **fields: str | tuple[str, ...]) -> None:
        self.fields: dict[str, str | tuple[str, ...]] = {"id": "pk", **fields}
        self.choices = [f"{sign}{name}" for name in self.fields for sign in ("", "-")]

    def read(self, raw: str) -> tuple[str, ...]:
        """What order_by takes. Raises Invalid, naming what there is."""
        order: dict[str, str] = {}
        sign = ""
        for given in raw.split(","):
            name = given.strip().removeprefix("-")
            sign = "-" if given.strip() != name else ""
            if name not in self.fields:
                hint = _("Sort by one or more of: {names}. A minus in front of a name sorts descending.")
                raise Invalid.field(self.NAME, hint.format(names=", ".join(self.fields)))
            fields = self.fields[name]
            for field in (fields,) if isinstance(fields, str) else fields:
                order.setdefault(field, sign)
        order.setdefault("pk", sign)
        return tuple(f"{sign}{field}" for field, sign in order.items())


def apply(
    queryset: QuerySet[Any],
    filters: Sequence[Filter],
    parameters: Mapping[str, str],
    ordering: Ordering | None = None,
) -> QuerySet[Any]:
    for declared, value in _given(filters, parameters):
        queryset = queryset.filter(declared.condition(value))
    order = _order(ordering, parameters)
    return ordered(queryset, order) if order else queryset


def narrowing(filters: Sequence[Filter], parameters: Mapping[str, str], ordering: Ordering | None = None) -> Narrowing:
    """The same for a prepared list."""
    given = list(_given(filters, parameters))
    order = _order(ordering, parameters)
    if not given and not order:
        return EVERYTHING
    values: dict[str, Any] = {}
    for declared, value in given:
        entries = enumerate(value) if isinstance(value, list) else [("", value)]
        values.update({f"{declared.name} {place}": entry for place, entry in entries})

    def conditions() -> list[Q]:
        return [
            declared.condition(
                [Parameter(f"{declared.name} {place}") for place in range(len(value))]
                if isinstance(value, list)
                else Parameter(f"{declared.name} ")
            )
            for declared, value in given
        ]

    key = tuple((declared.name, len(value) if isinstance(value, list) else None) for declared, value in given)
    return Narrowing(key, conditions, values, order)


def _order(ordering: Ordering | None, parameters: Mapping[str, str]) -> tuple[str, ...]:
    raw = parameters.get(Ordering.NAME)
    return ordering.read(raw) if ordering is not None and raw else ()


def _given(filters: Sequence[Filter], parameters: Mapping[str, str]) -> Iterator[tuple[Filter, Any]]:
    for declared in filters:
        raw = parameters.get(declared.name) or declared.default
        if raw:
            yield declared, declared.read(raw)


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


def each_word(condition: Callable[[Any], Q]) -> Callable[[Sequence[Any]], Q]:
    """A condition that this one holds for each of the `words`."""
    return lambda found: reduce(Q.__and__, map(condition, found), Q())


def containing(field: str) -> Callable[[Sequence[Any]], Q]:
    """A condition that each of the `words` is found in a field that is kept in upper case."""
    return each_word(lambda word: Q(**{f"{field}__contains": word}))
