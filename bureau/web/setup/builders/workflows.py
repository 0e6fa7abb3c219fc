"""The builder of workflows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.accounts.models import Role, Team
from bureau.core.models import User
from bureau.purchasing.models import WorkflowTemplate
from bureau.purchasing.selectors.templates import Asked, Holders, PlannedStep
from bureau.purchasing.services import templates
from bureau.web.setup.access import as_uuid
from bureau.web.setup.builders.rows import Builder, Row, Rows, put
from bureau.web.setup.forms import Choices


class StepRow(Row):
    titled_by = "step_name"

    step_name = forms.CharField(
        label=gettext_lazy("Name of the step"),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": 100, "autocomplete": "off"}),
    )
    is_finance_review = forms.BooleanField(
        label=gettext_lazy("Finance review: the last step, in which finance completes the request"), required=False
    )
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Who approves: roles in the team"), required=False, widget=forms.CheckboxSelectMultiple
    )
    people = forms.MultipleChoiceField(required=False, widget=forms.MultipleHiddenInput)
    person = forms.ChoiceField(label=gettext_lazy("And somebody by name"), required=False)

    def __init__(
        self, data: QueryDict, *, roles: Sequence[Role], everybody: Mapping[str, User], **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.chosen_ids = data.getlist(self.add_prefix("people"))
        self.all_roles = {role.code: role for role in roles}
        self.everybody = everybody
        self.fields["step_name"].starred = True  # type: ignore[attr-defined]
        self.fields["roles"].choices = [(role.code, role.name) for role in roles]  # type: ignore[attr-defined]
        chosen = {str(user.uuid) for user in self.chosen}
        # Somebody who is gone stays until removed, so that it is seen: the service says what is wrong.
        self.fields["people"].choices = [(uuid, uuid) for uuid in self.chosen_ids]  # type: ignore[attr-defined]
        free = [(uuid, user.name) for uuid, user in everybody.items() if user.is_active and uuid not in chosen]
        self.fields["person"].choices = [("", _("Add a person…")), *free]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> list[User]:
        return [self.everybody[uuid] for uuid in self.chosen_ids if uuid in self.everybody]

    def values(self) -> templates.StepInput:
        given = self.cleaned_data
        roles: list[templates.ApproverInput] = [{"role": code} for code in given["roles"]]
        people: list[templates.ApproverInput] = [{"user": UUID(uuid)} for uuid in given["people"]]
        finance = given["is_finance_review"]
        # Finance review is done by the finance reviewers: the page hides the choice.
        return {
            "step_name": given["step_name"],
            "is_finance_review": finance,
            "approvers": [] if finance else [*roles, *people],
        }

    def planned(self, team: Team | None, holders: Holders) -> PlannedStep:
        codes = [Role.FINANCE_REVIEWER] if self["is_finance_review"].value() else self["roles"].value() or []
        roles = [self.all_roles[code] for code in codes if code in self.all_roles]
        asked = [
            Asked(role.name, holders.get((team.pk, role.pk), []) if team else None, is_role=True) for role in roles
        ]
        if not self["is_finance_review"].value():
            asked += [Asked(user.name, [user] if user.is_active else [], is_role=False) for user in self.chosen]
        return PlannedStep(self.title, asked)


class WorkflowBuilder(Builder):
    columns = {"approvers": "roles"}

    def __init__(
        self, data: QueryDict, teams: Choices | None = None, *, roles: Sequence[Role], everybody: Iterable[User]
    ) -> None:
        for key in data.getlist("step"):
            given = [*data.getlist(f"step-{key}-people"), *data.pop(f"step-{key}-person", [])]
            people = dict.fromkeys(str(uuid) for uuid in map(as_uuid, given) if uuid)
            data.setlist(f"step-{key}-people", list(people))
        super().__init__(data, teams or [])
        by_uuid = {str(user.uuid): user for user in everybody}
        self.steps = Rows(data, "step", StepRow, roles=roles, everybody=by_uuid)
        self.groups = {"steps": self.steps}

    def act(self, do: str) -> None:
        """Besides moving rows: step:drop:key:uuid takes a person out of a step."""
        if do.startswith("step:drop:"):
            key, _colon, uuid = do.removeprefix("step:drop:").partition(":")
            people = self.data.getlist(f"step-{key}-people")
            self.data.setlist(f"step-{key}-people", [other for other in people if other != uuid])
        else:
            super().act(do)

    def planned(self, team: Team | None, holders: Holders) -> list[PlannedStep]:
        return [row.planned(team, holders) for row in self.steps.forms if isinstance(row, StepRow)]


def data_of_workflow(workflow: WorkflowTemplate) -> QueryDict:
    data = QueryDict(mutable=True)
    data["name"] = workflow.name
    for key, step in enumerate(workflow.steps.prefetch_related("approvers__role", "approvers__user"), 1):
        approvers = step.approvers.all()
        roles = [approver.role.code for approver in approvers if approver.role]
        people = [str(approver.user.uuid) for approver in approvers if approver.user]
        add_step(data, str(key), step.step_name, roles=roles, people=people, finance=step.is_finance_review)
    return data


def add_step(
    data: QueryDict,
    key: str,
    name: str,
    *,
    roles: Sequence[str] = (),
    people: Sequence[str] = (),
    finance: bool = False,
) -> None:
    data.appendlist("step", key)
    put(data, f"step-{key}", {"step_name": name, "is_finance_review": "on" if finance else ""})
    data.setlist(f"step-{key}-roles", list(roles))
    data.setlist(f"step-{key}-people", list(people))
