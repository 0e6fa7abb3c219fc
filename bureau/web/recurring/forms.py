"""The form of a recurring invoice; its lines are the editor's grid. Judging the values is the services'."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from bureau.core.models import User
from bureau.sales.models import Interval, RecurringInvoice
from bureau.web.invoices.forms import day_field
from bureau.web.selling.editing.forms import EditorForm, chosen_values

INTERVALS = {
    Interval.WEEKLY: gettext_lazy("Every week"),
    Interval.MONTHLY: gettext_lazy("Every month"),
    Interval.QUARTERLY: gettext_lazy("Every three months"),
    Interval.YEARLY: gettext_lazy("Every year"),
}
PLAIN = ("name", "interval", "start_date", "end_date", "payment_days", "terms", "notes", "send")


class RecurringForm(EditorForm):
    issue_date = None  # type: ignore[assignment]  # each invoice has its own; so forms leave a field out
    name = forms.CharField(
        label=gettext_lazy("What for"),
        help_text=gettext_lazy("For you alone: Hosting, Maintenance."),
        widget=forms.TextInput(attrs={"maxlength": 100, "autocomplete": "off"}),
    )
    interval = forms.ChoiceField(
        label=gettext_lazy("How often"), choices=list(INTERVALS.items()), initial=Interval.MONTHLY
    )
    start_date = day_field(
        gettext_lazy("First invoice on"),
        help_text=gettext_lazy(
            "The 31st becomes the last day of a shorter month. Days that have passed are made up for."
        ),
    )
    end_date = day_field(
        gettext_lazy("Last one by"), required=False, help_text=gettext_lazy("Empty: until it is paused.")
    )
    payment_days = forms.IntegerField(
        label=gettext_lazy("Days to pay"), widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    send = forms.BooleanField(
        label=gettext_lazy("Issue and mail each at once; else it waits as a draft"), required=False
    )

    def __init__(self, user: User, data: Any, *, item: RecurringInvoice | None, today: date) -> None:
        organization = item.organization if item else user.organization
        if item:
            initial = {**chosen_values(item.customer), **{name: getattr(item, name) for name in PLAIN}}
        else:
            initial = {
                "start_date": today,
                "payment_days": organization.payment_days,
                "terms": organization.invoice_terms,
            }
        forms.Form.__init__(self, data, initial=initial)
        self.user, self.item = user, item  # type: ignore[assignment]  # no quote or invoice, which the editor keeps there
        self.line_errors: list[str] = []
        self.cell_errors: dict[tuple[int, str], list[str]] = {}

    def values(self) -> dict[str, Any]:
        """As the services take them; raises Invalid."""
        return {"customer": self.read_customer(), **{name: self.cleaned_data[name] for name in PLAIN}}
