"""The forms of the settings for quotes and invoices."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from bureau.core.models import Organization


def _days(label: Any, help_text: Any) -> forms.Field:
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        min_value=0,
        max_value=365,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )


def _terms(label: Any) -> forms.Field:
    return forms.CharField(label=label, required=False, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 5000}))


class SellingForm(forms.Form):
    payment_days = _days(
        gettext_lazy("Invoices are due after days"), gettext_lazy("Of new invoices; each may have its own date.")
    )
    quote_days = _days(
        gettext_lazy("Quotes expire after days"), gettext_lazy("Of new quotes; each may have its own date.")
    )
    invoice_terms = _terms(gettext_lazy("Terms on new invoices"))
    quote_terms = _terms(gettext_lazy("Terms on new quotes"))
    remind_customers = forms.BooleanField(
        label=gettext_lazy("Remind clients of invoices that are 7, 14 and 30 days overdue"),
        required=False,
        help_text=gettext_lazy("By e-mail, with the invoice and a link; each time once."),
    )

    def __init__(self, organization: Organization, data: Any) -> None:
        super().__init__(data, initial={name: getattr(organization, name) for name in self.base_fields})


class TemplateForm(forms.Form):
    invoice_template = forms.FileField(
        label=gettext_lazy("Template"),
        required=False,
        help_text=gettext_lazy("DOCX, at most 5 MB. It is tried before it is kept."),
        widget=forms.FileInput(attrs={"accept": ".docx"}),
    )
