"""The form of a customer. Judging the values is the service's."""

from typing import Any

import pycountry
from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.accounts.selectors import people
from bureau.core.models import User
from bureau.parties.models import Customer, CustomerType, Gender

PARTY_FIELDS = ("email", "phone", "address", "country", "tax_number")


def _text(label: Any, longest: int, *, help_text: Any = "", **attributes: Any) -> forms.Field:
    widget = forms.TextInput(attrs={"maxlength": longest, "autocomplete": "off", **attributes})
    return forms.CharField(label=label, required=False, help_text=help_text, widget=widget)


def _day(label: Any) -> forms.Field:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget)


def _check(label: Any) -> forms.Field:
    return forms.BooleanField(label=label, required=False)


def nationalities() -> list[tuple[str, str]]:
    return _countries("alpha_3")


def countries() -> list[tuple[str, str]]:
    return _countries("alpha_2")


def _countries(code: str) -> list[tuple[str, str]]:
    found = sorted((getattr(c, "common_name", c.name), getattr(c, code)) for c in pycountry.countries)
    return [("", _("Not given")), *((code, name) for name, code in found)]


class CustomerForm(forms.Form):
    customer_type = forms.ChoiceField(
        label=gettext_lazy("Who it is"),
        choices=CustomerType.choices,
        initial=CustomerType.PERSON,
        widget=forms.RadioSelect,
    )
    title = _text(gettext_lazy("Title"), 30, placeholder=gettext_lazy("Dr, Ms…"))
    first_name = _text(gettext_lazy("First name"), 100)
    last_name = _text(gettext_lazy("Last name"), 100)
    company_name = _text(gettext_lazy("Company"), 200)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    phone = _text(gettext_lazy("Phone"), 50, type="tel")
    whatsapp = _text(gettext_lazy("WhatsApp"), 50, type="tel", placeholder="+49 171 1234567")
    tax_number = _text(gettext_lazy("Tax number"), 50)
    address = forms.CharField(
        label=gettext_lazy("Address"), required=False, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 1000})
    )
    country = forms.ChoiceField(label=gettext_lazy("Country"), required=False, choices=countries)
    gender = forms.ChoiceField(
        label=gettext_lazy("Gender, as in the passport"),
        required=False,
        choices=[("", gettext_lazy("Not given")), *Gender.choices],
    )
    nationality = forms.ChoiceField(label=gettext_lazy("Nationality"), required=False, choices=nationalities)
    birthdate = _day(gettext_lazy("Date of birth"))
    birth_place = _text(gettext_lazy("Place of birth"), 100)
    passport_number = _text(gettext_lazy("Passport number"), 50, autocapitalize="characters", spellcheck="false")
    passport_issue_date = _day(gettext_lazy("Issued on"))
    passport_expiry_date = _day(gettext_lazy("Expires on"))
    notify_steps_due = _check(gettext_lazy("Tell them before a step of their case is due"))
    notify_documents_expiring = _check(gettext_lazy("Tell them before one of their documents expires"))
    owner = forms.ChoiceField(label=gettext_lazy("Who looks after them"), required=False)
    allow_duplicate = _check(gettext_lazy("It is another one: keep both"))

    def __init__(self, customer: Customer | None, user: User, data: Any) -> None:
        """Who does not see the whole organization looks after their customers themselves."""
        initial: dict[str, Any] = {"owner": user.pk}
        if customer is not None:
            of_party = {name: getattr(customer.party, name) for name in PARTY_FIELDS}
            own = {name: getattr(customer, name) for name in self.base_fields if hasattr(customer, name)}
            initial = own | of_party | {"owner": customer.owner_id}
        super().__init__(data, initial=initial)
        self.people: dict[str, User] = {}
        if user.sees_organization:
            everybody = people(customer.organization if customer else user.organization)
            shown = everybody.filter(Q(is_active=True) | Q(pk=initial["owner"])).order_by(
                "first_name", "last_name", "pk"
            )
            self.people = {str(person.pk): person for person in shown}
            self.fields["owner"].choices = [(pk, person.name) for pk, person in self.people.items()]  # type: ignore[attr-defined]
        if len(self.people) < 2:
            del self.fields["owner"]
        self.exists = bool(data and "allow_duplicate" in data)  # whether there is a customer like this one
        self.twin: Customer | None = None  # which, where the person may see them

    def values(self) -> dict[str, Any]:
        """As the service takes them."""
        given = {name: value for name, value in self.cleaned_data.items() if name not in ("allow_duplicate", "owner")}
        if self.cleaned_data.get("owner"):
            given["owner"] = self.people[self.cleaned_data["owner"]]
        return given
