"""A request as it comes from ASGI, in the form in which WSGI takes it."""

import sys
from collections.abc import Callable, Collection
from functools import lru_cache
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from urllib.parse import unquote_to_bytes

Scope = dict[str, Any]
Environ = dict[str, Any]
Receive = Callable[[], Any]

IN_MEMORY_BYTES = 1_000_000  # a larger request body waits on the disk


class BodyTooLarge(Exception):
    """The request body is above the limit."""


class Disconnected(Exception):
    """The client left before its request was complete."""


def environ_of(scope: Scope, *, trusted_proxies: Collection[str]) -> Environ:
    """The environ of WSGI, but for its input. A proxy of `trusted_proxies` is believed where the client is."""
    raw_path = scope["raw_path"]
    if b"%" in raw_path:
        raw_path = unquote_to_bytes(raw_path)
    server = scope["server"] or ("localhost", 80)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": raw_path.decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": "HTTP/" + scope["http_version"],
        "REMOTE_ADDR": scope["client"][0] if scope["client"] else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key = environ_key(name)
        if key is None:
            continue
        text = value.decode("latin-1")
        if key in environ:
            text = environ[key] + ("; " if key == "HTTP_COOKIE" else ",") + text
        environ[key] = text
    if environ["REMOTE_ADDR"] in trusted_proxies and "HTTP_X_FORWARDED_FOR" in environ:
        environ["REMOTE_ADDR"] = environ["HTTP_X_FORWARDED_FOR"].rpartition(",")[2].strip()
    return environ


@lru_cache(maxsize=1024)
def environ_key(name: bytes) -> str | None:
    """The environ key of a header, or None for one that must not reach the application: a name with an underscore
    would pass for the one with a hyphen, and `Proxy` for the environment variable of libraries."""
    if b"_" in name or name == b"proxy":
        return None
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + key


async def read_body(environ: Environ, receive: Receive, *, max_bytes: int) -> IO[bytes]:
    """All of the body, before a thread is taken; it is a file on disk when it is large.

    Raises BodyTooLarge, Disconnected.
    """
    length = environ.get("CONTENT_LENGTH")
    if environ.pop("HTTP_TRANSFER_ENCODING", None) is None:
        if length is None or length == "0":
            return BytesIO()
        if int(length) > max_bytes:  # the parser let nothing but digits pass
            raise BodyTooLarge
    body = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 - closed by the one who asked
    size, more = 0, True
    try:
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            size += len(message["body"])
            if size > max_bytes:
                raise BodyTooLarge
            body.write(message["body"])
            more = message["more_body"]
    except BaseException:
        body.close()
        raise
    body.seek(0)
    environ["CONTENT_LENGTH"] = str(size)
    return body
