"""`make run`: prepares the data, then starts and watches all of Bureau: Valkey, the fronts, a worker and the relay.

Django is imported once, here; the other processes are forks of this one. Each is in a group of its own, is started
again when it dies, and dies with this one.
"""

import errno
import fcntl
import gc
import hashlib
import http.client
import logging
import os
import select
import signal
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config.embedded import die_with_parent, start_valkey

if TYPE_CHECKING:
    from django.contrib.staticfiles.storage import StaticFilesStorage

FRONTS = 2
STOP_SECONDS = 3.5  # then what still runs is killed
VALKEY_STOP_SECONDS = 1.0
RESTART_SECONDS = 0.5  # the first pause before a dead process is started again; doubled up to the longest
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 20.0  # a process that lived this long starts with the first pause again

logger = logging.getLogger("bureau.run")


class Stopped(BaseException):
    """Ctrl-C, SIGTERM or SIGHUP."""


@dataclass
class Child:
    name: str
    start: Callable[[], int]  # answers the pid
    pid: int = 0
    started_at: float = 0.0
    pause: float = RESTART_SECONDS
    start_at: float = 0.0

    def run(self) -> None:
        self.started_at = time.monotonic()
        self.pid = self.start()

    def failed(self, how: object) -> None:
        now = time.monotonic()
        self.pause = RESTART_SECONDS if now - self.started_at > STEADY_SECONDS else self.pause * 2
        self.pause = min(self.pause, LONGEST_PAUSE_SECONDS)
        self.pid, self.start_at = 0, now + self.pause
        logger.error("%s ended (%s), starting again in %.1f s", self.name, how, self.pause)


def main() -> None:
    children: list[Child] = []
    gc.disable()  # until all is imported: what is imported stays
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, stop)
    try:
        lock = lock_data_dir()
        listener = listen(settings.HOST, settings.PORT)
        if not (os.environ.get("BROKER_URL") and os.environ.get("CACHE_URL")):
            children.append(Child("valkey", valkey))
            children[-1].run()
        django.setup()
        prepare_database()
        prepare_static_files()
        children += processes(listener)
        watch(children)
    except Stopped:
        pass
    except (RuntimeError, OSError, ImproperlyConfigured) as error:
        sys.exit(f"Bureau did not start. {error}")
    finally:
        stop_all(children)
    del lock


def stop(signum: int, frame: FrameType | None) -> NoReturn:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise Stopped


# --- Before anything runs


def lock_data_dir() -> int:
    """Hold DATA_DIR for this process; the file descriptor is the lock."""
    descriptor = os.open(settings.DATA_DIR / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RuntimeError(
            f"Another one runs on the data in {settings.DATA_DIR}: stop it, or choose another DATA_DIR."
        ) from None
    return descriptor


def listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise RuntimeError(f"It cannot listen on {host}, port {port}: {error.strerror}.") from None
        raise RuntimeError(
            f"Port {port} is taken: stop what runs there, or choose another port (PORT={port + 1} make run)."
        ) from None
    listener.listen(1024)
    return listener


def prepare_database() -> None:
    """Bring the tables up to date, and put the demo data into an empty database."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db import connection, connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say("Preparing the database...")
        call_command("migrate", interactive=False, verbosity=0)
    empty = not get_user_model().objects.exists()
    if empty and settings.DEMO_DATA:
        say("Loading the demo data...")
        call_command("demo", verbosity=0)
    elif empty:
        say("Others reach this server: it gets no demo data without a DEMO_PASSWORD of yours.")
        say("Make the first administrator with: .venv/bin/python manage.py create_organization --help")
    connections.close_all()


def prepare_static_files() -> None:
    """Collect the static files again when one was added, changed or removed since the last time."""
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    state = hashlib.sha256()
    storage: StaticFilesStorage
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = Path(storage.path(path)).stat()
            state.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    stamp = settings.STATIC_ROOT / ".collected"
    if not stamp.exists() or stamp.read_text() != state.hexdigest():
        say("Collecting the static files...")
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(state.hexdigest())


# --- The processes


def valkey() -> int:
    return start_valkey(settings.RUN_DIR / "valkey.sock", settings.DATA_DIR / "valkey", durable=True).pid


def processes(listener: socket.socket) -> list[Child]:
    """The forks, in the order of their start. What they share is imported before."""
    from celery.exceptions import SecurityWarning
    from django.core.management import call_command
    from django.urls import get_resolver

    from config.asgi import application
    from config.celery import app as celery
    from config.server import serve

    get_resolver().url_patterns  # noqa: B018 - imports the views
    gc.collect()
    gc.freeze()
    gc.enable()

    def front() -> None:
        serve(application, listener)

    def worker() -> None:
        listener.close()
        warnings.filterwarnings("ignore", category=SecurityWarning)  # in a container root is usual
        celery.worker_main(
            ["--quiet", "worker", "--pool=prefork", f"--concurrency={settings.CELERY_WORKER_CONCURRENCY}",
             "--without-gossip", "--without-mingle", f"--hostname=bureau-{settings.PORT}@%h"]
        )  # fmt: skip

    def relay() -> None:
        listener.close()
        call_command("relay")

    bodies = [("front", front)] * FRONTS + [("relay", relay), ("worker", worker)]
    return [Child(name, lambda body=body: fork(body)) for name, body in bodies]  # type: ignore[misc]


def fork(body: Callable[[], None]) -> int:
    """Run `body` in a process of its own, which Ctrl-C in the terminal does not reach and which dies with this one."""
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(signum, signal.SIG_DFL)
        os.setsid()
        die_with_parent(parent=parent)
        body()
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001 - a fork never returns into the code of its parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def watch(children: list[Child]) -> None:
    """Start what does not run, until Stopped is raised here."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer)
    announced = False
    while True:
        reap(children)
        now = time.monotonic()
        for child in children:
            if not child.pid and child.start_at <= now:
                try:
                    child.run()
                except (RuntimeError, OSError) as error:
                    child.failed(error)
        if not announced and is_healthy():
            announce()
            announced = True
        waiting = [child.start_at - now for child in children if not child.pid]
        timeout = 0.05 if not announced else max(0.0, min(waiting)) if waiting else None
        if select.select([reader], [], [], timeout)[0]:
            os.read(reader, 4096)


def reap(children: list[Child]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        for child in children:
            if child.pid == pid:
                child.failed(os.waitstatus_to_exitcode(status))


def stop_all(children: list[Child]) -> None:
    """Valkey is the last to go: the others still write to it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    end([child for child in children if child.name != "valkey"], STOP_SECONDS)
    end([child for child in children if child.name == "valkey"], VALKEY_STOP_SECONDS)


def end(children: list[Child], seconds: float) -> None:
    running = {child.pid for child in children if child.pid and not has_ended(child.pid)}
    for pid in running:
        os.kill(pid, signal.SIGTERM)
    give_up = time.monotonic() + seconds
    while running and time.monotonic() < give_up:
        time.sleep(0.02)
        running = {pid for pid in running if not has_ended(pid)}
    for pid in running:
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def has_ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


# --- Words for the person in front of the terminal


def say(words: str) -> None:
    print(words, flush=True)


def is_healthy() -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST)  # noqa: S104
    connection = http.client.HTTPConnection(host, settings.PORT, timeout=5)
    try:
        connection.request("GET", "/api/health/", headers={"Host": urlsplit(settings.PUBLIC_URL).netloc})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def announce() -> None:
    from django.contrib.auth import get_user_model
    from django.db import connections

    say(f"Bureau is at {settings.PUBLIC_URL}")
    if not settings.DATABASE_URL and get_user_model().objects.filter(username="admin").exists():
        password = "the DEMO_PASSWORD you set" if os.environ.get("DEMO_PASSWORD") else settings.DEMO_PASSWORD
        say(f"Demo sign-in: admin, password {password} (also requester, manager, director, finance, ...)")
    say("Ctrl-C stops it.")
    connections.close_all()


if __name__ == "__main__":
    main()
