"""Many people at one bill or one order, on PostgreSQL: entered, approved and paid once."""

from collections import Counter
from decimal import Decimal

import pytest

from bureau.core import audit
from bureau.core.files import Upload
from bureau.core.models import AuditEntry
from bureau.purchasing.models import Bill, EntryKind, LedgerEntry, ReceiptLine
from bureau.purchasing.services.budgets import differences, order_figures
from tests.core.samples import pdf_bytes
from tests.factories.bills import approve, bill_in, billed, enter, match, pay, receive
from tests.factories.orders import make_site, make_vendor, order_in
from tests.factories.purchasing import pdf
from tests.purchasing.test_concurrency import at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True, reset_sequences=False)]
CROWD = 16


def books_are_right():
    return not list(differences()) and not list(audit.breaks())


def test_bill_is_paid_once():
    bill = bill_in("approved", make_site())
    outcomes = at_once([lambda: pay(bill)] * CROWD)
    assert outcomes == {"done": 1, "WrongState": CROWD - 1}
    assert [entry.amount for entry in LedgerEntry.objects.filter(kind=EntryKind.PAID)] == [Decimal("700.00")]
    assert AuditEntry.objects.filter(entity_type="bill", action="paid").count() == 1
    assert books_are_right()


def test_bill_is_approved_once():
    bill = bill_in("matched", make_site())
    outcomes = at_once([lambda: approve(bill)] * CROWD)
    assert outcomes == {"done": 1, "WrongState": CROWD - 1}
    assert [entry.amount for entry in LedgerEntry.objects.filter(kind=EntryKind.BILLED)] == [Decimal("700.00")]


def test_number_is_entered_once():
    site = make_site()
    outcomes = at_once([lambda: enter(site)] * CROWD)
    assert outcomes == {"done": 1, "BillSeenBefore": CROWD - 1}
    assert Bill.objects.count() == AuditEntry.objects.filter(entity_type="bill").count() == 1


def test_file_is_entered_once_whatever_its_number():
    site = make_site()
    vendors = [make_vendor(site.organization, f"V{number}", f"Vendor {number}") for number in range(CROWD)]
    content = pdf_bytes("One bill")
    outcomes = at_once(
        [
            lambda vendor=vendor: enter(site, vendor=vendor, upload=Upload(pdf(content), "bill.pdf"))  # type: ignore[misc]
            for vendor in vendors
        ]
    )
    assert outcomes == {"done": 1, "BillSeenBefore": CROWD - 1}


def test_bills_of_one_order_are_approved_up_to_what_came_in():
    """8 bills of 10 pieces each match while nothing is approved; 50 came in."""
    site = make_site()
    order = order_in("approved", site)
    receive(order, "50")
    ten = billed(order, quantity=Decimal(10))
    bills = [match(enter(site, order, bill_number=str(number), lines=ten)) for number in range(8)]
    outcomes = at_once([lambda bill=bill: approve(bill) for bill in bills])  # type: ignore[misc]
    assert outcomes == {"done": 5, "Invalid": 3}
    assert order_figures(order)[EntryKind.BILLED] == Decimal("700.00")
    assert books_are_right()


def test_receipts_at_once_never_pass_what_was_ordered():
    order = order_in("approved", make_site())
    outcomes: Counter[str] = at_once([lambda: receive(order, "7")] * CROWD)
    assert outcomes == {"done": 7, "OverReceipt": CROWD - 7}
    assert sum(line.quantity for line in ReceiptLine.objects.all()) == 49
    assert sorted(order.receipts.values_list("number", flat=True)) == list(range(1, 8))
    assert order_figures(order)[EntryKind.RECEIVED] == Decimal("686.00")
    assert books_are_right()
