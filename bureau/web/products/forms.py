"""The editor of a product, in rows, and the form of a document type. Judging the values is the services'."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.cases.calendars import calendars_of
from bureau.cases.models import DocumentType, Product
from bureau.cases.selectors.products import product_types, visible_document_types
from bureau.cases.services.products import DocumentInput, TaskInput
from bureau.core.models import Organization, User
from bureau.kit.errors import DomainError, Invalid
from bureau.web.numbers import read_number
from bureau.web.products.reading import due_days
from bureau.web.setup.builders.rows import Builder, Row, Rows, put
from bureau.web.setup.forms import countries, show_refusal

BUSINESS, CALENDAR = "business", "calendar"
REQUIRED, OPTIONAL = "required", "optional"
WHOLE_NUMBER = gettext_lazy("Give a whole number.")


def _text(label: Any, longest: int, *, help_text: Any = "", **attributes: Any) -> forms.Field:
    widget = forms.TextInput(attrs={"maxlength": longest, "autocomplete": "off", **attributes})
    return forms.CharField(label=label, required=False, help_text=help_text, widget=widget)


def _number(label: Any, *, help_text: Any = "", **attributes: Any) -> forms.Field:
    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": 6, **attributes})
    field = forms.IntegerField(label=label, required=False, help_text=help_text, widget=widget)
    field.error_messages["invalid"] = WHOLE_NUMBER
    return field


@dataclass(frozen=True)
class Planned:
    """A task as far as it is typed."""

    name: str
    duration: int
    business_days: bool
    country: str


class ProductHead(forms.Form):
    name = _text(gettext_lazy("Name"), 200)
    code = _text(gettext_lazy("Code"), 50, spellcheck="false", autocapitalize="characters", placeholder="VISA-EXT")
    product_type = _text(gettext_lazy("Type"), 50, list="product-types", placeholder=gettext_lazy("visa"))
    base_price = forms.CharField(
        label=gettext_lazy("Price, net"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "maxlength": 20}),
    )
    tax_code = forms.ChoiceField(label=gettext_lazy("Tax"), required=False)
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 5000}),
    )
    completed_by_payment = forms.BooleanField(
        label=gettext_lazy("Complete a case when its invoice is paid"), required=False
    )
    active = forms.BooleanField(label=gettext_lazy("Can be chosen for new cases"), required=False)

    def __init__(self, data: QueryDict, product: Product | None, organization: Organization) -> None:
        super().__init__(data, use_required_attribute=False)
        self.fields["base_price"].label = _("Price, net, %s") % organization.currency
        for name in ("name", "code"):
            self.fields[name].starred = True  # type: ignore[attr-defined]
        known = [
            (row.code, f"{row.code} {row.rate.normalize():f} %") for row in organization.tax_codes.filter(active=True)
        ]
        kept = data.get("tax_code", "")
        if kept and kept not in dict(known):
            known.append((kept, kept))
        self.fields["tax_code"].choices = [("", _("The usual rate")), *known]  # type: ignore[attr-defined]
        if product is None:
            del self.fields["active"]

    def clean_base_price(self) -> Any:
        try:
            return read_number(self.cleaned_data["base_price"] or "0")
        except Invalid as error:
            raise forms.ValidationError(error.message) from None


class TaskRow(Row):
    id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = _text(gettext_lazy("Task"), 100)
    duration = _number(gettext_lazy("Takes"))
    days = forms.ChoiceField(
        label=gettext_lazy("Counted in"),
        required=False,
        choices=[(BUSINESS, gettext_lazy("working days")), (CALENDAR, gettext_lazy("calendar days"))],
    )
    notify_days_before = _number(
        gettext_lazy("Reminder"), placeholder="0", title=gettext_lazy("Days before it is due; empty: nobody")
    )
    country = forms.ChoiceField(label=gettext_lazy("Public holidays of"), required=False)
    description = _text(gettext_lazy("What is done"), 500)

    def __init__(self, data: QueryDict, *, own_country: str, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["name"].starred = self.fields["duration"].starred = True  # type: ignore[attr-defined]
        self.fields["country"].choices = [("", own_country), *countries()[1:]]  # type: ignore[attr-defined]

    @property
    def has_more(self) -> bool:
        return any(self[name].value() or name in self.errors for name in ("country", "description"))

    def values(self) -> TaskInput:
        given = self.cleaned_data
        return TaskInput(
            name=given["name"],
            duration=given["duration"],
            description=given["description"],
            business_days=given["days"] != CALENDAR,
            country=given["country"],
            notify_days_before=given["notify_days_before"] or 0,
            id=given["id"],
        )

    def planned(self) -> Planned | None:
        """None while its duration cannot be read."""
        text = (self["duration"].value() or "").strip()
        if not (text.isascii() and text.isdigit() and len(text) < 5):
            return None
        return Planned(self.title, int(text), self["days"].value() != CALENDAR, self["country"].value() or "")


class DocumentRow(Row):
    titled_by = "document_type"

    document_type = forms.ChoiceField(label=gettext_lazy("Document"), required=False)
    kind = forms.ChoiceField(
        label=gettext_lazy("Needed"),
        required=False,
        choices=[(REQUIRED, gettext_lazy("required")), (OPTIONAL, gettext_lazy("optional"))],
    )
    min_validity_months = _number(
        gettext_lazy("Valid for, months"),
        title=gettext_lazy("How long it must be valid after the case is due; empty: as its type says"),
    )

    def __init__(self, data: QueryDict, *, types: Sequence[DocumentType], **options: Any) -> None:
        super().__init__(data, **options)
        self.names = {str(kind.pk): kind for kind in types}
        choices = [("", _("Choose…")), *((pk, kind.name) for pk, kind in self.names.items())]
        self.fields["document_type"].choices = choices  # type: ignore[attr-defined]
        self.fields["document_type"].starred = True  # type: ignore[attr-defined]
        self.fields["document_type"].widget.attrs["data-names"] = ""
        chosen = self.chosen
        usual = str(chosen.min_validity_months) if chosen and chosen.has_expiry_date else "–"
        self.fields["min_validity_months"].widget.attrs["placeholder"] = usual

    @property
    def chosen(self) -> DocumentType | None:
        return self.names.get(self[self.titled_by].value() or "")

    @property
    def title(self) -> str:
        return self.chosen.name if self.chosen else ""

    def values(self) -> DocumentInput:
        given = self.cleaned_data
        return DocumentInput(int(given["document_type"]), given["kind"] != OPTIONAL, given["min_validity_months"])


class ProductBuilder(Builder):
    columns = {"duration_is_business_days": "days"}
    head: Any

    def __init__(
        self,
        data: QueryDict,
        *,
        user: User,
        organization: Organization,
        product: Product | None,
    ) -> None:
        self.data = data
        self.organization = organization
        self.head = ProductHead(data, product, organization)
        self.types = list(visible_document_types(user).filter(organization=organization))
        self.known_product_types = product_types(user)
        self.tasks = Rows(data, "task", TaskRow, own_country=_("Our country"))
        self.documents = Rows(data, "document", DocumentRow, types=self.types)
        self.groups = {"tasks": self.tasks, "documents": self.documents}

    def drop_blank(self) -> None:
        """A row in which nothing was typed is no task, and no document."""
        for rows, names in ((self.tasks, ("name", "duration", "description")), (self.documents, ("document_type",))):
            typed = [key for key in rows.keys if any(self.data.get(f"{rows.group}-{key}-{name}") for name in names)]
            rows.keys = typed

    def is_valid(self) -> bool:
        """What a row cannot do without is asked for only now: a new one has nothing yet."""
        super().is_valid()
        for name in ("name", "code"):
            _ask_for(self.head, name, _("This field is required."))
        for row in self.tasks.forms:
            _ask_for(row, "name", _("Give the step a name."))
            _ask_for(row, "duration", WHOLE_NUMBER)
        return not any(form.errors for form in (self.head, *self.tasks, *self.documents))

    def values(self) -> dict[str, Any]:
        return {**self.head.cleaned_data, "tasks": self.tasks.values(), "documents": self.documents.values()}

    def place(self, error: DomainError) -> None:
        """The service calls the rows tasks.0.duration and required_documents.0: each goes beside its control."""
        rest: dict[str, list[str]] = {}
        for name, texts in error.fields.items():
            group, _dot, place = name.partition(".")
            position, _dot, column = place.partition(".")
            rows = self._rows(group)
            if not position.isdigit() or int(position) >= len(rows):
                rest[name] = texts
                continue
            row = rows[int(position)]
            column = self.columns.get(column, column) or row.titled_by
            row.add_error(column if column in row.fields else None, [capfirst(text) for text in texts])
        if rest:
            show_refusal(self.head, Invalid(fields=rest))
        elif not error.fields:
            show_refusal(self.head, error)

    def _rows(self, group: str) -> list[Row]:
        if group == "tasks":
            return self.tasks.forms
        wanted = {"required_documents": True, "optional_documents": False}.get(group)
        return [row for row in self.documents.forms if (row["kind"].value() != OPTIONAL) is wanted]

    def planned(self, today: date) -> list[tuple[Planned, date | None]]:
        """The tasks that can be read, each with the day on which it is due if a case begins today."""
        tasks = [task for row in self.tasks.forms if isinstance(row, TaskRow) and (task := row.planned())]
        return list(zip(tasks, due_days(tasks, today, calendars_of(self.organization)), strict=True))


def _ask_for(form: forms.Form, name: str, message: Any) -> None:
    if form.cleaned_data.get(name) in (None, "") and name not in form.errors:
        form.add_error(name, message)


def data_of_product(product: Product, *, copy: bool = False) -> QueryDict:
    """As a browser sends it; a `copy` has neither the code nor the tasks' ids."""
    data = QueryDict(mutable=True)
    for name in ("name", "product_type", "tax_code", "description"):
        data[name] = getattr(product, name)
    data["base_price"] = f"{product.base_price:f}"
    data["completed_by_payment"] = "on" if product.completed_by_payment else ""
    if not copy:
        data["code"] = product.code
        data["active"] = "on" if product.active else ""
    for key, task in enumerate(product.tasks.all(), 1):
        data.appendlist("task", str(key))
        values = {
            "id": "" if copy else str(task.pk),
            "name": task.name,
            "duration": str(task.duration),
            "days": BUSINESS if task.business_days else CALENDAR,
            "notify_days_before": str(task.notify_days_before or ""),
            "country": task.country,
            "description": task.description,
        }
        put(data, f"task-{key}", values)
    for key, paper in enumerate(product.documents.all(), 1):
        data.appendlist("document", str(key))
        months = "" if paper.min_validity_months is None else str(paper.min_validity_months)
        values = {
            "document_type": str(paper.document_type_id),
            "kind": REQUIRED if paper.required else OPTIONAL,
            "min_validity_months": months,
        }
        put(data, f"document-{key}", values)
    return data


class DocumentTypeForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"), widget=forms.TextInput(attrs={"maxlength": 100, "autocomplete": "off"})
    )
    description = forms.CharField(
        label=gettext_lazy("What is accepted"),
        required=False,
        help_text=gettext_lazy("For whoever has to bring it: “All pages in colour, nothing cut off.”"),
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 500}),
    )
    has_number = forms.BooleanField(label=gettext_lazy("It has a number, which must be typed in"), required=False)
    has_expiry_date = forms.BooleanField(label=gettext_lazy("It expires: the day must be typed in"), required=False)
    min_validity_months = _number(
        gettext_lazy("Valid after the case is due, months"),
        help_text=gettext_lazy(
            "6 for a passport that must hold half a year longer. Products can ask for more or less."
        ),
    )
    notify_days_before = _number(
        gettext_lazy("Tell us before it expires, days"), help_text=gettext_lazy("0: nobody is told.")
    )
    actions = forms.MultipleChoiceField(
        label=gettext_lazy("Buttons beside the document"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, kind: DocumentType | None, offered: Sequence[tuple[str, str]], data: Any) -> None:
        initial: dict[str, Any] = {"notify_days_before": 30, "min_validity_months": 0}
        if kind is not None:
            initial = {name: getattr(kind, name) for name in self.base_fields}
        super().__init__(data, initial=initial)
        self.fields["actions"].choices = offered  # type: ignore[attr-defined]
        if not offered:
            del self.fields["actions"]

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {**given, **{name: given[name] or 0 for name in ("min_validity_months", "notify_days_before")}}
