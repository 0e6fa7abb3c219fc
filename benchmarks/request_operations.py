"""The measured operations on purchase requests."""

import random
from itertools import cycle
from typing import Any
from uuid import UUID

from django.db.models import Count
from django.test import Client
from django.utils import timezone

from benchmarks.office import COST_CENTERS, REASON, Office, make_team
from benchmarks.operations import (
    DETAIL_BOUND,
    FEW,
    HOST,
    LIST_BOUND,
    MANY,
    WRITE_BOUND,
    Act,
    Callers,
    Different,
    Operation,
    Queries,
    answer,
    check_reads,
    counted,
    left_behind,
    ports,
    post,
    raw,
    same,
    session_header,
)
from benchmarks.servers import Servers
from bureau.core.models import AuditEntry, Job, User
from bureau.purchasing.models import Approval, ApprovalSlot, Decision, FieldValue, PurchaseRequest
from bureau.purchasing.services import requests
from bureau.purchasing.states import RequestStatus

BASE = "/api/prs/requests/"


def operations(office: Office, callers: Callers) -> list[Operation]:
    """What is measured. The first team's inbox stays as it is; the approvals are taken from the others."""
    dice = random.Random(11)
    reader = office.teams[0].managers[0]
    ids = list(PurchaseRequest.objects.order_by("?").values_list("uuid", flat=True)[:2000])
    pool = [
        callers.call(dice.choice(here.managers), f"{BASE}{request.uuid}/approve/", {"comment": "Within the budget."})
        for here in office.teams[1:]
        for request in here.pending
    ]
    dice.shuffle(pool)
    drafts = [
        callers.call(person, BASE, draft(here.team.uuid, dice.randint(1000, 900_000)))
        for here in office.teams
        for person in here.requesters
    ]
    pages = [callers.call(office.admin, f"{BASE}?page={page}") for page in range(1, 11)]
    return [
        Operation("HTML inbox", cycle([raw("/", session_header(reader))]), bare=False),
        Operation("request list", cycle(pages), bound=LIST_BOUND),
        Operation("request inbox", cycle([callers.call(reader, f"{BASE}inbox/")]), bound=LIST_BOUND),
        Operation(
            "request detail", cycle([callers.call(office.admin, f"{BASE}{id}/") for id in ids]), bound=DETAIL_BOUND
        ),
        Operation("request create", cycle(drafts), status=201, bound=WRITE_BOUND),
        Operation("request approve", iter(pool), bound=WRITE_BOUND, once=True),
    ]


def draft(team: UUID, cents: int) -> dict[str, Any]:
    return {
        "team": str(team),
        "subject": "Two camera lenses",
        "description": REASON,
        "vendor_name": "Nordwind Supply",
        "vendor_account": "DE12500105170648489890",
        "purchase_type": "GOODS",
        "field_values": {
            "budget_amount": f"{cents / 100:.2f}",
            "cost_center": COST_CENTERS[0],
            "needed_by": "2027-03-31",
            "urgent": False,
            "reason": REASON,
        },
    }


def check_sameness(office: Office, callers: Callers, servers: Servers) -> None:
    """Raises Different unless both sides answer the same reads alike, and leave the same rows after the same writes."""
    reader = office.teams[0].managers[0]
    last = -(-PurchaseRequest.objects.filter(organization=office.organization).count() // 25)
    reads = [(office.admin, f"{BASE}?page={page}") for page in (1, 2, last)]
    reads += [(reader, f"{BASE}inbox/"), (reader, f"{BASE}inbox/?page=2")]
    sample = PurchaseRequest.objects.order_by("?").values_list("uuid", flat=True)[:100]
    reads += [(office.admin, f"{BASE}{id}/") for id in sample]
    check_reads(reads, callers, servers)

    here = office.teams[0]
    answers, rows = [], []
    for port in ports(servers):
        body = draft(here.team.uuid, 123_450)
        made = answer(port, callers.call(here.requesters[0], BASE, body), 201)
        request = PurchaseRequest.objects.get(uuid=made["id"])
        if made != answer(servers.product_port, callers.call(here.requesters[0], f"{BASE}{request.uuid}/")):
            raise Different(f"The answer to the create is not the detail: {made}")
        requests.submit_request(actor=here.requesters[0], request=request, now=timezone.now())
        approve = callers.call(here.managers[0], f"{BASE}{request.uuid}/approve/", {"comment": "Fine."})
        answers.append({**answer(port, approve), "id": None})
        rows.append(_left_behind(request))
    same("approve", *answers)
    same("rows", *rows)


def _left_behind(request: PurchaseRequest) -> str:
    approval = Approval.objects.get(request=request)
    found = {
        "request": PurchaseRequest.objects.filter(pk=request.pk),
        "values": FieldValue.objects.filter(request=request).order_by("field"),
        "approval": Approval.objects.filter(request=request),
        "slots": ApprovalSlot.objects.filter(request=request).order_by("pk"),
        "decisions": Decision.objects.filter(request=request),
        "jobs": Job.objects.filter(payload__approval=approval.pk).order_by("created_at"),
        "audit": AuditEntry.objects.filter(entity_type="purchase_request", entity_id=str(request.pk)).order_by("pk"),
    }
    return left_behind(found, {str(request.uuid): "<uuid>", request.number: "<number>"})


def count_queries(office: Office, callers: Callers) -> list[Queries]:
    now = timezone.now()
    desk = make_team(office, "Reception", requesters=1, managers=1, directors=5, now=now)
    requester = desk.requesters[0]
    lean = requests.create_request(actor=requester, team=desk.team, subject="Pens", now=now)
    waiting = [
        requests.create_request(
            actor=requester, team=desk.team, subject="Pens", field_values={"budget_amount": "9"}, now=now
        )
        for _ in range(2)
    ]
    for request in waiting:
        requests.submit_request(actor=requester, request=request, now=now)
    big_team = office.teams[0]
    full = (
        PurchaseRequest.objects.filter(status=RequestStatus.COMPLETED)
        .annotate(files=Count("attachments", distinct=True), lines=Count("items", distinct=True))
        .order_by("-files", "-lines")[0]
    )
    pages, reader = Client(SERVER_NAME=HOST), Client(SERVER_NAME=HOST)
    pages.force_login(desk.managers[0])
    reader.force_login(big_team.managers[0])
    admin, manager = callers.client(office.admin), callers.client(big_team.managers[0])
    small, large = draft(desk.team.uuid, 900), draft(desk.team.uuid, 900)
    small["field_values"] = {"budget_amount": "9"}
    for body, lines in ((small, FEW), (large, MANY)):
        body["items"] = [{"description": f"Pen {n}", "quantity": "1", "unit_price": "2.00"} for n in range(lines)]

    def approve(request: PurchaseRequest, person: User) -> Act:
        return post(callers.client(person), f"{BASE}{request.uuid}/approve/", {"comment": ""})

    create = callers.client(requester)
    approve(waiting[1], desk.managers[0])()  # so that one waits; and what is loaded once is loaded
    cases = [
        ("HTML inbox", lambda: pages.get("/"), lambda: reader.get("/")),
        ("request list", *(lambda size=size: admin.get(f"{BASE}?page_size={size}") for size in (FEW, MANY))),
        ("request inbox", *(lambda size=size: manager.get(f"{BASE}inbox/?page_size={size}") for size in (FEW, MANY))),
        ("request detail", *(lambda id=id: admin.get(f"{BASE}{id}/") for id in (lean.uuid, full.uuid))),
        ("request create", post(create, BASE, small), post(create, BASE, large)),
        (
            "request approve",
            approve(big_team.pending[0], big_team.managers[0]),
            approve(waiting[0], desk.managers[0]),
        ),
    ]
    return [counted(*case) for case in cases]
