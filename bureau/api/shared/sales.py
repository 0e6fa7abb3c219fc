"""What quotes and invoices have in common in the API: lines, taxes, and how a body names things."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers

from bureau.api.shapes import Computed, Money, Shape
from bureau.cases.models import Case
from bureau.core.models import User
from bureau.core.prepared import prepared_for_user
from bureau.kit.errors import DomainError, Invalid
from bureau.kit.money import MAX_DIGITS
from bureau.parties.models import Customer
from bureau.parties.selectors.customers import visible_customers
from bureau.sales.services.content import LONGEST_TEXT, LONGEST_UNIT, LineInput


def quantity_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


class SalesLineShape(Shape):
    id = serializers.IntegerField(source="pk")
    description = serializers.CharField()
    quantity = Computed(quantity_number, serializers.FloatField())
    unit = serializers.CharField()
    unit_price = Money()
    discount_percent = serializers.DecimalField(max_digits=5, decimal_places=2)
    tax_code = serializers.CharField()
    tax_rate = serializers.DecimalField(max_digits=5, decimal_places=2, help_text="percent")
    tax_amount = Money()
    total = Money(source="net_amount", help_text="net, after the discount")
    line_total = Money(help_text="with tax")


class TaxShape(Shape):
    """What is taxed at one rate, and the tax on it."""

    rate = serializers.DecimalField(max_digits=5, decimal_places=2, help_text="percent")
    category = serializers.CharField(help_text="of EN 16931: S, Z, E, AE, K, G, O")
    net = Money()
    tax = Money()


class SalesLineFields(serializers.Serializer[Any]):
    """Amounts follow from quantity, price and discount: others are not read."""

    description = serializers.CharField(max_length=300, allow_blank=True, required=False, default="")
    quantity = serializers.DecimalField(max_digits=12, decimal_places=3)
    unit_price = serializers.DecimalField(max_digits=MAX_DIGITS, decimal_places=2, help_text="net")
    unit = serializers.CharField(max_length=LONGEST_UNIT, allow_blank=True, required=False, default="")
    discount_percent = serializers.DecimalField(
        max_digits=5, decimal_places=2, required=False, default=Decimal(0), help_text="0 to 100"
    )
    tax_code = serializers.CharField(
        max_length=10, allow_blank=True, required=False, default="", help_text="the organization's where not given"
    )


class SalesFields(serializers.Serializer[Any]):
    """What is left out stays as it is, with PUT too. Number and amounts are given by the server."""

    client = serializers.IntegerField(required=False, help_text="client id")
    customer = serializers.IntegerField(required=False, help_text="as client")
    issue_date = serializers.DateField(required=False, help_text="today where not given")
    terms = serializers.CharField(
        max_length=LONGEST_TEXT, allow_blank=True, required=False, help_text="the organization's where not given"
    )
    notes = serializers.CharField(max_length=LONGEST_TEXT, allow_blank=True, required=False)
    owner = serializers.IntegerField(
        required=False, allow_null=True, help_text="user id; only those who see the whole organization name another"
    )


def line_input(given: Mapping[str, Any], case: Case | None = None) -> LineInput:
    return LineInput(**{name: given[name] for name in SalesLineFields._declared_fields}, case=case)


def customer_of(user: User, given: Mapping[str, Any], current: int | None = None) -> Customer:
    """The client that a body names; `current`: the one that the document has. Raises Invalid."""
    name = named(given, "client", "customer", current)
    if given.get(name) is None:
        raise Invalid.field(name, _("This field is required."))
    found = _one_customer(user, customer=given[name])
    if not found:
        raise Invalid.field(name, _("There is no such client."))
    customer: Customer = found[0]
    return customer


@prepared_for_user
def _one_customer(user: Any, customer: int) -> QuerySet[Customer]:
    return visible_customers(user).select_related("organization").filter(pk=customer)


def named(given: Mapping[str, Any], first: str, second: str, current: Any = None) -> str:
    """By which of two names a body calls a thing: the first, unless it gives the second alone, or a new value under the
    second only."""
    if second not in given:
        return first
    return second if first not in given or given[first] == current else first


@contextmanager
def errors_under(names: Mapping[str, str]) -> Iterator[None]:
    """Field errors stand under the name that the caller used: `names` has it by the services' name, or by the beginning
    of one."""
    try:
        yield
    except DomainError as error:
        error.fields = {_renamed(name, names): texts for name, texts in error.fields.items()}
        raise


def _renamed(name: str, names: Mapping[str, str]) -> str:
    parts: Sequence[str] = name.split(".")
    for length in range(len(parts), 0, -1):
        begin = ".".join(parts[:length])
        if begin in names:
            return ".".join([names[begin], *parts[length:]])
    return name
