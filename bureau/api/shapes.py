"""Answers: what a dialect shows of a record, compiled once per class.

A `Shape` is a DRF serializer for the schema and for reading. It renders faster than DRF does, because its fields are
compiled into one function: from an object (`render`), or from the columns of a query without making objects (`rows`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from operator import attrgetter
from typing import Any, cast

from django.core.exceptions import FieldError
from django.db.models import Manager, Model, QuerySet
from django.db.models.sql import Query
from rest_framework import serializers

from bureau.core.models import User
from bureau.core.prepared import EVERYTHING, Narrowing, Prepared, PreparedForMany, PreparedForUser
from bureau.kit.errors import NotFound
from bureau.kit.money import MAX_DIGITS, cents

Convert = Callable[[Any], Any]


class Rows(serializers.ListSerializer[Any]):
    """A list of objects in a body: Rows(child=..., max_length=...). Each is given whole, in a PATCH too."""

    def run_child_validation(self, data: Any) -> Any:
        return self._whole.run_validation(data)

    @cached_property
    def _whole(self) -> Any:
        """The child on its own: below a PATCH's serializer its required fields could be left out."""
        return cast(Any, type(self.child))(context=self.context)


class Computed(serializers.Field):
    """A value made from the attribute `source` by a function; `like` is the field that describes it in the schema.

    With `parts` it is made from several attributes of the record, given to the function in that order.
    """

    def __init__(
        self, convert: Callable[..., Any], like: serializers.Field, *, parts: Sequence[str] = (), **options: Any
    ) -> None:
        if parts:
            options["source"] = "*"
        super().__init__(read_only=True, **options)
        self.convert = convert
        self.like = like
        self.parts = parts

    def to_representation(self, value: Any) -> Any:
        if not self.parts:
            return self.convert(value)
        return self.convert(*(_reader(part)(value) for part in self.parts))


class Money(serializers.DecimalField):
    """An amount as text: "1000.00" (every dialect but po)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=MAX_DIGITS, decimal_places=2, **options)

    @staticmethod
    def convert(value: Decimal | None) -> Any:
        return None if value is None else str(cents(value))


class MoneyNumber(Money):
    """An amount as a JSON number: 1500.00 (po)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(coerce_to_string=False, **options)

    @staticmethod
    def convert(value: Decimal | None) -> Any:
        return None if value is None else round(float(value), 2)  # SQLite adds in floating point


def _converter(field: Any) -> Convert | None:
    """What turns the attribute into JSON; None where orjson writes it as it is."""
    convert = getattr(field, "convert", None)
    if convert is not None:
        return cast(Convert, convert)
    if isinstance(field, serializers.DecimalField):
        exponent = Decimal(1).scaleb(-(field.decimal_places or 0))
        return lambda value: None if value is None else str(value.quantize(exponent))
    return None


class Shape(serializers.Serializer):
    """Leaves are attributes (`source` may be a dotted path); nested shapes are attributes, or `source="*"` for the same
    record; `many=True` takes a related manager, which the query has prefetched."""

    @classmethod
    def render(cls, record: Any) -> dict[str, Any]:
        return _compiled(cls)(record)

    @classmethod
    def render_all(cls, records: Iterable[Any]) -> list[dict[str, Any]]:
        render = _compiled(cls)
        return [render(record) for record in records]

    @classmethod
    def rows(cls, queryset: QuerySet[Any]) -> list[dict[str, Any]]:
        """The records of a query straight from their columns. For shapes without `many`."""
        columns, build = _compiled_rows(cls)
        return [build(row) for row in queryset.values_list(*columns)]

    @classmethod
    def each(cls, queryset: QuerySet[Any], chunk: int) -> Iterator[dict[str, Any]]:
        """The same one after the other, `chunk` read at a time: for lists of any length."""
        if cls._is_flat_for(queryset):
            columns, build = _compiled_rows(cls)
            yield from map(build, queryset.values_list(*columns).iterator(chunk))
        else:
            yield from map(_compiled(cls), queryset.iterator(chunk))

    @classmethod
    def of(cls, queryset: QuerySet[Any]) -> list[dict[str, Any]]:
        """The records of a query: from columns where the shape allows it, else from objects."""
        return cls.rows(queryset) if cls._is_flat_for(queryset) else cls.render_all(queryset)

    @classmethod
    def _is_flat_for(cls, queryset: QuerySet[Any]) -> bool:
        return _is_flat(cls, queryset.model, frozenset(queryset.query.annotations))  # type: ignore[arg-type]  # a class is hashable

    @classmethod
    def prepared(cls, build: Callable[..., QuerySet[Any]]) -> Callable[..., list[dict[str, Any]]]:
        """A query of this shape's rows whose SQL is built once (core.prepared). For shapes without `many`."""
        columns, make = _compiled_rows(cls)
        query = Prepared(build, columns=columns)
        return lambda **values: [make(row) for row in query(**values)]

    @classmethod
    def prepared_for_many(
        cls, parent: str, build: Callable[[list[Any]], QuerySet[Any]]
    ) -> Callable[[Sequence[int]], dict[int, list[dict[str, Any]]]]:
        """A query of the rows that belong to several records, whose SQL is built once: gives them by the id of the
        record, which stands in the column `parent`. For shapes without `many`."""
        columns, make = _compiled_rows(cls)
        query = PreparedForMany(build, columns=[parent, *columns])

        def by_parent(ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
            found: dict[int, list[dict[str, Any]]] = {}
            for parent, *row in query(ids):
                found.setdefault(parent, []).append(make(row))
            return found

        return by_parent

    @classmethod
    def prepared_for_user(cls, build: Callable[..., QuerySet[Any]]) -> PreparedForUser:
        """A query of this shape's columns whose SQL is built once: for `listing`, or for a `record`."""
        columns, _make = _compiled_rows(cls)
        return PreparedForUser(build, columns=columns)

    @classmethod
    def listing(cls, query: PreparedForUser, user: User, narrowing: Narrowing = EVERYTHING) -> "Listing":
        _columns, make = _compiled_rows(cls)
        return Listing(
            lambda: query.count(user, narrowing),
            lambda start, size: [make(row) for row in query.slice(user, start, size, narrowing)],
        )

    @classmethod
    def record(cls, query: PreparedForUser, user: User, **values: Any) -> dict[str, Any]:
        """The one record that a prepared query of this shape gives. Raises NotFound."""
        found = query(user, **values)
        if not found:
            raise NotFound("Not found.")
        return _compiled_rows(cls)[1](found[0])

    def to_representation(self, instance: Any) -> Any:
        return type(self).render(instance)


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that a page is taken of: how many there are, and so many rows from a start."""

    count: Callable[[], int]
    rows: Callable[[int, int], list[dict[str, Any]]]


@cache
def _is_flat(cls: type[Shape], model: type[Model], annotations: frozenset[str]) -> bool:
    """Whether every leaf is a column, here or of what is referred to, or an annotation: no lists, no properties."""
    try:
        columns, _build = _compiled_rows(cls)
        for column in columns:
            if column not in annotations:
                Query(model).names_to_path(column.split("__"), model._meta, fail_on_missing=True)
    except (TypeError, FieldError):
        return False
    return True


@cache
def _compiled(cls: type[Shape]) -> Callable[[Any], dict[str, Any]]:
    plan: list[tuple[str, Callable[[Any], Any]]] = []
    for name, field in cls._declared_fields.items():
        if getattr(field, "write_only", False):
            continue
        plan.append((name, _getter(name, field)))

    def render(record: Any) -> dict[str, Any]:
        return {name: get(record) for name, get in plan}

    return render


def _getter(name: str, field: Any) -> Callable[[Any], Any]:
    many = isinstance(field, serializers.ListSerializer)
    shape = field.child if many else field
    source = field.source or name
    if isinstance(field, Computed) and field.parts:
        parts, compute = [_reader(part) for part in field.parts], field.convert
        return lambda record: compute(*(part(record) for part in parts))
    nested = _compiled(type(shape)) if isinstance(shape, Shape) else None
    if nested is not None and source == "*":
        return nested
    get = _reader(source) if source != "*" else lambda record: record
    if nested is not None and many:

        def get_many(record: Any) -> list[dict[str, Any]]:
            related = get(record)
            return [nested(child) for child in (related.all() if isinstance(related, Manager) else related)]

        return get_many
    if nested is not None:
        return lambda record: None if (value := get(record)) is None else nested(value)
    convert = _converter(field)
    if convert is None:
        return get
    return lambda record: convert(get(record))


def _reader(source: str) -> Callable[[Any], Any]:
    """Of an attribute by its path; None where the path ends before it, as a column of what is not there is."""
    *way, name = source.split(".")
    if not way:
        return attrgetter(name)

    def read(record: Any) -> Any:
        for step in way:
            record = getattr(record, step)
            if record is None:
                return None
        return getattr(record, name)

    return read


@cache
def _compiled_rows(cls: type[Shape]) -> tuple[list[str], Callable[[Sequence[Any]], dict[str, Any]]]:
    columns: list[str] = []
    scope: dict[str, Any] = {}

    def body(shape: type[Shape], prefix: str) -> str:
        parts = []
        for name, field in shape._declared_fields.items():
            source = (field.source or name).replace(".", "__")
            path = prefix if source == "*" else f"{prefix}{source}__"
            if isinstance(field, Shape):
                value = body(type(field), path)
                if getattr(field, "allow_null", False):
                    columns.append(f"{path}pk")
                    value = f"({value} if r[{len(columns) - 1}] is not None else None)"
            elif isinstance(field, serializers.ListSerializer):
                raise TypeError(f"{shape.__name__}.{name}: a row holds no lists")
            elif isinstance(field, Computed) and field.parts:
                first = len(columns)
                columns.extend(f"{path}{part}".replace(".", "__") for part in field.parts)
                scope[f"c{len(columns)}"] = field.convert
                value = f"c{len(columns)}({', '.join(f'r[{n}]' for n in range(first, len(columns)))})"
            else:
                columns.append(path.removesuffix("__"))
                value = f"r[{len(columns) - 1}]"
                convert = _converter(field)
                if convert is not None:
                    scope[f"c{len(columns)}"] = convert
                    value = f"c{len(columns)}({value})"
            parts.append(f"{name!r}: {value}")
        return "{" + ", ".join(parts) + "}"

    # One expression that builds the dictionary of a row: names and paths come from the class alone.
    code = f"lambda r: {body(cls, '')}"
    return columns, eval(code, scope)  # noqa: S307
