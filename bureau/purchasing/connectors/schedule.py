"""The syncs that nobody asks for: one job per organization that has something to sync."""

from datetime import timedelta

from django.utils import timezone

from bureau.core.jobs import Run, enqueue, job_handler
from bureau.core.models import Job, JobState
from bureau.purchasing.connectors.choosing import organizations_with
from bureau.purchasing.connectors.interface import Part
from bureau.purchasing.connectors.syncing import KIND, sync_part


@job_handler("sync_projects", every=timedelta(minutes=30))
def sync_projects(run: Run) -> None:
    _sync_everywhere(run, Part.PROJECTS)


@job_handler("sync_cost_codes", every=timedelta(days=1))
def sync_cost_codes(run: Run) -> None:
    _sync_everywhere(run, Part.COST_CODES)


@job_handler("sync_vendors", every=timedelta(days=1))
def sync_vendors(run: Run) -> None:
    _sync_everywhere(run, Part.VENDORS)


@job_handler("sync_part", max_attempts=30)  # a service that is away for most of a day
def sync_part_of_organization(run: Run) -> None:
    """Takes what is new row by row: a run that dies half way leaves the rest to the next."""
    organization = run.job.organization
    if organization is None:
        raise LookupError("the job names no organization")
    report = sync_part(organization, Part(run.job.payload["part"]), actor=None, now=timezone.now())
    with run.completing() as result:
        result |= report.stored()


def _sync_everywhere(run: Run, part: Part) -> None:
    found = list(organizations_with(part))
    with run.completing() as result:
        under_way = Job.objects.filter(
            kind=KIND, state__in=(JobState.PENDING, JobState.STARTED), payload__part=part.value
        )
        busy = set(under_way.values_list("organization", flat=True))
        result["organizations"] = 0
        for organization in found:
            if organization.pk not in busy:  # one that still tries goes on trying
                payload, key = {"part": part.value}, f"{KIND}:{part}:{organization.pk}:{run.job.pk}"
                enqueue(KIND, payload=payload, now=timezone.now(), organization=organization, key=key)
                result["organizations"] += 1
