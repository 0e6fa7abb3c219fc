"""What a case's page tells, in words: where it stands, what can be done now, what each document lacks, and what
happened. The facts are the selectors'."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bureau.cases.actions import Action as Hook
from bureau.cases.actions import offered_actions
from bureau.cases.models import Case, CaseDocument, CaseLink, CaseStep, DocumentType
from bureau.cases.planning import earliest_finish, plan
from bureau.cases.selectors import cases as selectors
from bureau.cases.selectors.cases import CaseEvent, Readiness
from bureau.cases.selectors.facts import Facts, facts_of
from bureau.cases.selectors.links import open_links
from bureau.cases.selectors.products import visible_document_types
from bureau.cases.states import HELD, CaseStatus, DocumentState, StepStatus
from bureau.core.models import ScanState, User
from bureau.documents.pages import WITH_PAGES
from bureau.kit.workdays import add_months
from bureau.web.requests.reading import Entry

UNTOLD = frozenset({"downloaded", "viewed", "documents_merged"})
"""What stands in the audit log alone."""


@dataclass(frozen=True)
class StepLine:
    """`day`: when it was done, is due or, for a step to come, is to be expected."""

    name: str
    tone: str
    text: str
    day: date | None = None
    current: bool = False
    late: bool = False
    stands: bool = False


@dataclass(frozen=True)
class Action:
    """A button at the top: `name` is the decision that it sends, `short` what it says where there is little room."""

    name: str
    label: str
    icon: str
    short: str = ""
    primary: bool = False
    key: str = ""


@dataclass
class Line:
    """A document on the checklist. `given` and `errors`: what was typed and refused."""

    document: CaseDocument
    state: DocumentState
    warning: str
    changeable: bool
    actions: Mapping[str, Hook]
    given: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def readable(self) -> bool:
        file = self.document.file
        return file is not None and file.scan_state == ScanState.CLEAN

    @property
    def pages(self) -> bool:
        """Whether its pages can be looked at."""
        return self.readable and self.document.file is not None and self.document.file.content_type in WITH_PAGES

    @property
    def mergeable(self) -> bool:
        return self.pages and self.document.complete

    @property
    def checkable(self) -> bool:
        """Whether to say that it is right, or to take that back: one that is not valid for long enough is not."""
        held = self.state in HELD or self.document.checked_at is not None
        return self.changeable and held and self.readable

    @property
    def removable(self) -> bool:
        """A required one without a file stays as it is."""
        return self.changeable and (not self.document.required or self.document.file_id is not None)

    @property
    def offered(self) -> Mapping[str, Hook]:
        """The actions that stand in the open: those that may bring what is missing."""
        return self.actions if self.changeable and self.state not in HELD else {}

    @property
    def menu_actions(self) -> Mapping[str, Hook]:
        return self.actions if self.changeable else {}

    @property
    def menu(self) -> bool:
        return self.readable or self.removable or bool(self.menu_actions)

    @property
    def menu_on_phones(self) -> bool:
        """Whether all that stands in its menu stands in the open where there is room."""
        return bool(self.offered) and not (self.readable or self.removable)

    @property
    def number(self) -> str:
        return self.given.get("number", self.document.number)

    @property
    def expiry_date(self) -> str:
        day = self.document.expiry_date
        return self.given.get("expiry_date", day.isoformat() if day else "")

    @property
    def thumbnail(self) -> str:
        """Another one with another file."""
        sha256 = self.document.file.sha256[:12] if self.document.file else ""
        return f"{reverse('web:case-document-thumbnail', args=[self.document.pk])}?v={sha256}"


class Story:
    """One case as one person sees it, on a day."""

    def __init__(self, case: Case, user: User, *, now: datetime, today: date) -> None:
        self.case = case
        self.user = user
        self.now = now
        self.today = today
        self.refused: dict[int, tuple[Mapping[str, str], Mapping[str, Sequence[str]]]] = {}

    @cached_property
    def can(self) -> set[str]:
        return {name for name, answer in selectors.available_actions(self.case, self.user).items() if answer}

    @cached_property
    def facts(self) -> Facts:
        return facts_of(self.case)

    @cached_property
    def readiness(self) -> Readiness:
        return selectors.readiness(self.case, today=self.today, facts=self.facts)

    @property
    def open(self) -> bool:
        return self.case.status != CaseStatus.COMPLETED

    @property
    def step(self) -> CaseStep:
        return self.facts.steps[-1]

    @property
    def rejectable(self) -> bool:
        return self.open and "edit" in self.can and self.step.status != StepStatus.REJECTED

    # --- Where it stands

    @property
    def left(self) -> str:
        """How much work there is still."""
        if not self.open:
            return ""
        missing, steps = len(self.readiness.missing), len(self.facts.to_come) + 1
        texts = [ngettext("%d step left", "%d steps left", steps) % steps]
        if missing:
            texts.insert(0, ngettext("%d document missing", "%d documents missing", missing) % missing)
        return " · ".join(texts)

    @property
    def readiness_tone(self) -> str:
        if self.case.status == CaseStatus.COMPLETED:
            return "done"
        if self.case.status == CaseStatus.REJECTED:
            return "refused"
        return "waiting" if self.readiness.blocked_by else "moving"

    @property
    def readiness_icon(self) -> str:
        return self.readiness_tone

    @property
    def hint(self) -> str:
        """What stands where people look for the button that is not there."""
        if self.readiness.missing and self.case.status in selectors.OPEN:
            return _("The step can be completed once these are there.")
        return ""

    @cached_property
    def steps(self) -> list[StepLine]:
        facts, lines = self.facts, [self._done(step) for step in self.facts.steps[:-1]]
        step, pause = facts.steps[-1], facts.open_pause
        lines.append(self._done(step) if step.completed_at else self._current(step))
        begin = earliest_finish(step, pause.from_date if pause else None, [], facts.calendars, today=self.today)
        for task in facts.to_come:
            begin = plan(begin, [task], facts.calendars)
            name = f"{task.step} {task.name}"
            lines.append(StepLine(name, "ahead", _("expected"), begin) if self.open else StepLine(name, "ahead", ""))
        return lines

    def _done(self, step: CaseStep) -> StepLine:
        day = timezone.localdate(step.completed_at) if step.completed_at else None
        return StepLine(f"{step.number} {step.name}", "done", _("done"), day)

    def _current(self, step: CaseStep) -> StepLine:
        name, late = f"{step.number} {step.name}", selectors.is_overdue(self.case, self.today)
        if not self.open:
            return StepLine(name, "ahead", _("not done"))
        if step.status == StepStatus.REJECTED:
            return StepLine(name, "refused", _("rejected"), current=True)
        pause = self.facts.open_pause
        if pause is not None:
            text = _("waits for the customer, clock stopped on")
            return StepLine(name, "waiting", text, pause.from_date, current=True, stands=True)
        tone = "moving" if step.status == StepStatus.PROCESSING else "draft"
        text = "" if step.due_date < self.today else _("due")
        return StepLine(name, tone, text, step.due_date, current=True, late=late)

    @cached_property
    def main_actions(self) -> list[Action]:
        """Those at the top of the page, at the thumb on a phone: two at most."""
        if "reopen" in self.can:
            return [Action("reopen", _("Reopen"), "undo")]
        if not self.open or "edit" not in self.can:
            return []
        found = []
        status = self.step.status
        if status == StepStatus.REJECTED:
            return [Action("processing", _("Take it up again"), "undo", primary=True)]
        if status == StepStatus.PENDING:
            found.append(Action("processing", _("Start the step"), "moving", _("Start")))
        elif status == StepStatus.WAITING:
            found.append(Action("processing", _("The answer came"), "moving", _("Go on")))
        else:
            found.append(Action("waiting", _("Wait for the customer"), "waiting", _("Wait")))
        if "advance" in self.can and not self.readiness.missing:
            label = _("Complete the step") if self.facts.to_come else _("Complete the case")
            found.append(Action("completed", label, "check", _("Complete"), primary=True, key="a"))
        return found

    @cached_property
    def menu_actions(self) -> list[Action]:
        found = []
        if self.rejectable:
            if self.step.status == StepStatus.PENDING:
                found.append(Action("waiting", _("Wait for the customer"), "waiting"))
            found.append(Action("rejected", _("Reject the step"), "refused"))
        return found

    # --- The checklist

    @cached_property
    def lines(self) -> list[Line]:
        states = selectors.document_states(self.case, today=self.today)
        return [self._line(document, states[document.pk]) for document in self.case.documents.all()]

    def line(self, pk: int) -> Line:
        return next(line for line in self.lines if line.document.pk == pk)

    def _line(self, document: CaseDocument, state: DocumentState) -> Line:
        changeable = self.open and "upload" in self.can
        given, errors = self.refused.get(document.pk, ({}, {}))
        actions = offered_actions(document)
        return Line(document, state, self._warning(document, state), changeable, actions, given, errors)

    def _warning(self, document: CaseDocument, state: DocumentState) -> str:
        """What is wrong with a file that is there."""
        kind = document.document_type
        if document.file_id is None:
            return ""
        if state == DocumentState.MISSING:
            lacking = []
            if kind.has_number and not document.number:
                lacking.append(_("its number"))
            if kind.has_expiry_date and document.expiry_date is None:
                lacking.append(_("the day on which it expires"))
            return _("Still needed: %s.") % ", ".join(lacking) if lacking else ""
        if state == DocumentState.EXPIRED:
            return _("It has expired: ask for a new one.")
        if state == DocumentState.EXPIRING:
            needed = add_months(self.case.due_date, document.min_validity_months)
            return _("It must be valid until %s: ask for a newer one.") % date_format(needed, "j M Y")
        return ""

    @property
    def mergeable(self) -> bool:
        return any(line.mergeable for line in self.lines)

    @property
    def files(self) -> int:
        return sum(1 for document in self.case.documents.all() if document.file_id)

    @cached_property
    def addable(self) -> list[DocumentType]:
        """The types that the case has no document of yet."""
        if not self.open:
            return []
        there = {document.document_type_id for document in self.case.documents.all()}
        kinds = visible_document_types(self.user).filter(organization=self.case.organization_id)
        return [kind for kind in kinds if kind.pk not in there]

    # --- The customer's page

    @cached_property
    def links(self) -> list[CaseLink]:
        return open_links(self.case, now=self.now)

    # --- What happened

    @cached_property
    def entries(self) -> list[Entry]:
        events = selectors.case_events(self.case)
        return [entry_of(event) for event in events if event.action not in UNTOLD]


def entry_of(event: CaseEvent) -> Entry:
    new = event.new
    name = new.get("name") or event.old.get("name") or ""
    tone, icon, text, comment = {
        "created": ("draft", "", _("opened the case"), ""),
        "updated": ("", "edit", _("changed the case"), ""),
        "note_added": ("", "comment", _("noted"), new.get("text", "")),
        "step_completed": ("done", "", _("completed the step %s") % name, ""),
        "step_rejected": ("refused", "", _("rejected the step %s") % name, ""),
        "step_moved": (*_moved(new.get("set", "")), _moved_text(new.get("set", "")) % name, ""),
        "force_closed": ("done", "lock", _("closed the case as it was"), new.get("reason", "")),
        "reopened": ("moving", "undo", _("reopened the case"), ""),
        "document_added": ("", "plus", _("added the document %s") % name, ""),
        "document_uploaded": ("moving", "upload", _("uploaded %s") % name, ""),
        "document_changed": ("", "edit", _("changed what is known of %s") % name, ""),
        "document_checked": ("done", "", _("found %s right") % name, ""),
        "document_unchecked": ("", "undo", _("wants %s checked again") % name, ""),
        "document_removed": ("", "trash", _("removed %s") % name, ""),
        "link_created": ("", "key", _("made a link for the customer"), ""),
        "link_sent": ("", "mail", _("mailed a link to %s") % new.get("to", ""), ""),
        "link_revoked": ("", "key", _("revoked a link of the customer"), ""),
    }.get(event.action, ("", "more", event.action.replace("_", " "), ""))
    if event.person is None:
        text = _("The customer %s") % text if event.action.startswith("document_") else text.capitalize()
    return Entry(event.at, tone, text, event.person, comment, icon)


def _moved(status: str) -> tuple[str, str]:
    return {"waiting": ("waiting", ""), "processing": ("moving", "")}.get(status, ("", "undo"))


def _moved_text(status: str) -> str:
    return {
        "waiting": _("stopped the clock of the step %s until the customer answers"),
        "processing": _("took up the step %s"),
    }.get(status, _("put back the step %s"))
