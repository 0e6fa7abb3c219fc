"""Wake-ups: one pub/sub connection of a process, fanned out to everybody in it who waits for a channel."""

import asyncio
import itertools
import logging
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.exceptions import RedisError

logger = logging.getLogger("bureau.wakeups")

RECONNECT_SECONDS = 1


class Wakeups:
    """Sets the event of each listener at every message of its channel; and when the subscription becomes valid or is
    lost, because messages may have been missed then. While `connected` is false a listener has to look for itself."""

    def __init__(self, url: str) -> None:
        self._pool = ConnectionPool.from_url(url, protocol=2)
        self._connection: AbstractConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._listeners: dict[str, set[asyncio.Event]] = {}
        self._confirmed: set[str] = set()

    @property
    def connected(self) -> bool:
        return self._connection is not None

    @asynccontextmanager
    async def listening(self, channel: str, event: asyncio.Event) -> AsyncIterator[None]:
        self._listeners.setdefault(channel, set()).add(event)
        if self._reader is None:
            self._reader = asyncio.create_task(self._read_on())
        elif channel in self._confirmed:
            event.set()
        else:
            await self._send("SUBSCRIBE", channel)
        try:
            yield
        finally:
            listeners = self._listeners[channel]
            listeners.remove(event)
            if not listeners:
                del self._listeners[channel]
                self._confirmed.discard(channel)
                await self._send("UNSUBSCRIBE", channel)

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait([self._reader])

    def wake_all(self) -> None:
        for event in itertools.chain(*self._listeners.values()):
            event.set()

    async def _send(self, command: str, *channels: str) -> None:
        if self._connection is not None and channels:
            try:
                await self._connection.send_command(command, *channels, check_health=False)
            except (RedisError, OSError):
                pass  # the reader meets it too, and subscribes to everything again

    async def _read_on(self) -> None:
        lost = False
        while True:
            connection: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]
            try:
                await connection.connect()  # type: ignore[no-untyped-call]
                self._connection, lost = connection, False
                await self._send("SUBSCRIBE", *self._listeners)
                while True:
                    kind, channel, _ = await connection.read_response(disable_decoding=True, timeout=math.inf)
                    self._arrived(kind, channel.decode())
            except (RedisError, OSError) as error:
                if not lost:
                    logger.warning("No wake-ups: streams look for themselves until Redis is back. %s", error)
                lost = True
            finally:
                self._connection = None
                self._confirmed.clear()
                self.wake_all()
                await connection.disconnect(nowait=True)
            await asyncio.sleep(RECONNECT_SECONDS)

    def _arrived(self, kind: bytes, channel: str) -> None:
        if kind == b"unsubscribe":
            return
        listeners = self._listeners.get(channel)
        if listeners:
            if kind == b"subscribe":
                self._confirmed.add(channel)
            for event in listeners:
                event.set()
