"""Cases: opened with their documents and first step, gone through, closed, and never half changed."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest

from bureau.cases.models import Case, CaseDocument, CaseStep, StepPause
from bureau.cases.selectors import cases as selectors
from bureau.cases.services import cases, documents
from bureau.cases.services.cases import DocumentsMissing
from bureau.cases.services.documents import DocumentThere, NothingToCheck
from bureau.cases.services.products import DocumentInput, TaskInput, update_product
from bureau.core.files import Upload
from bureau.core.hooks import file_quarantined
from bureau.core.models import AuditEntry, ScanState, StoredFile
from bureau.kit.errors import Forbidden, Invalid, NotFound, WrongState
from tests.factories.accounts import make_organization, make_user
from tests.factories.cases import Agency, fill, fill_required, make_agency, make_case, pdf_upload
from tests.factories.parties import make_customer
from tests.factories.products import make_document_type, make_product

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)  # a Monday
TODAY = NOW.date()


@pytest.fixture(scope="module")
def first_agency(once):
    return once(make_agency)


@pytest.fixture
def agency(first_agency) -> Agency:
    return deepcopy(first_agency)


def at(days: int) -> datetime:
    return NOW + timedelta(days=days)


def current(case: Case) -> CaseStep:
    return CaseStep.objects.filter(case=case).order_by("number").last()


def advance(agency: Agency, case: Case, *, now: datetime = NOW) -> Case:
    return cases.advance_workflow(actor=agency.member, case=case, now=now)


def test_new_case_has_its_documents_and_first_step(agency):
    case = make_case(agency, now=NOW)
    assert case.number == "CASE-2026-00001"
    assert (case.status, case.step_number, case.step_status) == ("pending", 1, "pending")
    assert [(paper.required, paper.complete) for paper in case.documents.all()] == [
        (True, False),
        (True, False),
        (False, False),
    ]
    step = case.steps.get()
    assert (step.name, step.start_date, step.due_date) == ("Task 1", TODAY, date(2026, 11, 30))
    assert case.due_date == date(2026, 12, 14)  # three times five working days
    assert AuditEntry.objects.get(entity_type="case", action="created").new_values["number"] == case.number


def test_numbers_count_on_and_are_not_given_again(agency):
    first, second = make_case(agency, now=NOW), make_case(agency, now=NOW)
    cases.delete_case(actor=agency.staff, case=second, now=NOW)
    assert [first.number, make_case(agency, now=NOW).number] == ["CASE-2026-00001", "CASE-2026-00003"]


def test_document_must_be_valid_for_as_long_as_the_product_says_else_the_type(agency):
    organization = agency.organization
    kinds = [make_document_type(organization, has_expiry_date=True, min_validity_months=3).pk for _ in range(2)]
    agency.product = make_product(
        organization, document_inputs=[DocumentInput(kinds[0]), DocumentInput(kinds[1], True, 6)]
    )
    case = make_case(agency, now=NOW)
    assert [paper.min_validity_months for paper in case.documents.all()] == [3, 6]
    for paper in case.documents.all():
        fill(paper, actor=agency.member, expiry=date(2027, 4, 1), now=NOW)
    states = selectors.document_states(selectors.visible_case(agency.member, case.pk), today=TODAY)
    assert list(states.values()) == ["uploaded", "expiring"]


def test_step_is_not_completed_while_required_documents_are_missing(agency):
    case = make_case(agency, now=NOW)
    with pytest.raises(DocumentsMissing, match="missing"):
        advance(agency, case)
    with pytest.raises(DocumentsMissing):
        cases.set_step_status(actor=agency.member, case=case, step=current(case), status="completed", now=NOW)
    assert CaseStep.objects.get(case=case).status == "pending"
    fill_required(case, actor=agency.member, now=NOW)
    assert advance(agency, case).step_number == 2


def test_document_that_expires_too_soon_holds_up_the_step(agency):
    kind = make_document_type(agency.organization, has_expiry_date=True, min_validity_months=6)
    agency.product = make_product(agency.organization, document_inputs=[DocumentInput(kind.pk)])
    case = make_case(agency, now=NOW)
    paper = case.documents.get()
    fill(paper, actor=agency.member, expiry=date(2027, 6, 13), now=NOW)  # the case is due on 14 December
    with pytest.raises(DocumentsMissing, match="expiring"):
        advance(agency, case)
    fill(paper, actor=agency.member, expiry=date(2027, 6, 14), now=NOW)
    assert advance(agency, case).step_number == 2


def test_case_is_completed_after_its_last_step(agency):
    case = make_case(agency, now=NOW)
    fill_required(case, actor=agency.member, now=NOW)
    for day, number in ((1, 2), (2, 3), (3, 0)):
        case = advance(agency, case, now=at(day))
        assert case.step_number == number
    assert (case.status, case.completed_at, case.step_due_date) == ("completed", at(3), None)
    starts = CaseStep.objects.filter(case=case).values_list("start_date", "due_date")
    assert list(starts)[1:] == [(date(2026, 11, 24), date(2026, 12, 1)), (date(2026, 11, 25), date(2026, 12, 2))]
    with pytest.raises(WrongState):
        advance(agency, case, now=at(4))


def test_step_that_was_meant_is_completed_once(agency):
    case = make_case(agency, now=NOW)
    fill_required(case, actor=agency.member, now=NOW)
    cases.advance_workflow(actor=agency.member, case=case, step=1, now=NOW)
    with pytest.raises(WrongState, match="not the current"):
        cases.advance_workflow(actor=agency.member, case=case, step=1, now=NOW)
    assert CaseStep.objects.filter(case=case).count() == 2


def test_clock_stands_while_a_step_waits_for_the_customer(agency):
    case = make_case(agency, now=NOW)
    step = current(case)
    case = cases.set_step_status(actor=agency.member, case=case, step=step, status="waiting", now=NOW)
    assert (case.step_due_date, case.status) == (None, "processing")
    assert not selectors.is_overdue(case, TODAY + timedelta(days=90))
    case = cases.set_step_status(actor=agency.member, case=case, step=step, status="processing", now=at(8))
    assert case.step_due_date == date(2026, 12, 8)  # six working days later: Monday to Monday after
    assert case.due_date == date(2026, 12, 22)
    assert StepPause.objects.get().until_date == at(8).date()


def test_rejected_step_rejects_the_case_until_it_is_taken_up_again(agency):
    case = make_case(agency, now=NOW)
    step = current(case)
    case = cases.set_step_status(actor=agency.member, case=case, step=step, status="rejected", now=NOW)
    assert (case.status, case.step_number) == ("rejected", 1)
    with pytest.raises(WrongState, match="Take it up again"):
        cases.set_step_status(actor=agency.member, case=case, step=step, status="completed", now=NOW)
    case = cases.set_step_status(actor=agency.member, case=case, step=step, status="processing", now=NOW)
    assert case.status == "processing"


def test_only_the_current_step_is_set(agency):
    case = make_case(agency, now=NOW)
    first = current(case)
    fill_required(case, actor=agency.member, now=NOW)
    advance(agency, case)
    with pytest.raises(WrongState, match="current step is 2 Task 2"):
        cases.set_step_status(actor=agency.member, case=case, step=first, status="processing", now=NOW)
    with pytest.raises(Invalid):
        cases.set_step_status(actor=agency.member, case=case, step=current(case), status="done", now=NOW)


def test_same_status_changes_nothing(agency):
    case = make_case(agency, now=NOW)
    entries = AuditEntry.objects.count()
    cases.set_step_status(actor=agency.member, case=case, step=current(case), status="pending", now=NOW)
    assert AuditEntry.objects.count() == entries


def test_reopened_case_goes_on_at_its_last_step_as_if_it_had_not_been_closed(agency):
    case = make_case(agency, now=NOW)
    fill_required(case, actor=agency.member, now=NOW)
    for _ in range(3):
        case = advance(agency, case)
    case = cases.reopen_case(actor=agency.member, case=case, now=at(14))
    assert (case.status, case.step_number, case.step_status, case.completed_at) == ("processing", 3, "processing", None)
    assert case.step_due_date == date(2026, 12, 14)  # a week when it was closed, a week now
    with pytest.raises(WrongState, match="Only a completed case"):
        cases.reopen_case(actor=agency.member, case=case, now=at(14))


def test_case_is_closed_by_force_by_staff_with_a_reason(agency):
    case = make_case(agency, now=NOW)
    with pytest.raises(Forbidden):
        cases.force_close_case(actor=agency.member, case=case, reason="Gave up.", now=NOW)
    with pytest.raises(Invalid):
        cases.force_close_case(actor=agency.staff, case=case, reason=" ", now=NOW)
    case = cases.force_close_case(actor=agency.staff, case=case, reason="Gave up.", now=NOW)
    assert (case.status, case.closing_reason) == ("completed", "Gave up.")
    assert AuditEntry.objects.get(action="force_closed").new_values["reason"] == "Gave up."
    with pytest.raises(WrongState):
        cases.force_close_case(actor=agency.staff, case=case, reason="Again.", now=NOW)
    case = cases.reopen_case(actor=agency.staff, case=case, now=at(1))
    assert (case.status, case.step_status, case.closing_reason, case.closed_by) == ("pending", "pending", "", None)


def test_running_case_keeps_its_step_when_the_product_changes(agency):
    case = make_case(agency, now=NOW)
    fill_required(case, actor=agency.member, now=NOW)
    update_product(
        actor=agency.admin,
        product=agency.product,
        changes={},
        tasks=[TaskInput("Collect", 1), TaskInput("Hand in", 10)],
        now=NOW,
    )
    assert current(case).name == "Task 1"
    case = advance(agency, case)
    assert (current(case).name, current(case).due_date) == ("Hand in", date(2026, 12, 7))
    assert advance(agency, case).status == "completed"


def test_completed_case_stays_completed_when_its_product_gets_more_tasks(agency):
    agency.product = make_product(agency.organization, tasks=1, required=0, optional=0)
    case = advance(agency, make_case(agency, now=NOW))
    more = [TaskInput("Task 1", 5), TaskInput("Archive", 5)]
    update_product(actor=agency.admin, product=agency.product, changes={}, tasks=more, now=NOW)
    due_date = case.due_date
    case = cases.update_case(actor=agency.member, case=case, changes={"notes": "All done."}, now=NOW)
    assert (case.status, case.due_date, case.step_number) == ("completed", due_date, 0)
    case = cases.reopen_case(actor=agency.member, case=case, now=NOW)
    assert advance(agency, case).step_name == "Archive"


def test_product_without_tasks_is_one_step(agency):
    agency.product = make_product(agency.organization, tasks=0, required=0, optional=0)
    case = make_case(agency, now=NOW)
    assert (case.steps.count(), case.status, case.due_date) == (1, "processing", TODAY)
    assert advance(agency, case).status == "completed"


def test_work_begins_on_another_day(agency):
    case = make_case(agency, now=NOW)
    case = cases.update_case(actor=agency.member, case=case, changes={"doc_date": date(2026, 12, 24)}, now=NOW)
    assert current(case).due_date == date(2027, 1, 4)  # Christmas, Boxing Day, New Year's Day and weekends
    assert case.due_date == date(2027, 1, 18)
    with pytest.raises(Invalid):
        cases.update_case(actor=agency.member, case=case, changes={"doc_date": date(1066, 10, 14)}, now=NOW)


def test_case_is_given_to_somebody_else_by_those_who_see_all(agency):
    case = make_case(agency, now=NOW)
    with pytest.raises(Forbidden):
        cases.update_case(actor=agency.member, case=case, changes={"owner": agency.other}, now=NOW)
    stranger = make_user()
    with pytest.raises(Invalid):
        cases.update_case(actor=agency.staff, case=case, changes={"owner": stranger}, now=NOW)
    cases.update_case(actor=agency.staff, case=case, changes={"owner": agency.other}, now=NOW)
    assert Case.objects.visible_to(agency.other).filter(pk=case.pk).exists()


def test_case_is_seen_by_its_owner_its_customers_owner_and_those_who_see_all(agency):
    mine = make_case(agency, actor=agency.staff, now=NOW)
    people = (agency.admin, agency.staff, agency.member, agency.other)
    assert [Case.objects.visible_to(person).filter(pk=mine.pk).exists() for person in people] == [
        True,
        True,
        True,
        False,
    ]
    with pytest.raises(NotFound):
        selectors.visible_case(make_user(make_organization(), role="admin"), mine.pk)


def test_search_for_cases_does_not_give_away_what_stands_in_the_customers_record(agency):
    agency.customer = make_customer(agency.organization, owner=agency.staff, passport_number="C01X00T47")
    case = make_case(agency, actor=agency.staff, now=NOW)
    cases.update_case(actor=agency.staff, case=case, changes={"owner": agency.other}, now=NOW)
    seen = Case.objects.visible_to(agency.other)
    assert not selectors.cases_found(seen, "C01X00T47").exists()
    assert selectors.cases_found(seen, agency.customer.party.name).exists()


def test_case_of_what_is_not_offered_is_refused(agency):
    agency.product.active = False
    agency.product.save()
    with pytest.raises(Invalid) as refused:
        make_case(agency)
    assert "product" in refused.value.fields
    agency.product = make_product(make_organization())
    with pytest.raises(Invalid, match="There is no such product"):
        make_case(agency)
    assert not Case.objects.exists()


def test_customer_who_is_not_active_gets_no_case(agency):
    agency.customer.active = False
    agency.customer.save()
    with pytest.raises(Invalid) as refused:
        make_case(agency)
    assert "customer" in refused.value.fields


def test_further_document_is_one_of_its_type(agency):
    case = make_case(agency, now=NOW)
    kind = make_document_type(agency.organization)
    paper = documents.add_document(actor=agency.member, case=case, document_type=kind, upload=pdf_upload(), now=NOW)
    assert (paper.required, paper.complete, paper.position) == (False, True, 4)
    with pytest.raises(DocumentThere):
        documents.add_document(actor=agency.member, case=case, document_type=kind, now=NOW)
    foreign = make_document_type(make_organization())
    with pytest.raises(Invalid):
        documents.add_document(actor=agency.member, case=case, document_type=foreign, now=NOW)


def test_check_is_taken_back_by_a_new_file(agency):
    case = make_case(agency, now=NOW)
    paper = case.documents.first()
    with pytest.raises(NothingToCheck):
        documents.set_checked(actor=agency.member, document=paper, checked=True, now=NOW)
    fill(paper, actor=agency.member, now=NOW)
    paper = documents.set_checked(actor=agency.staff, document=paper, checked=True, now=NOW)
    assert paper.checked_by == agency.staff
    assert fill(paper, actor=agency.member, now=NOW).checked_at is None


def test_required_document_that_is_removed_is_missing_again(agency):
    case = make_case(agency, now=NOW)
    required, optional = case.documents.first(), case.documents.last()
    for paper in (required, optional):
        fill(paper, actor=agency.member, now=NOW)
        documents.remove_document(actor=agency.member, document=paper, now=NOW)
    assert CaseDocument.objects.get(pk=required.pk).file is None
    assert not CaseDocument.objects.filter(pk=optional.pk).exists()
    with pytest.raises(NotFound):
        documents.remove_document(actor=agency.member, document=optional, now=NOW)


def test_documents_of_a_completed_case_stay_as_they_are(agency):
    case = make_case(agency, now=NOW)
    paper = case.documents.first()
    cases.force_close_case(actor=agency.staff, case=case, reason="Done.", now=NOW)
    for act in (
        lambda: fill(paper, actor=agency.member, now=NOW),
        lambda: documents.remove_document(actor=agency.member, document=paper, now=NOW),
        lambda: documents.set_checked(actor=agency.member, document=paper, checked=True, now=NOW),
    ):
        with pytest.raises(WrongState):
            act()


def test_case_follows_a_file_that_the_scan_takes_away(agency):
    case = make_case(agency, now=NOW)
    fill_required(case, actor=agency.member, now=NOW)
    case.refresh_from_db()
    assert case.status == "processing"
    file = StoredFile.objects.get(pk=case.documents.first().file_id)
    file.scan_state = ScanState.INFECTED
    file.save()
    file_quarantined.send(file=file, now=NOW)
    case.refresh_from_db()
    assert case.status == "pending"
    with pytest.raises(DocumentsMissing):
        advance(agency, case)


def test_file_that_lies_about_its_type_is_refused(agency):
    case = make_case(agency, now=NOW)
    with pytest.raises(Invalid):
        documents.update_document(
            actor=agency.member,
            document=case.documents.first(),
            changes={},
            upload=Upload(BytesIO(b"MZ this is a program"), "passport.pdf", "application/pdf"),
            now=NOW,
        )
    assert case.documents.first().file is None


def test_download_is_for_those_who_see_the_case_and_is_audited(agency):
    case = make_case(agency, now=NOW)
    paper = fill(case.documents.first(), actor=agency.member, now=NOW)
    with pytest.raises(NotFound):
        documents.open_document(actor=agency.other, document=paper, now=NOW)
    with documents.open_document(actor=agency.member, document=paper, now=NOW) as content:
        assert content.read(4) == b"%PDF"
    assert AuditEntry.objects.get(action="downloaded").new_values["name"] == paper.document_type.name


def test_readiness_says_what_a_case_waits_for(agency):
    case = make_case(agency, now=NOW)
    name = case.documents.first().document_type.name
    ready = selectors.readiness(case, today=TODAY)
    assert ready.date == date(2026, 12, 14)
    assert ready.text.startswith("Can be finished on 14 Dec 2026; waiting for: ")
    assert name in ready.blocked_by
    fill_required(case, actor=agency.member, now=NOW)
    case = selectors.visible_case(agency.member, case.pk)
    assert selectors.readiness(case, today=TODAY).text == "Can be finished on 14 Dec 2026."
    late = TODAY + timedelta(days=12)  # a Saturday, after the first step was due
    assert selectors.readiness(case, today=late).date == date(2026, 12, 21)


def test_board_has_a_column_for_each_task_and_what_was_done(agency):
    first, second, third = (make_case(agency, now=at(-n)) for n in range(3))
    fill_required(second, actor=agency.member, now=NOW)
    advance(agency, second)
    cases.force_close_case(actor=agency.staff, case=third, reason="Done.", now=NOW)
    columns = selectors.board(agency.member, product=agency.product, now=NOW)
    assert [(column.name, column.count, [case.pk for case in column.cases]) for column in columns] == [
        ("Task 1", 1, [first.pk]),
        ("Task 2", 1, [second.pk]),
        ("Task 3", 0, []),
        ("Completed recently", 1, [third.pk]),
    ]
    assert selectors.board(agency.other, now=NOW)[-1].count == 0


def test_cases_are_deleted_by_staff_and_many_by_superusers(agency):
    case = make_case(agency, now=NOW)
    with pytest.raises(Forbidden):
        cases.delete_case(actor=agency.member, case=case, now=NOW)
    with pytest.raises(Forbidden):
        cases.bulk_delete_cases(actor=agency.admin, query=case.number, confirm=True, now=NOW)
    root = make_user(agency.organization, role="admin", superuser=True)
    stranger = make_user(role="admin", superuser=True)
    assert cases.bulk_delete_cases(actor=stranger, query=case.number, confirm=True, now=NOW) == 0
    for query, confirm in (("", True), (case.number, False), ("CASE " * 10 + "nothing", True)):
        with pytest.raises(Invalid):
            cases.bulk_delete_cases(actor=root, query=query, confirm=confirm, now=NOW)
    keep = make_case(agency, now=NOW)
    assert cases.bulk_delete_cases(actor=root, query=case.number, confirm=True, now=NOW) == 1
    assert list(Case.objects.all()) == [keep]
    assert AuditEntry.objects.get(entity_type="case", action="deleted").old_values["number"] == case.number


def test_timeline_tells_what_happened(agency):
    case = make_case(agency, now=NOW)
    fill_required(case, actor=agency.member, now=at(1))
    advance(agency, case, now=at(2))
    cases.add_note(actor=agency.member, case=case, text="Called them.", now=at(3))
    events = selectors.case_events(case)
    assert [event.action for event in events] == [
        "created",
        "document_uploaded",
        "document_uploaded",
        "step_completed",
        "note_added",
    ]
    assert events[-1].new["text"] == "Called them."


def test_customer_of_another_organization_is_no_customer_of_ours(agency):
    agency.customer = make_customer(make_organization())
    with pytest.raises((Forbidden, Invalid)):
        make_case(agency)
