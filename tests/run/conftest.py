"""A front with a small application of the test's own behind it, on a free port."""

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager

import pytest
from django.conf import settings

from config.front import Front
from config.server import SharedServer


class Site:
    """A running front. The test sets `answer(environ) -> (status, headers, iterable)`; `environs` are the requests."""

    def __init__(self, **options):
        self.environs = []
        self.bodies = []
        self.answer = lambda environ: ("200 OK", [("Content-Type", "text/plain")], [b"hello"])
        self.front = Front(self._wsgi, **options)
        self._server = SharedServer(self.front)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        run = self._server.serve(sockets=[self._listener])
        self._thread = threading.Thread(target=lambda: asyncio.run(run), daemon=True)
        self._thread.start()

    def _wsgi(self, environ, start_response):
        self.environs.append(environ)
        self.bodies.append(environ["wsgi.input"].read())
        status, headers, body = self.answer(environ)
        start_response(status, headers)
        return body

    def stop(self):
        self._server.should_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive()

    def request(self, method="GET", path="/", body=None, headers=None, **options):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, body=body, headers=headers or {}, **options)
        response = connection.getresponse()
        response.content = response.read()
        connection.close()
        return response

    @contextmanager
    def raw(self, text=b""):
        """A bare connection on which `text` was sent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(text)
            yield connection


def eventually(condition: Callable[[], object], seconds: float = 5.0) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it did not come to pass"
        time.sleep(0.01)


@pytest.fixture
def make_site():
    sites = []

    def error_body(path, status, code, message, request_id):
        return json.dumps({"path": path, "status": status, "code": code, "id": request_id}).encode(), "application/json"

    def make(**options):
        defaults = {"error_body": error_body, "redis_url": settings.CACHE_URL, "max_body_bytes": 5_000_000}
        sites.append(Site(**(defaults | options)))
        return sites[-1]

    yield make
    for site in sites:
        site.stop()


@pytest.fixture
def site(make_site):
    return make_site()
