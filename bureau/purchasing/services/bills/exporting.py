"""The list of approved bills for whoever makes the transfers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from bureau.core import audit
from bureau.core.models import User
from bureau.parties.models import BankAccount
from bureau.parties.selectors import confirmed_account
from bureau.purchasing.models import Bill
from bureau.purchasing.permissions import bills as permissions
from bureau.purchasing.selectors.payables import bills_to_pay, proposed_account


@dataclass(frozen=True, slots=True)
class Payment:
    """A bill to be paid; `account` None: the vendor has no confirmed account."""

    bill: Bill
    account: BankAccount | None
    change_waits: bool


def export_payments(*, actor: User, until: date | None, now: datetime) -> list[Payment]:
    """The approved bills of the actor's organization that are due by `until`, all without it, each with the account
    that is confirmed today. That each was exported for payment is in the audit log; paid they are only by `pay_bill`.

    Raises Forbidden.
    """
    permissions.can_write_bills(actor, actor.organization).enforce()
    with transaction.atomic():
        bills = bills_to_pay(actor, until=until).filter(organization=actor.organization_id)
        payments = list(_payments(bills.select_related("vendor__party", "organization", "order")))
        for payment in payments:
            account = payment.account.masked if payment.account else None
            new = {"total_amount": payment.bill.total_amount, "account": account}
            audit.record(payment.bill, "exported_for_payment", actor=actor, now=now, new=new)
    return payments


def _payments(bills: Iterable[Bill]) -> Iterator[Payment]:
    known: dict[int, tuple[BankAccount | None, bool]] = {}
    for bill in bills:
        if bill.vendor_id not in known:
            known[bill.vendor_id] = (confirmed_account(bill.vendor), proposed_account(bill.vendor) is not None)
        yield Payment(bill, *known[bill.vendor_id])
