import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from bureau.core.models import Organization, PaymentMethod, StoredFile, User
from bureau.parties.models import BankAccount, Vendor
from bureau.purchasing.models.orders import OrderLine, PurchaseOrder
from bureau.purchasing.models.requests import finance_scopes
from bureau.purchasing.states import BillStatus


class BillQuerySet(models.QuerySet["Bill"]):
    def visible_to(self, user: User) -> "BillQuerySet":
        """All of the organization, for those who see it whole and for its finance reviewers; else those one entered."""
        if user.is_superuser:
            return self
        own = self.filter(organization_id=user.organization_id)
        if user.sees_organization or finance_scopes(user).exists():
            return own
        return own.filter(created_by=user.pk)


class Bill(models.Model):
    """A vendor's invoice to us."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="bills")
    order = models.ForeignKey(PurchaseOrder, null=True, on_delete=models.PROTECT, related_name="bills")
    bill_number = models.CharField(max_length=100, help_text="the vendor's")
    number_key = models.CharField(max_length=100, help_text="the number's letters and digits in upper case")
    bill_date = models.DateField()
    due_date = models.DateField(null=True)
    status = models.CharField(max_length=10, choices=[(s.value, s.label) for s in BillStatus], default=BillStatus.OPEN)
    subtotal = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    tax_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    total_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    exceptions = models.JSONField(default=list, help_text="what the last match found, with the differences")
    file = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    bank_account = models.ForeignKey(
        BankAccount, null=True, on_delete=models.PROTECT, related_name="+", help_text="the vendor's when it came in"
    )
    account_changed = models.BooleanField(default=False, help_text="the vendor's first bill after a changed account")
    matched_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    approval_comment = models.TextField(blank=True)
    payment_method = models.CharField(max_length=20, choices=PaymentMethod.choices, blank=True)
    payment_date = models.DateField(null=True)
    paid_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    paid_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = BillQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["vendor", "number_key"], name="bill_seen_once")]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="bill_newest"),
            models.Index(fields=["organization", "due_date"], condition=~Q(status="paid"), name="bill_due"),
            models.Index(fields=["organization", "status", "-created_at"], name="bill_status"),
            models.Index(fields=["organization", "total_amount"], name="bill_total"),
        ]

    def __str__(self) -> str:
        return f"{self.bill_number} {self.vendor}"


class BillLine(models.Model):
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    bill = models.ForeignKey(Bill, on_delete=models.CASCADE, related_name="lines")
    line_number = models.PositiveIntegerField()
    description = models.CharField(max_length=300)
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    unit_price = models.DecimalField(max_digits=14, decimal_places=2)
    tax_code = models.CharField(max_length=10)
    tax_rate = models.DecimalField(max_digits=5, decimal_places=2)
    net_amount = models.DecimalField(max_digits=14, decimal_places=2)
    tax_amount = models.DecimalField(max_digits=14, decimal_places=2)
    line_total = models.DecimalField(max_digits=14, decimal_places=2)
    order_line = models.ForeignKey(OrderLine, null=True, on_delete=models.PROTECT, related_name="bill_lines")

    class Meta:
        ordering = ["line_number"]
        constraints = [models.UniqueConstraint(fields=["bill", "line_number"], name="billline_number")]
