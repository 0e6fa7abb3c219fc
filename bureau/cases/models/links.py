import uuid

from django.conf import settings
from django.db import models

from bureau.cases.models.cases import Case


class CaseLink(models.Model):
    """Lets a customer without an account see how their case stands and upload what is missing; nothing more, no other
    case, and only for a time. The token itself is kept nowhere."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True, help_text="when it was opened last")
    uploads = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-created_at", "-id"]


class CalendarFeed(models.Model):
    """The secret address of a person's calendar of due dates. The token itself is kept nowhere."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_feed")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
