"""What every measured operation is made of, and the proof that both sides do the same."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.load import fetch
from benchmarks.servers import Servers
from bureau.accounts import tokens
from bureau.accounts.models import RefreshFamily
from bureau.accounts.tokens import Claims
from bureau.core import audit
from bureau.core.models import User
from bureau.purchasing.services import budgets

HOST = "localhost"
LIST_BOUND, DETAIL_BOUND, WRITE_BOUND = 3, 8, 6
"""How many times the bare handler's CPU an operation may take."""
FEW, MANY = 1, 25
VOLATILE = {
    "id", "uuid", "number", "request_id", "order_id", "entity_id", "approval_id", "decision_id", "key", "position",
    "previous_hash", "hash", "created_at", "updated_at", "submitted_at", "approved_at", "started_at", "ended_at",
    "run_after", "dispatched_at",
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
    beside: str = ""  # another operation, of whose CPU it may take twice


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

    def call(self, user: User, path: str, body: Any = None, *, method: str = "") -> bytes:
        return raw(path, f"Authorization: {self.header(user)}", body, method=method)

    def client(self, user: User) -> Client:
        return Client(HTTP_AUTHORIZATION=self.header(user), SERVER_NAME=HOST, raise_request_exception=False)


def raw(path: str, header: str, body: Any = None, *, method: str = "") -> bytes:
    """A request as it is sent: a GET, with a body a POST, where no method is given."""
    data = b"" if body is None else orjson.dumps(body)
    method = method or ("GET" if body is None else "POST")
    content = f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n" if data else ""
    return f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n{header}\r\n{content}\r\n".encode() + data


def session_header(user: User) -> str:
    client = Client(SERVER_NAME=HOST)
    client.force_login(user)
    return f"Cookie: {settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


# --- Both sides do the same


def ports(servers: Servers) -> tuple[int, int]:
    """The product's, and the bare handler's."""
    return servers.product_port, servers.bare_port


def check_reads(reads: list[tuple[User, str]], callers: Callers, servers: Servers) -> None:
    """Raises Different unless both sides answer alike."""
    for person, path in reads:
        same(path, *(answer(port, callers.call(person, path)) for port in ports(servers)))


def answer(port: int, request: bytes, status: int = 200) -> Any:
    got, body = fetch(port, request)
    if got != status:
        raise Different(f"{request[:120]!r} was answered by {got}: {body[:500]!r}")
    return orjson.loads(body)


def same(what: str, product: Any, bare: Any) -> None:
    """Raises Different unless they are equal; shows them from a little before the first difference."""
    if product != bare:
        texts = [orjson.dumps(side, option=orjson.OPT_SORT_KEYS).decode() for side in (product, bare)]
        first = next((place for place, pair in enumerate(zip(*texts, strict=False)) if len(set(pair)) > 1), 0)
        start = max(first - 200, 0)
        raise Different("\n".join([what, *(f"... {text[start : start + 600]}" for text in texts)]))


def left_behind(found: dict[str, QuerySet[Any]], names: dict[str, str]) -> str:
    """The rows that belong to a record, by kind, without what differs between two of them; `names` of the record
    are replaced wherever they stand."""
    kept = {kind: [_compared(row) for row in rows.values()] for kind, rows in found.items()}
    missing = [kind for kind, rows in kept.items() if not rows]
    if missing:
        raise Different(f"Nothing was found to compare of: {', '.join(missing)}.")
    for job in kept.get("jobs", []):
        job["payload"] = {**job["payload"], "approval": None, "order": None, "slot": None}
    text = orjson.dumps(kept, default=str, option=orjson.OPT_SORT_KEYS).decode()
    for name, placeholder in names.items():
        text = text.replace(name, placeholder)
    return text


def _compared(row: dict[str, Any]) -> dict[str, Any]:
    return {key: "*" if key in VOLATILE and value is not None else value for key, value in row.items()}


def vacuum() -> None:
    """What autovacuum would do, but when nothing is measured."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def check_books() -> None:
    """The audit chain holds and every kept sum is right, whoever wrote the entries."""
    broken = next(audit.breaks(), None)
    if broken:
        raise Different(f"The audit chain does not hold: {broken}")
    wrong = next(budgets.differences(), None)
    if wrong:
        raise Different(f"A sum is not what its entries add up to: {wrong}")


# --- How many queries


@dataclass(frozen=True)
class Queries:
    """How many an operation needed with few rows in play, and with many."""

    name: str
    few: int
    many: int


Act = Callable[[], Any]


def get(client: Client, path: str) -> Act:
    return lambda: client.get(path)


def post(client: Client, path: str, body: Any) -> Act:
    return lambda: client.post(path, orjson.dumps(body), content_type="application/json")


def patch(client: Client, path: str, body: Any) -> Act:
    return lambda: client.patch(path, orjson.dumps(body), content_type="application/json")


def counted(name: str, few: Act, many: Act) -> Queries:
    return Queries(name, _queries(few), _queries(many))


def _queries(act: Act) -> int:
    with CaptureQueriesContext(connection) as captured:
        response = act()
    if response.status_code >= 300:
        raise Different(f"{response.status_code}: {response.content[:500]!r}")
    return len(captured)
