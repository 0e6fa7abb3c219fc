"""Making, changing and deleting draft orders."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.core import audit
from bureau.core.models import User
from bureau.core.numbers import next_number
from bureau.kit.errors import Forbidden, Invalid
from bureau.parties.models import Vendor
from bureau.parties.selectors.vendors import vendor_named
from bureau.purchasing.models import CostCode, Project, PurchaseOrder, PurchaseRequest
from bureau.purchasing.permissions import orders as permissions
from bureau.purchasing.services.orders.content import (
    FIELDS,
    Errors,
    LineInput,
    check_order,
    check_vendor,
    described,
    read_lines,
    read_order,
    set_totals,
    write_lines,
)
from bureau.purchasing.services.orders.editing import locked


def create_order(
    *,
    actor: User,
    type: str,
    project: Project,
    cost_code: CostCode,
    vendor_name: str,
    vendor: Vendor | None = None,
    vendor_contact_name: str = "",
    vendor_email: str = "",
    vendor_phone: str = "",
    vendor_address: str = "",
    description: str = "",
    lines: Sequence[LineInput] = (),
    ceiling_amount: Decimal | None = None,
    urgency_justification: str = "",
    request: PurchaseRequest | None = None,
    now: datetime,
) -> PurchaseOrder:
    """Makes a draft with the day's next number. Without `vendor`, the vendor of that name is taken, where there is one.

    Raises Forbidden (no po:create) and Invalid, keyed by the API's names (line_items.0.quantity).
    """
    permissions.can_create_order(actor).enforce()
    organization = actor.organization
    errors: Errors = defaultdict(list)
    values = read_order(
        {
            "type": type,
            "project": project,
            "cost_code": cost_code,
            "vendor": vendor,
            "vendor_name": vendor_name,
            "vendor_contact_name": vendor_contact_name,
            "vendor_email": vendor_email,
            "vendor_phone": vendor_phone,
            "vendor_address": vendor_address,
            "description": description,
            "ceiling_amount": ceiling_amount,
            "urgency_justification": urgency_justification,
        },
        errors,
    )
    rows = read_lines(organization, lines, errors)
    order = PurchaseOrder(
        organization=organization, request=request, created_by=actor, created_at=now, updated_at=now, **values
    )
    check_order(order, rows, errors)
    check_vendor(order, errors)
    if errors:
        raise Invalid(fields=errors)
    if vendor is None:
        order.vendor = vendor_named(organization, order.vendor_name)
    with transaction.atomic():
        day = timezone.localdate(now)
        count = next_number(organization, f"po:{day:%y%j}")
        order.po_number = f"{day:%y%j}-PO-{count:03}"
        set_totals(order, rows)
        order.save(force_insert=True)
        write_lines(order, rows)
        audit.record(order, "created", actor=actor, now=now, new=described(order, rows))
    return order


def update_order(
    *,
    actor: User,
    order: PurchaseOrder,
    changes: Mapping[str, Any],
    lines: Sequence[LineInput] | None = None,
    now: datetime,
) -> PurchaseOrder:
    """Changes what is given of a draft (names of FIELDS) and leaves the rest; `lines` replaces all.

    Raises Forbidden (somebody else's, or no draft any more) and Invalid.
    """
    with transaction.atomic():
        order = locked(order)
        permissions.can_edit_order(actor, order).enforce()
        _require_draft(order, "edit")
        old_lines = list(order.lines.all())
        before = described(order, old_lines)
        errors: Errors = defaultdict(list)
        values = read_order({name: value for name, value in changes.items() if name in FIELDS}, errors)
        if "vendor_name" in values and "vendor" not in values:
            values["vendor"] = vendor_named(order.organization, values["vendor_name"])
        for name, value in values.items():
            setattr(order, name, value)
        rows = old_lines if lines is None else read_lines(order.organization, lines, errors)
        check_order(order, rows, errors)
        if "vendor" in changes:
            check_vendor(order, errors)
        if errors:
            raise Invalid(fields=errors)
        set_totals(order, rows)
        order.updated_at = now
        order.save()
        if lines is not None:
            order.lines.all().delete()
            write_lines(order, rows)
        after = described(order, rows)
        audit.record_update(order, actor=actor, now=now, before=before, after=after)
    return order


def delete_order(*, actor: User, order: PurchaseOrder, now: datetime) -> None:
    """Deletes a draft: it is seen nowhere any more, and its number stays void. Raises Forbidden."""
    with transaction.atomic():
        order = locked(order)
        permissions.can_edit_order(actor, order).enforce()
        _require_draft(order, "delete")
        PurchaseOrder.objects.filter(pk=order.pk).update(deleted_at=now, updated_at=now)
        audit.record(order, "deleted", actor=actor, now=now, old=described(order, order.lines.all()))


def _require_draft(order: PurchaseOrder, action: str) -> None:
    """Editing or deleting what is no draft is forbidden, not a wrong state (system.md, section 11)."""
    if order.status not in permissions.STATES_OF[action]:
        raise Forbidden(permissions.wrong_state(order, action) + " " + _("Add a note, or make another order."))
