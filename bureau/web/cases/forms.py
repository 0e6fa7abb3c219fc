"""The forms of cases. Judging the values is the services'."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.accounts.selectors import people
from bureau.cases.models import Case, Product
from bureau.cases.selectors.products import visible_products
from bureau.cases.services.documents import EXTENSIONS
from bureau.core.models import User
from bureau.parties.models import CustomerType

ACCEPT = ",".join(sorted(f".{extension}" for extension in EXTENSIONS))
NEW_CUSTOMER = ("customer_type", "first_name", "last_name", "company_name", "email", "phone")


def _day(label: Any, help_text: Any = "") -> forms.Field:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, help_text=help_text)


def _text(label: Any, longest: int, **attributes: Any) -> forms.Field:
    widget = forms.TextInput(attrs={"maxlength": longest, "autocomplete": "off", **attributes})
    return forms.CharField(label=label, required=False, widget=widget)


def _notes() -> forms.Field:
    widget = forms.Textarea(attrs={"rows": 3, "maxlength": 10000})
    return forms.CharField(label=gettext_lazy("Notes"), required=False, widget=widget)


class NewCaseForm(forms.Form):
    """`customer` is the id of one who is known; else the fields of a new one are read."""

    customer_name = _text(gettext_lazy("Customer"), 200)
    customer = forms.IntegerField(required=False, widget=forms.HiddenInput)
    customer_type = forms.ChoiceField(
        label=gettext_lazy("Who it is"),
        required=False,
        choices=CustomerType.choices,
        initial=CustomerType.PERSON,
        widget=forms.RadioSelect,
    )
    first_name = _text(gettext_lazy("First name"), 100)
    last_name = _text(gettext_lazy("Last name"), 100)
    company_name = _text(gettext_lazy("Company"), 200)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    phone = _text(gettext_lazy("Phone"), 50, type="tel")
    allow_duplicate = forms.BooleanField(label=gettext_lazy("It is another one: keep both"), required=False)
    product = forms.ChoiceField(label=gettext_lazy("Product"))
    doc_date = _day(gettext_lazy("The work begins on"))
    notes = _notes()

    def __init__(self, user: User, data: Any = None, *, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        active = visible_products(user).filter(organization=user.organization_id, active=True)
        self.products = {product.code: product for product in active}
        choices = [(code, f"{product.name} ({code})") for code, product in self.products.items()]
        self.fields["product"].choices = [("", _("Choose a product")), *choices]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> Product | None:
        return self.products.get(str(self["product"].value() or ""))

    @property
    def makes_customer(self) -> bool:
        """Whether a new one is described."""
        return any(self.cleaned_data.get(name) for name in NEW_CUSTOMER if name != "customer_type")

    @property
    def new_customer(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in NEW_CUSTOMER}


class EditForm(forms.Form):
    doc_date = _day(gettext_lazy("The work began on"), gettext_lazy("Another day moves the due dates."))
    owner = forms.ChoiceField(label=gettext_lazy("Owner"), required=False)
    notes = _notes()

    def __init__(self, case: Case, data: Any, *, may_give: bool) -> None:
        super().__init__(data, initial={"doc_date": case.doc_date, "owner": case.owner_id, "notes": case.notes})
        self.people: dict[str, User] = {}
        if may_give:
            candidates = people(case.organization).filter(Q(is_active=True) | Q(pk=case.owner_id))
            self.people = {str(one.pk): one for one in candidates.order_by("first_name", "last_name", "pk")}
        if len(self.people) < 2:
            del self.fields["owner"]
        else:
            self.fields["owner"].choices = [(pk, one.name) for pk, one in self.people.items()]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        if "owner" in given:
            given["owner"] = self.people.get(given["owner"])
        return given
