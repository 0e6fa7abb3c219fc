"""Several people at one case in the same moment."""

from datetime import UTC, date, datetime

import pytest

from bureau.cases.models import Case, CaseDocument, CaseStep
from bureau.cases.services import cases, documents, links
from bureau.cases.services.intake import open_case_for_new_customer
from bureau.cases.services.products import delete_product
from bureau.core.models import AuditEntry
from bureau.parties.services.customers import delete_customer
from tests.crowds import at_once
from tests.factories.accounts import make_user
from tests.factories.cases import fill_required, make_agency, make_case, pdf_upload
from tests.factories.products import make_document_type

pytestmark = pytest.mark.django_db(transaction=True, reset_sequences=False)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CROWD = 12


def test_step_is_completed_once_by_many():
    agency = make_agency()
    case = make_case(agency, now=NOW)
    fill_required(case, actor=agency.member, now=NOW)
    outcomes = at_once(
        [lambda: cases.advance_workflow(actor=agency.member, case=case, step=1, now=NOW) for _ in range(CROWD)]
    )
    assert outcomes == {"done": 1, "WrongState": CROWD - 1}
    assert CaseStep.objects.filter(case=case).count() == 2
    assert AuditEntry.objects.filter(action="step_completed").count() == 1


def test_numbers_of_cases_opened_at_once_have_no_gap():
    agency = make_agency()
    assert at_once([lambda: make_case(agency, now=NOW) for _ in range(CROWD)]) == {"done": CROWD}
    numbers = sorted(Case.objects.values_list("number", flat=True))
    assert numbers == [f"CASE-2026-{n:05}" for n in range(1, CROWD + 1)]


def test_cases_of_known_and_new_customers_are_opened_at_once():
    agency = make_agency()

    def of_a_new_one(number: int) -> Case:
        customer = {"first_name": "Jane", "last_name": f"Doe {number}"}
        return open_case_for_new_customer(actor=agency.member, customer=customer, product=agency.product, now=NOW)

    calls = [lambda: make_case(agency, now=NOW), lambda: of_a_new_one(1)] * (CROWD // 2)
    assert at_once(calls) == {"done": CROWD}
    assert AuditEntry.objects.filter(action="created", entity_type="customer").count() == 1 + CROWD // 2


def test_one_document_of_a_type_is_added_by_many():
    agency = make_agency()
    case, kind = make_case(agency, now=NOW), make_document_type(agency.organization)
    outcomes = at_once(
        [
            lambda: documents.add_document(
                actor=agency.member, case=case, document_type=kind, upload=pdf_upload(), now=NOW
            )
            for _ in range(CROWD)
        ]
    )
    assert outcomes == {"done": 1, "DocumentThere": CROWD - 1}


def test_step_is_not_completed_with_a_document_that_is_just_taken_away():
    agency = make_agency(tasks=1, required=1, optional=0)
    for _ in range(4):
        case = make_case(agency, now=NOW)
        fill_required(case, actor=agency.member, now=NOW)
        paper = CaseDocument.objects.select_related("case__customer").get(case=case)
        outcomes = at_once(
            [
                lambda case=case: cases.advance_workflow(actor=agency.member, case=case, now=NOW),
                lambda paper=paper: documents.remove_document(actor=agency.member, document=paper, now=NOW),
            ]
        )
        case.refresh_from_db()
        paper.refresh_from_db()
        assert outcomes["done"] == 1, outcomes
        assert (case.status == "completed") == (paper.file_id is not None)


def test_due_dates_moved_and_paused_at_once_follow_from_what_was_kept():
    agency = make_agency(required=0, optional=0)
    case = make_case(agency, now=NOW)
    step = case.steps.get()
    days = [date(2026, 12, day) for day in (1, 2, 3, 4)]
    moves = [
        lambda day=day: cases.update_case(actor=agency.member, case=case, changes={"doc_date": day}, now=NOW)
        for day in days
    ]
    pause = lambda: cases.set_step_status(actor=agency.member, case=case, step=step, status="waiting", now=NOW)  # noqa: E731
    assert at_once([*moves, pause])["done"] == len(moves) + 1
    case.refresh_from_db()
    step.refresh_from_db()
    assert step.start_date == case.doc_date
    assert (case.step_status, case.step_due_date) == ("waiting", None)


def test_links_to_cases_that_are_deleted_are_refused():
    agency = make_agency(tasks=1, required=0, optional=0)
    root = make_user(agency.organization, role="admin", superuser=True)
    made = [make_case(agency, now=NOW) for _ in range(CROWD)]
    end = lambda: cases.bulk_delete_cases(actor=root, query="CASE", confirm=True, now=NOW)  # noqa: E731
    asked = [lambda case=case: links.create_link(actor=agency.staff, case=case, now=NOW) for case in made]
    outcomes = at_once([*asked, end])
    assert outcomes["done"] + outcomes["NotFound"] == CROWD + 1, outcomes
    assert not Case.objects.exists()


def test_customer_and_product_are_not_deleted_under_a_case_that_is_opened():
    for _ in range(4):
        agency = make_agency(required=0, optional=0)
        outcomes = at_once(
            [
                lambda agency=agency: make_case(agency, now=NOW),
                lambda agency=agency: delete_customer(actor=agency.admin, customer=agency.customer, now=NOW),
                lambda agency=agency: delete_product(actor=agency.admin, product=agency.product, now=NOW),
            ]
        )
        there = Case.objects.filter(organization=agency.organization).count()
        assert outcomes["done"] == (1 if there else 2), outcomes
        assert not outcomes["IntegrityError"]
