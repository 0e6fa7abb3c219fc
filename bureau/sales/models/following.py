"""What goes on after a document was made: recurring invoices, reminders, links for the customer."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from bureau.core.models import Organization
from bureau.parties.models import Customer
from bureau.sales.models.documents import SalesQuerySet
from bureau.sales.models.invoices import Invoice
from bureau.sales.models.quotes import Quote


class Interval(models.TextChoices):
    WEEKLY = "weekly", "Every week"
    MONTHLY = "monthly", "Every month"
    QUARTERLY = "quarterly", "Every three months"
    YEARLY = "yearly", "Every year"


class RecurringInvoice(models.Model):
    """Makes an invoice of the same lines at each interval, counted from `start_date`: the 31st becomes a month's last
    day and is the 31st again where there is one."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="recurring_invoices")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100, help_text="what it is for: Hosting")
    interval = models.CharField(max_length=10, choices=Interval.choices)
    start_date = models.DateField()
    next_date = models.DateField(null=True, help_text="of the next invoice; empty: there is none to come")
    end_date = models.DateField(null=True, help_text="the last day on which one is made")
    payment_days = models.PositiveSmallIntegerField()
    lines = models.JSONField(help_text="as services.content.LineInput, amounts as text")
    terms = models.TextField(blank=True, max_length=5000)
    notes = models.TextField(blank=True, max_length=5000)
    send = models.BooleanField(default=False, help_text="issued and mailed at once; else left as a draft")
    active = models.BooleanField(default=True)
    problem = models.CharField(max_length=500, blank=True, help_text="why the last one could not be made")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = SalesQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="recurring_newest"),
            models.Index(fields=["next_date"], condition=Q(active=True, next_date__isnull=False), name="recurring_due"),
        ]

    def __str__(self) -> str:
        return self.name


class InvoiceReminder(models.Model):
    """That a customer was reminded: once for each number of days overdue."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="reminders", db_index=False)
    days = models.PositiveSmallIntegerField(help_text="7, 14 or 30")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["days"]
        constraints = [models.UniqueConstraint(fields=["invoice", "days"], name="invoicereminder_once")]


class SalesLink(models.Model):
    """Lets a customer without an account see one quote or invoice, and answer a quote, for a time. The token itself is
    kept nowhere."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    quote = models.ForeignKey(Quote, null=True, on_delete=models.CASCADE, related_name="links")
    invoice = models.ForeignKey(Invoice, null=True, on_delete=models.CASCADE, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True, help_text="when it was opened last")

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quote__isnull=True, invoice__isnull=False) | Q(quote__isnull=False, invoice__isnull=True),
                name="saleslink_of_one",
            )
        ]
