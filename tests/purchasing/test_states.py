"""Every state x every action of a purchase request, by the person to whom the action belongs."""

from collections.abc import Callable

import pytest

from bureau.core.models import AuditEntry
from bureau.kit.errors import DomainError, Forbidden, WrongState
from bureau.purchasing.models import PurchaseRequest
from bureau.purchasing.selectors import requests as selectors
from bureau.purchasing.services import attachments, requests
from bureau.purchasing.states import REQUEST_MOVES, RequestStatus
from tests.factories.purchasing import NOW, Office, approve, complete, make_office, pdf, reject, request_in, submit

pytestmark = pytest.mark.django_db
S = RequestStatus

ACTIONS: dict[str, Callable[[Office, PurchaseRequest], object]] = {
    "edit": lambda office, request: requests.update_request(
        actor=office.requester, request=request, subject="Other", now=NOW
    ),
    "submit": submit,
    "delete": lambda office, request: requests.delete_draft(actor=office.requester, request=request, now=NOW),
    "attach": lambda office, request: attachments.attach_file(
        actor=office.requester, request=request, upload=pdf(), filename="quote.pdf", now=NOW
    ),
    "approve": lambda office, request: approve(approver_in(office, request), request),
    "reject": lambda office, request: reject(approver_in(office, request), request),
    "complete": lambda office, request: complete(office.finance, request),
}
OUTCOMES: dict[tuple[str, str], str] = {
    (S.DRAFT, "edit"): S.DRAFT,
    (S.DRAFT, "submit"): S.PENDING_APPROVAL,
    (S.DRAFT, "delete"): "gone",
    (S.DRAFT, "attach"): S.DRAFT,
    (S.PENDING_APPROVAL, "approve"): S.IN_REVIEW,
    (S.PENDING_APPROVAL, "reject"): S.REJECTED,
    (S.IN_REVIEW, "approve"): S.FINANCE_REVIEW,
    (S.IN_REVIEW, "reject"): S.REJECTED,
    (S.FINANCE_REVIEW, "reject"): S.REJECTED,
    (S.FINANCE_REVIEW, "complete"): S.COMPLETED,
    (S.REJECTED, "edit"): S.RESUBMITTED,
    (S.REJECTED, "submit"): S.PENDING_APPROVAL,
    (S.REJECTED, "attach"): S.RESUBMITTED,
    (S.RESUBMITTED, "edit"): S.RESUBMITTED,
    (S.RESUBMITTED, "submit"): S.PENDING_APPROVAL,
    (S.RESUBMITTED, "attach"): S.RESUBMITTED,
}
FORBIDDEN = {(S.DRAFT, "approve"), (S.DRAFT, "reject"), (S.FINANCE_REVIEW, "attach")}
"""Nobody is an approver of a draft yet; during finance review files come from the reviewers."""


def approver_in(office: Office, request: PurchaseRequest):
    return {S.IN_REVIEW: office.director, S.FINANCE_REVIEW: office.finance}.get(request.status, office.manager)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("status", list(RequestStatus))
def test_action_in_state_moves_or_refuses_and_changes_nothing(status, action):
    office = make_office()
    request = request_in(status, office)
    before = PurchaseRequest.objects.filter(pk=request.pk).values().get()
    entries = AuditEntry.objects.count()

    outcome = OUTCOMES.get((status, action))
    if outcome is None:
        with pytest.raises(Forbidden if (status, action) in FORBIDDEN else WrongState) as refused:
            ACTIONS[action](office, request)
        assert refused.value.message
        assert PurchaseRequest.objects.filter(pk=request.pk).values().get() == before
        assert AuditEntry.objects.count() == entries
        return
    ACTIONS[action](office, request)
    left = PurchaseRequest.objects.filter(pk=request.pk).values_list("status", flat=True).first()
    assert left == (None if outcome == "gone" else outcome)
    assert AuditEntry.objects.count() == entries + 1


@pytest.mark.parametrize("status", list(RequestStatus))
def test_available_actions_say_what_the_services_do(status):
    office = make_office()
    request = request_in(status, office)
    for person in (office.requester, office.manager, office.director, office.finance, office.admin):
        for action, answer in selectors.available_actions(request, person).items():
            assert answer or answer.reason
            assert bool(answer) == _can(office, person, status, action), (person.pk, action)


def _can(office: Office, person, status: str, action: str) -> bool:
    if action == "attach" and status == S.FINANCE_REVIEW:
        return person == office.finance
    if (status, action) not in OUTCOMES:
        return False
    if action in ("approve", "reject"):
        turn = {S.PENDING_APPROVAL: office.manager, S.IN_REVIEW: office.director, S.FINANCE_REVIEW: office.finance}
        return person == turn[status]
    return person == (office.finance if action == "complete" else office.requester)


def test_request_moves_reach_every_state_from_draft():
    reached, fresh = set(), {S.DRAFT.value}
    while fresh:
        reached |= fresh
        fresh = {str(to) for (state, _action), to in REQUEST_MOVES.items() if state in reached} - reached
    assert reached == {status.value for status in RequestStatus}


def test_wrong_state_names_the_state():
    office = make_office()
    request = request_in(S.COMPLETED, office)
    with pytest.raises(DomainError, match="Completed"):
        submit(office, request)
