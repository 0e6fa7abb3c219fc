"""Making, changing and submitting purchase requests (system.md section 3)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from bureau.accounts.models import Team
from bureau.core import audit
from bureau.core.models import User
from bureau.core.numbers import next_number
from bureau.kit.errors import BusinessRule, Invalid
from bureau.kit.money import ZERO, line_total
from bureau.purchasing import permissions
from bureau.purchasing.calculations import MAX_AMOUNT, decimal_places, request_amount
from bureau.purchasing.field_values import VALUE_COLUMNS, UnreadableValue, Value, parse_value, plain
from bureau.purchasing.models import (
    Attachment,
    AttachmentCategory,
    FieldType,
    FieldValue,
    FormField,
    FormTemplate,
    PurchaseRequest,
    PurchaseType,
    RequestItem,
)
from bureau.purchasing.services.approvals import start_round
from bureau.purchasing.services.attachments import Upload, attach_stored, described, store_uploads
from bureau.purchasing.services.editing import begin_edit, locked, require_state
from bureau.purchasing.states import RequestStatus

MAX_ITEMS = 500
TEXT_LENGTHS = {"subject": 200, "description": 20_000, "vendor_name": 200, "vendor_account": 100}
REQUIRED = {"subject"}

Errors = defaultdict[str, list[str]]


class ItemInput(TypedDict):
    """A line: `quantity` of something at `unit_price` each."""

    description: str
    quantity: Decimal
    unit_price: Decimal


def create_request(
    *,
    actor: User,
    team: Team,
    subject: str,
    purchase_type: str = PurchaseType.GOODS,
    vendor_name: str = "",
    vendor_account: str = "",
    description: str = "",
    field_values: Mapping[str, Any] | None = None,
    items: Sequence[ItemInput] = (),
    now: datetime,
) -> PurchaseRequest:
    """Makes a draft on the form that the team has in use. `field_values` is keyed by field id; unknown ids are ignored.

    Raises Forbidden (not an initiator of an active team), Invalid (keyed by the field, form fields by their field id)
    and BusinessRule (the team has no form).
    """
    texts = {
        "subject": subject,
        "vendor_name": vendor_name,
        "vendor_account": vendor_account,
        "description": description,
    }
    with transaction.atomic():
        request, made = _create(
            actor=actor,
            team=team,
            texts=texts,
            purchase_type=purchase_type,
            field_values=field_values or {},
            items=items,
            now=now,
        )
        audit.record(request, "created", actor=actor, now=now, new=made)
    return request


def create_and_submit(
    *, actor: User, subject: str, description: str = "", items: Sequence[ItemInput] = (), now: datetime
) -> PurchaseRequest:
    """The short way (p2p): a request to the organization's General team, submitted at once, or nothing at all."""
    team = Team.objects.get(organization=actor.organization_id, is_general=True)
    with transaction.atomic():
        request, made = _create(
            actor=actor,
            team=team,
            texts={"subject": subject, "description": description},
            purchase_type=PurchaseType.GOODS,
            field_values={},
            items=items,
            now=now,
        )
        _check_complete(request)
        start_round(request, now=now)
        audit.record(request, "created", actor=actor, now=now, new=made)
        _record_submit(request, RequestStatus.DRAFT, actor=actor, now=now)
    return request


def update_request(
    *,
    actor: User,
    request: PurchaseRequest,
    subject: str | None = None,
    purchase_type: str | None = None,
    vendor_name: str | None = None,
    vendor_account: str | None = None,
    description: str | None = None,
    field_values: Mapping[str, Any] | None = None,
    items: Sequence[ItemInput] | None = None,
    now: datetime,
) -> PurchaseRequest:
    """Changes what is given and leaves the rest. A None in `field_values` empties its field; `items` replaces all.

    A rejected request becomes resubmitted. Raises Forbidden (not the requestor), WrongState, Invalid.
    """
    given = {
        "subject": subject,
        "vendor_name": vendor_name,
        "vendor_account": vendor_account,
        "description": description,
    }
    texts = {name: text for name, text in given.items() if text is not None}
    with transaction.atomic():
        request = locked(request)
        before = _described(request, *_content(request))
        begin_edit(request, actor=actor, now=now)
        errors: Errors = defaultdict(list)
        changes: dict[str, Any] = _read_texts(texts, errors)
        if purchase_type is not None:
            changes["purchase_type"] = _read_purchase_type(purchase_type, errors)
        values = _read_values(request.form_template_id, field_values or {}, request, errors)
        lines = None if items is None else _read_items(items, errors)
        if errors:
            raise Invalid(fields=errors)
        request.field_values.filter(field__in=[field for field, _value in values]).delete()
        _write_values(request, values)
        if lines is not None:
            request.items.all().delete()
            _write_items(request, lines)
        for name, value in changes.items():
            setattr(request, name, value)
        request.amount = _amount(request)
        request.save(update_fields=[*changes, "amount"])
        after = _described(request, *_content(request))
        changed = [name for name in after if after[name] != before[name]]
        if changed:
            audit.record(
                request,
                "updated",
                actor=actor,
                now=now,
                old={name: before[name] for name in changed},
                new={name: after[name] for name in changed},
            )
    return request


def submit_request(
    *, actor: User, request: PurchaseRequest, uploads: Sequence[Upload] = (), now: datetime
) -> PurchaseRequest:
    """Submits to the newest workflow of the team, with `uploads` attached first; all of it or nothing.

    Raises Forbidden (not the requestor), WrongState, Invalid (everything that is missing), NoApprover (names the step).
    """
    permissions.can_edit_request(actor, request).enforce()
    stored = store_uploads(actor=actor, request=request, uploads=uploads, now=now) if uploads else []
    with transaction.atomic():
        request = locked(request)
        permissions.can_edit_request(actor, request).enforce()
        require_state(request, "submit")
        old = request.status
        attached = (
            attach_stored(actor=actor, request=request, stored=stored, uploads=uploads, now=now) if stored else []
        )
        _check_complete(request)
        start_round(request, now=now)
        _record_submit(request, old, actor=actor, now=now, attached=attached)
    return request


def delete_draft(*, actor: User, request: PurchaseRequest, now: datetime) -> None:
    """Deletes a draft; its number stays void and in the audit log. Raises Forbidden, WrongState."""
    with transaction.atomic():
        request = locked(request)
        permissions.can_edit_request(actor, request).enforce()
        require_state(request, "delete")
        audit.record(request, "deleted", actor=actor, now=now, old=_described(request, *_content(request)))
        request.delete()


def _create(
    *,
    actor: User,
    team: Team,
    texts: Mapping[str, str],
    purchase_type: str,
    field_values: Mapping[str, Any],
    items: Sequence[ItemInput],
    now: datetime,
) -> tuple[PurchaseRequest, dict[str, Any]]:
    """The draft, and what the audit log keeps of it."""
    permissions.can_start_request(actor, team).enforce()
    form = FormTemplate.objects.filter(team=team, in_use=True).first()
    if form is None:
        raise BusinessRule(_("%(team)s has no form yet: ask an administrator to make one.") % {"team": team.name})
    errors: Errors = defaultdict(list)
    cleaned = _read_texts(texts, errors)
    kind = _read_purchase_type(purchase_type, errors)
    values = _read_values(form.pk, field_values, None, errors)
    lines = _read_items(items, errors)
    if errors:
        raise Invalid(fields=errors)
    organization = actor.organization
    number = next_number(organization, f"request:{now.year}")
    request = PurchaseRequest(
        organization=organization,
        number=f"{organization.request_prefix}-{now.year}-{number:05}",
        requestor=actor,
        team=team,
        form_template=form,
        purchase_type=kind,
        amount=request_amount([line.total for line in lines], _flagged_amount(values)),
        created_at=now,
        updated_at=now,
        **cleaned,
    )
    request.save(force_insert=True)
    _write_values(request, values)
    _write_items(request, lines)
    return request, _described(request, values, lines)


def _record_submit(
    request: PurchaseRequest, old: str, *, actor: User, now: datetime, attached: Iterable[Attachment] = ()
) -> None:
    new = {"status": request.status, "workflow": str(request.workflow_template)}
    files = [described(attachment) for attachment in attached]
    audit.record(
        request,
        "submitted",
        actor=actor,
        now=now,
        old={"status": old},
        new={**new, "attachments": files} if files else new,
    )


def _read_texts(texts: Mapping[str, str], errors: Errors) -> dict[str, str]:
    cleaned = {name: text.strip() for name, text in texts.items()}
    for name, text in cleaned.items():
        if "\x00" in text:
            errors[name].append(_("Null characters are not allowed."))
        elif len(text) > TEXT_LENGTHS[name]:
            errors[name].append(_("Use at most %(count)d characters.") % {"count": TEXT_LENGTHS[name]})
        elif not text and name in REQUIRED:
            errors[name].append(_("This field is required."))
    return cleaned


def _read_purchase_type(given: str, errors: Errors) -> str:
    if given not in PurchaseType.values:
        errors["purchase_type"].append(_("Choose one of: %(options)s.") % {"options": ", ".join(PurchaseType.values)})
    return given


def _read_items(items: Sequence[ItemInput], errors: Errors) -> list[RequestItem]:
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


Values = list[tuple[FormField, Value]]


def _read_values(form: int, given: Mapping[str, Any], request: PurchaseRequest | None, errors: Errors) -> Values:
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


def _write_values(request: PurchaseRequest, values: Values) -> None:
    FieldValue.objects.bulk_create(_rows(request, values))


def _rows(request: PurchaseRequest, values: Values) -> list[FieldValue]:
    return [
        FieldValue(request=request, field=field, **{VALUE_COLUMNS[FieldType(field.field_type)]: value})
        for field, value in values
        if value is not None
    ]


def _write_items(request: PurchaseRequest, lines: Sequence[RequestItem]) -> None:
    for line in lines:
        line.request = request
    RequestItem.objects.bulk_create(lines)


def _flagged_amount(values: Values) -> Decimal | None:
    return next((value for field, value in values if field.is_amount and isinstance(value, Decimal)), None)


def _amount(request: PurchaseRequest) -> Decimal | None:
    flagged = request.field_values.filter(field__is_amount=True).values_list("value_number", flat=True).first()
    return request_amount(request.items.values_list("total", flat=True), flagged)


def _check_complete(request: PurchaseRequest) -> None:
    """Raises Invalid with every required field that is empty and every required kind of file that is missing."""
    errors: Errors = defaultdict(list)
    required = FormField.objects.filter(form_template=request.form_template_id, required=True)
    for field in required.exclude(pk__in=request.field_values.values("field")):
        errors[field.field_id].append(_("This field is required."))
    categories = list(AttachmentCategory.objects.filter(form_template=request.form_template_id, required=True))
    if categories:
        there = {category.casefold() for category in request.attachments.values_list("category", flat=True)}
        for category in categories:
            if category.name.casefold() not in there:
                errors["attachments"].append(_("Attach a file of the kind “%(kind)s”.") % {"kind": category.name})
    if errors:
        raise Invalid(fields=errors)


def _content(request: PurchaseRequest) -> tuple[Values, list[RequestItem]]:
    """The stored field values and lines."""
    rows = request.field_values.select_related("field", "value_file")
    return [(row.field, row.value) for row in rows], list(request.items.all())


def _described(request: PurchaseRequest, values: Values, items: Iterable[RequestItem]) -> dict[str, Any]:
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
