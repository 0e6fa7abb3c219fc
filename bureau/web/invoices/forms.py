"""The forms of what is done with an invoice. Judging the values is the services'."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy

from bureau.core.models import PaymentMethod
from bureau.kit.errors import Invalid
from bureau.kit.money import shown
from bureau.sales.models import Invoice, InvoiceLine, Payment
from bureau.web.numbers import read_number


def day_field(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **options)


class AmountField(forms.CharField):
    """An amount as people type it: 1,234.50 or 1234,50."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "autofocus": True})

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_number(text)
        except Invalid as error:
            raise forms.ValidationError(error.message) from error


class PaymentForm(forms.Form):
    amount = AmountField(label=gettext_lazy("Amount"))
    payment_date = day_field(gettext_lazy("Received on"), initial=timezone.localdate)
    payment_method = forms.ChoiceField(label=gettext_lazy("How"), choices=PaymentMethod.choices)
    reference = forms.CharField(
        label=gettext_lazy("Reference"),
        required=False,
        widget=forms.TextInput(
            attrs={"maxlength": 200, "autocomplete": "off", "placeholder": gettext_lazy("As on the bank statement")}
        ),
    )
    line = forms.ChoiceField(
        label=gettext_lazy("For"),
        required=False,
        help_text=gettext_lazy("Without a line it pays the lines in their order."),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, widget=forms.TextInput(attrs={"maxlength": 1000})
    )

    def __init__(self, invoice: Invoice, data: Any) -> None:
        super().__init__(data, initial={"amount": plain(invoice.balance)})
        due = list(lines_due(invoice))
        self.lines = {str(line.pk): line for line in due}
        if len(due) > 1:
            field: Any = self.fields["line"]
            field.choices = [("", gettext_lazy("The whole invoice")), *((str(one.pk), _due(one)) for one in due)]
        else:
            del self.fields["line"]

    def values(self) -> dict[str, Any]:
        """As the service takes them."""
        return {**self.cleaned_data, "line": self.lines.get(self.cleaned_data.get("line", ""))}


def lines_due(invoice: Invoice) -> Iterable[InvoiceLine]:
    return (line for line in invoice.lines.all() if line.line_total > line.paid_amount)


def _due(line: InvoiceLine) -> str:
    return f"{line.line_number}. {line.description[:60]}: {shown(line.line_total - line.paid_amount)}"


def plain(amount: Decimal) -> str:
    """As it stands in a field: 1234.50."""
    return f"{amount:.2f}"


class RefundForm(forms.Form):
    amount = AmountField(label=gettext_lazy("Amount"))
    payment_date = day_field(gettext_lazy("Paid back on"), initial=timezone.localdate)
    note = forms.CharField(label=gettext_lazy("Why"), required=False, widget=forms.TextInput(attrs={"maxlength": 1000}))

    def __init__(self, payment: Payment, left: Decimal, data: Any) -> None:
        super().__init__(data, initial={"amount": plain(left)}, auto_id=f"id_refund_{payment.pk}_%s")


class CreditForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("It is printed on the credit note."),
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 1000}),
    )
