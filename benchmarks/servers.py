"""What is measured: the product's fronts and the bare handler's, over one PostgreSQL and one Valkey of their own."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import psycopg

from config.embedded import in_own_group, start_valkey
from tests.servers import OURS, start_postgres

NEVER_REFUSED = "1000000000/hour"
RATES = "RATE_ANONYMOUS", "RATE_USER", "RATE_ADMIN", "RATE_ENDPOINT", "RATE_UPLOAD", "RATE_SIGN_IN"


class Servers:
    """Started one after the other; ended together."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._ending = ExitStack()
        self.postgres = self.valkey = self.product_port = self.bare_port = 0
        self.product: list[int] = []
        self.bare: list[int] = []

    def start_databases(self) -> None:
        """Starts them and points the settings there, through the environment."""
        process = start_valkey(self._base / "valkey.sock", self._base / "valkey", durable=True)
        self._ending.callback(_end, process, signal.SIGTERM)
        self.valkey = process.pid
        process, url = start_postgres(self._base / "postgres", durable=True)
        self._ending.callback(_end, process, signal.SIGINT)
        self.postgres = process.pid
        here = f"host={self._base}/postgres user=bureau"
        with psycopg.connect(f"{here} dbname=postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE bureau")
        for name in OURS:
            os.environ.pop(name, None)
        os.environ |= {
            "BARE_DSN": f"{here} dbname=bureau",
            "DATA_DIR": str(self._base / "data"),
            "DATABASE_URL": url,
            "CACHE_URL": f"unix://{self._base}/valkey.sock?db=1",
            "BROKER_URL": f"redis+socket://{self._base}/valkey.sock",
            "SECRET_KEY": "only-for-benchmarks-" + "0123456789abcdef" * 4,
            "DEBUG": "off",
            "THROTTLING": "on",
            "PUBLIC_URL": "http://localhost",
            "LOG_LEVEL": "WARNING",
            **dict.fromkeys(RATES, NEVER_REFUSED),
        }

    def start_fronts(self) -> None:
        """The product's are forks of this process, made as `make run` makes them; the bare handler knows no Django."""
        from config import run

        listener = run.listen("127.0.0.1", 0)
        self.product_port = listener.getsockname()[1]
        fronts = [child for child in run.processes(listener) if child.name == "front"]
        for child in fronts:
            child.run()
            self.product.append(child.pid)
        self._ending.callback(run.end, fronts, run.STOP_SECONDS)
        listener.close()

        with socket.create_server(("127.0.0.1", 0), backlog=1024) as bare:
            self.bare_port = bare.getsockname()[1]
            for _ in range(run.FRONTS):
                process = subprocess.Popen(
                    [sys.executable, "-m", "benchmarks.bare", str(bare.fileno())],
                    pass_fds=[bare.fileno()],
                    preexec_fn=in_own_group(),
                )
                self._ending.callback(_end, process, signal.SIGTERM)
                self.bare.append(process.pid)

    def end(self) -> None:
        self._ending.close()


def _end(process: "subprocess.Popen[bytes]", signum: int) -> None:
    process.send_signal(signum)
    process.wait(20)
