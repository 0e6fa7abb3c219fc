"""What is done with invoices, and what is asked before one is made: the agency suite's invoice actions."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from bureau.api.agency.cases import ORDERING as CASE_ORDERING
from bureau.api.agency.cases import STATUSES as CASE_STATUSES
from bureau.api.agency.cases import CaseRow, found_by
from bureau.api.filters import CREATED, Filter, OneOf, day, flag, number, words
from bureau.api.shapes import Computed, Money, Shape
from bureau.api.shared.credit_notes import CreditNoteShape, one_credit_note
from bureau.api.shared.invoice_shapes import InvoiceShape, amounts_of, shown
from bureau.api.shared.invoices import FAMILIES
from bureau.api.shared.payment_shapes import KNOWN_AS
from bureau.api.shared.sales import errors_under
from bureau.api.views import AgencyView, BizView, Call, operation
from bureau.core.models import PaymentMethod
from bureau.kit.errors import Invalid
from bureau.kit.money import ZERO
from bureau.parties.selectors.customers import visible_customer
from bureau.sales.calculations import line_amounts, short_number
from bureau.sales.permissions import documents as permissions
from bureau.sales.selectors import billing
from bureau.sales.selectors import invoices as selectors
from bureau.sales.services import invoices, payments
from bureau.sales.services.content import EARLIEST, LATEST
from bureau.sales.services.invoices.numbers import proposed_number
from bureau.sales.services.sending import LONGEST_MESSAGE, send_invoice


class PaymentMethodField(serializers.ChoiceField):
    """In the words of either family."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=[*PaymentMethod.values, *KNOWN_AS], **options)

    def to_internal_value(self, data: Any) -> str:
        method = str(super().to_internal_value(data))
        return KNOWN_AS.get(method, method)


class MethodFields(serializers.Serializer[Any]):
    payment_type = PaymentMethodField(required=False)
    payment_method = PaymentMethodField(required=False, help_text="as payment_type")
    payment_date = serializers.DateField(required=False, help_text="today where not given")


def method_of(given: Any, usual: str) -> tuple[str, dict[str, str]]:
    """The payment method of a body, and the name under which its errors stand: `usual` where it names none. Raises
    Invalid."""
    name = next((name for name in ("payment_type", "payment_method") if name in given), usual)
    if name not in given:
        raise Invalid.field(name, _("This field is required."))
    return given[name], {"payment_method": name}


class Proposal(Shape):
    invoice_no = serializers.IntegerField()
    invoice_number = serializers.CharField()
    invoice_date = serializers.DateField()


class BillableCase(CaseRow):
    """A case with what its product costs."""

    amount = Money(source="product.base_price", help_text="net")
    currency = serializers.CharField(source="organization.currency")
    tax_code = serializers.CharField(source="billed_tax_code")
    tax_rate = serializers.DecimalField(max_digits=5, decimal_places=2, allow_null=True, help_text="percent")
    tax_amount = Computed(
        lambda price, rate: _taxed(price, rate, "tax"),
        Money(allow_null=True, help_text="null: the tax code is not in use"),
        parts=("product.base_price", "tax_rate"),
    )
    total_amount = Computed(
        lambda price, rate: _taxed(price, rate, "total"),
        Money(allow_null=True),
        parts=("product.base_price", "tax_rate"),
    )
    invoice_number = serializers.CharField(allow_null=True, help_text="of the invoice that bills it already")


def _taxed(price: Decimal, rate: Decimal | None, part: str) -> str | None:
    return None if rate is None else Money.convert(getattr(line_amounts(Decimal(1), price, ZERO, rate), part))


class ApplicationDue(Shape):
    """What is paid and due of a line that bills a case."""

    id = serializers.IntegerField()
    amount = Money(help_text="net")
    tax_amount = Money()
    total_amount = Money()
    paid_amount = Money()
    due_amount = Money()


class SendMessage(serializers.Serializer[Any]):
    message = serializers.CharField(
        max_length=LONGEST_MESSAGE, allow_blank=True, required=False, default="", help_text="to the client"
    )


class CreditReason(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=1000, allow_blank=True, required=False, default="")


class InvoiceDeletePreview(Shape):
    """How many there are of each, which would go; the cases only where that is asked for."""

    invoice_number = serializers.CharField()
    line_items = serializers.IntegerField()
    payments = serializers.IntegerField()
    invoice_applications = serializers.IntegerField()
    customer_applications = serializers.IntegerField()
    credit_notes = serializers.IntegerField()
    reminders = serializers.IntegerField()
    links = serializers.IntegerField()


class ForceDeletion(serializers.Serializer[Any]):
    confirm = serializers.BooleanField(required=False, default=False, help_text="true: it cannot be undone")
    delete_applications = serializers.BooleanField(required=False, default=False, help_text="also the cases it bills")


class InvoiceBulkDeletion(ForceDeletion):
    query = serializers.CharField(max_length=200, help_text="words of the number or the client")


class DeletedInvoices(serializers.Serializer[Any]):
    deleted = serializers.IntegerField()


class CaseStatuses(OneOf):
    """One or several, separated by commas."""

    def __call__(self, value: str) -> list[str]:  # type: ignore[override]
        return [super(CaseStatuses, self).__call__(one.strip()) for one in value.split(",")]


PROPOSED_FOR = Filter("invoice_date", "", day, "today where not given")
INCLUDE_INVOICED = Filter("include_invoiced", lambda _yes: Q(), flag, "true: also those that an invoice bills")


def complete(without: bool) -> Q:
    return ~billing.incomplete() if without else Q()


def none_of(statuses: Sequence[str]) -> Q:
    return ~Q(status__in=statuses)


CASE_FILTERS = [
    Filter("exclude_incomplete", complete, flag, "true: without those of which a required document is missing"),
    Filter("status", lambda statuses: Q(status__in=statuses), CaseStatuses(CASE_STATUSES)),
    Filter("exclude_status", none_of, CaseStatuses(CASE_STATUSES), "one or several, separated by commas"),
    Filter("product", "product", number, "product id"),
    INCLUDE_INVOICED,
    Filter("search", found_by, words, "words of the number, the customer or the product"),
    *CREATED,
]


class InvoiceProposal(AgencyView):
    @operation(answer=Proposal, filters=[PROPOSED_FOR], summary="The number that the next invoice of a date would get")
    def get(self, request: Call) -> dict[str, Any]:
        raw = request.query_params.get(PROPOSED_FOR.name)
        begin = PROPOSED_FOR.read(raw) if raw else timezone.localdate()
        if not EARLIEST <= begin <= LATEST:
            raise Invalid.field(PROPOSED_FOR.name, _("Give a date between 1990 and 2100."))
        sequence, written = proposed_number(request.user.organization, begin)
        return {
            "invoice_no": short_number(begin.year, sequence),
            "invoice_number": written,
            "invoice_date": begin,
        }


class BillableCaseList(AgencyView):
    @operation(
        answer=BillableCase,
        page=True,
        filters=CASE_FILTERS,
        ordering=CASE_ORDERING,
        summary="Cases of a customer that no invoice bills, with what they cost",
    )
    def get(self, request: Call, customer_id: int) -> Any:
        customer = visible_customer(request.user, customer_id)
        asked = request.query_params.get(INCLUDE_INVOICED.name)
        invoiced = bool(asked and INCLUDE_INVOICED.read(asked))
        return billing.proposed_cases(request.user, customer, include_invoiced=invoiced)


class InvoiceApplicationDue(AgencyView):
    @operation(answer=ApplicationDue, summary="What is due of a line that bills a case")
    def get(self, request: Call, pk: int) -> dict[str, Any]:
        line = selectors.visible_line(request.user, pk)
        return {"id": line.pk, **amounts_of(line, line.invoice.status)}


class InvoiceMarkAsPaid(AgencyView):
    families = FAMILIES

    @operation(body=MethodFields, answer=InvoiceShape, summary="Pay what is due on each line")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        invoice = selectors.visible_invoice(request.user, pk)
        method, names = method_of(given, "payment_type")
        with errors_under(names):
            payments.mark_as_paid(
                actor=request.user,
                invoice=invoice,
                payment_method=method,
                payment_date=given.get("payment_date") or timezone.localdate(),
                now=timezone.now(),
            )
        return shown(request.user, pk)


class InvoiceSend(BizView):
    families = FAMILIES

    @operation(body=SendMessage, answer=InvoiceShape, summary="Mail an invoice to the client; a draft is issued by it")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        invoice = selectors.visible_invoice(request.user, pk)
        send_invoice(actor=request.user, invoice=invoice, message=given["message"], now=timezone.now())
        return shown(request.user, pk)


class InvoiceCreditNote(BizView):
    families = FAMILIES

    @operation(body=CreditReason, answer=CreditNoteShape, status=201, summary="Cancel an invoice by a credit note")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        invoice = selectors.visible_invoice(request.user, pk)
        note = invoices.credit_invoice(actor=request.user, invoice=invoice, reason=given["reason"], now=timezone.now())
        return CreditNoteShape.record(one_credit_note, request.user, note=note.pk)


class InvoiceDeletion(AgencyView):
    @operation(answer=InvoiceDeletePreview, summary="What would go with an invoice; superusers only")
    def get(self, request: Call, pk: int) -> dict[str, Any]:
        permissions.can_delete_issued(request.user).enforce()  # before anything is looked at
        invoice = selectors.visible_invoice(request.user, pk)
        return {"invoice_number": invoice.number, **selectors.invoice_content(invoice)}


class InvoiceForceDelete(AgencyView):
    @operation(
        body=ForceDeletion,
        answer=DeletedInvoices,
        summary="Delete an invoice with all that hangs on it; superusers only",
    )
    def post(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        permissions.can_delete_issued(request.user).enforce()  # before anything is looked at
        invoice = selectors.visible_invoice(request.user, pk)
        invoices.force_delete_invoice(
            actor=request.user,
            invoice=invoice,
            confirm=given["confirm"],
            delete_applications=given["delete_applications"],
            now=timezone.now(),
        )
        return {"deleted": 1}


class InvoiceBulkDelete(AgencyView):
    @operation(
        body=InvoiceBulkDeletion,
        answer=DeletedInvoices,
        summary="Delete the invoices that a search finds; superusers only",
    )
    def post(self, request: Call, given: dict[str, Any]) -> dict[str, Any]:
        permissions.can_delete_issued(request.user).enforce()  # before anything is looked at
        deleted = invoices.bulk_delete_invoices(
            actor=request.user,
            query=given["query"],
            confirm=given["confirm"],
            delete_applications=given["delete_applications"],
            now=timezone.now(),
        )
        return {"deleted": deleted}
