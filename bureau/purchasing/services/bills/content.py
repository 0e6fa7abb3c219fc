"""What a bill contains: its dates, number and lines, as they are given, checked, written and told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from bureau.core.models import Organization, TaxCode
from bureau.kit.money import ZERO
from bureau.kit.pricing import MAX_AMOUNT, priced_line
from bureau.parties.models import Vendor
from bureau.purchasing.bill_numbers import number_key
from bureau.purchasing.models import Bill, BillLine, PurchaseOrder
from bureau.purchasing.selectors.bills import BILLABLE
from bureau.purchasing.services.content import Errors
from bureau.purchasing.services.lines import line_problems

MAX_LINES = 500
LONGEST_NUMBER = 100
FIELDS = ("vendor", "order", "bill_number", "bill_date", "due_date")
"""What a person gives of a bill, beside its lines."""


@dataclass(frozen=True, slots=True)
class BillLineInput:
    """A line as the vendor wrote it, net. `order_line` is the id of the line of the order that it is about; an empty
    description or tax code is that line's, an empty tax code else the organization's."""

    quantity: Decimal
    unit_price: Decimal
    description: str = ""
    tax_code: str = ""
    order_line: int | None = None


def read_number(given: str, errors: Errors) -> dict[str, str]:
    number = given.strip()
    key = number_key(number)
    if not key:
        errors["bill_number"].append(_("Give the number of the bill, with a letter or digit in it."))
    elif "\x00" in number or max(len(number), len(key)) > LONGEST_NUMBER:
        errors["bill_number"].append(_("Use at most %(count)d characters.") % {"count": LONGEST_NUMBER})
    return {"bill_number": number, "number_key": key}


def check_dates(bill_date: date, due_date: date | None, errors: Errors) -> None:
    if due_date is not None and due_date < bill_date:
        errors["due_date"].append(_("A bill is due on its date or later."))


def check_vendor(vendor: Vendor, organization: Organization, errors: Errors) -> None:
    if vendor.organization_id != organization.pk:
        errors["vendor"].append(_("There is no such vendor."))
    elif not vendor.active:
        errors["vendor"].append(_("This vendor is not active. Activate it first, if the bill is right."))


def check_order(vendor: Vendor, order: PurchaseOrder | None, errors: Errors) -> None:
    """A bill may name an order of its vendor, or one that names its vendor by a name alone."""
    if order is None:
        return
    if order.status not in BILLABLE:
        errors["purchase_order"].append(_("Only an approved order is billed. Have it approved first."))
    elif order.organization_id != vendor.organization_id or order.vendor_id not in (None, vendor.pk):
        errors["purchase_order"].append(_("This order went to another vendor."))


def read_lines(
    organization: Organization, order: PurchaseOrder | None, lines: Sequence[BillLineInput], errors: Errors
) -> list[BillLine]:
    """The lines with their amounts. Errors stand under lines.<index from 0>.<field>."""
    if not lines:
        errors["lines"].append(_("A bill has at least one line."))
    if len(lines) > MAX_LINES:
        errors["lines"].append(_("Use at most %(count)d lines.") % {"count": MAX_LINES})
        return []
    rates = dict(TaxCode.objects.filter(organization=organization, active=True).values_list("code", "rate"))
    ordered = {line.pk: line for line in order.lines.all()} if order else {}
    read = []
    for index, line in enumerate(lines):
        there = ordered.get(line.order_line or 0)
        code = line.tax_code or (there.tax_code if there else organization.default_tax_code)
        description = line.description.strip() or (there.description if there else "")
        problems = line_problems(
            description=description, quantity=line.quantity, unit_price=line.unit_price, tax_code=code, rates=rates
        )
        if line.order_line is not None and there is None:
            problems["order_line"] = _("There is no such line in this order.")
        for name, problem in problems.items():
            errors[f"lines.{index}.{name}"].append(problem)
        if not problems:
            priced = priced_line(line.quantity, line.unit_price, rates[code])
            read.append(
                BillLine(
                    line_number=index + 1,
                    description=description,
                    quantity=line.quantity,
                    unit_price=line.unit_price,
                    tax_code=code,
                    tax_rate=rates[code],
                    net_amount=priced.net,
                    tax_amount=priced.tax,
                    line_total=priced.total,
                    order_line=there,
                )
            )
    if sum((line.line_total for line in read), ZERO) >= MAX_AMOUNT:
        errors["lines"].append(_("The total must be below 1,000,000,000,000."))
    return read


def set_totals(bill: Bill, lines: Iterable[BillLine]) -> None:
    """The bill's amounts are the sums of its lines', whatever anybody else added up."""
    rows = list(lines)
    bill.subtotal = sum((line.net_amount for line in rows), ZERO)
    bill.tax_amount = sum((line.tax_amount for line in rows), ZERO)
    bill.total_amount = bill.subtotal + bill.tax_amount


def write_lines(bill: Bill, lines: Sequence[BillLine]) -> None:
    for line in lines:
        line.bill = bill
    BillLine.objects.bulk_create(lines)


def described(bill: Bill, lines: Iterable[BillLine]) -> dict[str, Any]:
    """What the audit log keeps of a bill's content."""
    return {
        "vendor": bill.vendor.code,
        "purchase_order": bill.order.po_number if bill.order else None,
        "bill_number": bill.bill_number,
        "bill_date": bill.bill_date,
        "due_date": bill.due_date,
        "status": bill.status,
        "subtotal": bill.subtotal,
        "tax_amount": bill.tax_amount,
        "total_amount": bill.total_amount,
        "file": bill.file.sha256 if bill.file else None,
        "lines": [
            {
                "description": line.description,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "tax_code": line.tax_code,
                "order_line": line.order_line_id,
            }
            for line in lines
        ],
    }
