"""What a purchase request contains: its texts, lines and field values, as they are given, checked, written and told."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypedDict
from uuid import UUID

from django.utils.translation import gettext as _

from bureau.kit.money import ZERO, line_total
from bureau.kit.pricing import MAX_AMOUNT, decimal_places
from bureau.purchasing.calculations import request_amount
from bureau.purchasing.field_values import VALUE_COLUMNS, UnreadableValue, Value, parse_value, plain
from bureau.purchasing.models import (
    Attachment,
    FieldType,
    FieldValue,
    FormField,
    PurchaseRequest,
    PurchaseType,
    RequestItem,
)

MAX_ITEMS = 500
TEXT_LENGTHS = {"subject": 200, "description": 20_000, "vendor_name": 200, "vendor_account": 100}
REQUIRED = {"subject"}

Errors = defaultdict[str, list[str]]
Values = list[tuple[FormField, Value]]


class ItemInput(TypedDict):
    """A line: `quantity` of something at `unit_price` each."""

    description: str
    quantity: Decimal
    unit_price: Decimal


def read_texts(texts: Mapping[str, str], errors: Errors) -> dict[str, str]:
    cleaned = {name: text.strip() for name, text in texts.items()}
    for name, text in cleaned.items():
        if "\x00" in text:
            errors[name].append(_("Null characters are not allowed."))
        elif len(text) > TEXT_LENGTHS[name]:
            errors[name].append(_("Use at most %(count)d characters.") % {"count": TEXT_LENGTHS[name]})
        elif not text and name in REQUIRED:
            errors[name].append(_("This field is required."))
    return cleaned


def read_purchase_type(given: str, errors: Errors) -> str:
    if given not in PurchaseType.values:
        errors["purchase_type"].append(_("Choose one of: %(options)s.") % {"options": ", ".join(PurchaseType.values)})
    return given


def read_items(items: Sequence[ItemInput], errors: Errors) -> list[RequestItem]:
    """The lines, rounded once each; every error names its line, counted from 1."""
    if len(items) > MAX_ITEMS:
        errors["items"].append(_("Use at most %(count)d lines.") % {"count": MAX_ITEMS})
        return []
    lines = []
    for position, item in enumerate(items, 1):
        problem = _item_problem(item)
        if problem:
            errors["items"].append(_("Line %(position)d: %(problem)s") % {"position": position, "problem": problem})
            continue
        lines.append(
            RequestItem(
                position=position,
                description=item["description"].strip(),
                quantity=item["quantity"],
                unit_price=item["unit_price"],
                total=line_total(item["quantity"], item["unit_price"]),
            )
        )
    if sum((line.total for line in lines), ZERO) >= MAX_AMOUNT:
        errors["items"].append(_("The total must be below 1,000,000,000,000."))
    return lines


def _item_problem(item: ItemInput) -> str:
    description, quantity, price = item["description"].strip(), item["quantity"], item["unit_price"]
    if not description:
        return _("describe what is asked for.")
    if "\x00" in description:
        return _("null characters are not allowed.")
    if len(description) > 300:
        return _("use at most 300 characters.")
    if not quantity.is_finite() or not 0 < quantity < 10**9:
        return _("the quantity must be more than 0 and below 1,000,000,000.")
    if decimal_places(quantity) > 3:
        return _("the quantity has at most 3 decimals.")
    if not price.is_finite() or not 0 <= price < MAX_AMOUNT:
        return _("the unit price must be 0 or more, and below 1,000,000,000,000.")
    if decimal_places(price) > 2:
        return _("the unit price has at most 2 decimals.")
    return ""


def read_values(form: int, given: Mapping[str, Any], request: PurchaseRequest | None, errors: Errors) -> Values:
    """The given values of the form's fields, typed; None for a field to be emptied."""
    if not given:
        return []
    values: Values = []
    for field in FormField.objects.filter(form_template=form):
        if field.field_id not in given:
            continue
        try:
            value = parse_value(field, given[field.field_id])
            values.append((field, _attachment(request, value) if isinstance(value, UUID) else value))
        except UnreadableValue as unreadable:
            errors[field.field_id].append(str(unreadable))
    return values


def _attachment(request: PurchaseRequest | None, uuid: UUID) -> Attachment:
    found = request.attachments.filter(uuid=uuid).first() if request else None
    if found is None:
        raise UnreadableValue(_("Give the id of an attachment of this request."))
    return found


def write_values(request: PurchaseRequest, values: Values) -> None:
    FieldValue.objects.bulk_create(_rows(request, values))


def _rows(request: PurchaseRequest, values: Values) -> list[FieldValue]:
    return [
        FieldValue(request=request, field=field, **{VALUE_COLUMNS[FieldType(field.field_type)]: value})
        for field, value in values
        if value is not None
    ]


def write_items(request: PurchaseRequest, lines: Sequence[RequestItem]) -> None:
    for line in lines:
        line.request = request
    RequestItem.objects.bulk_create(lines)


def flagged_amount(values: Values) -> Decimal | None:
    return next((value for field, value in values if field.is_amount and isinstance(value, Decimal)), None)


def stored_amount(request: PurchaseRequest) -> Decimal | None:
    flagged = request.field_values.filter(field__is_amount=True).values_list("value_number", flat=True).first()
    return request_amount(request.items.values_list("total", flat=True), flagged)


def stored_content(request: PurchaseRequest) -> tuple[Values, list[RequestItem]]:
    """The stored field values and lines."""
    rows = request.field_values.select_related("field", "value_file")
    return [(row.field, row.value) for row in rows], list(request.items.all())


def described_content(request: PurchaseRequest, values: Values, items: Iterable[RequestItem]) -> dict[str, Any]:
    """What the audit log keeps of a request's content."""
    return {
        "number": request.number,
        "status": request.status,
        "team": request.team_id,
        "subject": request.subject,
        "description": request.description,
        "vendor_name": request.vendor_name,
        "vendor_account": request.vendor_account,
        "purchase_type": request.purchase_type,
        "amount": request.amount,
        "field_values": {field.field_id: plain(value) for field, value in values if value is not None},
        "items": [
            {"description": item.description, "quantity": item.quantity, "unit_price": item.unit_price}
            for item in items
        ],
    }
