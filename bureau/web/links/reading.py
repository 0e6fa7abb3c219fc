"""What the customer's page tells, in plain words: how far the case is, what came in and what is still needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from bureau.cases.models import Case, CaseDocument, CaseLink
from bureau.cases.selectors.cases import document_states
from bureau.cases.selectors.facts import Facts, facts_of
from bureau.cases.states import CaseStatus, DocumentState, StepStatus
from bureau.core.models import ScanState
from bureau.kit.workdays import add_months


@dataclass(frozen=True)
class Stage:
    name: str
    tone: str
    text: str
    current: bool = False


@dataclass(frozen=True)
class Wanted:
    """A document as the customer sees it: never what stands in it. `given` and `errors`: what was typed and refused;
    `again`: something was sent already."""

    document: CaseDocument
    tone: str
    word: str
    hint: str
    open: bool
    again: bool
    given: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    received: bool = False

    @property
    def folded(self) -> bool:
        """Its form is not what the customer came for."""
        return self.again or not self.document.required


class Progress:
    """One case as its customer sees it, on a day."""

    def __init__(self, link: CaseLink, *, today: date) -> None:
        self.link = link
        self.case: Case = link.case
        self.today = today
        self.refused: tuple[int, Mapping[str, str], Mapping[str, Sequence[str]]] | None = None
        self.received: int | None = None

    @cached_property
    def facts(self) -> Facts:
        return facts_of(self.case)

    @property
    def completed(self) -> bool:
        return self.case.status == CaseStatus.COMPLETED

    @property
    def rejected(self) -> bool:
        return self.case.status == CaseStatus.REJECTED

    @cached_property
    def stages(self) -> list[Stage]:
        stages = []
        for step in self.facts.steps:
            if step.completed_at:
                day = date_format(timezone.localdate(step.completed_at), "j M Y")
                stages.append(Stage(step.name, "done", _("done on %s") % day))
            elif self.completed:
                stages.append(Stage(step.name, "done", _("closed")))
            else:
                stages.append(Stage(step.name, *self._now(step.status, step.due_date), current=True))
        later = [] if self.completed else self.facts.to_come
        return [*stages, *(Stage(task.name, "ahead", _("comes after that")) for task in later)]

    def _now(self, status: str, due_date: date) -> tuple[str, str]:
        if status == StepStatus.WAITING:
            return "waiting", _("we wait for you")
        if status == StepStatus.REJECTED:
            return "refused", _("could not be done: please call us")
        if self.needed:
            return "waiting", _("we wait for what you send")
        if due_date < self.today:
            return "moving", _("we are at it")
        return "moving", _("we are at it, by %s at the latest") % date_format(due_date, "j M Y")

    @cached_property
    def documents(self) -> list[Wanted]:
        states = document_states(self.case, today=self.today)
        return [self._wanted(document, states[document.pk]) for document in self.case.documents.all()]

    @property
    def needed(self) -> int:
        """How many required documents the customer has to send still."""
        return sum(1 for one in self.documents if one.document.required and one.open and not one.again)

    def _wanted(self, document: CaseDocument, state: DocumentState) -> Wanted:
        sent = document.file is not None and document.file.scan_state not in (ScanState.INFECTED, ScanState.FAILED)
        good = state in (DocumentState.UPLOADED, DocumentState.CHECKED)
        tone, word, hint = self._told(document, state, sent=sent)
        changeable = not self.completed and state != DocumentState.CHECKED
        pk, given, errors = self.refused or (None, {}, {})
        mine = pk == document.pk
        return Wanted(
            document,
            tone,
            word,
            hint,
            open=changeable,
            again=sent and good,
            given=given if mine else {},
            errors=errors if mine else {},
            received=self.received == document.pk,
        )

    def _told(self, document: CaseDocument, state: DocumentState, *, sent: bool) -> tuple[str, str, str]:
        if state == DocumentState.CHECKED:
            return "done", _("Received and right"), ""
        if state == DocumentState.UPLOADED:
            return "moving", _("Received"), _("We will look at it.")
        if state == DocumentState.EXPIRED:
            return "refused", _("Has expired"), _("Please send one that is valid.")
        if state == DocumentState.EXPIRING:
            needed = date_format(add_months(self.case.due_date, document.min_validity_months), "j M Y")
            return "waiting", _("Expires too soon"), _("Please send one that is valid until %s.") % needed
        if sent:
            return "waiting", _("Not complete yet"), _("Please send it once more, with all that is asked for below.")
        if document.required:
            return "waiting", _("We need this"), ""
        return "ahead", _("If you have it"), ""
