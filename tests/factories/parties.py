"""Customers, by the services."""

import itertools
from datetime import UTC, datetime
from typing import Any

from bureau.core.models import Organization, User
from bureau.parties.models import Customer
from bureau.parties.services.customers import create_customer
from tests.factories.accounts import make_user

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
_count = itertools.count(1)


def make_customer(organization: Organization, owner: User | None = None, **fields: Any) -> Customer:
    """A person called Jane with a last name of her own, where `fields` (customers.FIELDS, now) give no names.

    Without an `owner` she belongs to a member made for her.
    """
    named = any(name in fields for name in ("name", "first_name", "last_name", "company_name"))
    names = {} if named else {"first_name": "Jane", "last_name": f"Doe{next(_count)}"}
    actor = owner or make_user(organization)
    return create_customer(actor=actor, **{"now": NOW, **names, **fields})
