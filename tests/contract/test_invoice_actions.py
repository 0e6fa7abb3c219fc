"""What the agency suite does with invoices, and what it asks before one is made; credit notes."""

from copy import deepcopy
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from bureau.cases.models import Case
from bureau.cases.services.cases import force_close_case
from bureau.core.models import Job
from bureau.sales.models import CreditNote, Invoice, Payment
from bureau.sales.selectors.invoices import visible_invoice
from bureau.sales.services.invoices import create_invoice, issue_invoice
from bureau.sales.services.payments import record_payment
from tests.clients import ApiClient, assert_shape
from tests.factories.accounts import make_user
from tests.factories.cases import fill_required, make_agency, make_case
from tests.factories.parties import make_customer
from tests.factories.products import make_product
from tests.factories.sales import line, make_invoice

pytestmark = pytest.mark.django_db
URL = "/api/invoices/"
BILLABLE = {
    "id": 1,
    "number": "CASE-2026-00001",
    "customer": 1,
    "customer_name": "Jane Doe",
    "product": 1,
    "product_name": "Visa",
    "status": "pending",
    "amount": "500.00",
    "currency": "EUR",
    "tax_code": "GST2",
    "tax_rate": "5.00",
    "tax_amount": "25.00",
    "total_amount": "525.00",
    "invoice_number": None,
}
NOTE = {
    "id": 1,
    "uuid": "550e8400-e29b-41d4-a716-446655440000",
    "number": "CN-2026-001",
    "invoice": 1,
    "invoice_number": "INV-2026-001",
    "client": 1,
    "customer": 1,
    "customer_name": "Jane Doe",
    "issue_date": "2026-01-01",
    "reason": "The wrong amount.",
    "currency": "EUR",
    "subtotal": "500.00",
    "tax_amount": "25.00",
    "total_amount": "525.00",
    "created_by": 1,
    "created_at": "2026-01-01T00:00:00Z",
}


@pytest.fixture(scope="module")
def first_agency(once):
    return once(lambda: make_agency(base_price=Decimal("500.00"), tax_code="GST2"))


@pytest.fixture
def agency(first_agency):
    return deepcopy(first_agency)


@pytest.fixture
def clerk(agency):
    return ApiClient(agency.member)


@pytest.fixture
def root(agency):
    """A superuser of the same organization."""
    person = make_user(agency.organization, role="admin")
    person.is_superuser = True
    person.save()
    return ApiClient(person)


def bill(agency, *cases, issued=True, also=()):
    """An invoice of these cases, 500.00 and 25.00 tax each."""
    lines = [line("", "1", "500.00", tax_code="", case=case) for case in cases]
    invoice = create_invoice(actor=agency.member, customer=agency.customer, lines=[*lines, *also], now=timezone.now())
    if issued:
        issue_invoice(actor=agency.member, invoice=invoice, now=timezone.now())
    return visible_invoice(agency.admin, invoice.pk)


def pay(agency, invoice, amount, of=None):
    return record_payment(
        actor=agency.member,
        invoice=invoice,
        line=of,
        amount=Decimal(amount),
        payment_date=timezone.localdate(),
        payment_method="cash",
        now=timezone.now(),
    )


def path(invoice, action):
    return f"{URL}{invoice.pk}/{action}/"


def refused(answer, status=400):
    assert answer.status_code == status, answer.content
    assert set(answer.json()) == {"error", "details"}
    return sorted(answer.json()["details"])


# --- Before an invoice is made


def test_next_number_of_a_year_is_proposed_and_not_taken(agency, clerk):
    today = timezone.localdate()
    asked = f"{URL}propose/"
    first = {"invoice_no": 20250001, "invoice_number": "INV-2025-001", "invoice_date": "2025-06-30"}
    for _ in range(2):
        assert clerk.call("GET", asked, {"invoice_date": "2025-06-30"}).json() == first
    make_invoice(agency)
    proposed = clerk.call("GET", asked).json()
    assert proposed == {
        "invoice_no": today.year * 10_000 + 2,
        "invoice_number": f"INV-{today.year}-002",
        "invoice_date": today.isoformat(),
    }
    made = clerk.call("POST", URL, {"client": agency.customer.pk}).json()
    assert (made["invoice_no"], made["invoice_number"]) == (proposed["invoice_no"], proposed["invoice_number"])
    for unreadable in ("soon", "2025-02-30", "1", "0001-01-01"):
        assert refused(clerk.call("GET", asked, {"invoice_date": unreadable})) == ["invoice_date"]


def asked(caller, customer, **parameters):
    answer = caller.call("GET", f"{URL}get_customer_applications/{customer.pk}/", parameters)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_cases_ready_to_invoice_come_with_what_they_cost(agency, clerk):
    case = make_case(agency)
    make_case(agency, customer=make_customer(agency.organization, agency.member))
    page = clerk.call("GET", f"{URL}get_customer_applications/{agency.customer.pk}/").json()
    assert (page["count"], page["next"], page["previous"]) == (1, None, None)
    row = page["results"][0]
    assert_shape(row, BILLABLE)
    assert {name: row[name] for name in BILLABLE} == {
        **BILLABLE,
        "id": case.pk,
        "number": case.number,
        "customer": agency.customer.pk,
        "customer_name": agency.customer.party.name,
        "product": agency.product.pk,
        "product_name": agency.product.name,
        "currency": agency.organization.currency,
    }


def test_case_on_a_live_invoice_is_not_ready(agency, clerk):
    case, free = make_case(agency), make_case(agency)
    invoice = bill(agency, case)
    assert [row["id"] for row in asked(clerk, agency.customer)] == [free.pk]
    both = asked(clerk, agency.customer, include_invoiced="true")
    assert [(row["id"], row["invoice_number"]) for row in both] == [(free.pk, None), (case.pk, invoice.number)]
    assert clerk.call("POST", path(invoice, "credit-note"), {}).status_code == 201
    assert [row["invoice_number"] for row in asked(clerk, agency.customer)] == [None, None]


def test_cases_ready_to_invoice_are_filtered(agency, clerk):
    lacking, full = make_case(agency), make_case(agency)
    free = make_case(agency, product=make_product(agency.organization, required=0, name="Translation"))
    fill_required(full, actor=agency.member)
    force_close_case(actor=agency.staff, case=free, reason="Done", now=timezone.now())

    def ids(**parameters):
        return {row["id"] for row in asked(clerk, agency.customer, **parameters)}

    assert ids() == ids(exclude_incomplete="false") == {lacking.pk, full.pk, free.pk}
    assert ids(exclude_incomplete="true") == {full.pk, free.pk}
    assert ids(status="completed") == {free.pk}
    assert ids(exclude_status="completed") == {lacking.pk, full.pk}
    assert ids(exclude_status="completed,pending,processing") == set()
    assert ids(search="translation") == {free.pk}
    assert ids(product=agency.product.pk) == {lacking.pk, full.pk}
    base = f"{URL}get_customer_applications/{agency.customer.pk}/"
    for parameters in (
        {"status": "lost"},
        {"exclude_status": "lost"},
        {"exclude_incomplete": "x"},
        {"include_invoiced": "x"},
    ):
        assert refused(clerk.call("GET", base, parameters)) == list(parameters)
    assert [row["number"] for row in asked(clerk, agency.customer, ordering="number", page_size=1)] == [lacking.number]
    export = clerk.call("GET", base, {"export": "csv", "status": "completed"})
    assert free.number in b"".join(export).decode()


def test_product_without_a_tax_code_takes_the_organizations(agency, clerk):
    plain = make_product(agency.organization, base_price=Decimal("10.00"), tax_code="")
    make_case(agency, product=plain)
    row = asked(clerk, agency.customer)[0]
    assert (row["tax_code"], row["total_amount"]) == (agency.organization.default_tax_code, "10.00")


def test_cases_of_a_customer_that_one_does_not_see_are_not_there(agency):
    base = f"{URL}get_customer_applications/{agency.customer.pk}/"
    assert ApiClient(agency.other).call("GET", base).status_code == 404
    assert ApiClient(make_user(role="admin")).call("GET", base).status_code == 404


def test_due_amount_of_an_application_follows_its_payments(agency, clerk):
    invoice = bill(agency, make_case(agency), make_case(agency))
    first, second = invoice.lines.all()

    def due(row):
        return clerk.call("GET", f"{URL}get_invoice_application_due_amount/{row.pk}/").json()

    pay(agency, invoice, "100.00", of=second)
    amounts = {"amount": "500.00", "tax_amount": "25.00", "total_amount": "525.00"}
    assert due(first) == {"id": first.pk, **amounts, "paid_amount": "0.00", "due_amount": "525.00"}
    assert due(second) == {"id": second.pk, **amounts, "paid_amount": "100.00", "due_amount": "425.00"}
    clerk.call("POST", path(invoice, "credit-note"), {})
    assert due(second)["due_amount"] == "0.00"
    plain = make_invoice(agency).lines.get()
    for pk, caller in ((plain.pk, clerk), (2**40, clerk), (first.pk, ApiClient(agency.other))):
        assert caller.call("GET", f"{URL}get_invoice_application_due_amount/{pk}/").status_code == 404


# --- Paid, and taken back


def test_mark_as_paid_pays_what_is_due_on_each_line(agency, clerk):
    invoice = bill(agency, make_case(agency), make_case(agency), also=[line("Stamps", "1", "5.00"), line("Fee")])
    first, *_rest = invoice.lines.all()
    pay(agency, invoice, "25.00", of=first)
    answer = clerk.call(
        "POST", path(invoice, "mark-as-paid"), {"payment_type": "wire_transfer", "payment_date": "2026-01-15"}
    )
    assert answer.status_code == 200, answer.content
    paid = answer.json()
    assert (paid["status"], paid["balance"], paid["paid_amount"]) == ("paid", "0.00", paid["total_amount"])
    made = [row for row in paid["payments"] if row["payment_date"] == "2026-01-15"]
    assert sorted(Decimal(row["amount"]) for row in made) == [Decimal("117.60"), Decimal("500.00"), Decimal("525.00")]
    assert {(row["payment_method"], row["payment_type"]) for row in made} == {("bank_transfer", "wire_transfer")}
    assert [row["due_amount"] for row in paid["invoice_applications"]] == ["0.00", "0.00"]
    assert {row["status"] for row in paid["invoice_applications"]} == {"paid"}
    assert refused(clerk.call("POST", path(invoice, "mark-as-paid"), {"payment_type": "cash"})) == []
    assert Payment.objects.count() == 4


def test_mark_as_paid_takes_today_and_issues_a_draft(agency, clerk):
    invoice = bill(agency, make_case(agency), issued=False)
    paid = clerk.call("POST", path(invoice, "mark-as-paid"), {"payment_method": "cash"}).json()
    assert (paid["status"], paid["sent"]) == ("paid", True)
    assert [row["payment_date"] for row in paid["payments"]] == [timezone.localdate().isoformat()]


def test_payment_completes_the_case_of_a_product_that_says_so(agency, clerk):
    product = make_product(agency.organization, completed_by_payment=True, required=0)
    case, other = make_case(agency, product=product), make_case(agency)
    clerk.call("POST", path(bill(agency, case, other), "mark-as-paid"), {"payment_type": "cash"})
    assert [Case.objects.get(pk=one.pk).status for one in (case, other)] == ["completed", "pending"]


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({}, ["payment_type"]),
        ({"payment_type": "shells"}, ["payment_type"]),
        ({"payment_method": "shells"}, ["payment_method"]),
        ({"payment_type": "cash", "payment_date": "soon"}, ["payment_date"]),
        ({"payment_type": "cash", "payment_date": "2099-01-01"}, ["payment_date"]),
    ],
)
def test_mark_as_paid_refuses_what_it_cannot_read(agency, clerk, given, fields):
    invoice = bill(agency, make_case(agency), issued=False)
    assert refused(clerk.call("POST", path(invoice, "mark-as-paid"), given)) == fields
    assert Invoice.objects.get().status == "draft"


def test_cancelled_invoice_is_not_marked_as_paid(agency, clerk):
    invoice = bill(agency, make_case(agency))
    clerk.call("POST", path(invoice, "credit-note"), {})
    assert refused(clerk.call("POST", path(invoice, "mark-as-paid"), {"payment_type": "cash"})) == []
    assert not Payment.objects.exists()


def test_credit_note_takes_an_invoice_back(agency, clerk):
    invoice = bill(agency, make_case(agency))
    answer = clerk.call("POST", path(invoice, "credit-note"), {"reason": "The wrong amount."})
    assert answer.status_code == 201, answer.content
    note = answer.json()
    assert_shape(note, NOTE)
    assert (note["total_amount"], note["invoice"], note["reason"]) == ("525.00", invoice.pk, "The wrong amount.")
    shown = clerk.call("GET", f"{URL}{invoice.pk}/").json()
    assert (shown["status"], shown["balance"], shown["credit_note"]) == (
        "cancelled",
        "0.00",
        {"id": note["id"], "number": note["number"]},
    )
    assert shown["invoice_applications"][0]["status"] == "cancelled"
    assert clerk.call("GET", f"/api/credit-notes/{note['id']}/").json() == note
    assert refused(clerk.call("POST", path(invoice, "credit-note"), {})) == []
    assert CreditNote.objects.count() == 1


def test_draft_has_no_credit_note(agency, clerk):
    draft = make_invoice(agency)
    assert refused(clerk.call("POST", path(draft, "credit-note"), {"reason": "x"})) == []
    assert refused(clerk.call("POST", path(draft, "credit-note"), {"reason": "x" * 1001})) == ["reason"]
    assert Invoice.objects.get().status == "draft"
    assert not CreditNote.objects.exists()


def test_credit_note_is_made_once_with_an_idempotency_key(agency, clerk):
    invoice = bill(agency, make_case(agency))
    answers = [
        clerk.call("POST", path(invoice, "credit-note"), {}, headers={"Idempotency-Key": "note"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


def test_credit_notes_are_listed_filtered_and_sorted(agency, clerk):
    first, second = bill(agency, make_case(agency)), make_invoice(agency, issued=True)
    notes = [clerk.call("POST", path(invoice, "credit-note"), {}).json() for invoice in (first, second)]
    base = "/api/credit-notes/"

    def found(caller=clerk, **parameters):
        answer = caller.call("GET", base, parameters)
        assert answer.status_code == 200, answer.content
        return [row["id"] for row in answer.json()["results"]]

    assert found() == [notes[1]["id"], notes[0]["id"]]
    assert found(ordering="number") == found(ordering="invoice_number") == [notes[0]["id"], notes[1]["id"]]
    assert found(invoice=first.pk) == found(search=notes[0]["number"].lower()) == [notes[0]["id"]]
    assert found(client=agency.customer.pk) == found(customer=agency.customer.pk) == found()
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert found(issue_date__gte=tomorrow) == []
    assert found(ApiClient(agency.staff)) == found()
    for caller in (ApiClient(agency.other), ApiClient(make_user(role="admin"))):
        assert found(caller) == []
        assert caller.call("GET", f"{base}{notes[0]['id']}/").status_code == 404
    assert notes[0]["number"] in b"".join(clerk.call("GET", base, {"export": "csv"})).decode()
    assert clerk.call("POST", base, {}).status_code == 405


# --- Sent to the client


def test_invoice_is_mailed_to_the_client_and_a_draft_is_issued_by_it(agency, clerk):
    draft = bill(agency, make_case(agency), issued=False)
    assert refused(clerk.call("POST", path(draft, "send"), {})) == ["email"]
    assert Invoice.objects.get().status == "draft"
    agency.customer.party.email = "jane@example.com"
    agency.customer.party.save()
    assert refused(clerk.call("POST", path(draft, "send"), {"message": "x" * 2001})) == ["message"]
    sent = clerk.call("POST", path(draft, "send"), {"message": "With our thanks."})
    assert (sent.status_code, sent.json()["status"], sent.json()["sent"]) == (200, "sent", True)
    assert Job.objects.filter(kind="mail_sales_document", organization=agency.organization).count() == 1
    clerk.call("POST", path(draft, "credit-note"), {})
    assert refused(clerk.call("POST", path(draft, "send"), {})) == []


# --- Deleted by superusers


def test_delete_preview_counts_what_would_go(agency, clerk, root):
    invoice = bill(agency, make_case(agency), make_case(agency), also=[line("Stamps")])
    pay(agency, invoice, "10.00")
    clerk.call("POST", path(invoice, "credit-note"), {})
    assert root.call("GET", path(invoice, "delete-preview")).json() == {
        "invoice_number": invoice.number,
        "line_items": 3,
        "payments": 1,
        "invoice_applications": 2,
        "customer_applications": 2,
        "credit_notes": 1,
        "reminders": 0,
        "links": 0,
    }


@pytest.mark.parametrize(("applications", "left"), [(False, 1), (True, 0)])
def test_force_delete_takes_what_hangs_on_an_invoice_along(agency, root, applications, left):
    invoice = bill(agency, make_case(agency))
    pay(agency, invoice, "10.00")
    for body in ({}, {"confirm": False}, {"delete_applications": True}):
        assert refused(root.call("POST", path(invoice, "force-delete"), body)) == ["confirm"]
    assert Invoice.objects.exists()
    body = {"confirm": True, "delete_applications": applications}
    answer = root.call("POST", path(invoice, "force-delete"), body)
    assert (answer.status_code, answer.json()) == (200, {"deleted": 1})
    assert (Invoice.objects.count(), Payment.objects.count(), Case.objects.count()) == (0, 0, left)
    assert root.call("POST", path(invoice, "force-delete"), body).status_code == 404


def test_bulk_delete_deletes_what_the_search_finds(agency, clerk, root):
    other = make_customer(agency.organization, agency.member, first_name="Zoe", last_name="Quill")
    kept, gone = make_invoice(agency), make_invoice(agency, issued=True, customer=other)
    foreign = make_agency()
    make_invoice(foreign, customer=make_customer(foreign.organization, foreign.member, last_name="Quill"))
    base = f"{URL}bulk-delete/"
    assert refused(root.call("POST", base, {"query": "quill"})) == ["confirm"]
    assert refused(root.call("POST", base, {"confirm": True})) == ["query"]
    assert refused(root.call("POST", base, {"query": " ", "confirm": True})) == ["query"]
    assert Invoice.objects.count() == 3
    answer = root.call("POST", base, {"query": "quill", "confirm": True})
    assert (answer.status_code, answer.json()) == (200, {"deleted": 1})
    assert Invoice.objects.filter(pk=kept.pk).exists()
    assert not Invoice.objects.filter(pk=gone.pk).exists()
    assert root.call("POST", base, {"query": "nobody", "confirm": True}).json() == {"deleted": 0}


@pytest.mark.parametrize("role", ["admin", "staff", "member"])
@pytest.mark.parametrize(
    ("method", "action"), [("GET", "delete-preview"), ("POST", "force-delete"), ("POST", "bulk-delete")]
)
def test_deletions_are_for_superusers_whatever_is_sent(agency, role, method, action):
    caller = ApiClient(getattr(agency, role))
    for pk in (bill(agency, make_case(agency)).pk, 2**40):
        at = f"{URL}{action}/" if action == "bulk-delete" else f"{URL}{pk}/{action}/"
        for body in ({}, {"confirm": True, "query": "INV"}):
            assert refused(caller.call(method, at, body), 403) == []
    assert Invoice.objects.count() == 1


@pytest.mark.parametrize("action", ["mark-as-paid", "credit-note", "send"])
def test_actions_of_somebody_elses_invoice_are_not_there(agency, action):
    invoice = bill(agency, make_case(agency))
    for caller in (ApiClient(agency.other), ApiClient(make_user(role="admin"))):
        assert caller.call("POST", path(invoice, action), {"payment_type": "cash"}).status_code == 404
    assert reverse(f"api:invoice-{action}", kwargs={"pk": invoice.pk}) == path(invoice, action)
