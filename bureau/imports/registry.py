"""The kinds of records that can be imported. The app that keeps them registers how a row is taken."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.utils.translation import gettext as _

from bureau.core.models import Organization, User
from bureau.imports.models import RowOutcome
from bureau.kit.errors import Invalid
from bureau.kit.permissions import Decision

Values = Mapping[str, str]
"""A row by the names of the fields that are mapped; a cell that says nothing is left out."""


@dataclass(frozen=True, slots=True)
class ImportField:
    """`aliases`: further headings by which programs call it, for guessing."""

    name: str
    label: Any
    required: bool = False
    aliases: tuple[str, ...] = ()
    help: Any = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a row. `record_id` only of a record that the actor sees; `label`: what the row is about."""

    outcome: RowOutcome
    record_id: int | None
    label: str
    problems: Mapping[str, list[str]] | None = None


class Take(Protocol):
    def __call__(self, *, actor: User, values: Values, update_existing: bool, now: datetime) -> Taken:
        """Raises DomainError for a row that is refused; its fields are those of the import."""


@dataclass(frozen=True, slots=True)
class Importer:
    """`keys`: by what a row is known again, as pairs of field and value; `permit`: whether somebody may import here;
    `about`: what a refused row is called in the report; `locks`: whether taking a row waits for records that others
    change; `changes`: whether records that are there already can be changed, else they always stay as they are."""

    kind: str
    label: Any
    fields: tuple[ImportField, ...]
    take: Take
    keys: Callable[[Values], Iterable[tuple[str, str]]]
    permit: Callable[[User, Organization], Decision]
    about: Callable[[Values], str]
    locks: bool = False
    changes: bool = True


importers: dict[str, Importer] = {}


def register(importer: Importer) -> Importer:
    importers[importer.kind] = importer
    return importer


def importer(kind: str) -> Importer:
    """Raises Invalid."""
    found = importers.get(kind)
    if found is None:
        names = ", ".join(sorted(importers))
        raise Invalid.field("kind", _("Choose what the file holds: %(names)s.") % {"names": names})
    return found
