"""The links to a case, for those who work on it."""

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from bureau.cases.models import Case, CaseLink
from bureau.kit.errors import NotFound


def open_links(case: Case, *, now: datetime) -> list[CaseLink]:
    """Those that work, the newest first."""
    links = case.links.filter(revoked_at=None, expires_at__gt=now)
    return list(links.select_related("created_by"))


def link_of(case: Case, uuid: UUID | str) -> CaseLink:
    """A link of this case by its id, whether it works or not. Raises NotFound."""
    try:
        link = case.links.filter(uuid=uuid).first()
    except (ValidationError, ValueError):
        link = None
    if link is None:
        raise NotFound(_("There is no such link."))
    return link
