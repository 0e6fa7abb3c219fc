"""Several people at one invoice, or at one sequence of numbers, in the same moment."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import transaction

from bureau.core.models import AuditEntry
from bureau.kit.errors import BusinessRule
from bureau.sales.models import CreditNote, Invoice, InvoiceReminder, Payment
from bureau.sales.reminders import remind_customers
from bureau.sales.services import invoices, recurring
from bureau.sales.services.payments import mark_as_paid, record_payment
from bureau.sales.services.quotes import update_quote
from tests.crowds import at_once
from tests.factories.cases import make_agency, make_case
from tests.factories.sales import line, make_invoice, make_quote, make_shop

pytestmark = pytest.mark.django_db(transaction=True, reset_sequences=False)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = date(2026, 11, 23)
CROWD = 10


class Failed(BusinessRule):
    """Something goes wrong after the invoice was made, in the same transaction."""


def test_fifty_creators_of_whom_a_fifth_fail_leave_no_gap_and_no_duplicate():
    """Two organizations and two years; every fifth fails half-way, when its number has been given."""
    shops = [make_shop(), make_shop()]

    def create(number):
        shop, day = shops[number % 2], date(2025 + number // 2 % 2, 6, 1)
        with transaction.atomic():
            make_invoice(shop, issue_date=day, now=NOW)
            if number % 5 == 4:
                raise Failed

    assert at_once([lambda number=number: create(number) for number in range(50)]) == {"done": 40, "Failed": 10}
    for shop in shops:
        for year in (2025, 2026):
            made = Invoice.objects.filter(organization=shop.organization, year=year)
            numbers = sorted(made.values_list("number", flat=True))
            assert numbers == [f"INV-{year}-{n:03}" for n in range(1, len(numbers) + 1)]
            assert len(numbers) >= 8
    assert Invoice.objects.count() == 40
    assert AuditEntry.objects.filter(entity_type="invoice", action="created").count() == 40


def test_payments_at_once_never_pass_the_balance():
    shop = make_shop()
    invoice = make_invoice(shop, issued=True, now=NOW)  # 112.00: five times 20.00 fit

    def pay():
        record_payment(
            actor=shop.member,
            invoice=invoice,
            amount=Decimal("20.00"),
            payment_date=TODAY,
            payment_method="cash",
            now=NOW,
        )

    assert at_once([pay] * CROWD) == {"done": 5, "PaymentTooHigh": CROWD - 5}
    invoice.refresh_from_db()
    assert (invoice.paid_amount, invoice.balance, invoice.status) == (100, 12, "partial")
    assert sum(Payment.objects.values_list("amount", flat=True)) == 100


def test_invoice_is_marked_as_paid_once():
    shop = make_shop()
    invoice = make_invoice(shop, now=NOW)  # a draft: the payment issues it
    pay = {"actor": shop.member, "invoice": invoice, "payment_method": "cash", "payment_date": TODAY, "now": NOW}
    assert at_once([lambda: mark_as_paid(**pay)] * CROWD) == {"done": 1, "WrongState": CROWD - 1}
    assert Payment.objects.get().amount == 112


def test_documents_that_change_hands_are_still_there_for_whoever_waited():
    shop = make_shop()
    invoice, quote = make_invoice(shop, now=NOW), make_quote(shop, now=NOW)
    people = [shop.admin, shop.staff, shop.member] * 4

    def hand(update, owner, **document):
        update(actor=shop.admin, changes={"owner": owner}, now=NOW, **document)

    assert at_once([lambda who=who: hand(invoices.update_invoice, who, invoice=invoice) for who in people]) == {
        "done": 12
    }
    assert at_once([lambda who=who: hand(update_quote, who, quote=quote) for who in people]) == {"done": 12}


def test_paying_and_cancelling_at_once_leave_one_credit_note_and_no_balance():
    shop = make_shop()
    for _ in range(4):
        invoice = make_invoice(shop, issued=True, now=NOW)
        pay = {"actor": shop.member, "invoice": invoice, "payment_method": "cash", "payment_date": TODAY, "now": NOW}
        cancel = {"actor": shop.member, "invoice": invoice, "now": NOW}
        outcomes = at_once(
            [lambda pay=pay: mark_as_paid(**pay), *[lambda cancel=cancel: invoices.cancel_invoice(**cancel)] * 2]
        )
        assert outcomes["done"] in (1, 2)
        invoice.refresh_from_db()
        assert (invoice.status, invoice.balance) == ("cancelled", 0)
        assert CreditNote.objects.filter(invoice=invoice).count() == 1
        paid = sum(Payment.objects.filter(invoice=invoice).values_list("amount", flat=True), Decimal(0))
        assert invoice.paid_amount == paid


def test_case_is_billed_by_one_of_two_invoices_at_once():
    agency = make_agency()
    case = make_case(agency, now=NOW)
    bill = line("", "1", "100.00", case=case)

    def create():
        invoices.create_invoice(actor=agency.member, customer=agency.customer, lines=[bill], now=NOW)

    assert at_once([create] * 4) == {"done": 1, "Invalid": 3}
    assert Invoice.objects.get().number == "INV-2026-001"


def test_draft_is_changed_by_many_and_always_adds_up():
    shop = make_shop()
    invoice = make_invoice(shop, now=NOW)

    def change(count):
        lines = [line(f"Line {n}", "1", f"{count}.33") for n in range(count)]
        invoices.update_invoice(actor=shop.member, invoice=invoice, changes={}, lines=lines, now=NOW)

    calls = [lambda count=count: change(count) for count in range(1, CROWD)]
    outcomes = at_once([*calls, lambda: invoices.issue_invoice(actor=shop.member, invoice=invoice, now=NOW)])
    assert outcomes["done"] >= 1
    invoice.refresh_from_db()
    rows = list(invoice.lines.all())
    assert invoice.total_amount == sum(row.line_total for row in rows) == invoice.balance
    assert [row.line_number for row in rows] == list(range(1, len(rows) + 1))
    assert invoice.status == "sent"


def test_many_runs_at_once_make_one_recurring_invoice_for_each_date():
    shop, start = make_shop(), date(2026, 9, 30)
    recurring.create_recurring(
        actor=shop.member,
        customer=shop.customer,
        lines=[line()],
        name="Hosting",
        interval="monthly",
        start_date=start,
        now=NOW,
    )
    assert at_once([lambda: recurring.make_due_invoices(now=NOW)] * 6) == {"done": 6}
    dates = sorted(Invoice.objects.values_list("issue_date", flat=True))
    assert dates == [start, date(2026, 10, 30)]


def test_reminders_run_at_once_remind_once():
    shop = make_shop()
    make_invoice(shop, issued=True, issue_date=date(2026, 9, 1), due_date=date(2026, 11, 1), now=NOW)
    assert at_once([lambda: remind_customers(now=NOW)] * 6) == {"done": 6}
    assert InvoiceReminder.objects.get().days == 14
