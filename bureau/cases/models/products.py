import uuid
from decimal import Decimal

from django.db import models
from django.db.models.functions import Upper

from bureau.core.models import Organization, User
from bureau.kit.money import MAX_DIGITS


class ProductQuerySet(models.QuerySet["Product"]):
    def visible_to(self, user: User) -> "ProductQuerySet":
        """Everybody of the organization may look at what it offers."""
        return self if user.is_superuser else self.filter(organization_id=user.organization_id)


class Product(models.Model):
    """What a case is about: a price, tasks in order, and the documents that it takes."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=50)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=5000)
    product_type = models.CharField(
        max_length=50, blank=True, help_text="a word of the organization's own, such as visa"
    )
    base_price = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=2, default=Decimal(0), help_text="net")
    tax_code = models.CharField(max_length=10, blank=True, help_text="empty: the organization's")
    completed_by_payment = models.BooleanField(default=False, help_text="a case is completed when it has been paid")
    active = models.BooleanField(default=True, help_text="can be chosen for new cases")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = ProductQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("organization", Upper("code"), name="product_code_unique")]
        indexes = [models.Index(fields=["organization", "name"], name="product_name")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ProductTask(models.Model):
    """A step that every case of the product goes through; the steps count from 1 without a gap."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="tasks")
    step = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=500, blank=True)
    duration = models.PositiveSmallIntegerField(help_text="days")
    business_days = models.BooleanField(default=True, help_text="counts working days; else calendar days")
    country = models.CharField(
        max_length=2, blank=True, help_text="ISO 3166-1 alpha-2, whose public holidays count; empty: the organization's"
    )
    notify_days_before = models.PositiveSmallIntegerField(default=0, help_text="0: nobody is told before it is due")
    last_step = models.BooleanField(default=False)

    class Meta:
        ordering = ["step"]
        constraints = [models.UniqueConstraint(fields=["product", "step"], name="producttask_step")]


class ProductDocument(models.Model):
    """A document type that cases of the product take."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="documents")
    document_type = models.ForeignKey("cases.DocumentType", on_delete=models.PROTECT, related_name="products")
    required = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField()
    min_validity_months = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="how long it must be valid after the case's due date; empty: as its type says"
    )

    class Meta:
        ordering = ["-required", "position"]
        constraints = [models.UniqueConstraint(fields=["product", "document_type"], name="productdocument_once")]
