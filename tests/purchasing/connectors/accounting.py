"""JobCost and Timberline on loopback, as docs/integrations.md has them, and every way in which they can misbehave."""

import base64
import json
import socket
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

API_KEY = "key-that-nobody-may-see"
CLIENT = "bureau"
CLIENT_SECRET = "secret that/nobody:may see"

Trouble = Callable[["Exchange"], None]


class AccountingServer:
    """`troubles`: what the next calls of a path run into, one each, before the service works again; `always`: every
    call. `calls` are "METHOD path" in the order in which they came."""

    def __init__(self) -> None:
        self.projects: Any = []
        self.cost_codes: Any = []
        self.vendors: Any = []
        self.orders: list[dict[str, Any]] = []
        self.keys: dict[str, str] = {}
        self.keeps_keys = True
        self.tokens: set[str] = set()
        self.page_size = 200
        self.calls: list[str] = []
        self.times: list[float] = []
        self.headers: list[dict[str, str]] = []
        self.troubles: dict[str, list[Trouble]] = defaultdict(list)
        self.always: dict[str, Trouble] = {}
        self._lock = threading.Lock()
        outer = self

        class Handler(Exchange):
            server_of_test = outer

        self.http = QuietServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/api"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def count(self, call: str) -> int:
        return self.calls.count(call)

    def trouble_of(self, path: str) -> Trouble | None:
        with self._lock:
            return self.troubles[path].pop(0) if self.troubles[path] else self.always.get(path)

    def store(self, order: dict[str, Any], key: str) -> str:
        with self._lock:
            if self.keeps_keys and key in self.keys:
                return self.keys[key]
            reference = f"PO-{len(self.orders) + 1}"
            self.orders.append({**order, "id": reference})
            self.keys[key] = reference
            return reference


class QuietServer(ThreadingHTTPServer):
    def handle_error(self, *args: Any) -> None:
        """Callers that hang up are what these tests are about."""


class Exchange(BaseHTTPRequestHandler):
    server_of_test: AccountingServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        """Not on the test's output."""

    def do_GET(self) -> None:
        self.begin()
        query = parse_qs(urlsplit(self.path).query)
        if self.handled():
            return
        ours = self.server_of_test
        if self.place in ("/projects", "/cost-codes") and self.headers.get("X-API-Key") != API_KEY:
            self.answer(401, {"error": f"wrong key {self.headers.get('X-API-Key')}"})
        elif self.place in ("/vendors", "/purchase-orders") and not self.signed_in():
            self.answer(401, {"error": "token expired"})
        elif self.place == "/purchase-orders":
            wanted = query.get("external_id", [""])[0]
            found = [{"id": o["id"], "external_id": o["external_id"]} for o in ours.orders]
            self.answer(200, {"data": [row for row in found if row["external_id"] == wanted]})
        else:
            rows = {"/projects": ours.projects, "/cost-codes": ours.cost_codes, "/vendors": ours.vendors}.get(
                self.place
            )
            if rows is None:
                self.answer(404, {"error": "not here"})
            elif not isinstance(rows, list):
                self.answer(200, rows)
            else:
                page = int(query.get("page", ["1"])[0])
                start = (page - 1) * ours.page_size
                pages = -(-len(rows) // ours.page_size)
                self.answer(
                    200, {"data": rows[start : start + ours.page_size], "pagination": {"page": page, "pages": pages}}
                )

    def do_POST(self) -> None:
        self.begin()
        ours = self.server_of_test
        if self.place == "/oauth/token":
            if self.handled():
                return
            wanted = base64.b64encode(b"bureau:secret%20that%2Fnobody%3Amay%20see").decode()
            if self.headers.get("Authorization") != f"Basic {wanted}":
                self.answer(401, {"error": "invalid_client"})
                return
            token = f"token-{len(ours.calls)}"
            ours.tokens.add(token)
            self.answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600})
        elif not self.signed_in():
            self.answer(401, {"error": "token expired"})
        elif self.place == "/purchase-orders" and not self.handled():
            self.answer(201, {"id": self.stored()})

    def begin(self) -> None:
        self.place = urlsplit(self.path).path.removeprefix("/api")
        self.content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server_of_test.calls.append(f"{self.command} {self.place}")
        self.server_of_test.times.append(time.monotonic())
        self.server_of_test.headers.append(dict(self.headers))

    def handled(self) -> bool:
        trouble = self.server_of_test.trouble_of(self.place)
        if trouble is not None:
            trouble(self)
        return trouble is not None

    def signed_in(self) -> bool:
        return self.headers.get("Authorization", "").removeprefix("Bearer ") in self.server_of_test.tokens

    def stored(self) -> str:
        return self.server_of_test.store(json.loads(self.content), self.headers["Idempotency-Key"])

    def answer(self, status: int, body: Any, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Type", "application/json")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)


def status(code: int, **headers: str) -> Trouble:
    return lambda exchange: exchange.answer(code, {"error": f"{API_KEY} {CLIENT_SECRET}"}, **headers)


def silence(exchange: Exchange, seconds: float = 0.5) -> None:
    """Longer than anybody of these tests waits."""
    time.sleep(seconds)
    exchange.close_connection = True


def reset(exchange: Exchange) -> None:
    linger = struct.pack("ii", 1, 0)
    exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    exchange.connection.shutdown(socket.SHUT_RD)
    exchange.connection.close()
    exchange.close_connection = True


def body(data: bytes) -> Trouble:
    return lambda exchange: exchange.answer(200, data)


def truncated(exchange: Exchange) -> None:
    exchange.send_response(200)
    exchange.send_header("Content-Length", "1000")
    exchange.end_headers()
    exchange.wfile.write(b'{"data": [')
    exchange.close_connection = True


def endless(exchange: Exchange) -> None:
    """A body without an end, in chunks."""
    exchange.send_response(200)
    exchange.send_header("Transfer-Encoding", "chunked")
    exchange.end_headers()
    exchange.close_connection = True
    try:
        for _ in range(10_000):
            exchange.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
    except OSError:
        return


def dripping(exchange: Exchange) -> None:
    """A byte now and then: each comes in time, all of them never."""
    exchange.send_response(200)
    exchange.send_header("Content-Length", "1000")
    exchange.end_headers()
    exchange.close_connection = True
    try:
        for _ in range(100):
            exchange.wfile.write(b" ")
            time.sleep(0.02)
    except OSError:
        return


def redirect(to: str) -> Trouble:
    return lambda exchange: exchange.answer(302, {}, Location=to)


def packed(exchange: Exchange) -> None:
    exchange.answer(200, b"\x1f\x8b not asked for", Content_Encoding="gzip")


def lost_answer(trouble: Trouble = reset) -> Trouble:
    """The order is stored, and nobody hears of it."""

    def act(exchange: Exchange) -> None:
        exchange.stored()
        trouble(exchange)

    return act
