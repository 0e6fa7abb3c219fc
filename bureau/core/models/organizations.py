import uuid
from decimal import Decimal

from django.db import models
from django.utils import timezone


class Organization(models.Model):
    """The tenant. Every business record belongs to exactly one."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=200)
    address = models.TextField(blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166-1 alpha-2")
    tax_number = models.CharField(max_length=50, blank=True)
    currency = models.CharField(max_length=3, default="EUR", help_text="ISO 4217")
    default_tax_rate = models.DecimalField(max_digits=5, decimal_places=2, default=0, help_text="percent")
    default_tax_code = models.CharField(max_length=10, default="GST_0", help_text="of lines that come without one")
    quantity_tolerance = models.DecimalField(
        max_digits=5, decimal_places=2, default=0, help_text="percent by which a bill may differ from what was received"
    )
    price_tolerance = models.DecimalField(
        max_digits=5, decimal_places=2, default=Decimal(2), help_text="percent by which a billed price may be higher"
    )
    total_tolerance = models.DecimalField(
        max_digits=14, decimal_places=2, default=Decimal(5), help_text="amount by which a bill's total may be higher"
    )
    second_person_above = models.DecimalField(
        max_digits=14,
        decimal_places=2,
        default=Decimal(5000),
        help_text="a bill with exceptions above this is approved by somebody other than who entered or changed it",
    )
    reminder_days = models.PositiveSmallIntegerField(default=2, help_text="until who decides on an order is reminded")
    escalation_days = models.PositiveSmallIntegerField(default=5, help_text="until an order goes to somebody else")
    bank_name = models.CharField(max_length=200, blank=True)
    iban = models.CharField(max_length=34, blank=True)
    bic = models.CharField(max_length=11, blank=True)
    logo = models.ForeignKey("core.StoredFile", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    request_prefix = models.CharField(max_length=10, default="REQ", help_text="of request numbers: REQ-2026-00001")
    completion_email = models.EmailField(blank=True, help_text="told of each completed request")
    payment_days = models.PositiveSmallIntegerField(default=30, help_text="from an invoice's date until it is due")
    quote_days = models.PositiveSmallIntegerField(default=30, help_text="from a quote's date until it expires")
    invoice_terms = models.TextField(blank=True, max_length=5000, help_text="of new invoices")
    quote_terms = models.TextField(blank=True, max_length=5000, help_text="of new quotes")
    remind_customers = models.BooleanField(default=True, help_text="of invoices 7, 14 and 30 days overdue")
    invoice_template = models.ForeignKey(
        "core.StoredFile", null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="DOCX"
    )
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name
