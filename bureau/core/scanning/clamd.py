"""ClamAV, where a daemon is configured."""

import socket
import struct
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from bureau.kit.errors import IntegrationFailed

CONNECT_SECONDS = 5


@dataclass(frozen=True)
class Clean:
    pass


@dataclass(frozen=True)
class Infected:
    name: str


class ClamdScanner:
    """The ClamAV daemon at `url`: unix:///run/clamav/clamd.ctl or tcp://host:3310. It is spoken to per scan."""

    def __init__(self, url: str, *, timeout_seconds: float = 60) -> None:
        parts = urlsplit(url)
        if not (parts.scheme == "unix" and parts.path) and not (parts.scheme == "tcp" and parts.hostname):
            raise ImproperlyConfigured(f"CLAMD_URL is {url!r}: say unix:///path/of/socket or tcp://host:port.")
        self._parts = parts
        self._timeout = timeout_seconds

    def scan(self, file: BinaryIO) -> Clean | Infected:
        """Sends the whole of `file` (INSTREAM, clamd(8)). Raises IntegrationFailed when there is no clear answer."""
        file.seek(0)
        try:
            with self._connect() as connection:
                connection.sendall(b"zINSTREAM\0")
                while chunk := file.read(1 << 16):
                    connection.sendall(struct.pack(">I", len(chunk)) + chunk)
                connection.sendall(struct.pack(">I", 0))
                answer = _read_answer(connection)
        except OSError as error:
            raise IntegrationFailed(_("The virus scanner does not answer. Try again later.")) from error
        if answer == "stream: OK":
            return Clean()
        if answer.startswith("stream: ") and answer.endswith(" FOUND"):
            return Infected(answer.removeprefix("stream: ").removesuffix(" FOUND"))
        raise IntegrationFailed(_("The virus scanner could not check this file. Try again later.")) from ValueError(
            answer
        )

    def _connect(self) -> socket.socket:
        if self._parts.scheme == "tcp":
            connection = socket.create_connection((self._parts.hostname, self._parts.port or 3310), CONNECT_SECONDS)
        else:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(self._parts.path)
            except OSError:
                connection.close()
                raise
        connection.settimeout(self._timeout)
        return connection


def _read_answer(connection: socket.socket) -> str:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < 4096:
        piece = connection.recv(4096)
        if not piece:
            break
        answer += piece
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")
