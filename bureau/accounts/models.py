import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from bureau.core.models import Organization, User


class OrganizationQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "OrganizationQuerySet":
        """What belongs to the whole organization is visible to everybody in it."""
        return self if user.is_superuser else self.filter(organization_id=user.organization_id)


class Team(models.Model):
    GENERAL: ClassVar = "General"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="teams")
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)
    is_general = models.BooleanField(
        default=False, help_text="takes the requests that name no team; one per organization"
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("organization", Lower("name"), name="team_name_unique"),
            models.UniqueConstraint(
                fields=["organization"], condition=models.Q(is_general=True), name="team_one_general"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.Model):
    """What a person may do in a team: start requests, approve a step, review for finance."""

    INITIATOR: ClassVar = "INITIATOR"
    MANAGER: ClassVar = "MANAGER"
    DIRECTOR: ClassVar = "DIRECTOR"
    FINANCE_REVIEWER: ClassVar = "FINANCE_REVIEWER"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="roles")
    code = models.CharField(max_length=50, help_text="upper case: MANAGER")
    name = models.CharField(max_length=100)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "code"], name="role_code_unique")]

    def __str__(self) -> str:
        return self.name


class AccessScope(models.Model):
    """A person holds a role in a team."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_scopes")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="access_scopes")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="access_scopes")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "team", "role"], name="accessscope_unique")]
        indexes = [models.Index(fields=["team", "role"], name="accessscope_holders")]


class RefreshFamily(models.Model):
    """One sign-in and all refresh tokens that followed from it. Only the newest generation is good; an older one that
    comes back was stolen or copied, and revokes the family."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="refresh_families")
    generation = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="of the newest refresh token")
    revoked_at = models.DateTimeField(null=True)
    revoked_because = models.CharField(max_length=30, blank=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="refreshfamily_expiry")]
