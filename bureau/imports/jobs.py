"""The jobs that go through a file row by row. A killed worker's successor goes on where that was.

How far a file is done is written in the transaction of the rows themselves, by compare-and-set: no row is taken twice,
not even by a worker that was given up too early.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.core import audit
from bureau.core.files import ScanPending, open_clean
from bureau.core.jobs import LeaseLost, Run, job_handler
from bureau.core.models import User
from bureau.imports.models import Import, ImportRow, ImportState, RowOutcome
from bureau.imports.registry import Importer, Taken, Values, importer
from bureau.imports.services import extension_of
from bureau.kit.errors import DomainError
from bureau.kit.sheets import SheetRow, read_rows

logger = logging.getLogger(__name__)

CHECKED_AT_ONCE: Final = 200
TAKEN_AT_ONCE: Final = 50
"""Rows of a transaction. From its first record on it holds the end of the organization's audit log, for which everybody
else who writes waits: a fifth of a second."""
CHANGED_AT_ONCE: Final = 1
"""The same where records are changed or locked: who holds the audit log must not wait for a record that somebody else
changes."""


@job_handler("check_import")
def check(run: Run) -> None:
    """Tries each row in a transaction of its own, which is rolled back."""
    _go_through(run, trial=True)


@job_handler("run_import")
def take_over(run: Run) -> None:
    _go_through(run, trial=False)


def _go_through(run: Run, *, trial: bool) -> None:
    imported = Import.objects.select_related("file", "organization").get(pk=run.job.payload["import"])
    working = ImportState.CHECKING if trial else ImportState.IMPORTING
    if imported.job_id != run.job.pk or imported.state != working:
        return  # another job has taken its place
    passage = Passage(run, imported, importer(imported.kind), trial)
    try:
        with open_clean(imported.file) as content:
            passage.count_rows(content)
            passage.go(content)
    except ScanPending:
        raise  # the job is tried again when the scan may have ended
    except DomainError as error:
        _fail(run, imported, error)
        return
    with run.completing() as result:
        imported.state = ImportState.CHECKED if trial else ImportState.IMPORTED
        imported.finished_at = None if trial else timezone.now()
        imported.save(update_fields=["state", "finished_at"])
        result.update(imported.counts)
        if not trial:
            audit.record(imported, "imported", actor=run.job.requested_by, now=timezone.now(), new=imported.counts)


def _fail(run: Run, imported: Import, error: DomainError) -> None:
    with run.completing() as result:
        imported.state, imported.error = ImportState.FAILED, error.message[:500]
        imported.finished_at = timezone.now()
        imported.save(update_fields=["state", "error", "finished_at"])
        result["error"] = error.message


@dataclass(slots=True)
class Passage:
    """One way through the rows of a file. `seen`: where each key stood first, to find rows that repeat another."""

    run: Run
    imported: Import
    importer: Importer
    trial: bool
    seen: dict[int, int] = field(default_factory=dict)
    shown: int = -1

    @property
    def actor(self) -> User:
        if self.run.job.requested_by is None:
            raise TypeError("an import is somebody's")
        return self.run.job.requested_by

    def count_rows(self, content: Any) -> None:
        """Reads the file once to its end, so that one that cannot be read is refused before a row of it is taken."""
        if self.trial or not self.imported.rows_total:
            self.imported.rows_total = sum(1 for _row in self.rows(content))
            self.imported.save(update_fields=["rows_total"])

    def rows(self, content: Any) -> Iterator[SheetRow]:
        """Those below the headings."""
        return islice(read_rows(content, extension=extension_of(self.imported.file.content_type)), 1, None)

    def go(self, content: Any) -> None:
        self.importer.permit(self.actor, self.imported.organization).enforce()
        at_once = CHECKED_AT_ONCE if self.trial else TAKEN_AT_ONCE
        if (self.imported.update_existing or self.importer.locks) and not self.trial:
            at_once = CHANGED_AT_ONCE
        rows = self.rows(content)
        self.pass_done(islice(rows, self.imported.rows_done))
        while chunk := list(islice(rows, at_once)):
            self.take_chunk(chunk)

    def pass_done(self, rows: Iterator[SheetRow]) -> None:
        """Notes the keys of what an earlier attempt has been through; what was refused took none."""
        refused = ImportRow.objects.filter(imported=self.imported, trial=self.trial, outcome=RowOutcome.REFUSED)
        numbers = set(refused.values_list("number", flat=True))
        for row in rows:
            if row.number not in numbers:
                self.note_keys(row)

    def take_chunk(self, chunk: list[SheetRow]) -> None:
        """Raises LeaseLost, and leaves nothing, where another worker has been through these rows."""
        now, imported = timezone.now(), self.imported
        outcomes: list[tuple[SheetRow, Taken]] = []
        if self.trial:
            outcomes = [(row, self.outcome(row, now)) for row in chunk]
        with transaction.atomic():
            if not self.trial:
                outcomes = [(row, self.outcome(row, now)) for row in chunk]
            ImportRow.objects.bulk_create(self.reported(row, taken) for row, taken in outcomes)
            done = imported.rows_done + len(chunk)
            counts = dict(Counter(imported.counts) + Counter(taken.outcome.value for _row, taken in outcomes))
            before = Import.objects.filter(pk=imported.pk, rows_done=imported.rows_done, job=self.run.job.pk)
            if not before.update(rows_done=done, counts=counts):
                raise LeaseLost
            percent = min(99, done * 100 // max(imported.rows_total, 1))
            if percent != self.shown:
                self.run.progress(percent, rows=done, of=imported.rows_total)
        imported.rows_done, imported.counts, self.shown = done, counts, percent

    def outcome(self, row: SheetRow, now: datetime) -> Taken:
        values = self.values(row)
        repeated = self.repeated(values)
        if repeated is not None:
            return repeated
        try:
            with transaction.atomic():
                taken = self.importer.take(
                    actor=self.actor, values=values, update_existing=self.imported.update_existing, now=now
                )
                if self.trial:
                    transaction.set_rollback(True)
        except DomainError as error:
            problems = error.fields or {"row": [error.message]}
            return Taken(RowOutcome.REFUSED, None, self.importer.about(values), problems)
        except (DataError, IntegrityError):
            logger.exception("row %s of import %s could not be stored", row.number, self.imported.pk)
            message = _("This row could not be stored. Check its values, or enter it by hand.")
            return Taken(RowOutcome.REFUSED, None, self.importer.about(values), {"row": [message]})
        self.note_keys(row)
        return taken

    def values(self, row: SheetRow) -> Values:
        places = {column: place for place, column in enumerate(self.imported.columns)}
        cells = {name: row.cell(places[column]) for name, column in self.imported.mapping.items()}
        return {name: cell for name, cell in cells.items() if cell}

    def repeated(self, values: Values) -> Taken | None:
        for name, key in self.importer.keys(values):
            first = self.seen.get(hash((name, key)))
            if first is not None:
                message = _("The same as in row %(number)d of this file.") % {"number": first}
                return Taken(RowOutcome.DUPLICATE, None, self.importer.about(values), {name: [message]})
        return None

    def note_keys(self, row: SheetRow) -> None:
        for key in self.importer.keys(self.values(row)):
            self.seen.setdefault(hash(key), row.number)

    def reported(self, row: SheetRow, taken: Taken) -> ImportRow:
        made_up = self.trial and taken.outcome == RowOutcome.CREATED
        return ImportRow(
            imported=self.imported,
            trial=self.trial,
            number=row.number,
            outcome=taken.outcome,
            label=taken.label[:200],
            record_id=None if made_up else taken.record_id,
            problems=dict(taken.problems or {}),
        )
