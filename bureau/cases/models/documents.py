import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from bureau.cases.models.cases import Case
from bureau.cases.states import is_complete
from bureau.core.models import Organization, ScanState, StoredFile, User
from bureau.parties.models import Customer

TAKEN_AWAY = (ScanState.INFECTED, ScanState.FAILED)
"""A file that the virus scan did not pass is as good as none."""


class DocumentTypeQuerySet(models.QuerySet["DocumentType"]):
    def visible_to(self, user: User) -> "DocumentTypeQuerySet":
        """Everybody of the organization may look at them."""
        return self if user.is_superuser else self.filter(organization_id=user.organization_id)


class DocumentType(models.Model):
    """A kind of document that cases take: a passport, a photo, a contract."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=500, blank=True, help_text="what is accepted, for who has to bring it")
    has_number = models.BooleanField(default=False, help_text="complete only with its number")
    has_expiry_date = models.BooleanField(default=False, help_text="complete only with the day on which it expires")
    min_validity_months = models.PositiveSmallIntegerField(
        default=0, help_text="how long it must be valid after the case's due date"
    )
    notify_days_before = models.PositiveSmallIntegerField(default=30, help_text="before it expires; 0: nobody is told")
    actions = models.JSONField(default=list, help_text="the names of the hook actions that its documents offer")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = DocumentTypeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("organization", Upper("name"), name="documenttype_name_unique")]

    def __str__(self) -> str:
        return self.name


class CaseDocumentQuerySet(models.QuerySet["CaseDocument"]):
    def visible_to(self, user: User) -> "CaseDocumentQuerySet":
        """Those of the cases that one sees."""
        if user.is_superuser:
            return self
        own = self.filter(organization_id=user.organization_id)
        if user.sees_organization:
            return own
        customers = Customer.objects.filter(owner=user.pk).values("pk")
        return own.filter(Q(case__owner=user.pk) | Q(case__customer__in=customers))


class CaseDocument(models.Model):
    """What a case has of a document type: nothing yet, or a file with what stands in it. One a type."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="documents", db_index=False)
    document_type = models.ForeignKey(DocumentType, on_delete=models.PROTECT, related_name="documents")
    required = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField()
    min_validity_months = models.PositiveSmallIntegerField(default=0, help_text="after the case's due date")
    number = models.CharField(max_length=100, blank=True)
    expiry_date = models.DateField(null=True, blank=True)
    told_expiry_date = models.DateField(null=True, help_text="the expiry date of which people were told ahead")
    details = models.CharField(max_length=1000, blank=True)
    file = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(null=True)
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    checked_at = models.DateTimeField(null=True, help_text="somebody looked at it and found it right")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = CaseDocumentQuerySet.as_manager()

    class Meta:
        ordering = ["-required", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["case", "document_type"], name="casedocument_one_a_type")]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="casedocument_newest"),
            models.Index(fields=["case", "organization"], name="casedocument_case"),  # as of cases, for SQLite
            models.Index(fields=["expiry_date"], condition=Q(file__isnull=False), name="casedocument_expiry"),
        ]

    @property
    def complete(self) -> bool:
        """Whether all is there that its type asks for; how long it is valid is another question."""
        return is_complete(
            held=self.file is not None and self.file.scan_state not in TAKEN_AWAY,
            number=self.number,
            expiry_date=self.expiry_date,
            has_number=self.document_type.has_number,
            has_expiry_date=self.document_type.has_expiry_date,
        )
