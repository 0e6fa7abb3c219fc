"""Which connector serves whom. The services of the environment belong to one organization and fill no other's books."""

from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from bureau.core.models import Organization
from bureau.purchasing.connectors.files import FileConnector, folders
from bureau.purchasing.connectors.http import PATIENT, Patience
from bureau.purchasing.connectors.interface import Connector, Part
from bureau.purchasing.connectors.jobcost import JobCost
from bureau.purchasing.connectors.timberline import Timberline


def service_organization() -> Organization | None:
    """Whom CONNECTOR_ORGANIZATION names, by uuid or exact name; empty: the oldest. A name that several have is
    nobody's: an organization must not get at another's services by taking its name."""
    named = settings.CONNECTOR_ORGANIZATION.strip()
    if not named:
        return Organization.objects.order_by("pk").first()
    try:
        found = list(Organization.objects.filter(uuid=UUID(named)))
    except ValueError:
        found = list(Organization.objects.filter(name=named)[:2])
    return found[0] if len(found) == 1 else None


def serves_part(organization: Organization, part: Part, *, patience: Patience = PATIENT) -> Connector:
    """Where this part of the organization's books comes from."""
    if part == Part.VENDORS:
        return serves_orders(organization, patience=patience)
    if settings.JOBCOST_URL and service_organization() == organization:
        return JobCost.from_settings(patience=patience)
    return FileConnector.of(organization)


def serves_orders(organization: Organization, *, patience: Patience = PATIENT) -> Connector:
    """Where the organization's approved orders are posted to."""
    if settings.TIMBERLINE_URL and service_organization() == organization:
        return Timberline.from_settings(patience=patience)
    return FileConnector.of(organization)


def organizations_with(part: Part) -> QuerySet[Organization]:
    """Those that have active people and something to sync: the service, or a file."""
    ids: set[UUID] = set()
    if folders().is_dir():
        for folder in folders().iterdir():
            try:
                uuid = UUID(folder.name)
            except ValueError:
                continue
            if FileConnector(folder).file_of(part) is not None:
                ids.add(uuid)
    service = settings.TIMBERLINE_URL if part == Part.VENDORS else settings.JOBCOST_URL
    owner = service_organization() if service else None
    if owner is not None:
        ids.add(owner.uuid)
    return Organization.objects.filter(uuid__in=ids, users__is_active=True).distinct().order_by("pk")
