"""State changes by compare-and-set: one table per machine, one UPDATE that succeeds for one caller only."""

from collections.abc import Mapping
from typing import Any

from bureau.kit.errors import WrongState

Table = Mapping[tuple[str, str], str]


def transition(record: Any, table: Table, action: str, *, message: str, **changes: Any) -> str:
    """Moves `record.status` by `action` and writes `changes` with it; returns the new state.

    Raises WrongState(message) when the table has no such move or when another transaction moved the record first.
    """
    old = record.status
    new = table.get((old, action))
    if new is None:
        raise WrongState(message)
    changes["status"] = new
    if not type(record).objects.filter(pk=record.pk, status=old).update(**changes):
        raise WrongState(message)
    for name, value in changes.items():
        setattr(record, name, value)
    return new
