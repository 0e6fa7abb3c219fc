"""Any list of the API as a file: `?export=csv` or `?export=xlsx`, filtered and sorted as the list itself."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, cast

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from bureau.accounts.services.exports import note_export
from bureau.api.filters import Filter, OneOf
from bureau.api.rendering import dumps
from bureau.api.shapes import Computed, Listing, Shape
from bureau.core.models import User
from bureau.kit.sheets import MAX_XLSX_ROWS, csv_chunks, too_many_rows, xlsx_file

CHUNK = 1000
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
HELP = (
    "all rows as a file in place of a page; records within a row become columns such as vendor.name, lists of records "
    f"are left out, moments are UTC; an xlsx takes at most {MAX_XLSX_ROWS} rows"
)
FILTER = Filter("export", "", OneOf(list(TYPES)), HELP)
PARAMETER = OpenApiParameter(FILTER.name, description=HELP, enum=list(TYPES))


def asked_for(request: Request) -> str:
    """The kind of file, empty where a page is wanted. Raises Invalid."""
    raw = request.query_params.get(FILTER.name, "")
    return str(FILTER.read(raw)) if raw else ""


def exported(request: Request, form: str, found: QuerySet[Any] | Listing, shape: type[Shape]) -> HttpResponseBase:
    """A list as a file; CSV is sent while it is read. That it was taken is in the audit log.

    Raises Invalid for more rows than a workbook takes.
    """
    count = found.count() if isinstance(found, Listing) else found.order_by().count()
    if form == "xlsx" and count > MAX_XLSX_ROWS:
        raise too_many_rows()
    name = str(request.resolver_match.url_name) if request.resolver_match else "list"
    note_export(actor=cast(User, request.user), name=name, form=form, rows=count, now=timezone.now())
    columns = columns_of(shape)
    rows = (
        [column.of(row, form) for column in columns]
        for row in (_pages(found, count) if isinstance(found, Listing) else shape.each(found, CHUNK))
    )
    return _response(name, form, [column.heading for column in columns], rows)


def _pages(found: Listing, count: int) -> Iterator[dict[str, Any]]:
    for start in range(0, count, CHUNK):
        yield from found.rows(start, CHUNK)


@dataclass(frozen=True, slots=True)
class Column:
    """`path`: where the value stands in a rendered row."""

    path: tuple[str, ...]
    field: serializers.Field

    @property
    def heading(self) -> str:
        return ".".join(self.path)

    def of(self, row: Mapping[str, Any], form: str) -> Any:
        value: Any = row
        for name in self.path:
            if value is None:
                return None
            value = value[name]
        if isinstance(value, datetime) and value.tzinfo:
            value = value.astimezone(UTC)
            return value.strftime("%Y-%m-%dT%H:%M:%SZ") if form == "csv" else value
        if isinstance(self.field, serializers.DecimalField) and value is not None:
            return Decimal(str(value)).quantize(Decimal(1).scaleb(-(self.field.decimal_places or 0)))
        if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict | list) for one in value)):
            return dumps(value).decode()
        if isinstance(value, list):
            return "; ".join(str(one) for one in value)
        return value


@cache
def columns_of(shape: type[Shape]) -> Sequence[Column]:
    return list(_columns(shape, ()))


def _columns(shape: type[Shape], path: tuple[str, ...]) -> Iterator[Column]:
    for name, declared in shape._declared_fields.items():
        field = declared.like if isinstance(declared, Computed) else declared
        if isinstance(field, Shape):
            yield from _columns(type(field), (*path, name))
        elif not isinstance(field, serializers.ListSerializer) and not getattr(field, "write_only", False):
            yield Column((*path, name), field)


def _response(name: str, form: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponseBase:
    filename = f"{name}-{timezone.localdate().isoformat()}.{form}"
    response: HttpResponseBase
    if form == "xlsx":
        file = xlsx_file(headings, rows)
        response = FileResponse(file, as_attachment=True, filename=filename, content_type=TYPES[form])
    else:
        response = StreamingHttpResponse(csv_chunks(headings, rows), content_type=TYPES[form])
        response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
