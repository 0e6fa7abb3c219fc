"""Keeping the kinds of documents that cases take."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bureau.accounts.permissions import System
from bureau.accounts.services.validation import FieldErrors, set_fields
from bureau.cases.actions import ACTIONS
from bureau.cases.models import Case, CaseDocument, DocumentType
from bureau.cases.permissions import products as permissions
from bureau.cases.selectors.products import type_usage
from bureau.cases.services.cases.following import follow, locked
from bureau.cases.states import StepStatus
from bureau.core import audit
from bureau.core.models import Organization, User
from bureau.kit.errors import BusinessRule, Conflict, Invalid, NotFound

FIELDS = (
    "name", "description", "has_number", "has_expiry_date", "min_validity_months", "notify_days_before", "actions",
)  # fmt: skip
ASKED = ("has_number", "has_expiry_date")
"""What makes a document complete, beside its file."""
LONGEST_VALIDITY = 120
"""Months."""
LONGEST_NOTICE = 3650
"""Days."""


class DocumentTypeExists(Conflict):
    """The organization has a document type of this name, in whatever case."""

    code = "DOCUMENT_TYPE_EXISTS"


class DocumentTypeInUse(BusinessRule):
    """Products or cases refer to the document type."""

    code = "DOCUMENT_TYPE_IN_USE"


def create_document_type(
    *, actor: User | System, name: str, organization: Organization | None = None, now: datetime, **details: Any
) -> DocumentType:
    """A document type of the organization, the actor's where not named. `details`: further names of FIELDS.

    Raises Forbidden, Invalid, DocumentTypeExists.
    """
    owner = organization or organization_of(actor)
    permissions.can_write_products(actor, owner).enforce()
    kind = DocumentType(organization=owner, created_at=now, updated_at=now)
    _set(kind, {"name": name, **details})
    with transaction.atomic():
        _save(kind, force_insert=True)
        audit.record(kind, "created", actor=recorded(actor), now=now, new=_values(kind))
    return kind


def update_document_type(
    *, actor: User | System, document_type: DocumentType, changes: Mapping[str, Any], now: datetime
) -> DocumentType:
    """Changes what is named in `changes` (names of FIELDS; others are ignored). Open cases follow where their documents
    are complete now, or are no longer.

    Raises Forbidden, Invalid, DocumentTypeExists.
    """
    permissions.can_write_products(actor, document_type.organization).enforce()
    with transaction.atomic():
        kind = _locked(document_type)
        before = _values(kind)
        _set(kind, changes)
        after = _values(kind)
        if after != before:
            kind.updated_at = now
            _save(kind)
            if any(after[name] != before[name] for name in ASKED):
                _follow_cases(kind, now=now)
            audit.record_update(kind, actor=recorded(actor), now=now, before=before, after=after)
    return kind


def delete_document_type(*, actor: User | System, document_type: DocumentType, now: datetime) -> None:
    """Deletes a document type that nothing refers to. Raises Forbidden, DocumentTypeInUse."""
    permissions.can_write_products(actor, document_type.organization).enforce()
    with transaction.atomic():
        kind = _locked(document_type, deleting=True)
        usage = type_usage(kind)
        if usage.in_use:
            raise DocumentTypeInUse(usage.message)
        audit.record(kind, "deleted", actor=recorded(actor), now=now, old=_values(kind))
        kind.delete()


def check_months(months: int | None) -> str:
    """What is wrong with how long a document must be valid, in months."""
    if months is not None and not 0 <= months <= LONGEST_VALIDITY:
        return _("Use 0 to %(count)d months.") % {"count": LONGEST_VALIDITY}
    return ""


def organization_of(actor: User | System) -> Organization:
    if isinstance(actor, System):
        raise TypeError("the system has no organization: name one")
    return actor.organization


def recorded(actor: User | System) -> User | None:
    return actor if isinstance(actor, User) else None


def _set(kind: DocumentType, given: Mapping[str, Any]) -> None:
    """Sets values on the unsaved change. Raises Invalid."""
    values = {name: given[name] for name in FIELDS if name in given}
    errors = set_fields(kind, {name: value for name, value in values.items() if name != "actions"})
    if "min_validity_months" in values and "min_validity_months" not in errors:
        problem = check_months(kind.min_validity_months)
        if problem:
            errors["min_validity_months"] = [problem]
    asked = "notify_days_before" in values and "notify_days_before" not in errors
    if asked and not 0 <= kind.notify_days_before <= LONGEST_NOTICE:
        errors["notify_days_before"] = [_("Use 0 to %(count)d days.") % {"count": LONGEST_NOTICE}]
    if "actions" in values:
        errors |= _set_actions(kind, values["actions"])
    if errors:
        raise Invalid(fields=errors)


def _set_actions(kind: DocumentType, given: Any) -> FieldErrors:
    names = given if isinstance(given, list) else [None]
    if not all(isinstance(name, str) and name in ACTIONS for name in names):
        return {"actions": [_("Give a list of some of: %(options)s.") % {"options": ", ".join(ACTIONS)}]}
    kind.actions = list(dict.fromkeys(names))
    return {}


def _follow_cases(kind: DocumentType, *, now: datetime) -> None:
    """Those whose state hangs on such a document: nobody has begun to work on them, and it has a file."""
    held = CaseDocument.objects.filter(document_type=kind, required=True, file__isnull=False)
    waiting = Case.objects.filter(step_status=StepStatus.PENDING, step_number=1, pk__in=held.values("case"))
    for case in waiting.order_by("pk"):
        follow(locked(case), now=now)


def _values(kind: DocumentType) -> dict[str, Any]:
    return {name: getattr(kind, name) for name in FIELDS}


def _save(kind: DocumentType, **options: Any) -> None:
    """Raises DocumentTypeExists."""
    message = _("There is a document type “%(name)s” already.") % {"name": kind.name}
    taken = DocumentTypeExists(message, fields={"name": [message]})
    same = DocumentType.objects.filter(organization=kind.organization_id, name__iexact=kind.name)
    if same.exclude(pk=kind.pk).exists():
        raise taken
    try:
        with transaction.atomic():
            kind.save(**options)
    except IntegrityError:
        raise taken from None


def _locked(kind: DocumentType, *, deleting: bool = False) -> DocumentType:
    rows = DocumentType.objects.select_for_update(of=("self",), no_key=not deleting).select_related("organization")
    found = rows.filter(pk=kind.pk).first()
    if found is None:
        raise NotFound(_("The document type was deleted."))
    return found
