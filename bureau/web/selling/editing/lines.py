"""The lines of a quote or an invoice as the editor's grid has them: texts as typed, read and shown again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.cases.models import Case
from bureau.core.models import Organization, TaxCategory, TaxCode, User
from bureau.kit.errors import Invalid
from bureau.sales.calculations import RateTotal, taxes_by_rate
from bureau.sales.models import Invoice, Quote
from bureau.sales.models.documents import SalesLine
from bureau.sales.services.content import LineInput
from bureau.web.numbers import read_number
from bureau.web.selling.finding import read_id

COLUMNS = ("description", "quantity", "unit", "unit_price", "discount_percent", "tax_code", "case")
CELLS: Mapping[str, Any] = {
    "description": gettext_lazy("description"),
    "quantity": gettext_lazy("quantity"),
    "unit": gettext_lazy("unit"),
    "unit_price": gettext_lazy("unit price"),
    "discount_percent": gettext_lazy("discount"),
    "tax_code": gettext_lazy("tax"),
}
"""The columns that are seen."""
DEFAULTS = {"quantity": "1", "discount_percent": "0"}
"""What an empty cell means. An empty price is not nothing: it was forgotten."""
CASE = "customer_application"
"""What the service calls the column `case`."""


@dataclass
class Line:
    """A row of the grid. `case` is the one that it bills, `net` what the server has worked out."""

    texts: Mapping[str, str]
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    case: Case | None = None
    net: Decimal | None = None

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What is wrong, by column: most are too narrow for words, so all of it stands beneath the description."""
        return [
            {"column": column, "texts": [f"{CELLS[column].capitalize()}: {text}" for text in texts]}
            for column, texts in self.errors.items()
        ]

    @property
    def blank(self) -> bool:
        return not any(text.strip() for name, text in self.texts.items() if name != "tax_code")


@dataclass(frozen=True)
class Tax:
    """A choice of the tax column. `active` False: a line has it from before, and another must be chosen."""

    code: str
    rate: Decimal
    category: str
    active: bool = True

    @property
    def label(self) -> str:
        return tax_label(self.rate, self.category)


def tax_label(rate: Decimal, category: str) -> str:
    if rate or category == TaxCategory.STANDARD:
        return _("Tax %(rate)s %%") % {"rate": f"{rate.normalize():f}"}
    return str(TaxCategory(category).label)


def taxes_of(organization: Organization, lines: Iterable[Line] = ()) -> list[Tax]:
    """The tax codes that can be chosen, and those that the lines have besides."""
    codes: Sequence[TaxCode] = list(organization.tax_codes.all())
    used = {line.texts["tax_code"] for line in lines}
    return [Tax(code.code, code.rate, code.category, code.active) for code in codes if code.active or code.code in used]


def tax_totals(lines: Iterable[SalesLine]) -> list[tuple[str, RateTotal]]:
    return [(tax_label(total.rate, total.category), total) for total in taxes_by_rate(lines)]


# --- From the form


def typed_lines(data: QueryDict) -> list[Line]:
    """The rows of the grid that have something in them."""
    columns = [data.getlist(f"line_{name}") for name in COLUMNS]
    rows = [Line(dict(zip(COLUMNS, texts, strict=True))) for texts in zip(*columns, strict=False)]
    return [row for row in rows if not row.blank]


def read_lines(data: QueryDict, cases: Mapping[int, Case]) -> list[LineInput]:
    """Raises Invalid, keyed as the service does, for what is no number and for a case that is not among `cases`; the
    rest is the service's."""
    rows, errors, read = typed_lines(data), dict[str, list[str]](), []
    for index, row in enumerate(rows):
        line = _read(row, cases, index, errors)
        if line is not None:
            read.append(line)
    if errors:
        raise Invalid(fields=errors)
    return read


def readable_lines(data: QueryDict, cases: Mapping[int, Case]) -> list[LineInput]:
    """The lines as far as they can be read, for a preview while they are typed."""
    read = [_read(row, cases, index, {}) for index, row in enumerate(typed_lines(data))]
    return [line for line in read if line is not None]


def cases_of(data: QueryDict, user: User, item: Quote | Invoice | None) -> dict[int, Case]:
    """The cases that the rows name, as far as this person sees them or the document bills them already."""
    wanted = {pk for text in data.getlist("line_case") if (pk := read_id(text)) is not None}
    if not wanted:
        return {}
    there = {line.case.pk: line.case for line in kept_lines(item) if line.case}
    seen = Case.objects.visible_to(user).filter(pk__in=wanted - set(there)).select_related("product")
    return there | {case.pk: case for case in seen}


def _read(row: Line, cases: Mapping[int, Case], index: int, errors: dict[str, list[str]]) -> LineInput | None:
    texts, numbers = row.texts, dict[str, Decimal]()
    for name in ("quantity", "unit_price", "discount_percent"):
        typed = texts[name].strip().removesuffix("%") or DEFAULTS.get(name)
        try:
            if typed:
                numbers[name] = read_number(typed)
            else:
                errors[f"line_items.{index}.{name}"] = [_("Give the price; 0 where it costs nothing.")]
        except Invalid as error:
            errors[f"line_items.{index}.{name}"] = [error.message]
    case = cases.get(read_id(texts["case"]) or 0)
    if texts["case"] and case is None:
        errors[f"line_items.{index}.{CASE}"] = [_("There is no such case.")]
    elif len(numbers) == 3:
        text = " ".join(texts["description"].split())
        return LineInput(description=text, unit=texts["unit"], tax_code=texts["tax_code"], case=case, **numbers)
    return None


# --- To the form


def kept_lines(document: Quote | Invoice | None) -> list[Line]:
    """What is kept of a document."""
    lines: Iterable[Any] = document.lines.all() if document else ()
    return [_shown(line, case=getattr(line, "case", None)) for line in lines]


def copied_lines(document: Quote | Invoice) -> list[Line]:
    """Without their cases: those are on the document that is copied."""
    return [_shown(line, case=None) for line in document.lines.all()]


def case_line(case: Case, organization: Organization) -> Line:
    """What bills a case of the organization: the price and tax of its product."""
    product = case.product
    texts = dict.fromkeys(COLUMNS, "") | {
        "description": f"{product.name} ({case.number})",
        "quantity": "1",
        "unit_price": f"{product.base_price:.2f}",
        "tax_code": product.tax_code or organization.default_tax_code,
        "case": str(case.pk),
    }
    return Line(texts, case=case)


def again(data: QueryDict, cases: Mapping[int, Case], errors: Mapping[tuple[int, str], list[str]]) -> list[Line]:
    """What was typed, each error in its row."""
    rows = typed_lines(data)
    for index, row in enumerate(rows):
        row.errors = {name: errors[index, name] for name in COLUMNS if (index, name) in errors}
        row.case = cases.get(read_id(row.texts["case"]) or 0)
    return rows


def with_empty(rows: Sequence[Line], organization: Organization, *, more: int) -> list[Line]:
    """The rows, and empty ones to go on, taxed as the last."""
    tax = rows[-1].texts["tax_code"] if rows else organization.default_tax_code
    empty = dict.fromkeys(COLUMNS, "") | {"tax_code": tax}
    return [*rows, *(Line(empty) for _n in range(more))]


def _shown(line: SalesLine, *, case: Case | None) -> Line:
    discount = line.discount_percent
    texts = {
        "description": line.description,
        "quantity": f"{line.quantity.normalize():f}",
        "unit": line.unit,
        "unit_price": f"{line.unit_price:.2f}",
        "discount_percent": f"{discount.normalize():f}" if discount else "",
        "tax_code": line.tax_code,
        "case": str(case.pk) if case else "",
    }
    return Line(texts, case=case, net=line.net_amount)
