"""A front process: uvicorn on a listening socket that it shares with its siblings."""

import asyncio
import errno
import socket
import sys
from typing import Any

import uvicorn

from config.front import Front

BUSY_SECONDS = 0.2  # the pause of accepting when this process is out of file descriptors
STOP_SECONDS = 2  # what running requests and open streams get when the process is told to stop


class SharedServer(uvicorn.Server):
    """Accepts one connection a turn of the loop, and leaves the next one to whichever process is idle.

    The loops' own servers accept all that wait at once: eight clients that come together would all be served by one
    process, with the other one asleep (measured: half the requests a second in two of three runs).
    """

    def __init__(self, front: Front) -> None:
        super().__init__(
            uvicorn.Config(
                front,
                http="httptools",
                loop="uvloop",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # config/front.py knows whom to believe
                timeout_keep_alive=75,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self._front = front
        self._listeners: list[socket.socket] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        self._listeners = sockets or []
        for listener in self._listeners:
            listener.setblocking(False)
            asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener)
        self._front.end_streams()
        await super().shutdown(sockets)

    def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            connection, _ = listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # a sibling was quicker, or the client gave up
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                raise
            loop.remove_reader(listener)
            loop.call_later(BUSY_SECONDS, loop.add_reader, listener, self._accept, listener)
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        loop.create_task(loop.connect_accepted_socket(self._protocol, connection))  # noqa: RUF006

    def _protocol(self) -> asyncio.Protocol:
        protocol: type[Any] = self.config.http_protocol_class
        made: asyncio.Protocol = protocol(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made


def serve(front: Front, listener: socket.socket) -> None:
    """Answer requests on `listener` until SIGTERM."""
    # A request that computes holds the interpreter this long before the loop gets its turn: with the usual 5 ms the
    # slowest of eight parallel requests took half as long again.
    sys.setswitchinterval(0.001)
    SharedServer(front).run(sockets=[listener])
