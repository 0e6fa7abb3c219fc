"""What customers owe, by how long it has been due."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy

from bureau.core.models import User
from bureau.core.sums import ExactSum
from bureau.kit.money import ZERO
from bureau.parties.models import Customer
from bureau.sales.models import Invoice, Payment
from bureau.sales.selectors.invoices import MAX_WORDS
from bureau.sales.states import OPEN


@dataclass(frozen=True, slots=True)
class Bucket:
    """Invoices that are `least` to `most` days overdue; None: without an end. On its due date one is not overdue."""

    name: str
    label: Any
    least: int | None
    most: int | None

    def due_from(self, as_of: date) -> date | None:
        return None if self.most is None else as_of - timedelta(days=self.most)

    def due_to(self, as_of: date) -> date | None:
        return None if self.least is None else as_of - timedelta(days=self.least)

    def of(self, due_date: str, as_of: date) -> Q:
        """Of rows whose due date is found by this path."""
        first, last = self.due_from(as_of), self.due_to(as_of)
        found = Q() if first is None else Q(**{f"{due_date}__gte": first})
        return found if last is None else found & Q(**{f"{due_date}__lte": last})


BUCKETS: Final = (
    Bucket("not_due", gettext_lazy("Not due"), None, 0),
    Bucket("days_1_30", gettext_lazy("1 to 30 days"), 1, 30),
    Bucket("days_31_60", gettext_lazy("31 to 60 days"), 31, 60),
    Bucket("days_61_90", gettext_lazy("61 to 90 days"), 61, 90),
    Bucket("over_90", gettext_lazy("Over 90 days"), 91, None),
)
NOTHING: Final = (ZERO,) * len(BUCKETS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """Amounts by Bucket.name."""

    currency: str
    not_due: Decimal = ZERO
    days_1_30: Decimal = ZERO
    days_31_60: Decimal = ZERO
    days_61_90: Decimal = ZERO
    over_90: Decimal = ZERO

    @property
    def amounts(self) -> list[Decimal]:
        return [getattr(self, bucket.name) for bucket in BUCKETS]

    @property
    def total(self) -> Decimal:
        return sum(self.amounts, ZERO)

    @property
    def overdue(self) -> Decimal:
        return self.total - self.not_due


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerOwes(Owed):
    customer_id: int
    customer_name: str

    @property
    def sort_name(self) -> str:
        return self.customer_name.casefold()


ORDERS: Final = ("customer_name", "currency", *(bucket.name for bucket in BUCKETS), "overdue", "total")


def ageing(
    user: User,
    *,
    as_of: date,
    today: date,
    customer: int | None = None,
    words: str = "",
    order: Sequence[str] = (),
) -> list[CustomerOwes]:
    """What each customer owes on the invoices that this person sees, once for each currency; who owes nothing is left
    out. They are sorted by name, before that by `order`: names of ORDERS, with a minus the highest first.

    From today on it is the balances as they are. For a day that has passed they are what follows from the dates of
    invoices, payments and credit notes: money that came before its invoice counts from that on.
    """
    if as_of >= today:
        invoices = _narrowed(Invoice.objects.visible_to(user).filter(status__in=OPEN), customer, words)
        return _owing(_sums(invoices, "balance", "", as_of), {}, order)
    issued = Invoice.objects.visible_to(user).filter(issued_at__isnull=False, issue_date__lte=as_of)
    standing = Q(credit_note=None) | Q(credit_note__issue_date__gt=as_of)
    # What is paid now, and had no payment since, was paid then: of years of invoices only these are looked at.
    since = Payment.objects.visible_to(user).filter(payment_date__gt=as_of).values("invoice")
    unsettled = Q(status__in=OPEN) | Q(pk__in=since) | Q(credit_note__issue_date__gt=as_of)
    invoices = _narrowed(issued.filter(standing, unsettled), customer, words)
    payments = Payment.objects.filter(invoice__in=invoices.values("pk"), payment_date__lte=as_of)
    billed, paid = _sums(invoices, "total_amount", "", as_of), _sums(payments, "amount", "invoice__", as_of)
    return _owing(billed, paid, order)


def totals(rows: Iterable[Owed]) -> list[Owed]:
    """The sums of all rows, by currency."""
    found: dict[str, Sequence[Decimal]] = {}
    for row in rows:
        sums = found.get(row.currency, NOTHING)
        found[row.currency] = [one + other for one, other in zip(sums, row.amounts, strict=True)]
    return [Owed(currency=currency, **_named(amounts)) for currency, amounts in sorted(found.items())]


def _narrowed(invoices: QuerySet[Invoice], customer: int | None, words: str) -> QuerySet[Invoice]:
    if customer is not None:
        invoices = invoices.filter(customer=customer)
    for word in words.upper().split()[:MAX_WORDS]:
        invoices = invoices.filter(customer__in=Customer.objects.filter(sort_name__contains=word).values("pk"))
    return invoices


Key = tuple[int, str, str]


def _sums(rows: QuerySet[Any], amount: str, invoice: str, as_of: date) -> dict[Key, Sequence[Decimal]]:
    """By customer's id and name and the currency: the sums of `amount` in each bucket. `invoice`: the way to it."""
    keys = [f"{invoice}{name}" for name in ("customer", "customer__party__name", "currency")]
    sums = {bucket.name: ExactSum(amount, filter=bucket.of(f"{invoice}due_date", as_of)) for bucket in BUCKETS}
    found = rows.order_by().values_list(*keys).annotate(**sums)
    return {(row[0], row[1], row[2]): [amount or ZERO for amount in row[3:]] for row in found}


def _owing(
    billed: Mapping[Key, Sequence[Decimal]], paid: Mapping[Key, Sequence[Decimal]], order: Sequence[str]
) -> list[CustomerOwes]:
    rows = []
    for key, amounts in billed.items():
        left = [amount - gone for amount, gone in zip(amounts, paid.get(key, NOTHING), strict=True)]
        if any(left):
            customer, name, currency = key
            rows.append(CustomerOwes(customer_id=customer, customer_name=name, currency=currency, **_named(left)))
    rows.sort(key=lambda row: (row.sort_name, row.customer_id, row.currency))
    for name in reversed(order):
        column = name.removeprefix("-")
        rows.sort(key=attrgetter("sort_name" if column == "customer_name" else column), reverse=name.startswith("-"))
    return rows


def _named(amounts: Sequence[Decimal]) -> dict[str, Decimal]:
    return {bucket.name: amount for bucket, amount in zip(BUCKETS, amounts, strict=True)}
