"""Recurring invoices: `/api/recurring-invoices/`."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from bureau.api.filters import CREATED, Filter, OneOf, Ordering, day, flag, number, searching
from bureau.api.shapes import Computed, Money, Rows, Shape
from bureau.api.shared.customers import with_owner
from bureau.api.shared.sales import SalesLineFields, customer_of, errors_under, line_input, named, quantity_number
from bureau.api.views import BizView, Call, operation
from bureau.core.models import User
from bureau.sales.models import Interval, RecurringInvoice
from bureau.sales.selectors import recurring as selectors
from bureau.sales.services import recurring as services
from bureau.sales.services.content import LONGEST_TEXT, MAX_LINES, LineInput

FILTERS = [
    Filter("active", "active", flag, "true: those that are not paused"),
    Filter("client", "customer", number, "client id"),
    Filter("customer", "customer", number, "as client"),
    Filter("owner", "owner", number, "user id"),
    Filter("interval", "interval", OneOf(Interval.values)),
    Filter("next_date__gte", "next_date__gte", day),
    Filter("next_date__lte", "next_date__lte", day),
    Filter("search", searching("name", "customer__party__name"), help="words of what it is for or the client"),
    *CREATED,
]
ORDERING = Ordering(
    name="name",
    client_name="customer__sort_name",
    interval="interval",
    start_date="start_date",
    next_date="next_date",
    end_date="end_date",
    created_at="created_at",
    updated_at="updated_at",
)


class RecurringLine(serializers.Serializer[Any]):
    """Priced with the tax of the day on which an invoice is made."""

    description = serializers.CharField()
    quantity = serializers.FloatField()
    unit = serializers.CharField()
    unit_price = Money(help_text="net")
    discount_percent = serializers.DecimalField(max_digits=5, decimal_places=2)
    tax_code = serializers.CharField()


def shown_lines(kept: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    return [
        {
            "description": line["description"],
            "quantity": quantity_number(Decimal(line["quantity"])),
            "unit": line["unit"],
            "unit_price": Money.convert(Decimal(line["unit_price"])),
            "discount_percent": Money.convert(Decimal(line["discount_percent"])),
            "tax_code": line["tax_code"],
        }
        for line in kept
    ]


class RecurringShape(Shape):
    id = serializers.IntegerField()
    uuid = serializers.UUIDField()
    name = serializers.CharField(help_text="what it is for")
    client = serializers.IntegerField(source="customer_id")
    client_name = serializers.CharField(source="customer.party.name")
    interval = serializers.ChoiceField(choices=Interval.choices)
    start_date = serializers.DateField(help_text="of the first invoice: from it the others are counted")
    next_date = serializers.DateField(allow_null=True, help_text="null: there is none to come")
    end_date = serializers.DateField(allow_null=True, help_text="the last day on which one is made")
    payment_days = serializers.IntegerField(help_text="from an invoice's date until it is due")
    line_items = Computed(shown_lines, RecurringLine(many=True), source="lines")
    terms = serializers.CharField()
    notes = serializers.CharField()
    send = serializers.BooleanField(help_text="issued and mailed at once; else left as a draft")
    active = serializers.BooleanField()
    problem = serializers.CharField(help_text="why the last one could not be made")
    owner = serializers.IntegerField(source="owner_id", help_text="user id")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class RecurringFields(serializers.Serializer[Any]):
    """What is left out stays as it is, with PUT too. Invoices that were made stay as they are."""

    client = serializers.IntegerField(required=False, help_text="client id")
    customer = serializers.IntegerField(required=False, help_text="as client")
    name = serializers.CharField(max_length=services.LONGEST_NAME, required=False, help_text="what it is for")
    interval = serializers.ChoiceField(choices=Interval.choices, required=False)
    start_date = serializers.DateField(
        required=False, help_text="of the first invoice; one that has passed: what was missed is made"
    )
    end_date = serializers.DateField(required=False, allow_null=True)
    payment_days = serializers.IntegerField(required=False, help_text="the organization's where not given")
    line_items = Rows(child=SalesLineFields(), required=False, max_length=MAX_LINES)
    terms = serializers.CharField(
        max_length=LONGEST_TEXT, allow_blank=True, required=False, help_text="the organization's where not given"
    )
    notes = serializers.CharField(max_length=LONGEST_TEXT, allow_blank=True, required=False)
    send = serializers.BooleanField(required=False, help_text="issue and mail each invoice at once")
    active = serializers.BooleanField(required=False, help_text="false: paused; what it would have made is left out")
    owner = serializers.IntegerField(
        required=False, allow_null=True, help_text="user id; only those who see the whole organization name another"
    )


def names_in(given: Mapping[str, Any], recurring: RecurringInvoice | None = None) -> dict[str, str]:
    """How a body calls what the services call customer."""
    return {"customer": named(given, "client", "customer", recurring.customer_id if recurring else None)}


TAKEN = (*(name for name in services.FIELDS if name not in ("customer", "owner")), "active")


def content_of(user: User, given: Mapping[str, Any], recurring: RecurringInvoice | None = None) -> dict[str, Any]:
    """What the services take, but for the lines. Raises Invalid."""
    values = {name: given[name] for name in TAKEN if name in given}
    client = names_in(given, recurring)["customer"]
    if recurring is None or given.get(client, recurring.customer_id) != recurring.customer_id:
        values["customer"] = customer_of(user, given, recurring.customer_id if recurring else None)
    organization = recurring.organization if recurring else values["customer"].organization
    return values | with_owner(user, organization, {name: given[name] for name in ("owner",) if name in given})


def lines_of(given: Mapping[str, Any]) -> list[LineInput]:
    return [line_input(line) for line in given.get("line_items", [])]


class RecurringList(BizView):
    @operation(
        answer=RecurringShape, page=True, filters=FILTERS, ordering=ORDERING, summary="Recurring invoices, newest first"
    )
    def get(self, request: Call) -> Any:
        return selectors.visible_recurring_invoices(request.user)

    @operation(
        body=RecurringFields,
        answer=RecurringShape,
        status=201,
        summary="Have an invoice of the same lines made at each interval",
    )
    def post(self, request: Call, given: dict[str, Any]) -> RecurringInvoice:
        content = content_of(request.user, given)
        with errors_under(names_in(given)):
            made = services.create_recurring(
                actor=request.user,
                lines=lines_of(given),
                now=timezone.now(),
                **content,
            )
        return selectors.visible_recurring_invoice(request.user, made.pk)


class RecurringItem(BizView):
    @operation(answer=RecurringShape, summary="A recurring invoice with its lines")
    def get(self, request: Call, pk: int) -> RecurringInvoice:
        return selectors.visible_recurring_invoice(request.user, pk)

    @operation(body=RecurringFields, answer=RecurringShape, summary="Change a recurring invoice, pause or resume it")
    def put(self, request: Call, given: dict[str, Any], pk: int) -> RecurringInvoice:
        return self.change(request, given, pk)

    @operation(body=RecurringFields, answer=RecurringShape, summary="Change parts of it, pause or resume it")
    def patch(self, request: Call, given: dict[str, Any], pk: int) -> RecurringInvoice:
        return self.change(request, given, pk)

    @operation(status=204, summary="Delete it; the invoices that it made stay")
    def delete(self, request: Call, pk: int) -> None:
        recurring = selectors.visible_recurring_invoice(request.user, pk)
        services.delete_recurring(actor=request.user, recurring=recurring, now=timezone.now())

    def change(self, request: Call, given: dict[str, Any], pk: int) -> RecurringInvoice:
        recurring = selectors.visible_recurring_invoice(request.user, pk)
        with errors_under(names_in(given, recurring)):
            services.update_recurring(
                actor=request.user,
                recurring=recurring,
                changes=content_of(request.user, given, recurring),
                lines=lines_of(given) if "line_items" in given else None,
                now=timezone.now(),
            )
        return selectors.visible_recurring_invoice(request.user, pk)
