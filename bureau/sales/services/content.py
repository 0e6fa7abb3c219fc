"""What quotes and invoices contain: dates, texts and lines, as they are given, checked, written and told."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bureau.cases.models import Case
from bureau.core.models import Organization, TaxCode, User
from bureau.core.prepared import prepared
from bureau.kit.errors import Invalid
from bureau.kit.money import ZERO
from bureau.kit.pricing import MAX_AMOUNT, decimal_places
from bureau.parties.models import Customer
from bureau.purchasing.services.lines import line_problems
from bureau.sales.calculations import line_amounts
from bureau.sales.models.documents import SalesDocument, SalesLine

MAX_LINES = 199
"""Tax that is rounded line by line stays less than 1.00 off that of their sum, as EN 16931 wants it (BR-CO-17)."""
LONGEST_TEXT = 5000
LONGEST_UNIT = 20
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)

Errors = defaultdict[str, list[str]]
Line = TypeVar("Line", bound=SalesLine)


@dataclass(frozen=True, slots=True)
class LineInput:
    """A line as it is given, net. The line of a case may leave description and tax code to the case's product; an empty
    tax code is else the organization's."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    unit: str = ""
    discount_percent: Decimal = ZERO
    tax_code: str = ""
    case: Case | None = None


def read_lines(
    organization: Organization, lines: Sequence[LineInput], errors: Errors, line_class: type[Line]
) -> list[Line]:
    """The lines with their amounts. Errors stand under line_items.<index from 0>.<field>."""
    if len(lines) > MAX_LINES:
        errors["line_items"].append(_("Use at most %(count)d lines.") % {"count": MAX_LINES})
        return []
    codes = {code.code: code for code in _tax_codes(organization=organization.pk)}
    rates = {name: code.rate for name, code in codes.items()}
    read = []
    for index, given in enumerate(lines):
        line = _completed(organization, given)
        problems = line_problems(
            description=line.description,
            quantity=line.quantity,
            unit_price=line.unit_price,
            tax_code=line.tax_code,
            rates=rates,
        )
        if not line.discount_percent.is_finite() or not 0 <= line.discount_percent <= 100:
            problems["discount_percent"] = _("The discount is from 0 to 100 percent.")
        elif decimal_places(line.discount_percent) > 2:
            problems["discount_percent"] = _("The discount has at most 2 decimals.")
        if "\x00" in line.unit or len(line.unit) > LONGEST_UNIT:
            problems["unit"] = _("Use at most %(count)d characters.") % {"count": LONGEST_UNIT}
        for name, problem in problems.items():
            errors[f"line_items.{index}.{name}"].append(problem)
        if not problems:
            read.append(_priced(line, index, codes[line.tax_code], line_class))
    if sum((line.line_total for line in read), ZERO) >= MAX_AMOUNT:
        errors["line_items"].append(_("The total must be below 1,000,000,000,000."))
    return read


def _completed(organization: Organization, line: LineInput) -> LineInput:
    description, code = line.description.strip(), line.tax_code
    if line.case is not None:
        description = description or f"{line.case.product.name} ({line.case.number})"
        code = code or line.case.product.tax_code
    return replace(
        line, description=description, unit=line.unit.strip(), tax_code=code or organization.default_tax_code
    )


def _priced(line: LineInput, index: int, code: TaxCode, line_class: type[Line]) -> Line:
    priced = line_amounts(line.quantity, line.unit_price, line.discount_percent, code.rate)
    of_case = {} if line.case is None else {"case": line.case}
    return line_class(
        line_number=index + 1,
        description=line.description,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        discount_percent=line.discount_percent,
        tax_code=code.code,
        tax_rate=code.rate,
        tax_category=code.category,
        net_amount=priced.net,
        tax_amount=priced.tax,
        line_total=priced.total,
        **of_case,
    )


@prepared
def _tax_codes(organization: int) -> QuerySet[TaxCode]:
    return TaxCode.objects.filter(organization=organization, active=True)


def line_inputs(lines: Iterable[SalesLine]) -> list[LineInput]:
    """The lines as they could be given again, for a copy or a conversion; without their cases."""
    return [
        LineInput(
            description=line.description,
            quantity=line.quantity,
            unit_price=line.unit_price,
            unit=line.unit,
            discount_percent=line.discount_percent,
            tax_code=line.tax_code,
        )
        for line in lines
    ]


def set_totals(document: SalesDocument, lines: Iterable[SalesLine]) -> None:
    """The amounts are the sums of the lines', whatever anybody else added up (system.md, section 7)."""
    rows = list(lines)
    document.subtotal = sum((line.net_amount for line in rows), ZERO)
    document.tax_amount = sum((line.tax_amount for line in rows), ZERO)
    document.total_amount = document.subtotal + document.tax_amount


def check_day(name: str, day: date, errors: Errors) -> None:
    if not EARLIEST <= day <= LATEST:
        errors[name].append(_("Give a date between 1990 and 2100."))


def read_text(name: str, given: str, errors: Errors) -> str:
    text = given.strip()
    if "\x00" in text:
        errors[name].append(_("Null characters are not allowed."))
    elif len(text) > LONGEST_TEXT:
        errors[name].append(_("Use at most %(count)d characters.") % {"count": LONGEST_TEXT})
    return text


def check_customer(customer: Customer, organization_id: int, errors: Errors) -> None:
    if customer.organization_id != organization_id:
        errors["customer"].append(_("There is no such client."))
    elif not customer.active:
        errors["customer"].append(_("This client is not active. Activate them first."))


def check_owner(owner: User, organization_id: int, errors: Errors) -> None:
    if owner.organization_id != organization_id or not owner.is_active:
        errors["owner"].append(_("There is no such person."))


def hold_customer(customer: Customer) -> None:
    """They are not deleted before the document that names them is there. Raises Invalid where that has just been
    done."""
    if not _held(pk=customer.pk):
        raise Invalid.field("customer", _("There is no such client."))


@prepared
def _held(pk: int) -> QuerySet[Customer]:
    return Customer.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk)


def described(document: SalesDocument, lines: Iterable[SalesLine]) -> dict[str, Any]:
    """What the audit log keeps of a document's content, beside what is its own."""

    def billed(line: SalesLine) -> dict[str, int]:
        case: int | None = getattr(line, "case_id", None)  # invoices alone bill cases
        return {} if case is None else {"case": case}

    return {
        "number": document.number,
        "customer": document.customer_id,
        "owner": document.owner_id,
        "issue_date": document.issue_date,
        "terms": document.terms,
        "notes": document.notes,
        "subtotal": document.subtotal,
        "tax_amount": document.tax_amount,
        "total_amount": document.total_amount,
        "lines": [
            {
                "description": line.description,
                "quantity": line.quantity,
                "unit": line.unit,
                "unit_price": line.unit_price,
                "discount_percent": line.discount_percent,
                "tax_code": line.tax_code,
                "tax_rate": line.tax_rate,
                **billed(line),
            }
            for line in lines
        ],
    }
