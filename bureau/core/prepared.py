"""Queries whose SQL is built once a process: Django builds it anew at each use, which costs more than running it.

For the few queries that nearly every request makes. What varies is a parameter; the structure does not.
"""

import copy
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from inspect import signature
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler


class Parameter(Value):
    """Stands for the value that each run gives under its name."""

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [self]


class Prepared:
    """Made of a function from parameters to a queryset; called with their values, gives the rows as a list.

    Rows are what the queryset makes: model instances with their select_related, or tuples. The values go into the SQL
    as they are: UUIDs, moments, numbers and texts, not models.
    """

    def __init__(self, build: Callable[..., QuerySet[Any]]) -> None:
        self.names = list(signature(build).parameters)
        self.build = build

    @cached_property
    def compiled(self) -> tuple[QuerySet[Any], SQLCompiler, str, tuple[Any, ...]]:
        queryset = self.build(**{name: Parameter(name) for name in self.names})
        compiler = queryset.query.get_compiler(using=DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        return queryset, compiler, sql, parameters

    def __call__(self, **values: Any) -> list[Any]:
        queryset, compiler, sql, parameters = self.compiled
        connection = connections[DEFAULT_DB_ALIAS]
        bound = tuple(
            _adapted(values[parameter.value], connection) if isinstance(parameter, Parameter) else parameter
            for parameter in parameters
        )
        # The compiler knows the columns already; this run's copy has its own connection and values.
        running = copy.copy(compiler)
        running.connection = connection
        running.as_sql = lambda *_args, **_options: (sql, bound)  # type: ignore[method-assign]
        query = copy.copy(queryset.query)
        query.get_compiler = lambda *_args, **_options: running  # type: ignore[method-assign]
        rows = queryset.all()
        rows.query = query
        iterable: Any = queryset._iterable_class  # type: ignore[attr-defined]  # noqa: SLF001
        return list(iterable(rows))


def prepared(build: Callable[..., QuerySet[Any]]) -> Prepared:
    """Decorates a function from parameters to a queryset."""
    return Prepared(build)


def _adapted(value: Any, connection: Any) -> Any:
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value
