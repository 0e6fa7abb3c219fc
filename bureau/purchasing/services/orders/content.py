"""What a purchase order contains: its texts and lines, as they are given, checked, written and told."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bureau.core.models import Organization, TaxCode
from bureau.core.prepared import prepared
from bureau.kit.money import ZERO
from bureau.kit.pricing import MAX_AMOUNT, decimal_places, priced_line
from bureau.purchasing.models import (
    CostCode,
    LineCategory,
    OrderLine,
    OrderType,
    Project,
    ProjectStatus,
    PurchaseOrder,
)
from bureau.purchasing.services.lines import line_problems

MAX_LINES = 500
TEXT_LENGTHS = {
    "vendor_name": 200,
    "vendor_contact_name": 200,
    "vendor_email": 254,
    "vendor_phone": 50,
    "vendor_address": 1000,
    "description": 5000,
    "urgency_justification": 2000,
}
FIELDS = (*TEXT_LENGTHS, "type", "project", "cost_code", "vendor", "ceiling_amount")
"""What a person gives of an order, beside its lines."""

NO_VENDOR_YET = "Vendor not chosen yet"
"""Stands for the vendor in a draft made of a request that names none; such a draft is not submitted."""

Errors = defaultdict[str, list[str]]


@dataclass(frozen=True, slots=True)
class LineInput:
    """A line as given: `quantity` of something at `unit_price` each, net. An empty tax code is the organization's."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    unit: str = "pcs"
    category: str = LineCategory.MATERIAL
    tax_code: str = ""


def read_order(given: Mapping[str, Any], errors: Errors) -> dict[str, Any]:
    """The fields of an order, checked; names in `given` are those of FIELDS."""
    values = dict(given)
    for name in TEXT_LENGTHS.keys() & given.keys():
        text = str(given[name]).strip()
        if "\x00" in text:
            errors[name].append(_("Null characters are not allowed."))
        elif len(text) > TEXT_LENGTHS[name]:
            errors[name].append(_("Use at most %(count)d characters.") % {"count": TEXT_LENGTHS[name]})
        values[name] = text
    if values.get("vendor_email"):
        try:
            validate_email(values["vendor_email"])
        except ValidationError:
            errors["vendor_email"].append(_("This is not an e-mail address."))
    if "type" in values and values["type"] not in OrderType.values:
        errors["type"].append(_("Choose one of: %(options)s.") % {"options": ", ".join(OrderType.values)})
    return values


def check_order(order: PurchaseOrder, lines: Sequence[OrderLine], errors: Errors) -> None:
    """What the type of an order asks for, and whether its project takes orders (system.md, section 4)."""
    if not order.vendor_name:
        errors["vendor_name"].append(_("This field is required."))
    if order.type == OrderType.STANDARD and not lines and not any(name.startswith("line_items") for name in errors):
        errors["line_items"].append(_("A standard order has at least one line."))
    if order.type == OrderType.ROLLING:
        _check_ceiling(order.ceiling_amount, errors)
    else:
        order.ceiling_amount = None
    if order.type == OrderType.WALKUP and not order.urgency_justification:
        errors["urgency_justification"].append(_("Say why it could not wait."))
    check_project(order.project, order.cost_code, errors)


def check_project(project: Project, cost_code: CostCode, errors: Errors) -> None:
    if cost_code.project_id != project.pk:
        errors["cost_code"].append(_("There is no such cost code in the project."))
    elif project.status != ProjectStatus.ACTIVE:
        errors["project_id"].append(_("This project takes no orders: it is not active."))
    elif not cost_code.active:
        errors["cost_code"].append(_("This cost code takes no orders: it is not active."))


def check_vendor(order: PurchaseOrder, errors: Errors) -> None:
    """Of an order that names its vendor by its record: who approves reads the name, who is billed is the record."""
    vendor = order.vendor
    if vendor is None:
        return
    if vendor.organization_id != order.organization_id:
        errors["vendor_id"].append(_("There is no such vendor."))
    elif not vendor.active:
        errors["vendor_id"].append(_("This vendor takes no orders: it is not active."))
    elif _one_line(order.vendor_name) != _one_line(vendor.party.name):
        errors["vendor_name"].append(
            _("%(code)s is called “%(name)s”. Give this name, or leave its id out.")
            % {
                "code": vendor.code,
                "name": vendor.party.name,
            }
        )


def _one_line(name: str) -> str:
    return " ".join(name.split()).casefold()


def _check_ceiling(ceiling: Decimal | None, errors: Errors) -> None:
    if ceiling is None:
        errors["ceiling_amount"].append(_("A rolling order needs a ceiling amount."))
    elif not ceiling.is_finite() or not 0 < ceiling < MAX_AMOUNT or decimal_places(ceiling) > 2:
        errors["ceiling_amount"].append(_("Give an amount above 0, with at most 2 decimals."))


def read_lines(organization: Organization, lines: Sequence[LineInput], errors: Errors) -> list[OrderLine]:
    """The lines with their amounts. Errors stand under line_items.<index from 0>.<field>."""
    if len(lines) > MAX_LINES:
        errors["line_items"].append(_("Use at most %(count)d lines.") % {"count": MAX_LINES})
        return []
    rates = {tax.code: tax.rate for tax in _tax_codes(organization=organization.pk)}
    read = []
    for index, line in enumerate(lines):
        code = line.tax_code or organization.default_tax_code
        problems = _line_problems(line, code, rates)
        for name, problem in problems.items():
            errors[f"line_items.{index}.{name}"].append(problem)
        if not problems:
            priced = priced_line(line.quantity, line.unit_price, rates[code])
            read.append(
                OrderLine(
                    line_number=index + 1,
                    description=line.description.strip(),
                    quantity=line.quantity,
                    unit=line.unit.strip() or "pcs",
                    unit_price=line.unit_price,
                    category=line.category,
                    tax_code=code,
                    tax_rate=rates[code],
                    net_amount=priced.net,
                    tax_amount=priced.tax,
                    line_total=priced.total,
                )
            )
    if sum((line.line_total for line in read), ZERO) >= MAX_AMOUNT:
        errors["line_items"].append(_("The total must be below 1,000,000,000,000."))
    return read


@prepared
def _tax_codes(organization: int) -> QuerySet[TaxCode]:
    return TaxCode.objects.filter(organization=organization, active=True)


def _line_problems(line: LineInput, code: str, rates: Mapping[str, Decimal]) -> dict[str, str]:
    problems = line_problems(
        description=line.description.strip(),
        quantity=line.quantity,
        unit_price=line.unit_price,
        tax_code=code,
        rates=rates,
    )
    if "\x00" in line.unit or len(line.unit.strip()) > 20:
        problems["unit"] = _("Use at most 20 characters, and none of them null.")
    if line.category not in LineCategory.values:
        problems["category"] = _("Choose one of: %(options)s.") % {"options": ", ".join(LineCategory.values)}
    return problems


def set_totals(order: PurchaseOrder, lines: Sequence[OrderLine]) -> None:
    """The order's amounts are the sums of its lines'."""
    order.subtotal = sum((line.net_amount for line in lines), ZERO)
    order.tax_amount = sum((line.tax_amount for line in lines), ZERO)
    order.total_amount = order.subtotal + order.tax_amount
    order.line_items_count = len(lines)
    texts = [order.po_number, order.vendor_name, order.description, *(line.description for line in lines)]
    order.search_text = "\n".join(text for text in texts if text).upper()


def write_lines(order: PurchaseOrder, lines: Iterable[OrderLine]) -> None:
    rows = list(lines)
    for line in rows:
        line.order = order
    OrderLine.objects.bulk_create(rows)


def described(order: PurchaseOrder, lines: Iterable[OrderLine]) -> dict[str, Any]:
    """What the audit log keeps of an order's content."""
    return {
        "po_number": order.po_number,
        "type": order.type,
        "status": order.status,
        "project_id": order.project.code,
        "cost_code": order.cost_code.external_id,
        "vendor_id": order.vendor.code if order.vendor else None,
        "vendor_name": order.vendor_name,
        "vendor_contact_name": order.vendor_contact_name,
        "vendor_email": order.vendor_email,
        "vendor_phone": order.vendor_phone,
        "vendor_address": order.vendor_address,
        "description": order.description,
        "urgency_justification": order.urgency_justification,
        "ceiling_amount": order.ceiling_amount,
        "subtotal": order.subtotal,
        "tax_amount": order.tax_amount,
        "total_amount": order.total_amount,
        "line_items": [
            {
                "description": line.description,
                "quantity": line.quantity,
                "unit": line.unit,
                "unit_price": line.unit_price,
                "category": line.category,
                "tax_code": line.tax_code,
            }
            for line in lines
        ],
    }
