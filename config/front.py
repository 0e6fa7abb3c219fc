"""The front of the one port: a plain ASGI application that runs the WSGI application in its own threads and holds
the event streams itself, so that no thread ever waits for a client or a listener.

A view hands over a stream with the header `X-Bureau-Stream: <channel>`: its answer holds the events known so far. The
front sends them without the header and asks the application again (GET, same path and headers, `Last-Event-ID`, and
`bureau.stream` in the environ) whenever a message arrives on that channel. An answer without the header is the last.
"""

import asyncio
import logging
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from typing import IO, Any, NamedTuple

from config.incoming import BodyTooLarge, Disconnected, Environ, Receive, Scope, environ_of, read_body
from config.wakeups import Wakeups

Send = Callable[[dict[str, Any]], Any]
ErrorBody = Callable[[str, int, str, str, str], tuple[bytes, str]]

logger = logging.getLogger("bureau.front")

THREADS = 4  # a process
CHUNK_BYTES = 262_144  # of an answer that is sent in pieces
LINGER_SECONDS = 5  # how long the rest of a refused body is read, so that the client gets to see the answer
PING_SECONDS = 15
ASK_ANYWAY_SECONDS = 60  # whoever was signed out meanwhile is let go after this
POLL_SECONDS = 1  # between asks while there are no wake-ups
SETTLE_SECONDS = 0.1  # wake-ups that come closer together are answered in one

STREAM_HEADERS = {
    b"content-type": b"text/event-stream; charset=utf-8",
    b"cache-control": b"no-cache",
    b"x-accel-buffering": b"no",
}
ONLY_ONCE = {"CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_IDEMPOTENCY_KEY", "HTTP_EXPECT"}


class Answer(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes  # all of it, or its beginning when there is a rest
    rest: Iterator[bytes] | None
    close: Callable[[], None] | None  # to be called after the rest
    channel: str  # of X-Bureau-Stream, or empty


class FileChunks:
    """wsgi.file_wrapper: reads a file in pieces of our own size."""

    def __init__(self, file: IO[bytes], block_size: int = CHUNK_BYTES) -> None:
        self._file = file
        self.close = file.close

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self._file.read(CHUNK_BYTES), b"")


class Front:
    """`error_body(path, status, code, message, request_id)` writes a refusal in the words of that path."""

    def __init__(
        self,
        wsgi: Callable[..., Iterable[bytes]],
        *,
        error_body: ErrorBody,
        redis_url: str,
        max_body_bytes: int,
        trusted_proxies: Iterable[str] = (),
    ) -> None:
        self._wsgi = wsgi
        self._error_body = error_body
        self._max_body_bytes = max_body_bytes
        self._trusted_proxies = frozenset(trusted_proxies)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="wsgi")
        self._wakeups = Wakeups(redis_url)
        self._closing = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        elif scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await self._wakeups.close()
            self._threads.shutdown(wait=False, cancel_futures=True)
            await send({"type": "lifespan.shutdown.complete"})

    def end_streams(self) -> None:
        """Let every listener go; a browser comes back by itself and resumes."""
        self._closing = True
        self._wakeups.wake_all()

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        environ = environ_of(scope, trusted_proxies=self._trusted_proxies)
        environ["wsgi.file_wrapper"] = FileChunks
        try:
            body = await read_body(environ, receive, max_bytes=self._max_body_bytes)
        except Disconnected:
            return
        except BodyTooLarge:
            await self._refuse_body(environ, receive, send)
            return
        environ["wsgi.input"] = body
        try:
            answer = await self._run(self._call, environ)
        except Exception:
            logger.exception("The application failed outside of its own error handling")
            answer = self._failure(environ, 500, "INTERNAL_ERROR", "Something went wrong here. Try again later.")
        finally:
            body.close()
        if answer.channel and environ["REQUEST_METHOD"] != "HEAD":
            await self._stream(environ, await self._whole(answer), receive, send)
        else:
            await self._send(environ, answer, receive, send)

    async def _refuse_body(self, environ: Environ, receive: Receive, send: Send) -> None:
        """Answer 413 at once, then read on for a moment: a client that is still sending would else see a reset."""
        megabytes = self._max_body_bytes // 1_000_000
        words = f"The request is larger than {megabytes} MB. Send less at once."
        answer = self._failure(environ, 413, "PAYLOAD_TOO_LARGE", words)
        headers = [*answer.headers, (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body, "more_body": True})
        if "HTTP_EXPECT" not in environ:
            try:
                async with asyncio.timeout(LINGER_SECONDS):
                    while (await receive()).get("more_body"):
                        pass
            except TimeoutError:
                pass
        await send({"type": "http.response.body", "body": b""})

    # --- The application, in a thread

    def _run(self, function: Callable[..., Any], *arguments: Any) -> "asyncio.Future[Any]":
        loop = asyncio.get_running_loop()
        future = loop.create_future()

        def work() -> None:
            result, error = None, None
            try:
                result = function(*arguments)
            except BaseException as raised:  # noqa: BLE001 - it goes to the one who awaits
                error = raised
            loop.call_soon_threadsafe(settle, future, result, error)

        self._threads.submit(work)
        return future

    def _call(self, environ: Environ) -> Answer:
        head: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[..., None]:
            head[:] = status, headers
            return write_is_not_supported

        iterable = self._wsgi(environ, start_response)
        close = getattr(iterable, "close", None)
        rest: Iterator[bytes] | None = None
        try:
            chunks = iter(iterable)
            body, ended = take(chunks)
            rest = None if ended else chunks
        finally:
            if rest is None and close is not None:
                close()
        status = int(head[0][:3])
        headers, channel, has_length = [], "", False
        for name, value in head[1]:
            key = name.lower()
            if key == "x-bureau-stream":
                channel = value
                continue
            if key == "content-length":
                has_length = True
                if status in (204, 304):
                    continue
            headers.append((key.encode("latin-1"), value.encode("latin-1")))
        if status in (204, 304):
            body = b""
        elif rest is None and not has_length:
            headers.append((b"content-length", str(len(body)).encode()))
        return Answer(status, headers, body, rest, close if rest is not None else None, channel)

    def _failure(self, environ: Environ, status: int, code: str, message: str) -> Answer:
        given = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = given if re.fullmatch(r"[A-Za-z0-9_.-]{8,64}", given) else f"req_{uuid.uuid4()}"
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        body, content_type = self._error_body(path, status, code, message, request_id)
        headers = [
            (b"content-type", content_type.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"x-request-id", request_id.encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        return Answer(status, headers, body, None, None, "")

    # --- The answer

    async def _send(self, environ: Environ, answer: Answer, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        if answer.rest is None:
            await send({"type": "http.response.body", "body": answer.body})
            return
        gone = asyncio.ensure_future(disconnected(receive))
        try:
            chunk, ended = answer.body, environ["REQUEST_METHOD"] == "HEAD"
            while not ended and not gone.done():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                chunk, ended = await self._run(take, answer.rest)
            await send({"type": "http.response.body", "body": chunk})
        finally:
            gone.cancel()
            if answer.close is not None:
                await self._run(answer.close)

    async def _stream(self, environ: Environ, answer: Answer, receive: Receive, send: Send) -> None:
        """Send the events of `answer`, then those of each later one, until one is the last or the client leaves."""
        kept = [pair for pair in answer.headers if pair[0] not in STREAM_HEADERS and pair[0] != b"content-length"]
        headers = [*kept, *STREAM_HEADERS.items()]
        environ = {name: value for name, value in environ.items() if name not in ONLY_ONCE}
        environ |= {"REQUEST_METHOD": "GET", "bureau.stream": True}
        woken = asyncio.Event()
        gone = asyncio.ensure_future(disconnected(receive))
        gone.add_done_callback(lambda _: woken.set())
        now = asyncio.get_running_loop().time
        try:
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            async with self._wakeups.listening(answer.channel, woken):
                await send_events(answer, environ, send)
                sent_at = asked_at = now()
                while answer.channel and not self._closing:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(PING_SECONDS if self._wakeups.connected else POLL_SECONDS):
                            await woken.wait()
                    if gone.done():
                        return
                    if woken.is_set() or not self._wakeups.connected or now() - asked_at >= ASK_ANYWAY_SECONDS:
                        woken.clear()
                        answer = await self._ask_again(environ)
                        asked_at = now()
                        if answer.body:
                            await send_events(answer, environ, send)
                            sent_at = asked_at
                            await asyncio.sleep(SETTLE_SECONDS if answer.channel else 0)
                    if now() - sent_at >= PING_SECONDS:
                        await send({"type": "http.response.body", "body": b": ping\n\n", "more_body": True})
                        sent_at = now()
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()

    async def _ask_again(self, environ: Environ) -> Answer:
        """The next events; the end of the stream when the application has none for this listener any more."""
        try:
            answer = await self._whole(await self._run(self._call, {**environ, "wsgi.input": BytesIO()}))
        except Exception:
            logger.exception("The application failed to go on with a stream")
        else:
            if answer.status == 200:
                return answer
        return Answer(200, [], b"", None, None, "")

    async def _whole(self, answer: Answer) -> Answer:
        """The answer without a rest: what a stream says at once is short."""
        body, ended = answer.body, answer.rest is None
        try:
            while not ended:
                more, ended = await self._run(take, answer.rest)
                body += more
        finally:
            if answer.close is not None:
                await self._run(answer.close)
        return Answer(answer.status, answer.headers, body, None, None, answer.channel)


async def send_events(answer: Answer, environ: Environ, send: Send) -> None:
    """Send the events of one answer and note the id of the last one for the next question."""
    if b"id:" in answer.body:
        _, found, tail = (b"\n" + answer.body).rpartition(b"\nid:")
        if found:
            environ["HTTP_LAST_EVENT_ID"] = tail.partition(b"\n")[0].strip().decode("latin-1")
    await send({"type": "http.response.body", "body": answer.body, "more_body": True})


async def disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def take(chunks: Iterator[bytes]) -> tuple[bytes, bool]:
    """The next CHUNK_BYTES or so, and whether that was the end."""
    taken, size = [], 0
    for chunk in chunks:
        taken.append(chunk)
        size += len(chunk)
        if size >= CHUNK_BYTES:
            return b"".join(taken), False
    return taken[0] if len(taken) == 1 else b"".join(taken), True


def write_is_not_supported(data: bytes) -> None:
    raise NotImplementedError("Answer with an iterable: the write callable of WSGI is not supported.")


def settle(future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
