from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef

from bureau.core.models import Organization, User


class ProjectStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    ON_HOLD = "on_hold", "On hold"
    CLOSED = "closed", "Closed"


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, user: User) -> "ProjectQuerySet":
        """Those that one is a member of; all, for those who see the organization."""
        if user.is_superuser:
            return self
        own = self.filter(organization_id=user.organization_id)
        if user.sees_organization:
            return own
        return own.filter(Exists(ProjectMember.objects.filter(project=OuterRef("pk"), user=user.pk)))


class Project(models.Model):
    """What is bought for, with a budget. Its figures follow from ledger entries (services/budgets.py)."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=50, help_text="PRJ001: the id in the API and in the accounting system")
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=ProjectStatus.choices, default=ProjectStatus.ACTIVE)
    budget = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    external = models.DecimalField(
        max_digits=14, decimal_places=2, default=0, help_text="spent outside Bureau and on no cost code"
    )
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)
    synced_at = models.DateTimeField(null=True, help_text="empty: kept by hand")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = ProjectQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "code"], name="project_code_unique")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ProjectMember(models.Model):
    """A person who works on a project: sees its orders, and decides on them within their limit."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="project_memberships")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="projectmember_unique")]


class CostCode(models.Model):
    """A part of a project's budget. The sums are kept with each ledger entry, under the row's lock, and always equal
    what the entries add up to."""

    SUMS: ClassVar = ("budget", "external", "requested", "committed", "received", "billed", "paid")

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="cost_codes")
    external_id = models.CharField(max_length=50, help_text="CC-001: the id in the API and in the accounting system")
    code = models.CharField(max_length=50, help_text="01-100")
    description = models.CharField(max_length=200, blank=True)
    category = models.CharField(max_length=100, blank=True)
    active = models.BooleanField(default=True)
    budget = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    external = models.DecimalField(max_digits=14, decimal_places=2, default=0, help_text="spent outside Bureau")
    requested = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    committed = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    received = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    billed = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    paid = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    spent = models.GeneratedField(  # committed through Bureau and spent outside it
        expression=F("external") + F("committed"),
        output_field=models.DecimalField(max_digits=14, decimal_places=2),
        db_persist=True,
    )
    remaining = models.GeneratedField(
        expression=F("budget") - F("external") - F("committed"),
        output_field=models.DecimalField(max_digits=14, decimal_places=2),
        db_persist=True,
    )
    synced_at = models.DateTimeField(null=True, help_text="empty: kept by hand")

    class Meta:
        ordering = ["external_id"]
        constraints = [models.UniqueConstraint(fields=["project", "external_id"], name="costcode_unique")]

    def __str__(self) -> str:
        return f"{self.external_id} {self.description}".strip()
