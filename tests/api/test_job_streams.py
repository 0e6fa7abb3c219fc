import json

import pytest
from django.utils import timezone

from bureau.core import jobs
from tests.clients import ApiClient
from tests.factories.accounts import make_organization, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(monkeypatch):
    user = make_user()
    monkeypatch.setitem(jobs.kinds, "probe", jobs.Kind(lambda run: {"answer": 42}, 1))
    return jobs.enqueue("probe", payload={}, now=timezone.now(), organization=user.organization, requested_by=user)


def frames(answer):
    found = []
    for block in answer.content.decode().split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((int(fields["id"]), json.loads(fields["data"])["state"]))
    return found


def test_job_and_task_show_the_same_state(job):
    jobs.run(job.pk)
    client = ApiClient(job.requested_by)
    assert client.call("GET", f"/api/jobs/{job.pk}/").json() == {
        "id": str(job.pk), "kind": "probe", "state": "SUCCESS", "progress": 100,
        "result": {"answer": 42}, "error": None, "attempts": 1,
    }  # fmt: skip
    assert client.call("GET", f"/api/tasks/{job.pk}/").json() == {
        "task_id": str(job.pk), "status": "SUCCESS", "result": {"answer": 42},
    }  # fmt: skip


def test_stream_of_a_running_job_is_handed_over_and_ends_with_it(job):
    client = ApiClient(job.requested_by)
    answer = client.call("GET", f"/api/jobs/{job.pk}/stream/")
    assert answer["Content-Type"] == "text/event-stream"
    assert answer["X-Bureau-Stream"] == job.channel
    assert frames(answer) == [(0, "PENDING")]
    jobs.run(job.pk)
    answer = client.call("GET", f"/api/jobs/{job.pk}/stream/")
    assert "X-Bureau-Stream" not in answer
    assert frames(answer) == [(0, "PENDING"), (1, "STARTED"), (2, "SUCCESS")]


def test_lost_stream_goes_on_after_the_last_event_received(job):
    jobs.run(job.pk)
    answer = ApiClient(job.requested_by, HTTP_LAST_EVENT_ID="1").call("GET", f"/api/jobs/{job.pk}/stream/")
    assert frames(answer) == [(2, "SUCCESS")]
    assert (
        ApiClient(job.requested_by, HTTP_LAST_EVENT_ID="x").call("GET", f"/api/jobs/{job.pk}/stream/").status_code
        == 400
    )


def test_job_of_somebody_else_is_not_there(job):
    colleague, stranger = make_user(job.organization), make_user(make_organization(), role="admin")
    for user in (colleague, stranger):
        for path in (f"/api/jobs/{job.pk}/", f"/api/jobs/{job.pk}/stream/", f"/api/tasks/{job.pk}/"):
            assert ApiClient(user).call("GET", path).status_code == 404
    staff = make_user(job.organization, role="staff")
    assert ApiClient(staff).call("GET", f"/api/jobs/{job.pk}/").status_code == 200
    assert ApiClient(staff).call("GET", "/api/jobs/").json()["count"] == 1
    assert ApiClient(stranger).call("GET", "/api/jobs/").json()["count"] == 0
