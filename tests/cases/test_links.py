"""Links for customers: made, sent, found by their token, revoked."""

import hashlib
import logging
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from bureau.cases.models import CaseLink
from bureau.cases.selectors.links import link_of, open_links
from bureau.cases.services.cases import force_close_case
from bureau.cases.services.documents import receive_upload
from bureau.cases.services.links import (
    CustomerInactive,
    create_link,
    link_for_token,
    link_url,
    note_use,
    revoke_link,
    send_link,
)
from bureau.core import jobs
from bureau.core.logs import JsonFormatter
from bureau.core.models import AuditEntry, Job
from bureau.kit.errors import Forbidden, Invalid, NotFound, WrongState
from bureau.parties.models import Customer, Party
from tests.factories.cases import make_agency, make_case, pdf_upload

pytestmark = pytest.mark.django_db
NOW = timezone.now()
WORDS = "This link does not work any more. Ask for a new one."


@pytest.fixture
def agency():
    made = make_agency()
    Party.objects.filter(pk=made.customer.party_id).update(email="ann@example.com")
    made.customer.party.refresh_from_db()
    return made


@pytest.fixture
def case(agency):
    return make_case(agency)


def not_found(token, now=NOW):
    with pytest.raises(NotFound) as refusal:
        link_for_token(token, now=now)
    return refusal.value.message


def run(kind):
    """Runs the jobs of that kind, each twice."""
    for job in Job.objects.filter(kind=kind):
        jobs.run(job.pk)
        Job.objects.filter(pk=job.pk).update(state="PENDING", run_after=job.created_at)
        jobs.run(job.pk)


def test_link_is_found_by_its_token_of_which_only_the_hash_is_kept(agency, case):
    link, token = create_link(actor=agency.member, case=case, now=NOW)
    assert len(token) == 43, "256 bits in base 64"
    assert link_for_token(token, now=NOW).case == case
    assert link.expires_at == NOW + timedelta(days=14)
    kept = CaseLink.objects.get()
    assert kept.token_hash == hashlib.sha256(token.encode()).hexdigest()
    told = str(AuditEntry.objects.get(action="link_created").new_values)
    assert str(link.uuid) in told
    assert token not in told


def test_several_links_to_one_case_work_at_once(agency, case):
    tokens = [create_link(actor=agency.member, case=case, now=NOW)[1] for _ in range(2)]
    assert tokens[0] != tokens[1]
    assert {link_for_token(token, now=NOW).case_id for token in tokens} == {case.pk}


def test_unknown_expired_and_revoked_links_are_refused_in_the_same_words(agency, case):
    link, token = create_link(actor=agency.member, case=case, days=1, now=NOW)
    assert link_for_token(token, now=NOW + timedelta(hours=23))
    assert not_found(token, now=NOW + timedelta(days=1)) == WORDS
    assert not_found("x" * 43) == not_found("") == not_found("\udcff") == WORDS
    revoke_link(actor=agency.staff, link=link, now=NOW)
    assert not_found(token) == WORDS


def test_link_of_a_customer_who_is_not_active_any_more_is_not_there(agency, case):
    token = create_link(actor=agency.member, case=case, now=NOW)[1]
    Customer.objects.filter(pk=agency.customer.pk).update(active=False)
    assert not_found(token) == WORDS
    case.customer.refresh_from_db()
    with pytest.raises(CustomerInactive):
        create_link(actor=agency.member, case=case, now=NOW)


def test_completed_case_is_shown_still(agency, case):
    token = create_link(actor=agency.member, case=case, now=NOW)[1]
    force_close_case(actor=agency.staff, case=case, reason="Done on paper", now=NOW)
    link = link_for_token(token, now=NOW)
    assert link.case.status == "completed"
    with pytest.raises(WrongState):
        receive_upload(link=link, document=case.documents.first(), upload=pdf_upload(), now=NOW)


@pytest.mark.parametrize("days", [0, -1, 91, "14", 1.5, True, None])
def test_days_of_a_link_are_from_1_to_90(agency, case, days):
    with pytest.raises(Invalid) as refusal:
        create_link(actor=agency.member, case=case, days=days, now=NOW)
    assert list(refusal.value.fields) == ["days"]
    assert not CaseLink.objects.exists()


def test_only_who_sees_the_case_makes_and_revokes_links(agency, case):
    link, _token = create_link(actor=agency.staff, case=case, now=NOW)
    for attempt in (
        lambda: create_link(actor=agency.other, case=case, now=NOW),
        lambda: send_link(actor=agency.other, case=case, now=NOW),
        lambda: revoke_link(actor=agency.other, link=link, now=NOW),
        lambda: create_link(actor=make_agency().admin, case=case, now=NOW),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert CaseLink.objects.filter(revoked_at=None).count() == 1


def test_revoked_or_expired_link_is_not_revoked_again(agency, case):
    link, _token = create_link(actor=agency.member, case=case, now=NOW)
    assert revoke_link(actor=agency.member, link=link, now=NOW).revoked_at == NOW
    short, _token = create_link(actor=agency.member, case=case, days=1, now=NOW)
    for dead, now in ((link, NOW), (short, NOW + timedelta(days=2))):
        with pytest.raises(WrongState):
            revoke_link(actor=agency.member, link=dead, now=now)
    assert AuditEntry.objects.filter(action="link_revoked").count() == 1


def test_open_links_are_those_that_work_and_each_is_found_in_its_own_case_only(agency, case):
    first, second, gone = (create_link(actor=agency.member, case=case, now=NOW)[0] for _ in range(3))
    revoke_link(actor=agency.member, link=gone, now=NOW)
    assert open_links(case, now=NOW) == [second, first]
    assert open_links(case, now=NOW + timedelta(days=14)) == []
    assert link_of(case, first.uuid) == first
    another = make_case(agency)
    for wrong in (first.uuid, "nonsense", None):
        with pytest.raises(NotFound):
            link_of(another, wrong)


def test_sent_link_goes_to_the_customers_address_and_works(agency, case, settings):
    settings.PUBLIC_URL = "https://bureau.example"
    link = send_link(actor=agency.member, case=case, days=30, now=NOW)
    job = Job.objects.get(kind="send_case_link")
    assert job.payload == {"link": link.pk}, "the link itself is not there before it is sent"
    jobs.run(job.pk)
    [message] = mail.outbox
    assert (message.to, message.reply_to) == (["ann@example.com"], [agency.member.email])
    assert case.number in message.subject
    address = next(line for line in message.body.splitlines() if line.startswith("https://"))
    token = address.rstrip("/").rpartition("/")[2]
    assert address == link_url(token)
    assert link_for_token(token, now=NOW).pk == link.pk
    told = AuditEntry.objects.get(action="link_sent")
    assert told.new_values["to"] == "ann@example.com"
    everything = str(list(Job.objects.values())) + str(list(AuditEntry.objects.values()))
    assert token not in everything


def test_sent_link_of_another_try_replaces_the_one_before(agency, case):
    link = send_link(actor=agency.member, case=case, now=NOW)
    job = Job.objects.get(kind="send_case_link")
    tokens = []
    for _try in range(2):
        Job.objects.filter(pk=job.pk).update(state="PENDING", run_after=job.created_at)
        jobs.run(job.pk)
        tokens.append(mail.outbox[-1].body.partition("/c/")[2].partition("/")[0])
    assert not_found(tokens[0]) == WORDS
    assert link_for_token(tokens[1], now=NOW).pk == link.pk


def test_link_that_was_revoked_before_it_was_sent_is_not_sent(agency, case):
    link = send_link(actor=agency.member, case=case, now=NOW)
    revoke_link(actor=agency.member, link=link, now=NOW)
    run("send_case_link")
    assert mail.outbox == []


def test_customer_without_an_address_is_sent_nothing(agency, case):
    Party.objects.filter(pk=agency.customer.party_id).update(email="")
    case.customer.party.refresh_from_db()
    with pytest.raises(Invalid) as refusal:
        send_link(actor=agency.member, case=case, now=NOW)
    assert list(refusal.value.fields) == ["email"]
    assert not CaseLink.objects.exists()
    assert not Job.objects.filter(kind="send_case_link").exists()


def test_use_is_noted_to_the_minute(agency, case):
    link, _token = create_link(actor=agency.member, case=case, now=NOW)
    for seconds in (0, 59, 60):
        note_use(link, now=NOW + timedelta(seconds=seconds))
    link.refresh_from_db()
    assert link.used_at == NOW + timedelta(seconds=60)
    note_use(link, now=NOW + timedelta(seconds=90))
    assert link.used_at == NOW + timedelta(seconds=60)


def test_upload_by_link_is_counted_and_refused_when_the_link_was_revoked_meanwhile(agency, case):
    link, token = create_link(actor=agency.member, case=case, now=NOW)
    opened = link_for_token(token, now=NOW)
    document = case.documents.first()
    receive_upload(link=opened, document=document, upload=pdf_upload(), now=NOW)
    link.refresh_from_db()
    assert link.uploads == 1
    revoke_link(actor=agency.member, link=link, now=NOW)
    before = document.case.documents.get(pk=document.pk).file_id
    with pytest.raises(NotFound):
        receive_upload(link=opened, document=document, upload=pdf_upload(), now=NOW)
    assert document.case.documents.get(pk=document.pk).file_id == before
    link.refresh_from_db()
    assert link.uploads == 1


@pytest.mark.parametrize("path", ["/c/SECRET/", "/c/SECRET/upload/3/", "/calendar/SECRET.ics", "/s/SECRET/invoice.xml"])
def test_log_does_not_tell_a_link(path):
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Not Found: %s", (path,), None)
    assert "SECRET" not in JsonFormatter().format(record)
