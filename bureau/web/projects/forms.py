"""The forms of projects and cost codes. Judging the values is the services'."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from bureau.core.models import User
from bureau.purchasing.models import CostCode, Project, ProjectStatus

_DECIMAL = {"inputmode": "decimal", "autocomplete": "off"}
_DATE = {"type": "date"}


def _text(label: Any, longest: int, *, required: bool = True, help_text: Any = "") -> forms.Field:
    widget = forms.TextInput(attrs={"maxlength": longest, "autocomplete": "off"})
    return forms.CharField(label=label, required=required, help_text=help_text, widget=widget)


def _budget() -> forms.Field:
    return forms.DecimalField(label=gettext_lazy("Budget"), widget=forms.TextInput(attrs=_DECIMAL))


def _day(label: Any) -> forms.Field:
    return forms.DateField(label=label, required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs=_DATE))


def _reason() -> forms.Field:
    return _text(
        gettext_lazy("Why does it change?"), 200, help_text=gettext_lazy("Stays in the statement and the audit log.")
    )


class ProjectForm(forms.Form):
    """A new project has a code and a budget; later the code stays and the budget changes with a reason."""

    code = _text(gettext_lazy("Code"), 50, help_text=gettext_lazy("PRJ001: short, and never changed."))
    name = _text(gettext_lazy("Name"), 200)
    status = forms.ChoiceField(label=gettext_lazy("State"), choices=ProjectStatus.choices)
    budget = _budget()
    start_date = _day(gettext_lazy("Start"))
    end_date = _day(gettext_lazy("End"))

    def __init__(self, project: Project | None, data: Any) -> None:
        initial = project and {name: getattr(project, name) for name in ("name", "status", "start_date", "end_date")}
        super().__init__(data, initial=initial or None)
        if project is not None:
            del self.fields["code"], self.fields["budget"]


class BudgetForm(forms.Form):
    budget = _budget()
    reason = _reason()

    def __init__(self, project: Project, data: Any) -> None:
        super().__init__(data, initial={"budget": project.budget})


class CostCodeForm(forms.Form):
    external_id = _text(gettext_lazy("Id"), 50, help_text=gettext_lazy("CC-001: unique in the project, never changed."))
    code = _text(gettext_lazy("Code"), 50, help_text=gettext_lazy("01-100, as the trade numbers it."))
    description = _text(gettext_lazy("Description"), 200, required=False)
    category = _text(gettext_lazy("Category"), 100, required=False)
    budget = _budget()
    reason = _text(
        gettext_lazy("Why does the budget change?"),
        200,
        required=False,
        help_text=gettext_lazy("Needed for another budget; stays in the statement and the audit log."),
    )
    active = forms.BooleanField(label=gettext_lazy("Can be chosen for new orders"), required=False)

    def __init__(self, cost_code: CostCode | None, data: Any) -> None:
        names = ("code", "description", "category", "budget", "active")
        initial = {name: getattr(cost_code, name) for name in names} if cost_code else None
        super().__init__(data, initial=initial)
        for name in ("external_id",) if cost_code else ("reason", "active"):
            del self.fields[name]


class MemberForm(forms.Form):
    user = forms.ChoiceField(label=gettext_lazy("Person"))

    def __init__(self, people: list[User], data: Any = None) -> None:
        super().__init__(data)
        field: Any = self.fields["user"]
        field.choices = [(str(person.uuid), person.name) for person in people]
