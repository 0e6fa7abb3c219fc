"""Payments and refunds: `/api/payments/`."""

from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from bureau.api.filters import CREATED, Filter, OneOf, Ordering, day, each_word, number, words
from bureau.api.shared.invoice_actions import MethodFields, method_of
from bureau.api.shared.invoices import FAMILIES
from bureau.api.shared.payment_shapes import KNOWN_AS, PaymentShape, all_payments, one_payment
from bureau.api.shared.sales import errors_under
from bureau.api.views import AgencyView, Call, found, operation
from bureau.core.models import PaymentMethod, User
from bureau.kit.errors import Invalid, NotFound
from bureau.kit.money import MAX_DIGITS
from bureau.sales.models import Invoice, InvoiceLine, Payment
from bureau.sales.selectors import invoices as selectors
from bureau.sales.selectors.parts import for_line
from bureau.sales.services import payments
from bureau.sales.services.payments import LONGEST_NOTE, LONGEST_REFERENCE


class Method(OneOf):
    def __call__(self, value: str) -> str:
        method = super().__call__(value)
        return KNOWN_AS.get(method, method)


def containing(word: Any) -> Q:
    """`word` in upper case."""
    own = Q(reference__icontains=word) | Q(note__icontains=word)
    return own | Q(invoice__number__contains=word) | Q(invoice__customer__sort_name__contains=word)


METHODS = Method([*PaymentMethod.values, *KNOWN_AS])
FILTERS = [
    Filter("invoice_application_id", for_line, number, "id of a line that bills a case"),
    Filter("invoice_application", for_line, number, "the same"),
    Filter("invoice", "invoice", number, "invoice id"),
    Filter("client", "invoice__customer", number, "client id"),
    Filter("customer", "invoice__customer", number, "as client"),
    Filter("payment_date__gte", "payment_date__gte", day),
    Filter("payment_date__lte", "payment_date__lte", day),
    Filter("payment_method", "payment_method", METHODS),
    Filter("payment_type", "payment_method", METHODS, "the same"),
    Filter("search", each_word(containing), words, "words of reference, note, invoice number or client"),
    *CREATED,
]
ORDERING = Ordering(
    payment_date="payment_date",
    amount="amount",
    payment_method="payment_method",
    payment_type="payment_method",
    reference="reference",
    invoice_number=("invoice__year", "invoice__sequence", "invoice__number"),
    customer_name="invoice__customer__sort_name",
    created_at="created_at",
)


class PaymentFields(MethodFields):
    """For an invoice application, or for an invoice: its lines are paid in their order then. A draft is issued by its
    first payment."""

    invoice_application = serializers.IntegerField(required=False, allow_null=True, help_text="id of the line")
    invoice = serializers.IntegerField(required=False, allow_null=True, help_text="invoice id")
    amount = serializers.DecimalField(max_digits=MAX_DIGITS, decimal_places=2, help_text="at most what is due")
    reference = serializers.CharField(
        max_length=LONGEST_REFERENCE, allow_blank=True, required=False, default="", help_text="the bank's"
    )
    note = serializers.CharField(max_length=LONGEST_NOTE, allow_blank=True, required=False, default="")


class RefundFields(serializers.Serializer[Any]):
    amount = serializers.DecimalField(
        max_digits=MAX_DIGITS, decimal_places=2, required=False, allow_null=True, default=None, help_text="else all"
    )
    payment_date = serializers.DateField(required=False, help_text="today where not given")
    note = serializers.CharField(max_length=LONGEST_NOTE, allow_blank=True, required=False, default="")


def payee_of(user: User, given: Any) -> tuple[Invoice, InvoiceLine | None]:
    """What a body says that is paid. Raises Invalid."""
    line, invoice = None, None
    if given.get("invoice_application") is not None:
        try:
            line = selectors.visible_line(user, given["invoice_application"])
        except NotFound:
            raise Invalid.field("invoice_application", _("There is no such invoice application.")) from None
    if given.get("invoice") is not None:
        try:
            invoice = selectors.visible_invoice(user, given["invoice"])
        except NotFound:
            raise Invalid.field("invoice", _("There is no such invoice.")) from None
    if line is not None and invoice is not None and line.invoice_id != invoice.pk:
        raise Invalid.field("invoice_application", _("It is on another invoice."))
    if line is not None:
        return line.invoice, line
    if invoice is None:
        raise Invalid.field("invoice_application", _("Say what is paid: an invoice application, or an invoice."))
    return invoice, None


class PaymentList(AgencyView):
    families = FAMILIES

    @operation(answer=PaymentShape, page=True, filters=FILTERS, ordering=ORDERING, summary="Payments, newest first")
    def get(self, request: Call) -> Any:
        return all_payments

    @operation(body=PaymentFields, answer=PaymentShape, status=201, summary="Record money that came")
    def post(self, request: Call, given: dict[str, Any]) -> dict[str, Any]:
        invoice, line = payee_of(request.user, given)
        method, names = method_of(given, "payment_type")
        with errors_under(names):
            payment = payments.record_payment(
                actor=request.user,
                invoice=invoice,
                line=line,
                amount=given["amount"],
                payment_date=given.get("payment_date") or timezone.localdate(),
                payment_method=method,
                reference=given["reference"],
                note=given["note"],
                now=timezone.now(),
            )
        return PaymentShape.record(one_payment, request.user, payment=payment.pk)


class PaymentItem(AgencyView):
    families = FAMILIES

    @operation(answer=PaymentShape, summary="A payment, and the lines that it is for")
    def get(self, request: Call, pk: int) -> dict[str, Any]:
        return PaymentShape.record(one_payment, request.user, payment=pk)


class PaymentRefund(AgencyView):
    families = FAMILIES

    @operation(body=RefundFields, answer=PaymentShape, status=201, summary="Give a payment back, or a part of it")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        payment = found(Payment.objects.visible_to(request.user).select_related("invoice"), pk=pk)
        refund = payments.refund_payment(
            actor=request.user,
            payment=payment,
            amount=given["amount"],
            payment_date=given.get("payment_date") or timezone.localdate(),
            note=given["note"],
            now=timezone.now(),
        )
        return PaymentShape.record(one_payment, request.user, payment=refund.pk)
