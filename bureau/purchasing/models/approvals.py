import uuid
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q
from django.db.models.functions import Now, TruncDate

from bureau.accounts.models import AccessScope, Role, Team
from bureau.core.models import User
from bureau.purchasing.models.workflows import WorkflowStep, WorkflowTemplate

if TYPE_CHECKING:
    from bureau.purchasing.models.requests import PurchaseRequest


class SlotState(models.TextChoices):
    WAITING = "waiting"
    APPROVED = "approved"
    ENDED = "ended", "ended without this decision"


class DecisionAction(models.TextChoices):
    APPROVE = "APPROVE"
    REJECT = "REJECT"
    COMPLETE = "COMPLETE"


def _one_subject() -> Q:
    return Q(request__isnull=False, order__isnull=True) | Q(request__isnull=True, order__isnull=False)


class Approval(models.Model):
    """One round of approving one request or one order: from its submit to its end. A resubmission starts another.

    A request goes through the steps of a workflow; an order has one decision, by authorization limit, and no steps.
    """

    request = models.ForeignKey(
        "purchasing.PurchaseRequest", null=True, on_delete=models.PROTECT, related_name="approvals"
    )
    order = models.ForeignKey("purchasing.PurchaseOrder", null=True, on_delete=models.PROTECT, related_name="approvals")
    round = models.PositiveIntegerField(default=1)
    workflow_template = models.ForeignKey(WorkflowTemplate, null=True, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "round"], name="approval_round_unique"),
            models.UniqueConstraint(fields=["order", "round"], name="approval_order_round_unique"),
            models.CheckConstraint(condition=_one_subject(), name="approval_one_subject"),
        ]

    @property
    def purchase_request(self) -> "PurchaseRequest":
        """The request of a round that is about one."""
        return cast("PurchaseRequest", self.request)


class SlotQuerySet(models.QuerySet["ApprovalSlot"]):
    def of(self, user: User) -> "SlotQuerySet":
        """The slots that this person may fill: by name, by a role they hold in the team, or in a former colleague's
        place (administrators)."""
        return self.filter(_fillable_by(user))

    def marked_for(self, user: User) -> "SlotQuerySet":
        """All of them, with `theirs` for those that this person may fill."""
        return self.annotate(theirs=ExpressionWrapper(_fillable_by(user), models.BooleanField()))

    def requests_waiting_for(self, user: User) -> "models.QuerySet[Any, Any]":
        """The ids of the requests where such a slot waits; as a union, each half of it finds its partial index."""
        waiting = self.waiting()
        by_role = waiting.filter(team__access_scopes__user=user.pk, role=F("team__access_scopes__role"))
        ways = [waiting.filter(user=user.pk).values("request")]
        if user.administers:
            ways.append(waiting.filter(_left_behind()).values("request"))
        return by_role.values("request").union(*ways, all=True)

    def orders_of(self, user: User) -> "SlotQuerySet":
        """The slots of orders that ask this person, or somebody in whose place they decide today."""
        today = TruncDate(Now())
        given = User.objects.filter(
            delegations_given__delegate=user.pk,
            delegations_given__ended_at=None,
            delegations_given__start_date__lte=today,
            delegations_given__end_date__gte=today,
        )
        people = User.objects.filter(pk=user.pk).values("pk").union(given.values("pk"), all=True)
        return self.filter(user__in=people, order__isnull=False)

    def waiting(self) -> "SlotQuerySet":
        return self.filter(state=SlotState.WAITING)

    def candidates(self) -> models.QuerySet[User]:
        """The active people who could fill one of these slots."""
        slots = self.filter(
            Q(team__access_scopes__user=OuterRef("pk"), role=F("team__access_scopes__role")) | Q(user=OuterRef("pk"))
        )
        return User.objects.filter(Exists(slots), is_active=True).order_by("pk")


def _fillable_by(user: User) -> Q:
    held = AccessScope.objects.filter(user=user.pk, team=OuterRef("team"), role=OuterRef("role"))
    fillable = Q(user=user.pk) | Q(Exists(held))
    return fillable | _left_behind() if user.administers else fillable


def _left_behind() -> Q:
    """A person was named who is not active any more: an administrator decides, or the request would wait for ever."""
    return Q(user__is_active=False)


class ApprovalSlot(models.Model):
    """An approver that is asked: one role of a team, or one person. Made when a request's step is reached, and when an
    order is submitted or goes to somebody else."""

    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="slots")
    request = models.ForeignKey("purchasing.PurchaseRequest", null=True, on_delete=models.PROTECT, related_name="slots")
    order = models.ForeignKey("purchasing.PurchaseOrder", null=True, on_delete=models.PROTECT, related_name="slots")
    step = models.ForeignKey(WorkflowStep, null=True, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    role = models.ForeignKey(Role, null=True, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    state = models.CharField(max_length=10, choices=SlotState.choices, default=SlotState.WAITING)
    decision = models.ForeignKey(
        "purchasing.Decision", null=True, on_delete=models.PROTECT, related_name="slots", help_text="that filled it"
    )
    created_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    theirs: bool  # set by marked_for

    objects = SlotQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["team", "role"], condition=Q(state="waiting"), name="approvalslot_waiting_role"),
            models.Index(fields=["user"], condition=Q(state="waiting"), name="approvalslot_waiting_user"),
            models.Index(fields=["user", "order"], name="approvalslot_user"),
            models.Index(fields=["request", "state"], name="approvalslot_request"),
            models.Index(fields=["order", "state"], condition=Q(order__isnull=False), name="approvalslot_order"),
        ]
        constraints = [
            models.CheckConstraint(condition=_one_subject(), name="approvalslot_one_subject"),
            models.UniqueConstraint(
                fields=["order"], condition=Q(state="waiting", order__isnull=False), name="approvalslot_order_asks_one"
            ),
            models.CheckConstraint(
                condition=Q(role__isnull=False, team__isnull=False, user__isnull=True)
                | Q(role__isnull=True, team__isnull=True, user__isnull=False),
                name="approvalslot_role_or_user",
            ),
            models.UniqueConstraint(fields=["approval", "step", "role"], name="approvalslot_role_once"),
            models.UniqueConstraint(fields=["approval", "step", "user"], name="approvalslot_user_once"),
        ]


class Decision(models.Model):
    """What one person decided at one step: the approval history."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="decisions")
    request = models.ForeignKey(
        "purchasing.PurchaseRequest", null=True, on_delete=models.PROTECT, related_name="decisions"
    )
    order = models.ForeignKey("purchasing.PurchaseOrder", null=True, on_delete=models.PROTECT, related_name="decisions")
    step = models.ForeignKey(WorkflowStep, null=True, on_delete=models.PROTECT, related_name="+")
    in_place_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", help_text="who delegated it"
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions", db_index=False
    )
    action = models.CharField(max_length=10, choices=DecisionAction.choices)
    comment = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["approver", "order"], name="decision_approver")]
        constraints = [
            models.UniqueConstraint(fields=["approval", "step", "approver"], name="decision_once"),
            models.UniqueConstraint(
                fields=["approval"], condition=Q(order__isnull=False), name="decision_one_of_order"
            ),
            models.CheckConstraint(condition=_one_subject(), name="decision_one_subject"),
        ]
