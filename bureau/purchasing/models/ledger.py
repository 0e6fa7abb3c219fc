from django.conf import settings
from django.db import models

from bureau.core.models import Organization
from bureau.purchasing.models.projects import CostCode, Project


class EntryKind(models.TextChoices):
    BUDGET = "budget"
    EXTERNAL = "external", "spent outside Bureau"
    REQUESTED = "requested"
    COMMITTED = "committed"
    RECEIVED = "received"
    BILLED = "billed"
    PAID = "paid"


class LedgerEntry(models.Model):
    """One change of one figure of a cost code, never altered: every figure as of any date is a sum of these.

    An entry without a cost code changes the project's own budget.
    """

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="entries")
    cost_code = models.ForeignKey(CostCode, null=True, on_delete=models.PROTECT, related_name="entries")
    order = models.ForeignKey("purchasing.PurchaseOrder", null=True, on_delete=models.PROTECT, related_name="entries")
    bill = models.ForeignKey("purchasing.Bill", null=True, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=EntryKind.choices)
    amount = models.DecimalField(max_digits=14, decimal_places=2, help_text="added to the figure; negative takes away")
    reason = models.CharField(max_length=200, help_text="what happened: approved, rejected, receipt 2, ...")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["cost_code", "created_at"], name="ledgerentry_costcode"),
            models.Index(fields=["project", "created_at"], name="ledgerentry_project"),
            models.Index(fields=["order", "kind"], name="ledgerentry_order"),
        ]
