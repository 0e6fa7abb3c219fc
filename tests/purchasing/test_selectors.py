"""Who sees what, what waits for whom, and how many queries it takes."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bureau.accounts.models import Role
from bureau.core.models import Job
from bureau.kit.errors import Forbidden
from bureau.purchasing.models import PurchaseRequest
from bureau.purchasing.selectors import requests as selectors
from bureau.purchasing.selectors.requests import EventKind, StepState
from bureau.purchasing.services import requests
from bureau.purchasing.services.attachments import attach_file
from bureau.purchasing.services.content import ItemInput
from bureau.purchasing.services.templates import FieldInput, StepInput
from bureau.purchasing.states import RequestStatus
from tests.factories.accounts import give_role, make_team, make_user
from tests.factories.purchasing import (
    NOW,
    REASON,
    STANDARD_STEPS,
    Office,
    approve,
    make_draft,
    make_office,
    make_workflow,
    pdf,
    reject,
    request_in,
    submit,
)

pytestmark = pytest.mark.django_db
S = RequestStatus


def sees(person, request) -> bool:
    return PurchaseRequest.objects.visible_to(person).filter(pk=request.pk).exists()


def test_draft_is_seen_by_its_requestor_and_those_who_see_the_organization():
    office = make_office()
    request = make_draft(office)
    assert [sees(person, request) for person in (office.requester, office.admin, office.finance)] == [True] * 3
    assert not sees(office.manager, request)


@pytest.mark.parametrize("role", ["staff", "pm", "admin", "owner"])
def test_roles_that_see_the_whole_organization(role):
    office = make_office()
    assert sees(make_user(office.organization, role=role), make_draft(office))


@pytest.mark.parametrize("role", ["member", "foreman", "super"])
def test_roles_that_do_not_see_the_whole_organization(role):
    office = make_office()
    assert not sees(make_user(office.organization, role=role), submit(office))


def test_approver_sees_it_from_the_moment_their_step_is_reached_and_afterwards():
    office = make_office()
    request = submit(office)
    assert (sees(office.manager, request), sees(office.director, request)) == (True, False)
    request = approve(office.manager, request)
    assert (sees(office.manager, request), sees(office.director, request)) == (True, True)
    office.manager.access_scopes.filter(team=office.team).delete()
    assert sees(office.manager, request)
    reject(office.director, request)
    assert (sees(office.manager, request), sees(office.director, request)) == (True, True)


def test_other_organization_sees_nothing():
    office, other = make_office(), make_office()
    request = request_in(S.COMPLETED, office)
    for person in (other.requester, other.manager, other.finance, other.admin):
        assert not sees(person, request)
    assert sees(make_user(other.organization, superuser=True), request)


def test_visible_requests_take_one_query_and_no_row_twice():
    office = make_office()
    request = request_in(S.COMPLETED, office)
    give_role(office.manager, office.team, Role.DIRECTOR)
    for person in (office.requester, office.manager, office.finance, office.admin):
        with CaptureQueriesContext(connection) as captured:
            assert list(PurchaseRequest.objects.visible_to(person)) == [request]
        assert len(captured) == 1
        assert "DISTINCT" not in captured[0]["sql"]


def test_lists_show_ones_own_or_all():
    office = make_office()
    request = request_in(S.IN_REVIEW, office)
    shown = {
        person: PurchaseRequest.objects.listed_for(person).count()
        for person in vars(office).values()
        if hasattr(person, "role")
    }
    assert shown == {office.requester: 1, office.admin: 1, office.finance: 1, office.manager: 0, office.director: 0}
    assert not PurchaseRequest.objects.listed_for(make_office().admin).filter(pk=request.pk).exists()


def test_inbox_holds_what_waits_for_this_person_oldest_first():
    office = make_office()
    second, first = make_draft(office), make_draft(office)
    for request, days in ((second, 1), (first, 0)):
        requests.submit_request(actor=office.requester, request=request, now=NOW + timedelta(days=days))
    make_draft(office)
    assert list(selectors.requests_awaiting(office.manager)) == [first, second]
    for person in (office.requester, office.director, office.finance, office.admin):
        assert not selectors.requests_awaiting(person).exists()
    approve(office.manager, first)
    assert list(selectors.requests_awaiting(office.manager)) == [second]
    assert list(selectors.requests_awaiting(office.director)) == [first]
    reject(office.director, first)
    assert not selectors.requests_awaiting(office.director).exists()


def test_inbox_leaves_out_ones_own_requests_and_decided_steps():
    office = make_office(
        steps=[{"step_name": "Both", "approvers": [{"role": "MANAGER"}, {"role": "DIRECTOR"}]}],
    )
    give_role(office.requester, office.team, Role.MANAGER)
    request = submit(office)
    assert not selectors.requests_awaiting(office.requester).exists()
    approve(office.manager, request)
    assert not selectors.requests_awaiting(office.manager).exists()
    assert list(selectors.requests_awaiting(office.director)) == [request]


def test_inbox_goes_by_the_role_in_the_team_of_the_request():
    office = make_office()
    elsewhere = make_user(office.organization)
    give_role(elsewhere, make_team(office.organization, "Sales"), Role.MANAGER)
    give_role(elsewhere, office.team, Role.INITIATOR)
    submit(office)
    assert not selectors.requests_awaiting(elsewhere).exists()
    assert not Job.objects.filter(payload__to=elsewhere.email).exists()


def test_inbox_holds_what_waits_for_a_person_by_name_once():
    office = make_office(steps=[{"step_name": "One", "approvers": [{"role": "MANAGER"}]}])
    make_workflow(
        office, steps=[{"step_name": "Two", "approvers": [{"user": office.manager.uuid}, {"role": "MANAGER"}]}]
    )
    request = submit(office)
    assert list(selectors.requests_awaiting(office.manager)) == [request]
    assert selectors.requests_awaiting(office.manager).count() == 1


def test_inbox_leaves_out_finance_reviews():
    office = make_office()
    request_in(S.FINANCE_REVIEW, office)
    assert not selectors.requests_awaiting(office.finance).exists()


def test_finance_inbox_holds_the_teams_where_one_reviews():
    office = make_office()
    waiting = request_in(S.FINANCE_REVIEW, office)
    approved = request_in(S.FULLY_APPROVED, office)
    request_in(S.COMPLETED, office)
    request_in(S.IN_REVIEW, office)
    assert list(selectors.finance_inbox(office.finance)) == [waiting, approved]
    elsewhere = make_user(office.organization)
    give_role(elsewhere, make_team(office.organization, "Sales"), Role.FINANCE_REVIEWER)
    assert not selectors.finance_inbox(elsewhere).exists()


@pytest.mark.parametrize("who", ["requester", "manager", "admin"])
def test_finance_inbox_is_for_finance_reviewers(who):
    with pytest.raises(Forbidden):
        selectors.finance_inbox(getattr(make_office(), who))


@pytest.mark.parametrize("status", S)
def test_simple_list_shows_no_draft(status):
    office = make_office()
    request = request_in(status, office)
    assert list(selectors.simple_requests(office.requester)) == ([] if status == S.DRAFT else [request])


def test_steps_show_who_decided_and_who_decides_next():
    office = make_office()
    request = approve(office.manager, submit(office), "fine")
    done, current, later = selectors.request_steps(request)
    assert (done.name, done.state, done.order) == ("Manager Approval", StepState.DONE, 1)
    assert [(one.approver, one.comment, one.created_at) for one in done.decisions] == [(office.manager, "fine", NOW)]
    assert (current.name, current.state) == ("Director Approval", StepState.CURRENT)
    assert [(one.label, one.candidates) for one in current.waiting_for] == [("Director", [office.director])]
    assert (later.state, later.waiting_for[0].candidates) == (StepState.LATER, [office.finance])


def test_steps_leave_the_requestor_out_of_the_candidates():
    office = make_office()
    give_role(office.requester, office.team, Role.MANAGER)
    assert selectors.request_steps(submit(office))[0].waiting_for[0].candidates == [office.manager]


def test_steps_of_a_draft_are_those_it_would_go_through():
    office = make_office()
    steps = selectors.request_steps(make_draft(office))
    assert [step.state for step in steps] == [StepState.LATER] * 3


def test_steps_of_a_rejected_request_show_where_it_ended():
    office = make_office()
    steps = selectors.request_steps(reject(office.director, approve(office.manager, submit(office))))
    assert [step.state for step in steps] == [StepState.DONE, StepState.REJECTED, StepState.LATER]
    assert steps[1].decisions[0].comment == REASON


def test_steps_after_a_resubmission_start_anew():
    office = make_office()
    request = submit(office, reject(office.director, approve(office.manager, submit(office))))
    assert [step.state for step in selectors.request_steps(request)] == [StepState.CURRENT, *[StepState.LATER] * 2]


def test_timeline_tells_everything_in_order():
    office = make_office()
    request = reject(office.manager, submit(office))
    request = submit(office, request)
    events = selectors.timeline(request)
    assert [(event.kind, event.person) for event in events] == [
        (EventKind.CREATED, office.requester),
        (EventKind.SUBMITTED, office.requester),
        (EventKind.SUBMITTED, office.requester),
        (EventKind.REJECTED, office.manager),
    ]
    assert events[-1].comment == REASON


def test_timeline_tells_of_a_completion_that_followed_by_itself():
    office = make_office(steps=[{"step_name": "One", "approvers": [{"role": "MANAGER"}]}])
    events = selectors.timeline(approve(office.manager, submit(office)))
    assert [(event.kind, event.person) for event in events[-2:]] == [
        (EventKind.APPROVED, office.manager),
        (EventKind.COMPLETED, None),
    ]


def test_reason_of_an_unavailable_action_names_who_decided():
    office = make_office(steps=[{"step_name": "Both", "approvers": [{"role": "MANAGER"}, {"role": "DIRECTOR"}]}])
    second = make_user(office.organization)
    give_role(second, office.team, Role.MANAGER)
    request = approve(office.manager, submit(office))
    assert office.manager.name in selectors.available_actions(request, second)["approve"].reason
    assert "“Both”" in selectors.available_actions(request, office.finance)["approve"].reason


def test_teams_to_ask_are_the_active_ones_where_one_is_initiator():
    office = make_office()
    assert [scope.team.name for scope in selectors.teams_to_ask(office.requester)] == ["Marketing", "General"]
    office.team.is_active = False
    office.team.save()
    assert [scope.team.name for scope in selectors.teams_to_ask(office.requester)] == ["General"]


# --- Query counts: the same with one row of everything and with many


def busy_office(rows: int) -> Office:
    """`rows` requests that wait for the manager and as many for finance, each with `rows` values, items and files."""
    fields: list[FieldInput] = [{"name": f"Field {n}", "field_type": "TEXT"} for n in range(rows)]
    office = make_office(fields=fields)
    items = [ItemInput(description="Lens", quantity=Decimal(1), unit_price=Decimal(2))] * rows
    values = {f"field_{n}": "x" for n in range(rows)}
    for _ in range(rows):
        give_role(make_user(office.organization), office.team, Role.DIRECTOR)
    for _ in range(rows):
        make_workflow(office, steps=STANDARD_STEPS)
        request = submit(office, make_draft(office, field_values=values, items=items))
        complete_review = approve(office.director, approve(office.manager, request))
        for name in values:
            attach_file(actor=office.finance, request=complete_review, upload=pdf(), filename=f"{name}.pdf", now=NOW)
        both: list[StepInput] = [
            {"step_name": f"Step {step}", "approvers": [{"role": "MANAGER"}, {"role": "DIRECTOR"}]}
            for step in range(rows + 1)
        ]
        make_workflow(office, steps=both)
        approve(office.director, submit(office, make_draft(office, field_values=values, items=items)))
    return office


def busiest(office: Office) -> PurchaseRequest:
    return PurchaseRequest.objects.filter(organization=office.organization, status=S.IN_REVIEW).latest("pk")


QUERIES = {
    "inbox": (5, lambda office: list(selectors.with_details(selectors.requests_awaiting(office.manager)))),
    "finance inbox": (6, lambda office: list(selectors.with_details(selectors.finance_inbox(office.finance)))),
    "simple requests": (3, lambda office: list(selectors.simple_requests(office.requester))),
    "list": (2, lambda office: list(PurchaseRequest.objects.listed_for(office.requester))),
    "steps": (7, lambda office: selectors.request_steps(busiest(office))),
    "timeline": (5, lambda office: selectors.timeline(busiest(office))),
    "actions": (4, lambda office: selectors.available_actions(busiest(office), office.manager)),
    "form": (3, lambda office: list(selectors.form_in_use(office.team.pk).fields.all())),
    "teams": (1, lambda office: [scope.team.name for scope in selectors.teams_to_ask(office.requester)]),
}


def test_query_counts_do_not_depend_on_the_number_of_rows():
    baseline = {name: most for name, (most, _read) in QUERIES.items()}
    for rows in (1, 3):
        office = busy_office(rows)
        counted = {}
        for name, (_most, read) in QUERIES.items():
            with CaptureQueriesContext(connection) as captured:
                assert read(office), name
            counted[name] = len(captured)
        assert counted == baseline, rows
