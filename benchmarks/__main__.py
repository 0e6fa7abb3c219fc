"""`python -m benchmarks`: what one request costs, beside a bare handler that answers the same (docs/benchmarks.md)."""

import argparse
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.load import Slice, measure
from benchmarks.servers import Servers

CONNECTIONS = 1, 8
WARM_UP_SECONDS, WARM_UP_REQUESTS = 0.3, 20


def main() -> int:
    options = read_options()
    base = Path(tempfile.mkdtemp(prefix="bureau-bench-"))
    base.chmod(0o711)  # PostgreSQL runs as another user when this one is root
    servers = Servers(base)
    try:
        servers.start_databases()
        return compare(options, servers)
    finally:
        servers.end()
        shutil.rmtree(base, ignore_errors=True)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000, help="purchase requests in the database")
    parser.add_argument("--rounds", type=int, default=3, help="times that each operation is measured on each side")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--approvals", type=int, default=200, help="at most, of each measurement of approving")
    parser.add_argument("--quick", action="store_true", help="2,000 requests, one short round: a first impression")
    options = parser.parse_args()
    if options.quick:
        options.requests, options.rounds, options.seconds, options.approvals = 2_000, 1, 0.6, 90
    return options


def compare(options: argparse.Namespace, servers: Servers) -> int:
    from config import run

    run.django.setup()
    from django.core.management import call_command
    from django.db import connection, connections
    from django.utils import timezone

    from benchmarks import operations
    from benchmarks.office import make_office

    started = time.monotonic()
    call_command("migrate", interactive=False, verbosity=0)
    run.prepare_static_files()
    office = make_office(options.requests, now=timezone.now())
    callers = operations.Callers()
    measured = operations.operations(office, callers)
    version = f"{connection.pg_version // 10000}.{connection.pg_version % 10000}"
    connections.close_all()  # the fronts are forks of this process
    servers.start_fronts()
    operations.check_sameness(office, callers, servers)
    counted = {found.name: found for found in operations.count_queries(office, callers)}
    print(
        f"{options.requests} purchase requests, PostgreSQL {version}, Python {platform.python_version()}, "
        f"prepared in {time.monotonic() - started:.0f} s; both sides answer and write the same.\n"
    )

    sides = {
        "product": (servers.product_port, [*servers.product, servers.valkey]),
        "bare": (servers.bare_port, servers.bare),
    }
    slices: dict[tuple[str, int, str], list[Slice]] = {}
    for _ in range(options.rounds):
        for operation in measured:
            for connections_open in CONNECTIONS:
                for side, (port, server) in sides.items():
                    if side == "bare" and not operation.bare:
                        continue
                    common = {"status": operation.status, "connections": connections_open}
                    common |= {"server": server, "database": [servers.postgres]}
                    warm_up = WARM_UP_REQUESTS if operation.once else None
                    measure(port, operation.requests, seconds=WARM_UP_SECONDS, most=warm_up, **common)
                    most = options.approvals if operation.once else None
                    found = measure(port, operation.requests, seconds=options.seconds, most=most, **common)
                    slices.setdefault((operation.name, connections_open, side), []).append(found)
    operations.check_audit()

    print(" " * 19 + f"{'product':^47} {'bare':^47}")
    side_head = f"{'req/s':>8}{'p50 ms':>8}{'p99 ms':>8}{'server':>8}{'db':>7}{'CPU ms':>8} "
    print(f"{'':12}{'clients':>7}{side_head * 2} ratio bound")
    broken = []
    for operation in measured:
        for clients in CONNECTIONS:
            product = slices[operation.name, clients, "product"]
            bare = slices.get((operation.name, clients, "bare"), [])
            line = f"{operation.name:12}{clients:>7}{row(product)} {row(bare)}"
            if bare:
                ratio = median(a.cpu / b.cpu for a, b in zip(product, bare, strict=True))
                holds = ratio <= operation.bound
                line += f" {ratio:>6.2f}{operation.bound:>6} {'' if holds else 'TOO MUCH'}"
                if not holds:
                    broken.append(f"{operation.name} with {clients} clients")
            print(line)
    print("\nserver: CPU of the fronts (the product's with Valkey); db: of PostgreSQL; a request, in milliseconds.")
    print("\nQueries with few rows in play, and with many:")
    for name, found in counted.items():
        differs = found.few != found.many
        print(f"  {name:12}{found.few:>4}{found.many:>4} {'DEPENDS ON ROWS' if differs else ''}")
        if differs:
            broken.append(f"{name}: its queries depend on the number of rows")
    print("\nEvery bound holds." if not broken else "\nBroken: " + "; ".join(broken) + ".")
    return 1 if broken else 0


def row(slices: list[Slice]) -> str:
    if not slices:
        return " " * 47
    rate, p50, p99, server, database, cpu = (
        median(getattr(slice_, name) for slice_ in slices)
        for name in ("per_second", "p50", "p99", "server", "database", "cpu")
    )
    return f"{rate:>8.0f}{p50:>8.1f}{p99:>8.1f}{server:>8.2f}{database:>7.2f}{cpu:>8.2f}"


if __name__ == "__main__":
    sys.exit(main())
