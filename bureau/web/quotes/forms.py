"""The form of a customer's answer to a quote. Judging the values is the service's."""

from django import forms
from django.utils.translation import gettext_lazy


class DecideForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Who said so"),
        widget=forms.TextInput(
            attrs={
                "maxlength": 200,
                "autocomplete": "off",
                "autofocus": True,
                "placeholder": gettext_lazy("Of the customer's people"),
            }
        ),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        help_text=gettext_lazy("What they said to it: “on the phone, order number 4711”."),
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 1000}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
