import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from bureau.core.models import Organization
from bureau.parties.models.parties import Party, PartyQuerySet


class Vendor(models.Model):
    """A party in its role as a seller: the code it is known by, how it is paid and how its bills are matched."""

    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="vendor")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=50, help_text="VEN001: the id in the API and in the accounting system")
    contact_name = models.CharField(max_length=200, blank=True)
    payment_terms = models.CharField(max_length=100, blank=True, help_text="Net 30")
    active = models.BooleanField(default=True)
    match_receipts = models.BooleanField(
        default=True, help_text="bills are matched three ways, with what was received; else two ways"
    )
    quantity_tolerance = models.DecimalField(
        max_digits=5, decimal_places=2, null=True, blank=True, help_text="percent; empty: the organization's"
    )
    price_tolerance = models.DecimalField(
        max_digits=5, decimal_places=2, null=True, blank=True, help_text="percent; empty: the organization's"
    )
    total_tolerance = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True, help_text="an amount; empty: the organization's"
    )
    synced_at = models.DateTimeField(null=True, help_text="empty: kept by hand")

    objects = PartyQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "code"], name="vendor_code_unique")]

    def __str__(self) -> str:
        return f"{self.code} {self.party.name}"


class AccountState(models.TextChoices):
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    SUPERSEDED = "superseded"


class BankAccount(models.Model):
    """Where a vendor wants to be paid. Nothing is paid to it before a second person has confirmed it."""

    WAITING: ClassVar = (AccountState.PROPOSED,)

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="bank_accounts")
    holder = models.CharField(max_length=200, blank=True)
    iban = models.CharField(max_length=34)
    bic = models.CharField(max_length=11, blank=True)
    reason = models.CharField(max_length=500, blank=True, help_text="how the change became known and was verified")
    state = models.CharField(max_length=10, choices=AccountState.choices, default=AccountState.PROPOSED)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", help_text="empty: a sync"
    )
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-proposed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["vendor"], condition=Q(state="confirmed"), name="bankaccount_one_confirmed"
            ),
            models.UniqueConstraint(fields=["vendor"], condition=Q(state="proposed"), name="bankaccount_one_proposed"),
        ]

    @property
    def masked(self) -> str:
        """The IBAN as the audit log and lists show it: its last four digits."""
        return f"•••• {self.iban[-4:]}"
