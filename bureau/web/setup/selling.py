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
        label=gettext_lazy("Remind customers of invoices that are 7, 14 and 30 days overdue"),
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


def _each(of: str, *names: str) -> list[str]:
    return [f"{of}.{name}" for name in names]


PLACES: list[tuple[list[str], Any]] = [
    (["title", "number"], gettext_lazy("Invoice or Credit note, and its number")),
    (["date", "due_date"], gettext_lazy("when it was made, and when it is due")),
    (["mark"], gettext_lazy("what a draft or a cancelled invoice says of itself")),
    (["invoice_number", "quote_number"], gettext_lazy("what a credit note takes back; what it was made of")),
    (_each("seller", "name", "address", "country", "tax_number", "id"), gettext_lazy("your organization")),
    (_each("seller", "bank_name", "iban", "bic"), gettext_lazy("where to pay")),
    (_each("seller", "contact", "email"), gettext_lazy("whom the invoice belongs to")),
    (_each("buyer", "name", "address", "country", "tax_number", "email", "phone"), gettext_lazy("the customer")),
    (["subtotal", "tax_amount", "total", "paid", "balance", "currency"], gettext_lazy("amounts, ready to print")),
    (["reference"], gettext_lazy("what a payment should name")),
    (["terms", "notes", "logo"], gettext_lazy("as they stand on the invoice; the logo is 16 mm high")),
    (
        _each(
            "line", "number", "description", "quantity", "unit", "unit_price", "discount", "tax", "net_amount",
            "tax_amount", "total",
        ),
        gettext_lazy("in a table, between the rows {%tr for line in lines %} and {%tr endfor %}"),
    ),
    (_each("tax", "rate", "net", "tax"), gettext_lazy("likewise, {%tr for tax in taxes %}")),
    (["reasons"], gettext_lazy("why there is no tax, {%p for reason in reasons %}")),
]  # fmt: skip
"""What a template can place (bureau.sales.rendering.docx.variables), in double braces: {{ number }}."""
