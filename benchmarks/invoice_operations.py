"""The measured operations on invoices and payments."""

import random
from itertools import cycle
from typing import Any

from django.db.models import Count
from django.test import Client
from django.urls import reverse
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
from bureau.core.models import AuditEntry
from bureau.kit.money import ZERO
from bureau.parties.models import Customer
from bureau.sales.calculations import line_amounts
from bureau.sales.models import Invoice, InvoiceLine
from bureau.sales.states import ISSUED, InvoiceStatus, paid_status

BASE, PAYMENTS = "/api/invoices/", "/api/payments/"
SIZE = 20
DEEP = 2000  # a page
SEARCHES = "weber", "anna+novak", "gmbh+kim", "INV-2026-41", "no+such+invoice"
SEEDED = 300  # of the invoices made in bulk are held against what the services would have written


def operations(office: Office, callers: Callers) -> list[Operation]:
    dice = random.Random(37)
    admin = office.admin
    ids = list(Invoice.objects.order_by("?").values_list("pk", flat=True)[:2000])
    customers = Customer.objects.filter(active=True).order_by("?").values_list("pk", "owner")[:2000]
    people = {clerk.pk: clerk for clerk in office.casework.clientele.clerks}
    drafts = [callers.call(people[owner], BASE, draft(customer, dice.randint(1, 5))) for customer, owner in customers]

    def pages(*queries: str, base: str = BASE) -> Any:
        return cycle([callers.call(admin, f"{base}?{query}") for query in queries])

    deep = min(DEEP, Invoice.objects.count() // SIZE)
    header = session_header(admin)
    return [
        Operation("HTML invoices", cycle([raw(reverse("web:invoices"), header)]), bare=False),
        Operation("invoice page 1", pages("page=1"), bound=LIST_BOUND),
        Operation(f"invoice page {deep}", pages(f"page={deep}"), bound=LIST_BOUND, beside="invoice page 1"),
        Operation("invoice paid", pages(*(f"status=paid&page={page}" for page in range(1, 6))), bound=LIST_BOUND),
        Operation("invoice overdue", pages(*(f"status=overdue&page={page}" for page in range(1, 6))), bound=LIST_BOUND),
        Operation("invoice search", pages(*(f"search={words}" for words in SEARCHES)), bound=LIST_BOUND),
        Operation("invoice client", pages(*(f"client={pk}" for pk in buyers())), bound=LIST_BOUND),
        Operation("invoice detail", cycle([callers.call(admin, f"{BASE}{id}/") for id in ids]), bound=DETAIL_BOUND),
        Operation("invoice create", cycle(drafts), status=201, bound=WRITE_BOUND),
        Operation("payment list", pages(*(f"page={page}" for page in range(1, 11)), base=PAYMENTS), bound=LIST_BOUND),
    ]


def buyers() -> list[int]:
    """Who has the most invoices."""
    return list(
        Invoice.objects.values("customer")
        .annotate(n=Count("pk"))
        .order_by("-n")
        .values_list("customer", flat=True)[:20]
    )


def draft(customer: int, lines: int) -> dict[str, Any]:
    return {
        "client": customer,
        "issue_date": "2026-11-20",
        "due_date": "2026-12-20",
        "notes": "Many thanks for your order.",
        "line_items": [
            {
                "description": f"Advice by the hour, part {number}",
                "quantity": number + 0.5,
                "unit": "h",
                "unit_price": f"{80 + number}.45",
                "discount_percent": "5.00" if number % 3 == 0 else "0.00",
                "tax_code": "XMPT" if number % 4 == 0 else "GP",
            }
            for number in range(1, lines + 1)
        ],
    }


def check_sameness(office: Office, callers: Callers, servers: Servers) -> None:
    """Raises Different unless both sides answer the same reads alike, and leave the same rows after the same write, and
    the invoices made in bulk are as the services would have left them."""
    admin = office.admin
    check_seeded()
    last = -(-Invoice.objects.filter(organization=office.organization).count() // SIZE)
    queries = [f"page={page}" for page in (1, 2, last)] + [f"search={words}" for words in SEARCHES]
    queries += [f"status={status}" for status in InvoiceStatus] + [f"client={pk}" for pk in buyers()[:3]]
    reads = [(admin, f"{BASE}?{query}") for query in queries]
    reads += [(admin, f"{PAYMENTS}?page={page}") for page in (1, 2, 30)]
    sample = set(Invoice.objects.order_by("?").values_list("pk", flat=True)[:100])
    for status in ("draft", "partial", "cancelled"):
        sample |= set(Invoice.objects.filter(status=status).order_by("?").values_list("pk", flat=True)[:30])
    sample |= set(InvoiceLine.objects.exclude(case=None).order_by("?").values_list("invoice", flat=True)[:50])
    check_reads(reads + [(admin, f"{BASE}{id}/") for id in sample], callers, servers)

    clerk = office.casework.clientele.clerks[0]
    customer = Customer.objects.filter(owner=clerk, active=True)[0].pk
    for lines in (1, 4):
        answers, rows = [], []
        for port in ports(servers):
            made = answer(port, callers.call(clerk, BASE, draft(customer, lines)), 201)
            if made != answer(servers.product_port, callers.call(clerk, f"{BASE}{made['id']}/")):
                raise Different(f"The answer to the create is not the detail: {made}")
            answers.append(_without_ids(made))
            rows.append(_left_behind(made["id"]))
        same("invoice create", *answers)
        same("invoice rows", *rows)


def check_seeded() -> None:
    """Raises Different where the services would write other amounts or another status."""
    for invoice in Invoice.objects.order_by("?").prefetch_related("lines", "payments__shares")[:SEEDED]:
        lines, payments = list(invoice.lines.all()), list(invoice.payments.all())
        shares = [share for payment in payments for share in payment.shares.all()]
        paid = sum((payment.amount for payment in payments), ZERO)
        cancelled, issued = invoice.status == InvoiceStatus.CANCELLED, invoice.status in ISSUED
        right = [
            (invoice.subtotal, sum((line.net_amount for line in lines), ZERO)),
            (invoice.total_amount, sum((line.line_total for line in lines), ZERO)),
            (invoice.paid_amount, paid),
            (invoice.balance, ZERO if cancelled else invoice.total_amount - paid),
            (invoice.status, paid_status(invoice.total_amount, paid) if issued else invoice.status),
        ]
        for line in lines:
            priced = line_amounts(line.quantity, line.unit_price, line.discount_percent, line.tax_rate)
            right += [(line.net_amount, priced.net), (line.tax_amount, priced.tax)]
            right.append((line.paid_amount, sum((s.amount for s in shares if s.line_id == line.pk), ZERO)))
        if any(kept != computed for kept, computed in right):
            raise Different(f"{invoice.number} is not what the services write: {right}")


def _without_ids(made: dict[str, Any]) -> dict[str, Any]:
    unlike = dict.fromkeys(("id", "uuid", "invoice_number", "invoice_no", "created_at", "updated_at"))
    lines = [line | {"id": None} for line in made["line_items"]]
    return made | unlike | {"line_items": lines}


def _left_behind(invoice: int) -> str:
    found = {
        "invoice": Invoice.objects.filter(pk=invoice),
        "lines": InvoiceLine.objects.filter(invoice=invoice),
        "audit": AuditEntry.objects.filter(entity_type="invoice", entity_id=str(invoice)).order_by("pk"),
    }
    kept = Invoice.objects.get(pk=invoice)
    names = {kept.number: "<number>", f'"sequence":{kept.sequence}': '"sequence":"<number>"'}
    return left_behind(found, names | {f'"invoice_id":{invoice}': '"invoice_id":"<id>"'})


def count_queries(office: Office, callers: Callers) -> list[Queries]:
    """A page of 1 and of 25 rows; the page of a person with one invoice and of all; an invoice of one line and payment
    and one with most of both; 1 and 25 lines."""
    admin, clerk, now = callers.client(office.admin), office.casework.clientele.clerks[0], timezone.now()
    customer, another = (found.pk for found in Customer.objects.filter(owner=clerk, active=True)[:2])
    writer = callers.client(clerk)
    creates = [post(writer, BASE, draft(customer, lines)) for lines in (1, 25)]
    made = creates[0]().json()["id"]
    paid = Invoice.objects.filter(status=InvoiceStatus.PAID).annotate(rows=Count("lines") + Count("payments"))
    lean, full = (paid.order_by(order)[0].pk for order in ("rows", "-rows"))
    quiet, busy = Client(SERVER_NAME=HOST), Client(SERVER_NAME=HOST)
    newcomer = make_clerk(office.organization, "newer", now=now)
    Invoice.objects.filter(pk=made).update(owner=newcomer)
    Customer.objects.filter(pk=another).update(owner=newcomer)  # the page counts more for who sells
    quiet.force_login(newcomer)
    busy.force_login(clerk)
    page = reverse("web:invoices")
    lists = {
        "invoice list": BASE,
        "invoice paid": f"{BASE}?status=paid",
        "invoice search": f"{BASE}?status=paid&search=weber",
        "payment list": PAYMENTS,
    }

    def sized(path: str, rows: int) -> str:
        return f"{path}{'&' if '?' in path else '?'}page_size={rows}"

    return [
        counted("HTML invoices", get(quiet, page), get(busy, page)),
        *(counted(name, *(get(admin, sized(path, n)) for n in (FEW, MANY))) for name, path in lists.items()),
        counted("invoice detail", *(get(admin, f"{BASE}{id}/") for id in (lean, full))),
        counted("invoice create", *creates),
    ]
