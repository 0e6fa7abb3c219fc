"""What a request's page tells, in words: where it stands, who decides next, why you, and what happened. The facts are
the selectors'."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from bureau.core.models import User
from bureau.purchasing.models import PurchaseRequest
from bureau.purchasing.selectors import requests as selectors
from bureau.purchasing.selectors.requests import ApproverView, EventKind, StepState, StepView
from bureau.purchasing.states import RequestStatus


@dataclass(frozen=True)
class Step:
    """As web/components/steps.html draws it."""

    name: str
    tone: str
    text: str
    at: datetime | None = None
    current: bool = False


@dataclass(frozen=True)
class Entry:
    """As web/components/timeline.html draws it."""

    at: datetime
    tone: str
    text: str
    who: User | None = None
    comment: str = ""
    icon: str = ""


def names(people: Iterable[User], *, you: User | None = None, last: str = "") -> str:
    """ "you, Ada or Ben": oneself first, everybody once."""
    found = {person.pk: person for person in people}
    texts = [_("you")] if you and you.pk in found else []
    texts += sorted(person.name for pk, person in found.items() if not you or pk != you.pk)
    return f" {last or _('or')} ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


class Story:
    """One request as one person sees it."""

    def __init__(self, item: PurchaseRequest, user: User) -> None:
        self.item = item
        self.user = user

    @cached_property
    def answers(self) -> dict[str, Any]:
        return selectors.available_actions(self.item, self.user)

    @cached_property
    def actions(self) -> set[str]:
        return {name for name, answer in self.answers.items() if answer}

    @property
    def decides(self) -> bool:
        return bool(self.actions & {"approve", "reject", "complete"})

    @cached_property
    def step_views(self) -> list[StepView]:
        return selectors.request_steps(self.item)

    @cached_property
    def current(self) -> StepView | None:
        return next((step for step in self.step_views if step.state == StepState.CURRENT), None)

    @property
    def next_people(self) -> str:
        return names(_candidates(self.current.waiting_for), you=self.user) if self.current else ""

    @cached_property
    def steps(self) -> list[Step]:
        return [self._step(step) for step in self.step_views]

    def _step(self, step: StepView) -> Step:
        decisions = step.decisions
        people = names((decision.approver for decision in decisions), last=_("and"))
        gaps = [approver for approver in step.waiting_for if not approver.candidates]
        match step.state:
            case StepState.REJECTED:
                return Step(step.name, "refused", people, decisions[-1].created_at)
            case StepState.DONE:
                return Step(step.name, "done", people, decisions[-1].created_at)
            case _ if gaps:
                text = _("Nobody can decide this (%s): ask an administrator to name someone else.")
                return Step(step.name, "warning", text % names_of_roles(gaps), current=step.state == StepState.CURRENT)
            case StepState.CURRENT:
                return Step(step.name, "waiting", _("waits for %s") % self.next_people, current=True)
            case _:
                return Step(step.name, "ahead", names(_candidates(step.approvers), you=self.user))

    @property
    def path(self) -> str:
        return ", ".join(step.name for step in self.step_views)

    @cached_property
    def why_you(self) -> str:
        """Empty unless this person decides now."""
        if not self.decides or self.current is None:
            return ""
        waiting = self.current.waiting_for
        mine = [approver for approver in waiting if self.user in approver.candidates]
        if not mine:
            text = _("the person named for this step has left, so an administrator decides.")
        elif any(approver.label != self.user.name for approver in mine):
            text = _("you are %(role)s of %(team)s.") % {
                "role": names_of_roles(mine),
                "team": self.item.team.name,
            }
        else:
            text = _("the workflow names you for this step.")
        others = [approver for approver in waiting if approver not in mine]
        if others:
            return text + " " + _("%s decides as well.") % names(_candidates(others))
        later = [step.name for step in self.step_views if step.state == StepState.LATER]
        return text + " " + (_("After you: %s.") % ", ".join(later) if later else _("Yours is the last decision."))

    @cached_property
    def reason(self) -> str:
        """What stands where people look for an action that is not theirs now."""
        item, own = self.item, self.item.requestor_id == self.user.pk
        if self.current is not None:
            text = _("Next: %(people)s (%(step)s).") % {"people": self.next_people or "–", "step": self.current.name}
            decided = any(decision.approver_id == self.user.pk for decision in self.current.decisions)
            return _("You have decided.") + " " + text if decided else text
        if item.status == RequestStatus.DRAFT and not own:
            return _("A draft: only %s can change or submit it.") % item.requestor.name
        if item.status in (RequestStatus.REJECTED, RequestStatus.RESUBMITTED) and not own:
            return _("%s can correct it and submit it again.") % item.requestor.name
        return ""

    @property
    def entries(self) -> list[Entry]:
        entries, submitted = [], 0
        for event in selectors.timeline(self.item):
            tone, icon, text = "done", "", ""
            match event.kind:
                case EventKind.CREATED:
                    tone, text = "draft", _("started it")
                case EventKind.SUBMITTED:
                    submitted += 1
                    tone, icon = "moving", "send"
                    text = _("submitted it") if submitted == 1 else _("submitted it again")
                case EventKind.APPROVED:
                    text = _("approved it")
                case EventKind.REJECTED:
                    tone, text = "refused", _("rejected it")
                case EventKind.COMPLETED:
                    text = _("completed it") if event.person else _("Completed: no further step was to be taken.")
                case EventKind.ATTACHED:
                    filename = event.attachment.file.filename if event.attachment else ""
                    tone, icon, text = "", "paperclip", _("attached %s") % filename
            if event.step:
                text = f"{text} ({event.step})"
            entries.append(Entry(event.at, tone, text, event.person, event.comment, icon))
        return entries

    @cached_property
    def values(self) -> list[dict[str, Any]]:
        """Every field of the form, filled or not, in its order."""
        given = {value.field_id: value.value for value in self.item.field_values.all()}
        return [
            {"name": row.name, "kind": row.field_type, "is_amount": row.is_amount, "value": given.get(row.pk)}
            for row in self.item.form_template.fields.all()
        ]


def _candidates(approvers: Iterable[ApproverView]) -> list[User]:
    return [person for approver in approvers for person in approver.candidates]


def names_of_roles(approvers: Iterable[ApproverView]) -> str:
    return _(" and ").join(dict.fromkeys(approver.label for approver in approvers))
