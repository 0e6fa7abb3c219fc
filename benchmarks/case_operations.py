"""The measured operations on cases."""

import random
from itertools import cycle
from typing import Any

from django.db import transaction
from django.test import Client
from django.utils import timezone

from benchmarks.customers import make_clerk
from benchmarks.office import Office
from benchmarks.operations import (
    DETAIL_BOUND,
    FEW,
    HOST,
    LIST_BOUND,
    MANY,
    WRITE_BOUND,
    Callers,
    Different,
    Operation,
    Queries,
    answer,
    check_reads,
    counted,
    get,
    left_behind,
    ports,
    post,
    raw,
    same,
    session_header,
)
from benchmarks.servers import Servers
from bureau.accounts.permissions import SYSTEM
from bureau.cases.models import Case, CaseDocument, CaseStep
from bureau.cases.services.cases.following import follow, locked
from bureau.cases.services.products import DocumentInput, TaskInput, create_product
from bureau.core.models import AuditEntry
from bureau.parties.models import Customer

BASE = "/api/customer-applications/"
BOARD = "/cases/board/"
SIZE = 20
SEARCHES = "weber", "anna+novak", "visa", "CASE-2026-00041", "no+such+case"
SEEDED = 300  # of the cases made in bulk are held against what the services would have written


def operations(office: Office, callers: Callers) -> list[Operation]:
    dice = random.Random(29)
    admin, offers = office.admin, office.casework.offers
    ids = list(Case.objects.order_by("?").values_list("pk", flat=True)[:2000])
    customers = Customer.objects.filter(active=True).order_by("?").values_list("pk", "owner")[:2000]
    people = {clerk.pk: clerk for clerk in office.casework.clientele.clerks}
    drafts = [
        callers.call(people[owner], f"{BASE}quick-create/", draft(customer, dice.choice(offers).product.pk))
        for customer, owner in customers
    ]

    def pages(*queries: str) -> Any:
        return cycle([callers.call(admin, f"{BASE}?{query}") for query in queries])

    product = offers[0].product
    board, own = (f"{BOARD}?product={product.code}" if chosen else BOARD for chosen in (False, True))
    header = session_header(admin)
    return [
        Operation("HTML board", cycle([raw(board, header)]), bare=False),
        Operation("HTML board of one", cycle([raw(own, header)]), bare=False),
        Operation("case page 1", pages("page=1"), bound=LIST_BOUND),
        Operation("case list", pages(*filtered(product.pk)), bound=LIST_BOUND),
        Operation(
            "case overdue", pages("overdue=true", "overdue=true&page=2", "overdue=true&page=3"), bound=LIST_BOUND
        ),
        Operation("case search", pages(*(f"search={words}" for words in SEARCHES)), bound=LIST_BOUND),
        Operation("case detail", cycle([callers.call(admin, f"{BASE}{id}/") for id in ids]), bound=DETAIL_BOUND),
        Operation("case create", cycle(drafts), status=201, bound=WRITE_BOUND),
    ]


def filtered(product: int) -> list[str]:
    pages = -(-Case.objects.filter(status="processing", product=product).count() // SIZE)
    return [f"status=processing&product={product}&page={page}" for page in range(1, min(pages, 5) + 1)]


def draft(customer: int, product: int) -> dict[str, Any]:
    return {"customer": customer, "product": product, "doc_date": "2026-11-20", "notes": "Wants to be called first."}


def check_sameness(office: Office, callers: Callers, servers: Servers) -> None:
    """Raises Different unless both sides answer the same reads alike, and leave the same rows after the same write, and
    the cases made in bulk are as the services would have left them."""
    admin, offers = office.admin, office.casework.offers
    check_seeded()
    last = -(-Case.objects.filter(organization=office.organization).count() // SIZE)
    queries = [f"page={page}" for page in (1, 2, last)] + filtered(offers[0].product.pk)
    queries += ["overdue=true", "overdue=true&page=3", "status=completed", "status=rejected"]
    queries += [f"search={words}" for words in SEARCHES]
    reads = [(admin, f"{BASE}?{query}") for query in queries]
    sample = set(Case.objects.order_by("?").values_list("pk", flat=True)[:100])
    for status in ("pending", "processing", "rejected"):
        sample |= set(Case.objects.filter(status=status).order_by("?").values_list("pk", flat=True)[:50])
    sample |= set(Case.objects.filter(step_status="waiting").order_by("?").values_list("pk", flat=True)[:50])
    reads += [(admin, f"{BASE}{id}/") for id in sample]
    check_reads(reads, callers, servers)

    clerk = office.casework.clientele.clerks[0]
    customer = Customer.objects.filter(owner=clerk, active=True)[0].pk
    for offer in offers[:3]:
        answers, rows = [], []
        for port in ports(servers):
            body = draft(customer, offer.product.pk)
            made = answer(port, callers.call(clerk, f"{BASE}quick-create/", body), 201)
            if made != answer(servers.product_port, callers.call(clerk, f"{BASE}{made['id']}/")):
                raise Different(f"The answer to the create is not the detail: {made}")
            answers.append(_without_ids(made))
            rows.append(_left_behind(made["id"]))
        same("case create", *answers)
        same("case rows", *rows)


def check_seeded() -> None:
    """Raises Different where the services would write another status, step or due date."""
    now, kept = timezone.now(), ("status", "step_number", "step_name", "step_status", "step_due_date", "due_date")
    for case in Case.objects.order_by("?")[:SEEDED]:
        with transaction.atomic():
            followed = locked(case)
            follow(followed, now=now)
            transaction.set_rollback(True)
        names = [name for name in kept if getattr(followed, name) != getattr(case, name)]
        if names or (followed.completed_at != case.completed_at):
            raise Different(f"{case.number} differs in {', '.join(names)} from what the services write.")


def _without_ids(made: dict[str, Any]) -> dict[str, Any]:
    unlike = dict.fromkeys(("id", "uuid", "number", "created_at", "updated_at", "customer_application"))

    def bare(found: dict[str, Any]) -> dict[str, Any]:
        return found | {name: None for name in unlike if name in found}

    parts = {name: [bare(part) for part in made[name]] for name in ("documents", "workflows")}
    return bare(made) | parts


def _left_behind(case: int) -> str:
    found = {
        "case": Case.objects.filter(pk=case),
        "documents": CaseDocument.objects.filter(case=case).order_by("position"),
        "steps": CaseStep.objects.filter(case=case),
        "audit": AuditEntry.objects.filter(entity_type="case", entity_id=str(case)).order_by("pk"),
    }
    number = Case.objects.get(pk=case).number
    return left_behind(found, {number: "<number>", f'"case_id":{case}': '"case_id":"<id>"'})


def count_queries(office: Office, callers: Callers) -> list[Queries]:
    """A page of 1 and of 25 rows; the board of a person with one case and of all; a case that has just begun and a full
    one; a product with one task and one document, and one with many of both."""
    admin, clerk, now = callers.client(office.admin), office.casework.clientele.clerks[0], timezone.now()
    large = max((offer for offer in office.casework.offers), key=lambda offer: len(offer.tasks) + len(offer.documents))
    small = create_product(
        actor=SYSTEM, organization=office.organization, code="ADVICE", name="Advice", tasks=[TaskInput("Talk", 1)],
        documents=[DocumentInput(large.documents[0].document_type_id)], now=now,
    )  # fmt: skip
    writer, customer = callers.client(clerk), Customer.objects.filter(owner=clerk, active=True)[0].pk
    creates = [post(writer, f"{BASE}quick-create/", draft(customer, pk)) for pk in (small.pk, large.product.pk)]
    lean = creates[0]().json()["id"]
    full = Case.objects.filter(product=large.product, status="processing", step_number__gt=2)[0].pk
    quiet, busy = Client(SERVER_NAME=HOST), Client(SERVER_NAME=HOST)
    newcomer = make_clerk(office.organization, "new", now=now)
    Case.objects.filter(pk=lean).update(owner=newcomer)
    quiet.force_login(newcomer)
    busy.force_login(office.admin)
    lists = {"case list": "", "case filtered": "&status=processing", "case search": "&search=weber"}
    return [
        counted("HTML board", get(quiet, BOARD), get(busy, BOARD)),
        *(
            counted(name, *(get(admin, f"{BASE}?page_size={n}{query}") for n in (FEW, MANY)))
            for name, query in lists.items()
        ),
        counted("case detail", *(get(admin, f"{BASE}{id}/") for id in (lean, full))),
        counted("case create", *creates),
    ]
