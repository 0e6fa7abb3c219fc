"""The list of approved bills for whoever makes the transfers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from bureau.core import audit
from bureau.core.models import AuditEntry, User
from bureau.parties.models import BankAccount
from bureau.parties.selectors.vendors import confirmed_account
from bureau.purchasing.models import Bill
from bureau.purchasing.permissions import bills as permissions
from bureau.purchasing.selectors.payables import bills_to_pay, proposed_account

EXPORTED = "exported_for_payment"


@dataclass(frozen=True, slots=True)
class Payment:
    """A bill to be paid; `account` None: the vendor has no confirmed account. `exported_at`: when it was exported
    before, last."""

    bill: Bill
    account: BankAccount | None
    change_waits: bool
    exported_at: datetime | None

    @property
    def account_changed_since(self) -> bool:
        """Whether it is paid to another account than the vendor had when the bill came in."""
        known = self.bill.bank_account_id
        return known is not None and self.account is not None and self.account.pk != known


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
            audit.record(payment.bill, EXPORTED, actor=actor, now=now, new=new)
    return payments


def _payments(bills: Iterable[Bill]) -> Iterator[Payment]:
    bills = list(bills)
    exported = _exported(bills)
    known: dict[int, tuple[BankAccount | None, bool]] = {}
    for bill in bills:
        if bill.vendor_id not in known:
            known[bill.vendor_id] = (confirmed_account(bill.vendor), proposed_account(bill.vendor) is not None)
        yield Payment(bill, *known[bill.vendor_id], exported.get(str(bill.pk)))


def _exported(bills: Iterable[Bill]) -> dict[str, datetime]:
    """By id, the bills that were exported before, and when last. That they were is in the audit log alone."""
    entries = AuditEntry.objects.filter(entity_type="bill", action=EXPORTED)
    entries = entries.filter(
        organization__in={bill.organization_id for bill in bills}, entity_id__in=[str(bill.pk) for bill in bills]
    )
    return dict(entries.order_by("created_at", "pk").values_list("entity_id", "created_at"))
