"""The messages about cases: to whom, of what, once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bureau.cases.models import Case, CaseDocument, CaseStep, DocumentType
from bureau.cases.reminders import remind
from bureau.cases.services.cases import advance_workflow, force_close_case, set_step_status
from bureau.cases.services.documents import receive_upload
from bureau.cases.services.links import create_link
from bureau.core import jobs
from bureau.core.models import Job, User
from bureau.parties.models import Customer, Party
from tests.factories.accounts import make_user
from tests.factories.cases import fill, fill_required, make_agency, make_case, pdf_upload
from tests.factories.parties import make_customer

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
"""A Monday. Tasks take 5 working days, and are told of 2 days before."""
TODAY = NOW.date()
DUE = date(2026, 3, 9)
DAY = timedelta(days=1)


@pytest.fixture
def agency():
    made = make_agency()
    wanting(made.customer, "ann@example.com")
    return made


def wanting(customer, email):
    """A customer who has an address and wants to be told."""
    Party.objects.filter(pk=customer.party_id).update(email=email, name="Ann Lee")
    Customer.objects.filter(pk=customer.pk).update(notify_steps_due=True, notify_documents_expiring=True)


def mails():
    """(address, subject) of what was written since the last look."""
    written = Job.objects.filter(kind="send_mail")
    found = sorted((job.payload["to"], job.payload["subject"]) for job in written)
    written.exclude(key__startswith="mail:overdue").delete()  # each is written once by itself, without the job's key
    return found


def told():
    """As `mails`, when every telling has run, twice."""
    for job in Job.objects.filter(kind="tell_about_case"):
        for _try in range(2):
            Job.objects.filter(pk=job.pk).update(state="PENDING", run_after=timezone.now())
            jobs.run(job.pk)
    found = mails()
    Job.objects.filter(kind="send_mail").delete()
    return found


def expiring(document, day):
    CaseDocument.objects.filter(pk=document.pk).update(expiry_date=day)


def test_owner_and_customer_are_told_once_some_days_before_a_step_is_due(agency):
    case = make_case(agency, now=NOW)
    assert case.step_due_date == DUE
    assert remind(now=NOW + 4 * DAY)["steps"] == 0
    assert remind(now=NOW + 5 * DAY)["steps"] == 1
    assert mails() == [
        ("ann@example.com", f"{agency.organization.name}: Task 1 is due on 9 March 2026"),
        (agency.member.email, f"Due on 9 March 2026: Task 1, {case.number}"),
    ]
    for later in (5, 6, 7):
        assert remind(now=NOW + later * DAY)["steps"] == 0
    assert mails() == []


def test_case_that_a_superuser_of_elsewhere_opens_is_its_customers_owners(agency):
    case = make_case(agency, actor=make_user(role="admin", superuser=True), now=NOW)
    assert case.owner == agency.member
    remind(now=NOW + 5 * DAY)
    assert {address for address, _subject in mails()} == {"ann@example.com", agency.member.email}


def test_step_whose_due_date_moved_is_told_of_again(agency):
    case = make_case(agency, now=NOW)
    remind(now=NOW + 5 * DAY)
    step = case.steps.get()
    set_step_status(actor=agency.member, case=case, step=step, status="waiting", now=NOW + 5 * DAY)
    assert remind(now=NOW + 6 * DAY)["steps"] == 0, "the clock stands"
    set_step_status(actor=agency.member, case=case, step=step, status="processing", now=NOW + 15 * DAY)
    mails()
    due = Case.objects.get(pk=case.pk).step_due_date
    assert due > DUE
    assert remind(now=datetime.combine(due, NOW.time(), UTC) - 2 * DAY)["steps"] == 1
    assert len(mails()) == 2


def test_step_whose_task_tells_nobody_is_not_told_of(agency):
    case = make_case(agency, now=NOW)
    CaseStep.objects.filter(case=case).update(notify_days_before=0)
    make_case(agency, now=NOW)  # of which is told
    assert remind(now=NOW + 7 * DAY)["steps"] == 1


def test_people_and_customers_who_are_not_active_are_told_nothing(agency):
    case = make_case(agency, now=NOW)
    fill(case.documents.first(), actor=agency.member, expiry=TODAY + 5 * DAY, now=NOW)
    Customer.objects.filter(pk=agency.customer.pk).update(active=False)
    User.objects.filter(pk=agency.member.pk).update(is_active=False)
    remind(now=NOW + 5 * DAY)
    remind(now=NOW + 12 * DAY)
    assert mails() == []


def test_customer_who_did_not_ask_or_has_no_address_is_told_nothing(agency):
    make_case(agency, now=NOW)
    another = make_customer(agency.organization, owner=agency.member)
    wanting(another, "")
    make_case(agency, customer=another, now=NOW)
    Customer.objects.filter(pk=agency.customer.pk).update(notify_steps_due=False)
    remind(now=NOW + 6 * DAY)
    assert [address for address, _subject in mails()] == [agency.member.email] * 2


def test_overdue_cases_come_as_one_message_a_day_to_each_owner(agency):
    mine = [make_case(agency, now=NOW) for _ in range(3)]
    make_case(agency, actor=agency.staff, now=NOW)
    late = NOW + 8 * DAY
    assert remind(now=late)["overdue"] == 2
    assert remind(now=late + timedelta(hours=5))["overdue"] == 0
    bodies = dict(Job.objects.filter(kind="send_mail").values_list("payload__to", "payload__body"))
    assert set(bodies) == {agency.member.email, agency.staff.email}
    assert all(case.number in bodies[agency.member.email] for case in mine)
    assert f"/cases/{mine[0].pk}/" in bodies[agency.member.email]
    assert "due on 9 March 2026" in bodies[agency.member.email]
    assert mine[0].number not in bodies[agency.staff.email]
    assert remind(now=late + DAY)["overdue"] == 2


def test_overdue_message_shows_the_first_fifty_and_counts_the_rest(agency):
    for _ in range(3):
        make_case(agency, now=NOW)
    first = Case.objects.first()
    Case.objects.bulk_create(
        Case(
            organization=first.organization, customer=first.customer, product=first.product, owner=agency.member,
            number=f"OLD-{number}", doc_date=TODAY, due_date=DUE, step_due_date=DUE + DAY, status="processing",
            created_at=NOW, updated_at=NOW,
        )
        for number in range(50)
    )  # fmt: skip
    remind(now=NOW + 20 * DAY)
    [message] = Job.objects.filter(kind="send_mail")
    assert message.payload["subject"] == "Overdue cases: 53"
    assert "And 3 more." in message.payload["body"]
    assert first.number in message.payload["body"], "what is due first stands first"


def test_reminding_takes_as_many_queries_for_many_cases_that_are_not_close(agency):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            remind(now=NOW)
        return len(seen)

    one = queries()
    for _ in range(3):
        case = make_case(agency, now=NOW)
        fill_required(case, actor=agency.member, now=NOW)
    assert queries() == one


def test_documents_and_passports_that_expire_come_as_one_message(agency):
    case = make_case(agency, now=NOW)
    document = fill(case.documents.first(), actor=agency.member, expiry=TODAY + 30 * DAY, now=NOW)
    Customer.objects.filter(pk=agency.customer.pk).update(passport_expiry_date=TODAY + 60 * DAY)
    far = make_customer(agency.organization, owner=agency.member)
    Customer.objects.filter(pk=far.pk).update(passport_expiry_date=TODAY + 61 * DAY)
    assert remind(now=NOW)["expiring"] == 2
    bodies = dict(Job.objects.filter(kind="send_mail").values_list("payload__to", "payload__body"))
    assert set(bodies) == {agency.member.email, "ann@example.com"}
    for body in bodies.values():
        assert f"1 April 2026  {document.document_type.name}" in body
        assert "1 May 2026  Passport" in body
    assert f"/cases/{case.pk}/" in bodies[agency.member.email]
    assert f"/customers/{agency.customer.pk}/" in bodies[agency.member.email]
    assert "/cases/" not in bodies["ann@example.com"]
    mails()
    assert remind(now=NOW + timedelta(hours=1))["expiring"] == 0
    assert remind(now=NOW + DAY)["expiring"] == 1, "the other passport"


def test_document_with_another_expiry_date_is_told_of_again(agency):
    case = make_case(agency, now=NOW)
    document = fill(case.documents.first(), actor=agency.member, expiry=TODAY + 10 * DAY, now=NOW)
    assert remind(now=NOW)["expiring"] == 1
    expiring(document, TODAY + 20 * DAY)
    assert [remind(now=NOW + days * DAY)["expiring"] for days in (0, 1)] == [1, 0]


@pytest.mark.parametrize("days", [-1, 31])
def test_document_that_expired_or_is_valid_for_long_is_not_told_of(agency, days):
    case = make_case(agency, now=NOW)
    fill(case.documents.first(), actor=agency.member, expiry=TODAY + days * DAY, now=NOW)
    assert remind(now=NOW)["expiring"] == 0


def test_type_that_nobody_is_told_of(agency):
    case = make_case(agency, now=NOW)
    document = fill(case.documents.first(), actor=agency.member, expiry=TODAY + DAY, now=NOW)
    DocumentType.objects.filter(pk=document.document_type_id).update(notify_days_before=0)
    assert remind(now=NOW)["expiring"] == 0


def closed_with(agency, *, expiry, now):
    case = make_case(agency, actor=agency.staff, now=now)
    document = fill(case.documents.first(), actor=agency.staff, expiry=expiry, now=now)
    force_close_case(actor=agency.staff, case=case, reason="Done", now=now)
    return document


def test_of_closed_cases_the_newest_document_of_an_active_customer_is_told_to_who_has_the_customer(agency):
    closed_with(agency, expiry=TODAY + 8 * DAY, now=NOW - 400 * DAY)
    closed_with(agency, expiry=TODAY + 9 * DAY, now=NOW - 300 * DAY)
    assert remind(now=NOW)["expiring"] == 1
    [body] = Job.objects.filter(payload__to=agency.member.email).values_list("payload__body", flat=True)
    assert "11 March 2026" in body
    assert "10 March 2026" not in body
    assert not Job.objects.filter(payload__to=agency.staff.email).exists()


def test_of_closed_cases_of_a_customer_who_is_not_active_nobody_is_told(agency):
    closed_with(agency, expiry=TODAY + 8 * DAY, now=NOW - 300 * DAY)
    Customer.objects.update(active=False, passport_expiry_date=TODAY + DAY)
    assert remind(now=NOW)["expiring"] == 0


def test_each_organization_tells_its_own_people_of_its_own_cases(agency):
    others = make_agency()
    ours, theirs = make_case(agency, now=NOW), make_case(others, now=NOW)
    remind(now=NOW + 8 * DAY)
    bodies = dict(Job.objects.filter(kind="send_mail").values_list("payload__to", "payload__body"))
    assert f"/cases/{ours.pk}/" in bodies[agency.member.email]
    assert f"/cases/{theirs.pk}/" not in bodies[agency.member.email]
    assert Job.objects.get(payload__to=others.member.email).organization == others.organization


def test_uploads_by_link_are_told_to_the_owner_once_an_hour(agency):
    case = make_case(agency, now=NOW)
    link, _token = create_link(actor=agency.staff, case=case, now=NOW)
    first, second, _third = case.documents.all()
    receive_upload(link=link, document=first, upload=pdf_upload("one.pdf"), now=NOW)
    receive_upload(link=link, document=second, upload=pdf_upload("two.pdf"), now=NOW + timedelta(minutes=20))
    job = Job.objects.get(kind="tell_about_case")
    assert job.run_after == NOW.replace(minute=0) + timedelta(hours=1, minutes=5), "the last one may be scanned still"
    receive_upload(link=link, document=second, upload=pdf_upload("later.pdf"), now=NOW + timedelta(minutes=31))
    assert Job.objects.filter(kind="tell_about_case").count() == 2
    jobs.run(job.pk)
    Job.objects.filter(kind="tell_about_case").update(state="PENDING", run_after=NOW)
    for each in Job.objects.filter(kind="tell_about_case"):
        jobs.run(each.pk)
    bodies = [m.payload["body"] for m in Job.objects.filter(kind="send_mail").order_by("created_at")]
    assert {m.payload["to"] for m in Job.objects.filter(kind="send_mail")} == {agency.member.email}
    assert [("one.pdf" in body, "later.pdf" in body) for body in bodies] == [(True, False), (False, True)]
    assert told() == [(agency.member.email, f"Ann Lee sent documents for {case.number}")] * 2


def test_upload_by_the_office_tells_nobody(agency):
    fill_required(make_case(agency, now=NOW), actor=agency.staff, now=NOW)
    assert told() == []


def completed(agency):
    case = make_case(agency, now=NOW)
    fill_required(case, actor=agency.member, now=NOW)
    for _step in range(3):
        case = advance_workflow(actor=agency.member, case=case, now=NOW)
    assert case.status == "completed"
    return case


def test_customer_is_told_that_the_case_is_completed(agency):
    case = completed(agency)
    assert told() == [("ann@example.com", f"{agency.organization.name}: your case {case.number} is completed")]


def test_customer_who_did_not_ask_is_not_told_that_the_case_is_completed(agency):
    Customer.objects.update(notify_steps_due=False)
    completed(agency)
    assert told() == []


def test_case_closed_by_force_is_not_told_to_the_customer(agency):
    force_close_case(actor=agency.staff, case=make_case(agency, now=NOW), reason="Withdrawn", now=NOW)
    assert told() == []


def test_telling_of_a_case_that_was_deleted_ends_quietly(agency):
    case = completed(agency)
    Case.objects.filter(pk=case.pk).delete()
    assert told() == []
    assert not Job.objects.filter(kind="tell_about_case", state="FAILURE").exists()
