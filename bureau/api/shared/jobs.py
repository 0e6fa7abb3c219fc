"""Jobs: their state, and one resumable event stream each."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from bureau.api.filters import CREATED, Filter, OneOf, Ordering
from bureau.api.rendering import dumps
from bureau.api.shapes import Computed, Shape
from bureau.api.views import BizView, Call, P2pView, found, operation
from bureau.core.jobs import state_of
from bureau.core.models import Job, JobState
from bureau.kit.errors import Invalid


class JobShape(Shape):
    """Job state as `GET /api/jobs/{id}/` and its stream show it."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(choices=JobState.choices)
    progress = serializers.IntegerField(help_text="percent")
    result = serializers.JSONField(allow_null=True)
    error = Computed(lambda text: text or None, serializers.CharField(allow_null=True))
    attempts = serializers.IntegerField()


class TaskShape(Shape):
    """p2p section 4.2."""

    task_id = serializers.UUIDField(source="pk")
    status = serializers.ChoiceField(choices=JobState.choices, source="state")
    result = serializers.JSONField(allow_null=True)


class TaskStatus(P2pView):
    @operation(answer=TaskShape, summary="State of a background task")
    def get(self, request: Call, task_id: UUID) -> Job:
        return found(Job.objects.visible_to(request.user), pk=task_id)


class JobList(BizView):
    families = ("p2p", "agency", "biz")

    @operation(
        answer=JobShape,
        page=True,
        filters=[Filter("state", "state", OneOf(JobState.values)), *CREATED],
        ordering=Ordering(kind="kind", state="state", created_at="created_at"),
        summary="Jobs, newest first",
    )
    def get(self, request: Call) -> Any:
        return Job.objects.visible_to(request.user).order_by("-created_at", "-pk")


class JobDetail(BizView):
    families = ("p2p", "agency", "biz")

    @operation(answer=JobShape, summary="State of a job")
    def get(self, request: Call, job_id: UUID) -> Job:
        return found(Job.objects.visible_to(request.user), pk=job_id)


class JobStream(BizView):
    """Server-sent events of one job, from its beginning or from after Last-Event-ID, until it has ended.

    This answers what is known now; the server in front keeps the connection, and asks again when the job's channel
    wakes it.
    """

    families = ("p2p", "agency", "biz")

    @operation(
        answer=OpenApiResponse(
            OpenApiTypes.STR, description="text/event-stream: each event carries the job's state and an id"
        ),
        summary="Events of a job",
    )
    def get(self, request: Call, job_id: UUID) -> Any:
        return stream_of(found(Job.objects.visible_to(request.user), pk=job_id), request)


def stream_of(job: Job, request: Call) -> HttpResponse:
    """The events of a job that are known now, and where to wait for more. Raises Invalid."""
    raw = request.META.get("HTTP_LAST_EVENT_ID", "")
    if raw and not (raw.isascii() and raw.isdigit() and len(raw) < 10):
        raise Invalid.field("Last-Event-ID", "Give the number of the last event that was received.")
    frames = []
    if not raw:
        beginning = Job(pk=job.pk, kind=job.kind, created_at=timezone.now())
        frames.append(_frame(0, "state", state_of(beginning)))
    frames += [_frame(event.number, event.name, event.data) for event in job.events.filter(number__gt=int(raw or 0))]
    headers = {"Cache-Control": "no-cache"}
    if not job.ended:
        headers["X-Bureau-Stream"] = job.channel
    return HttpResponse(b"".join(frames), content_type="text/event-stream", headers=headers)


def _frame(number: int, name: str, data: dict[str, Any]) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, name.encode(), dumps(data))
