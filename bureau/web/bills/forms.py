"""The forms of a bill: its head, its lines, the decision, the payment. Judging the values is the services'."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.core.models import PaymentMethod, User
from bureau.kit.errors import DomainError, Invalid
from bureau.parties.models import Vendor
from bureau.parties.selectors.vendors import vendor_named, visible_vendors
from bureau.purchasing.models import Bill, OrderLine, PurchaseOrder
from bureau.purchasing.services.bills import BillLineInput
from bureau.web.numbers import read_number

COLUMNS = ("description", "quantity", "unit_price", "tax_code", "order_line")
OFFERED = 500  # vendors and orders that are offered while one types
_DAY = {"type": "date"}


def vendor_text(vendor: Vendor) -> str:
    return f"{vendor.code} {vendor.party.name}"


class BillForm(forms.Form):
    vendor = forms.CharField(
        label=gettext_lazy("Vendor"),
        help_text=gettext_lazy("Code or name; choose from the list."),
        widget=forms.TextInput(attrs={"list": "vendors", "autocomplete": "off"}),
    )
    bill_number = forms.CharField(
        label=gettext_lazy("Number on the bill"),
        widget=forms.TextInput(attrs={"maxlength": 100, "autocomplete": "off"}),
    )
    bill_date = forms.DateField(
        label=gettext_lazy("Date of the bill"), widget=forms.DateInput(format="%Y-%m-%d", attrs=_DAY)
    )
    due_date = forms.DateField(
        label=gettext_lazy("Due"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs=_DAY)
    )
    file = forms.FileField(
        label=gettext_lazy("The bill itself"),
        required=False,
        help_text=gettext_lazy("PDF, PNG or JPEG; 20 MB. The same file is taken once."),
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg", "data-shows-bill": ""}),
    )

    def __init__(self, user: User, bill: Bill | None, vendor: Vendor | None, data: Any, files: Any) -> None:
        initial: dict[str, Any] = {}
        if bill is not None:
            initial = {name: getattr(bill, name) for name in ("bill_number", "bill_date", "due_date")}
        if vendor is not None:
            initial["vendor"] = vendor_text(vendor)
        super().__init__(data, files, initial=initial)
        self.user = user
        self.line_errors: list[str] = []
        if vendor is not None and vendor.payment_terms:
            self.fields["due_date"].help_text = vendor.payment_terms
        if bill is not None and bill.file is not None:
            self.fields["file"].help_text = _("Attached: %s. Choosing another one replaces it.") % bill.file.filename

    def clean_vendor(self) -> Vendor:
        text = self.cleaned_data["vendor"].strip()
        vendors = visible_vendors(self.user).filter(organization=self.user.organization_id)
        found: Vendor | None = None
        if "\x00" not in text:
            found = vendors.filter(code=text).first() or vendors.filter(code=text.partition(" ")[0]).first()
            found = found or vendor_named(self.user.organization, text)
        if found is None:
            raise forms.ValidationError(_("There is no such vendor. Choose one, or add it under Vendors."))
        return found

    def place(self, error: DomainError, grid: "Grid") -> None:
        """Each error beside its field or its line; what has none there stands above the form."""
        if not error.fields:
            self.add_error(None, error.message)
        for name, texts in error.fields.items():
            if name.startswith("lines"):
                grid.place(name, texts)
            else:
                self.add_error(name if name in self.fields else None, texts)


@dataclass
class GridLine:
    """A line as it was typed."""

    description: str = ""
    quantity: str = ""
    unit_price: str = ""
    tax_code: str = ""
    order_line: str = ""  # its number in the order
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not (self.description or self.unit_price or self.quantity)

    @property
    def messages(self) -> list[str]:
        return [text for texts in self.errors.values() for text in texts]


class Grid:
    """The lines of the bill as a table that behaves like a spreadsheet."""

    def __init__(self, lines: Iterable[GridLine], order: PurchaseOrder | None) -> None:
        self.lines = list(lines)
        self.numbers = {str(line.line_number): line.pk for line in order.lines.all()} if order else {}
        self.errors: list[str] = []

    @classmethod
    def typed(cls, data: Any, order: PurchaseOrder | None) -> "Grid":
        columns = (data.getlist(f"line_{name}") for name in COLUMNS)
        lines = [GridLine(*(text.strip() for text in row)) for row in zip(*columns, strict=False)]
        return cls([line for line in lines if not line.empty], order)

    @classmethod
    def of_bill(cls, bill: Bill, order: PurchaseOrder | None) -> "Grid":
        return cls(
            (
                GridLine(
                    line.description,
                    f"{line.quantity.normalize():f}",
                    f"{line.unit_price:.2f}",
                    line.tax_code,
                    str(line.order_line.line_number) if line.order_line else "",
                )
                for line in bill.lines.all()
            ),
            order,
        )

    @classmethod
    def of_order(cls, rest: Iterable[tuple[OrderLine, Decimal]], order: PurchaseOrder | None) -> "Grid":
        return cls(
            (
                GridLine(
                    line.description,
                    f"{quantity.normalize():f}",
                    f"{line.unit_price:.2f}",
                    line.tax_code,
                    str(line.line_number),
                )
                for line, quantity in rest
            ),
            order,
        )

    def inputs(self) -> list[BillLineInput]:
        """For the service. Raises Invalid where a number cannot be read."""
        given = []
        for line in self.lines:
            numbers: dict[str, Decimal] = {}
            for name, text in (("quantity", line.quantity or "1"), ("unit_price", line.unit_price or "0")):
                try:
                    numbers[name] = read_number(text)
                except Invalid as error:
                    line.errors[name] = [error.message]
            if line.order_line and line.order_line not in self.numbers:
                line.errors["order_line"] = [_("The order has no line with this number.")]
            if not line.errors:
                there = self.numbers.get(line.order_line)
                given.append(
                    BillLineInput(numbers["quantity"], numbers["unit_price"], line.description, line.tax_code, there)
                )
        if any(line.errors for line in self.lines):
            raise Invalid(fields={"lines": [_("Something in the lines cannot be read; it stands beneath its line.")]})
        return given

    def place(self, name: str, texts: Iterable[str]) -> None:
        """`name`: lines, or lines.<index>.<column>."""
        parts = name.split(".")
        if len(parts) == 3 and int(parts[1]) < len(self.lines):
            self.lines[int(parts[1])].errors.setdefault(parts[2], []).extend(texts)
        else:
            self.errors.extend(texts)

    @property
    def shown(self) -> list[GridLine]:
        return [*self.lines, GridLine()]


class ApproveForm(forms.Form):
    comment = forms.CharField(
        label=gettext_lazy("Comment"), required=False, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 5000})
    )

    def __init__(self, bill: Bill, data: Any) -> None:
        super().__init__(data)
        if bill.exceptions:
            self.fields["comment"].label = _("Why is it approved all the same?")
            self.fields["comment"].starred = True  # type: ignore[attr-defined]


class PayForm(forms.Form):
    payment_method = forms.ChoiceField(label=gettext_lazy("How"), choices=PaymentMethod.choices)
    payment_date = forms.DateField(
        label=gettext_lazy("When"),
        initial=timezone.localdate,
        widget=forms.DateInput(format="%Y-%m-%d", attrs=_DAY),
    )
