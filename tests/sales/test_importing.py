"""Invoices out of files: as they were written elsewhere, to the cent."""

from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest

from bureau.core.models import AuditEntry, Organization
from bureau.imports.selectors import rows_of
from bureau.parties.models import Customer
from bureau.sales.models import Invoice, Payment
from bureau.sales.services.invoices import delete_invoice
from tests.factories.imports import check, imported, upload
from tests.factories.parties import make_customer
from tests.factories.sales import make_invoice, make_shop

pytestmark = pytest.mark.django_db
HEADED = "number;customer;email;date;net"
HEADINGS = "Invoice number;Customer;Date;Due;Description;Net amount;Tax;Tax code;Total;Paid;Paid on;Paid how"


@pytest.fixture(scope="module")
def first_shop(once):
    return once(make_shop)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


def take(shop, *rows, headings=HEADINGS, actor=None):
    return imported(actor or shop.member, "\n".join([headings, *rows]) + "\n", kind="invoices")


def row(number="A-1", customer="Fjord Trading", issued="2025-03-01", due="", what="", net="", tax="", code="", **rest):
    more = [rest.get(name, "") for name in ("total", "paid", "paid_on", "how")]
    return ";".join([number, customer, issued, due, what, net, tax, code, *more])


def refusal(record) -> dict:
    [one] = rows_of(record)
    assert one.outcome == "refused", one.outcome
    return one.problems


def test_row_becomes_an_issued_invoice_with_its_payment(shop):
    given = row(
        "2019/77", due="2025-03-15", what="Survey", net="1.000,00", tax="120,00", total="1.120,00",
        paid="500,00", paid_on="10.03.2025", how="Bank transfer",
    )  # fmt: skip
    record = take(shop, given)
    assert record.counts == {"created": 1}
    invoice = Invoice.objects.get()
    assert (invoice.number, invoice.sequence, invoice.invoice_no, invoice.imported) == ("2019/77", None, None, True)
    assert (invoice.customer, invoice.owner, invoice.currency) == (shop.customer, shop.member, "EUR")
    assert (invoice.issue_date, invoice.due_date, invoice.status) == (date(2025, 3, 1), date(2025, 3, 15), "partial")
    assert (invoice.subtotal, invoice.tax_amount, invoice.total_amount) == (1000, 120, 1120)
    assert (invoice.paid_amount, invoice.balance) == (500, 620)
    assert invoice.issued_at
    assert invoice.parties["buyer"]["name"] == "Fjord Trading"
    line = invoice.lines.get()
    assert (line.description, line.quantity, line.unit_price, line.paid_amount) == ("Survey", 1, 1000, 500)
    assert (line.tax_code, line.tax_rate, line.tax_amount) == ("GP", 12, 120)
    payment = Payment.objects.get()
    assert (payment.amount, payment.payment_date) == (500, date(2025, 3, 10))
    assert payment.payment_method == "bank_transfer"
    assert rows_of(record).get().record_id == invoice.pk
    actions = AuditEntry.objects.filter(entity_type="invoice", entity_id=str(invoice.pk)).order_by("pk")
    assert [entry.action for entry in actions] == ["created", "paid"]
    assert actions[0].new_values["imported"] is True


def test_check_makes_nothing(shop):
    record = check(shop.member, upload(shop.member, f"{HEADINGS}\n{row(net='1.00', total='1.00')}\n", kind="invoices"))
    assert record.counts == {"created": 1}
    assert (Invoice.objects.count(), AuditEntry.objects.filter(entity_type="invoice").count()) == (0, 0)


def test_number_that_is_there_already_is_not_doubled(shop):
    first, again = row(net="10.00", total="10.00"), row(net="99.00", total="99.00")
    assert take(shop, first, again).counts == {"created": 1, "duplicate": 1}
    record = take(shop, again)
    assert record.counts == {"duplicate": 1}
    assert rows_of(record).get().record_id == Invoice.objects.get().pk
    assert Invoice.objects.get().total_amount == 10
    theirs = make_customer(shop.organization, shop.other, company_name="Quay AG", customer_type="company")
    record = take(shop, row(customer=theirs.party.name, net="5.00", total="5.00"), actor=shop.other)
    assert (record.counts, rows_of(record).get().record_id) == ({"duplicate": 1}, None), "they do not see it"


def test_number_is_kept_in_one_line(shop):
    take(shop, row('"R\n 7"', net="1.00", total="1.00"))
    assert Invoice.objects.get().number == "R 7"


def test_our_own_numbers_pass_over_those_that_were_imported(shop):
    year = make_invoice(shop).issue_date.year
    taken = row(f"INV-{year}-002", issued=f"{year}-01-02", net="1.00", total="1.00")
    assert take(shop, taken).counts == {"created": 1}
    assert make_invoice(shop).number == f"INV-{year}-003"
    record = take(shop, taken.replace("-002", "-003"))
    assert record.counts == {"duplicate": 1}


def test_number_of_a_deleted_draft_is_not_given_again(shop):
    draft = make_invoice(shop)
    number, year = draft.number, draft.issue_date.year
    delete_invoice(actor=shop.member, invoice=draft, now=draft.created_at)
    record = take(shop, row(number, issued=f"{year}-01-02", net="1.00", total="1.00"))
    assert list(refusal(record)) == ["invoice_number"]


@pytest.mark.parametrize(
    ("given", "amounts", "tax"),
    [
        ({"net": "100.00", "tax": "12.00"}, ("100.00", "12.00", "112.00"), ("GP", "12.00")),
        ({"net": "100.00", "total": "107.00"}, ("100.00", "7.00", "107.00"), ("PST7", "7.00")),
        ({"tax": "5.00", "total": "105.00"}, ("100.00", "5.00", "105.00"), ("GST2", "5.00")),
        ({"net": "10.05", "code": "gp"}, ("10.05", "1.21", "11.26"), ("GP", "12.00")),
        ({"total": "11.26", "code": "GP"}, ("10.05", "1.21", "11.26"), ("GP", "12.00")),
        ({"net": "33.33"}, ("33.33", "0.00", "33.33"), ("GST_0", "0.00")),
        ({"total": "33.33"}, ("33.33", "0.00", "33.33"), ("GST_0", "0.00")),
        ({"net": "100.00", "tax": "12.03", "code": "GP"}, ("100.00", "12.03", "112.03"), ("GP", "12.00")),
        ({"net": "200.00", "tax": "27.50", "total": "227.50"}, ("200.00", "27.50", "227.50"), ("", "13.75")),
        ({"net": "1234.56", "tax": "99.99"}, ("1234.56", "99.99", "1334.55"), ("", "8.10")),
        ({"net": "0.00", "tax": "0.00"}, ("0.00", "0.00", "0.00"), ("GST_0", "0.00")),
    ],
)
def test_amounts_stay_as_they_were(shop, given, amounts, tax):
    assert take(shop, row(**given)).counts == {"created": 1}
    invoice = Invoice.objects.get()
    assert [str(one) for one in (invoice.subtotal, invoice.tax_amount, invoice.total_amount)] == list(amounts)
    line = invoice.lines.get()
    assert (line.tax_code, str(line.tax_rate)) == tax
    assert (line.net_amount + line.tax_amount, line.line_total) == (Decimal(amounts[2]), Decimal(amounts[2]))


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"net": "100.00", "tax": "12.00", "total": "113.00"}, "total", "100.00 and 12.00 tax are 112.00, not 113.00"),
        ({"net": "100.00", "total": "90.00"}, "total", "less than its parts"),
        ({"net": "100.00", "tax": "19.00", "code": "GP"}, "tax_amount", "12.00 % of 100.00 is 12.00, not 19.00"),
        ({"tax": "5.00"}, "total", "net amount or the total"),
        ({}, "total", "net amount or the total"),
        ({"net": "-5.00"}, "subtotal", "0 or more"),
        ({"net": "1.0055"}, "subtotal", "decimals"),
        ({"net": "1.00", "tax": "999.00"}, "tax_amount", "more than"),
        ({"net": "1.00", "code": "MWST"}, "tax_code", "Choose one of"),
        ({"net": "1.00", "due": "2025-02-28"}, "due_date", "or later"),
        ({"net": "1.00", "issued": "1.2.1890"}, "issue_date", "between"),
        ({"net": "1.00", "issued": "3/4/2025"}, "issue_date", "two ways"),
        ({"net": "1.00", "issued": ""}, "issue_date", "date"),
        ({"net": "1.00", "number": ""}, "invoice_number", "number"),
        ({"net": "1.00", "number": "9" * 51}, "invoice_number", "50"),
        ({"net": "1.00", "what": "x" * 301}, "description", "300"),
        ({"net": "1.00", "customer": ""}, "customer", "whose invoice"),
        ({"net": "1.00", "customer": "Nobody Ltd"}, "customer", "no customer “Nobody Ltd”"),
        ({"net": "1.00", "customer": "nobody@example.com"}, "customer", "no customer"),
        ({"net": "9.00", "paid": "9.01", "paid_on": "2025-03-02"}, "paid_amount", "At most 9.00 EUR"),
        ({"net": "9.00", "paid": "9.00"}, "payment_date", "day on which"),
        ({"net": "9.00", "paid": "9.00", "paid_on": "2990-01-01"}, "payment_date", "Give"),
        ({"net": "9.00", "paid": "9.00", "paid_on": "2025-03-02", "how": "cheque"}, "payment_method", "Choose one of"),
    ],
)
def test_row_that_cannot_be_is_refused_with_what_to_do(shop, given, field, words):
    problems = refusal(take(shop, row(**given)))
    assert list(problems) == [field]
    assert words in problems[field][0]
    assert (Invoice.objects.count(), Payment.objects.count()) == (0, 0)


def test_other_currency_is_refused(shop):
    headings = "number;customer;date;net;currency"
    record = take(
        shop, "A1;Fjord Trading;2025-01-31;1.00;USD", "A2;Fjord Trading;2025-01-31;1.00;eur", headings=headings
    )
    assert [(one.outcome, list(one.problems)) for one in rows_of(record)] == [
        ("refused", ["currency"]),
        ("created", []),
    ]


def test_customer_is_known_by_name_address_or_tax_number(shop):
    Organization.objects.filter(pk=shop.organization.pk).update(payment_days=14)
    company = make_customer(
        shop.organization, shop.member, company_name="Quay AG", customer_type="company", tax_number="CHE-123.456.789"
    )
    record = take(
        shop,
        row("1", customer="fjord TRADING", net="1.00"),
        row("2", customer="Books@fjord.example", net="1.00"),
        row("3", customer="CHE 123456789", net="1.00"),
        row("4", customer="Quay AG", net="1.00"),
    )
    assert record.counts == {"created": 4}
    found = {invoice.number: invoice.customer for invoice in Invoice.objects.select_related("customer")}
    assert found == {"1": shop.customer, "2": shop.customer, "3": company, "4": company}
    assert Invoice.objects.get(number="1").due_date == date(2025, 3, 15)


def test_name_of_several_customers_asks_for_more(shop):
    for email in ("a@example.com", "b@example.com"):
        make_customer(shop.organization, shop.member, first_name="Ana", last_name="Lee", email=email)
    problems = refusal(take(shop, row(customer="Ana Lee", net="1.00")))
    assert "a@example.com" in problems["customer"][0]
    assert take(shop, row(customer="b@example.com", net="1.00")).counts == {"created": 1}


def test_customer_of_somebody_else_is_not_there(shop):
    assert list(refusal(take(shop, row(net="1.00"), actor=shop.other))) == ["customer"]
    stranger = make_shop()
    make_customer(stranger.organization, stranger.member, company_name="Quay AG", customer_type="company")
    assert list(refusal(take(shop, row(customer="Quay AG", net="1.00")))) == ["customer"]
    assert take(shop, row(net="1.00"), actor=shop.staff).counts == {"created": 1}


def test_customer_who_is_known_by_more_than_the_name_is_added(shop):
    headings = "number;customer;email;vat id;address;date;net"
    rows = ["1;Quay AG;post@quay.example;CHE-1;Kai 1;2025-01-31;1.00", "2;Quay AG;post@quay.example;;;2025-01-31;2.00"]
    record = take(shop, *rows, headings=headings)
    assert record.counts == {"created": 2}
    customer = Customer.objects.select_related("party").get(party__name="Quay AG")
    assert (customer.customer_type, customer.owner) == ("company", shop.member)
    assert (customer.party.email, customer.party.tax_number) == ("post@quay.example", "CHE-1")
    assert customer.party.address == "Kai 1"
    assert customer.invoices.count() == 2
    assert AuditEntry.objects.filter(entity_type="customer", entity_id=str(customer.pk), action="created").count() == 1
    problems = refusal(
        take(shop, "3;Fjord Trading;books@fjord.example;;;2025-01-31;1.00", headings=headings, actor=shop.other)
    )
    assert list(problems) == ["customer_email"], "somebody else looks after them"


def test_refused_row_leaves_no_customer_behind(shop):
    problems = refusal(take(shop, "1;Quay AG;q@quay.example;2025-01-31;1.00;7.00;9.00", headings=f"{HEADED};tax;total"))
    assert list(problems) == ["total"]
    assert not Customer.objects.filter(party__name="Quay AG").exists()
