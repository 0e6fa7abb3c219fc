import uuid

from django.db import models
from django.db.models.functions import Lower

from bureau.core.models import Organization, User


class PartyQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "PartyQuerySet":
        """Everybody of the organization may choose among its parties."""
        return self if user.is_superuser else self.filter(organization_id=user.organization_id)


class Party(models.Model):
    """A company or person that we buy from or sell to."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    email = models.EmailField(max_length=254, blank=True)
    phone = models.CharField(max_length=50, blank=True)
    address = models.TextField(blank=True, max_length=1000)
    tax_number = models.CharField(max_length=50, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = PartyQuerySet.as_manager()

    class Meta:
        indexes = [models.Index("organization", Lower("name"), name="party_name")]

    def __str__(self) -> str:
        return self.name
