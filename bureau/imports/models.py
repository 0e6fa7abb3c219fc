"""Lists that come in as a file: each row is tried first, then taken over, and what became of it is kept."""

import uuid

from django.conf import settings
from django.db import models

from bureau.core.models import Job, Organization, StoredFile, User


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", "Uploaded"
    CHECKING = "checking", "Being checked"
    CHECKED = "checked", "Checked"
    IMPORTING = "importing", "Being imported"
    IMPORTED = "imported", "Imported"
    FAILED = "failed", "Failed"


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, user: User) -> "ImportQuerySet":
        """One's own; all of the organization for those who see it whole."""
        if user.is_superuser:
            return self
        own = self.filter(organization_id=user.organization_id)
        return own if user.sees_organization else own.filter(created_by=user.pk)


class Import(models.Model):
    """A file of records of one kind. `mapping` says which of its columns is which field."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, help_text="customers, products")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    columns = models.JSONField(default=list, help_text="the file's headings, each told apart from the others")
    samples = models.JSONField(default=list, help_text="the cells of the first rows")
    mapping = models.JSONField(default=dict, help_text="the column (its heading) of each field")
    update_existing = models.BooleanField(default=False, help_text="records that are there already are changed")
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED)
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+", help_text="the latest")
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0, help_text="a run that was cut off goes on from here")
    counts = models.JSONField(default=dict, help_text="rows by outcome, of the latest check or run")
    error = models.CharField(max_length=500, blank=True, help_text="why the file cannot be read")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["organization", "-created_at"], name="import_newest")]

    def __str__(self) -> str:
        return self.file.filename


class RowOutcome(models.TextChoices):
    CREATED = "created", "New"
    UPDATED = "updated", "Changed"
    UNCHANGED = "unchanged", "As it was"
    DUPLICATE = "duplicate", "There already"
    REFUSED = "refused", "Refused"


class ImportRow(models.Model):
    """What became of a row, or would become of it: `trial`."""

    imported = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    trial = models.BooleanField()
    number = models.PositiveIntegerField(help_text="of the line in the file, the headings being line 1")
    outcome = models.CharField(max_length=10, choices=RowOutcome.choices)
    label = models.CharField(max_length=200, blank=True, help_text="what the row is about")
    record_id = models.BigIntegerField(null=True)
    problems = models.JSONField(default=dict, help_text="field: messages")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["imported", "trial", "number"], name="importrow_once")]
        indexes = [models.Index(fields=["imported", "trial", "outcome", "number"], name="importrow_outcome")]
