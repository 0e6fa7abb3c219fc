"""Bringing projects, cost codes and vendors up to date, on demand or by schedule.

The rows are fetched first and taken one by one afterwards: a service that fails leaves the books as the last sync made
them, and nobody who orders waits for it. What a service no longer mentions stays as it is; it is closed or inactive
once the service says so.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from bureau.accounts.permissions import has_code
from bureau.core.models import AuditEntry, Job, JobState, Organization, User
from bureau.kit.errors import IntegrationFailed, NotFound
from bureau.kit.permissions import ALLOWED, Decision, denied
from bureau.purchasing.connectors.choosing import serves_part
from bureau.purchasing.connectors.files import FileConnector
from bureau.purchasing.connectors.http import PATIENT, QUICK, Patience
from bureau.purchasing.connectors.interface import PARTS, Part, RowError, read_part
from bureau.purchasing.connectors.writing import carry_out, compare

KIND = "sync_part"
FILE_TAKEN = "file_taken"
KEPT_ERRORS = 100

SUCCESS, PARTIAL, NOTHING = "success", "partial", "nothing_to_sync"


@dataclass(frozen=True, slots=True)
class PartReport:
    part: Part
    source: str
    status: str
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: list[RowError] = field(default_factory=list)

    def stored(self) -> dict[str, Any]:
        """As a job's result keeps it: the first rows that were left out, and how many there were."""
        errors = [asdict(error) for error in self.errors[:KEPT_ERRORS]]
        counts = {"created": self.created, "updated": self.updated, "unchanged": self.unchanged}
        words = {"part": self.part.value, "source": self.source, "status": self.status}
        return {**words, **counts, "errors": errors, "left_out": len(self.errors)}


@dataclass(frozen=True, slots=True)
class SyncReport:
    """All parts of one connector together."""

    connector: str
    parts: list[PartReport]
    synced_at: datetime

    @property
    def status(self) -> str:
        found = {part.status for part in self.parts}
        return PARTIAL if PARTIAL in found else SUCCESS if SUCCESS in found else NOTHING

    @property
    def created(self) -> int:
        return sum(part.created for part in self.parts)

    @property
    def updated(self) -> int:
        return sum(part.updated for part in self.parts)

    @property
    def unchanged(self) -> int:
        return sum(part.unchanged for part in self.parts)

    @property
    def errors(self) -> list[dict[str, Any]]:
        return [{"part": part.part.value, **asdict(error)} for part in self.parts for error in part.errors]


def can_sync(user: User, organization: Organization) -> Decision:
    if has_code(user, "integration:trigger") and (user.is_superuser or user.organization_id == organization.pk):
        return ALLOWED
    return denied(_("Only administrators start a sync."))


def sync(*, connector: str, organization: Organization, actor: User | None, now: datetime) -> SyncReport:
    """Everything that one connector brings, at once.

    Raises NotFound (no such connector), Forbidden (`actor` None is the system), IntegrationFailed.
    """
    parts = PARTS.get(connector)
    if parts is None:
        raise NotFound(_("There is no such integration."))
    if actor is not None:
        can_sync(actor, organization).enforce()
    return SyncReport(connector, [sync_recorded(organization, part, actor=actor, now=now) for part in parts], now)


def sync_recorded(organization: Organization, part: Part, *, actor: User | None, now: datetime) -> PartReport:
    """For somebody who waits: recorded as a job that has ended, beside those of the schedule."""
    try:
        report = sync_part(organization, part, actor=actor, now=now, patience=QUICK)
    except IntegrationFailed as error:
        _record(organization, part, JobState.FAILURE, actor=actor, now=now, error=error.message)
        raise
    _record(organization, part, JobState.SUCCESS, actor=actor, now=now, result=report.stored())
    return report


def sync_part(
    organization: Organization, part: Part, *, actor: User | None, now: datetime, patience: Patience = PATIENT
) -> PartReport:
    """Raises IntegrationFailed; nothing is changed then."""
    connector = serves_part(organization, part, patience=patience)
    batch = read_part(connector, part)
    if batch is None:
        return PartReport(part, connector.name, NOTHING)
    plan = compare(organization, part, batch)
    brought_by = taken_by(organization, part) if isinstance(connector, FileConnector) else None
    carry_out(plan, organization=organization, source=connector.name, actor=actor, brought_by=brought_by, now=now)
    return PartReport(
        part,
        connector.name,
        PARTIAL if plan.errors else SUCCESS,
        created=plan.created,
        updated=plan.updated,
        unchanged=len(plan.same),
        errors=plan.errors,
    )


def taken_by(organization: Organization, part: Part) -> User | None:
    """Who gave the file of this part from the browser, last. Whoever syncs it later, the accounts in it are theirs."""
    taken = AuditEntry.objects.filter(organization=organization, entity_type="organization", action=FILE_TAKEN)
    taken = taken.filter(entity_id=str(organization.pk), new_values__file=f"{part}.csv").select_related("user")
    last = taken.order_by("-created_at", "-pk").first()
    return last.user if last else None


def _record(
    organization: Organization, part: Part, state: JobState, *, actor: User | None, now: datetime, **outcome: Any
) -> None:
    Job.objects.create(
        kind=KIND,
        organization=organization,
        requested_by=actor,
        payload={"part": part.value},
        state=state,
        progress=100,
        attempts=1,
        created_at=now,
        run_after=now,
        dispatched_at=now,
        started_at=now,
        finished_at=now,
        **outcome,
    )
