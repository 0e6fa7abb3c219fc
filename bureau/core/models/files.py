import uuid

from django.conf import settings
from django.db import models


class ScanState(models.TextChoices):
    PENDING = "pending"
    CLEAN = "clean"
    INFECTED = "infected"
    FAILED = "failed"


class StoredFile(models.Model):
    """One stored file behind every upload; its content lies in the storage under `path`."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey("core.Organization", on_delete=models.PROTECT, related_name="+")
    uploader = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", help_text="empty: a customer"
    )
    filename = models.CharField(max_length=150, help_text="as given, cleaned; shown and offered at download")
    content_type = models.CharField(max_length=100, help_text="as found in the content")
    size = models.BigIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200, help_text="in the storage")
    scan_state = models.CharField(max_length=10, choices=ScanState.choices, default=ScanState.PENDING)
    finding = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["organization", "sha256"], name="storedfile_sha256")]
