"""What quotes and invoices have in common."""

import uuid
from typing import Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from bureau.core.models import Organization, TaxCategory, User
from bureau.kit.money import MAX_DIGITS
from bureau.parties.models import Customer

Document = TypeVar("Document", bound=models.Model)


class SalesQuerySet(models.QuerySet[Document]):
    def visible_to(self, user: User) -> Self:
        """One's own and those of one's own customers; all of the organization for those who see it whole."""
        if user.is_superuser:
            return self
        own = self.filter(organization_id=user.organization_id)
        if user.sees_organization:
            return own
        customers = Customer.objects.filter(owner=user.pk).values("pk")  # found once, not looked up row by row
        return own.filter(Q(owner=user.pk) | Q(customer__in=customers))


class InvoicePartQuerySet(models.QuerySet[Document]):
    def visible_to(self, user: User) -> Self:
        """Those of the invoices that one sees."""
        if user.is_superuser:
            return self
        own = self.filter(organization_id=user.organization_id)
        if user.sees_organization:
            return own
        customers = Customer.objects.filter(owner=user.pk).values("pk")
        return own.filter(Q(invoice__owner=user.pk) | Q(invoice__customer__in=customers))


class SalesDocument(models.Model):
    """A document with lines for a customer. The amounts are the sums of the lines'; nobody else gives them."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Where an index of several columns begins with a reference, it needs none of its own.
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="%(class)ss", db_index=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(max_length=50)
    issue_date = models.DateField()
    currency = models.CharField(max_length=3, help_text="the organization's when it was made")
    subtotal = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=2, default=0, help_text="net")
    tax_amount = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=2, default=0)
    total_amount = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=2, default=0)
    terms = models.TextField(blank=True, max_length=5000)
    notes = models.TextField(blank=True, max_length=5000, help_text="printed, as the terms are")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.number


class SalesLine(models.Model):
    """It keeps the tax rate and category with which it was written."""

    line_number = models.PositiveSmallIntegerField()
    description = models.CharField(max_length=300)
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    unit = models.CharField(max_length=20, blank=True)
    unit_price = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=2, help_text="net")
    discount_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    tax_code = models.CharField(max_length=10)
    tax_rate = models.DecimalField(max_digits=5, decimal_places=2, help_text="percent")
    tax_category = models.CharField(max_length=2, choices=TaxCategory.choices)
    net_amount = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=2, help_text="after the discount")
    tax_amount = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=2)
    line_total = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=2)

    class Meta:
        abstract = True
