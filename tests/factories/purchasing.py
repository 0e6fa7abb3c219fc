"""An office that buys: a team with its people, a form and a workflow, and requests in every state, by the services."""

from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from bureau.accounts.models import Role, Team
from bureau.core.models import Organization, User
from bureau.purchasing.models import FormTemplate, PurchaseRequest, WorkflowTemplate
from bureau.purchasing.services import approvals, requests, templates
from bureau.purchasing.states import RequestStatus
from tests.core.samples import pdf_bytes
from tests.factories.accounts import give_role, make_organization, make_team, make_user

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
REASON = "The budget of this quarter is spent."
PDF = pdf_bytes()

MARKETING_FIELDS: list[templates.FieldInput] = [
    {"field_id": "budget_amount", "name": "Budget Amount", "field_type": "NUMBER", "required": True, "is_amount": True},
    {"field_id": "campaign", "name": "Campaign", "field_type": "TEXT"},
]
STANDARD_STEPS: list[templates.StepInput] = [
    {"step_name": "Manager Approval", "approvers": [{"role": "MANAGER"}]},
    {"step_name": "Director Approval", "approvers": [{"role": "DIRECTOR"}]},
    {"step_name": "Finance Review", "is_finance_review": True},
]


@dataclass
class Office:
    organization: Organization
    team: Team
    admin: User
    requester: User
    manager: User
    director: User
    finance: User


def make_office(
    *, steps: list[templates.StepInput] | None = None, fields: list[templates.FieldInput] | None = None
) -> Office:
    """Marketing with one holder of each role, a form (MARKETING_FIELDS) and a workflow (STANDARD_STEPS)."""
    organization = make_organization()
    team = make_team(organization)
    people = {name: make_user(organization) for name in ("requester", "manager", "director", "finance")}
    office = Office(organization, team, make_user(organization, role="admin"), **people)
    give_role(office.requester, team, Role.INITIATOR)
    give_role(office.manager, team, Role.MANAGER)
    give_role(office.director, team, Role.DIRECTOR)
    give_role(office.finance, team, Role.FINANCE_REVIEWER)
    make_form(office, fields=MARKETING_FIELDS if fields is None else fields)
    make_workflow(office, steps=STANDARD_STEPS if steps is None else steps)
    return office


def make_form(office: Office, **options: Any) -> FormTemplate:
    given = {"name": "Marketing Form", "fields": MARKETING_FIELDS, "now": NOW, **options}
    return templates.create_form_template(actor=office.admin, team=office.team, **given)


def make_workflow(office: Office, *, steps: list[templates.StepInput]) -> WorkflowTemplate:
    return templates.create_workflow_template(
        actor=office.admin, team=office.team, name="Standard Workflow", steps=steps, now=NOW
    )


def make_draft(office: Office, **options: Any) -> PurchaseRequest:
    given = {"subject": "Camera lenses", "field_values": {"budget_amount": "4200.00"}, "now": NOW, **options}
    return requests.create_request(
        actor=given.pop("actor", office.requester), team=given.pop("team", office.team), **given
    )


def submit(office: Office, request: PurchaseRequest | None = None) -> PurchaseRequest:
    return requests.submit_request(actor=office.requester, request=request or make_draft(office), now=NOW)


def approve(person: User, request: PurchaseRequest, comment: str = "") -> PurchaseRequest:
    return approvals.approve_request(actor=person, request=request, comment=comment, now=NOW)


def reject(person: User, request: PurchaseRequest, comment: str = REASON) -> PurchaseRequest:
    return approvals.reject_request(actor=person, request=request, comment=comment, now=NOW)


def complete(person: User, request: PurchaseRequest, comment: str = "") -> PurchaseRequest:
    return approvals.complete_request(actor=person, request=request, comment=comment, now=NOW)


def request_in(status: RequestStatus, office: Office, **options: Any) -> PurchaseRequest:
    """A request that went its way through Marketing's standard workflow up to `status`.

    FULLY_APPROVED is left in the same moment, so it is set by hand.
    """
    request = make_draft(office, **options)
    if status == RequestStatus.DRAFT:
        return request
    request = submit(office, request)
    match status:
        case RequestStatus.PENDING_APPROVAL:
            return request
        case RequestStatus.REJECTED | RequestStatus.RESUBMITTED:
            request = reject(office.manager, request)
            if status == RequestStatus.RESUBMITTED:
                request = requests.update_request(actor=office.requester, request=request, subject="Lenses", now=NOW)
            return request
    request = approve(office.manager, request)
    if status == RequestStatus.IN_REVIEW:
        return request
    if status == RequestStatus.FULLY_APPROVED:
        PurchaseRequest.objects.filter(pk=request.pk).update(status=status, current_step=None)
        return PurchaseRequest.objects.get(pk=request.pk)
    request = approve(office.director, request)
    return request if status == RequestStatus.FINANCE_REVIEW else complete(office.finance, request)


def pdf(content: bytes = PDF) -> BytesIO:
    return BytesIO(content)
