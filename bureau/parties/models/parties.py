import re
import uuid

from django.db import models
from django.db.models import F, Func, Value
from django.db.models.functions import Lower, Replace, Upper

from bureau.core.models import Organization, User

PUNCTUATION = " ./-"
"""What a tax number is written with or without: DE 123.456 is DE123456."""


def tax_key(tax_number: str) -> str:
    """A tax number as `Party.tax_key` holds it."""
    return re.sub(f"[{re.escape(PUNCTUATION)}]", "", tax_number).upper()


def _tax_key() -> Func:
    key: Func = Upper(F("tax_number"))
    for character in PUNCTUATION:
        key = Replace(key, Value(character), Value(""))
    return key


class PartyQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "PartyQuerySet":
        """Everybody of the organization may choose among its parties."""
        return self if user.is_superuser else self.filter(organization_id=user.organization_id)


class Party(models.Model):
    """A company or person that we buy from or sell to."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=200)
    email = models.EmailField(max_length=254, blank=True)
    phone = models.CharField(max_length=50, blank=True)
    address = models.TextField(blank=True, max_length=1000)
    country = models.CharField(max_length=2, blank=True, help_text="of the address: ISO 3166-1 alpha-2")
    tax_number = models.CharField(max_length=50, blank=True)
    tax_key = models.GeneratedField(
        expression=_tax_key(),
        output_field=models.CharField(max_length=50),
        db_persist=True,
        help_text="the tax number without punctuation, in upper case: by it they are compared",
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = PartyQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index("organization", Lower("name"), name="party_name"),
            models.Index("organization", Lower("email"), name="party_email"),
            models.Index(fields=["organization", "tax_key"], name="party_tax_key"),
        ]

    def __str__(self) -> str:
        return self.name
