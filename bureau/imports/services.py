"""Importing a file: upload, say which column is what, check without changing anything, then take the rows over."""

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from bureau.core import audit
from bureau.core.files import Upload, store
from bureau.core.jobs import enqueue
from bureau.core.models import User
from bureau.imports.models import Import, ImportState
from bureau.imports.reading import guessed_mapping, headings_of
from bureau.imports.registry import Importer, importer
from bureau.kit.errors import Forbidden, Invalid, WrongState
from bureau.kit.sheets import read_rows

TYPES: Final = frozenset({"csv", "xlsx"})
MAX_BYTES: Final = 50 << 20
SAMPLES: Final = 3
SAMPLE_LENGTH: Final = 80  # characters of a cell that is shown


def upload_import(*, actor: User, kind: str, upload: Upload, now: datetime) -> Import:
    """Keeps the file and proposes which of its columns is which field. Nothing is read but its first rows.

    Raises Forbidden; Invalid for an unknown kind and for a file that is no table, is empty or has no headings;
    TooLarge, VirusDetected.
    """
    found = importer(kind)
    found.permit(actor, actor.organization).enforce()
    stored = store(
        upload,
        allowed=TYPES,
        max_bytes=MAX_BYTES,
        uploader=actor,
        now=now,
    )
    rows = list(islice(read_rows(upload.content, extension=extension_of(stored.content_type)), SAMPLES + 1))
    if not rows:
        raise Invalid.field("file", _("The file is empty: it needs a first row that names the columns."))
    columns = headings_of(rows[0].cells)
    if len(rows) == 1:
        raise Invalid.field("file", _("The file names columns, but holds no rows below them."))
    with transaction.atomic():
        imported = Import.objects.create(
            organization=actor.organization,
            kind=kind,
            file=stored,
            columns=columns,
            samples=[[row.cell(place)[:SAMPLE_LENGTH] for place in range(len(columns))] for row in rows[1:]],
            mapping=guessed_mapping(columns, found.fields),
            created_by=actor,
            created_at=now,
        )
        new = {"kind": kind, "filename": stored.filename, "mapping": imported.mapping}
        audit.record(imported, "created", actor=actor, now=now, new=new)
    return imported


def extension_of(content_type: str) -> str:
    return "csv" if content_type == "text/csv" else "xlsx"


def map_import(
    *,
    actor: User,
    imported: Import,
    mapping: Mapping[str, str] | None = None,
    update_existing: bool | None = None,
    now: datetime,
) -> Import:
    """Says which column is which field, all of them anew, and whether records that are there already are changed.
    What an earlier check found is forgotten.

    Raises Forbidden, WrongState once the rows are being taken over, Invalid for unknown fields and columns.
    """
    found = _permitted(actor, imported)
    with transaction.atomic():
        record = _locked(imported)
        _require_idle(record)
        before = _settings_of(record)
        if mapping is not None:
            record.mapping = _mapping(mapping, record, found)
        if update_existing is not None:
            record.update_existing = update_existing
        record.state = ImportState.UPLOADED
        _start_again(record)
        audit.record_update(record, actor=actor, now=now, before=before, after=_settings_of(record))
    return record


def check_import(*, actor: User, imported: Import, now: datetime) -> Import:
    """Has a job try every row, and undo it; what would become of each is kept.

    Raises Forbidden, WrongState while a job works on it or once its rows are taken over, Invalid for a required field
    without a column.
    """
    found = _permitted(actor, imported)
    with transaction.atomic():
        record = _locked(imported)
        _require_idle(record)
        _require_mapped(record, found)
        record.state = ImportState.CHECKING
        record.job = enqueue(
            "check_import", payload={"import": record.pk}, now=now, organization=record.organization, requested_by=actor
        )
        _start_again(record)
    return record


def run_import(*, actor: User, imported: Import, now: datetime) -> Import:
    """Has a job take the rows over. One whose job failed goes on after the last row that was taken.

    Raises Forbidden, WrongState where it has not been checked.
    """
    found = _permitted(actor, imported)
    with transaction.atomic():
        record = _locked(imported)
        resumed = record.state == ImportState.IMPORTING and _stands_still(record)
        if record.state == ImportState.UPLOADED:
            raise WrongState(_("Check the import first: that shows what would become of its rows."))
        if record.state != ImportState.CHECKED and not resumed:
            _require_idle(record)
            raise WrongState(_("This file cannot be imported. Upload another one."))
        _require_mapped(record, found)
        if not resumed:
            record.rows_done, record.counts = 0, {}
        record.state = ImportState.IMPORTING
        record.job = enqueue(
            "run_import", payload={"import": record.pk}, now=now, organization=record.organization, requested_by=actor
        )
        record.save(update_fields=["state", "job", "rows_done", "counts"])
        new = {"kind": record.kind, "rows": record.rows_total, "update_existing": record.update_existing}
        audit.record(record, "started", actor=actor, now=now, new=new)
    return record


def _permitted(actor: User, imported: Import) -> Importer:
    if actor.organization_id != imported.organization_id:  # a superuser's rows would become their own organization's
        raise Forbidden(_("Only people of its organization import a file."))
    found = importer(imported.kind)
    found.permit(actor, imported.organization).enforce()
    return found


def _locked(imported: Import) -> Import:
    return (
        Import.objects.select_for_update(of=("self",), no_key=True)
        .select_related("job", "organization")
        .get(pk=imported.pk)
    )


def _stands_still(record: Import) -> bool:
    """Whether the job that worked on it has ended, and left it unfinished then."""
    return record.job is None or record.job.ended


def _require_idle(record: Import) -> None:
    if record.state == ImportState.FAILED:
        raise WrongState(_("This file cannot be read: %(why)s Upload another one.") % {"why": record.error})
    if record.state == ImportState.IMPORTED:
        raise WrongState(_("This file has been imported. Upload it again to import it again."))
    if record.state == ImportState.IMPORTING:
        raise WrongState(_("The rows of this file are being taken over."))
    if record.state == ImportState.CHECKING and not _stands_still(record):
        raise WrongState(_("The file is being checked. Wait until that has ended."))


def _require_mapped(record: Import, found: Importer) -> None:
    missing = [field for field in found.fields if field.required and field.name not in record.mapping]
    if missing:
        message = _("Choose the column that holds it.")
        raise Invalid(fields={f"mapping.{field.name}": [message] for field in missing})
    if not record.mapping:
        raise Invalid.field("mapping", _("Choose at least one column."))


def _mapping(given: Mapping[str, str], record: Import, found: Importer) -> dict[str, str]:
    names = {field.name for field in found.fields}
    kept: dict[str, str] = {}
    errors: dict[str, list[str]] = {}
    for name, column in given.items():
        if name not in names:
            errors[f"mapping.{name}"] = [_("There is no such field.")]
        elif not column:
            continue
        elif column not in record.columns:
            errors[f"mapping.{name}"] = [_("The file has no such column.")]
        elif column in kept.values():
            errors[f"mapping.{name}"] = [_("This column is taken for another field already.")]
        else:
            kept[name] = column
    if errors:
        raise Invalid(fields=errors)
    return kept


def _settings_of(record: Import) -> dict[str, object]:
    return {"mapping": record.mapping, "update_existing": record.update_existing}


def _start_again(record: Import) -> None:
    record.rows_done, record.counts = 0, {}
    record.rows.all().delete()
    record.save(update_fields=["mapping", "update_existing", "state", "job", "rows_done", "counts"])
