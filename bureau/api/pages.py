"""Pages of lists, in both documented forms."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.request import Request

from bureau.api.dialect import Dialect
from bureau.api.shapes import Listing, Shape
from bureau.core.prepared import page_of
from bureau.kit.errors import Invalid, NotFound

MAX_SIZE = 100
MAX_NUMBER = 10**9 - 1  # of a page
WHOLE = 10_000  # rows of a list without pages


@dataclass(frozen=True, slots=True)
class Window:
    number: int
    size: int

    @property
    def start(self) -> int:
        return (self.number - 1) * self.size


def window(request: Request, dialect: Dialect) -> Window:
    """The page asked for. Unreadable: 404, in po 400. Sizes above 100 count as 100."""
    raw, raw_size = request.query_params.get("page", "1"), request.query_params.get(dialect.size_parameter)
    number = _number(raw)
    if not 0 < number <= MAX_NUMBER:
        if dialect.enveloped:
            raise Invalid.field("page", _("Give a page number from 1."))
        raise NotFound(_("There is no such page."))
    size = dialect.page_size
    if raw_size is not None:
        size = min(_number(raw_size), MAX_SIZE)
        if size < 1:
            raise Invalid.field(dialect.size_parameter, _("Give a number from 1 to 100."))
    return Window(number, size)


def _number(raw: str) -> int:
    """What the digits say, MAX_NUMBER + 1 where that is more; 0 for anything but digits."""
    digits = raw.lstrip("0") if raw.isascii() and raw.isdigit() else ""
    return int(digits or "0") if len(digits) < 10 else MAX_NUMBER + 1


def listing(queryset: QuerySet[Any], shape: type[Shape]) -> Listing:
    return Listing(queryset.order_by().count, lambda start, size: shape.of(page_of(queryset, start, size)))


def paged(request: Request, dialect: Dialect, listed: Listing) -> dict[str, Any]:
    """One page as the dialect writes lists."""
    asked = window(request, dialect)
    total = listed.count()
    if asked.start >= total and asked.number > 1 and not dialect.enveloped:
        raise NotFound(_("There is no such page."))
    rows = listed.rows(asked.start, asked.size) if asked.start < total else []
    last = max(1, -(-total // asked.size))
    if dialect.enveloped:
        return {
            "data": rows,
            "pagination": {
                "page": asked.number,
                "limit": asked.size,
                "total": total,
                "pages": last,
                "has_next": asked.number < last,
                "has_prev": asked.number > 1,
            },
        }
    return {
        "count": total,
        "next": _link(request, asked.number + 1) if asked.number < last else None,
        "previous": _link(request, asked.number - 1) if asked.number > 1 else None,
        "results": rows,
    }


def whole(request: Request, dialect: Dialect, queryset: QuerySet[Any], shape: type[Shape]) -> dict[str, Any]:
    """A list that is documented without pages: all of it, at most WHOLE rows; a page where one is asked for."""
    if request.query_params.keys() & {"page", dialect.size_parameter}:
        asked = window(request, dialect)
        return {"data": shape.of(page_of(queryset, asked.start, asked.size))}
    return {"data": shape.of(queryset[:WHOLE])}


def _link(request: Request, number: int) -> str:
    parameters = request.query_params.copy()
    parameters["page"] = str(number)
    address = request.build_absolute_uri(request.path)
    return f"{address}?{urlencode(list(parameters.lists()), doseq=True)}"
