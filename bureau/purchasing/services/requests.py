"""Making, changing and submitting purchase requests."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from bureau.accounts.models import Team
from bureau.core import audit
from bureau.core.models import User
from bureau.core.numbers import next_number
from bureau.kit.errors import BusinessRule, Invalid
from bureau.purchasing.calculations import request_amount
from bureau.purchasing.models import (
    Attachment,
    AttachmentCategory,
    FormField,
    FormTemplate,
    PurchaseRequest,
    PurchaseType,
)
from bureau.purchasing.permissions import requests as permissions
from bureau.purchasing.services.approvals import start_round
from bureau.purchasing.services.attachments import Upload, attach_stored, described, store_uploads
from bureau.purchasing.services.content import (
    Errors,
    ItemInput,
    described_content,
    flagged_amount,
    read_items,
    read_purchase_type,
    read_texts,
    read_values,
    stored_amount,
    stored_content,
    write_items,
    write_values,
)
from bureau.purchasing.services.editing import begin_edit, locked, require_state
from bureau.purchasing.states import RequestStatus


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
        before = described_content(request, *stored_content(request))
        begin_edit(request, actor=actor, now=now)
        errors: Errors = defaultdict(list)
        changes: dict[str, Any] = read_texts(texts, errors)
        if purchase_type is not None:
            changes["purchase_type"] = read_purchase_type(purchase_type, errors)
        values = read_values(request.form_template_id, field_values or {}, request, errors)
        lines = None if items is None else read_items(items, errors)
        if errors:
            raise Invalid(fields=errors)
        request.field_values.filter(field__in=[field for field, _value in values]).delete()
        write_values(request, values)
        if lines is not None:
            request.items.all().delete()
            write_items(request, lines)
        for name, value in changes.items():
            setattr(request, name, value)
        request.amount = stored_amount(request)
        request.save(update_fields=[*changes, "amount"])
        after = described_content(request, *stored_content(request))
        audit.record_update(request, actor=actor, now=now, before=before, after=after)
    return request


def submit_request(
    *, actor: User, request: PurchaseRequest, uploads: Sequence[Upload] = (), now: datetime
) -> PurchaseRequest:
    """Submits to the newest workflow of the team, with `uploads` attached first; all of it or nothing.

    Raises Forbidden (not the requestor, or no initiator of an active team any more), WrongState, Invalid (everything
    that is missing), NoApprover (names the step).
    """
    permissions.can_edit_request(actor, request).enforce()
    stored = store_uploads(actor=actor, request=request, uploads=uploads, now=now) if uploads else []
    with transaction.atomic():
        request = locked(request)
        permissions.can_edit_request(actor, request).enforce()
        require_state(request, "submit")
        permissions.can_start_request(actor, request.team).enforce()
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
        audit.record(request, "deleted", actor=actor, now=now, old=described_content(request, *stored_content(request)))
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
    cleaned = read_texts(texts, errors)
    kind = read_purchase_type(purchase_type, errors)
    values = read_values(form.pk, field_values, None, errors)
    lines = read_items(items, errors)
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
        amount=request_amount([line.total for line in lines], flagged_amount(values)),
        created_at=now,
        updated_at=now,
        **cleaned,
    )
    request.save(force_insert=True)
    write_values(request, values)
    write_items(request, lines)
    return request, described_content(request, values, lines)


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
