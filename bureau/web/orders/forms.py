"""The forms of an order. Judging the values is the service's: every refusal comes back beside its field, and the ones
of lines beside their cell."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.core.models import Organization, TaxCode, User
from bureau.kit.errors import DomainError, Invalid
from bureau.kit.money import ZERO
from bureau.kit.pricing import priced_line
from bureau.parties.models import Vendor
from bureau.purchasing.calculations import net_within
from bureau.purchasing.models import CostCode, LineCategory, OrderType, Project, ProjectStatus, PurchaseOrder
from bureau.purchasing.selectors import projects as project_selectors
from bureau.purchasing.services.orders import LineInput
from bureau.web.numbers import read_number

CONTACT = ("vendor_contact_name", "vendor_email", "vendor_phone", "vendor_address")
TEXTS = ("vendor_name", *CONTACT, "description", "urgency_justification")
COLUMNS = ("description", "quantity", "unit", "unit_price", "category", "tax_code")
FIELD_OF = {"project_id": "project", "file": "files"}
"""Where the service's name of a field is not the form's."""
MORE_LINES = 5


class ProjectForm(forms.Form):
    """What an order is charged to: a project, and one of its cost codes."""

    project = forms.CharField(label=gettext_lazy("Project"), required=False)
    cost_code = forms.CharField(label=gettext_lazy("Cost code"), required=False)
    project.starred = cost_code.starred = True  # type: ignore[attr-defined]

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.projects = list(
            Project.objects.visible_to(user)
            .filter(organization=user.organization_id, status=ProjectStatus.ACTIVE)
            .order_by("code")
        )
        self.chosen = next((project for project in self.projects if project.code == self["project"].value()), None)
        self.codes = list(self.chosen.cost_codes.filter(active=True)) if self.chosen else []
        self.fields["project"].widget = forms.Select(
            choices=[("", _("Choose…")), *((project.code, str(project)) for project in self.projects)]
        )
        self.fields["cost_code"].widget = forms.Select(choices=[("", _("Choose…")), *map(_option, self.codes)])

    def read_project(self) -> tuple[Project, CostCode]:
        """Raises Invalid for what is missing, and for what is not theirs."""
        if self.chosen is None:
            raise Invalid.field("project", _("Choose a project."))
        code = project_selectors.cost_code_of(self.chosen, self.cleaned_data.get("cost_code", ""))
        if code is None:
            raise Invalid.field("cost_code", _("Choose a cost code of the project."))
        return self.chosen, code

    def read_vendor(self) -> Vendor | None:
        """The known vendor that was picked, while the name is still theirs."""
        picked = self.data.get("vendor", "")
        if not (picked.isascii() and picked.isdigit() and len(picked) < 19):
            return None
        known = Vendor.objects.visible_to(self.user).filter(organization=self.user.organization_id, active=True)
        found = known.filter(pk=int(picked)).select_related("party").first()
        name = self.cleaned_data.get("vendor_name", "").strip()
        return found if found and found.party.name.casefold() == name.casefold() else None

    def place(self, error: DomainError) -> None:
        """Each error beside its field; what has none there stands above the form."""
        if not error.fields:
            self.add_error(None, error.message)
        for name, texts in error.fields.items():
            name = FIELD_OF.get(name, name)
            self.add_error(name if name in self.fields else None, texts)


def _option(code: CostCode) -> tuple[str, str]:
    left = _("%(amount)s left") % {"amount": f"{code.remaining:,.2f}"}
    return code.external_id, f"{code.external_id} · {code.description or code.code} · {left}"


class OrderForm(ProjectForm):
    type = forms.ChoiceField(
        label=gettext_lazy("Kind of order"),
        choices=OrderType.choices,
        initial=OrderType.STANDARD,
        widget=forms.RadioSelect,
    )
    vendor_name = forms.CharField(
        label=gettext_lazy("Vendor"),
        required=False,
        widget=forms.TextInput(attrs={"maxlength": 200, "list": "vendor-options", "autocomplete": "off"}),
    )
    vendor_contact_name = forms.CharField(label=gettext_lazy("Contact"), required=False)
    vendor_email = forms.CharField(
        label=gettext_lazy("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    vendor_phone = forms.CharField(
        label=gettext_lazy("Phone"), required=False, widget=forms.TextInput(attrs={"type": "tel"})
    )
    vendor_address = forms.CharField(
        label=gettext_lazy("Address"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    ceiling_amount = forms.CharField(
        label=gettext_lazy("Ceiling"),
        required=False,
        help_text=gettext_lazy("The most that all releases together may come to, tax included."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    urgency_justification = forms.CharField(
        label=gettext_lazy("Why could it not wait?"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 2000}),
    )
    description = forms.CharField(
        label=gettext_lazy("What is it for?"),
        required=False,
        help_text=gettext_lazy("A few words for whoever decides; the vendor reads them as well."),
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 5000}),
    )
    for needed in (vendor_name, ceiling_amount, urgency_justification):
        needed.starred = True  # type: ignore[attr-defined]

    def __init__(self, user: User, *args: Any, order: PurchaseOrder | None = None, **kwargs: Any) -> None:
        if order is not None:
            kwargs["initial"] = _initial(order)
        super().__init__(user, *args, **kwargs)
        self.line_errors: list[str] = []
        self.cell_errors: dict[tuple[int, str], list[str]] = {}
        self.file_errors: list[str] = []

    @property
    def wrong(self) -> bool:
        return bool(self.errors or self.line_errors or self.cell_errors or self.file_errors)

    def values(self) -> dict[str, Any]:
        """As the service takes them; raises Invalid with all that cannot be read."""
        project, cost_code = self.read_project()
        ceiling = self.cleaned_data["ceiling_amount"].strip()
        values = {name: self.cleaned_data.get(name, "") for name in TEXTS}
        values |= {"type": self.cleaned_data["type"], "project": project, "cost_code": cost_code}
        values["ceiling_amount"] = None
        if ceiling and values["type"] == OrderType.ROLLING:
            try:
                values["ceiling_amount"] = read_number(ceiling)
            except Invalid as error:
                raise Invalid.field("ceiling_amount", error.message) from None
        if vendor := self.read_vendor():
            values["vendor"] = vendor
        return values

    def place(self, error: DomainError) -> None:
        rest = dict(error.fields)
        for name in error.fields:
            part, _dot, cell = name.partition(".")
            if part in ("file", "files"):
                self.file_errors.extend(rest.pop(name))
            elif part == "line_items" and not cell:
                self.line_errors.extend(rest.pop(name))
            elif part == "line_items":
                index, _dot, column = cell.partition(".")
                self.cell_errors[int(index), column] = rest.pop(name)
        if rest or not error.fields:
            super().place(Invalid(error.message, fields=rest))


def _initial(order: PurchaseOrder) -> dict[str, Any]:
    initial: dict[str, Any] = {name: getattr(order, name) for name in TEXTS}
    initial |= {"type": order.type, "project": order.project.code, "cost_code": order.cost_code.external_id}
    initial["ceiling_amount"] = "" if order.ceiling_amount is None else f"{order.ceiling_amount:.2f}"
    return initial


# --- The lines


@dataclass
class Line:
    """A row of the grid as it is shown: texts as typed, amounts where the server has worked them out."""

    texts: Mapping[str, str]
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    net: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = None

    @property
    def blank(self) -> bool:
        return not (self.texts["description"].strip() or self.texts["unit_price"].strip())


def typed_lines(data: QueryDict) -> list[Line]:
    """The rows of the grid that have something in them."""
    columns = [data.getlist(f"line_{name}") for name in COLUMNS]
    rows = [Line(dict(zip(COLUMNS, texts, strict=True))) for texts in zip(*columns, strict=False)]
    return [row for row in rows if not row.blank]


def read_lines(data: QueryDict) -> list[LineInput]:
    """Raises Invalid, keyed as the service does, for what is no number; the rest is the service's."""
    lines, errors = [], {}
    for index, row in enumerate(typed_lines(data)):
        numbers = {}
        for name, default in (("quantity", "1"), ("unit_price", "0")):
            try:
                numbers[name] = read_number(row.texts[name].strip() or default)
            except Invalid as error:
                errors[f"line_items.{index}.{name}"] = [error.message]
        if len(numbers) == 2:
            texts = row.texts
            lines.append(
                LineInput(
                    description=texts["description"],
                    quantity=numbers["quantity"],
                    unit_price=numbers["unit_price"],
                    unit=texts["unit"],
                    category=texts["category"],
                    tax_code=texts["tax_code"],
                )
            )
    if errors:
        raise Invalid(fields=errors)
    return lines


def shown_lines(
    order: PurchaseOrder | None, form: OrderForm, organization: Organization, *, more: int = 1
) -> list[Line]:
    """What the grid shows: what was typed, else what is kept, and empty rows to go on."""
    if isinstance(form.data, QueryDict) and "line_description" in form.data:
        rows = typed_lines(form.data)
        for index, row in enumerate(rows):
            row.errors = {name: form.cell_errors[index, name] for name in COLUMNS if (index, name) in form.cell_errors}
    else:
        rows = [
            Line(
                {
                    "description": line.description,
                    "quantity": f"{line.quantity.normalize():f}",
                    "unit": line.unit,
                    "unit_price": f"{line.unit_price:.2f}",
                    "category": line.category,
                    "tax_code": line.tax_code,
                },
                net=line.net_amount,
                tax=line.tax_amount,
                total=line.line_total,
            )
            for line in (order.lines.all() if order else [])
        ]
    last = rows[-1].texts if rows else {"category": LineCategory.MATERIAL, "tax_code": organization.default_tax_code}
    empty = {name: last[name] if name in ("category", "tax_code") else "" for name in COLUMNS}
    return [*rows, *(Line(empty) for _n in range(more))]


def active_taxes(organization: Organization) -> Sequence[TaxCode]:
    return list(organization.tax_codes.filter(active=True))


# --- The walk-up order


class WalkupForm(ProjectForm):
    """One short page for a phone. The amount is the receipt's, tax included."""

    vendor_name = forms.CharField(
        label=gettext_lazy("Where?"),
        widget=forms.TextInput(
            attrs={"maxlength": 200, "list": "vendor-options", "autocomplete": "off", "enterkeyhint": "next"}
        ),
    )
    what = forms.CharField(
        label=gettext_lazy("What?"), widget=forms.TextInput(attrs={"maxlength": 300, "enterkeyhint": "next"})
    )
    amount = forms.CharField(
        label=gettext_lazy("Amount, tax included"),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "enterkeyhint": "next"}),
    )
    tax_code = forms.CharField(label=gettext_lazy("Tax in it"), required=False)
    urgency_justification = forms.CharField(
        label=gettext_lazy("Why could it not wait?"), widget=forms.Textarea(attrs={"rows": 2, "maxlength": 2000})
    )
    photo = forms.FileField(
        label=gettext_lazy("Photo of the receipt"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/*", "capture": "environment"}),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
    )
    order = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.taxes = active_taxes(user.organization)
        self.fields["tax_code"].widget = forms.Select(choices=[(tax.code, _tax_label(tax)) for tax in self.taxes])

    def values(self) -> dict[str, Any]:
        """As the service takes them, `lines` included. Raises Invalid."""
        project, cost_code = self.read_project()
        given = self.cleaned_data
        values = {
            "type": OrderType.WALKUP,
            "project": project,
            "cost_code": cost_code,
            "vendor_name": given["vendor_name"],
            "description": given["what"],
            "urgency_justification": given["urgency_justification"],
        }
        vendor = self.read_vendor()
        if vendor:
            party = vendor.party
            values |= {"vendor": vendor, "vendor_contact_name": vendor.contact_name, "vendor_email": party.email}
            values |= {"vendor_phone": party.phone, "vendor_address": party.address}
        return values

    def lines(self) -> list[LineInput]:
        """One line whose total is the amount; where tax rounds past it, a second one has the cent that is left."""
        try:
            amount = read_number(self.cleaned_data["amount"])
        except Invalid as error:
            raise Invalid.field("amount", error.message) from None
        if not amount.is_finite() or not 0 < amount < 10**9 or amount != round(amount, 2):
            raise Invalid.field("amount", _("Give an amount above 0, with at most 2 decimals."))
        tax = next((tax for tax in self.taxes if tax.code == self.cleaned_data["tax_code"]), None)
        if tax is None:
            raise Invalid.field("tax_code", _("Choose a tax."))
        net = net_within(amount, tax.rate)
        one = Decimal(1)
        lines = [LineInput(self.cleaned_data["what"], one, net, tax_code=tax.code)]
        rest = amount - priced_line(one, net, tax.rate).total
        untaxed = next((tax for tax in self.taxes if tax.rate == 0), None)
        if rest > ZERO and untaxed:
            lines.append(LineInput(_("Rounding"), one, rest, tax_code=untaxed.code))
        return lines

    def uploads(self) -> Iterable[Any]:
        return [self.cleaned_data[name] for name in ("photo", "file") if self.cleaned_data.get(name)]

    def place(self, error: DomainError) -> None:
        names = {
            "line_items.0.description": "what",
            "line_items.0.unit_price": "amount",
            "files": "photo",
            "file": "photo",
        }
        fields = {names.get(name, name): texts for name, texts in error.fields.items()}
        super().place(Invalid(error.message, fields=fields))


def _tax_label(tax: TaxCode) -> str:
    return f"{tax.rate.normalize():f} % · {tax.code}"
