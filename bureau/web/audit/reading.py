"""What an audit entry tells, in words: what happened to which record, and each value before and after."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.translation import gettext as _

from bureau.accounts.models import Team
from bureau.cases.models import Case, DocumentType, Product
from bureau.core.models import AuditEntry, User
from bureau.imports.models import Import
from bureau.parties.models import Customer, Vendor
from bureau.purchasing.models import Bill, FormTemplate, Project, PurchaseOrder, PurchaseRequest, WorkflowTemplate

LONGEST = 300  # characters of one value
FEW = 4  # changes that are shown without being asked for


@dataclass(frozen=True)
class Change:
    name: str
    old: str | None  # None: was not there
    new: str | None


@dataclass(frozen=True)
class Told:
    entry: AuditEntry
    what: str
    name: str  # of the record, as it is called today
    url: str
    changes: list[Change]

    @property
    def many(self) -> bool:
        return len(self.changes) > FEW


PAGES: dict[str, tuple[Any, str, str, tuple[str, ...]]] = {
    "purchase_request": (PurchaseRequest, "web:request", "uuid", ()),
    "purchase_order": (PurchaseOrder, "web:order", "pk", ()),
    "project": (Project, "web:project", "code", ()),
    "vendor": (Vendor, "web:vendor", "code", ("party",)),
    "bill": (Bill, "web:bill", "pk", ("vendor__party",)),
    "import": (Import, "web:import", "pk", ("file",)),
    "customer": (Customer, "web:customer", "pk", ("party",)),
    "case": (Case, "web:case", "pk", ()),
    "product": (Product, "web:product", "pk", ()),
    "document_type": (DocumentType, "web:document-type", "pk", ()),
    "user": (User, "web:setup-user", "uuid", ()),
    "team": (Team, "web:setup-team", "uuid", ()),
    "form_template": (FormTemplate, "web:setup-form", "uuid", ()),
    "workflow_template": (WorkflowTemplate, "web:setup-workflow", "uuid", ()),
}
"""Kind of record -> its model, its page, the attribute that names it there, and what its name is made of besides."""


def described(entries: Iterable[AuditEntry], user: User) -> list[Told]:
    entries = list(entries)
    records = {kind: _records(kind, entries, user) for kind in {entry.entity_type for entry in entries} & PAGES.keys()}
    return [_told(entry, records.get(entry.entity_type, {}).get(entry.entity_id)) for entry in entries]


def _records(kind: str, entries: list[AuditEntry], user: User) -> dict[str, Model]:
    wanted = {entry.entity_id for entry in entries if entry.entity_type == kind and entry.entity_id.isdigit()}
    model, _route, _key, parts = PAGES[kind]
    return {str(row.pk): row for row in model.objects.visible_to(user).filter(pk__in=wanted).select_related(*parts)}


def _told(entry: AuditEntry, record: Model | None) -> Told:
    kind = _words(entry.entity_type)
    name = str(record) if record is not None else f"{kind} {entry.entity_id}"
    url = ""
    if record is not None:
        _model, route, key, _parts = PAGES[entry.entity_type]
        url = reverse(route, args=[getattr(record, key)])
    return Told(entry, _words(entry.action), name, url, _changes(entry))


def _changes(entry: AuditEntry) -> list[Change]:
    old, new = (values if isinstance(values, dict) else {} for values in (entry.old_values, entry.new_values))
    return [
        Change(_words(name), _shown(old[name]) if name in old else None, _shown(new[name]) if name in new else None)
        for name in [*old, *(name for name in new if name not in old)]
    ]


def _shown(value: Any) -> str:
    match value:
        case None | "":
            return "–"
        case bool():
            return _("yes") if value else _("no")
        case list():
            text = "\n".join(_row(one) for one in value)
        case dict():
            text = _row(value)
        case _:
            text = str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _row(value: Any) -> str:
    """An item of a list: what it says of itself, else its filled values by name."""
    if not isinstance(value, dict):
        return str(value)
    if "message" in value:
        return str(value["message"])
    return ", ".join(f"{_words(str(name))} {one}" for name, one in value.items() if one not in (None, ""))


def _words(name: str) -> str:
    return name.replace("_", " ")
