"""How long invoices take to become PDF/A-3 files with their XML inside."""

import os
import random
import time
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from benchmarks.load import cpu_seconds
from bureau.core.models import User
from bureau.parties.models import Customer
from bureau.sales.models import Invoice
from bureau.sales.rendering.pdf import invoice_pdf
from bureau.sales.selectors.invoices import visible_invoice
from bureau.sales.services.content import LineInput
from bureau.sales.services.invoices import create_invoice, issue_invoice

INVOICES, LINES = 100, 20
BOUND = 100  # milliseconds of CPU, a warm one


@dataclass(frozen=True)
class Rendered:
    """Milliseconds: of the first, which sets up what the others find; of each of the others."""

    first: float
    each: float
    slowest: float
    cpu: float
    size: float
    """Bytes of each file."""
    bound: float = BOUND

    @property
    def text(self) -> str:
        return (
            f"{INVOICES} invoices of {LINES} lines as PDF/A-3 with their XML: the first {self.first:.0f} ms, the "
            f"others {self.each:.0f} ms each ({self.cpu:.0f} ms of CPU; the slowest {self.slowest:.0f} ms), "
            f"{self.size / 1000:.0f} kB each; bound {self.bound} ms of CPU."
        )


def render_invoices() -> Rendered:
    """Of the office that is there, in this process."""
    own, times, sizes, cpu = [os.getpid()], [], [], 0.0
    for place, invoice in enumerate(long_invoices(now=timezone.now())):
        if place == 1:
            cpu = cpu_seconds(own)
        started = time.perf_counter()
        sizes.append(len(invoice_pdf(invoice)))
        times.append(1000 * (time.perf_counter() - started))
    others = times[1:]
    spent = 1000 * (cpu_seconds(own) - cpu) / len(others)
    return Rendered(times[0], sum(others) / len(others), max(others), spent, sum(sizes) / len(sizes))


def long_invoices(*, now: datetime) -> list[Invoice]:
    """Issued ones, as the downloads load them."""
    dice, admin = random.Random(41), User.objects.get(username="admin")
    customers = Customer.objects.filter(organization=admin.organization, active=True).order_by("pk")[:INVOICES]
    made = []
    for customer in customers.select_related("organization", "party"):
        lines = [
            LineInput(
                f"Work on site, item {dice.randint(1000, 9999)}", Decimal(dice.randint(1, 40)),
                Decimal(dice.randint(500, 90_000)) / 100, "h", Decimal(dice.choice((0, 0, 5))), "GP",
            )
            for _ in range(LINES)
        ]  # fmt: skip
        invoice = create_invoice(actor=admin, customer=customer, lines=lines, now=now)
        made.append(issue_invoice(actor=admin, invoice=invoice, now=now).pk)
    return [visible_invoice(admin, pk) for pk in made]
