"""The forms of the settings for orders and bills."""

from typing import Any

from django import forms
from django.forms.models import model_to_dict
from django.utils.translation import gettext_lazy

from bureau.core.models import Organization, TaxCategory, TaxCode

_DECIMAL = {"inputmode": "decimal"}


def _number(label: Any, help_text: Any) -> forms.Field:
    return forms.DecimalField(label=label, help_text=help_text, widget=forms.TextInput(attrs=_DECIMAL))


def _days(label: Any, help_text: Any) -> forms.Field:
    return forms.IntegerField(label=label, help_text=help_text, widget=forms.TextInput(attrs={"inputmode": "numeric"}))


class BuyingForm(forms.Form):
    reminder_days = _days(
        gettext_lazy("Reminder after days"), gettext_lazy("Whoever decides on an order gets an e-mail again.")
    )
    escalation_days = _days(
        gettext_lazy("Escalation after days"),
        gettext_lazy("The order goes to somebody else whose limit suffices."),
    )
    price_tolerance = _number(
        gettext_lazy("Price tolerance, percent"), gettext_lazy("A billed price may be this much higher than ordered.")
    )
    quantity_tolerance = _number(
        gettext_lazy("Quantity tolerance, percent"),
        gettext_lazy("A billed quantity may exceed what was received by this much."),
    )
    total_tolerance = _number(
        gettext_lazy("Total tolerance, an amount"),
        gettext_lazy("The total of a bill may be this much higher than its lines let expect."),
    )
    second_person_above = _number(
        gettext_lazy("Second person above, an amount"),
        gettext_lazy("A bill that differs and is higher is approved by somebody who did not enter or change it."),
    )
    default_tax_code = forms.ChoiceField(
        label=gettext_lazy("Usual tax code"), help_text=gettext_lazy("Of lines that come without one.")
    )

    def __init__(self, organization: Organization, data: Any) -> None:
        names = self.base_fields
        super().__init__(data, initial={name: getattr(organization, name) for name in names})
        field: Any = self.fields["default_tax_code"]
        field.choices = [
            (row.code, f"{row.code} – {row.rate.normalize():f} %") for row in organization.tax_codes.filter(active=True)
        ]


class TaxCodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("Capital letters, digits and _; it stays as it is."),
        widget=forms.TextInput(attrs={"maxlength": 10, "autocapitalize": "characters", "spellcheck": "false"}),
    )
    name = forms.CharField(label=gettext_lazy("Name"), required=False, widget=forms.TextInput(attrs={"maxlength": 100}))
    rate = _number(gettext_lazy("Rate, percent"), gettext_lazy("For new lines; those that are there keep theirs."))
    category = forms.ChoiceField(
        label=gettext_lazy("On electronic invoices"),
        choices=TaxCategory.choices,
        required=False,
        help_text=gettext_lazy("Of a rate of 0: why there is no tax."),
    )
    active = forms.BooleanField(label=gettext_lazy("Can be chosen for new lines"), required=False)

    def __init__(self, chosen: TaxCode | None, data: Any) -> None:
        super().__init__(data, initial=model_to_dict(chosen) if chosen else None)
        del self.fields["code" if chosen else "active"]
