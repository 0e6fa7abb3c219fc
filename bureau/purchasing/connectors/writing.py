"""What rows would change, and changing it: compared first, so that what is the same writes nothing at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bureau.accounts.permissions import SYSTEM
from bureau.core import audit
from bureau.core.models import Organization, User
from bureau.kit.errors import Conflict, DomainError, Invalid
from bureau.parties.models import AccountState, BankAccount, Vendor
from bureau.parties.services.parties import PARTY_FIELDS
from bureau.parties.services.vendors import FIELDS as VENDOR_FIELDS
from bureau.parties.services.vendors import create_vendor, propose_account, update_vendor
from bureau.purchasing.connectors.interface import Batch, Part, RowError
from bureau.purchasing.connectors.reading import REQUIRED_OF_NEW, Entry, read
from bureau.purchasing.models import CostCode, Project
from bureau.purchasing.services.budgets import set_budget, set_external, set_project_budget, set_project_external

PROJECT_FIELDS = ("name", "status", "start_date", "end_date")
COST_CODE_FIELDS = ("code", "description", "category", "active")
FIGURES = ("budget", "external")
ACCOUNT_FIELDS = ("iban", "bic", "holder")
MODELS: dict[Part, Any] = {Part.PROJECTS: Project, Part.COST_CODES: CostCode, Part.VENDORS: Vendor}
Book = Project | CostCode | Vendor
Changes = dict[str, tuple[Any, Any]]
"""Name -> what it is, what it will be."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What a row brings: a new record (`record` None), or changes of one."""

    entry: Entry
    record: Book | None
    changes: Changes

    @property
    def name(self) -> str:
        return " ".join(self.entry.key)


@dataclass(slots=True)
class Plan:
    part: Part
    planned: list[Planned] = field(default_factory=list)
    same: list[Book] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)

    @property
    def created(self) -> int:
        return sum(one.record is None for one in self.planned)

    @property
    def updated(self) -> int:
        return len(self.planned) - self.created


def compare(organization: Organization, part: Part, batch: Batch) -> Plan:
    """Reads the rows and compares them with what is there; changes nothing."""
    entries, errors = read(part, batch)
    plan = Plan(part, errors=errors)
    there = _existing(organization, part)
    projects = set(Project.objects.filter(organization=organization).values_list("code", flat=True))
    for entry in entries:
        record = there.get(entry.key)
        if record is None:
            problem = _missing(part, entry, projects)
            if problem:
                plan.errors.append(RowError(entry.number, problem))
            else:
                plan.planned.append(Planned(entry, None, {name: (None, value) for name, value in entry.values.items()}))
        elif changes := _changes(record, entry.values):
            plan.planned.append(Planned(entry, record, changes))
        else:
            plan.same.append(record)
    plan.errors.sort(key=lambda error: error.row)
    return plan


def carry_out(
    plan: Plan,
    *,
    organization: Organization,
    source: str,
    actor: User | None,
    brought_by: User | None = None,
    now: datetime,
) -> None:
    """Takes each row by itself; one that cannot be taken moves from `planned` to `errors`, the others go on.

    `brought_by` is who gave the file that the rows are from.
    """
    write = {Part.PROJECTS: _write_project, Part.COST_CODES: _write_cost_code, Part.VENDORS: _write_vendor}[plan.part]
    taken = []
    for planned in plan.planned:
        try:
            record = write(planned, organization=organization, source=source, actor=actor, now=now)
            taken.append(planned)
            if isinstance(record, Vendor):  # what is wrong with the account does not undo the rest of the row
                values = planned.entry.values
                _propose_account(record, values, source=source, actor=actor, brought_by=brought_by, now=now)
        except DomainError as error:
            plan.errors.append(RowError(planned.entry.number, error.message))
    plan.planned = taken
    plan.errors.sort(key=lambda error: error.row)
    by_hand = [record.pk for record in plan.same if record.synced_at is None]
    if by_hand:  # from now on the other side keeps them
        MODELS[plan.part].objects.filter(pk__in=by_hand, synced_at=None).update(synced_at=now)


def _existing(organization: Organization, part: Part) -> Mapping[tuple[str, ...], Book]:
    match part:
        case Part.PROJECTS:
            return {(row.code,): row for row in Project.objects.filter(organization=organization)}
        case Part.COST_CODES:
            codes = CostCode.objects.filter(project__organization=organization).select_related("project")
            return {(row.project.code, row.external_id): row for row in codes}
        case Part.VENDORS:
            vendors = Vendor.objects.filter(organization=organization).select_related("party", "organization")
            return {(row.code,): row for row in vendors.prefetch_related("bank_accounts")}


def _missing(part: Part, entry: Entry, projects: set[str]) -> str:
    """Why no new record can be made of this row."""
    if not entry.values.get(REQUIRED_OF_NEW[part]):
        return _("%(key)s is new, and has no %(name)s.") % {"key": " ".join(entry.key), "name": REQUIRED_OF_NEW[part]}
    if part == Part.COST_CODES and entry.key[0] not in projects:
        return _("There is no project %(code)s.") % {"code": entry.key[0]}
    return ""


def _changes(record: Book, values: Mapping[str, Any]) -> Changes:
    if isinstance(record, Vendor):
        changes = {name: (_of_vendor(record, name), values[name]) for name in VENDOR_FIELDS if name in values}
        account = _new_account(record, values)
        if account is not None:
            changes["account"] = (None, account)
    else:
        changes = {name: (getattr(record, name), value) for name, value in values.items()}
    return {name: (old, new) for name, (old, new) in changes.items() if old != new}


def _of_vendor(vendor: Vendor, name: str) -> Any:
    return getattr(vendor.party if name in PARTY_FIELDS else vendor, name)


def _new_account(vendor: Vendor, values: Mapping[str, Any]) -> str | None:
    """The account that this row brings, masked; None where it is known: paid to, proposed, or refused by somebody."""
    iban = values.get("iban")
    known = {account.iban for account in vendor.bank_accounts.all() if account.state != AccountState.SUPERSEDED}
    return BankAccount(iban=iban).masked if iban and iban not in known else None


def _write_project(
    planned: Planned, *, organization: Organization, source: str, actor: User | None, now: datetime
) -> Project:
    with transaction.atomic():
        if planned.record is None:
            project = Project(organization=organization, code=planned.entry.key[0], created_at=now)
        else:
            project = Project.objects.select_for_update(of=("self",), no_key=True).get(pk=planned.record.pk)
        changes = _changes(project, planned.entry.values)
        _set_fields(project, changes, PROJECT_FIELDS)
        if project.start_date and project.end_date and project.end_date < project.start_date:
            raise Invalid.field("end_date", _("end_date is before start_date"))
        project.updated_at = project.synced_at = now
        _save(project, (*PROJECT_FIELDS, "synced_at", "updated_at"))
        reason = _reason(source)
        if "budget" in changes:
            set_project_budget(project=project, budget=changes["budget"][1], reason=reason, actor=actor, now=now)
        if "external" in changes:
            set_project_external(project=project, spent=changes["external"][1], reason=reason, actor=actor, now=now)
        _record(project, planned, changes, {"code": project.code}, organization, source, actor, now)
    return project


def _write_cost_code(
    planned: Planned, *, organization: Organization, source: str, actor: User | None, now: datetime
) -> CostCode:
    with transaction.atomic():
        if planned.record is None:
            project = Project.objects.get(organization=organization, code=planned.entry.key[0])
            code = CostCode(project=project, external_id=planned.entry.key[1])
        else:
            rows = CostCode.objects.select_for_update(of=("self",), no_key=True).select_related("project")
            code = rows.get(pk=planned.record.pk)
        changes = _changes(code, planned.entry.values)
        _set_fields(code, changes, COST_CODE_FIELDS)
        code.synced_at = now
        _save(code, (*COST_CODE_FIELDS, "synced_at"))
        reason = _reason(source)
        if "budget" in changes:
            set_budget(cost_code=code, budget=changes["budget"][1], reason=reason, actor=actor, now=now)
        if "external" in changes:
            set_external(cost_code=code, spent=changes["external"][1], reason=reason, actor=actor, now=now)
        named = {"project": code.project.code, "external_id": code.external_id}
        _record(code, planned, changes, named, organization, source, actor, now)
    return code


def _write_vendor(
    planned: Planned, *, organization: Organization, source: str, actor: User | None, now: datetime
) -> Vendor:
    values = planned.entry.values
    given = {name: values[name] for name in VENDOR_FIELDS if name in values}
    with transaction.atomic():
        if planned.record is None:
            vendor = create_vendor(
                actor=actor or SYSTEM,
                organization=organization,
                code=planned.entry.key[0],
                allow_duplicate=True,
                now=now,
                **given,
            )
        else:
            assert isinstance(planned.record, Vendor)  # noqa: S101
            vendor = update_vendor(
                actor=actor or SYSTEM, vendor=planned.record, changes=given, allow_duplicate=True, now=now
            )
        Vendor.objects.filter(pk=vendor.pk).update(synced_at=now)
    return vendor


def _propose_account(
    vendor: Vendor,
    values: Mapping[str, Any],
    *,
    source: str,
    actor: User | None,
    brought_by: User | None,
    now: datetime,
) -> None:
    """A second person confirms it, like any other."""
    if _new_account(vendor, values) is not None:
        account = {name: values[name] for name in ACCOUNT_FIELDS if values.get(name)}
        propose_account(
            actor=actor or SYSTEM,
            vendor=vendor,
            reason=_reason(source),
            brought_by=brought_by,
            now=now,
            **account,
        )


def _set_fields(record: Book, changes: Changes, names: tuple[str, ...]) -> None:
    for name in names:
        if name in changes:
            setattr(record, name, changes[name][1])


def _save(record: Book, names: tuple[str, ...]) -> None:
    """New ones as a whole; the figures of both only ever change through the ledger."""
    if record.pk is not None:
        record.save(update_fields=names)
        return
    try:
        with transaction.atomic():
            record.save(force_insert=True)
    except IntegrityError:
        raise Conflict(_("Somebody made this at the same moment; the next sync compares it.")) from None


def _record(
    record: Book,
    planned: Planned,
    changes: Changes,
    named: Mapping[str, Any],
    organization: Organization,
    source: str,
    actor: User | None,
    now: datetime,
) -> None:
    if not changes:  # somebody was quicker
        return
    new = {name: value for name, (_old, value) in changes.items()}
    if planned.record is None:
        audit.record(
            record, "created", actor=actor, now=now, organization=organization, new={**named, **new, "source": source}
        )
        return
    old = {name: value for name, (value, _new) in changes.items()}
    audit.record(
        record, "updated", actor=actor, now=now, organization=organization, old=old, new={**new, "source": source}
    )


def _reason(source: str) -> str:
    return f"synced from {source}"
