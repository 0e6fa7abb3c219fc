"""Queries whose SQL is built once a process: Django builds it anew at each use, which costs more than running it.

For the few queries that nearly every request makes. What varies is a parameter; the structure does not.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from inspect import signature
from typing import Any
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import F, Model, Q, QuerySet, Value
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler

from bureau.core.models import User


class Unmatchable(Exception):
    """A number that no column can hold: nothing is equal to it."""


class Parameter(Value):
    """Stands for the value that each run gives under its name."""

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [self]


def page_of(queryset: QuerySet[Any], start: int, size: int) -> QuerySet[Any]:
    """`size` rows of an ordered list from the `start`th on, counted from 0.

    First their keys, which an index gives by itself however deep the page lies, then their rows with all that hangs on
    them: columns and joins are paid for the rows that are shown. A list whose rows are more than records of its model
    (annotated, distinct, a union) is sliced as it is.
    """
    query = queryset.query
    if query.annotations or query.distinct or query.combinator:
        return queryset[start : start + size]
    keys = queryset.values("pk")[start : start + size]
    rows = queryset.all()
    rows.query = Query(queryset.model)
    for kept in ("order_by", "default_ordering", "standard_ordering", "select_related", "deferred_loading"):
        setattr(rows.query, kept, getattr(query, kept))
    return rows.filter(pk__in=keys)


def ordered(queryset: QuerySet[Any], order: Sequence[str]) -> QuerySet[Any]:
    """Sorted by these names, as order_by takes them; in either direction what has no value comes last, which the
    databases would each do in their way."""

    def by(name: str) -> Any:
        field = name.removeprefix("-")
        if not _may_be_empty(queryset.model, field):
            return name
        return F(field).asc(nulls_last=True) if name == field else F(field).desc(nulls_last=True)

    return queryset.order_by(*map(by, order))


def _may_be_empty(model: type[Model], path: str) -> bool:
    for name in path.split("__"):
        try:
            field: Any = model._meta.pk if name == "pk" else model._meta.get_field(name)
        except FieldDoesNotExist:
            return False  # an annotation
        if field.null:
            return True
        model = field.related_model or model
    return False


SLICE = (123456789, 987654321)
"""Stands for start and size in the SQL of a page; Django takes numbers only there."""


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with parameters, and the queryset that makes something of its rows."""

    queryset: QuerySet[Any]
    compiler: SQLCompiler
    sql: str
    parameters: tuple[Any, ...]

    @classmethod
    def of(cls, queryset: QuerySet[Any]) -> "Statement":
        compiler = queryset.query.get_compiler(using=DEFAULT_DB_ALIAS)
        return cls(queryset, compiler, *compiler.as_sql())

    @classmethod
    def of_page(cls, queryset: QuerySet[Any], columns: Sequence[str]) -> "Statement":
        page = page_of(queryset, *SLICE)
        made = cls.of(page.values_list(*columns) if columns else page)
        before, after = made.sql.split(f"LIMIT {SLICE[1]} OFFSET {SLICE[0]}")
        place = before.count("%s")
        parameters = (
            *made.parameters[:place],
            Parameter("page_size"),
            Parameter("page_start"),
            *made.parameters[place:],
        )
        return cls(made.queryset, made.compiler, f"{before}LIMIT %s OFFSET %s{after}", parameters)

    def run(self, values: dict[str, Any]) -> list[Any]:
        try:
            bound = _bound(self.parameters, values)
        except Unmatchable:
            return []
        # The compiler knows the columns already; this run's copy has its own connection and values. Django has no
        # other way to give a query its SQL, so two methods of the copies are replaced, and a private name is read.
        running = copy.copy(self.compiler)
        running.connection = connections[DEFAULT_DB_ALIAS]
        running.as_sql = lambda *_args, **_options: (self.sql, bound)  # type: ignore[method-assign]
        query = copy.copy(self.queryset.query)
        query.get_compiler = lambda *_args, **_options: running  # type: ignore[method-assign]
        rows = self.queryset.all()
        rows.query = query
        iterable: Any = self.queryset._iterable_class  # noqa: SLF001
        return list(iterable(rows))


class Prepared:
    """Made of a function from parameters to a queryset; called with their values, gives the rows as a list.

    Rows are model instances with their select_related, or tuples of `columns`. The values go into the SQL as they are:
    UUIDs, moments, numbers and texts, not models.
    """

    def __init__(
        self, build: Callable[..., QuerySet[Any]], *, columns: Sequence[str] = (), names: Sequence[str] | None = None
    ) -> None:
        self.names = list(signature(build).parameters) if names is None else names
        self.build = build
        self.columns = columns

    def __call__(self, **values: Any) -> list[Any]:
        return self._all.run(values)

    def slice(self, start: int, size: int, **values: Any) -> list[Any]:
        """At most `size` rows from the `start`th on, counted from 0."""
        return self._page.run({**values, "page_start": start, "page_size": size})

    def count(self, **values: Any) -> int:
        sql, parameters = self._count_sql
        try:
            bound = _bound(parameters, values)
        except Unmatchable:
            return 0
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(sql, bound)
            return int(cursor.fetchone()[0])

    @property
    def _queryset(self) -> QuerySet[Any]:
        return self.build(**{name: Parameter(name) for name in self.names})

    @cached_property
    def _all(self) -> Statement:
        return Statement.of(self._queryset.values_list(*self.columns) if self.columns else self._queryset)

    @cached_property
    def _page(self) -> Statement:
        return Statement.of_page(self._queryset, self.columns)

    @cached_property
    def _count_sql(self) -> tuple[str, tuple[Any, ...]]:
        queryset = self._queryset.order_by().values("pk")  # without the columns, and the joins that these need
        sql, parameters = queryset.query.get_compiler(using=DEFAULT_DB_ALIAS).as_sql()
        return f"SELECT COUNT(*) FROM ({sql}) counted", parameters  # noqa: S608


@dataclass(frozen=True)
class Narrowing:
    """Conditions for a prepared list, with parameters for the values that they are asked about, and its order.

    The same `key` means the same conditions: they are built once for each `order`, which is the list's own where empty.
    """

    key: tuple[Any, ...] = ()
    conditions: Callable[[], Sequence[Q]] = list
    values: dict[str, Any] = field(default_factory=dict)
    order: tuple[str, ...] = ()


EVERYTHING = Narrowing()


@dataclass(frozen=True)
class Asker:
    """A person for `visible_to` and its like, whose ids are parameters."""

    pk: Parameter
    organization_id: Parameter
    is_superuser: bool
    sees_organization: bool
    administers: bool


class PreparedForUser:
    """A prepared query that depends on who asks: made of a function of the user and further parameters.

    The function may look at the user's ids, and at whether they are a superuser, administer or see their organization.
    """

    KEPT = 256  # combinations of conditions, which callers choose

    def __init__(self, build: Callable[..., QuerySet[Any]], *, columns: Sequence[str] = ()) -> None:
        self.build = build
        self.columns = columns
        self.names = list(signature(build).parameters)[1:]
        self._variants: dict[tuple[Any, ...], Prepared] = {}

    def __call__(self, user: User, **values: Any) -> list[Any]:
        return self.variant(user)(**_asking(user), **values)

    def slice(self, user: User, start: int, size: int, narrowing: Narrowing = EVERYTHING) -> list[Any]:
        return self.variant(user, narrowing).slice(start, size, **_asking(user), **narrowing.values)

    def count(self, user: User, narrowing: Narrowing = EVERYTHING) -> int:
        return self.variant(user, narrowing).count(**_asking(user), **narrowing.values)

    def variant(self, user: User, narrowing: Narrowing = EVERYTHING) -> Prepared:
        kind = (user.is_superuser, user.sees_organization, user.administers)
        variant = (kind, narrowing.key, narrowing.order)
        made = self._variants.get(variant)
        if made is None:

            def build(user: Parameter, organization: Parameter, **further: Parameter) -> QuerySet[Any]:
                queryset = self.build(Asker(user, organization, *kind), **further).filter(*narrowing.conditions())
                return ordered(queryset, narrowing.order) if narrowing.order else queryset

            if len(self._variants) >= self.KEPT:
                self._variants.clear()
            made = Prepared(build, columns=self.columns, names=["user", "organization", *self.names])
            self._variants[variant] = made
        return made


class PreparedForMany:
    """A prepared query about several records: made of a function of the list of their ids. Its SQL is built once for
    each power of two, up to which the last id is repeated."""

    def __init__(self, build: Callable[[list[Any]], QuerySet[Any]], *, columns: Sequence[str] = ()) -> None:
        self.build = build
        self.columns = columns
        self._sizes: dict[int, Prepared] = {}

    def __call__(self, ids: Sequence[int]) -> list[Any]:
        if not ids:
            return []
        size = 1 << (len(ids) - 1).bit_length()
        names = [f"id{place}" for place in range(size)]
        made = self._sizes.get(size)
        if made is None:

            def build(**places: Parameter) -> QuerySet[Any]:
                return self.build(list(places.values()))

            made = self._sizes[size] = Prepared(build, columns=self.columns, names=names)
        return made(**dict(zip(names, [*ids, *[ids[-1]] * (size - len(ids))], strict=True)))


def _asking(user: User) -> dict[str, Any]:
    return {"user": user.pk, "organization": user.organization_id}


def prepared(build: Callable[..., QuerySet[Any]]) -> Prepared:
    """Decorates a function from parameters to a queryset."""
    return Prepared(build)


def prepared_for_user(build: Callable[..., QuerySet[Any]]) -> PreparedForUser:
    """Decorates a function from the user and further parameters to a queryset."""
    return PreparedForUser(build)


def _bound(parameters: tuple[Any, ...], values: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(
        _adapted(values[parameter.value]) if isinstance(parameter, Parameter) else parameter for parameter in parameters
    )


def _adapted(value: Any) -> Any:
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise Unmatchable
    connection = connections[DEFAULT_DB_ALIAS]
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value
