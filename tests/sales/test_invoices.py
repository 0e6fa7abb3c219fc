"""Invoices from draft to credit note."""

from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bureau.accounts.services.organizations import update_organization
from bureau.cases.models import Case
from bureau.cases.services.cases import CaseBilled, delete_case
from bureau.core.models import AuditEntry, TaxCode
from bureau.kit.errors import Forbidden, Invalid, WrongState
from bureau.parties.services.customers import set_active, update_customer
from bureau.sales.calculations import taxes_by_rate
from bureau.sales.models import CreditNote, Invoice, InvoiceLine, Payment
from bureau.sales.selectors.invoices import available_actions, billable_cases, invoices_found, visible_invoice
from bureau.sales.services import invoices
from bureau.sales.services.content import MAX_LINES
from bureau.sales.services.invoices.numbers import proposed_number
from bureau.sales.services.payments import mark_as_paid
from bureau.sales.states import InvoiceStatus
from tests.factories.accounts import make_user
from tests.factories.cases import make_agency, make_case
from tests.factories.parties import make_customer
from tests.factories.sales import line, make_invoice, make_shop

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def first_shop(once):
    return once(make_shop)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


def test_invoice_begins_as_a_draft_with_the_organizations_terms(shop):
    update_organization(
        actor=shop.admin,
        organization=shop.organization,
        changes={"payment_days": 14, "invoice_terms": "Net 14."},
        now=NOW,
    )
    shop.customer.refresh_from_db()
    invoice = make_invoice(shop, now=NOW)
    assert (invoice.number, invoice.invoice_no, invoice.status) == ("INV-2026-001", 20260001, "draft")
    assert (invoice.issue_date, invoice.due_date, invoice.terms) == (TODAY, date(2026, 12, 7), "Net 14.")
    assert (invoice.subtotal, invoice.tax_amount, invoice.total_amount) == (100, 12, 112)
    assert (invoice.paid_amount, invoice.balance, invoice.owner) == (0, 112, shop.member)


def test_amounts_are_those_of_the_lines_rounded_half_up_once_each(shop):
    lines = [
        line("Hours", "0.125", "100.20"),  # 12.525 -> 12.53, tax 1.5036 -> 1.50
        line("Licence", "3", "19.99", discount_percent=Decimal("12.5")),  # 52.47375 -> 52.47, tax 6.2964 -> 6.30
        line("Stamp", "1", "0.05", tax_code="GST2"),  # tax 0.0025 -> 0.00
        line("Book", "1", "10.00", tax_code="XMPT"),
    ]
    invoice = make_invoice(shop, lines=lines, now=NOW)
    assert [row.net_amount for row in invoice.lines.all()] == [
        Decimal("12.53"), Decimal("52.47"), Decimal("0.05"), Decimal("10.00"),
    ]  # fmt: skip
    assert (invoice.subtotal, invoice.tax_amount) == (Decimal("75.05"), Decimal("7.80"))
    taxes = [(total.rate, total.category, total.net, total.tax) for total in taxes_by_rate(invoice.lines.all())]
    assert taxes == [
        (12, "S", Decimal("65.00"), Decimal("7.80")),
        (5, "S", Decimal("0.05"), Decimal("0.00")),
        (0, "E", Decimal("10.00"), Decimal("0.00")),
    ]


def test_numbers_count_in_each_year_and_organization(shop):
    numbers = [make_invoice(shop, issue_date=day, now=NOW).number for day in (TODAY, date(2025, 12, 31), TODAY)]
    assert numbers == ["INV-2026-001", "INV-2025-001", "INV-2026-002"]
    assert make_invoice(make_shop(), now=NOW).number == "INV-2026-001"
    assert proposed_number(shop.organization, TODAY) == (3, "INV-2026-003")
    assert proposed_number(shop.organization, date(2031, 1, 1)) == (1, "INV-2031-001")


def test_number_that_came_with_an_import_is_passed_over(shop):
    first = make_invoice(shop, now=NOW)
    Invoice.objects.filter(pk=first.pk).update(number="INV-2026-002", sequence=None, imported=True)
    assert proposed_number(shop.organization, TODAY) == (3, "INV-2026-003")
    assert make_invoice(shop, now=NOW).number == "INV-2026-003"


def test_number_of_a_deleted_draft_is_void(shop):
    invoice = make_invoice(shop, now=NOW)
    invoices.delete_invoice(actor=shop.member, invoice=invoice, now=NOW)
    assert make_invoice(shop, now=NOW).number == "INV-2026-002"
    entry = AuditEntry.objects.get(entity_type="invoice", action="deleted")
    assert (entry.old_values["void_number"], entry.old_values["total_amount"]) == ("INV-2026-001", "112.00")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"due_date": date(2026, 11, 22)}, "due_date"),
        ({"issue_date": date(1900, 1, 1)}, "issue_date"),
        ({"due_date": date(2200, 1, 1)}, "due_date"),
        ({"terms": "a" * 5001}, "terms"),
        ({"notes": "a\x00"}, "notes"),
        ({"lines": [line("  ")]}, "line_items.0.description"),
        ({"lines": [line(), line("x" * 301)]}, "line_items.1.description"),
        ({"lines": [line(quantity="-1")]}, "line_items.0.quantity"),
        ({"lines": [line(quantity="0")]}, "line_items.0.quantity"),
        ({"lines": [line(quantity="1.0001")]}, "line_items.0.quantity"),
        ({"lines": [line(unit_price="-0.01")]}, "line_items.0.unit_price"),
        ({"lines": [line(unit_price="NaN")]}, "line_items.0.unit_price"),
        ({"lines": [line(discount_percent=Decimal("100.01"))]}, "line_items.0.discount_percent"),
        ({"lines": [line(discount_percent=Decimal("-1"))]}, "line_items.0.discount_percent"),
        ({"lines": [line(discount_percent=Decimal("1.001"))]}, "line_items.0.discount_percent"),
        ({"lines": [line(tax_code="NONE")]}, "line_items.0.tax_code"),
        ({"lines": [line(unit="u" * 21)]}, "line_items.0.unit"),
        ({"lines": [line()] * (MAX_LINES + 1)}, "line_items"),
        ({"lines": [line(quantity="1", unit_price="999999999999.99")]}, "line_items"),
    ],
)
def test_what_is_wrong_is_told_by_field_and_nothing_is_made(shop, options, name):
    with pytest.raises(Invalid) as refused:
        make_invoice(shop, now=NOW, **options)
    assert list(refused.value.fields) == [name]
    assert not Invoice.objects.exists()
    assert make_invoice(shop, now=NOW).number == "INV-2026-001"


def test_client_of_others_or_inactive_is_refused(shop):
    stranger = make_customer(make_shop().organization)
    with pytest.raises(Forbidden):
        make_invoice(shop, customer=stranger, now=NOW)
    with pytest.raises(Forbidden):
        make_invoice(shop, actor=shop.other, now=NOW)
    set_active(actor=shop.member, customer=shop.customer, active=False, now=NOW)
    shop.customer.refresh_from_db()
    with pytest.raises(Invalid) as refused:
        make_invoice(shop, now=NOW)
    assert list(refused.value.fields) == ["customer"]


def test_draft_changes_in_all_its_parts(shop):
    invoice = make_invoice(shop, now=NOW)
    another = make_customer(shop.organization, owner=shop.member)
    changes = {"customer": another, "issue_date": date(2026, 12, 1), "due_date": date(2026, 12, 24), "notes": "Thanks"}
    invoices.update_invoice(
        actor=shop.member, invoice=invoice, changes=changes, lines=[line("Paint", "2", "30.00")], now=NOW
    )
    invoice = visible_invoice(shop.member, invoice.pk)
    assert (invoice.customer, invoice.issue_date, invoice.notes) == (another, date(2026, 12, 1), "Thanks")
    assert (invoice.total_amount, invoice.balance) == (Decimal("67.20"), Decimal("67.20"))
    assert invoice.number == "INV-2026-001"
    entry = AuditEntry.objects.get(entity_type="invoice", action="updated")
    assert entry.old_values["total_amount"] == "112.00"
    assert entry.new_values["lines"][0]["description"] == "Paint"


def test_refused_change_leaves_the_draft_as_it_was(shop):
    invoice = make_invoice(shop, now=NOW)
    for changes, lines in (
        ({"notes": "New", "due_date": date(2026, 1, 1)}, None),
        ({"notes": "New"}, [line(), line("")]),
        ({"notes": "New", "owner": make_user()}, None),
    ):
        with pytest.raises((Invalid, Forbidden)):
            invoices.update_invoice(actor=shop.staff, invoice=invoice, changes=changes, lines=lines, now=NOW)
    invoice.refresh_from_db()
    assert (invoice.notes, invoice.total_amount, invoice.lines.count()) == ("", 112, 1)


def test_issued_invoice_keeps_its_content_and_its_parties(shop):
    invoice = make_invoice(shop, issued=True, now=NOW)
    assert (invoice.status, invoice.issued_at) == ("sent", NOW)
    for changes, lines in (({"notes": "x"}, None), ({}, [line("Other")]), ({"due_date": date(2026, 12, 31)}, None)):
        with pytest.raises(WrongState, match="issued"):
            invoices.update_invoice(actor=shop.member, invoice=invoice, changes=changes, lines=lines, now=NOW)
    TaxCode.objects.filter(organization=shop.organization, code="GP").update(rate=Decimal("13.00"))
    same = {"notes": "", "issue_date": invoice.issue_date, "due_date": invoice.due_date}
    invoices.update_invoice(actor=shop.member, invoice=invoice, changes=same, lines=[line()], now=NOW)
    invoices.update_invoice(actor=shop.staff, invoice=invoice, changes={"owner": shop.other}, now=NOW)
    update_customer(actor=shop.member, customer=shop.customer, changes={"address": "Moved"}, now=NOW)
    invoice.refresh_from_db()
    assert invoice.owner == shop.other
    assert "Havnegata 7" in str(invoice.parties)
    assert "Moved" not in str(invoice.parties)
    with pytest.raises(WrongState, match="not deleted"):
        invoices.delete_invoice(actor=shop.staff, invoice=invoice, now=NOW)


def test_draft_without_lines_is_not_issued(shop):
    invoice = make_invoice(shop, lines=[], now=NOW)
    with pytest.raises(WrongState, match="no line"):
        invoices.issue_invoice(actor=shop.member, invoice=invoice, now=NOW)
    invoice.refresh_from_db()
    assert (invoice.status, invoice.total_amount) == ("draft", 0)


def test_invoice_of_nothing_is_paid_when_it_is_issued(shop):
    invoice = make_invoice(shop, lines=[line(discount_percent=Decimal(100))], issued=True, now=NOW)
    assert (invoice.status, invoice.balance, invoice.paid_at) == ("paid", 0, TODAY)


MOVES = {
    ("draft", "draft"): "draft",
    ("draft", "sent"): "sent",
    ("draft", "cancelled"): "cancelled",
    ("sent", "sent"): "sent",
    ("sent", "cancelled"): "cancelled",
    ("overdue", "overdue"): "sent",
    ("overdue", "sent"): "sent",
    ("overdue", "cancelled"): "cancelled",
    ("paid", "paid"): "paid",
    ("paid", "cancelled"): "cancelled",
    ("cancelled", "cancelled"): "cancelled",
}


@pytest.mark.parametrize("asked", [status.value for status in InvoiceStatus])
@pytest.mark.parametrize("state", ["draft", "sent", "overdue", "paid", "cancelled"])
def test_every_move_by_name_is_made_or_refused(shop, state, asked):
    old = datetime(2026, 6, 1, 9, tzinfo=UTC)
    invoice = make_invoice(shop, issued=state != "draft", now=old if state == "overdue" else NOW)
    if state == "paid":
        mark_as_paid(actor=shop.member, invoice=invoice, payment_method="cash", payment_date=TODAY, now=NOW)
    if state == "cancelled":
        invoices.cancel_invoice(actor=shop.member, invoice=invoice, now=NOW)
    invoice.refresh_from_db()
    kept = invoice.status
    assert invoice.status_on(TODAY) == state
    if (state, asked) in MOVES:
        invoices.set_invoice_status(actor=shop.member, invoice=invoice, status=asked, now=NOW)
        kept = MOVES[state, asked]
    else:
        with pytest.raises(WrongState):
            invoices.set_invoice_status(actor=shop.member, invoice=invoice, status=asked, now=NOW)
    invoice.refresh_from_db()
    assert invoice.status == kept


def test_credit_note_takes_an_issued_invoice_back(shop):
    invoice = make_invoice(shop, issued=True, now=NOW)
    note = invoices.credit_invoice(actor=shop.member, invoice=invoice, reason="Wrong address", now=NOW)
    assert (note.number, note.issue_date, note.total_amount, note.reason) == (
        "CN-2026-001", TODAY, Decimal("112.00"), "Wrong address",
    )  # fmt: skip
    invoice.refresh_from_db()
    assert (invoice.status, invoice.balance, invoice.total_amount) == ("cancelled", 0, 112)
    with pytest.raises(WrongState, match="cancelled already"):
        invoices.credit_invoice(actor=shop.member, invoice=invoice, now=NOW)
    with pytest.raises(WrongState, match="draft"):
        invoices.credit_invoice(actor=shop.member, invoice=make_invoice(shop, now=NOW), now=NOW)
    assert CreditNote.objects.count() == 1


def test_cancelled_draft_has_no_credit_note(shop):
    invoice = make_invoice(shop, now=NOW)
    assert invoices.cancel_invoice(actor=shop.member, invoice=invoice, now=NOW) is None
    invoice.refresh_from_db()
    assert (invoice.status, invoice.balance) == ("cancelled", 0)


def test_actions_that_are_offered_are_those_that_work(shop):
    draft, sent = make_invoice(shop, now=NOW), make_invoice(shop, issued=True, now=NOW)
    allowed = {name for name, decision in available_actions(draft, shop.member).items() if decision}
    assert allowed == {"edit", "issue", "send", "pay", "cancel", "delete", "copy", "link"}
    allowed = {name for name, decision in available_actions(sent, shop.member).items() if decision}
    assert allowed == {"send", "pay", "cancel", "copy", "link"}
    assert not any(available_actions(sent, shop.other).values())
    for action in (invoices.issue_invoice, invoices.cancel_invoice, invoices.delete_invoice):
        with pytest.raises(Forbidden):
            action(actor=shop.other, invoice=draft, now=NOW)


@pytest.mark.parametrize(
    ("day", "status"),
    [(date(2026, 12, 23), "sent"), (date(2026, 12, 24), "overdue")],
    ids=["last day", "the day after"],
)
def test_invoice_is_overdue_from_the_day_after(shop, day, status):
    invoice = make_invoice(shop, issued=True, due_date=date(2026, 12, 23), now=NOW)
    assert invoice.status_on(day) == status
    assert Invoice.objects.as_of(day).get().shown_status == status


def test_words_are_found_in_number_and_name(shop):
    make_invoice(shop, now=NOW)
    every = Invoice.objects.all()
    assert all(invoices_found(every, words).exists() for words in ("fjord", "2026-001", "trading inv-2026"))
    assert not invoices_found(every, "fjord 002").exists()


@pytest.fixture
def agency():
    return make_agency(base_price=Decimal("500.00"), tax_code="GST2")


def of_case(case, amount="500.00", **more):
    return line("", "1", amount, tax_code="", case=case, **more)


def test_line_of_a_case_takes_name_and_tax_from_the_product(agency):
    case = make_case(agency, now=NOW)
    invoice = invoices.create_invoice(actor=agency.member, customer=agency.customer, lines=[of_case(case)], now=NOW)
    row = invoice.lines.get()
    assert (row.case, row.tax_code, row.line_total) == (case, "GST2", Decimal("525.00"))
    assert row.description == f"{agency.product.name} ({case.number})"


def test_case_is_billed_once_and_only_to_its_customer(agency):
    case, other = make_case(agency, now=NOW), make_case(agency, now=NOW)
    assert set(billable_cases(agency.member, agency.customer)) == {case, other}
    bill = {"actor": agency.member, "customer": agency.customer, "now": NOW}
    first = invoices.create_invoice(**bill, lines=[of_case(case)])
    assert set(billable_cases(agency.member, agency.customer)) == {other}
    for lines, words in (([of_case(case)], first.number), ([of_case(other), of_case(other)], "twice")):
        with pytest.raises(Invalid, match=words):
            invoices.create_invoice(**bill, lines=lines)
    stranger = make_customer(agency.organization, owner=agency.member)
    with pytest.raises(Invalid, match="another client"):
        invoices.create_invoice(**{**bill, "customer": stranger}, lines=[of_case(other)])
    with pytest.raises(Invalid, match="another client"):
        invoices.update_invoice(actor=agency.member, invoice=first, changes={"customer": stranger}, now=NOW)
    foreign = make_agency()
    with pytest.raises(Invalid, match="no such case"):
        invoices.create_invoice(**bill, lines=[of_case(make_case(foreign, now=NOW))])
    invoices.update_invoice(actor=agency.member, invoice=first, changes={}, lines=[of_case(case, "400.00")], now=NOW)
    invoices.issue_invoice(actor=agency.member, invoice=first, now=NOW)
    invoices.cancel_invoice(actor=agency.member, invoice=first, now=NOW)
    invoices.create_invoice(**bill, lines=[of_case(case), of_case(other)])
    assert InvoiceLine.objects.filter(case=case).count() == 2


def test_cancelled_invoice_changes_hands_though_its_case_is_billed_anew(agency):
    """Nor does cancelling by a change wait for the case once the audit log is locked."""
    case = make_case(agency)
    first = invoices.create_invoice(actor=agency.admin, customer=case.customer, lines=[of_case(case)], now=NOW)
    invoices.issue_invoice(actor=agency.admin, invoice=first, now=NOW)
    with CaptureQueriesContext(connection) as queries:
        invoices.save_invoice(
            actor=agency.admin, invoice=first, changes={"owner": agency.staff}, status="cancelled", now=NOW
        )
    assert not [query for query in queries.captured_queries if f'FROM "{Case._meta.db_table}"' in query["sql"]]
    invoices.create_invoice(actor=agency.admin, customer=case.customer, lines=[of_case(case)], now=NOW)
    invoices.update_invoice(actor=agency.admin, invoice=first, changes={"owner": agency.admin}, now=NOW)
    first.refresh_from_db()
    assert (first.owner, first.status) == (agency.admin, "cancelled")


def test_billed_case_is_not_deleted(agency):
    case = make_case(agency, now=NOW)
    invoices.create_invoice(actor=agency.member, customer=agency.customer, lines=[of_case(case)], now=NOW)
    with pytest.raises(CaseBilled, match=case.number):
        delete_case(actor=agency.staff, case=case, now=NOW)
    assert Case.objects.filter(pk=case.pk).exists()


@pytest.mark.parametrize("cases_too", [False, True])
def test_superuser_deletes_an_invoice_with_all_that_hangs_on_it(agency, cases_too):
    case = make_case(agency, now=NOW)
    invoice = invoices.create_invoice(
        actor=agency.member, customer=agency.customer, lines=[of_case(case), line()], now=NOW
    )
    mark_as_paid(actor=agency.member, invoice=invoice, payment_method="cash", payment_date=TODAY, now=NOW)
    invoices.cancel_invoice(actor=agency.member, invoice=invoice, now=NOW)
    root = make_user(agency.organization, role="admin", superuser=True)
    with pytest.raises(Forbidden):
        invoices.force_delete_invoice(actor=agency.admin, invoice=invoice, confirm=True, now=NOW)
    with pytest.raises(Invalid, match="confirm"):
        invoices.force_delete_invoice(actor=root, invoice=invoice, confirm=False, now=NOW)
    assert Payment.objects.count() == 2
    invoices.force_delete_invoice(actor=root, invoice=invoice, confirm=True, delete_applications=cases_too, now=NOW)
    assert [model.objects.count() for model in (Invoice, Payment, CreditNote)] == [0, 0, 0]
    assert Case.objects.exists() is not cases_too
    assert AuditEntry.objects.filter(action="deleted", entity_type="invoice").count() == 1


def test_bulk_deletion_reaches_what_a_search_finds_in_ones_own_organization(shop):
    foreign = make_shop()
    root = make_user(shop.organization, role="admin", superuser=True)
    make_invoice(shop, now=NOW)
    make_invoice(shop, issued=True, now=NOW)
    make_invoice(foreign, now=NOW)
    for query, confirm in (("", True), ("fjord", False), ("a " * 11, True)):
        with pytest.raises(Invalid):
            invoices.bulk_delete_invoices(actor=root, query=query, confirm=confirm, now=NOW)
    assert invoices.bulk_delete_invoices(actor=root, query="inv-2026-002", confirm=True, now=NOW) == 1
    assert invoices.bulk_delete_invoices(actor=root, query="fjord", confirm=True, now=NOW) == 1
    assert Invoice.objects.get().organization == foreign.organization


def test_tax_codes_of_zero_say_why_in_an_electronic_invoice(shop):
    told = dict(TaxCode.objects.filter(organization=shop.organization).values_list("code", "category"))
    assert told == {"GST2": "S", "PST7": "S", "GP": "S", "GST_0": "Z", "XMPT": "E"}
