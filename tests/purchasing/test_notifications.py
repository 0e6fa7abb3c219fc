"""The e-mails about a request: to whom, when, once."""

import pytest

from bureau.accounts.models import Role
from bureau.core import jobs
from bureau.core.models import Job
from bureau.purchasing.services import requests
from tests.factories.accounts import give_role, make_user
from tests.factories.purchasing import (
    NOW,
    REASON,
    approve,
    complete,
    make_draft,
    make_office,
    make_workflow,
    reject,
    request_in,
    submit,
)

pytestmark = pytest.mark.django_db


def mails() -> list[tuple[str, str]]:
    """(address, subject) of the mails since the last look."""
    found = [(job.payload["to"], job.payload["subject"].partition(":")[0]) for job in written()]
    Job.objects.all().delete()
    return sorted(found)


def written() -> list[Job]:
    """The mails that were written when every telling has run, twice."""
    for job in Job.objects.filter(kind="tell_about_request"):
        jobs.run(job.pk)
        Job.objects.filter(pk=job.pk).update(state="PENDING", run_after=job.created_at)
        jobs.run(job.pk)
    return list(Job.objects.filter(kind="send_mail").order_by("created_at", "pk"))


def test_each_event_tells_those_whom_it_concerns():
    office = make_office()
    second = make_user(office.organization)
    give_role(second, office.team, Role.MANAGER)
    request = make_draft(office)
    assert mails() == []
    submit(office, request)
    assert mails() == sorted(
        [(office.requester.email, "Submitted"), (office.manager.email, "Your turn"), (second.email, "Your turn")]
    )
    approve(office.manager, request)
    assert mails() == [(office.director.email, "Your turn")]
    approve(office.director, request)
    assert mails() == [(office.finance.email, "Your turn")]
    complete(office.finance, request)
    assert mails() == [(office.requester.email, "Completed")]


def test_completion_is_told_to_the_office(settings):
    settings.COMPLETION_EMAIL = "books@example.com"
    office = make_office()
    request_in("COMPLETED", office)
    assert ("books@example.com", "Completed") in mails()
    office.organization.completion_email = "finance@northwind.example"
    office.organization.save()
    office.requester.refresh_from_db()
    request_in("COMPLETED", office)
    told = mails()
    assert ("finance@northwind.example", "Completed") in told
    assert ("books@example.com", "Completed") not in told


def test_rejection_carries_the_reason_and_the_link(settings):
    settings.PUBLIC_URL = "https://bureau.example"
    office = make_office()
    request = submit(office, make_draft(office, subject="Lenses & <b>mounts</b>"))
    mails()
    reject(office.manager, request)
    [job] = written()
    assert job.payload["to"] == office.requester.email
    assert job.payload["subject"] == f"Rejected: {request.number} Lenses & <b>mounts</b>"
    for text in (REASON, f"https://bureau.example/requests/{request.uuid}/", "Lenses & <b>mounts</b>", "4200.00 EUR"):
        assert text in job.payload["body"]


def test_requestor_and_inactive_people_are_not_asked():
    office = make_office()
    gone = make_user(office.organization)
    for person in (gone, office.requester):
        give_role(person, office.team, Role.MANAGER)
    gone.is_active = False
    gone.save()
    submit(office)
    assert mails() == sorted([(office.requester.email, "Submitted"), (office.manager.email, "Your turn")])


def test_person_with_two_slots_is_asked_once():
    office = make_office()
    make_workflow(
        office, steps=[{"step_name": "One", "approvers": [{"role": "MANAGER"}, {"user": office.manager.uuid}]}]
    )
    submit(office)
    assert mails().count((office.manager.email, "Your turn")) == 1


def test_resubmission_asks_again():
    office = make_office()
    request = reject(office.manager, submit(office))
    mails()
    submit(office, request)
    assert (office.manager.email, "Your turn") in mails()


def test_refused_submit_sends_nothing():
    office = make_office()
    request = make_draft(office, field_values={})
    with pytest.raises(Exception, match="required"):
        requests.submit_request(actor=office.requester, request=request, now=NOW)
    assert mails() == []
