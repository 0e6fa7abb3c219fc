"""`make run`: all of Bureau as its processes."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from config.embedded import in_own_group
from tests.run.conftest import eventually

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
FIRST_START_SECONDS = 60
SECOND_START_SECONDS = 12 if "PYTEST_XDIST_WORKER" in os.environ else 6  # another worker takes half of the machine
STOP_SECONDS = 5
CHILDREN = 5  # Valkey, two fronts, the relay and the worker
ALL = 1 + CHILDREN + 2  # and the worker's own two


class Bureau:
    """One `python -m config.run` on data of its own."""

    def __init__(self, data_dir, port):
        self.port = port
        self.environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir), "PORT": str(port)}
        self.log = Path(f"{data_dir}.log")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.run"], cwd=ROOT, env=self.environment, stdout=log, stderr=log,
                preexec_fn=in_own_group(signal.SIGKILL),
            )  # fmt: skip

    def is_healthy(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/api/health/")
            return connection.getresponse().status == 200
        except OSError:
            assert self.process.poll() is None, self.log.read_text()
            return False
        finally:
            connection.close()

    def wait_until_healthy(self, seconds):
        started = time.monotonic()
        eventually(self.is_healthy, seconds)
        return time.monotonic() - started

    def processes(self):
        """The pids of everything that runs of it: what it started, and what that started."""
        parents = {int(entry.name): parent_of(entry.name) for entry in Path("/proc").glob("[0-9]*")}
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found

    def children(self):
        return {pid for pid in self.processes() if parent_of(pid) == self.process.pid}

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(STOP_SECONDS)


def parent_of(pid):
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def is_alive(pid):
    return Path(f"/proc/{pid}").exists()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture(scope="module")
def bureau(tmp_path_factory):
    """A Bureau with demo data, in its second start."""
    data_dir = tmp_path_factory.mktemp("bureau") / "data"
    port = free_port()
    first = Bureau(data_dir, port)
    first.wait_until_healthy(FIRST_START_SECONDS)
    started = first.processes()
    first.stop()
    assert not [pid for pid in started if is_alive(pid)]
    second = Bureau(data_dir, port)
    second.took = second.wait_until_healthy(30)
    yield second
    second.stop()


def test_second_start_takes_seconds(bureau):
    assert bureau.took < SECOND_START_SECONDS


def test_everything_answers_on_one_port(bureau):
    connection = http.client.HTTPConnection("127.0.0.1", bureau.port, timeout=5)
    for path, status in (("/api/health/", 200), ("/sign-in/", 200), ("/static/bureau/app.css", 200), ("/nothing", 404)):
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        assert (path, response.status) == (path, status)
    connection.close()


def test_address_and_sign_in_are_said(bureau):
    eventually(lambda: "Ctrl-C" in bureau.log.read_text())
    assert f"http://127.0.0.1:{bureau.port}" in bureau.log.read_text()
    assert "bureau-demo" in bureau.log.read_text()


def test_everything_that_is_killed_comes_back(bureau):
    eventually(lambda: len(bureau.children()) == CHILDREN)
    before = bureau.children()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: len(bureau.children() - before) == CHILDREN, 15)
    eventually(bureau.is_healthy)
    assert not before & bureau.processes()


def test_taken_port_is_said(bureau, tmp_path):
    other = Bureau(tmp_path / "data", bureau.port)
    assert other.process.wait(20) == 1
    assert f"Port {bureau.port} is taken" in other.log.read_text()


def test_data_of_a_running_one_is_refused(bureau):
    other = subprocess.run(
        [sys.executable, "-m", "config.run"], cwd=ROOT, env=bureau.environment | {"PORT": str(free_port())},
        capture_output=True, text=True,
    )  # fmt: skip
    assert other.returncode == 1
    assert "Another one runs on the data" in other.stderr


def test_second_one_runs_beside_it_and_leaves_no_process_when_killed(bureau, tmp_path):
    long_name = tmp_path / ("long-" * 20)  # its socket would not fit into the path that a socket may have
    other = Bureau(long_name, free_port())
    other.wait_until_healthy(FIRST_START_SECONDS)
    assert bureau.is_healthy()
    eventually(lambda: len(other.processes()) == ALL)
    started = other.processes()
    other.process.kill()
    other.process.wait()
    eventually(lambda: not [pid for pid in started if is_alive(pid)])
