"""The components of pages about money: budgets as bars, quantities with their sign, names of the code as words."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bureau.kit.money import ZERO
from bureau.web.templatetags.bureau import CENT, money

register = template.Library()


@register.filter
def words(name: str) -> str:
    """ "bank_transfer" as people write it."""
    return str(name).replace("_", " ")


@register.filter
def item(mapping: Any, key: Any) -> Any:
    return mapping.get(key)


@register.simple_tag
def change(amount: Decimal | None) -> SafeString:
    """What was added to a figure or taken off; nothing where nothing was."""
    if not amount:
        return SafeString("")
    return SafeString(money(amount)) if amount < 0 else format_html("+{}", money(amount))


@dataclass(frozen=True)
class Part:
    name: str
    label: str
    amount: Decimal
    start: str  # percent of the bar's width
    width: str


@dataclass(frozen=True)
class Bar:
    parts: list[Part]
    budget: Decimal
    spent: Decimal
    remaining: Decimal
    share: int  # percent of the budget that is spent
    limit: str  # where the budget ends, for a bar that goes beyond it
    beyond: str

    @property
    def over(self) -> Decimal:
        return max(-self.remaining, ZERO)


def bar_of(figures: Any) -> Bar:
    """How far the money of a budget has come. `figures` has budget, spent, committed, billed and paid, as attributes;
    what was spent beside the commitments was spent outside Bureau."""
    budget, spent = figures.budget, figures.spent
    amounts = [
        ("outside", _("outside Bureau"), spent - figures.committed),
        ("paid", _("paid"), figures.paid),
        ("billed", _("billed"), figures.billed - figures.paid),
        ("committed", _("ordered"), figures.committed - figures.billed),
    ]
    whole = max(budget, spent, CENT)
    parts, at = [], ZERO
    for name, label, amount in amounts:
        if amount > 0:
            parts.append(Part(name, label, amount, _percent(at, whole), _percent(amount, whole)))
            at += amount
    share = int((100 * spent / budget).quantize(Decimal(1))) if budget else 100 * bool(spent)
    beyond = max(spent - budget, ZERO)
    return Bar(parts, budget, spent, budget - spent, share, _percent(budget, whole), _percent(beyond, whole))


@register.inclusion_tag("web/projects/bar.html")
def budget_bar(figures: Any, currency: str = "", legend: bool = False) -> dict[str, Any]:
    """A stacked bar with its numbers; `legend` says what each part is."""
    return {"bar": bar_of(figures), "currency": currency, "legend": legend}


def _percent(amount: Decimal, whole: Decimal) -> str:
    return f"{100 * amount / whole:.2f}%"


@register.filter
def grouped(iban: str) -> str:
    """An IBAN as people read it out: in groups of four."""
    return " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))
