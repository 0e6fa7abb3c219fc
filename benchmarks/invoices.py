"""Quotes and invoices of the last 18 months in bulk, with everything that the services would have left behind."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, models
from django.utils import timezone
from sequences.models import Sequence

from benchmarks.customers import Clientele
from benchmarks.orders import CHUNK, DAYS, money
from benchmarks.tables import Chain, Row, Tables
from bureau.cases.models import Case
from bureau.core.models import Organization, PaymentMethod, TaxCode
from bureau.sales.models import (
    CreditNote,
    Invoice,
    InvoiceLine,
    Payment,
    PaymentShare,
    Quote,
    QuoteLine,
    QuoteVersion,
)
from bureau.sales.states import InvoiceStatus, QuoteStatus

QUOTES = 5  # invoices for each quote
MOST_LINES = 5
PAYMENT_DAYS, QUOTE_DAYS = 30, 30
DRAFT, CANCELLED, IN_PARTS, OWING, LATE, OF_CASES, OF_QUOTES = 0.03, 0.04, 0.15, 0.3, 0.04, 0.15, 0.08
"""Shares: of the invoices those that are drafts, cancelled, paid in two parts, hardly due or long due and not paid;
those that bill a case, and those made from a quote."""
DECISIONS = {QuoteStatus.ACCEPTED: 55, QuoteStatus.REJECTED: 25, QuoteStatus.EXPIRED: 20}
"""Percent of the quotes whose time is over; of the others a third is a draft, the rest was sent."""
THINGS = (
    "Consulting", "Site visit", "Translation of a certificate", "Filing with the authority", "Advice by the hour",
    "Drawing, A1", "Copies, certified", "Travel, per kilometre", "Support, monthly", "Appointment at the consulate",
)  # fmt: skip
TERMS = "Payable within 30 days without deduction."
SELLER = {
    "name": "Harbour Works", "address": ["Kontorweg 1", "20457 Hamburg"], "country": "DE", "tax_number": "DE811907980",
}  # fmt: skip
DAY = timedelta(days=1)


def make_invoices(clientele: Clientele, count: int, *, now: datetime) -> None:
    """This many in every state, and a fifth of it quotes."""
    dice = random.Random(31)
    organization = clientele.organization
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # as for customers
    rates = {code.code: code for code in TaxCode.objects.filter(organization=organization)}
    quotes = _QuoteMaker(clientele, dice, rates, now)
    _fill(quotes, count // QUOTES)
    _fill(_InvoiceMaker(clientele, dice, rates, now, quotes.accepted), count)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def _fill(maker: "_Maker", count: int) -> None:
    dice, now = maker.dice, maker.now
    moments = iter(sorted(now - timedelta(seconds=dice.randint(60, DAYS * 86_400)) for _ in range(count)))
    while chunk := list(islice(moments, CHUNK)):
        for moment in chunk:
            maker.make(moment)
        maker.chain.link()
        maker.tables.write()
    maker.end()


class _Maker:
    """Makes one document after the other, with all that belongs to it."""

    kind = ""
    line_class: type[models.Model]

    def __init__(self, clientele: Clientele, dice: random.Random, rates: dict[str, TaxCode], now: datetime) -> None:
        self.dice, self.rates, self.now, self.today = dice, rates, now, timezone.localdate(now)
        self.organization: Organization = clientele.organization
        self.customers, self.clerks = clientele.customers, [clerk.pk for clerk in clientele.clerks]
        self.tables = self.new_tables()
        self.chain = Chain(self.organization, self.kind, self.tables)
        self.numbers: Counter[str] = Counter()

    make: Callable[[datetime], None]
    new_tables: Callable[[], Tables]

    def document(self, created: datetime, customer: int, owner: int, **values: Any) -> Row:
        return {
            "uuid": self.uuid(),
            "organization_id": self.organization.pk,
            "customer_id": customer,
            "owner_id": owner,
            "issue_date": timezone.localdate(created),
            "currency": self.organization.currency,
            "terms": TERMS,
            "notes": "Many thanks for your order." if self.dice.random() < 0.3 else "",
            "created_at": created,
            "updated_at": created,
            **values,
        }

    def customer(self, created: datetime) -> tuple[int, int]:
        """One who was there, and their owner: some come back hundreds of times, most hardly ever."""
        place = int(self.dice.random() ** 2 * len(self.customers))
        while self.customers[place][2] > created:
            place //= 2  # they stand in the order in which they came
            if not place:
                break
        pk, owner, _came = self.customers[place]
        return pk, owner

    def add_lines(self, document: Row, wanted: list[Row]) -> list[Row]:
        """The lines, priced, and their sums in the document; amounts in cents until they are written."""
        name, subtotal, tax_sum = f"{self.kind}_id", 0, 0
        for number, line in enumerate(wanted, 1):
            code = self.rates[line["tax_code"]]
            net = line["quantity"] * line["price"] * (100 - line["discount_percent"])
            net = (net + 50) // 100
            tax = (net * int(code.rate) + 50) // 100
            subtotal, tax_sum = subtotal + net, tax_sum + tax
            line.update(
                {name: document["id"]},
                line_number=number,
                unit_price=money(line["price"]),
                tax_rate=code.rate,
                tax_category=code.category,
                net_amount=money(net),
                tax_amount=money(tax),
                line_total=money(net + tax),
                cents=net + tax,
            )
            self.tables.add(self.line_class, line)
        document.update(
            subtotal=money(subtotal), tax_amount=money(tax_sum), total_amount=money(subtotal + tax_sum),
            cents=subtotal + tax_sum,
        )  # fmt: skip
        return wanted

    def new_lines(self) -> list[Row]:
        return [self.new_line() for _ in range(self.dice.randint(1, MOST_LINES))]

    def new_line(self) -> Row:
        dice = self.dice
        return {
            "description": f"{dice.choice(THINGS)}, no. {dice.randint(1000, 9999)}",
            "quantity": dice.randint(1, 20),
            "unit": dice.choice(("", "h", "pcs")),
            "price": dice.randint(500, 40_000),
            "discount_percent": 10 if dice.random() < 0.1 else 0,
            "tax_code": dice.choice(("GP", "GP", "GP", "GST2", "XMPT")),
        }

    def later(self, start: datetime, *, days: float) -> datetime:
        """Within so many days after, but before now."""
        return start + (min(self.now, start + timedelta(days=days)) - start) * self.dice.uniform(0.01, 0.95)

    def uuid(self) -> UUID:
        return UUID(int=self.dice.getrandbits(128), version=4)

    def number(self, name: str, year: int) -> int:
        self.numbers[f"{name}:{year}"] += 1
        return self.numbers[f"{name}:{year}"]

    def end(self) -> None:
        pk = self.organization.pk
        Sequence.objects.bulk_create(Sequence(name=f"{pk}:{name}", last=last) for name, last in self.numbers.items())
        self.chain.end()
        self.tables.end()


class _QuoteMaker(_Maker):
    kind, line_class = "quote", QuoteLine

    def __init__(self, *options: Any) -> None:
        super().__init__(*options)
        self.accepted: list[tuple[datetime, Row, list[Row]]] = []

    def new_tables(self) -> Tables:
        return Tables(Quote)

    def make(self, created: datetime) -> None:
        dice, begin = self.dice, timezone.localdate(created)
        expiry = begin + QUOTE_DAYS * DAY
        if expiry < self.today:
            status = dice.choices(list(DECISIONS), DECISIONS.values())[0]
        else:
            status = QuoteStatus.DRAFT if dice.random() < 1 / 3 else QuoteStatus.SENT
        number = f"QUO-{begin.year}-{self.number('quote', begin.year):03}"
        customer, owner = self.customer(created)
        quote = self.document(created, customer, owner, number=number, expiry_date=expiry, status=status.value)
        self.tables.add(Quote, quote)
        lines = self.add_lines(quote, self.new_lines())
        self.chain.add(quote["id"], "created", owner, created, number=number, total_amount=str(quote["total_amount"]))
        if status == QuoteStatus.DRAFT:
            return
        sent = self.later(created, days=3)
        quote.update(sent_at=sent, updated_at=sent)
        content = orjson.dumps({"terms": TERMS, "lines": [line["description"] for line in lines]}).decode()
        version = {"quote_id": quote["id"], "number": 1, "content": content, "sent_at": sent}
        self.tables.add(QuoteVersion, version)
        self.chain.add(quote["id"], "sent", owner, sent, status=QuoteStatus.SENT.value)
        if status in (QuoteStatus.ACCEPTED, QuoteStatus.REJECTED):
            decided = self.later(sent, days=25)
            quote.update(decided_at=decided, decided_by="Kim Customer", updated_at=decided)
            self.chain.add(quote["id"], status.value, owner, decided, status=status.value)
            if status == QuoteStatus.ACCEPTED:
                self.accepted.append((decided, quote, lines))


class _InvoiceMaker(_Maker):
    kind, line_class = "invoice", InvoiceLine

    def __init__(
        self,
        clientele: Clientele,
        dice: random.Random,
        rates: dict[str, TaxCode],
        now: datetime,
        quotes: list[tuple[datetime, Row, list[Row]]],
    ) -> None:
        super().__init__(clientele, dice, rates, now)
        self.quotes = iter(sorted(quotes, key=lambda found: found[0]))
        self.next_quote = next(self.quotes, None)
        cases = Case.objects.filter(status="completed").order_by("completed_at", "pk").values_list(
            "completed_at", "pk", "customer", "owner", "number", "product__name", "product__base_price"
        )  # fmt: skip
        self.cases = iter(list(cases))
        self.next_case = next(self.cases, None)

    def new_tables(self) -> Tables:
        return Tables(Invoice, InvoiceLine, Payment)

    def make(self, created: datetime) -> None:
        dice, begin = self.dice, timezone.localdate(created)
        made_from, lines = {}, []
        if self.next_case and self.next_case[0] < created and dice.random() < OF_CASES:
            _done, case, customer, owner, number, product, price = self.next_case
            self.next_case = next(self.cases, None)
            billed = {"description": f"{product} ({number})", "quantity": 1, "price": int(price * 100)}
            lines = [{**billed, "discount_percent": 0, "tax_code": "GP", "case_id": case}]
        elif self.next_quote and self.next_quote[0] < created and dice.random() < OF_QUOTES:
            _decided, quote, quoted = self.next_quote
            self.next_quote = next(self.quotes, None)
            customer, owner, made_from = quote["customer_id"], quote["owner_id"], {"quote_id": quote["id"]}
            kept = "description", "quantity", "unit", "price", "discount_percent", "tax_code"
            lines = [{name: line[name] for name in kept} for line in quoted]
        else:
            customer, owner = self.customer(created)
        sequence = self.number("invoice", begin.year)
        invoice = self.document(
            created, customer, owner, year=begin.year, sequence=sequence, number=f"INV-{begin.year}-{sequence:03}",
            due_date=begin + PAYMENT_DAYS * DAY, status=InvoiceStatus.DRAFT.value, parties="{}", **made_from,
        )  # fmt: skip
        self.tables.add(Invoice, invoice)
        rows = self.add_lines(invoice, lines or self.new_lines())
        invoice["balance"] = invoice["total_amount"]
        total = str(invoice["total_amount"])
        self.chain.add(invoice["id"], "created", owner, created, number=invoice["number"], total_amount=total)
        if dice.random() < DRAFT:
            return
        self._issue(invoice)
        if dice.random() < CANCELLED:
            self._cancel(invoice)
        else:
            self._pay(invoice, rows)

    def _issue(self, invoice: Row) -> None:
        at = self.later(invoice["created_at"], days=1)
        buyer = {"name": f"Customer {invoice['customer_id']}", "address": ["Market Street 4", "20095 Hamburg"]}
        parties = orjson.dumps({"seller": SELLER, "buyer": buyer}).decode()
        invoice.update(status=InvoiceStatus.SENT.value, issued_at=at, mailed_at=at, updated_at=at, parties=parties)
        total = str(invoice["total_amount"])
        self.chain.add(invoice["id"], "issued", invoice["owner_id"], at, status="sent", total_amount=total)

    def _pay(self, invoice: Row, lines: list[Row]) -> None:
        """Most are paid in time, the newest not yet; some in two parts, of which the second may still be to come."""
        dice, due = self.dice, invoice["due_date"]
        owes = dice.random() < (OWING if due + 10 * DAY > self.today else LATE)
        if owes and dice.random() < 0.75:
            return
        first = self._day(invoice["issue_date"] + dice.randint(1, PAYMENT_DAYS + 8) * DAY)
        if first is None:
            return
        total, parts, paid = invoice["cents"], [invoice["cents"]], 0
        if owes or dice.random() < IN_PARTS:
            parts = [total // 3] if owes else [total // 3, total - total // 3]
        rooms = [line["cents"] for line in lines]
        for part in parts:
            day = first if part is parts[0] else self._day(first + dice.randint(5, 40) * DAY)
            if day is None:
                break
            self._payment(invoice, lines, rooms, part, day)
            paid += part
        invoice.update(paid_amount=money(paid), balance=money(total - paid))
        for line, room in zip(lines, rooms, strict=True):
            line["paid_amount"] = money(line["cents"] - room)
        if paid == total:
            invoice.update(status=InvoiceStatus.PAID.value, paid_at=day)
        else:
            invoice["status"] = InvoiceStatus.PARTIAL.value

    def _payment(self, invoice: Row, lines: list[Row], rooms: list[int], amount: int, day: date) -> None:
        """Laid on the lines in their order; `rooms` is what is left to pay of each, in cents."""
        at = max(datetime.combine(day, time(12), tzinfo=self.now.tzinfo), invoice["updated_at"] + timedelta(minutes=1))
        at = min(at, self.now)
        payment = {
            "uuid": self.uuid(),
            "organization_id": self.organization.pk,
            "invoice_id": invoice["id"],
            "amount": money(amount),
            "payment_date": day,
            "payment_method": self.dice.choice(PaymentMethod.values),
            "reference": f"Statement {self.dice.randint(100, 999)}",
            "created_by_id": invoice["owner_id"],
            "created_at": at,
        }
        self.tables.add(Payment, payment)
        left = amount
        for place, line in enumerate(lines):
            part = min(left, rooms[place])
            if part:
                share = {"payment_id": payment["id"], "line_id": line["id"], "amount": money(part)}
                self.tables.add(PaymentShare, share)
                rooms[place] -= part
                left -= part
        invoice["updated_at"] = at
        self.chain.add(invoice["id"], "paid", invoice["owner_id"], at, amount=str(money(amount)), payment=payment["id"])

    def _cancel(self, invoice: Row) -> None:
        at = self.later(invoice["updated_at"], days=20)
        year = timezone.localdate(at).year
        note = {
            "uuid": self.uuid(),
            "organization_id": self.organization.pk,
            "invoice_id": invoice["id"],
            "number": f"CN-{year}-{self.number('credit_note', year):03}",
            "issue_date": timezone.localdate(at),
            "reason": "The wrong customer.",
            "created_by_id": invoice["owner_id"],
            "created_at": at,
            **{name: invoice[name] for name in ("subtotal", "tax_amount", "total_amount")},
        }
        self.tables.add(CreditNote, note)
        invoice.update(status=InvoiceStatus.CANCELLED.value, balance=money(0), updated_at=at)
        self.chain.add(
            invoice["id"], "cancelled", invoice["owner_id"], at, status="cancelled", credit_note=note["number"]
        )

    def _day(self, day: date) -> date | None:
        """None where it is still to come."""
        return day if day <= self.today else None
