"""The forms of vendors and of where they are paid. Judging the values is the services'."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.core.models import Organization
from bureau.parties.models import Vendor
from bureau.parties.services.parties import PARTY_FIELDS
from bureau.parties.services.vendors import MATCHING, TOLERANCES, VENDOR_FIELDS


def _text(label: Any, longest: int, *, required: bool = False, help_text: Any = "", **attributes: Any) -> forms.Field:
    widget = forms.TextInput(attrs={"maxlength": longest, "autocomplete": "off", **attributes})
    return forms.CharField(label=label, required=required, help_text=help_text, widget=widget)


def _tolerance(label: Any) -> forms.Field:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.DecimalField(label=label, required=False, widget=widget)


class VendorForm(forms.Form):
    name = _text(gettext_lazy("Name"), 200, required=True)
    code = _text(gettext_lazy("Code"), 50, help_text=gettext_lazy("Empty: the next number, such as VEN012."))
    contact_name = _text(gettext_lazy("Contact"), 200)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    phone = _text(gettext_lazy("Phone"), 50, type="tel")
    tax_number = _text(gettext_lazy("Tax number"), 50)
    address = forms.CharField(label=gettext_lazy("Address"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    payment_terms = _text(gettext_lazy("Payment terms"), 100, help_text=gettext_lazy("Net 30, for example."))
    match_receipts = forms.BooleanField(
        label=gettext_lazy("Match bills with what was received, not only with the order"), required=False, initial=True
    )
    price_tolerance = _tolerance(gettext_lazy("Price tolerance, percent"))
    quantity_tolerance = _tolerance(gettext_lazy("Quantity tolerance, percent"))
    total_tolerance = _tolerance(gettext_lazy("Total tolerance, an amount"))
    active = forms.BooleanField(label=gettext_lazy("Can be chosen for new orders and bills"), required=False)
    allow_duplicate = forms.BooleanField(
        label=gettext_lazy("It is another one: keep both"), required=False, widget=forms.CheckboxInput
    )

    def __init__(self, vendor: Vendor | None, organization: Organization, data: Any, *, matching: bool) -> None:
        initial = None
        if vendor is not None:
            initial = {name: getattr(vendor.party, name) for name in PARTY_FIELDS}
            initial |= {name: getattr(vendor, name) for name in VENDOR_FIELDS}
        super().__init__(data, initial=initial)
        del self.fields["code" if vendor else "active"]
        for name in () if matching else MATCHING:
            del self.fields[name]
        self.twin = bool(data and "allow_duplicate" in data)  # whether a vendor like this one was found
        for name in TOLERANCES if matching else ():
            general = getattr(organization, name)
            self.fields[name].help_text = _("Empty: as usual, %s.") % f"{general.normalize():f}"

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "allow_duplicate"}


class AccountForm(forms.Form):
    iban = _text(gettext_lazy("IBAN"), 50, required=True, help_text=gettext_lazy("With or without spaces."))
    bic = _text(gettext_lazy("BIC"), 11)
    holder = _text(gettext_lazy("Account holder"), 200)
    reason = forms.CharField(
        label=gettext_lazy("How do you know, and how did you check it?"),
        help_text=gettext_lazy(
            "Call the vendor on a number that you had before: letters and e-mails about a new account are the most "
            "common fraud. The second person reads this."
        ),
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 500}),
    )
