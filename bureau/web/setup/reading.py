"""What Setup tells in words: what is missing, what would stop a step, and what changed between two versions. The facts
are the selectors'."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from bureau.accounts import selectors as accounts
from bureau.accounts.models import Role, Team
from bureau.core.models import Organization, User
from bureau.purchasing.models import (
    AttachmentCategory,
    FieldType,
    FormField,
    FormTemplate,
    WorkflowTemplate,
)
from bureau.purchasing.selectors import templates as selectors
from bureau.purchasing.selectors.templates import Asked, PlannedStep, Version
from bureau.web.requests.reading import Step, names

# --- A step that is planned, saved or not


def drawn(steps: Iterable[PlannedStep]) -> list[Step]:
    """As the request's page draws them; a step in which nobody is asked yet is still being made."""
    return [_drawn(step) for step in steps]


def _drawn(step: PlannedStep) -> Step:
    text = _(" and ").join(_who(asked) for asked in step.asked)
    return Step(step.name, "refused" if step.gaps else "ahead", text or _("nobody yet"))


def _who(asked: Asked) -> str:
    if asked.is_nobody:
        return (_("no %s yet") if asked.is_role else _("%s, not active")) % asked.label
    return names(asked.people or []) or asked.label


def stops(steps: Sequence[PlannedStep], team: Team) -> list[str]:
    """What would stop every submit."""
    found = []
    for step in steps:
        words = {"step": step.name or _("without a name"), "team": team.name}
        for asked in step.gaps:
            text = (
                _("Nobody can decide “%(step)s”: nobody has the role %(who)s in %(team)s.")
                if asked.is_role
                else _("Nobody can decide “%(step)s”: the account of %(who)s is not active.")
            )
            found.append(text % {**words, "who": asked.label})
    return found


def hints(steps: Sequence[PlannedStep], initiators: Iterable[User]) -> list[str]:
    """Whose own requests would be stopped: nobody decides on their own, and nobody else could."""
    found = []
    for step in steps:
        alone = {asked.people[0] for asked in step.asked if asked.people and len(asked.people) == 1}
        stuck = names(alone.intersection(initiators), last=_("and"))
        if stuck:
            text = _("Nobody can stand in for %(who)s in “%(step)s”: their own requests cannot be submitted here.")
            found.append(text % {"who": stuck, "step": step.name})
    return found


# --- How requests go, and what is missing


@dataclass(frozen=True)
class Missing:
    text: str
    url: str
    action: str
    stops: bool = True  # requests fail until it is there


class Setting:
    """The teams with what they use, read at once however many they are."""

    def __init__(self, organization: Organization, teams: Sequence[Team]) -> None:
        self.teams = teams
        self.forms = selectors.forms_in_use(teams)
        self.workflows = selectors.workflows_in_use(teams)
        self.holders = accounts.role_holders(teams)
        self.initiator = accounts.roles(organization).get(code=Role.INITIATOR)

    def steps(self, team: Team) -> list[PlannedStep]:
        workflow = self.workflows.get(team.pk)
        return selectors.planned_steps(workflow, self.holders) if workflow else []

    def initiators(self, team: Team) -> list[User]:
        return self.holders.get((team.pk, self.initiator.pk), [])


@dataclass(frozen=True)
class Way:
    """How the requests of a team go now."""

    team: Team
    form: FormTemplate | None
    workflow: WorkflowTemplate | None
    steps: list[Step]


def ways(setting: Setting) -> list[Way]:
    return [
        Way(team, setting.forms.get(team.pk), workflow, drawn(setting.steps(team)))
        for team in setting.teams
        for workflow in [setting.workflows.get(team.pk)]
    ]


def missing_in(setting: Setting) -> list[Missing]:
    """What keeps requests of these active teams from being started or submitted."""
    found = []
    for team in setting.teams:
        words, here = {"team": team.name}, reverse("web:setup-team", args=[team.uuid])
        if team.pk not in setting.forms:
            text = _("%(team)s has no form, so nobody can start a request there.") % words
            found.append(Missing(text, f"{reverse('web:setup-form-new')}?team={team.uuid}", _("Make a form")))
        if team.pk not in setting.workflows:
            text = _("%(team)s has no workflow, so nobody can submit a request there.") % words
            found.append(Missing(text, f"{reverse('web:setup-workflow-new')}?team={team.uuid}", _("Make a workflow")))
        if not setting.initiators(team):
            text = _("Nobody may start requests in %(team)s: give somebody the role Initiator.") % words
            found.append(Missing(text, f"{here}#members", _("Add people")))
        for step in setting.steps(team):
            for asked in step.gaps:
                words |= {"step": step.name, "who": asked.label}
                if asked.is_role:
                    text = _("Nobody can decide “%(step)s” in %(team)s: nobody has the role %(who)s.") % words
                    found.append(Missing(text, f"{here}#members", _("Give the role")))
                else:
                    text = _("Nobody can decide “%(step)s” in %(team)s: the account of %(who)s is not active.") % words
                    url = reverse("web:setup-workflow", args=[setting.workflows[team.pk].uuid])
                    found.append(Missing(text, url, _("Change the workflow")))
    return found


def missing(organization: Organization, setting: Setting, people: int) -> list[Missing]:
    """Beside what stops requests, what is worth doing. `people` counts the active ones."""
    found = missing_in(setting)
    settings_url = reverse("web:setup-organization")
    if not organization.completion_email and not settings.COMPLETION_EMAIL:
        text = _("No e-mail address is told of completed requests.")
        found.append(Missing(text, f"{settings_url}#requests", _("Set the address"), stops=False))
    if not organization.address or not organization.tax_number:
        text = _("The organization has no address or no tax number yet; documents print them.")
        found.append(Missing(text, settings_url, _("Complete it"), stops=False))
    if people == 1:
        text = _("You are the only person here. Add those who request and those who decide.")
        found.append(Missing(text, reverse("web:setup-user-new"), _("Add a person"), stops=False))
    return found


# --- Versions


def told(versions: list[Version], compare: Callable[[Any, Any], list[str]]) -> list[dict[str, Any]]:
    """Each version with what changed in it; the newest first, as they came."""
    changes = [compare(former.template, later.template) for later, former in pairwise(versions)]
    return (
        [{"version": version, "changes": texts} for version, texts in zip(versions, [*changes, []], strict=True)]
        if versions
        else []
    )


def form_changes(old: FormTemplate, new: FormTemplate) -> list[str]:
    texts = _renamed(old, new)
    before = {row.field_id: row for row in old.fields.all()}
    after = {row.field_id: row for row in new.fields.all()}
    texts += [_("“%s” added") % row.name for key, row in after.items() if key not in before]
    texts += [_("“%s” removed") % row.name for key, row in before.items() if key not in after]
    for key, row in after.items():
        if key in before:
            texts += _field_changes(before[key], row)
    if _reordered(list(before), list(after)):
        texts.append(_("order changed"))
    return texts + _category_changes(old.attachment_categories.all(), new.attachment_categories.all())


def _renamed(old: FormTemplate | WorkflowTemplate, new: FormTemplate | WorkflowTemplate) -> list[str]:
    return [] if old.name == new.name else [_("called “%(new)s”, was “%(old)s”") % {"new": new.name, "old": old.name}]


def _field_changes(old: FormField, new: FormField) -> list[str]:
    texts = []
    if old.name != new.name:
        texts.append(_("“%(old)s” is now “%(new)s”") % {"old": old.name, "new": new.name})
    facts = [
        (old.field_type != new.field_type, _("is %s") % FieldType(new.field_type).label.lower()),
        (old.required != new.required, _("required") if new.required else _("optional")),
        (old.options != new.options, _("other options")),
        ((old.minimum, old.maximum) != (new.minimum, new.maximum), _("other limits")),
        (old.help_text != new.help_text, _("other help text")),
        (old.is_amount != new.is_amount, _("is the amount") if new.is_amount else _("no longer the amount")),
    ]
    changed = [text for differs, text in facts if differs]
    return [*texts, f"“{new.name}”: {', '.join(changed)}"] if changed else texts


def _category_changes(old: Iterable[AttachmentCategory], new: Iterable[AttachmentCategory]) -> list[str]:
    before, after = ({row.name: row.required for row in rows} for rows in (old, new))
    texts = [_("files: “%s” added") % name for name in after if name not in before]
    texts += [_("files: “%s” removed") % name for name in before if name not in after]
    for name in after:
        if before.get(name, after[name]) != after[name]:
            texts.append((_("files: “%s” is required") if after[name] else _("files: “%s” is optional")) % name)
    return texts


def workflow_changes(old: WorkflowTemplate, new: WorkflowTemplate) -> list[str]:
    texts = _renamed(old, new)
    before, after = ({step.step_name: step for step in row.steps.all()} for row in (old, new))
    texts += [_("“%s” added") % name for name in after if name not in before]
    texts += [_("“%s” removed") % name for name in before if name not in after]
    for name in after:
        if name in before:
            asked, asked_before = (_approvers(step) for step in (after[name], before[name]))
            if asked != asked_before:
                texts.append(_("“%(step)s”: decided by %(who)s") % {"step": name, "who": _(" and ").join(asked)})
    if _reordered(list(before), list(after)):
        texts.append(_("order changed"))
    return texts


def _approvers(step: Any) -> list[str]:
    return sorted(str(approver.user or approver.role) for approver in step.approvers.all())


def _reordered(old: list[str], new: list[str]) -> bool:
    return [key for key in old if key in new] != [key for key in new if key in old]
