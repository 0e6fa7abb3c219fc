"""The office that is measured: people, teams, forms and workflows by the services, thousands of requests in bulk.

Its building sites and their orders: sites.py, orders.py; its customers, their cases and what they are
billed: customers.py, cases.py, invoices.py.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.test.utils import override_settings
from sequences.models import Sequence

from benchmarks.cases import Casework, make_cases
from benchmarks.customers import make_customers
from benchmarks.invoices import make_invoices
from benchmarks.orders import DAYS, make_orders
from benchmarks.sites import Sites, make_sites
from bureau.accounts.models import Role, Team
from bureau.accounts.permissions import SYSTEM
from bureau.accounts.services.organizations import create_organization
from bureau.accounts.services.teams import add_member, create_team
from bureau.accounts.services.users import create_user
from bureau.core import audit
from bureau.core.models import AuditEntry, AuditHead, Organization, ScanState, StoredFile, User
from bureau.purchasing.models import (
    Approval,
    ApprovalSlot,
    Attachment,
    Decision,
    DecisionAction,
    FieldValue,
    FormField,
    FormTemplate,
    PurchaseRequest,
    PurchaseType,
    RequestItem,
    SlotState,
    WorkflowStep,
    WorkflowTemplate,
)
from bureau.purchasing.services import templates
from bureau.purchasing.states import RequestStatus

TEAMS = "Marketing", "Engineering", "Operations", "Sales", "Support", "Facilities", "Research", "Legal"
REQUESTERS, MANAGERS = 5, 2  # of each team; one director
COST_CENTERS = ["1000 Head office", "2000 Plant", "3000 Field"]
FIELDS: list[templates.FieldInput] = [
    {"field_id": "budget_amount", "name": "Budget", "field_type": "NUMBER", "required": True, "is_amount": True},
    {"field_id": "cost_center", "name": "Cost center", "field_type": "SELECT", "options": COST_CENTERS},
    {"field_id": "needed_by", "name": "Needed by", "field_type": "DATE"},
    {"field_id": "urgent", "name": "Urgent", "field_type": "BOOLEAN"},
    {"field_id": "reason", "name": "Reason", "field_type": "LONG_TEXT"},
]
STEPS: list[templates.StepInput] = [
    {"step_name": "Manager Approval", "approvers": [{"role": Role.MANAGER}]},
    {"step_name": "Director Approval", "approvers": [{"role": Role.DIRECTOR}]},
    {"step_name": "Finance Review", "is_finance_review": True},
]
S = RequestStatus
SHARES = {
    S.DRAFT: 8,
    S.PENDING_APPROVAL: 34,
    S.IN_REVIEW: 10,
    S.FINANCE_REVIEW: 7,
    S.COMPLETED: 33,
    S.REJECTED: 6,
    S.RESUBMITTED: 2,
}
"""Percent of the requests. No request rests in FULLY_APPROVED: it is left in the same moment."""
DECIDED = {S.IN_REVIEW: 1, S.FINANCE_REVIEW: 2, S.COMPLETED: 3, S.REJECTED: 1, S.RESUBMITTED: 1}
"""The steps with a decision, of those states that have any."""
THINGS = "laptops", "camera lenses", "desk chairs", "safety shoes", "licences", "trade fair stand", "cables", "paint"
VENDORS = "Nordwind Supply", "Hill & Sons", "Atlas Trading", "Blue Harbour", "Kontor Plus", "Meridian Tools"
REASON = "The old ones are worn out and the repair would cost more than buying new ones at the agreed price."
REFUSAL = "The budget of this quarter is spent."


@dataclass
class TeamOffice:
    team: Team
    requesters: list[User]
    managers: list[User]
    directors: list[User]
    form: FormTemplate
    fields: list[FormField]
    workflow: WorkflowTemplate
    steps: list[WorkflowStep]
    pending: list[PurchaseRequest] = field(default_factory=list)  # wait for a manager


@dataclass
class Office:
    organization: Organization
    admin: User
    finance: User
    sites: Sites
    casework: Casework
    teams: list[TeamOffice]


def make_office(*, requests: int, orders: int, customers: int, cases: int, invoices: int, now: datetime) -> Office:
    """An office with this many requests of the last year, and orders, customers, cases and invoices (with quotes) of
    the last 18 months, in every state; the statistics of its tables are fresh."""
    # Nobody signs in with a password here, and a real hash takes a quarter of a second.
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]), transaction.atomic():
        organization = create_organization(name="Harbour Works", currency="EUR", country="DE", now=now)
        admin = _person(organization, "admin", now=now, role="admin")
        finance = _person(organization, "finance", now=now)
        sites = make_sites(organization, admin, began=now - timedelta(days=DAYS), now=now)
        clientele = make_customers(organization, admin, customers, now=now)
        office = Office(organization, admin, finance, sites, make_cases(clientele, cases, now=now), [])
        for name in TEAMS:
            office.teams.append(make_team(office, name, requesters=REQUESTERS, managers=MANAGERS, directors=1, now=now))
        _fill(office, requests, now=now)
        make_orders(sites, orders, now=now)
        make_invoices(clientele, invoices, now=now)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    return office


def make_team(
    office: Office, name: str, *, requesters: int, managers: int, directors: int, now: datetime
) -> TeamOffice:
    """A team with its people, a form (FIELDS) and a workflow (STEPS), by the services."""
    team = create_team(actor=SYSTEM, organization=office.organization, name=name, now=now)
    roles = {role.code: role for role in Role.objects.filter(organization=office.organization)}

    def people(word: str, count: int, code: str) -> list[User]:
        made = [_person(office.organization, f"{word}{n}.{name.lower()}", now=now) for n in range(1, count + 1)]
        for person in made:
            add_member(actor=SYSTEM, team=team, user=person, role=roles[code], now=now)
        return made

    add_member(actor=SYSTEM, team=team, user=office.finance, role=roles[Role.FINANCE_REVIEWER], now=now)
    hired = (
        people("requester", requesters, Role.INITIATOR),
        people("manager", managers, Role.MANAGER),
        people("director", directors, Role.DIRECTOR),
    )
    form = templates.create_form_template(
        actor=office.admin,
        team=team,
        name=f"{name} form",
        fields=FIELDS,
        attachment_categories=[{"name": "Quote"}],
        now=now,
    )
    workflow = templates.create_workflow_template(
        actor=office.admin, team=team, name="Standard workflow", steps=STEPS, now=now
    )
    return TeamOffice(team, *hired, form, list(form.fields.all()), workflow, list(workflow.steps.all()))


def _person(organization: Organization, username: str, *, now: datetime, **options: Any) -> User:
    first, _, last = username.partition(".")
    return create_user(
        actor=SYSTEM, organization=organization, username=username, email=f"{username}@example.com",
        first_name=first.title(), last_name=last.title(), password="Mauve-Anvil-88", now=now, **options,
    )  # fmt: skip


def _fill(office: Office, count: int, *, now: datetime) -> None:
    """Writes what the services would have left behind, a table at a time."""
    dice = random.Random(7)
    roles = {role.code: role for role in Role.objects.filter(organization=office.organization)}
    statuses = dice.choices(list(SHARES), SHARES.values(), k=count)
    moments = sorted(now - timedelta(seconds=dice.randint(60, 365 * 86_400)) for _ in range(count))
    requests, items, values, files, attachments, approvals, decisions, slots, entries = ([] for _ in range(9))
    numbers: dict[int, int] = {}
    for status, created in zip(statuses, moments, strict=True):
        here = dice.choice(office.teams)
        numbers[created.year] = numbers.get(created.year, 0) + 1
        thing = dice.choice(THINGS)
        submitted = None if status == S.DRAFT else _between(dice, created, now)
        request = PurchaseRequest(
            organization=office.organization,
            number=f"REQ-{created.year}-{numbers[created.year]:05}",
            requestor=dice.choice(here.requesters),
            team=here.team,
            form_template=here.form,
            workflow_template=here.workflow if submitted else None,
            status=status,
            subject=f"{dice.randint(2, 40)} {thing} for {here.team.name}",
            description=REASON * dice.randint(0, 3),
            vendor_name=dice.choice(VENDORS),
            vendor_account=f"DE{dice.randint(10**19, 10**20 - 1)}",
            purchase_type=dice.choice(PurchaseType.values),
            submitted_at=submitted,
            created_at=created,
            updated_at=submitted or created,
        )
        requests.append(request)
        budget = Decimal(dice.randint(1_000, 2_000_000)) / 100
        values += _values(dice, here.fields, request, budget)
        lines = _lines(dice, request, thing) if dice.random() < 0.6 else []
        items += lines
        request.amount = sum((line.total for line in lines), Decimal(0)) or budget
        for number in range(dice.choice((0, 0, 0, 1, 1, 2))):
            stored = _file(dice, request, number)
            files.append(stored)
            attachments.append(Attachment(request=request, file=stored, category="Quote", created_at=created))
        entries.append((request, "created", request.requestor, created, {"number": request.number, "status": "DRAFT"}))
        if submitted is None:
            continue
        if status == S.PENDING_APPROVAL:
            here.pending.append(request)
        approval = Approval(request=request, workflow_template=here.workflow, started_at=submitted)
        approvals.append(approval)
        entries.append((request, "submitted", request.requestor, submitted, {"status": "PENDING_APPROVAL"}))
        at = submitted
        for step, code, people in zip(
            here.steps,
            (Role.MANAGER, Role.DIRECTOR, Role.FINANCE_REVIEWER),
            (here.managers, here.directors, [office.finance]),
            strict=True,
        ):
            slot = ApprovalSlot(
                approval=approval, request=request, step=step, team=here.team, role=roles[code], created_at=at
            )
            slots.append(slot)
            if step.step_order > DECIDED.get(status, 0):
                request.current_step = step
                break
            at = _between(dice, at, now)
            decision = Decision(
                approval=approval,
                request=request,
                step=step,
                approver=dice.choice(people),
                action=DecisionAction.COMPLETE if step.is_finance_review else DecisionAction.APPROVE,
                created_at=at,
            )
            decisions.append(decision)
            slot.state, slot.decision = SlotState.APPROVED, decision
            entries.append((request, "approved", decision.approver, at, {"status": status, "step": step.step_name}))
            request.updated_at = at
            if status in (S.REJECTED, S.RESUBMITTED):
                slot.state, decision.action, decision.comment = SlotState.ENDED, DecisionAction.REJECT, REFUSAL
                request.rejection_comment = REFUSAL
                approval.ended_at = at
                break
        if status == S.COMPLETED:
            request.completed_at = approval.ended_at = at
    for model, rows in (
        (PurchaseRequest, requests),
        (RequestItem, items),
        (FieldValue, values),
        (StoredFile, files),
        (Attachment, attachments),
        (Approval, approvals),
        (Decision, decisions),
        (ApprovalSlot, slots),
    ):
        model.objects.bulk_create(rows, batch_size=2000)
    chained = _chained(office.organization, entries)
    AuditEntry.objects.bulk_create(chained, batch_size=2000)
    AuditHead.objects.filter(pk=office.organization.pk).update(position=chained[-1].position, hash=chained[-1].hash)
    Sequence.objects.bulk_create(
        Sequence(name=f"{office.organization.pk}:request:{year}", last=last) for year, last in numbers.items()
    )


def _between(dice: random.Random, start: datetime, end: datetime) -> datetime:
    """Within the five days after `start`, but before `end`."""
    return start + (min(end, start + timedelta(days=5)) - start) * dice.uniform(0.01, 0.9)


def _values(
    dice: random.Random, fields: list[FormField], request: PurchaseRequest, budget: Decimal
) -> Iterator[FieldValue]:
    amount, center, day, urgent, reason = fields
    yield FieldValue(request=request, field=amount, value_number=budget)
    yield FieldValue(request=request, field=center, value_text=dice.choice(COST_CENTERS))
    if dice.random() < 0.7:
        yield FieldValue(request=request, field=day, value_date=date(2027, dice.randint(1, 12), dice.randint(1, 28)))
    if dice.random() < 0.5:
        yield FieldValue(request=request, field=urgent, value_boolean=dice.random() < 0.2)
    if dice.random() < 0.6:
        yield FieldValue(request=request, field=reason, value_text=REASON)


def _lines(dice: random.Random, request: PurchaseRequest, thing: str) -> list[RequestItem]:
    lines = []
    for position in range(1, dice.choice((1, 1, 2, 3, 5)) + 1):
        quantity, price = Decimal(dice.randint(1, 40)), Decimal(dice.randint(100, 90_000)) / 100
        lines.append(
            RequestItem(
                request=request,
                position=position,
                description=f"{thing}, model {dice.randint(100, 999)}",
                quantity=quantity,
                unit_price=price,
                total=quantity * price,
            )
        )
    return lines


def _file(dice: random.Random, request: PurchaseRequest, number: int) -> StoredFile:
    digest = f"{dice.getrandbits(256):064x}"
    return StoredFile(
        organization=request.organization,
        uploader=request.requestor,
        filename=f"quote-{number + 1}.pdf",
        content_type="application/pdf",
        size=dice.randint(20_000, 900_000),
        sha256=digest,
        path=f"{request.organization.pk}/{digest[:2]}/{digest}",
        scan_state=ScanState.CLEAN,
        created_at=request.created_at,
    )


def _chained(organization: Organization, entries: list[tuple[Any, ...]]) -> list[AuditEntry]:
    head = AuditHead.objects.get(pk=organization.pk)
    position, previous = head.position, head.hash
    made = []
    for request, action, person, moment, new in sorted(entries, key=lambda entry: entry[3]):
        position += 1
        entry = AuditEntry(
            chain=organization.pk,
            position=position,
            organization=organization,
            user=person,
            entity_type="purchase_request",
            entity_id=str(request.pk),
            action=action,
            new_values=new,
            ip_address="10.0.0.7",
            request_id="req_seeded",
            created_at=moment,
            previous_hash=previous,
        )
        previous = entry.hash = audit.link(entry)
        made.append(entry)
    return made
