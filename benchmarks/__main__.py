"""`python -m benchmarks`: what one request costs, beside a bare handler that answers the same (docs/benchmarks.md)."""

import argparse
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.load import Slice, measure
from benchmarks.servers import Servers

if TYPE_CHECKING:
    from benchmarks.operations import Operation, Queries
    from benchmarks.pdfs import Rendered

CLIENTS = 1, 8
WARM_UP_REQUESTS = 50  # for each number of clients: every thread has its connection and its statements then
RECORDS = {"requests": 10_000, "orders": 100_000, "customers": 100_000, "cases": 50_000, "invoices": 100_000}
MEASURING = {"rounds": 3, "seconds": 2.0, "approvals": 180}
QUICK = {
    "requests": 3_000,
    "orders": 20_000,
    "customers": 20_000,
    "cases": 10_000,
    "invoices": 20_000,
    "rounds": 1,
    "seconds": 0.6,
    "approvals": 80,
}

TWICE = 2  # what an operation may cost beside the one that it names

Results = dict[tuple[str, int, str], list[Slice]]
"""By operation, number of clients and side; one for each round."""


def main() -> int:
    options = read_options()
    base = Path(tempfile.mkdtemp(prefix="bureau-bench-"))
    base.chmod(0o711)  # PostgreSQL runs as another user when this one is root
    servers = Servers(base)
    try:
        servers.start_databases()
        operations, queries = prepare(servers, {name: getattr(options, name) for name in RECORDS}, options.only)
        results = run(servers, operations, options)
        return report(operations, results, queries, render() if "invoices" in options.only else None)
    finally:
        servers.end()
        shutil.rmtree(base, ignore_errors=True)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    for name, count in RECORDS.items():
        parser.add_argument(f"--{name}", type=int, help=f"in the database ({count:,})")
    parser.add_argument("--only", nargs="+", choices=RECORDS, default=list(RECORDS), help="measure these alone")
    parser.add_argument("--rounds", type=int, help="times that each operation is measured on each side (3)")
    parser.add_argument("--seconds", type=float, help="of each measurement (2)")
    parser.add_argument("--approvals", type=int, help="at most, of each measurement of approving (180)")
    parser.add_argument(
        "--quick", action="store_true", help="a third of the requests, a fifth of the others, one short round"
    )
    options = parser.parse_args()
    for name, value in (QUICK if options.quick else RECORDS | MEASURING).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def prepare(servers: Servers, records: dict[str, int], only: list[str]) -> "tuple[list[Operation], list[Queries]]":
    """Makes the office, starts the fronts, and has both sides prove that they do the same."""
    from django.conf import settings

    from config import run as product

    product.django.setup()
    settings.ACCESS_TOKEN_SECONDS = 2 * 3600  # a run takes longer than a sign-in lives
    from django.core.management import call_command
    from django.db import connection, connections
    from django.utils import timezone

    from benchmarks import (
        case_operations,
        customer_operations,
        invoice_operations,
        order_operations,
        request_operations,
    )
    from benchmarks.office import make_office
    from benchmarks.operations import Callers

    started = time.monotonic()
    call_command("migrate", interactive=False, verbosity=0)
    product.prepare_static_files()
    print(f"Making an office with {', '.join(f'{n} {name}' for name, n in records.items())}...", flush=True)
    office = make_office(**records, now=timezone.now())
    measurable = request_operations, order_operations, customer_operations, case_operations, invoice_operations
    callers, areas = Callers(), [area for name, area in zip(RECORDS, measurable, strict=True) if name in only]
    measured = [operation for area in areas for operation in area.operations(office, callers)]
    version = f"{connection.pg_version // 10000}.{connection.pg_version % 10000}"
    connections.close_all()  # the fronts are forks of this process
    servers.start_fronts()
    for area in areas:
        area.check_sameness(office, callers, servers)
    queries = [found for area in areas for found in area.count_queries(office, callers)]
    print(
        f"Prepared in {time.monotonic() - started:.0f} s: PostgreSQL {version}, Python {platform.python_version()}. "
        "Both sides answer and write the same.\n",
        flush=True,
    )
    return measured, queries


def run(servers: Servers, operations: "list[Operation]", options: argparse.Namespace) -> Results:
    """The rounds, in which the sides take turns."""
    from benchmarks.operations import check_books, vacuum

    sides = {
        "product": (servers.product_port, [*servers.product, servers.valkey]),
        "bare": (servers.bare_port, servers.bare),
    }
    results: Results = {}
    for warm_up in (True, *[False] * options.rounds):
        vacuum()
        for operation in operations:
            for clients in CLIENTS:
                for side in sides if operation.bare else ["product"]:
                    port, server = sides[side]
                    once = options.approvals if operation.once else None
                    found = measure(
                        port,
                        operation.requests,
                        status=operation.status,
                        connections=clients,
                        seconds=60 if warm_up else options.seconds,
                        most=WARM_UP_REQUESTS if warm_up else once,
                        server=server,
                        database=[servers.postgres],
                    )
                    if not warm_up:
                        results.setdefault((operation.name, clients, side), []).append(found)
    check_books()
    return results


def render() -> "Rendered":
    """With nothing else running here but the idle servers."""
    from benchmarks.pdfs import render_invoices

    return render_invoices()


def report(
    operations: "list[Operation]", results: Results, queries: "list[Queries]", rendered: "Rendered | None"
) -> int:
    """Prints the figures; the exit code is 1 where a bound does not hold."""
    broken = []
    columns = f"{'req/s':>8}{'p50 ms':>8}{'p99 ms':>8}{'server':>8}{'db':>7}{'CPU ms':>8}"
    print(f"{'':23}{'product':^47} {'bare':^47}")
    print(f"{'':16}{'clients':>7}{columns} {columns}  ratio bound")
    for operation in operations:
        for clients in CLIENTS:
            product = results[operation.name, clients, "product"]
            line = f"{operation.name:16}{clients:>7}{figures(product)}"
            if operation.bare:
                bare = results[operation.name, clients, "bare"]
                ratio = median(ours.cpu / theirs.cpu for ours, theirs in zip(product, bare, strict=True))
                line += f" {figures(bare)}{ratio:>7.2f}{operation.bound:>6}"
                if ratio > operation.bound:
                    line += "  BROKEN"
                    broken.append(f"{operation.name} with {clients} clients")
            if operation.beside:
                other = results[operation.beside, clients, "product"]
                times = median(ours.cpu / theirs.cpu for ours, theirs in zip(product, other, strict=True))
                line += f"  {times:.2f} times {operation.beside}"
                if times > TWICE:
                    line += "  BROKEN"
                    broken.append(f"{operation.name} with {clients} clients beside {operation.beside}")
            print(line)
    print("server: CPU of the fronts (the product's with Valkey); db: CPU of PostgreSQL; milliseconds a request.")
    print("\nQueries of a request with few rows in play, and with many:")
    for found in queries:
        print(f"{found.name:16}{found.few:>7}{found.many:>8}{'' if found.few == found.many else '  BROKEN'}")
        if found.few != found.many:
            broken.append(f"{found.name}, whose queries depend on the number of rows")
    if rendered:
        print(f"\n{rendered.text}")
        if rendered.cpu > rendered.bound:
            broken.append("rendering invoices")
    print("\n" + (f"Broken: {'; '.join(broken)}." if broken else "Every bound holds."))
    return 1 if broken else 0


def figures(slices: list[Slice]) -> str:
    rate, p50, p99, server, database, cpu = (
        median(getattr(found, name) for found in slices)
        for name in ("per_second", "p50", "p99", "server", "database", "cpu")
    )
    return f"{rate:>8.0f}{p50:>8.1f}{p99:>8.1f}{server:>8.2f}{database:>7.2f}{cpu:>8.2f}"


if __name__ == "__main__":
    sys.exit(main())
