"""The audit log: one hash chain per organization, written in the transaction of the change itself."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, models, transaction

from bureau.core.context import current
from bureau.core.models import AuditEntry, AuditHead, Organization, User
from bureau.core.prepared import prepared

type_names: dict[type[models.Model], str] = {}


def entity_type(record: models.Model) -> str:
    """The name of a record's kind as the audit log shows it: the model's verbose name with underscores."""
    model = record._meta.model  # of the request's user, too, which is a lazy stand-in
    if model not in type_names:
        type_names[model] = str(model._meta.verbose_name).replace(" ", "_").lower()
    return type_names[model]


def link(entry: AuditEntry) -> str:
    """The hash of an entry: SHA-256 over the previous hash and all of its values in a fixed order, as JSON."""
    values = [
        entry.previous_hash,
        entry.chain,
        entry.position,
        entry.organization_id,
        entry.user_id,
        entry.entity_type,
        entry.entity_id,
        entry.action,
        entry.old_values,
        entry.new_values,
        entry.ip_address,
        entry.request_id,
        entry.created_at.timestamp(),
    ]
    return hashlib.sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).hexdigest()


def record(
    entity: models.Model,
    action: str,
    *,
    actor: User | None,
    now: datetime,
    old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
    organization: Organization | None = None,
) -> AuditEntry:
    """Appends an entry. Call it last in the transaction: it locks the organization's chain until the commit.

    `old` and `new` hold the changed values; they are stored as JSON (money and dates as text).
    `actor` None stands for the system itself. The organization is the entity's own where not given.
    """
    organization_id = organization.pk if organization else getattr(entity, "organization_id", None)
    chain = organization_id or 0
    origin = current()
    with transaction.atomic(savepoint=False):
        heads = _locked_head(chain=chain)
        if not heads:
            AuditHead.objects.bulk_create([AuditHead(chain=chain)], ignore_conflicts=True)
            heads = _locked_head(chain=chain)
        head = heads[0]
        entry = AuditEntry(
            chain=chain,
            position=head.position + 1,
            organization_id=organization_id,
            user=actor,
            entity_type=entity_type(entity),
            entity_id=str(entity.pk),
            action=action,
            old_values=_plain(old),
            new_values=_plain(new),
            ip_address=origin.address,
            request_id=origin.request_id,
            created_at=now,
            previous_hash=head.hash,
        )
        entry.hash = link(entry)
        entry.save(force_insert=True)
        AuditHead.objects.filter(pk=chain).update(position=entry.position, hash=entry.hash)
    return entry


def record_update(
    entity: models.Model,
    *,
    actor: User | None,
    now: datetime,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    organization: Organization | None = None,
) -> None:
    """Appends an entry of what differs between the two, where anything does. As `record`: last in the transaction."""
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        old, new = ({name: values[name] for name in changed} for values in (before, after))
        record(entity, "updated", actor=actor, now=now, old=old, new=new, organization=organization)


@prepared
def _locked_head(chain: int) -> models.QuerySet[AuditHead]:
    return AuditHead.objects.select_for_update().filter(pk=chain)


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the chain does not hold."""

    chain: int
    position: int
    reason: str


def breaks(chain: int | None = None) -> Iterator[Break]:
    """Every place where a chain (or all) was altered, cut or reordered; nothing when the log is whole."""
    heads = AuditHead.objects.order_by("chain")
    for head in heads.filter(pk=chain) if chain is not None else heads:
        expected, previous = 1, ""
        for entry in AuditEntry.objects.filter(chain=head.chain).order_by("position").iterator(2000):
            if entry.position != expected:
                yield Break(head.chain, expected, f"entries {expected} to {entry.position - 1} are missing")
            elif entry.previous_hash != previous:
                yield Break(head.chain, entry.position, "does not continue the entry before it")
            if link(entry) != entry.hash:
                yield Break(head.chain, entry.position, f"entry {entry.pk} was changed after it was written")
            expected, previous = entry.position + 1, entry.hash
        if (expected - 1, previous) != (head.position, head.hash):
            yield Break(head.chain, head.position, "the end of the chain is missing or was replaced")
    if chain is None:
        for lost in (
            AuditEntry.objects.exclude(chain__in=AuditHead.objects.values("chain"))
            .values_list("chain", flat=True)
            .distinct()
        ):
            yield Break(lost, 0, "the chain has entries but no head")


def _plain(values: Mapping[str, Any] | None) -> Any:
    return None if values is None else orjson.loads(orjson.dumps(values, default=str, option=orjson.OPT_NON_STR_KEYS))


def trigger_statements(vendor: str | None = None) -> list[str]:
    """The SQL by which the database itself refuses to change or delete an entry."""
    vendor = vendor or connection.vendor
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER core_auditentry_no_{verb.lower()} BEFORE {verb} ON core_auditentry "
            "BEGIN SELECT RAISE(ABORT, 'audit entries are never changed'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    return [
        (
            "CREATE OR REPLACE FUNCTION core_auditentry_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'audit entries are never changed'; END $$"
        ),
        *(
            f"CREATE TRIGGER core_auditentry_no_{verb.lower()} BEFORE {verb} ON core_auditentry "
            "FOR EACH ROW EXECUTE FUNCTION core_auditentry_refuse()"
            for verb in ("UPDATE", "DELETE")
        ),
    ]
