"""A closed-loop client (each connection waits for its answer before it asks again), and what the servers' CPUs did."""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import uvloop

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Slice:
    """What one run of one operation showed; times in milliseconds."""

    requests: int
    per_second: float
    p50: float
    p99: float
    server: float  # CPU a request
    database: float  # CPU a request

    @property
    def cpu(self) -> float:
        return self.server + self.database


class Refused(Exception):
    """An answer had another status than the operation's."""


def measure(
    port: int,
    requests: Iterator[bytes],
    *,
    status: int,
    connections: int,
    seconds: float,
    most: int | None,
    server: Iterable[int],
    database: Iterable[int],
) -> Slice:
    """Sends `requests` for this long, but `most` of them; `server` and `database` are the roots of process trees."""
    server_before, database_before = cpu_seconds(server), cpu_seconds(database)
    started = time.perf_counter()
    times = uvloop.run(_drive(port, islice(requests, most), status, connections, seconds))
    wall = time.perf_counter() - started
    count = len(times)
    if not count:
        raise RuntimeError("There was no request left to send: take a larger --requests.")
    times.sort()
    return Slice(
        requests=count,
        per_second=count / wall,
        p50=1000 * times[count // 2],
        p99=1000 * times[min(count - 1, count * 99 // 100)],
        server=1000 * (cpu_seconds(server) - server_before) / count,
        database=1000 * (cpu_seconds(database) - database_before) / count,
    )


async def _drive(port: int, requests: Iterator[bytes], status: int, connections: int, seconds: float) -> list[float]:
    times: list[float] = []
    end = time.perf_counter() + seconds
    expected = b"HTTP/1.1 %d " % status

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for request in requests:
                sent = time.perf_counter()
                writer.write(request)
                head, body = await _answer(reader)
                times.append(time.perf_counter() - sent)
                if not head.startswith(expected):
                    raise Refused(f"{request[:200]!r} was answered by {head[:40]!r} {body[:500]!r}")
                if time.perf_counter() > end:
                    return
        finally:
            writer.close()

    await asyncio.gather(*(connection() for _ in range(connections)))
    return times


async def _answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
    return head, await reader.readexactly(length)


def fetch(port: int, request: bytes) -> tuple[int, bytes]:
    """Status and body of a single request."""

    async def once() -> tuple[int, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        head, body = await _answer(reader)
        writer.close()
        return int(head[9:12]), body

    return asyncio.run(once())


def cpu_seconds(roots: Iterable[int]) -> float:
    """What these processes and all below them have used, those that have ended and were waited for included."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    waited_for: dict[int, float] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                values = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended
            children[int(values[1])].append(int(folder.name))
            waited_for[int(folder.name)] = (int(values[13]) + int(values[14])) / TICKS
    todo, seconds = list(roots), 0.0
    while todo:
        pid = todo.pop()
        todo += children[pid]
        seconds += waited_for.get(pid, 0)
        for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            seconds += int(thread.read_text().split()[0]) / 1e9  # finer than the ticks of stat
    return seconds
