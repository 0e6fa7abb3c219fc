"""What every connector offers, whatever is behind it: a service, or a folder of files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Part(StrEnum):
    """What is synced by itself, at its own pace."""

    PROJECTS = "projects"
    COST_CODES = "cost_codes"
    VENDORS = "vendors"


PARTS = {"jobcost": (Part.PROJECTS, Part.COST_CODES), "timberline": (Part.VENDORS,)}
"""What each of the two connectors brings, in the order in which one needs the other."""


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that was left out. `row`: its line in a CSV file, else its place among the rows, from 1."""

    row: int
    message: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it came, under the names of docs/integrations.md; nobody has judged its values yet."""

    number: int
    values: Mapping[str, Any]


@dataclass(slots=True)
class Batch:
    rows: list[Row] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)


class Connector(Protocol):
    """A read answers None where there is nothing to sync: no such file, or not this service's business.

    Every method raises IntegrationFailed when the other side does not do its part.
    """

    name: str

    def projects(self) -> Batch | None: ...

    def cost_codes(self) -> Batch | None: ...

    def vendors(self) -> Batch | None: ...

    def post_order(self, order: Mapping[str, Any], *, key: str) -> str:
        """Hands over an approved order and returns the other side's reference. A repeat with the same `key` has no
        second effect."""
        ...


def read_part(connector: Connector, part: Part) -> Batch | None:
    match part:
        case Part.PROJECTS:
            return connector.projects()
        case Part.COST_CODES:
            return connector.cost_codes()
        case Part.VENDORS:
            return connector.vendors()
