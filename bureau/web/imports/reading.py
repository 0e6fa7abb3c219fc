"""What the pages of imports tell: how far one is, which column is what, what became of each row."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.core.models import User
from bureau.imports.models import Import, ImportRow, ImportState, RowOutcome
from bureau.imports.registry import Importer, importer, importers
from bureau.imports.selectors import WORST_FIRST, has_run
from bureau.kit.permissions import Decision
from bureau.web.exports import Column

STATES = {
    ImportState.UPLOADED: ("draft", gettext_lazy("To be checked")),
    ImportState.CHECKING: ("moving", gettext_lazy("Being checked")),
    ImportState.CHECKED: ("waiting", gettext_lazy("Checked, not imported")),
    ImportState.IMPORTING: ("moving", gettext_lazy("Being imported")),
    ImportState.IMPORTED: ("done", gettext_lazy("Imported")),
    ImportState.FAILED: ("refused", gettext_lazy("Cannot be read")),
}
OUTCOMES = {
    RowOutcome.CREATED: ("done", gettext_lazy("New")),
    RowOutcome.UPDATED: ("moving", gettext_lazy("Changed")),
    RowOutcome.UNCHANGED: ("draft", gettext_lazy("As it was")),
    RowOutcome.DUPLICATE: ("waiting", gettext_lazy("There already")),
    RowOutcome.REFUSED: ("refused", gettext_lazy("Refused")),
}
PAGES = {
    "customers": ("web:customers", "web:customer"),
    "products": ("web:products", "web:product"),
    "invoices": ("web:invoices", "web:invoice"),
}
"""Kind -> the list of its records, and the page of one."""
MAPPED = "column-"


def permitted_kinds(user: User) -> list[Importer]:
    return [found for found in importers.values() if found.permit(user, user.organization)]


def state_of(imported: Import) -> tuple[str, Any]:
    return STATES[ImportState(imported.state)]


def _counted(outcome: RowOutcome) -> Callable[[Import], int]:
    return lambda imported: int(imported.counts.get(outcome.value, 0))


LISTED = (
    Column(gettext_lazy("File"), "file.filename"),
    Column(gettext_lazy("Kind"), lambda row: importer(row.kind).label),
    Column(gettext_lazy("State"), lambda row: state_of(row)[1]),
    Column(gettext_lazy("Rows"), "rows_total"),
    *(Column(word, _counted(outcome)) for outcome, (_tone, word) in OUTCOMES.items()),
    Column(gettext_lazy("Uploaded by"), "created_by"),
    Column(gettext_lazy("Uploaded"), "created_at"),
    Column(gettext_lazy("Finished"), "finished_at"),
)


@dataclass(frozen=True)
class ColumnChoice:
    """A column of the file, what its first rows hold, and the field that it is taken for."""

    place: int
    heading: str
    samples: list[str]
    chosen: str
    errors: list[str]

    @property
    def name(self) -> str:
        return f"{MAPPED}{self.place}"


@dataclass
class ImportView:
    """One import as one person sees it."""

    imported: Import
    user: User
    errors: dict[str, list[str]] = field(default_factory=dict)
    given: QueryDict | None = None

    @cached_property
    def importer(self) -> Importer:
        return importer(self.imported.kind)

    @property
    def may(self) -> Decision:
        return self.importer.permit(self.user, self.imported.organization)

    @property
    def state(self) -> tuple[str, Any]:
        return state_of(self.imported)

    @property
    def under_way(self) -> bool:
        return self.imported.state in (ImportState.CHECKING, ImportState.IMPORTING)

    @property
    def stands_still(self) -> bool:
        job = self.imported.job
        return self.under_way and (job is None or job.ended)

    @property
    def has_run(self) -> bool:
        return has_run(self.imported)

    @property
    def mappable(self) -> bool:
        return self.imported.state in (ImportState.UPLOADED, ImportState.CHECKED)

    @property
    def percent(self) -> int:
        return self.imported.rows_done * 100 // max(self.imported.rows_total, 1)

    @property
    def stream_url(self) -> str:
        return f"/api/jobs/{self.imported.job_id}/stream/"

    @property
    def list_url(self) -> str:
        return reverse(PAGES[self.imported.kind][0])

    @property
    def takes(self) -> int:
        """Rows that the run would make or change something with."""
        return sum(self.imported.counts.get(name, 0) for name in (RowOutcome.CREATED, RowOutcome.UPDATED))

    @property
    def counts(self) -> list[tuple[str, str, Any, int]]:
        """Outcome, tone, word and number of rows, the worst first; those that occur."""
        counts = self.imported.counts
        return [(name.value, *OUTCOMES[name], counts[name]) for name in WORST_FIRST if counts.get(name)]

    @property
    def columns(self) -> list[ColumnChoice]:
        taken = {column: name for name, column in self.imported.mapping.items()}
        found = []
        for place, heading in enumerate(self.imported.columns):
            chosen = taken.get(heading, "")
            if self.given is not None:
                chosen = self.given.get(f"{MAPPED}{place}", "")
            samples = [row[place] for row in self.imported.samples]
            errors = self.errors.get(heading) or (self.errors.get(f"mapping.{chosen}", []) if chosen else [])
            found.append(ColumnChoice(place, heading, samples, chosen, errors))
        return found

    @property
    def missing(self) -> list[str]:
        """Required fields without a column."""
        return [str(one.label) for one in self.importer.fields if one.required and f"mapping.{one.name}" in self.errors]

    def told(self, rows: list[ImportRow]) -> list["ToldRow"]:
        return [ToldRow(row, self.imported.kind, self.labels) for row in rows]

    @cached_property
    def labels(self) -> dict[str, str]:
        return {one.name: str(one.label) for one in self.importer.fields}


@dataclass(frozen=True)
class ToldRow:
    row: ImportRow
    kind: str
    labels: dict[str, str]

    @property
    def tone(self) -> str:
        return OUTCOMES[RowOutcome(self.row.outcome)][0]

    @property
    def word(self) -> Any:
        return OUTCOMES[RowOutcome(self.row.outcome)][1]

    @property
    def url(self) -> str:
        return reverse(PAGES[self.kind][1], args=[self.row.record_id]) if self.row.record_id else ""

    @property
    def problems(self) -> list[tuple[str, str]]:
        """The field by its label, empty for the row itself, and what is wrong with it."""
        return [(self.labels.get(name, ""), " ".join(texts)) for name, texts in self.row.problems.items()]


def report_columns(view: ImportView) -> list[Column]:
    """What became of each row, as a file tells it."""

    def why(row: ImportRow) -> str:
        [told] = view.told([row])
        return " ".join(f"{label}: {text}" if label else text for label, text in told.problems)

    return [
        Column(_("Row"), "number"),
        Column(_("Result"), lambda row: OUTCOMES[RowOutcome(row.outcome)][1]),
        Column(_("What"), "label"),
        Column(_("Why"), why),
    ]


def mapping_given(imported: Import, given: QueryDict) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The column of each field out of the form, and what is wrong by column: one field chosen twice."""
    mapping: dict[str, str] = {}
    errors: dict[str, list[str]] = {}
    for place, heading in enumerate(imported.columns):
        name = given.get(f"{MAPPED}{place}", "")
        if name in mapping:
            message = _("“%(column)s” is taken for this already.") % {"column": mapping[name]}
            errors[heading] = [message]
        elif name:
            mapping[name] = heading
    return mapping, errors
