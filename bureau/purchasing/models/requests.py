import uuid
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from bureau.accounts.models import AccessScope, Role, Team
from bureau.core.models import Organization, StoredFile, User
from bureau.purchasing.models.approvals import ApprovalSlot, Decision
from bureau.purchasing.models.forms import FormField, FormTemplate
from bureau.purchasing.models.workflows import WorkflowStep, WorkflowTemplate
from bureau.purchasing.states import RequestStatus


class PurchaseType(models.TextChoices):
    GOODS = "GOODS", "Goods"
    SERVICES = "SERVICES", "Services"
    SOFTWARE = "SOFTWARE", "Software"
    TRAVEL = "TRAVEL", "Travel"
    OTHER = "OTHER", "Other"


class RequestQuerySet(models.QuerySet["PurchaseRequest"]):
    def visible_to(self, user: User) -> "RequestQuerySet":
        """One's own; those whose step one approves or has decided on; all, for those who see the organization.

        A draft is its requester's alone, but for those who see the whole organization.
        """
        if user.is_superuser:
            return self
        own = self.filter(organization_id=user.organization_id)
        if user.sees_organization:
            return own
        asked = ApprovalSlot.objects.of(user).filter(request=OuterRef("pk"))
        decided = Decision.objects.filter(request=OuterRef("pk"), approver=user.pk)
        return own.filter(Q(requestor=user.pk) | Exists(finance_scopes(user)) | Exists(asked) | Exists(decided))

    def listed_for(self, user: User) -> "RequestQuerySet":
        """What the lists show: one's own, or all for those who see the organization."""
        if user.is_superuser:
            return self
        own = self.filter(organization_id=user.organization_id)
        return own if sees_all_requests(user) else own.filter(requestor=user)


def sees_all_requests(user: User) -> bool:
    """Whether the person's lists hold the requests of the whole organization, not only their own."""
    return user.sees_organization or finance_scopes(user).exists()


def finance_scopes(user: User) -> models.QuerySet[AccessScope]:
    """Where this person reviews for finance; who does so anywhere sees the requests of the whole organization."""
    return AccessScope.objects.filter(user=user.pk, role__code=Role.FINANCE_REVIEWER)


class PurchaseRequest(models.Model):
    """What somebody asks to have bought: one record behind p2p and prs."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=30)
    requestor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="purchase_requests")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="purchase_requests")
    form_template = models.ForeignKey(FormTemplate, on_delete=models.PROTECT, related_name="+")
    workflow_template = models.ForeignKey(WorkflowTemplate, null=True, on_delete=models.PROTECT, related_name="+")
    current_step = models.ForeignKey(WorkflowStep, null=True, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(
        max_length=20, choices=[(s.value, s.label) for s in RequestStatus], default=RequestStatus.DRAFT
    )
    subject = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    vendor_name = models.CharField(max_length=200, blank=True)
    vendor_account = models.CharField(max_length=100, blank=True)
    purchase_type = models.CharField(max_length=20, choices=PurchaseType.choices, default=PurchaseType.GOODS)
    amount = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, help_text="the total of the items, else the form's amount field"
    )
    rejection_comment = models.TextField(blank=True)
    submitted_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = RequestQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "number"], name="request_number_unique")]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="request_newest"),
            models.Index(fields=["requestor", "-created_at", "-id"], name="request_own_newest"),
            models.Index(fields=["organization", "status", "-created_at"], name="request_status"),
            models.Index(fields=["team", "status"], name="request_team_status"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"


class RequestItem(models.Model):
    request = models.ForeignKey(PurchaseRequest, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    description = models.CharField(max_length=300)
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    unit_price = models.DecimalField(max_digits=14, decimal_places=2)
    total = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["request", "position"], name="requestitem_position")]


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, user: User) -> "AttachmentQuerySet":
        return self.filter(request__in=PurchaseRequest.objects.visible_to(user))


class Attachment(models.Model):
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    request = models.ForeignKey(PurchaseRequest, on_delete=models.CASCADE, related_name="attachments")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    category = models.CharField(max_length=50, blank=True)
    created_at = models.DateTimeField()

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]


class FieldValue(models.Model):
    """The typed value of one field of the request's form; exactly one of the value columns is in use."""

    request = models.ForeignKey(PurchaseRequest, on_delete=models.CASCADE, related_name="field_values")
    field = models.ForeignKey(FormField, on_delete=models.PROTECT, related_name="+")
    value_text = models.TextField(null=True)  # noqa: DJ001 - null where another column is in use
    value_number = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    value_date = models.DateField(null=True)
    value_boolean = models.BooleanField(null=True)
    value_file = models.ForeignKey(Attachment, null=True, on_delete=models.RESTRICT, related_name="+")

    class Meta:
        ordering = ["field__order", "field_id"]
        constraints = [models.UniqueConstraint(fields=["request", "field"], name="fieldvalue_unique")]

    @property
    def value(self) -> "str | Decimal | date | bool | Attachment | None":
        columns = (self.value_text, self.value_number, self.value_date, self.value_boolean, self.value_file)
        return next((value for value in columns if value is not None), None)
