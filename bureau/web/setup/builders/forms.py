"""The builder of forms."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from bureau.purchasing.models import FieldType, FormField, FormTemplate
from bureau.purchasing.services import templates
from bureau.web.requests.forms import RequestForm
from bureau.web.setup.builders.rows import Builder, Row, Rows, put
from bureau.web.setup.forms import Choices


class FieldRow(Row):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": 100, "autocomplete": "off"}),
    )
    field_type = forms.ChoiceField(label=gettext_lazy("Type"), required=False, choices=FieldType.choices)
    required = forms.BooleanField(label=gettext_lazy("Required"), required=False)
    is_amount = forms.BooleanField(label=gettext_lazy("This is the amount of the request"), required=False)
    options = forms.CharField(
        label=gettext_lazy("Choices, one a line"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    help_text = forms.CharField(
        label=gettext_lazy("Help text"),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": 300, "autocomplete": "off"}),
    )
    minimum = forms.DecimalField(
        label=gettext_lazy("Smallest"), required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    maximum = forms.DecimalField(
        label=gettext_lazy("Largest"), required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    field_id = forms.CharField(
        label=gettext_lazy("Id in the API"),
        required=False,
        help_text=gettext_lazy("Empty: made of the name."),
        widget=forms.TextInput(attrs={"maxlength": 50, "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data: QueryDict, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["name"].starred = True  # type: ignore[attr-defined]
        self.fields["field_id"].widget.attrs["placeholder"] = templates.derived_field_id(self["name"].value() or "")

    @property
    def has_more_errors(self) -> bool:
        return any(name in self.errors for name in ("help_text", "minimum", "maximum", "field_id"))

    def values(self) -> templates.FieldInput:
        """What the type has no use for is left out: the page hides it."""
        given, kind = self.cleaned_data, self.cleaned_data["field_type"] or FieldType.TEXT
        name = given["name"].strip()
        values = templates.FieldInput(
            name=name,
            field_id=given["field_id"].strip() or templates.derived_field_id(name) or (name and f"field_{self.key}"),
            field_type=kind,
            required=given["required"],
            help_text=given["help_text"],
        )
        if kind == FieldType.SELECT:
            values["options"] = [line.strip() for line in given["options"].splitlines() if line.strip()]
        if kind == FieldType.NUMBER:
            values |= {"minimum": given["minimum"], "maximum": given["maximum"], "is_amount": given["is_amount"]}
        return values


class CategoryRow(Row):
    name = forms.CharField(
        label=gettext_lazy("Kind of file"),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": 50, "autocomplete": "off", "placeholder": gettext_lazy("Quote")}),
    )
    required = forms.BooleanField(label=gettext_lazy("Required"), required=False)

    def values(self) -> templates.CategoryInput:
        return {"name": self.cleaned_data["name"], "required": self.cleaned_data["required"]}


class FormBuilder(Builder):
    def __init__(self, data: QueryDict, teams: Choices | None = None) -> None:
        super().__init__(data, teams or [])
        self.fields = Rows(data, "field", FieldRow)
        self.categories = Rows(data, "category", CategoryRow)
        self.groups = {"fields": self.fields, "attachment_categories": self.categories}

    @property
    def sample(self) -> RequestForm:
        """The form as the requester gets it, of the rows that have a name already."""
        shown = [
            FormField(
                field_id=row.key,
                name=row.title,
                field_type=row["field_type"].value() or FieldType.TEXT,
                required=bool(row["required"].value()),
                help_text=row["help_text"].value() or "",
                options=[line.strip() for line in (row["options"].value() or "").splitlines() if line.strip()],
            )
            for row in self.fields.forms
            if row.title.strip()
        ]
        return RequestForm(shown, auto_id="sample_%s")

    @property
    def sample_categories(self) -> list[dict[str, Any]]:
        found = ({"name": row.title, "required": row["required"].value()} for row in self.categories.forms)
        return [category for category in found if category["name"]]


def data_of_form(form: FormTemplate) -> QueryDict:
    data = QueryDict(mutable=True)
    data["name"] = form.name
    for key, row in enumerate(form.fields.all(), 1):
        data.appendlist("field", str(key))
        values = {
            "name": row.name,
            "field_type": row.field_type,
            "options": "\n".join(row.options),
            "help_text": row.help_text,
            "minimum": "" if row.minimum is None else f"{row.minimum.normalize():f}",
            "maximum": "" if row.maximum is None else f"{row.maximum.normalize():f}",
            "field_id": row.field_id,
            "required": "on" if row.required else "",
            "is_amount": "on" if row.is_amount else "",
        }
        put(data, f"field-{key}", values)
    for key, category in enumerate(form.attachment_categories.all(), 1):
        data.appendlist("category", str(key))
        put(data, f"category-{key}", {"name": category.name, "required": "on" if category.required else ""})
    return data


def add_field(data: QueryDict, key: str, **values: str) -> None:
    data.appendlist("field", key)
    put(data, f"field-{key}", values)
