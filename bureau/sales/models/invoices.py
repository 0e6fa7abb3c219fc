import uuid
from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value, When

from bureau.cases.models import Case
from bureau.core.models import Organization
from bureau.kit.money import MAX_DIGITS
from bureau.sales.calculations import short_number
from bureau.sales.models.documents import InvoicePartQuerySet, SalesDocument, SalesLine, SalesQuerySet
from bureau.sales.models.quotes import Quote
from bureau.sales.states import OPEN, InvoiceStatus, invoice_status


class InvoiceQuerySet(SalesQuerySet["Invoice"]):
    def as_of(self, today: date) -> Self:
        """With `shown_status`, which is overdue where the kept status does not say so (states.invoice_status). `today`
        may be a parameter of a prepared query."""
        overdue = When(status__in=OPEN, due_date__lt=today, then=Value(InvoiceStatus.OVERDUE.value))
        shown = models.Case(overdue, default=F("status"), output_field=models.CharField())
        return self.annotate(shown_status=shown)


class Invoice(SalesDocument):
    """What a customer owes us. From its issue on its content stays as it is; what ends it is a credit note.

    `status` is never kept as overdue: see `shown_status` and `status_on`. `paid_amount` is the sum of its payments less
    refunds; `balance` what is left to pay, nothing once it is cancelled.
    """

    year = models.PositiveSmallIntegerField(help_text="of its number")
    sequence = models.PositiveIntegerField(null=True, help_text="in its year; empty: the number came with an import")
    due_date = models.DateField()
    status = models.CharField(
        max_length=10, choices=[(s.value, s.label) for s in InvoiceStatus], default=InvoiceStatus.DRAFT
    )
    paid_amount = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=2, default=0)
    balance = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=2, default=0)
    imported = models.BooleanField(default=False)
    issued_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True, help_text="when it was last sent to the customer by mail")
    paid_at = models.DateField(null=True, help_text="the date of the payment that left nothing to pay")
    parties = models.JSONField(
        default=dict, help_text="seller and buyer as they were at its issue (sales/rendering/parties.py)"
    )
    quote = models.OneToOneField(Quote, null=True, on_delete=models.PROTECT, related_name="invoice")
    recurring = models.ForeignKey(
        "sales.RecurringInvoice", null=True, on_delete=models.SET_NULL, related_name="invoices", db_index=False
    )
    recurring_date = models.DateField(null=True, help_text="the day for which the recurring invoice made it")

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "number"], name="invoice_number_unique"),
            models.UniqueConstraint(fields=["recurring", "recurring_date"], name="invoice_recurs_once_a_date"),
            models.CheckConstraint(condition=Q(paid_amount__gte=0), name="invoice_paid_not_negative"),
            models.CheckConstraint(condition=Q(paid_amount__lte=F("total_amount")), name="invoice_not_overpaid"),
            models.CheckConstraint(condition=Q(balance__gte=0), name="invoice_balance_not_negative"),
            models.CheckConstraint(condition=Q(due_date__gte=F("issue_date")), name="invoice_due_after_issue"),
        ]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id", "status", "due_date"], name="invoice_newest"),
            models.Index(fields=["organization", "status", "due_date"], name="invoice_status_due"),
            models.Index(fields=["organization", "issue_date"], name="invoice_issue_date"),
            models.Index(fields=["customer", "organization", "-created_at", "-id"], name="invoice_customer"),
            models.Index(fields=["owner", "-created_at", "-id", "organization"], name="invoice_owner"),
            models.Index(fields=["due_date"], condition=Q(status__in=OPEN), name="invoice_owed"),
        ]

    @property
    def invoice_no(self) -> int | None:
        return short_number(self.year, self.sequence)

    def status_on(self, today: date) -> InvoiceStatus:
        return invoice_status(self.status, self.due_date, today=today)


class InvoiceLine(SalesLine):
    """A line that bills a case is an invoice application (agency)."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines", db_index=False)
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="invoice_lines")
    paid_amount = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=2, default=0)

    class Meta:
        ordering = ["line_number"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "line_number"], name="invoiceline_number"),
            models.CheckConstraint(
                condition=Q(paid_amount__gte=0, paid_amount__lte=F("line_total")), name="invoiceline_not_overpaid"
            ),
        ]


class CreditNote(models.Model):
    """Takes an issued invoice back, all of it. Its lines and parties are the invoice's."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="credit_note")
    number = models.CharField(max_length=50, help_text="CN-2026-001")
    issue_date = models.DateField()
    reason = models.CharField(max_length=1000, blank=True)
    subtotal = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=2)
    tax_amount = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=2)
    total_amount = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=2)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = InvoicePartQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "number"], name="creditnote_number_unique")]
        indexes = [models.Index(fields=["organization", "-created_at", "-id"], name="creditnote_newest")]

    def __str__(self) -> str:
        return self.number
