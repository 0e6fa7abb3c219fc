"""Streams that a view hands over to the front."""

import re
import socket
import time

import pytest
import redis
from django.conf import settings

from config import front, wakeups
from config.embedded import start_valkey
from tests.run.conftest import eventually

CHANNEL = "job:1"


class Events:
    """An application with a list of events; each answer holds those after Last-Event-ID, and ends with `done`."""

    def __init__(self, site, *events):
        self.site = site
        self.events = list(events)
        site.answer = self.answer

    def answer(self, environ):
        last = int(environ.get("HTTP_LAST_EVENT_ID") or 0)
        new = [f"id: {number}\ndata: {text}\n\n" for number, text in enumerate(self.events, 1) if number > last]
        headers = [("Content-Type", "text/event-stream"), ("X-Request-ID", "r1")]
        if "done" not in self.events:
            headers.append(("X-Bureau-Stream", CHANNEL))
        return "200 OK", headers, ["".join(new).encode()]

    def add(self, text, *, announce=True):
        self.events.append(text)
        if announce:
            with redis.Redis.from_url(settings.CACHE_URL) as client:
                client.publish(CHANNEL, "")


class Listening:
    """A client of a stream; `head` and what it has seen so far."""

    def __init__(self, site, headers=""):
        self.connection = socket.create_connection(("127.0.0.1", site.port), timeout=10)
        self.connection.sendall(f"GET /stream HTTP/1.1\r\nHost: a\r\n{headers}\r\n".encode())
        self.seen = b""
        while b"\r\n\r\n" not in self.seen:
            self._read()
        self.head, _, self.seen = self.seen.partition(b"\r\n\r\n")

    def _read(self):
        more = self.connection.recv(4096)
        assert more, f"the stream ended: {self.seen!r}"
        self.seen += more

    def until(self, text):
        while text not in self.seen:
            self._read()
        return self.seen

    def data(self):
        return re.findall(rb"data: (\w+)", self.seen)


@pytest.fixture
def listen():
    open_ones = []

    def start(*arguments):
        open_ones.append(Listening(*arguments))
        return open_ones[-1]

    yield start
    for each in open_ones:
        each.connection.close()


def test_stream_sends_each_event_once_and_ends_with_the_last(site, listen):
    events = Events(site, "one")
    listener = listen(site)
    listener.until(b"data: one")
    for text in ("two", "three"):
        events.add(text)
        listener.until(text.encode())
    events.add("done")
    listener.until(b"0\r\n\r\n")
    assert listener.data() == [b"one", b"two", b"three", b"done"]


def test_stream_has_the_headers_of_one(site, listen):
    Events(site, "one")
    head = listen(site).head.lower()
    assert b"content-type: text/event-stream" in head
    assert b"cache-control: no-cache" in head
    assert b"x-accel-buffering: no" in head
    assert b"x-request-id: r1" in head
    assert b"x-bureau-stream" not in head
    assert b"content-length" not in head


def test_long_first_answer_of_a_stream_is_sent_whole(site, listen):
    parts = [b"data: " + b"x" * front.CHUNK_BYTES, b"\n\n", b"data: end\n\n"]
    site.answer = lambda environ: (
        ("200 OK", [], []) if "bureau.stream" in environ else ("200 OK", [("X-Bureau-Stream", CHANNEL)], parts)
    )
    listen(site).until(b"data: end")


def test_stream_resumes_after_the_event_that_the_client_names(site, listen):
    events = Events(site, "one", "two", "three")
    listener = listen(site, "Last-Event-ID: 2\r\n")
    listener.until(b"three")
    events.add("four")
    listener.until(b"four")
    assert listener.data() == [b"three", b"four"]


def test_event_before_the_subscription_is_not_missed(site, listen):
    events = Events(site)
    plain = events.answer

    def answer(environ):
        result = plain(environ)
        if not events.events:
            events.add("early")  # after the answer was made, before anybody listens
        return result

    site.answer = answer
    listen(site).until(b"data: early")


def test_question_for_more_is_marked_and_has_the_headers_but_no_body(site, listen):
    events = Events(site, "one")
    listener = listen(site, "Authorization: Bearer t\r\nIdempotency-Key: k\r\n")
    listener.until(b"one")
    events.add("two")
    listener.until(b"two")
    first, again = site.environs[0], site.environs[-1]
    assert "bureau.stream" not in first
    assert again["bureau.stream"] is True
    assert again["HTTP_AUTHORIZATION"] == "Bearer t"
    assert "HTTP_IDEMPOTENCY_KEY" not in again
    assert again["PATH_INFO"] == "/stream"


def test_stream_of_a_post_asks_on_with_get(site):
    events = Events(site, "one")
    with site.raw(b"POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}") as connection:
        eventually(lambda: len(site.environs) > 1)
        events.add("done")
        answer = b""
        while b"done" not in answer:
            answer += connection.recv(1000)
    assert [environ["REQUEST_METHOD"] for environ in site.environs][:2] == ["POST", "GET"]
    assert site.bodies[:2] == [b"{}", b""]


def test_stream_ends_when_the_listener_is_refused(site, listen):
    events = Events(site, "one")
    listener = listen(site)
    listener.until(b"one")
    site.answer = lambda environ: ("401 Unauthorized", [], [b"secret words"])
    events.add("two")
    listener.until(b"0\r\n\r\n")
    assert b"secret" not in listener.seen


def test_head_of_a_stream_does_not_stay(site):
    Events(site, "one")
    with site.raw(b"HEAD /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") as connection:
        answer = b"".join(iter(lambda: connection.recv(1000), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"x-bureau-stream" not in answer.lower()


def test_listeners_hold_no_thread(site, listen):
    events = Events(site, "one")
    listeners = [listen(site) for _ in range(4 * front.THREADS)]
    for listener in listeners:
        listener.until(b"one")
    site.answer = lambda environ: (
        events.answer(environ) if environ["PATH_INFO"] == "/stream" else ("200 OK", [], [b"."])
    )
    assert site.request("GET", "/other").content == b"."
    events.add("two")
    for listener in listeners:
        listener.until(b"two")


def test_listener_that_leaves_is_forgotten(site, listen):
    Events(site, "one")
    listener = listen(site)
    listener.until(b"one")
    assert site.front._wakeups._listeners
    listener.connection.close()
    eventually(lambda: not site.front._wakeups._listeners)


def test_many_messages_at_once_are_answered_together(site, listen):
    events = Events(site, "one")
    listener = listen(site)
    listener.until(b"one")
    asked = len(site.environs)
    for number in range(50):
        events.add(f"more{number}")
    listener.until(b"more49")
    assert len(site.environs) - asked < 25


def test_quiet_stream_is_kept_open_by_comments(site, listen, monkeypatch):
    monkeypatch.setattr(front, "PING_SECONDS", 0.1)
    Events(site, "one")
    listener = listen(site)
    while listener.seen.count(b": ping\n\n") < 3:
        listener._read()
    assert len(site.environs) <= 2


def test_listener_who_may_no_longer_see_is_asked_about_without_a_message(site, listen, monkeypatch):
    monkeypatch.setattr(front, "PING_SECONDS", 0.05)
    monkeypatch.setattr(front, "ASK_ANYWAY_SECONDS", 0.2)
    Events(site, "one")
    listener = listen(site)
    listener.until(b"one")
    site.answer = lambda environ: ("401 Unauthorized", [], [b""])
    listener.until(b"0\r\n\r\n")


def test_stream_goes_on_without_redis_and_with_it_again(make_site, listen, tmp_path, monkeypatch):
    monkeypatch.setattr(front, "POLL_SECONDS", 0.1)
    monkeypatch.setattr(wakeups, "RECONNECT_SECONDS", 0.1)
    path = tmp_path / "valkey.sock"
    site = make_site(redis_url=f"unix://{path}")
    events = Events(site, "one")
    listener = listen(site)
    events.add("polled", announce=False)
    listener.until(b"polled")

    server = start_valkey(path, tmp_path / "data", durable=False)
    try:
        eventually(lambda: site.front._wakeups.connected)
        monkeypatch.setattr(front, "POLL_SECONDS", 60)
        with redis.Redis.from_url(f"unix://{path}") as client:
            eventually(lambda: client.pubsub_numsub(CHANNEL)[0][1] == 1)
            time.sleep(0.3)
            events.add("woken", announce=False)
            client.publish(CHANNEL, "")
        listener.until(b"woken")
    finally:
        server.kill()
        server.wait()
    monkeypatch.setattr(front, "POLL_SECONDS", 0.1)
    eventually(lambda: not site.front._wakeups.connected)
    events.add("again", announce=False)
    listener.until(b"again")


def test_streams_end_when_the_server_stops(site, listen):
    Events(site, "one")
    listener = listen(site)
    listener.until(b"one")
    started = time.monotonic()
    site.stop()
    listener.until(b"0\r\n\r\n")
    assert time.monotonic() - started < 1.5
