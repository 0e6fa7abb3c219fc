"""Forms and workflows as rows: what was typed, row by row, in the order of the page. Every button of a row works by
posting the whole form, with or without script; nothing is kept between two posts but what the page itself holds."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.kit.errors import DomainError, Invalid
from bureau.purchasing.services import templates
from bureau.web.setup.forms import Choices, show_refusal

MAX_ROWS = 250


class HeadForm(forms.Form):
    """What concerns the whole: its name, and the team of a new one."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": 100, "autocomplete": "off"}),
    )
    team = forms.ChoiceField(label=gettext_lazy("Team"), required=False)

    def __init__(self, data: Mapping[str, Any], teams: Choices) -> None:
        """`teams` empty: the team is known."""
        super().__init__(data)
        self.fields["name"].starred = True  # type: ignore[attr-defined]
        self.fields["team"].starred = True  # type: ignore[attr-defined]
        self.fields["team"].choices = [("", _("Choose a team…")), *teams]  # type: ignore[attr-defined]
        if not teams:
            del self.fields["team"]


class Row(forms.Form):
    titled_by = "name"
    focus = ""  # the control of this row to go on with: name, up, down or remove

    def __init__(self, data: QueryDict, *, group: str, key: str, **options: Any) -> None:
        self.key = key
        super().__init__(data, prefix=f"{group}-{key}", use_required_attribute=False, **options)

    @property
    def title(self) -> str:
        return self[self.titled_by].value() or ""

    def begin_at(self, control: str) -> None:
        self.focus = control
        if control == "name":
            self.fields[self.titled_by].widget.attrs["autofocus"] = True

    def values(self) -> Any:
        """As the service takes them."""
        raise NotImplementedError


class Rows:
    """The rows of one kind. `data` holds their keys under the group's name, in order, and their values by prefix."""

    def __init__(self, data: QueryDict, group: str, row: type[Row], **options: Any) -> None:
        self.data = data
        self.group = group
        self.row = row
        self.options = options
        self.keys = [key for key in dict.fromkeys(data.getlist(group)) if key.isascii() and key.isdigit()][:MAX_ROWS]
        self.focus = ("", "")
        self._forms: list[Row] | None = None

    @property
    def forms(self) -> list[Row]:
        if self._forms is None:
            self._forms = [self.row(self.data, group=self.group, key=key, **self.options) for key in self.keys]
            for row in self._forms:
                if row.key == self.focus[0]:
                    row.begin_at(self.focus[1])
        return self._forms

    def act(self, verb: str, key: str = "") -> None:
        """Adds, removes or moves a row, and remembers with which control to go on."""
        self._forms = None
        if verb == "add":
            key = str(max((int(other) for other in self.keys), default=0) + 1)
            self.keys.append(key)
            self.focus = (key, "name")
        elif key in self.keys:
            at = self.keys.index(key)
            self.keys.remove(key)
            if verb == "remove":
                self.focus = (self.keys[min(at, len(self.keys) - 1)] if self.keys else "", "remove")
            else:
                self.keys.insert(max(at - 1, 0) if verb == "up" else at + 1, key)
                self.focus = (key, verb)

    def is_valid(self) -> bool:
        return not [row for row in self.forms if not row.is_valid()]  # every row, so that each shows its errors

    def values(self) -> list[Any]:
        return [row.values() for row in self.forms]

    def __iter__(self) -> Any:
        return iter(self.forms)

    def __len__(self) -> int:
        return len(self.keys)


class Builder:
    """What the builders of forms and of workflows share. `groups`: the rows by the service's name for them."""

    groups: dict[str, Rows]
    columns: Mapping[str, str] = {}  # where a row's form calls a column otherwise than the service

    def __init__(self, data: QueryDict, teams: Choices) -> None:
        self.data = data
        self.head = HeadForm(data, teams)

    def act(self, do: str) -> None:
        """`do` is the value of the pressed button: group:verb:key."""
        group, _colon, rest = do.partition(":")
        verb, _colon, key = rest.partition(":")
        for rows in self.groups.values():
            if rows.group == group and verb in ("add", "remove", "up", "down"):
                rows.act(verb, key)

    def is_valid(self) -> bool:
        parts: list[HeadForm | Rows] = [self.head, *self.groups.values()]
        return not [part for part in parts if not part.is_valid()]

    def values(self) -> dict[str, Any]:
        return {"name": self.head.cleaned_data["name"], **{name: rows.values() for name, rows in self.groups.items()}}

    def place(self, error: DomainError) -> None:
        """Each problem in its row, beside its control; what concerns the whole stands above."""
        rows = error.rows if isinstance(error, templates.InvalidTemplate) else {}
        for (name, position), columns in rows.items():
            form = self.groups[name].forms[position - 1]
            for given, texts in columns.items():
                column = self.columns.get(given, given)
                form.add_error(column if column in form.fields else None, [capfirst(text) for text in texts])
        in_rows = {name for name, _position in rows}
        rest = {name: texts for name, texts in error.fields.items() if name not in in_rows}
        if rest:
            show_refusal(self.head, Invalid(fields=rest))
        elif not rows:
            show_refusal(self.head, error)


def put(data: QueryDict, prefix: str, values: Mapping[str, str]) -> None:
    """As a browser sends it: a box that is not ticked is not there."""
    for name, value in values.items():
        if value:
            data[f"{prefix}-{name}"] = value
