"""Taking on what somebody comes with who may be new: the customer and their case at once."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from bureau.cases.models import Case, Product
from bureau.cases.services.cases import create_case
from bureau.core.models import User
from bureau.parties.services.customers import add_customer, record_created


def open_case_for_new_customer(
    *,
    actor: User,
    customer: Mapping[str, Any],
    allow_duplicate: bool = False,
    product: Product,
    doc_date: date | None = None,
    notes: str = "",
    now: datetime,
) -> Case:
    """A customer with these fields and a case of theirs; neither without the other. Raises as `create_customer` and
    `create_case`."""
    with transaction.atomic():
        made = add_customer(actor=actor, allow_duplicate=allow_duplicate, now=now, **customer)
        case = create_case(actor=actor, customer=made, product=product, doc_date=doc_date, notes=notes, now=now)
        # Last: who holds the audit log must not wait for the number of a case, which others hold who wait for the log.
        record_created(made, actor=actor, now=now)
    return case
