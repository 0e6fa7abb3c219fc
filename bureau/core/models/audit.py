from django.conf import settings
from django.db import models

from bureau.core.models.users import User


class AuditHead(models.Model):
    """The last link of each chain; its row lock puts the entries of one organization in one order."""

    chain = models.BigIntegerField(primary_key=True, help_text="organization id; 0 for what belongs to none")
    position = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def visible_to(self, user: User) -> "AuditEntryQuerySet":
        """What happened in one's organization, for its administrators (audit:read); all of it for a superuser."""
        if user.is_superuser:
            return self
        return self.filter(organization_id=user.organization_id) if user.administers else self.none()


class AuditEntry(models.Model):
    """Who did what to which record. Written by `core.audit.record` only; triggers refuse UPDATE and DELETE."""

    chain = models.BigIntegerField()
    position = models.BigIntegerField()
    organization = models.ForeignKey("core.Organization", null=True, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    entity_type = models.CharField(max_length=50)
    entity_id = models.CharField(max_length=50)
    action = models.CharField(max_length=50)
    old_values = models.JSONField(null=True)
    new_values = models.JSONField(null=True)
    ip_address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain", "position"], name="auditentry_chain_position")]
        indexes = [
            models.Index(
                fields=["organization", "entity_type", "entity_id", "-created_at", "-id"], name="auditentry_entity"
            ),
            # With what the log is filtered by: counting needs no rows.
            models.Index(
                fields=["organization", "-created_at", "-id", "user", "action", "entity_type"], name="auditentry_newest"
            ),
        ]
