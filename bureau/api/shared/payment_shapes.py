"""What is shown of payments, by themselves and in their invoice."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from bureau.api.shapes import Computed, Listing, Money, Shape
from bureau.core.models import PaymentMethod, User
from bureau.core.prepared import EVERYTHING, Narrowing, PreparedForMany, PreparedForUser
from bureau.sales.models import Payment
from bureau.sales.selectors.parts import payments_of, shares_of, shares_on

SHOWN_AS = {PaymentMethod.BANK_TRANSFER.value: "wire_transfer"}
"""The agency suite has another word for it (system.md, section 7)."""
KNOWN_AS = {word: method for method, word in SHOWN_AS.items()}
TYPES = [SHOWN_AS.get(method, method) for method in PaymentMethod.values]


class PaymentColumns(Shape):
    id = serializers.IntegerField()
    invoice = serializers.IntegerField(source="invoice_id")
    invoice_number = serializers.CharField(source="invoice.number")
    amount = Money(help_text="negative: a refund")
    payment_date = serializers.DateField()
    payment_method = serializers.ChoiceField(choices=PaymentMethod.choices)
    payment_type = Computed(
        lambda method: SHOWN_AS.get(method, method), serializers.ChoiceField(choices=TYPES), source="payment_method"
    )
    reference = serializers.CharField()
    note = serializers.CharField()
    refund_of = serializers.IntegerField(source="refund_of_id", allow_null=True, help_text="payment id")
    created_by = serializers.IntegerField(source="created_by_id", help_text="user id")
    created_at = serializers.DateTimeField()


class AllocationShape(Shape):
    """What of a payment is for one line."""

    line = serializers.IntegerField()
    invoice_application = serializers.IntegerField(allow_null=True, help_text="the line, where it bills a case")
    amount = Money()


class PaymentShape(PaymentColumns):
    invoice_application = serializers.IntegerField(allow_null=True, help_text="the one for which all of it is")
    allocations = AllocationShape(many=True)

    @classmethod
    def listing(cls, query: PreparedForUser, user: User, narrowing: Narrowing = EVERYTHING) -> Listing:
        found = PaymentColumns.listing(query, user, narrowing)
        return Listing(found.count, lambda start, size: _allocated(found.rows(start, size)))

    @classmethod
    def record(cls, query: PreparedForUser, user: User, **values: Any) -> dict[str, Any]:
        return _allocated([PaymentColumns.record(query, user, **values)])[0]

    @classmethod
    def each(cls, queryset: QuerySet[Any], chunk: int) -> Iterator[dict[str, Any]]:
        rows = PaymentColumns.each(queryset, chunk)
        while payments := list(islice(rows, chunk)):
            yield from _allocated(payments)


all_payments = PaymentColumns.prepared_for_user(
    lambda user: Payment.objects.visible_to(user).order_by("-created_at", "-pk")
)
one_payment = PaymentColumns.prepared_for_user(
    lambda user, payment: Payment.objects.visible_to(user).filter(pk=payment)
)
_payments = PaymentColumns.prepared_for_many("invoice_id", payments_of)
SHARE = ("payment_id", "line_id", "line__case_id", "amount")
_shares = PreparedForMany(shares_of, columns=SHARE)
_shares_on = PreparedForMany(shares_on, columns=SHARE)


def payments_by_invoice(invoices: list[int]) -> dict[int, list[dict[str, Any]]]:
    """Those of each of these invoices, the oldest first."""
    found = _payments(invoices)
    _allocate([payment for payments in found.values() for payment in payments], _shares_on(invoices))
    return found


def _allocated(payments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    _allocate(payments, _shares([payment["id"] for payment in payments]))
    return payments


def _allocate(payments: Iterable[dict[str, Any]], rows: Iterable[tuple[Any, ...]]) -> None:
    """Tells the payments which lines they are for; `rows` are their shares."""
    shares: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for payment, line, case, amount in rows:
        application = line if case else None
        shares[payment].append({"line": line, "invoice_application": application, "amount": Money.convert(amount)})
    for payment in payments:
        own = shares[payment["id"]]
        payment["invoice_application"] = own[0]["invoice_application"] if len(own) == 1 else None
        payment["allocations"] = own
