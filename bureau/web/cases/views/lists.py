"""The list of cases."""

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from bureau.cases.selectors import cases as selectors
from bureau.web.answers import PageRequest, page, paged
from bureau.web.cases.finding import STATUSES, STEP_STATUSES, CaseFilters, rows_of
from bureau.web.exports import Column, exported
from bureau.web.templatetags.bureau import STATES

COLUMNS = (
    Column(gettext_lazy("Case"), "number"),
    Column(gettext_lazy("Customer"), "customer.party.name"),
    Column(gettext_lazy("Product"), "product.name"),
    Column(gettext_lazy("Status"), lambda row: STATES[row.status][1]),
    Column(gettext_lazy("Step"), lambda row: row.step_number or ""),
    Column(gettext_lazy("Step status"), "get_step_status_display"),
    Column(gettext_lazy("Step due"), "step_due_date"),
    Column(gettext_lazy("Began"), "doc_date"),
    Column(gettext_lazy("Due"), "due_date"),
    Column(gettext_lazy("Completed"), "completed_at"),
    Column(gettext_lazy("Owner"), "owner"),
    Column(gettext_lazy("Notes"), "notes"),
)


@page
@require_GET
def case_list(request: PageRequest) -> HttpResponseBase:
    """Overdue first, then by what is due next."""
    user, today = request.user, timezone.localdate()
    filters = CaseFilters(request, user)
    rows = selectors.most_urgent(filters.apply(selectors.visible_cases(user), today=today))
    if file := exported(request, "cases", rows, COLUMNS):
        return file
    found = paged(request, rows)
    context = {
        "page": found,
        "rows": rows_of(found.object_list, today=today),
        "filters": filters,
        "statuses": STATUSES,
        "step_statuses": STEP_STATUSES,
        "today": today,
    }
    return render(request, "web/cases/list.html", context)
