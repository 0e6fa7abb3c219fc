"""Giving the file connector a file from the browser: looked at first, taken when somebody says so."""

from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from bureau.core import audit
from bureau.core.models import Organization, User
from bureau.kit.errors import BusinessRule, Conflict, Invalid, NotFound
from bureau.purchasing.connectors.choosing import serves_part
from bureau.purchasing.connectors.files import MAX_FILE, FileConnector, parse_csv, write
from bureau.purchasing.connectors.interface import Part
from bureau.purchasing.connectors.syncing import FILE_TAKEN, PartReport, can_sync, sync_recorded
from bureau.purchasing.connectors.writing import Plan, compare


def put_aside(*, actor: User, organization: Organization, part: Part, file: BinaryIO) -> None:
    """Keeps a CSV file beside the folder's own until it is taken or dropped; the next one of its kind replaces it.

    Raises Forbidden, BusinessRule (a service serves this), Invalid (keyed `file`).
    """
    connector = _connector(actor, organization, part)
    data = file.read(MAX_FILE + 1)
    try:
        parse_csv(data)
    except Invalid as error:
        raise Invalid.field("file", error.message) from None
    write(_aside(connector, part), data)


def upload_to_check(*, actor: User, organization: Organization, part: Part) -> tuple[Plan, str]:
    """What the file put aside would change, row by row, and its SHA-256. Raises Forbidden, BusinessRule, NotFound."""
    data = _put_aside(_connector(actor, organization, part), part).read_bytes()
    return compare(organization, part, parse_csv(data)), sha256(data).hexdigest()


def take_upload(*, actor: User, organization: Organization, part: Part, checked: str, now: datetime) -> PartReport:
    """Makes the file put aside the one of the folder, and syncs it. `checked` is the SHA-256 of what `actor` looked at:
    nobody takes what a colleague has put in its place.

    Raises Forbidden, BusinessRule, NotFound, Conflict.
    """
    connector = _connector(actor, organization, part)
    path = _put_aside(connector, part)
    data = path.read_bytes()
    if sha256(data).hexdigest() != checked:
        raise Conflict(_("Another file was uploaded since you looked at this one. Check that one first."))
    new = {"file": f"{part}.csv", "sha256": checked}
    audit.record(organization, FILE_TAKEN, actor=actor, now=now, organization=organization, new=new)
    write(connector.folder / f"{part}.csv", data)
    path.unlink(missing_ok=True)
    return sync_recorded(organization, part, actor=actor, now=now)


def drop_upload(*, actor: User, organization: Organization, part: Part) -> None:
    _put_aside(_connector(actor, organization, part), part).unlink(missing_ok=True)


def _connector(actor: User, organization: Organization, part: Part) -> FileConnector:
    can_sync(actor, organization).enforce()
    connector = serves_part(organization, part)
    if not isinstance(connector, FileConnector):
        raise BusinessRule(_("These come from %(service)s: change them there.") % {"service": connector.name})
    return connector


def _aside(connector: FileConnector, part: Part) -> Path:
    return connector.folder / "uploads" / f"{part}.csv"


def _put_aside(connector: FileConnector, part: Part) -> Path:
    path = _aside(connector, part)
    if not path.is_file():
        raise NotFound(_("There is no file to check: upload it again."))
    return path
