"""What the search finds beside requests and orders: the places that a name, a code or a number leads to."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.urls import reverse

from bureau.cases.selectors.cases import cases_found, most_urgent, visible_cases
from bureau.cases.selectors.products import visible_products
from bureau.core.models import User
from bureau.parties.selectors.customers import searched, visible_customers
from bureau.parties.selectors.vendors import visible_vendors
from bureau.purchasing.models import Project
from bureau.purchasing.selectors.bills import visible_bills
from bureau.sales.models import Invoice, Quote
from bureau.sales.selectors.invoices import invoices_found
from bureau.sales.selectors.quotes import quotes_found


@dataclass(frozen=True)
class Place:
    icon: str
    name: str
    code: str
    url: str


def places(user: User, words: str, *, most: int) -> list[Place]:
    """Customers, invoices, quotes, cases, products, projects, vendors and bills that the person may see, at most so
    many of each."""
    customers = searched(visible_customers(user), words.replace("\x00", "")).order_by("sort_name", "pk")
    cases = most_urgent(cases_found(visible_cases(user), words.replace("\x00", "")))
    products = _with_words(visible_products(user), words, ("code", "name"))
    projects = _with_words(Project.objects.visible_to(user).order_by("code"), words, ("code", "name"))
    vendors = _with_words(visible_vendors(user), words, ("code", "party__name"))
    bills = _with_words(visible_bills(user), words, ("bill_number", "vendor__party__name"))
    found = [
        Place("customers", row.party.name, row.party.email, reverse("web:customer", args=[row.pk]))
        for row in customers[:most]
    ]
    newest = ("-created_at", "-pk")
    invoices = invoices_found(Invoice.objects.visible_to(user), words.replace("\x00", ""))
    quotes = quotes_found(Quote.objects.visible_to(user), words.replace("\x00", ""))
    for name, rows in (("invoice", invoices), ("quote", quotes)):
        found += [
            Place(f"{name}s", row.customer.party.name, row.number, reverse(f"web:{name}", args=[row.pk]))
            for row in rows.select_related("customer__party").order_by(*newest)[:most]
        ]
    found += [
        Place("cases", row.customer.party.name, f"{row.number} {row.product.name}", reverse("web:case", args=[row.pk]))
        for row in cases[:most]
    ]
    found += [Place("products", row.name, row.code, reverse("web:product", args=[row.pk])) for row in products[:most]]
    found += [Place("projects", row.name, row.code, reverse("web:project", args=[row.code])) for row in projects[:most]]
    found += [
        Place("vendors", row.party.name, row.code, reverse("web:vendor", args=[row.code])) for row in vendors[:most]
    ]
    return found + [
        Place("bills", row.vendor.party.name, row.bill_number, reverse("web:bill", args=[row.pk]))
        for row in bills[:most]
    ]


def _with_words(rows: QuerySet, words: str, columns: Iterable[str]) -> QuerySet:
    """Every word stands in one of the columns."""
    for word in words.replace("\x00", "").split()[:8]:
        anywhere = Q()
        for column in columns:
            anywhere |= Q(**{f"{column}__icontains": word})
        rows = rows.filter(anywhere)
    return rows
