import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from bureau.core.models.users import User


class JobState(models.TextChoices):
    PENDING = "PENDING"
    STARTED = "STARTED"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    REVOKED = "REVOKED"


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: User) -> "JobQuerySet":
        """One's own; all of the organization for those who see it whole."""
        if user.is_superuser:
            return self
        if user.sees_organization:
            return self.filter(organization_id=user.organization_id)
        return self.filter(requested_by=user, organization_id=user.organization_id)


class Job(models.Model):
    """Asynchronous work, and its outbox entry: written in the caller's transaction, sent to the broker by the relay."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, help_text="also the Celery task id")
    organization = models.ForeignKey("core.Organization", null=True, on_delete=models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=50)
    key = models.CharField(max_length=200, null=True, unique=True, help_text="enqueued once")  # noqa: DJ001
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.PENDING)
    progress = models.PositiveSmallIntegerField(default=0, help_text="percent")
    counts = models.JSONField(default=dict)
    result = models.JSONField(null=True)
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    run_after = models.DateTimeField()
    dispatched_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True, help_text="a STARTED job past this has lost its worker")
    finished_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["run_after"], condition=Q(state="PENDING"), name="job_pending"),
            models.Index(fields=["lease_until"], condition=Q(state="STARTED"), name="job_started"),
            models.Index(fields=["organization", "-created_at"], name="job_newest"),
        ]

    @property
    def ended(self) -> bool:
        return self.state in (JobState.SUCCESS, JobState.FAILURE, JobState.REVOKED)

    @property
    def channel(self) -> str:
        """Where listeners are woken when something happened to this job."""
        return f"job:{self.pk}"


class JobEvent(models.Model):
    """What happened to a job, in order: the source of its event stream, resumable by number."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=30)
    data = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="jobevent_number")]
        ordering = ["number"]
