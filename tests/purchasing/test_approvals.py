"""The steps of a request: who decides, how often, and what follows."""

from datetime import timedelta

import pytest

from bureau.accounts.models import Role
from bureau.core.models import AuditEntry
from bureau.kit.errors import BusinessRule, Forbidden, Invalid, WrongState
from bureau.purchasing.models import Approval, Decision, PurchaseRequest, SlotState, WorkflowTemplate
from bureau.purchasing.selectors import requests as selectors
from bureau.purchasing.services import approvals, requests, templates
from bureau.purchasing.services.approvals import NoApprover
from bureau.purchasing.states import RequestStatus
from tests.factories.accounts import give_role, make_organization, make_team, make_user
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
S = RequestStatus


def one_step(*approvers: templates.ApproverInput) -> list[templates.StepInput]:
    return [{"step_name": "Approval", "approvers": approvers}]


def test_standard_way_goes_through_every_step():
    office = make_office()
    request = submit(office)
    assert (request.status, request.current_step.step_name) == (S.PENDING_APPROVAL, "Manager Approval")
    assert request.submitted_at == NOW
    request = approve(office.manager, request, "fine")
    assert (request.status, request.current_step.step_name) == (S.IN_REVIEW, "Director Approval")
    request = approve(office.director, request)
    assert (request.status, request.current_step.step_name) == (S.FINANCE_REVIEW, "Finance Review")
    request = complete(office.finance, request, "Payment processed")
    assert (request.status, request.current_step, request.completed_at) == (S.COMPLETED, None, NOW)
    assert list(request.decisions.values_list("step__step_name", "approver", "action", "comment")) == [
        ("Manager Approval", office.manager.pk, "APPROVE", "fine"),
        ("Director Approval", office.director.pk, "APPROVE", ""),
        ("Finance Review", office.finance.pk, "COMPLETE", "Payment processed"),
    ]
    assert Approval.objects.get(request=request).ended_at == NOW


def test_workflow_without_finance_review_completes_when_fully_approved():
    office = make_office(steps=one_step({"role": "MANAGER"}))
    request = approve(office.manager, submit(office))
    assert (request.status, request.completed_at) == (S.COMPLETED, NOW)


def test_workflow_of_a_finance_review_alone_starts_there():
    office = make_office(steps=[{"step_name": "Finance Review", "is_finance_review": True}])
    assert submit(office).status == S.FINANCE_REVIEW


def test_workflow_without_steps_completes_at_once():
    owner = make_user(role="owner", organization=make_organization(sole_trader=True))
    request = requests.create_and_submit(actor=owner, subject="Ladder", now=NOW)
    assert (request.status, request.completed_at, request.approvals.get().ended_at) == (S.COMPLETED, NOW, NOW)


def test_every_approver_of_a_step_must_approve():
    office = make_office(steps=one_step({"role": "MANAGER"}, {"role": "DIRECTOR"}))
    request = approve(office.director, submit(office))
    assert (request.status, request.current_step.step_name) == (S.IN_REVIEW, "Approval")
    assert approve(office.manager, request).status == S.COMPLETED


def test_one_holder_suffices_for_a_role():
    office = make_office()
    second = make_user(office.organization)
    give_role(second, office.team, Role.MANAGER)
    request = approve(second, submit(office))
    assert request.current_step.step_name == "Director Approval"


def test_person_with_several_roles_decides_once_for_all():
    office = make_office(steps=one_step({"role": "MANAGER"}, {"role": "DIRECTOR"}))
    give_role(office.manager, office.team, Role.DIRECTOR)
    request = approve(office.manager, submit(office))
    assert request.status == S.COMPLETED
    assert request.decisions.count() == 1
    assert set(request.slots.values_list("state", "decision")) == {(SlotState.APPROVED, request.decisions.get().pk)}


def test_role_and_person_of_one_step_are_filled_together():
    office = make_office()
    make_workflow(office, steps=one_step({"role": "MANAGER"}, {"user": office.manager.uuid}))
    assert approve(office.manager, submit(office)).status == S.COMPLETED


def test_second_holder_of_a_decided_role_is_told_who_was_quicker():
    office = make_office(steps=one_step({"role": "MANAGER"}, {"role": "DIRECTOR"}))
    second = make_user(office.organization, first_name="Ann", last_name="Late")
    give_role(second, office.team, Role.MANAGER)
    request = approve(office.manager, submit(office))
    with pytest.raises(WrongState, match=office.manager.name):
        approve(second, request)
    with pytest.raises(WrongState, match="already decided"):
        approve(office.manager, request)
    assert request.decisions.count() == 1


@pytest.mark.parametrize("act", [approve, reject])
@pytest.mark.parametrize("who", ["director", "finance", "admin"])
def test_only_an_approver_of_the_current_step_decides(who, act):
    office = make_office()
    with pytest.raises(Forbidden):
        act(getattr(office, who), submit(office))


def test_role_in_another_team_does_not_count():
    office = make_office()
    stranger = make_user(office.organization)
    give_role(stranger, make_team(office.organization, "Sales"), Role.MANAGER)
    with pytest.raises(Forbidden):
        approve(stranger, submit(office))


@pytest.mark.parametrize("act", [approve, reject])
def test_nobody_decides_on_their_own_request(act):
    office = make_office()
    give_role(office.requester, office.team, Role.MANAGER)
    request = submit(office)
    with pytest.raises(Forbidden, match="own"):
        act(office.requester, request)


def test_nobody_completes_their_own_request():
    office = make_office()
    give_role(office.requester, office.team, Role.FINANCE_REVIEWER)
    with pytest.raises(Forbidden, match="own"):
        complete(office.requester, request_in(S.FINANCE_REVIEW, office))


@pytest.mark.parametrize("who", ["manager", "director", "admin"])
def test_only_finance_reviewers_of_the_team_complete(who):
    office = make_office()
    with pytest.raises(Forbidden):
        complete(getattr(office, who), request_in(S.FINANCE_REVIEW, office))


def test_role_given_after_the_step_was_reached_counts():
    office = make_office()
    request = submit(office)
    newcomer = make_user(office.organization)
    give_role(newcomer, office.team, Role.MANAGER)
    assert approve(newcomer, request).current_step.step_name == "Director Approval"


def test_submit_names_each_step_that_nobody_else_could_decide():
    office = make_office()
    office.director.access_scopes.filter(role__code=Role.DIRECTOR).delete()
    request = make_draft(office)
    with pytest.raises(NoApprover) as refused:
        submit(office, request)
    assert "“Director Approval”" in refused.value.message
    assert "Marketing" in refused.value.message
    request.refresh_from_db()
    assert (request.status, request.approvals.count()) == (S.DRAFT, 0)


def test_requestor_alone_in_a_role_does_not_count_as_its_holder():
    office = make_office()
    office.manager.access_scopes.filter(role__code=Role.MANAGER).delete()
    give_role(office.requester, office.team, Role.MANAGER)
    with pytest.raises(NoApprover, match="Manager Approval"):
        submit(office)


def test_inactive_holders_do_not_count():
    office = make_office()
    office.manager.is_active = False
    office.manager.save()
    with pytest.raises(NoApprover, match="Manager Approval"):
        submit(office)


def test_step_of_the_requestor_in_person_cannot_be_submitted_to():
    office = make_office()
    make_workflow(office, steps=one_step({"user": office.requester.uuid}))
    with pytest.raises(NoApprover, match="Approval"):
        submit(office)


def test_team_without_workflow_takes_no_submit():
    office = make_office()
    WorkflowTemplate.objects.filter(team=office.team).update(in_use=False)
    with pytest.raises(BusinessRule, match="workflow"):
        submit(office)


@pytest.mark.parametrize("comment", ["", "too short", "  nine cha  "])
def test_reject_needs_a_reason(comment):
    office = make_office()
    request = submit(office)
    with pytest.raises(Invalid) as refused:
        reject(office.manager, request, comment)
    assert list(refused.value.fields) == ["comment"]
    request.refresh_from_db()
    assert request.status == S.PENDING_APPROVAL


def test_comment_with_null_character_is_refused():
    office = make_office()
    with pytest.raises(Invalid):
        approve(office.manager, submit(office), "a\x00b")


def test_reject_ends_the_round_for_everybody():
    office = make_office(steps=one_step({"role": "MANAGER"}, {"role": "DIRECTOR"}))
    request = reject(office.manager, submit(office))
    assert (request.status, request.rejection_comment, request.current_step) == (S.REJECTED, REASON, None)
    assert set(request.slots.values_list("state", flat=True)) == {SlotState.ENDED}
    with pytest.raises(WrongState):
        approve(office.director, request)


def test_finance_reviewer_can_reject():
    office = make_office()
    request = reject(office.finance, request_in(S.FINANCE_REVIEW, office))
    assert (request.status, request.rejection_comment) == (S.REJECTED, REASON)


def test_resubmission_starts_at_the_first_step_of_the_newest_workflow():
    office = make_office()
    request = approve(office.manager, submit(office))
    first = request.workflow_template
    request = reject(office.director, request)
    revised = templates.revise_workflow_template(
        actor=office.admin, template=first, steps=one_step({"role": "DIRECTOR"}), now=NOW
    )
    later = NOW + timedelta(days=2)
    request = requests.submit_request(actor=office.requester, request=request, now=later)
    assert (request.status, request.workflow_template, request.submitted_at) == (S.PENDING_APPROVAL, revised, later)
    assert (request.current_step.step_name, request.rejection_comment) == ("Approval", "")
    assert approve(office.director, request).status == S.COMPLETED
    assert list(request.approvals.values_list("round", "workflow_template")) == [(1, first.pk), (2, revised.pk)]
    assert list(request.decisions.values_list("action", flat=True)) == ["APPROVE", "REJECT", "APPROVE"]


def test_running_round_keeps_its_workflow_version():
    office = make_office()
    request = submit(office)
    templates.revise_workflow_template(
        actor=office.admin, template=request.workflow_template, steps=one_step({"role": "MANAGER"}), now=NOW
    )
    assert approve(office.manager, request).current_step.step_name == "Director Approval"


def test_audit_tells_who_did_what():
    office = make_office()
    request = request_in(S.COMPLETED, office)
    entries = AuditEntry.objects.filter(entity_type="purchase_request", entity_id=str(request.pk)).order_by("pk")
    assert [(entry.action, entry.user_id) for entry in entries] == [
        ("created", office.requester.pk),
        ("submitted", office.requester.pk),
        ("approved", office.manager.pk),
        ("approved", office.director.pk),
        ("completed", office.finance.pk),
    ]
    approved = entries[3]
    assert approved.old_values == {"status": "IN_REVIEW"}
    assert (approved.new_values["status"], approved.new_values["step"]) == ("FINANCE_REVIEW", "Director Approval")


def test_deciding_twice_at_the_same_step_leaves_one_decision():
    office = make_office(steps=one_step({"role": "MANAGER"}, {"role": "DIRECTOR"}))
    stale = submit(office)
    approvals.approve_request(actor=office.manager, request=stale, now=NOW)
    with pytest.raises(WrongState):
        approvals.approve_request(actor=office.manager, request=stale, now=NOW)
    assert Decision.objects.filter(request=stale).count() == 1


def test_deleted_request_is_not_found():
    office = make_office()
    request = make_draft(office)
    PurchaseRequest.objects.filter(pk=request.pk).delete()
    with pytest.raises(Exception, match="deleted"):
        submit(office, request)


def test_administrator_decides_in_the_place_of_a_named_person_who_left():
    office = make_office()
    make_workflow(office, steps=[{"step_name": "One", "approvers": [{"user": office.manager.uuid}]}])
    request = submit(office)
    with pytest.raises(Forbidden):
        approve(office.admin, request)
    office.manager.is_active = False
    office.manager.save()
    assert request in selectors.requests_awaiting(office.admin)
    [asked] = selectors.request_steps(request)[0].waiting_for
    assert asked.label == f"an administrator, for {office.manager.name}"
    assert request not in selectors.requests_awaiting(office.director)
    with pytest.raises(Forbidden):
        approve(office.director, request)
    stranger = make_office().admin
    assert request not in PurchaseRequest.objects.visible_to(stranger)
    assert approve(office.admin, request).status == S.COMPLETED
    assert request.decisions.get().approver == office.admin
