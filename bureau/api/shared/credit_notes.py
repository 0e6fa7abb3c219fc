"""Credit notes: `/api/credit-notes/`. They are made where an invoice is cancelled."""

from typing import Any

from django.db.models import Q
from rest_framework import serializers

from bureau.api.filters import CREATED, Filter, Ordering, day, each_word, number, words
from bureau.api.shapes import Money, Shape
from bureau.api.views import BizView, Call, operation
from bureau.sales.models import CreditNote


def containing(word: Any) -> Q:
    """`word` in upper case."""
    own = Q(number__contains=word) | Q(invoice__number__contains=word)
    return own | Q(invoice__customer__sort_name__contains=word)


FILTERS = [
    Filter("invoice", "invoice", number, "invoice id"),
    Filter("client", "invoice__customer", number, "client id"),
    Filter("customer", "invoice__customer", number, "as client"),
    Filter("issue_date__gte", "issue_date__gte", day),
    Filter("issue_date__lte", "issue_date__lte", day),
    Filter("search", each_word(containing), words, "words of its number, the invoice's number or the client"),
    *CREATED,
]
ORDERING = Ordering(
    number="number",
    invoice_number=("invoice__year", "invoice__sequence", "invoice__number"),
    customer_name="invoice__customer__sort_name",
    issue_date="issue_date",
    total_amount="total_amount",
    created_at="created_at",
)


class CreditNoteShape(Shape):
    id = serializers.IntegerField()
    uuid = serializers.UUIDField()
    number = serializers.CharField()
    invoice = serializers.IntegerField(source="invoice_id")
    invoice_number = serializers.CharField(source="invoice.number")
    client = serializers.IntegerField(source="invoice.customer_id")
    customer = serializers.IntegerField(source="invoice.customer_id")
    customer_name = serializers.CharField(source="invoice.customer.party.name")
    issue_date = serializers.DateField()
    reason = serializers.CharField()
    currency = serializers.CharField(source="invoice.currency")
    subtotal = Money()
    tax_amount = Money()
    total_amount = Money()
    created_by = serializers.IntegerField(source="created_by_id", help_text="user id")
    created_at = serializers.DateTimeField()


all_credit_notes = CreditNoteShape.prepared_for_user(
    lambda user: CreditNote.objects.visible_to(user).order_by("-created_at", "-pk")
)
one_credit_note = CreditNoteShape.prepared_for_user(
    lambda user, note: CreditNote.objects.visible_to(user).filter(pk=note)
)


class CreditNoteList(BizView):
    families = ("biz", "agency")

    @operation(
        answer=CreditNoteShape, page=True, filters=FILTERS, ordering=ORDERING, summary="Credit notes, newest first"
    )
    def get(self, request: Call) -> Any:
        return all_credit_notes


class CreditNoteItem(BizView):
    families = ("biz", "agency")

    @operation(answer=CreditNoteShape, summary="A credit note")
    def get(self, request: Call, pk: int) -> dict[str, Any]:
        return CreditNoteShape.record(one_credit_note, request.user, note=pk)
