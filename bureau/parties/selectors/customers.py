"""Reads of customers, who are the clients too."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bureau.core.models import Organization, User
from bureau.core.prepared import prepared
from bureau.kit.errors import NotFound
from bureau.parties.models import Customer
from bureau.parties.models.parties import tax_key

TWINS: Final = 10  # customers that are told of, for each field
MAX_WORDS: Final = 100  # of a search; SQLite nests a thousand conditions at most
UNIQUE: Final = ("email", "tax_number", "passport_number")
"""By these a customer is known again."""


def visible_customers(user: User) -> QuerySet[Customer]:
    """Newest first, with their party."""
    customers: QuerySet[Customer] = Customer.objects.visible_to(user)
    return customers.select_related("party", "owner").order_by("-created_at", "-pk")


def visible_customer(user: User, pk: int) -> Customer:
    """The customer with this id, where the person may see it. Raises NotFound, foreign or unknown."""
    found = visible_customers(user).select_related("organization").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("Not found."))
    return found


def searched(customers: QuerySet[Customer], query: str) -> QuerySet[Customer]:
    """Those in whose search text every word is found."""
    for word in query.upper().split()[:MAX_WORDS]:
        customers = customers.filter(search_text__contains=word)
    return customers


def passport_key(passport_number: str) -> str:
    """A passport number as it is kept: in upper case, without spaces."""
    return "".join(passport_number.upper().split())


def _same_party(organization: int, exclude: int, **same: Any) -> QuerySet[Customer]:
    found = Customer.objects.filter(organization=organization, party__organization=organization, **same)
    return found.exclude(pk=exclude).select_related("party").order_by("pk")[:TWINS]


KEYS: Final[dict[str, Callable[[str], str]]] = {
    "email": lambda value: value.strip().lower(),
    "tax_number": tax_key,
    "passport_number": passport_key,
}
"""What is compared of each of UNIQUE."""
_SAME: Final = {
    "email": prepared(lambda organization, key, exclude: _same_party(organization, exclude, party__email__lower=key)),
    "tax_number": prepared(lambda organization, key, exclude: _same_party(organization, exclude, party__tax_key=key)),
    "passport_number": prepared(
        lambda organization, key, exclude: _same_party(organization, exclude, passport_number=key)
    ),
}


def twins(
    organization: Organization, values: Mapping[str, str], *, exclude: Customer | None = None
) -> dict[str, list[Customer]]:
    """For each of UNIQUE that has a value: the customers of the organization that have it, where there are any.

    Whether the person who asks may see them is not looked at.
    """
    asked = {name: value for name in UNIQUE if tax_key(value := values.get(name) or "")}
    gone = exclude.pk if exclude is not None else 0
    found = {
        name: _SAME[name](organization=organization.pk, key=KEYS[name](value), exclude=gone)
        for name, value in asked.items()
    }
    return {name: customers for name, customers in found.items() if customers}
