import uuid
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from bureau.core.models import Organization, StoredFile, User
from bureau.parties.models import Vendor
from bureau.purchasing.models.approvals import ApprovalSlot, Decision
from bureau.purchasing.models.projects import CostCode, Project, ProjectMember
from bureau.purchasing.models.requests import PurchaseRequest
from bureau.purchasing.states import OrderStatus


class OrderType(models.TextChoices):
    STANDARD = "standard", "Standard"
    ROLLING = "rolling", "Rolling"
    WALKUP = "walkup", "Walk-up"


class LineCategory(models.TextChoices):
    LABOUR = "LA", "Labour"
    EQUIPMENT = "EQ", "Equipment"
    MATERIAL = "MA", "Material"
    SUBCONTRACT = "SC", "Subcontract"


class OrderQuerySet(models.QuerySet["PurchaseOrder"]):
    def present(self) -> "OrderQuerySet":
        """Not deleted."""
        return self.filter(deleted_at=None)

    def visible_to(self, user: User) -> "OrderQuerySet":
        """One's own, those of one's projects, those one was asked about or has decided on, also in somebody's place;
        all, for those who see the organization. Never a deleted one."""
        present = self.present()
        if user.is_superuser:
            return present
        own = present.filter(organization_id=user.organization_id)
        if user.sees_organization:
            return own
        member = ProjectMember.objects.filter(project=OuterRef("project"), user=user.pk)
        asked = ApprovalSlot.objects.orders_of(user).filter(order=OuterRef("pk"))
        decided = Decision.objects.filter(order=OuterRef("pk"), approver=user.pk)
        return own.filter(Q(created_by=user.pk) | Exists(member) | Exists(asked) | Exists(decided))

    def listed_for(self, user: User) -> "OrderQuerySet":
        """The same orders, found from the person's side: for lists, where asking order by order would take long."""
        if user.sees_organization:
            return self.visible_to(user)
        present = PurchaseOrder.objects.present()
        own = present.filter(created_by=user.pk).values("pk")
        members = ProjectMember.objects.filter(user=user.pk).values("project")
        ways = own.union(
            present.filter(project__in=members).values("pk"),
            ApprovalSlot.objects.orders_of(user).values("order"),
            Decision.objects.filter(order__isnull=False, approver=user.pk).order_by().values("order"),
            all=True,
        )
        return self.present().filter(organization_id=user.organization_id, pk__in=ways)


class PurchaseOrder(models.Model):
    """What we order from a vendor, on a cost code of a project."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    po_number = models.CharField(max_length=30)
    type = models.CharField(max_length=10, choices=OrderType.choices, default=OrderType.STANDARD)
    status = models.CharField(
        max_length=10, choices=[(s.value, s.label) for s in OrderStatus], default=OrderStatus.DRAFT
    )
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="orders")
    cost_code = models.ForeignKey(CostCode, on_delete=models.PROTECT, related_name="orders")
    vendor = models.ForeignKey(Vendor, null=True, on_delete=models.PROTECT, related_name="orders")
    vendor_name = models.CharField(max_length=200, help_text="as ordered; so are the next four")
    vendor_contact_name = models.CharField(max_length=200, blank=True)
    vendor_email = models.EmailField(max_length=254, blank=True)
    vendor_phone = models.CharField(max_length=50, blank=True)
    vendor_address = models.TextField(blank=True)
    description = models.TextField(blank=True)
    subtotal = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    tax_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    total_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0, help_text="sum of the line totals")
    line_items_count = models.PositiveIntegerField(default=0)
    ceiling_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, help_text="of a rolling order")
    released_amount = models.DecimalField(max_digits=14, decimal_places=2, default=0, help_text="sum of the releases")
    urgency_justification = models.TextField(blank=True, help_text="of a walk-up order")
    search_text = models.TextField(blank=True, help_text="number, vendor and descriptions in upper case")
    request = models.ForeignKey(PurchaseRequest, null=True, on_delete=models.PROTECT, related_name="orders")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="purchase_orders")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    budget_overridden = models.BooleanField(default=False, help_text="the approval overdrew the cost code, knowingly")
    rejected_at = models.DateTimeField(null=True)
    rejection_reason = models.TextField(blank=True)
    cancelled_at = models.DateTimeField(null=True)
    cancellation_reason = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True)
    closing_reason = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, help_text="to the vendor, by e-mail, last")
    deleted_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "po_number"], name="order_number_unique"),
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(deleted_at=None) & ~Q(status__in=["cancelled", "rejected"]),
                name="order_one_of_request",
            ),
            models.CheckConstraint(condition=Q(released_amount__gte=0), name="order_released_not_negative"),
            models.CheckConstraint(
                condition=Q(ceiling_amount=None) | Q(released_amount__lte=models.F("ceiling_amount")),
                name="order_released_within_ceiling",
            ),
        ]
        # SQLite looks at deleted_at although the index is partial: with it inside, counting needs no rows.
        indexes = [
            models.Index(
                fields=["organization", "-created_at", "-id", "deleted_at", "status", "type", "project", "created_by"],
                condition=Q(deleted_at=None),
                name="order_newest",
            ),
            models.Index(
                fields=["organization", "status", "-created_at", "-id", "deleted_at"],
                condition=Q(deleted_at=None),
                name="order_status",
            ),
            models.Index(
                fields=["project", "-created_at", "-id", "deleted_at", "organization", "status"],
                condition=Q(deleted_at=None),
                name="order_project",
            ),
            models.Index(
                fields=["created_by", "-created_at", "-id", "deleted_at", "organization", "status"],
                condition=Q(deleted_at=None),
                name="order_creator",
            ),
            models.Index(
                fields=["-created_at", "-id", "deleted_at"], condition=Q(deleted_at=None), name="order_newest_of_all"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.po_number} {self.vendor_name}"

    @property
    def amount(self) -> Decimal:
        """What it is routed, approved and budgeted by: a rolling order's ceiling, else the total."""
        return self.total_amount if self.ceiling_amount is None else self.ceiling_amount

    @property
    def vendor_addresses(self) -> list[str]:
        """Where it may be mailed: the address on it, and the vendor's own. The first is the usual one."""
        own = self.vendor.party.email if self.vendor is not None else ""
        return list(dict.fromkeys(address for address in (self.vendor_email, own) if address))


class OrderLine(models.Model):
    order = models.ForeignKey(PurchaseOrder, on_delete=models.CASCADE, related_name="lines")
    line_number = models.PositiveIntegerField()
    description = models.CharField(max_length=300)
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    unit = models.CharField(max_length=20, default="pcs")
    unit_price = models.DecimalField(max_digits=14, decimal_places=2)
    category = models.CharField(max_length=2, choices=LineCategory.choices, default=LineCategory.MATERIAL)
    tax_code = models.CharField(max_length=10)
    tax_rate = models.DecimalField(max_digits=5, decimal_places=2, help_text="percent, as it was when written")
    net_amount = models.DecimalField(max_digits=14, decimal_places=2)
    tax_amount = models.DecimalField(max_digits=14, decimal_places=2)
    line_total = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        ordering = ["line_number"]
        constraints = [models.UniqueConstraint(fields=["order", "line_number"], name="orderline_number")]


class OrderFileQuerySet(models.QuerySet["OrderFile"]):
    def visible_to(self, user: User) -> "OrderFileQuerySet":
        return self.filter(order__in=PurchaseOrder.objects.visible_to(user))


class OrderFile(models.Model):
    order = models.ForeignKey(PurchaseOrder, on_delete=models.PROTECT, related_name="files")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = OrderFileQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]


class OrderNote(models.Model):
    order = models.ForeignKey(PurchaseOrder, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "id"]


class OrderRelease(models.Model):
    """A part of a rolling order that is called off; all of them together never exceed the ceiling."""

    order = models.ForeignKey(PurchaseOrder, on_delete=models.PROTECT, related_name="releases")
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    note = models.CharField(max_length=500, blank=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "id"]


class Delegation(models.Model):
    """Somebody decides on orders in another's place for some days, up to the lower of both limits."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    delegator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations_given")
    delegate = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations_held")
    start_date = models.DateField()
    end_date = models.DateField(help_text="the last day")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="taken back before its last day")

    class Meta:
        ordering = ["start_date", "id"]
        indexes = [
            models.Index(fields=["delegate", "end_date"], condition=Q(ended_at=None), name="delegation_delegate")
        ]
        constraints = [
            models.CheckConstraint(condition=Q(end_date__gte=models.F("start_date")), name="delegation_dates"),
            models.CheckConstraint(condition=~Q(delegate=models.F("delegator")), name="delegation_to_another"),
        ]
