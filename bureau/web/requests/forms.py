"""The form of a request: its own fields, and those that the team's form template asks for. Judging the values is the
service's: a draft may be incomplete, and every refusal comes back beside its field."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.kit.errors import DomainError, Invalid
from bureau.purchasing.models import Attachment, FieldType, FormField, PurchaseRequest, PurchaseType
from bureau.purchasing.services.content import ItemInput
from bureau.web.numbers import read_number

OWN = ("subject", "purchase_type", "vendor_name", "vendor_account", "description")
PREFIX = "field_"  # a template may name its fields as it likes, also "subject"
ELSEWHERE = {"items": "line_errors", "attachments": "file_errors", "file": "file_errors"}
EMPTY_LINES = 1


class RequestForm(forms.Form):
    subject = forms.CharField(
        label=gettext_lazy("What do you need?"),
        help_text=gettext_lazy("A few words for the people who decide: “Two camera lenses”."),
        widget=forms.TextInput(attrs={"maxlength": 200}),
    )
    purchase_type = forms.ChoiceField(
        label=gettext_lazy("Type"), choices=PurchaseType.choices, initial=PurchaseType.GOODS
    )
    vendor_name = forms.CharField(
        label=gettext_lazy("Vendor"), required=False, widget=forms.TextInput(attrs={"maxlength": 200})
    )
    vendor_account = forms.CharField(
        label=gettext_lazy("Vendor account"), required=False, widget=forms.TextInput(attrs={"maxlength": 100})
    )
    description = forms.CharField(
        label=gettext_lazy("Description"), required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(
        self, rows: Iterable[FormField], *args: Any, item: PurchaseRequest | None = None, **kwargs: Any
    ) -> None:
        self.template_rows = list(rows)
        self.line_errors: list[str] = []
        self.file_errors: list[str] = []
        if item is not None:
            kwargs.setdefault("initial", _initial(item))
        super().__init__(*args, **kwargs)
        kept = {value.field_id: value.value_file for value in item.field_values.all()} if item else {}
        for row in self.template_rows:
            field = self.fields[PREFIX + row.field_id] = _form_field(row)
            attachment = kept.get(row.pk)
            if attachment:
                field.help_text = _("Attached: %s. Choosing another one replaces it.") % attachment.file.filename

    @property
    def template_fields(self) -> list[forms.BoundField]:
        return [self[PREFIX + row.field_id] for row in self.template_rows]

    def own_values(self) -> dict[str, str]:
        return {name: self.cleaned_data.get(name, "") for name in OWN}

    def field_values(self) -> dict[str, Any]:
        """By field id, as the service takes them; files come separately."""
        return {
            row.field_id: self.cleaned_data.get(PREFIX + row.field_id) or None
            for row in self.template_rows
            if row.field_type != FieldType.FILE
        }

    def field_uploads(self) -> dict[str, Any]:
        """The new files of FILE fields, by field id."""
        rows = (row for row in self.template_rows if row.field_type == FieldType.FILE)
        given = {row.field_id: self.cleaned_data.get(PREFIX + row.field_id) for row in rows}
        return {field_id: upload for field_id, upload in given.items() if upload}

    def place(self, error: DomainError) -> None:
        """Each error beside its field; what has none there stands above the form."""
        if not error.fields:
            self.add_error(None, error.message)
        for name, texts in error.fields.items():
            if name in ELSEWHERE:
                getattr(self, ELSEWHERE[name]).extend(texts)
                continue
            here = name if name in OWN else PREFIX + name
            self.add_error(here if here in self.fields else None, texts)


def _form_field(row: FormField) -> forms.Field:
    common: dict[str, Any] = {"label": row.name, "help_text": row.help_text, "required": False}
    field: Any
    match row.field_type:
        case FieldType.LONG_TEXT:
            field = forms.CharField(**common, widget=forms.Textarea(attrs={"rows": 4}))
        case FieldType.NUMBER:
            field = forms.CharField(
                **common, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
            )
        case FieldType.DATE:
            field = forms.CharField(**common, widget=forms.TextInput(attrs={"type": "date"}))
        case FieldType.BOOLEAN:
            field = forms.CharField(
                **common, widget=forms.RadioSelect(choices=[("true", _("Yes")), ("false", _("No"))])
            )
        case FieldType.SELECT:
            choices = [("", _("Choose…")), *((option, option) for option in row.options)]
            field = forms.CharField(**common, widget=forms.Select(choices=choices))
        case FieldType.FILE:
            field = forms.FileField(**common)
        case _:
            field = forms.CharField(**common)
    field.starred = row.required  # shown; enforced at submit
    field.is_wide = row.field_type == FieldType.LONG_TEXT
    return field


def _initial(item: PurchaseRequest) -> dict[str, Any]:
    initial: dict[str, Any] = {name: getattr(item, name) for name in OWN}
    for kept in item.field_values.all():
        match kept.value:
            case bool() as answer:
                shown = "true" if answer else "false"
            case Decimal() as number:
                shown = f"{number:.2f}" if kept.field.is_amount else f"{number.normalize():f}"
            case Attachment():
                continue
            case value:
                shown = str(value)
        initial[PREFIX + kept.field.field_id] = shown
    return initial


def read_lines(data: Any) -> list[ItemInput]:
    """The lines of the grid, empty ones left out. Raises Invalid for what is no number; the rest is the service's."""
    lines, errors = [], []
    columns = (data.getlist(f"item_{name}") for name in ("description", "quantity", "unit_price"))
    for position, texts in enumerate(zip(*columns, strict=False), 1):
        description, quantity, unit_price = (text.strip() for text in texts)
        if not description and not unit_price:
            continue
        try:
            lines.append(
                ItemInput(
                    description=description,
                    quantity=read_number(quantity or "1"),
                    unit_price=read_number(unit_price or "0"),
                )
            )
        except Invalid:
            errors.append(
                _("Line %(position)d: give quantity and price as numbers, such as 12.50.") % {"position": position}
            )
    if errors:
        raise Invalid(fields={"items": errors})
    return lines


def shown_lines(item: PurchaseRequest | None, data: Any = None) -> Iterable[dict[str, str]]:
    """What the grid shows: what was typed, else what is kept, and an empty line to go on."""
    if data is not None:
        names = ("description", "quantity", "unit_price")
        rows = zip(*(data.getlist(f"item_{name}") for name in names), strict=False)
        lines = [dict(zip(names, row, strict=True)) for row in rows if any(text.strip() for text in row)]
    else:
        lines = [
            {
                "description": line.description,
                "quantity": f"{line.quantity.normalize():f}",
                "unit_price": f"{line.unit_price:.2f}",
                "total": line.total,
            }
            for line in (item.items.all() if item else [])
        ]
    return [*lines, *({"description": "", "quantity": "", "unit_price": ""} for _n in range(EMPTY_LINES))]
