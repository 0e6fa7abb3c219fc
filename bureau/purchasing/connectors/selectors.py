"""What there is to know about an organization's connections."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from bureau.core.models import Job, JobState, Organization
from bureau.purchasing.connectors import posting, syncing
from bureau.purchasing.connectors.choosing import serves_part, service_organization
from bureau.purchasing.connectors.circuit import Circuit, CircuitState
from bureau.purchasing.connectors.files import FileConnector
from bureau.purchasing.connectors.interface import Part


@dataclass(frozen=True, slots=True)
class LastSync:
    """`source`: who serves this part; `file`: its name, where a file does and there is one. `job`: the last one that
    was tried at least once; None: never. Its state PENDING means that it failed and is tried again."""

    part: Part
    source: str
    file: str
    job: Job | None

    @property
    def result(self) -> dict[str, Any]:
        return (self.job.result if self.job else None) or {}

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Rows that were left out, `{row, message}`: the first hundred."""
        return list(self.result.get("errors", []))


def last_syncs(organization: Organization) -> list[LastSync]:
    """Of each part, where it comes from and how it went."""
    tried = Job.objects.filter(organization=organization, kind=syncing.KIND, attempts__gt=0)
    found = []
    for part in Part:
        connector = serves_part(organization, part)
        path = connector.file_of(part) if isinstance(connector, FileConnector) else None
        job = tried.filter(payload__part=part.value).order_by("-created_at").first()
        found.append(LastSync(part, connector.name, path.name if path else "", job))
    return found


def circuits(organization: Organization) -> Iterator[tuple[str, CircuitState]]:
    """The services that belong to this organization, and whether they are asked."""
    if service_organization() != organization:
        return
    for name, url in (("JobCost", settings.JOBCOST_URL), ("Timberline", settings.TIMBERLINE_URL)):
        if url:
            yield name, Circuit(name).state()


def posts(organization: Organization) -> QuerySet[Job]:
    """The orders that were, or are to be, handed over."""
    return Job.objects.filter(organization=organization, kind=posting.KIND)


def posts_under_way(organization: Organization) -> QuerySet[Job]:
    """Those that wait or were given up, the oldest first."""
    return (
        posts(organization)
        .filter(state__in=(JobState.PENDING, JobState.STARTED, JobState.FAILURE))
        .order_by("created_at")
    )
