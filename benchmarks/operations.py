"""The measured operations, and the proof that both sides do the same: equal answers, equal rows left behind."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.load import fetch
from benchmarks.office import COST_CENTERS, REASON, Office, make_team
from benchmarks.servers import Servers
from bureau.accounts import tokens
from bureau.accounts.models import RefreshFamily
from bureau.accounts.tokens import Claims
from bureau.core import audit
from bureau.core.models import AuditEntry, Job, User
from bureau.purchasing.models import Approval, ApprovalSlot, Decision, FieldValue, PurchaseRequest
from bureau.purchasing.services import requests
from bureau.purchasing.states import RequestStatus

BASE = "/api/prs/requests/"
HOST = "localhost"
LIST_BOUND, DETAIL_BOUND, WRITE_BOUND = 3, 8, 6
"""How many times the bare handler's CPU an operation may take."""
FEW, MANY = 1, 25
VOLATILE = {
    "id", "uuid", "number", "request_id", "entity_id", "approval_id", "decision_id", "key", "position", "previous_hash",
    "hash", "created_at", "updated_at", "submitted_at", "started_at", "run_after", "dispatched_at",
}  # fmt: skip


class Different(Exception):
    """The product and the bare handler do not do the same: there is nothing to compare."""


@dataclass(frozen=True)
class Operation:
    name: str
    requests: Iterator[bytes]
    status: int = 200
    bound: int | None = None
    bare: bool = True
    once: bool = False  # each request can be sent only once


class Callers:
    """A signed-in person's header, made once."""

    def __init__(self) -> None:
        self._headers: dict[int, str] = {}

    def header(self, user: User) -> str:
        if user.pk not in self._headers:
            now = timezone.now()
            family = RefreshFamily.objects.create(
                user=user, created_at=now, expires_at=now + tokens.lifetime("refresh")
            )
            self._headers[user.pk] = f"Bearer {tokens.write('access', Claims(user.pk, family.pk, 1), now=now)}"
        return self._headers[user.pk]

    def call(self, user: User, path: str, body: Any = None) -> bytes:
        return raw(path, f"Authorization: {self.header(user)}", body)

    def client(self, user: User) -> Client:
        return Client(HTTP_AUTHORIZATION=self.header(user), SERVER_NAME=HOST, raise_request_exception=False)


def raw(path: str, header: str, body: Any = None) -> bytes:
    data = b"" if body is None else orjson.dumps(body)
    method = "GET" if body is None else "POST"
    content = f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n" if data else ""
    return f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n{header}\r\n{content}\r\n".encode() + data


def session_header(user: User) -> str:
    client = Client(SERVER_NAME=HOST)
    client.force_login(user)
    return f"Cookie: {settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


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
        Operation("API list", cycle(pages), bound=LIST_BOUND),
        Operation("API inbox", cycle([callers.call(reader, f"{BASE}inbox/")]), bound=LIST_BOUND),
        Operation("API detail", cycle([callers.call(office.admin, f"{BASE}{id}/") for id in ids]), bound=DETAIL_BOUND),
        Operation("API create", cycle(drafts), status=201, bound=WRITE_BOUND),
        Operation("API approve", iter(pool), bound=WRITE_BOUND, once=True),
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


# --- Both sides do the same


def check_sameness(office: Office, callers: Callers, servers: Servers) -> None:
    """Raises Different unless both sides answer the same reads alike, and leave the same rows after the same writes."""
    reader = office.teams[0].managers[0]
    last = -(-PurchaseRequest.objects.filter(organization=office.organization).count() // 25)
    paths = [(office.admin, f"{BASE}?page={page}") for page in (1, 2, last)]
    paths += [(reader, f"{BASE}inbox/"), (reader, f"{BASE}inbox/?page=2")]
    sample = PurchaseRequest.objects.order_by("?").values_list("uuid", flat=True)[:100]
    paths += [(office.admin, f"{BASE}{id}/") for id in sample]
    for person, path in paths:
        _same(path, *(_json(port, callers.call(person, path)) for port in (servers.product_port, servers.bare_port)))

    here = office.teams[0]
    answers, rows = [], []
    for port in (servers.product_port, servers.bare_port):
        body = draft(here.team.uuid, 123_450)
        answer = _json(port, callers.call(here.requesters[0], BASE, body), 201)
        request = PurchaseRequest.objects.get(uuid=answer["id"])
        if answer != _json(servers.product_port, callers.call(here.requesters[0], f"{BASE}{request.uuid}/")):
            raise Different(f"The answer to the create is not the detail: {answer}")
        requests.submit_request(actor=here.requesters[0], request=request, now=timezone.now())
        approve = callers.call(here.managers[0], f"{BASE}{request.uuid}/approve/", {"comment": "Fine."})
        answers.append({**_json(port, approve), "id": None})
        rows.append(_left_behind(request))
    _same("approve", *answers)
    _same("rows", *rows)


def vacuum() -> None:
    """What autovacuum would do, but when nothing is measured."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def check_audit() -> None:
    """The chain holds whoever wrote the entry."""
    broken = next(audit.breaks(), None)
    if broken:
        raise Different(f"The audit chain does not hold: {broken}")


def _json(port: int, request: bytes, status: int = 200) -> Any:
    got, body = fetch(port, request)
    if got != status:
        raise Different(f"{request[:120]!r} was answered by {got}: {body[:500]!r}")
    return orjson.loads(body)


def _same(what: str, product: Any, bare: Any) -> None:
    if product != bare:
        raise Different(f"{what}\nproduct: {orjson.dumps(product).decode()}\nbare:    {orjson.dumps(bare).decode()}")


def _left_behind(request: PurchaseRequest) -> str:
    """Every row that belongs to a request, without what differs between two of them."""
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
    kept = {
        name: [{key: value for key, value in row.items() if key not in VOLATILE} for row in rows.values()]
        for name, rows in found.items()
    }
    missing = [name for name, rows in kept.items() if not rows]
    if missing:
        raise Different(f"Nothing was found to compare of: {', '.join(missing)}.")
    for job in kept["jobs"]:
        job["payload"] = {**job["payload"], "approval": None}
    text = orjson.dumps(kept, default=str, option=orjson.OPT_SORT_KEYS).decode()
    return text.replace(str(request.uuid), "<uuid>").replace(found["request"][0].number, "<number>")


# --- How many queries


@dataclass(frozen=True)
class Queries:
    """How many an operation needed with few rows in play, and with many."""

    name: str
    few: int
    many: int


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

    def post(client: Client, path: str, body: Any) -> Callable[[], Any]:
        return lambda: client.post(path, orjson.dumps(body), content_type="application/json")

    def approve(request: PurchaseRequest, person: User) -> Callable[[], Any]:
        return post(callers.client(person), f"{BASE}{request.uuid}/approve/", {"comment": ""})

    create = callers.client(requester)
    approve(waiting[1], desk.managers[0])()  # so that one waits; and what is loaded once is loaded
    cases = [
        ("HTML inbox", lambda: pages.get("/"), lambda: reader.get("/")),
        ("API list", *(lambda size=size: admin.get(f"{BASE}?page_size={size}") for size in (FEW, MANY))),
        ("API inbox", *(lambda size=size: manager.get(f"{BASE}inbox/?page_size={size}") for size in (FEW, MANY))),
        ("API detail", *(lambda id=id: admin.get(f"{BASE}{id}/") for id in (lean.uuid, full.uuid))),
        ("API create", post(create, BASE, small), post(create, BASE, large)),
        (
            "API approve",
            approve(big_team.pending[0], big_team.managers[0]),
            approve(waiting[0], desk.managers[0]),
        ),
    ]
    return [Queries(name, _queries(few), _queries(many)) for name, few, many in cases]


def _queries(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        response = act()
    if response.status_code >= 300:
        raise Different(f"{response.status_code}: {response.content[:500]!r}")
    return len(captured)
