"""What customers owe: all of them by age, and one of them as a statement of account."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from bureau.parties.selectors.customers import visible_customer, visible_customers
from bureau.sales.rendering.statements import statement_filename
from bureau.sales.selectors.ageing import BUCKETS, ageing, totals
from bureau.sales.selectors.statements import Statement, customer_statement
from bureau.sales.services.statements import read_statement_pdf
from bureau.web.answers import PageRequest, page, paged
from bureau.web.exports import Column, exported
from bureau.web.selling.finding import known_id
from bureau.web.statements.reading import AgeingFilters, AgeingRow, Chart, Period, lines_of, parts_of

AGEING_COLUMNS = (
    Column(gettext_lazy("Customer"), "customer_name"),
    Column(gettext_lazy("Currency"), "currency"),
    *(Column(bucket.label, bucket.name) for bucket in BUCKETS),
    Column(gettext_lazy("Overdue"), "overdue"),
    Column(gettext_lazy("Total"), "total"),
)
STATEMENT_COLUMNS = (
    Column(gettext_lazy("Date"), "day"),
    Column(gettext_lazy("What"), "what"),
    Column(gettext_lazy("Number"), "movement.number"),
    Column(gettext_lazy("About"), "movement.about"),
    Column(gettext_lazy("Reference"), "movement.reference"),
    Column(gettext_lazy("Due"), "movement.due_date"),
    Column(gettext_lazy("Amount"), "movement.amount"),
    Column(gettext_lazy("Balance"), "balance"),
)


@page
@require_GET
def ageing_page(request: PageRequest) -> HttpResponseBase:
    user, filters = request.user, AgeingFilters(request, today=timezone.localdate())
    rows = ageing(
        user,
        as_of=filters.as_of,
        today=filters.today,
        customer=filters.client,
        words=filters.q,
        order=filters.order,
    )
    if file := exported(request, "ageing", rows, AGEING_COLUMNS):
        return file
    shown = paged(request, rows)
    known = set(visible_customers(user).filter(pk__in={row.customer_id for row in shown}).values_list("pk", flat=True))
    now = filters.past is None
    context = {
        "page": shown,
        "rows": [
            AgeingRow(
                row,
                parts_of(row, filters.as_of, client=row.customer_id, listed=now and row.customer_id in known),
                row.customer_id in known,
            )
            for row in shown
        ],
        "charts": [
            Chart(sums, parts_of(sums, filters.as_of, client=filters.client, listed=now and not filters.q))
            for sums in totals(rows)
        ],
        "filters": filters,
        "buckets": BUCKETS,
    }
    return render(request, "web/statements/ageing.html", context)


@page
@require_GET
def statement(request: PageRequest, pk: int) -> HttpResponseBase:
    found, period = asked_for(request, pk)
    name = f"statement-{found.customer.pk}"
    if file := exported(request, name, lines_of(found), STATEMENT_COLUMNS):
        return file
    listed = found.date_to >= period.today
    context = {
        "statement": found,
        "customer": found.customer,
        "period": period,
        "choices": period.choices(found),
        "parts": parts_of(found.owed, found.date_to, client=found.customer.pk, listed=listed),
    }
    return render(request, "web/statements/statement.html", context)


@page
@require_GET
def pdf(request: PageRequest, pk: int) -> HttpResponse:
    found, _period = asked_for(request, pk)
    content = read_statement_pdf(actor=request.user, statement=found, now=timezone.now())
    answer = HttpResponse(content, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="{statement_filename(found)}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def asked_for(request: PageRequest, pk: int) -> tuple[Statement, Period]:
    customer = visible_customer(request.user, known_id(pk, "Not found."))
    period = Period(request, today=timezone.localdate())
    found = customer_statement(
        request.user,
        customer,
        date_from=period.date_from,
        date_to=period.date_to,
        currency=period.currency,
        today=period.today,
    )
    return found, period
