import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from bureau.cases.models.products import Product, ProductTask
from bureau.cases.states import CaseStatus, StepStatus
from bureau.core.models import Organization, User
from bureau.parties.models import Customer


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User) -> "CaseQuerySet":
        """One's own and those of one's own customers; all of the organization for those who see it whole."""
        if user.is_superuser:
            return self
        own = self.filter(organization_id=user.organization_id)
        if user.sees_organization:
            return own
        customers = Customer.objects.filter(owner=user.pk).values("pk")  # found once, not looked up case by case
        return own.filter(Q(owner=user.pk) | Q(customer__in=customers))


class Case(models.Model):
    """What is done for one customer: a product, the documents that it takes, and steps with due dates.

    `status` and what is kept of the current step follow from documents and steps (cases/states.py); nothing else
    writes them.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Where an index of several columns begins with a reference, it needs none of its own.
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(max_length=30, help_text="CASE-2026-00041")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="cases", db_index=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="cases", db_index=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    doc_date = models.DateField(help_text="the day on which the work begins")
    due_date = models.DateField(help_text="the day by which all steps are to be done, if each takes its time")
    status = models.CharField(
        max_length=10, choices=[(s.value, s.label) for s in CaseStatus], default=CaseStatus.PENDING
    )
    notes = models.TextField(blank=True, max_length=10000)
    step_number = models.PositiveSmallIntegerField(default=0, help_text="of the current step; 0: none")
    step_name = models.CharField(max_length=100, blank=True, help_text="of the current step")
    step_status = models.CharField(max_length=10, choices=[(s.value, s.label) for s in StepStatus], blank=True)
    step_due_date = models.DateField(null=True, help_text="of the current step; empty: none, or the clock stands")
    completed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", help_text="closed by force"
    )
    closing_reason = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "number"], name="case_number_unique")]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="case_newest"),
            models.Index(fields=["organization", "status", "step_due_date"], name="case_due"),
            models.Index(
                fields=["organization", "step_number", "step_due_date", "-created_at", "-id"], name="case_board"
            ),
            models.Index(
                fields=["product", "step_number", "step_due_date", "-created_at", "-id"], name="case_product_board"
            ),
            models.Index(
                fields=["organization", "-completed_at", "-id"],
                condition=Q(completed_at__isnull=False),
                name="case_completed",
            ),
            models.Index(fields=["owner", "-created_at", "-id"], name="case_owner"),
            # The organization is asked for as well: SQLite takes the index in which it finds more of the conditions.
            models.Index(fields=["customer", "organization", "-created_at", "-id"], name="case_customer"),
            models.Index(fields=["step_due_date"], condition=Q(step_due_date__isnull=False), name="case_step_due"),
        ]

    def __str__(self) -> str:
        return self.number


class CaseStep(models.Model):
    """A task of the product as this case went through it. It keeps what the task said when the step was opened."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="steps", db_index=False)
    task = models.ForeignKey(ProductTask, null=True, on_delete=models.SET_NULL, related_name="+")
    number = models.PositiveSmallIntegerField(help_text="the task's step")
    name = models.CharField(max_length=100)
    duration = models.PositiveSmallIntegerField(help_text="days")
    business_days = models.BooleanField()
    country = models.CharField(max_length=2, blank=True)
    notify_days_before = models.PositiveSmallIntegerField()
    status = models.CharField(
        max_length=10, choices=[(s.value, s.label) for s in StepStatus], default=StepStatus.PENDING
    )
    start_date = models.DateField()
    due_date = models.DateField(help_text="while the clock stands: as it was when it stopped")
    told_due_date = models.DateField(null=True, help_text="the due date of which people were told ahead")
    completed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    completed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="casestep_number")]


class StepPause(models.Model):
    """A time in which a step waited for the customer: its clock stood from the first day to the day before the last."""

    step = models.ForeignKey(CaseStep, on_delete=models.CASCADE, related_name="pauses")
    from_date = models.DateField()
    until_date = models.DateField(null=True, help_text="empty: the step waits still")

    class Meta:
        ordering = ["from_date", "id"]
        constraints = [
            models.UniqueConstraint(fields=["step"], condition=Q(until_date=None), name="steppause_one_open")
        ]


class CaseNote(models.Model):
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="case_notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(max_length=5000)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "id"]
