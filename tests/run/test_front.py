"""The front as a WSGI server: requests, answers, and clients that leave."""

import hashlib
import io
import json
import os
import time

from tests.run.conftest import eventually

CHUNKED = {"Transfer-Encoding": "chunked"}


def test_request_reaches_the_application_as_wsgi_says(site):
    site.request("POST", "/caf%C3%A9/a%2Fb?x=%20y", body=b"12345", headers={"Content-Type": "a/b", "X-Thing": "1"})
    environ = site.environs[0]
    assert environ["REQUEST_METHOD"] == "POST"
    assert environ["PATH_INFO"] == "/café/a/b".encode().decode("latin-1")
    assert environ["QUERY_STRING"] == "x=%20y"
    assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"]) == ("a/b", "5")
    assert environ["HTTP_X_THING"] == "1"
    assert environ["HTTP_HOST"] == f"127.0.0.1:{site.port}"
    assert (environ["SERVER_PROTOCOL"], environ["wsgi.url_scheme"]) == ("HTTP/1.1", "http")
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert "HTTP_CONTENT_LENGTH" not in environ
    assert site.bodies == [b"12345"]


def test_path_that_is_not_utf8_arrives_byte_for_byte(site):
    site.request("GET", "/%ff%00")
    assert site.environs[0]["PATH_INFO"].encode("latin-1") == b"/\xff\x00"


def test_header_that_imitates_another_is_dropped(site):
    lines = b"GET / HTTP/1.1\r\nHost: a\r\nX_Forwarded_For: 6.6.6.6\r\nProxy: http://evil\r\nConnection: close\r\n\r\n"
    with site.raw(lines) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
    assert not {"HTTP_X_FORWARDED_FOR", "HTTP_PROXY"} & set(site.environs[0])


def test_repeated_headers_are_joined(site):
    lines = b"GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nX-A: 2\r\nCookie: a=1\r\nCookie: b=2\r\nConnection: close\r\n\r\n"
    with site.raw(lines) as connection:
        connection.recv(100)
    assert (site.environs[0]["HTTP_X_A"], site.environs[0]["HTTP_COOKIE"]) == ("1,2", "a=1; b=2")


def test_forwarded_address_is_believed_from_a_trusted_proxy_only(make_site):
    for trusted, seen in (((), "127.0.0.1"), (("127.0.0.1",), "9.9.9.9")):
        site = make_site(trusted_proxies=trusted)
        site.request(headers={"X-Forwarded-For": "6.6.6.6, 9.9.9.9"})
        assert site.environs[0]["REMOTE_ADDR"] == seen


def test_chunked_body_arrives_whole_with_its_length(site):
    site.request(
        "POST", "/", body=iter([b"abc", b"defg"]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
    )
    assert site.bodies == [b"abcdefg"]
    assert site.environs[0]["CONTENT_LENGTH"] == "7"
    assert "HTTP_TRANSFER_ENCODING" not in site.environs[0]


def test_large_body_arrives_unchanged(site):
    body = os.urandom(4_000_000)
    site.request("POST", "/", body=body)
    assert hashlib.sha256(site.bodies[0]).digest() == hashlib.sha256(body).digest()


def test_body_above_the_limit_is_refused_before_it_is_sent(site):
    head = b"POST /api/v1/files HTTP/1.1\r\nHost: a\r\nX-Request-ID: my-request\r\nContent-Length: 5000001\r\n\r\n"
    answer = b""
    with site.raw(head) as connection:
        while not answer.endswith(b"}"):
            answer += connection.recv(10_000)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413")
    assert b"x-request-id: my-request" in head
    expected = {"path": "/api/v1/files", "status": 413, "code": "PAYLOAD_TOO_LARGE", "id": "my-request"}
    assert json.loads(body) == expected
    assert site.environs == []


def test_client_that_sends_a_refused_body_anyway_sees_the_answer(site):
    response = site.request("POST", "/", body=b"x" * 20_000_000)
    assert response.status == 413
    assert site.environs == []


def test_chunked_body_above_the_limit_is_refused_while_it_is_read(site):
    chunks = (b"x" * 100_000 for _ in range(60))
    response = site.request("POST", "/", body=chunks, encode_chunked=True, headers=CHUNKED)
    assert response.status == 413
    assert site.environs == []


def test_body_at_the_limit_is_taken(site):
    assert site.request("POST", "/", body=b"x" * 5_000_000).status == 200


def test_expectation_is_answered_before_the_body(site):
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    with site.raw(head) as connection:
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    assert site.bodies == [b"abc"]


def test_expectation_of_too_much_is_refused_without_continue(site):
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\nExpect: 100-continue\r\n\r\n"
    with site.raw(head) as connection:
        answer = b"".join(iter(lambda: connection.recv(1000), b""))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"100 Continue" not in answer


def test_client_that_leaves_within_its_body_never_reaches_the_application(site):
    with site.raw(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf of it"):
        time.sleep(0.1)
    assert site.request().status == 200
    assert [environ["REQUEST_METHOD"] for environ in site.environs] == ["GET"]


def test_request_id_of_the_client_and_of_the_answer_pass(site):
    site.answer = lambda environ: ("200 OK", [("X-Request-ID", environ["HTTP_X_REQUEST_ID"])], [b""])
    assert site.request(headers={"X-Request-ID": "abc-12345"}).headers["X-Request-ID"] == "abc-12345"


def test_answer_without_a_length_gets_one_and_the_connection_stays(site):
    site.answer = lambda environ: ("200 OK", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")], [b"ab", b"", b"cde"])
    with site.raw(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") as connection:
        first = b""
        while not first.endswith(b"\r\n\r\nabcde"):
            first += connection.recv(1000)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    assert b"content-length: 5\r\n" in first
    assert first.count(b"set-cookie: ") == 2


def test_head_is_answered_without_a_body(site):
    site.answer = lambda environ: ("200 OK", [("Content-Length", "5")], [b"hello"])
    with site.raw(b"HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") as connection:
        answer = b"".join(iter(lambda: connection.recv(1000), b""))
    assert b"content-length: 5\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_no_content_has_neither_body_nor_length(site):
    site.answer = lambda environ: ("204 No Content", [("Content-Length", "0")], [b""])
    with site.raw(b"DELETE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") as connection:
        answer = b"".join(iter(lambda: connection.recv(1000), b"")).lower()
    assert answer.startswith(b"http/1.1 204")
    assert b"content-length" not in answer
    assert b"transfer-encoding" not in answer


def test_failure_of_the_application_is_an_answer(site):
    site.answer = lambda environ: 1 / 0
    response = site.request(path="/api/x")
    assert response.status == 500
    assert json.loads(response.content)["code"] == "INTERNAL_ERROR"


class Closing:
    """An iterable body that counts what was taken of it and how often it was closed."""

    def __init__(self, *chunks):
        self.chunks, self.taken, self.closed = iter(chunks), 0, 0

    def __iter__(self):
        for chunk in self.chunks:
            self.taken += len(chunk)
            yield chunk

    def close(self):
        self.closed += 1


def test_body_is_closed_once(site):
    body = Closing(b"a", b"b")
    site.answer = lambda environ: ("200 OK", [], body)
    assert site.request().content == b"ab"
    assert body.closed == 1


def test_body_that_fails_is_closed_once(site):
    def chunks():
        yield b"a"
        raise OSError

    body = Closing()
    body.chunks = chunks()
    site.answer = lambda environ: ("200 OK", [], body)
    assert site.request().status == 500
    assert body.closed == 1


def test_file_is_sent_in_pieces_and_closed(site):
    content = os.urandom(3_000_000)
    file = io.BytesIO(content)
    wrapped = [("Content-Length", str(len(content)))]
    site.answer = lambda environ: ("200 OK", wrapped, environ["wsgi.file_wrapper"](file, 4096))
    assert site.request().content == content
    eventually(lambda: file.closed)


def test_slow_client_holds_neither_a_thread_nor_the_whole_file(site):
    bodies = [Closing(*[b"x" * 65536] * 800) for _ in range(8)]
    waiting = iter(bodies)
    site.answer = lambda environ: ("200 OK", [], next(waiting) if environ["PATH_INFO"] == "/file" else [b"quick"])
    connections = [site.raw(b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n") for _ in bodies]
    for connection in connections:
        connection.__enter__()
    eventually(lambda: all(body.taken for body in bodies))
    assert site.request("GET", "/quick").content == b"quick"
    time.sleep(0.2)
    assert max(body.taken for body in bodies) < 20_000_000
    for connection in connections:
        connection.__exit__(None, None, None)
    eventually(lambda: all(body.closed == 1 for body in bodies))
