"""Invoices that come in by a file while others are made here."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bureau.sales.models import Invoice
from bureau.sales.services.invoices.importing import Amounts, import_invoice
from tests.crowds import at_once
from tests.factories.imports import check, take_over, upload
from tests.factories.sales import make_invoice, make_shop

pytestmark = pytest.mark.django_db(transaction=True, reset_sequences=False)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = date(2026, 6, 1)
CROWD = 8


def test_imported_numbers_never_meet_those_that_are_given_here():
    shop = make_shop()

    def come(number):
        amounts = Amounts(total=Decimal(5))
        import_invoice(
            actor=shop.member, customer=shop.customer, number=number, issue_date=DAY, amounts=amounts, now=NOW
        )

    here = [lambda: make_invoice(shop, issue_date=DAY, now=NOW)] * CROWD
    there = [lambda number=number: come(f"INV-2026-{number:03}") for number in range(1, CROWD + 1)]
    outcomes = at_once([call for pair in zip(here, there, strict=True) for call in pair])
    assert set(outcomes) <= {"done", "InvoiceExists"}
    assert outcomes["done"] >= CROWD
    numbers = sorted(Invoice.objects.values_list("number", flat=True))
    assert numbers == [f"INV-2026-{number:03}" for number in range(1, len(numbers) + 1)]
    assert Invoice.objects.filter(imported=False).count() == CROWD


def test_import_does_not_wait_in_a_circle_with_those_who_make_invoices():
    shop = make_shop()
    rows = "".join(f"INV-2026-{number:03},Fjord Trading,2026-06-01,5.00\n" for number in range(101, 121))
    record = check(shop.staff, upload(shop.staff, f"number,customer,date,net\n{rows}", kind="invoices"))
    makers = [lambda: make_invoice(shop, issue_date=DAY, now=NOW)] * CROWD
    assert at_once([lambda: take_over(shop.staff, record), *makers]) == {"done": CROWD + 1}
    record.refresh_from_db()
    assert (record.counts, Invoice.objects.count()) == ({"created": 20}, 20 + CROWD)
