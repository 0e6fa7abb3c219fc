"""What is shown of invoices: one representation with the keys of both families, in lists as in details."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers

from bureau.api.shapes import Computed, Listing, Money, Shape
from bureau.api.shared.payment_shapes import PaymentShape, payments_by_invoice
from bureau.api.shared.sales import SalesLineShape, TaxShape
from bureau.core.models import User
from bureau.core.prepared import EVERYTHING, Narrowing, PreparedForMany, PreparedForUser
from bureau.kit.money import ZERO
from bureau.sales.calculations import short_number, taxes_by_rate
from bureau.sales.models import Invoice, InvoiceLine
from bureau.sales.selectors.parts import lines_of
from bureau.sales.states import InvoiceStatus, invoice_status

STATUSES = [status.value for status in InvoiceStatus]
UNPAID, PARTIAL, PAID, CANCELLED = "unpaid", "partial", "paid", "cancelled"


def shown_status(status: str, due_date: date) -> str:
    return invoice_status(status, due_date, today=timezone.localdate()).value


class CreditNoteRef(Shape):
    id = serializers.IntegerField(source="pk")
    number = serializers.CharField()


class InvoiceColumns(Shape):
    id = serializers.IntegerField()
    uuid = serializers.UUIDField()
    invoice_number = serializers.CharField(source="number")
    invoice_no = Computed(
        short_number,
        serializers.IntegerField(allow_null=True, help_text="null: the number came with an import"),
        parts=("year", "sequence"),
    )
    client = serializers.IntegerField(source="customer_id")
    customer = serializers.IntegerField(source="customer_id")
    customer_name = serializers.CharField(source="customer.party.name")
    issue_date = serializers.DateField()
    invoice_date = serializers.DateField(source="issue_date")
    due_date = serializers.DateField()
    status = Computed(shown_status, serializers.ChoiceField(choices=STATUSES), parts=("status", "due_date"))
    sent = Computed(
        lambda at: at is not None, serializers.BooleanField(help_text="it has been issued"), source="issued_at"
    )
    imported = serializers.BooleanField()
    currency = serializers.CharField()
    subtotal = Money()
    tax_amount = Money()
    total_amount = Money()
    paid_amount = Money(help_text="less what was refunded")
    balance = Money(help_text="what is left to pay")
    terms = serializers.CharField()
    notes = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    owner = serializers.IntegerField(source="owner_id", help_text="user id")
    quote = serializers.IntegerField(source="quote_id", allow_null=True, help_text="that it was made from")
    credit_note = CreditNoteRef(allow_null=True)


class InvoiceLineShape(SalesLineShape):
    customer_application = serializers.IntegerField(source="case_id", allow_null=True, help_text="the case it bills")


class InvoiceApplicationShape(Shape):
    """A line that bills a case."""

    id = serializers.IntegerField()
    customer_application = serializers.IntegerField()
    case_number = serializers.CharField()
    product_name = serializers.CharField()
    description = serializers.CharField()
    amount = Money(help_text="net")
    tax_amount = Money()
    total_amount = Money()
    paid_amount = Money()
    due_amount = Money()
    status = serializers.ChoiceField(choices=[UNPAID, PARTIAL, PAID, CANCELLED])


class InvoiceShape(InvoiceColumns):
    line_items = InvoiceLineShape(many=True)
    payments = PaymentShape(many=True)
    invoice_applications = InvoiceApplicationShape(many=True)
    taxes = TaxShape(many=True)

    @classmethod
    def listing(cls, query: PreparedForUser, user: User, narrowing: Narrowing = EVERYTHING) -> Listing:
        found = InvoiceColumns.listing(query, user, narrowing)
        return Listing(found.count, lambda start, size: _with_parts(found.rows(start, size)))

    @classmethod
    def record(cls, query: PreparedForUser, user: User, **values: Any) -> dict[str, Any]:
        return _with_parts([InvoiceColumns.record(query, user, **values)])[0]

    @classmethod
    def each(cls, queryset: QuerySet[Any], chunk: int) -> Iterator[dict[str, Any]]:
        """Without what a file leaves out."""
        return InvoiceColumns.each(queryset, chunk)


class LineFacts(NamedTuple):
    """Of an invoice's line, under the names that it has there."""

    invoice_id: int
    pk: int
    description: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    discount_percent: Decimal
    tax_code: str
    tax_rate: Decimal
    tax_category: str
    net_amount: Decimal
    tax_amount: Decimal
    line_total: Decimal
    paid_amount: Decimal
    case_id: int | None
    case_number: str
    product_name: str


_JOINED = {"case_number": "case__number", "product_name": "case__product__name"}
_lines = PreparedForMany(lines_of, columns=[_JOINED.get(name, name) for name in LineFacts.__annotations__])
all_invoices = InvoiceColumns.prepared_for_user(
    lambda user: Invoice.objects.visible_to(user).order_by("-created_at", "-pk")
)
one_invoice = InvoiceColumns.prepared_for_user(
    lambda user, invoice: Invoice.objects.visible_to(user).filter(pk=invoice)
)


def shown(user: User, pk: int) -> dict[str, Any]:
    """Raises NotFound."""
    return InvoiceShape.record(one_invoice, user, invoice=pk)


def _with_parts(invoices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Three queries, however many there are."""
    ids = [invoice["id"] for invoice in invoices]
    lines: dict[int, list[LineFacts]] = {pk: [] for pk in ids}
    for row in _lines(ids):
        lines[row[0]].append(LineFacts(*row))
    payments = payments_by_invoice(ids)
    for invoice in invoices:
        own = lines[invoice["id"]]
        invoice["line_items"] = InvoiceLineShape.render_all(own)
        invoice["payments"] = payments.get(invoice["id"], [])
        invoice["invoice_applications"] = _applications(own, invoice["status"])
        invoice["taxes"] = TaxShape.render_all(taxes_by_rate(own))
    return invoices


def _applications(lines: Iterable[LineFacts], status: str) -> list[dict[str, Any]]:
    return [
        {
            "id": line.pk,
            "customer_application": line.case_id,
            "case_number": line.case_number,
            "product_name": line.product_name,
            "description": line.description,
            **amounts_of(line, status),
            "status": _paid(line, status),
        }
        for line in lines
        if line.case_id is not None
    ]


def amounts_of(line: LineFacts | InvoiceLine, status: str) -> dict[str, str]:
    """Of a line of an invoice in this status: on a cancelled one nothing is due."""
    due = ZERO if status == InvoiceStatus.CANCELLED else line.line_total - line.paid_amount
    return {
        "amount": Money.convert(line.net_amount),
        "tax_amount": Money.convert(line.tax_amount),
        "total_amount": Money.convert(line.line_total),
        "paid_amount": Money.convert(line.paid_amount),
        "due_amount": Money.convert(due),
    }


def _paid(line: LineFacts, status: str) -> str:
    if status == InvoiceStatus.CANCELLED:
        return CANCELLED
    if line.paid_amount == line.line_total:
        return PAID
    return PARTIAL if line.paid_amount else UNPAID
