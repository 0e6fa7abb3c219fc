"""The board: a column a step, the cards by what is due first."""

from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from bureau.cases.models import Product
from bureau.cases.selectors import cases as selectors
from bureau.web.answers import PageRequest, page
from bureau.web.cases.finding import CaseFilters, Row, rows_of


@dataclass(frozen=True)
class BoardColumn:
    number: int
    name: str
    count: int
    rows: list[Row]
    more_url: str


@page
@require_GET
def board(request: PageRequest) -> HttpResponse:
    now, today = timezone.now(), timezone.localdate()
    filters = CaseFilters(request, request.user)
    found = selectors.board(request.user, product=filters.product, now=now)
    rows = iter(rows_of([case for column in found for case in column.cases], today=today))
    columns = [
        BoardColumn(
            column.step,
            column.name,
            column.count,
            list(islice(rows, len(column.cases))),
            _whole(column, filters.product) if column.count > len(column.cases) else "",
        )
        for column in found
    ]
    context = {
        "columns": columns if any(column.count for column in columns) or filters.product else [],
        "filters": filters,
        "product": filters.product,
        "today": today,
    }
    return render(request, "web/cases/board.html", context)


def _whole(column: selectors.Column, product: Product | None) -> str:
    """The list of all that stands in a column."""
    parameters = {"step": str(column.step)} if column.step else {"status": "completed"}
    if product is not None:
        parameters["product"] = product.code
    return f"{reverse('web:cases')}?{urlencode(parameters)}"
