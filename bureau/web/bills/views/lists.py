"""The lists of bills, and the list of those to be paid as a table for the bank."""

import csv
from datetime import date

from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from bureau.kit.errors import Invalid
from bureau.kit.sheets import csv_cell
from bureau.purchasing.models import Bill
from bureau.purchasing.permissions import bills as permissions
from bureau.purchasing.selectors import bills as selectors
from bureau.purchasing.selectors import payables
from bureau.purchasing.services.bills.exporting import export_payments
from bureau.purchasing.states import BillStatus
from bureau.web.answers import PageRequest, page, paged
from bureau.web.exports import Column, exported

COLUMNS = (
    "vendor", "name", "bill_number", "bill_date", "due_date", "amount", "currency", "holder", "iban", "bic", "note",
)  # fmt: skip


STATES = {
    BillStatus.OPEN: gettext_lazy("Not matched yet"),
    BillStatus.MATCHED: gettext_lazy("To approve"),
    BillStatus.EXCEPTION: gettext_lazy("Exception"),
    BillStatus.APPROVED: gettext_lazy("To pay"),
    BillStatus.PAID: gettext_lazy("Paid"),
}
LISTED = (
    Column(gettext_lazy("Vendor"), "vendor.party.name"),
    Column(gettext_lazy("Number"), "bill_number"),
    Column(gettext_lazy("Order"), "order.po_number"),
    Column(gettext_lazy("State"), lambda row: STATES[BillStatus(row.status)]),
    Column(gettext_lazy("Differences"), lambda row: " ".join(one["message"] for one in row.exceptions)),
    Column(gettext_lazy("Date"), "bill_date"),
    Column(gettext_lazy("Due"), "due_date"),
    Column(gettext_lazy("Net"), "subtotal"),
    Column(gettext_lazy("Tax"), "tax_amount"),
    Column(gettext_lazy("Total"), "total_amount"),
    Column(gettext_lazy("Paid on"), "payment_date"),
)


@page
@require_GET
def bill_list(request: PageRequest) -> HttpResponseBase:
    user, today = request.user, timezone.localdate()
    may_write = permissions.can_write_bills(user, user.organization)
    tabs: dict[str, QuerySet[Bill]] = {}
    if may_write:
        tabs = {
            "exceptions": selectors.bill_exceptions(user),
            "approve": payables.bills_to_decide(user),
            "pay": payables.bills_to_pay(user),
        }
    counts = {name: rows.order_by().count() for name, rows in tabs.items()}
    tabs["all"] = selectors.visible_bills(user)
    first = next((name for name in tabs if counts.get(name)), "all")
    tab = request.GET.get("tab", first)
    tab = tab if tab in tabs else first
    filters = {name: request.GET.get(name, "").strip().replace("\x00", "") for name in ("q", "due")}
    rows = _searched(tabs[tab], filters["q"])
    if filters["due"] == "overdue":
        rows = rows.filter(due_date__lt=today).exclude(status=BillStatus.PAID)
    rows = rows.select_related("vendor__party", "order")
    if file := exported(request, "bills", rows, LISTED):
        return file
    context = {
        "page": paged(request, rows),
        "total": selectors.total_of(rows.order_by()),
        "tab": tab,
        "tabs": [(name, _names()[name], counts.get(name)) for name in tabs],
        "filters": filters,
        "filtered": any(filters.values()),
        "today": today,
        "currency": user.organization.currency,
        "may_write": may_write,
    }
    return render(request, "web/bills/list.html", context)


def _names() -> dict[str, str]:
    return {"exceptions": _("Exceptions"), "approve": _("To approve"), "pay": _("To pay"), "all": _("All")}


def _searched(rows: QuerySet[Bill], words: str) -> QuerySet[Bill]:
    for word in words.split()[:8]:
        rows = rows.filter(
            Q(bill_number__icontains=word)
            | Q(vendor__party__name__icontains=word)
            | Q(vendor__code__icontains=word)
            | Q(order__po_number__icontains=word)
        )
    return rows


@page
@require_POST
def payments(request: PageRequest) -> HttpResponse:
    """The approved bills due by `until` (all without it), for whoever makes the transfers."""
    until = _day(request.POST.get("until", ""))
    found = export_payments(actor=request.user, until=until, now=timezone.now())
    name = f"payments-{timezone.localdate().isoformat()}.csv"
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.write("\ufeff")  # by which spreadsheets know that it is UTF-8
    table = csv.writer(response)
    table.writerow(COLUMNS)
    for payment in found:
        bill, account = payment.bill, payment.account
        notes = []
        if account is None:
            notes.append(_("no confirmed account"))
        if bill.account_changed:
            notes.append(_("first bill after a changed account"))
        elif payment.account_changed_since:
            notes.append(_("the account changed after the bill came in"))
        if payment.exported_at:
            day = timezone.localdate(payment.exported_at).isoformat()
            notes.append(_("exported before, on %s") % day)
        if payment.change_waits:
            notes.append(_("a new account waits to be confirmed"))
        table.writerow(
            csv_cell(value)
            for value in (
                bill.vendor.code,
                bill.vendor.party.name,
                bill.bill_number,
                bill.bill_date,
                bill.due_date,
                bill.total_amount,
                bill.organization.currency,
                account.holder if account else "",
                account.iban if account else "",
                account.bic if account else "",
                "; ".join(notes),
            )
        )
    return response


def _day(text: str) -> date | None:
    """Raises Invalid."""
    if not text.strip():
        return None
    try:
        day = parse_date(text.strip())
    except ValueError:
        day = None
    if day is None:
        raise Invalid(_("Give the day as a date, such as 2026-03-31."))
    return day
