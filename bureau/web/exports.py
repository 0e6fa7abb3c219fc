"""Any list as a file, as it is filtered: `?export=csv` or `?export=xlsx` at the list's own address.

In the view, before the page is cut:  if file := exported(request, "vendors", rows, COLUMNS): return file
In the template, inside what the filters swap:  {% load exports %}{% export_links %}
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from bureau.accounts.services.exports import note_export
from bureau.core.models import User
from bureau.kit.errors import NotFound
from bureau.kit.sheets import MAX_XLSX_ROWS, csv_chunks, too_many_rows, xlsx_file
from bureau.web.answers import PageRequest

PARAMETER = "export"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHUNK = 1000


@dataclass(frozen=True)
class Column:
    """`value`: an attribute of the row ("vendor.party.name", "get_status_display"), or a function of the row."""

    label: Any
    value: str | Callable[[Any], Any]

    def of(self, row: Any) -> Any:
        found = self.value(row) if callable(self.value) else reduce(_attribute, self.value.split("."), row)
        if isinstance(found, datetime):
            return timezone.localtime(found)
        return found.name if isinstance(found, User) else found


def _attribute(record: Any, name: str) -> Any:
    value = None if record is None else getattr(record, name)
    return value() if callable(value) else value


def exported(
    request: PageRequest, name: str, rows: QuerySet[Any] | Sequence[Any], columns: Sequence[Column]
) -> HttpResponseBase | None:
    """The rows as a file where the address asks for one, else None; that it was taken is in the audit log.

    Raises Invalid for more rows than a workbook takes, NotFound for another kind of file.
    """
    form = request.GET.get(PARAMETER)
    if not form:
        return None
    if form not in ("csv", "xlsx"):
        raise NotFound
    count = rows.order_by().count() if isinstance(rows, QuerySet) else len(rows)
    if form == "xlsx" and count > MAX_XLSX_ROWS:
        raise too_many_rows()
    note_export(actor=request.user, name=name, form=form, rows=count, now=timezone.now())
    return sheet_response(name, form, [str(column.label) for column in columns], _values(rows, columns))


def _values(rows: QuerySet[Any] | Sequence[Any], columns: Sequence[Column]) -> Iterator[list[Any]]:
    for row in rows.iterator(CHUNK) if isinstance(rows, QuerySet) else rows:
        yield [column.of(row) for column in columns]


def sheet_response(name: str, form: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponseBase:
    """A table as a download that nobody on the way keeps; CSV is sent while it is read."""
    filename = f"{name}-{timezone.localdate().isoformat()}.{form}"
    response: HttpResponseBase
    if form == "xlsx":
        response = FileResponse(
            xlsx_file(headings, rows), as_attachment=True, filename=filename, content_type=XLSX_TYPE
        )
    else:
        response = StreamingHttpResponse(csv_chunks(headings, rows), content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
