"""Reads of many cases agree with those of one."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bureau.api.agency.documents import DocumentShape
from bureau.cases.models import Case, CaseDocument
from bureau.cases.selectors import cases as selectors
from bureau.cases.services import cases
from bureau.cases.states import HELD
from tests.factories.cases import fill, fill_required, make_agency, make_case
from tests.factories.parties import make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def agency():
    return make_agency(tasks=2, required=2, optional=1)


def test_case_keeps_the_name_of_its_current_step(agency):
    case = make_case(agency)
    assert case.step_name == "Task 1"
    fill_required(case, actor=agency.member)
    case = cases.advance_workflow(actor=agency.member, case=case, now=timezone.now())
    assert Case.objects.get(pk=case.pk).step_name == "Task 2"
    cases.advance_workflow(actor=agency.member, case=case, now=timezone.now())
    assert Case.objects.get(pk=case.pk).step_name == ""


def test_missing_documents_of_many_are_those_of_each(agency):
    today = timezone.localdate()
    empty, begun, full, expiring = (make_case(agency) for _ in range(4))
    fill(begun.documents.filter(required=True)[0], actor=agency.member)
    for case in (full, expiring):
        fill_required(case, actor=agency.member)
    CaseDocument.objects.filter(case=expiring).update(expiry_date=today - timedelta(days=1))
    counts = selectors.missing_documents(Case.objects.all(), today=today)
    assert [counts[case.pk] for case in (empty, begun, full, expiring)] == [2, 1, 0, 2]
    for case in (empty, begun, full, expiring):
        case = selectors.visible_case(agency.admin, case.pk)
        states = selectors.document_states(case, today=today)
        assert counts[case.pk] == sum(one.required and states[one.pk] not in HELD for one in case.documents.all())


def test_member_sees_own_cases_and_those_of_own_customers(agency):
    mine = make_case(agency)
    theirs = make_case(agency, customer=make_customer(agency.organization, owner=agency.other), actor=agency.other)
    given = make_case(agency, owner=agency.other, actor=agency.admin)
    for person, seen in ((agency.member, {mine, given}), (agency.other, {theirs, given}), (agency.staff, None)):
        seen = seen or {mine, theirs, given}
        assert set(Case.objects.visible_to(person)) == seen
        assert set(CaseDocument.objects.visible_to(person).values_list("case", flat=True)) == {one.pk for one in seen}


def test_document_is_shown_alike_from_its_record_and_from_its_columns(agency):
    case = make_case(agency)
    fill(case.documents.filter(required=True)[0], actor=agency.member)
    documents = CaseDocument.objects.filter(case=case)
    assert documents.filter(file=None).exists()
    assert DocumentShape.render_all(documents) == DocumentShape.rows(documents)
