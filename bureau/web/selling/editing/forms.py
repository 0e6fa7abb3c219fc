"""The form of a quote or an invoice, beside its lines. Judging the values is the services': every refusal comes back
beside its field, and the ones of lines beside their cell."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.core.models import Organization, User
from bureau.kit.errors import DomainError, Invalid
from bureau.parties.models import Customer, CustomerType
from bureau.parties.selectors.customers import searched, visible_customers
from bureau.parties.services.customers import CustomerExists
from bureau.web.customers.forms import countries
from bureau.web.selling.editing.kinds import Document, Kind
from bureau.web.selling.editing.lines import CASE, CELLS
from bureau.web.selling.finding import read_id

FIELD_OF = {"customer": "customer_name"}
"""Where the service's name of a field is not the form's."""


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, error_messages={"required": gettext_lazy("Give a date.")})


def _text(label: Any, longest: int, **attributes: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"maxlength": longest, "autocomplete": "off", **attributes})
    return forms.CharField(label=label, required=False, widget=widget)


def _texts(label: Any, longest: int, rows: int, help_text: Any = "") -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "maxlength": longest})
    return forms.CharField(label=label, required=False, widget=widget, help_text=help_text)


@dataclass(frozen=True)
class Problem:
    """What the summary above the form says, and the field that it leads to."""

    field: str
    text: str


class EditorForm(forms.Form):
    """`customer` is the id of the one whose name stands in `customer_name`, where it was chosen from the list."""

    customer_name = _text(gettext_lazy("Customer"), 200)
    customer = forms.CharField(required=False, widget=forms.HiddenInput)
    issue_date = _day(gettext_lazy("Date"))
    terms = _texts(gettext_lazy("Terms"), 5000, 3)
    notes = _texts(gettext_lazy("Notes"), 5000, 3, gettext_lazy("Printed beneath the lines, as the terms are."))
    customer_name.starred = True  # type: ignore[attr-defined]  # shown; `customer` is what is needed

    def __init__(
        self, kind: Kind, user: User, data: Any = None, *, item: Document | None = None, initial: Any = None
    ) -> None:
        super().__init__(data, initial=initial)
        self.kind, self.user, self.item = kind, user, item
        self.fields[kind.until] = _day(kind.until_label)
        self.line_errors: list[str] = []
        self.cell_errors: dict[tuple[int, str], list[str]] = {}

    @property
    def until(self) -> forms.BoundField:
        return self[self.kind.until]

    @property
    def wrong(self) -> bool:
        return bool(self.errors or self.line_errors or self.cell_errors)

    @property
    def problems(self) -> Iterator[Problem]:
        """All that is wrong and has a field, in the order of the page."""
        for name in ("customer_name", "issue_date", self.kind.until):
            for text in self.errors.get(name, ()):
                yield Problem(self[name].id_for_label, f"{self.fields[name].label}: {text}")
        for text in self.line_errors:
            yield Problem("lines-title", text)
        for (index, column), texts in sorted(self.cell_errors.items()):
            told = {"number": index + 1, "cell": CELLS[column], "text": texts[0]}
            yield Problem(f"line-{index + 1}-{column}", _("Line %(number)d, %(cell)s: %(text)s") % told)
        for name in ("terms", "notes"):
            for text in self.errors.get(name, ()):
                yield Problem(self[name].id_for_label, f"{self.fields[name].label}: {text}")

    def chosen(self) -> Customer | None:
        """The customer who was picked, while the name is still theirs. The document's may be one whom only others
        see."""
        pk, name = read_id(str(self["customer"].value() or "")), _squeezed(self["customer_name"].value())
        if pk is None:
            return None
        if self.item is not None and self.item.customer_id == pk:
            found: Customer | None = self.item.customer
        else:
            found = visible_customers(self.user).select_related("organization").filter(pk=pk).first()
        return found if found and _squeezed(found.party.name) == name else None

    def read_customer(self) -> Customer:
        """Raises Invalid where it is not clear who is meant, or there is nobody that this person may sell to."""
        name, found = _squeezed(self["customer_name"].value()), self.chosen()
        if found is not None:
            return found
        if not name:
            raise Invalid.field("customer_name", _("Choose a customer, or enter a new one."))
        if NewCustomerForm(self.data).filled:  # the name is theirs, not one that is merely like it
            text = _(
                "The new customer is not added yet: add them first, or empty their fields and choose one of the list."
            )
            raise Invalid.field("customer_name", text)
        alike = searched(visible_customers(self.user).filter(organization=self.user.organization_id, active=True), name)
        exact = list(alike.filter(party__name__iexact=name)[:2]) or list(alike[:2])
        if len(exact) == 1:
            return exact[0]
        if exact:
            raise Invalid.field("customer_name", _("Several customers are called like this: choose one of the list."))
        raise Invalid.field(
            "customer_name", _("There is no such customer. Choose one of the list, or enter a new one.")
        )

    def values(self) -> dict[str, Any]:
        """As the service takes them; raises Invalid."""
        names = ("issue_date", self.kind.until, "terms", "notes")
        return {"customer": self.read_customer(), **{name: self.cleaned_data.get(name) for name in names}}

    def readable(self) -> dict[str, Any]:
        """The values as far as they can be read, for a preview while they are typed."""
        self.is_valid()
        names = ("issue_date", self.kind.until)
        given = {name: self.cleaned_data.get(name) for name in names}
        texts = {name: self.cleaned_data.get(name, "") for name in ("terms", "notes")}
        return {"customer": self.chosen(), **given, **texts}

    def place(self, error: DomainError) -> None:
        """Each error beside its field or cell; what has none there stands above the form."""
        if not error.fields:
            self.add_error(None, error.message)
        for name, texts in error.fields.items():
            part, _dot, cell = name.partition(".")
            if part == "line_items" and cell:
                index, _dot, column = cell.partition(".")
                column = "description" if column == CASE else column
                self.cell_errors.setdefault((int(index), column), []).extend(texts)
            elif part == "line_items":
                self.line_errors.extend(texts)
            else:
                name = FIELD_OF.get(name, name)
                self.add_error(name if name in self.fields else None, texts)


def _squeezed(name: Any) -> str:
    return " ".join(str(name or "").replace("\x00", "").split()).casefold()


def first_values(kind: Kind, organization: Organization, today: date) -> dict[str, Any]:
    """What a new one begins with."""
    until = today + timedelta(days=kind.days(organization))
    return {"issue_date": today, kind.until: until, "terms": kind.terms(organization)}


def kept_values(kind: Kind, item: Document) -> dict[str, Any]:
    return {
        **chosen_values(item.customer),
        **{name: getattr(item, name) for name in ("issue_date", kind.until, "terms", "notes")},
    }


def chosen_values(customer: Customer) -> dict[str, Any]:
    return {"customer": str(customer.pk), "customer_name": customer.party.name}


class NewCustomerForm(forms.Form):
    """A new customer, entered while something is written for them."""

    prefix = "new"
    customer_type = forms.ChoiceField(
        label=gettext_lazy("Who it is"),
        required=False,
        choices=CustomerType.choices,
        initial=CustomerType.COMPANY,
        widget=forms.RadioSelect,
    )
    company_name = _text(gettext_lazy("Company"), 200)
    first_name = _text(gettext_lazy("First name"), 100)
    last_name = _text(gettext_lazy("Last name"), 100)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    phone = _text(gettext_lazy("Phone"), 50, type="tel")
    address = _texts(gettext_lazy("Address"), 1000, 2)
    country = forms.ChoiceField(label=gettext_lazy("Country"), required=False, choices=countries)
    tax_number = _text(gettext_lazy("Tax number"), 50)
    allow_duplicate = forms.BooleanField(label=gettext_lazy("It is another one: keep both"), required=False)

    exists: CustomerExists | None = None
    """Where there is a customer like this one already."""

    def values(self) -> dict[str, Any]:
        """As the service takes them, `allow_duplicate` included."""
        return self.cleaned_data

    @property
    def filled(self) -> bool:
        """Whether a new one is described."""
        names = ("company_name", "first_name", "last_name", "email", "phone", "address", "tax_number")
        return any((self[name].value() or "").strip() for name in names)
