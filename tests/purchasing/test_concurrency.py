"""Many people at once, on PostgreSQL: every decision counts once, and nothing is lost."""

from collections import Counter
from collections.abc import Sequence

import pytest

from bureau.accounts.models import AccessScope, Role
from bureau.core import audit
from bureau.core.models import AuditEntry, User
from bureau.kit.errors import WrongState
from bureau.purchasing.models import ApprovalSlot, Decision, PurchaseRequest, SlotState
from bureau.purchasing.services import approvals, editing, requests
from bureau.purchasing.states import RequestStatus
from tests.crowds import at_once
from tests.factories.purchasing import NOW, Office, make_draft, make_office, make_workflow, submit

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, reset_sequences=False)]
CROWD = 64


def approve_all_at_once(people: Sequence[User], request: PurchaseRequest) -> Counter[str]:
    return at_once(
        [
            lambda person=person: approvals.approve_request(actor=person, request=request, now=NOW)  # type: ignore[misc]
            for person in people
        ]
    )


def crowd(office: Office, role: str = "") -> list[User]:
    """Made in bulk: the services would hash 64 passwords."""
    people = User.objects.bulk_create(
        User(organization=office.organization, username=f"crowd{n}", email=f"crowd{n}@example.com")
        for n in range(CROWD)
    )
    if role:
        held = Role.objects.get(organization=office.organization, code=role)
        AccessScope.objects.bulk_create(AccessScope(user=person, team=office.team, role=held) for person in people)
    return people


def approved_entries(request: PurchaseRequest) -> int:
    return AuditEntry.objects.filter(entity_id=str(request.pk), action="approved").count()


def test_64_holders_of_one_role_leave_one_decision_and_one_transition():
    office = make_office()
    people = crowd(office, "MANAGER")
    request = submit(office)
    outcomes = approve_all_at_once(people, request)
    request.refresh_from_db()
    assert outcomes["done"] == 1, outcomes
    assert sum(outcomes.values()) == CROWD
    assert (request.status, request.current_step.step_name) == (RequestStatus.IN_REVIEW, "Director Approval")
    assert Decision.objects.filter(request=request).count() == 1
    assert approved_entries(request) == 1
    assert ApprovalSlot.objects.filter(request=request).waiting().count() == 1
    assert list(audit.breaks()) == []


def test_one_person_64_times_at_a_single_step_decides_once():
    office = make_office(steps=[{"step_name": "One", "approvers": [{"role": "MANAGER"}]}])
    request = submit(office)
    outcomes = approve_all_at_once([office.manager] * CROWD, request)
    request.refresh_from_db()
    assert outcomes == {"done": 1, "WrongState": CROWD - 1}
    assert request.status == RequestStatus.COMPLETED
    assert (Decision.objects.count(), approved_entries(request)) == (1, 1)


def test_64_approvers_of_one_step_each_decide_once_and_the_request_moves_on_once():
    office = make_office()
    people = crowd(office)
    make_workflow(
        office,
        steps=[
            {"step_name": "Everybody", "approvers": [{"user": person.uuid} for person in people]},
            {"step_name": "Finance Review", "is_finance_review": True},
        ],
    )
    request = submit(office)
    outcomes = approve_all_at_once(people, request)
    request.refresh_from_db()
    assert outcomes == {"done": CROWD}
    assert request.status == RequestStatus.FINANCE_REVIEW
    assert Decision.objects.filter(request=request).count() == CROWD
    assert approved_entries(request) == CROWD
    entries = AuditEntry.objects.filter(entity_id=str(request.pk), action="approved").order_by("position")
    assert [entry.new_values["status"] for entry in entries] == ["IN_REVIEW"] * (CROWD - 1) + ["FINANCE_REVIEW"]
    assert ApprovalSlot.objects.filter(request=request, state=SlotState.APPROVED).count() == CROWD
    assert list(audit.breaks()) == []


@pytest.fixture
def _unguarded(monkeypatch):
    """The services without the row lock and without compare-and-set."""

    def transition(record, table, action, *, message, **changes):
        status = table.get((record.status, action))
        if status is None:
            raise WrongState(message)
        PurchaseRequest.objects.filter(pk=record.pk).update(status=status, **changes)
        record.status = status
        for name, value in changes.items():
            setattr(record, name, value)

    def fill(slots, decision, state):
        ApprovalSlot.objects.filter(pk__in=[slot.pk for slot in slots]).update(state=state, decision=decision)

    unlocked = PurchaseRequest.objects.select_related("organization", "team", "requestor", "current_step")
    monkeypatch.setattr(approvals, "locked", lambda request: unlocked.get(pk=request.pk))
    monkeypatch.setattr(approvals, "transition", transition)
    monkeypatch.setattr(approvals, "_fill", fill)


@pytest.mark.usefixtures("_unguarded")
def test_without_lock_and_compare_and_set_several_holders_decide():
    office = make_office(steps=[{"step_name": "One", "approvers": [{"role": "MANAGER"}]}])
    people = crowd(office, "MANAGER")
    request = submit(office)
    outcomes = approve_all_at_once(people, request)
    assert outcomes["done"] > 1
    assert Decision.objects.filter(request=request).count() > 1
    assert approved_entries(request) > 1


def test_approving_and_rejecting_at_once_leaves_one_of_the_two():
    office = make_office(steps=[{"step_name": "One", "approvers": [{"role": "MANAGER"}, {"role": "DIRECTOR"}]}])
    request = approvals.approve_request(actor=office.director, request=submit(office), now=NOW)
    calls = [
        lambda: approvals.approve_request(actor=office.manager, request=request, now=NOW),
        lambda: approvals.reject_request(actor=office.manager, request=request, comment="Not this year.", now=NOW),
    ] * 8
    outcomes = at_once(calls)
    request.refresh_from_db()
    assert outcomes == {"done": 1, "WrongState": 15}
    assert request.status in (RequestStatus.COMPLETED, RequestStatus.REJECTED)
    assert request.decisions.count() == 2


def test_submitting_at_once_starts_one_round():
    office = make_office()
    request = make_draft(office)
    outcomes = at_once(
        [lambda: requests.submit_request(actor=office.requester, request=request, now=NOW) for _ in range(16)]
    )
    assert outcomes == {"done": 1, "WrongState": 15}
    assert request.approvals.count() == 1


def test_numbers_have_no_gap_and_no_duplicate():
    office = make_office()

    def make(valid: bool) -> None:
        make_draft(office, **({} if valid else {"items": [{"description": "", "quantity": 1, "unit_price": 1}]}))

    at_once([lambda valid=bool(n % 4): make(valid) for n in range(32)])  # type: ignore[misc]
    numbers = sorted(PurchaseRequest.objects.values_list("number", flat=True))
    assert numbers == [f"REQ-2026-{n:05}" for n in range(1, 25)]


def test_lock_is_the_one_that_services_take():
    assert approvals.locked is editing.locked
