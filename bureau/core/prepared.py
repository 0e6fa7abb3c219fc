"""Queries whose SQL is built once a process: Django builds it anew at each use, which costs more than running it.

For the few queries that nearly every request makes. What varies is a parameter; the structure does not.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from inspect import signature
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler

from bureau.core.models import User


class Parameter(Value):
    """Stands for the value that each run gives under its name."""

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [self]


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
        _queryset, compiler, sql, parameters = self._compiled
        return self._run(compiler, sql, _bound(parameters, values))

    def slice(self, start: int, size: int, **values: Any) -> list[Any]:
        """At most `size` rows from the `start`th on, counted from 0."""
        _queryset, compiler, sql, parameters = self._compiled
        return self._run(compiler, f"{sql} LIMIT %s OFFSET %s", (*_bound(parameters, values), size, start))

    def count(self, **values: Any) -> int:
        sql, parameters = self._count_sql
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(sql, _bound(parameters, values))
            return int(cursor.fetchone()[0])

    @property
    def _queryset(self) -> QuerySet[Any]:
        return self.build(**{name: Parameter(name) for name in self.names})

    @cached_property
    def _compiled(self) -> tuple[QuerySet[Any], SQLCompiler, str, tuple[Any, ...]]:
        queryset = self._queryset
        if self.columns:
            queryset = queryset.values_list(*self.columns)
        compiler = queryset.query.get_compiler(using=DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        return queryset, compiler, sql, parameters

    @cached_property
    def _count_sql(self) -> tuple[str, tuple[Any, ...]]:
        queryset = self._queryset.order_by().values("pk")  # without the columns, and the joins that these need
        sql, parameters = queryset.query.get_compiler(using=DEFAULT_DB_ALIAS).as_sql()
        return f"SELECT COUNT(*) FROM ({sql}) counted", parameters  # noqa: S608

    def _run(self, compiler: SQLCompiler, sql: str, bound: tuple[Any, ...]) -> list[Any]:
        # The compiler knows the columns already; this run's copy has its own connection and values.
        queryset = self._compiled[0]
        running = copy.copy(compiler)
        running.connection = connections[DEFAULT_DB_ALIAS]
        running.as_sql = lambda *_args, **_options: (sql, bound)  # type: ignore[method-assign]
        query = copy.copy(queryset.query)
        query.get_compiler = lambda *_args, **_options: running  # type: ignore[method-assign]
        rows = queryset.all()
        rows.query = query
        iterable: Any = queryset._iterable_class  # noqa: SLF001
        return list(iterable(rows))


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

    def __init__(self, build: Callable[..., QuerySet[Any]], *, columns: Sequence[str] = ()) -> None:
        self.build = build
        self.columns = columns
        self.names = list(signature(build).parameters)[1:]
        self._variants: dict[tuple[bool, bool, bool], Prepared] = {}

    def __call__(self, user: User, **values: Any) -> list[Any]:
        return self.variant(user)(user=user.pk, organization=user.organization_id, **values)

    def slice(self, user: User, start: int, size: int) -> list[Any]:
        return self.variant(user).slice(start, size, user=user.pk, organization=user.organization_id)

    def count(self, user: User) -> int:
        return self.variant(user).count(user=user.pk, organization=user.organization_id)

    def variant(self, user: User) -> Prepared:
        kind = (user.is_superuser, user.sees_organization, user.administers)
        if kind not in self._variants:

            def build(user: Parameter, organization: Parameter, **further: Parameter) -> QuerySet[Any]:
                return self.build(Asker(user, organization, *kind), **further)

            names = ["user", "organization", *self.names]
            self._variants[kind] = Prepared(build, columns=self.columns, names=names)
        return self._variants[kind]


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
    connection = connections[DEFAULT_DB_ALIAS]
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value
