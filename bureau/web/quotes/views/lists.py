"""The list of quotes."""

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from bureau.sales.selectors.quotes import visible_quotes
from bureau.web.answers import PageRequest, page
from bureau.web.exports import exported
from bureau.web.quotes.finding import COLUMNS, QuoteFilters
from bureau.web.selling.finding import counted_page, sums_of


@page
@require_GET
def quote_list(request: PageRequest) -> HttpResponseBase:
    user, today = request.user, timezone.localdate()
    filters = QuoteFilters(request, user, today)
    narrowed = filters.narrowed(visible_quotes(user, today=today)).select_related("invoice")
    rows = filters.in_order(narrowed.filter(filters.in_tab(filters.tab)))
    if file := exported(request, "quotes", rows, COLUMNS):
        return file
    counts = filters.counts(narrowed)
    context = {
        "page": counted_page(request, rows, counts[filters.tab]),
        "sums": sums_of(rows, "currency", "total_amount") if filters.sums_wanted else [],
        "filters": filters,
        "tabs": filters.tabs(counts),
        "count": counts[filters.tab],
        "today": today,
    }
    return render(request, "web/quotes/list.html", context)
