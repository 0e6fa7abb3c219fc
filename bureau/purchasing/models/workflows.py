import uuid

from django.conf import settings
from django.db import models

from bureau.accounts.models import Role
from bureau.purchasing.models.forms import Template


class WorkflowTemplate(Template):
    pass


class WorkflowStep(models.Model):
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    workflow_template = models.ForeignKey(WorkflowTemplate, on_delete=models.CASCADE, related_name="steps")
    step_name = models.CharField(max_length=100)
    step_order = models.PositiveIntegerField()
    is_finance_review = models.BooleanField(default=False, help_text="the last step: completing, not approving")

    class Meta:
        ordering = ["step_order"]
        constraints = [
            models.UniqueConstraint(fields=["workflow_template", "step_order"], name="workflowstep_order_unique")
        ]

    def __str__(self) -> str:
        return self.step_name


class StepApprover(models.Model):
    """A role of the request's team, or one person. Every approver listed must approve (AND)."""

    step = models.ForeignKey(WorkflowStep, on_delete=models.CASCADE, related_name="approvers")
    role = models.ForeignKey(Role, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__isnull=False, user__isnull=True)
                | models.Q(role__isnull=True, user__isnull=False),
                name="stepapprover_role_or_user",
            ),
            models.UniqueConstraint(fields=["step", "role"], name="stepapprover_role_once"),
            models.UniqueConstraint(fields=["step", "user"], name="stepapprover_user_once"),
        ]
