import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from bureau.core.models import Organization, PaymentMethod
from bureau.kit.money import MAX_DIGITS
from bureau.sales.models.documents import InvoicePartQuerySet
from bureau.sales.models.invoices import Invoice, InvoiceLine


class Payment(models.Model):
    """Money that came for an invoice; a refund (`refund_of`) is one with a negative amount. It is laid on the lines by
    its shares, which add up to it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="payments")
    amount = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=2)
    payment_date = models.DateField()
    payment_method = models.CharField(max_length=20, choices=PaymentMethod.choices)
    reference = models.CharField(max_length=200, blank=True, help_text="the bank's or the customer's")
    note = models.CharField(max_length=1000, blank=True)
    refund_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="refunds")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = InvoicePartQuerySet.as_manager()

    class Meta:
        ordering = ["payment_date", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(refund_of=None, amount__gt=0) | Q(refund_of__isnull=False, amount__lt=0),
                name="payment_sign",
            )
        ]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="payment_newest"),
            models.Index(fields=["organization", "payment_date"], name="payment_date"),
        ]


class PaymentShare(models.Model):
    """What of a payment is for one line."""

    payment = models.ForeignKey(Payment, on_delete=models.CASCADE, related_name="shares", db_index=False)
    line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="shares")
    amount = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=2)

    class Meta:
        ordering = ["line__line_number"]
        constraints = [models.UniqueConstraint(fields=["payment", "line"], name="paymentshare_once")]
