"""The states of cases, their steps and documents: what each is follows from facts, by the pure functions here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bureau.kit.workdays import add_months


class CaseStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    REJECTED = "rejected"

    @property
    def label(self) -> str:
        return self.value.capitalize()


class StepStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    WAITING = "waiting"
    COMPLETED = "completed"
    REJECTED = "rejected"

    @property
    def label(self) -> str:
        return "Waiting for the customer" if self is StepStatus.WAITING else self.value.capitalize()


class DocumentState(StrEnum):
    MISSING = "missing"
    UPLOADED = "uploaded"
    CHECKED = "checked"
    EXPIRING = "expiring"
    EXPIRED = "expired"

    @property
    def label(self) -> str:
        return self.value.capitalize()


HELD = frozenset({DocumentState.UPLOADED, DocumentState.CHECKED})
"""The states in which a required document does not hold a case up."""

S = StepStatus
STEP_MOVES: dict[tuple[str, str], str] = {
    (old, new): new
    for old in (S.PENDING, S.PROCESSING, S.WAITING, S.REJECTED)
    for new in StepStatus
    if old != new and (old != S.REJECTED or new in (S.PENDING, S.PROCESSING))
} | {(S.COMPLETED, "reopen"): S.PROCESSING}
"""The open step is set to any other state by its name; a rejected one is taken up again before it is completed."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What the states need to know of a case's document."""

    required: bool
    complete: bool
    checked: bool
    expiry_date: date | None
    min_validity_months: int = 0


def is_complete(*, held: bool, number: str, expiry_date: date | None, has_number: bool, has_expiry_date: bool) -> bool:
    """Whether all is there that a document's type asks for (`has_...`); how long it is valid is another question.
    `held`: its file is there."""
    return held and bool(number or not has_number) and (expiry_date is not None or not has_expiry_date)


def document_state(piece: Piece, *, due_date: date, today: date) -> DocumentState:
    """`expired` by today, `expiring` before the end of the time for which the case needs it: its due date and the
    months that the document must be valid after that."""
    if not piece.complete:
        return DocumentState.MISSING
    if piece.expiry_date is not None:
        if piece.expiry_date < today:
            return DocumentState.EXPIRED
        if piece.expiry_date < add_months(due_date, piece.min_validity_months):
            return DocumentState.EXPIRING
    return DocumentState.CHECKED if piece.checked else DocumentState.UPLOADED


def is_late(status: str, due_date: date, step_due_date: date | None, *, today: date) -> bool:
    """Whether the current step of an open case, or the case, should have been done before today. While a step waits for
    the customer the clock stands (no `step_due_date`): nothing is late then."""
    if status not in (CaseStatus.PENDING, CaseStatus.PROCESSING) or step_due_date is None:
        return False
    return min(step_due_date, due_date) < today


def case_status(*, steps: Iterable[StepStatus], pieces: Iterable[Piece], closed: bool) -> CaseStatus:
    """`steps`: the states of the steps so far, in order; who completes one opens the next at once, so that a completed
    step that stands last was the last of all. `closed`: by force. A case is pending until somebody works on a step or
    every required document is complete."""
    states = list(steps)
    if closed or states[-1] == StepStatus.COMPLETED:
        return CaseStatus.COMPLETED
    if states[-1] == StepStatus.REJECTED:
        return CaseStatus.REJECTED
    begun = any(state != StepStatus.PENDING for state in states)
    if begun or all(piece.complete for piece in pieces if piece.required):
        return CaseStatus.PROCESSING
    return CaseStatus.PENDING
