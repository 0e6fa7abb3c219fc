import uuid

from django.conf import settings
from django.db import models

from bureau.core.models import Organization, User
from bureau.parties.models.parties import Party


class CustomerType(models.TextChoices):
    PERSON = "person", "Person"
    COMPANY = "company", "Company"


class Gender(models.TextChoices):
    """As in a passport."""

    FEMALE = "F", "Female"
    MALE = "M", "Male"
    OTHER = "X", "Other"


class CustomerQuerySet(models.QuerySet["Customer"]):
    def visible_to(self, user: User) -> "CustomerQuerySet":
        """One's own; all of the organization for those who see it whole."""
        if user.is_superuser:
            return self
        own = self.filter(organization_id=user.organization_id)
        return own if user.sees_organization else own.filter(owner=user.pk)


class Customer(models.Model):
    """A party in its role as a buyer: a client (biz) and a customer (agency) are this one record.

    Name, e-mail address, phone, address and tax number are the party's. A person is called by first and last name, a
    company by its company name.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="customer")
    # The indices of several columns below begin with these two.
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    customer_type = models.CharField(max_length=10, choices=CustomerType.choices, default=CustomerType.PERSON)
    title = models.CharField(max_length=30, blank=True)
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    company_name = models.CharField(max_length=200, blank=True, help_text="of a person: where they work")
    nationality = models.CharField(max_length=3, blank=True, help_text="ISO 3166-1 alpha-3")
    birthdate = models.DateField(null=True, blank=True)
    birth_place = models.CharField(max_length=100, blank=True)
    passport_number = models.CharField(max_length=50, blank=True)
    passport_issue_date = models.DateField(null=True, blank=True)
    passport_expiry_date = models.DateField(null=True, blank=True)
    told_passport_expiry_date = models.DateField(null=True, help_text="the expiry date of which people were told ahead")
    gender = models.CharField(max_length=1, choices=Gender.choices, blank=True)
    whatsapp = models.CharField(max_length=50, blank=True)
    notify_steps_due = models.BooleanField(default=False, help_text="gets a message before a step is due")
    notify_documents_expiring = models.BooleanField(default=False, help_text="gets a message before a document expires")
    active = models.BooleanField(default=True)
    sort_name = models.CharField(max_length=100, help_text="the name's beginning in upper case: lists sort by it")
    search_text = models.TextField(
        help_text="name, company, e-mail address, phones, tax and passport number, in upper case"
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = CustomerQuerySet.as_manager()

    class Meta:
        # With `active` inside, counting those that are needs no rows; with the organization, one's own.
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id", "active"], name="customer_newest"),
            models.Index(fields=["organization", "sort_name", "id", "active"], name="customer_by_name"),
            models.Index(fields=["owner", "-created_at", "-id", "organization", "active"], name="customer_owner"),
            models.Index(fields=["-created_at", "-id", "active"], name="customer_newest_of_all"),
            models.Index(fields=["organization", "passport_number"], name="customer_passport"),
            models.Index(
                fields=["passport_expiry_date"],
                condition=models.Q(passport_expiry_date__isnull=False),
                name="customer_passport_expiry",
            ),
        ]

    def __str__(self) -> str:
        return self.party.name
