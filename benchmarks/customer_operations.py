"""The measured operations on customers."""

from itertools import cycle
from typing import Any

from benchmarks.office import Office
from benchmarks.operations import FEW, LIST_BOUND, MANY, Callers, Operation, Queries, check_reads, counted, get
from benchmarks.servers import Servers
from bureau.parties.models import Customer

BASE = "/api/customers/"
SIZE = 20
DEEP = 2000  # a page
SEARCHES = "weber", "anna+novak", "gmbh+kim", "C0000777", "customer4711", "no+such+customer"


def operations(office: Office, callers: Callers) -> list[Operation]:
    admin = office.admin

    def pages(*queries: str) -> Any:
        return cycle([callers.call(admin, f"{BASE}?{query}") for query in queries])

    deep = min(DEEP, Customer.objects.count() // SIZE)
    return [
        Operation("customer page 1", pages("page=1"), bound=LIST_BOUND),
        Operation(f"customer page {deep}", pages(f"page={deep}"), bound=LIST_BOUND, beside="customer page 1"),
        Operation("customer by name", pages(*named()), bound=LIST_BOUND),
        Operation("customer search", pages(*(f"search={words}" for words in SEARCHES)), bound=LIST_BOUND),
    ]


def named() -> list[str]:
    return [f"ordering=name&page={page}" for page in range(1, 11)]


def check_sameness(office: Office, callers: Callers, servers: Servers) -> None:
    """Raises Different unless both sides answer the same reads alike."""
    last = -(-Customer.objects.filter(organization=office.organization).count() // SIZE)
    queries = [f"page={page}" for page in (1, 2, last)] + named() + [f"ordering=name&page={last}"]
    queries += [f"search={words}" for words in SEARCHES] + ["search=weber&ordering=name&page=2"]
    check_reads([(office.admin, f"{BASE}?{query}") for query in queries], callers, servers)


def count_queries(office: Office, callers: Callers) -> list[Queries]:
    """A page of 1 and of 25 rows."""
    admin = callers.client(office.admin)
    queries = {"customer list": "", "customer by name": "&ordering=name", "customer search": "&search=weber"}
    return [
        counted(name, *(get(admin, f"{BASE}?page_size={n}{query}") for n in (FEW, MANY)))
        for name, query in queries.items()
    ]
