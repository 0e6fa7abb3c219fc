"""Invoices as both families document them: `/api/invoices/`, one representation with the keys of both."""

from copy import deepcopy
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from bureau.core.models import AuditEntry
from bureau.sales.models import CreditNote, Invoice
from bureau.sales.services.payments import record_payment
from tests.clients import ApiClient, assert_shape
from tests.factories.accounts import make_user
from tests.factories.cases import make_agency, make_case
from tests.factories.parties import make_customer
from tests.factories.sales import line, make_invoice, make_shop

pytestmark = pytest.mark.django_db
URL = "/api/invoices/"
MOMENT = "2026-01-01T00:00:00Z"
EXAMPLE = {
    "id": 1,
    "invoice_number": "INV-2024-001",
    "client": 1,
    "issue_date": "2024-01-01",
    "due_date": "2024-01-31",
    "status": "draft",
    "subtotal": "1000.00",
    "tax_amount": "100.00",
    "total_amount": "1100.00",
    "paid_amount": "0.00",
    "balance": "1100.00",
    "terms": "Payment terms...",
    "notes": "Additional notes...",
    "created_at": "2024-01-01T00:00:00Z",
    "updated_at": "2024-01-01T00:00:00Z",
    "owner": 1,
    "line_items": [{"description": "Service/Product", "quantity": 1, "unit_price": "1000.00", "total": "1000.00"}],
    "payments": [
        {
            "amount": "500.00",
            "payment_date": "2024-01-15",
            "payment_method": "bank_transfer",
            "reference": "TXN123456",
        }
    ],
}
"""Of biz, "Invoice Model Structure"."""
WHOLE = {
    **EXAMPLE,
    "uuid": "550e8400-e29b-41d4-a716-446655440000",
    "invoice_no": 20240001,
    "customer": 1,
    "customer_name": "Fjord Trading",
    "invoice_date": "2024-01-01",
    "sent": False,
    "imported": False,
    "currency": "EUR",
    "quote": None,
    "credit_note": None,
    "line_items": [
        {
            **EXAMPLE["line_items"][0],
            "id": 1,
            "unit": "h",
            "discount_percent": "0.00",
            "tax_code": "GP",
            "tax_rate": "12.00",
            "tax_amount": "120.00",
            "line_total": "1120.00",
            "customer_application": None,
        }
    ],
    "payments": [
        {
            **EXAMPLE["payments"][0],
            "id": 1,
            "invoice": 1,
            "invoice_number": "INV-2024-001",
            "invoice_application": None,
            "payment_type": "wire_transfer",
            "note": "",
            "refund_of": None,
            "allocations": [{"line": 1, "invoice_application": None, "amount": "500.00"}],
            "created_by": 1,
            "created_at": MOMENT,
        }
    ],
    "invoice_applications": [],
    "taxes": [{"rate": "12.00", "category": "S", "net": "1000.00", "tax": "120.00"}],
}
APPLICATION = {
    "id": 1,
    "customer_application": 1,
    "case_number": "CASE-2026-00001",
    "product_name": "Visa",
    "description": "Visa (CASE-2026-00001)",
    "amount": "500.00",
    "tax_amount": "25.00",
    "total_amount": "525.00",
    "paid_amount": "0.00",
    "due_amount": "525.00",
    "status": "unpaid",
}


@pytest.fixture(scope="module")
def first_shop(once):
    return once(make_shop)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


@pytest.fixture
def member(shop):
    return ApiClient(shop.member)


@pytest.fixture(scope="module")
def first_agency(once):
    return once(lambda: make_agency(base_price=Decimal("500.00"), tax_code="GST2"))


@pytest.fixture
def agency(first_agency):
    return deepcopy(first_agency)


def body(shop, **changes):
    item = {"description": "Service/Product", "quantity": 1, "unit_price": "1000.00", "tax_code": "GP"}
    return {"client": shop.customer.pk, "line_items": [item], "notes": "Many thanks.", **changes}


def created(caller, shop, **changes):
    answer = caller.call("POST", URL, body(shop, **changes))
    assert answer.status_code == 201, answer.content
    return answer.json()


def path(invoice, action=""):
    return f"{URL}{invoice if isinstance(invoice, int) else invoice.pk}/{action}"


def pay(invoice, amount, actor):
    return record_payment(
        actor=actor,
        invoice=invoice,
        amount=Decimal(amount),
        payment_date=timezone.localdate(),
        payment_method="bank_transfer",
        reference="TXN123456",
        now=timezone.now(),
    )


def refused(answer, status=400):
    """The names of the fields at fault."""
    assert answer.status_code == status, answer.content
    assert set(answer.json()) == {"error", "details"}
    assert isinstance(answer.json()["error"], str)
    return sorted(answer.json()["details"])


def test_documented_structure_is_shown_everywhere(shop, member):
    invoice = created(member, shop, issue_date="2024-01-01", due_date="2024-01-31", terms="Payment terms...")
    assert_shape(invoice, WHOLE | {"payments": []})
    pay(Invoice.objects.get(), "500.00", shop.member)
    detail = member.call("GET", path(invoice["id"])).json()
    assert_shape(detail, WHOLE)
    assert (detail["invoice_number"], detail["invoice_no"]) == ("INV-2024-001", 20240001)
    assert (detail["total_amount"], detail["paid_amount"], detail["balance"]) == ("1120.00", "500.00", "620.00")
    assert detail["client"] == detail["customer"] == shop.customer.pk
    assert detail["issue_date"] == detail["invoice_date"] == "2024-01-01"
    page = member.call("GET", URL).json()
    assert set(page) == {"count", "next", "previous", "results"}
    assert page["results"] == [detail]


@pytest.mark.parametrize("slash", ["/", ""])
def test_path_answers_with_and_without_its_slash(shop, member, slash):
    invoice = make_invoice(shop)
    assert member.call("GET", f"{URL}{invoice.pk}{slash}").json()["id"] == invoice.pk


def test_invoice_is_made_with_either_familys_names(shop, member):
    item = {"description": "Hours", "quantity": 1.5, "unit_price": 80.2, "tax_code": "GP", "discount_percent": 10}
    given = {
        "customer": shop.customer.pk,
        "invoice_date": "2025-03-01",
        "due_date": "2025-03-31",
        "terms": "Net 30",
        "line_items": [item | {"unit": "h"}],
    }
    answer = member.call("POST", URL, given)
    assert answer.status_code == 201, answer.content
    invoice = answer.json()
    assert (invoice["client"], invoice["issue_date"], invoice["status"]) == (shop.customer.pk, "2025-03-01", "draft")
    row = invoice["line_items"][0]
    assert (row["quantity"], row["unit"], row["unit_price"], row["total"]) == (1.5, "h", "80.20", "108.27")
    assert (invoice["subtotal"], invoice["tax_amount"], invoice["total_amount"]) == ("108.27", "12.99", "121.26")


def test_totals_and_numbers_of_a_caller_are_ignored(shop, member):
    lies = {
        "subtotal": "1.00",
        "tax_amount": "1.00",
        "total_amount": "1.00",
        "paid_amount": "1120.00",
        "balance": "0.00",
        "invoice_number": "INV-1999-777",
        "invoice_no": 19990777,
        "currency": "XXX",
        "payments": [{"amount": "1120.00"}],
        "imported": True,
        "id": 7,
    }
    given = body(shop, **lies)
    given["line_items"][0] |= {"total": "1.00", "line_total": "1.00", "tax_amount": "1.00", "tax_rate": "99.00"}
    invoice = member.call("POST", URL, given).json()
    assert invoice["invoice_number"] == f"INV-{timezone.localdate().year}-001"
    assert (invoice["total_amount"], invoice["paid_amount"], invoice["balance"]) == ("1120.00", "0.00", "1120.00")
    assert (invoice["currency"], invoice["payments"], invoice["imported"]) == (shop.organization.currency, [], False)
    changed = member.call("PATCH", path(invoice["id"]), lies).json()
    assert changed == invoice


@pytest.mark.parametrize("given", [{"status": "sent"}, {"sent": True}, {"status": "draft", "sent": True}])
def test_invoice_is_issued_where_it_is_made_or_changed(shop, member, given):
    made = created(member, shop, **given)
    assert (made["status"], made["sent"]) == ("sent", True)
    draft = created(member, shop)
    answer = member.call("PATCH", path(draft["id"]), {**given, "notes": "At last."})
    assert (answer.json()["status"], answer.json()["notes"]) == ("sent", "At last.")
    assert member.call("PATCH", path(draft["id"]), given | {"status": "sent"}).status_code == 200


@pytest.mark.parametrize("status", ["paid", "partial", "overdue"])
def test_status_that_follows_from_something_else_is_not_given(shop, member, status):
    assert member.call("POST", URL, body(shop, status=status)).status_code == 400
    assert not Invoice.objects.exists()
    draft = created(member, shop)
    assert member.call("PATCH", path(draft["id"]), {"status": status, "notes": "x"}).status_code == 400
    assert member.call("GET", path(draft["id"])).json() == draft


def test_unknown_status_is_a_field_error(shop, member):
    assert refused(member.call("POST", URL, body(shop, status="lost"))) == ["status"]


def test_empty_invoice_is_not_issued_and_leaves_no_draft(shop, member):
    assert member.call("POST", URL, {"client": shop.customer.pk, "status": "sent"}).status_code == 400
    assert not Invoice.objects.exists()
    assert not AuditEntry.objects.filter(entity_type="invoice").exists()


def test_draft_is_changed_by_put_and_patch_and_keeps_what_is_left_out(shop, member):
    draft = created(member, shop, terms="Net 30")
    items = [{"description": "Less", "quantity": "2", "unit_price": "10.00", "tax_code": "GP"}]
    put = member.call(
        "PUT", path(draft["id"]), {"line_items": items, "issue_date": "2026-02-01", "due_date": "2026-02-15"}
    )
    assert put.status_code == 200, put.content
    assert (put.json()["total_amount"], put.json()["balance"], put.json()["terms"]) == ("22.40", "22.40", "Net 30")
    assert put.json()["invoice_number"] == draft["invoice_number"]
    other = make_customer(shop.organization, shop.member)
    patched = member.call("PATCH", path(draft["id"]), {"customer": other.pk, "due_date": "2026-03-01"}).json()
    assert (patched["client"], patched["due_date"], patched["line_items"]) == (
        other.pk,
        "2026-03-01",
        put.json()["line_items"],
    )


@pytest.mark.parametrize("issued", [False, True])
def test_record_put_back_as_it_was_read_changes_nothing(shop, member, agency, issued):
    clerk = ApiClient(agency.member)
    case = make_case(agency)
    items = [{"description": "Hours", "quantity": 1.5, "unit_price": "80.00"}]
    given = {"client": agency.customer.pk, "line_items": items, "sent": issued}
    invoice = clerk.call("POST", URL, {**given, "invoice_applications": [{"customer_application": case.pk}]}).json()
    entries = AuditEntry.objects.count()
    for method in ("PUT", "PATCH"):
        answer = clerk.call(method, path(invoice["id"]), invoice)
        assert (answer.status_code, answer.json()) == (200, invoice)
    assert AuditEntry.objects.count() == entries


def test_of_two_names_that_which_is_new_counts(shop, member):
    draft, other = created(member, shop, issue_date="2026-01-10", due_date="2026-12-31"), None
    other = make_customer(shop.organization, shop.member)
    changed = member.call(
        "PUT", path(draft["id"]), {**draft, "customer": other.pk, "invoice_date": "2026-01-11"}
    ).json()
    assert (changed["client"], changed["issue_date"]) == (other.pk, "2026-01-11")


@pytest.mark.parametrize(
    "change",
    [
        {"line_items": [{"description": "More", "quantity": 1, "unit_price": "1.00"}]},
        {"line_items": []},
        {"due_date": "2099-01-01"},
        {"issue_date": "2026-01-02"},
        {"notes": "Other"},
        {"terms": "Other"},
        {"status": "draft"},
    ],
    ids=["lines", "no lines", "due date", "date", "notes", "terms", "status"],
)
def test_issued_invoice_is_not_edited(shop, member, change):
    invoice = created(member, shop, status="sent")
    answer = member.call("PATCH", path(invoice["id"]), change)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert member.call("GET", path(invoice["id"])).json() == invoice


def test_issued_invoice_goes_to_another_owner(shop):
    staff, invoice = ApiClient(shop.staff), make_invoice(shop, issued=True)
    assert staff.call("PATCH", path(invoice), {"owner": shop.other.pk}).json()["owner"] == shop.other.pk
    assert refused(staff.call("PATCH", path(invoice), {"owner": make_user().pk})) == ["owner"]
    member = ApiClient(shop.member)  # theirs by the customer
    assert member.call("PATCH", path(invoice), {"owner": shop.member.pk}).json()["owner"] == shop.other.pk


def test_cancelling_takes_an_issued_invoice_back_and_makes_a_draft_void(shop, member):
    issued, draft = created(member, shop, status="sent"), created(member, shop)
    cancelled = member.call("PATCH", path(issued["id"]), {"status": "cancelled"}).json()
    note = CreditNote.objects.get()
    assert (cancelled["status"], cancelled["balance"], cancelled["sent"]) == ("cancelled", "0.00", True)
    assert cancelled["credit_note"] == {"id": note.pk, "number": note.number}
    void = member.call("PATCH", path(draft["id"]), {"status": "cancelled"}).json()
    assert (void["status"], void["sent"], void["credit_note"]) == ("cancelled", False, None)
    assert member.call("PATCH", path(issued["id"]), {"status": "sent"}).status_code == 400


def test_draft_is_deleted_and_its_number_is_not_used_again(shop, member):
    draft, issued = created(member, shop), created(member, shop, status="sent")
    assert member.call("DELETE", path(draft["id"])).status_code == 204
    assert member.call("GET", path(draft["id"])).status_code == 404
    assert refused(member.call("DELETE", path(issued["id"]))) == []
    assert member.call("GET", path(issued["id"])).json() == issued
    assert created(member, shop)["invoice_no"] == draft["invoice_no"] + 2


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"client": None}, ["client"]),
        ({"client": 2**40}, ["client"]),
        ({"client": 10**30}, ["client"]),
        ({"client": "x"}, ["client"]),
        ({"issue_date": "2026-03-10", "due_date": "2026-03-09"}, ["due_date"]),
        ({"issue_date": "soon"}, ["issue_date"]),
        ({"issue_date": "1066-01-01"}, ["issue_date"]),
        ({"notes": "x" * 5001}, ["notes"]),
        ({"line_items": "x"}, ["line_items"]),
        ({"line_items": [{}]}, ["line_items.0.unit_price"]),
        ({"line_items": [{"unit_price": "1.00", "quantity": 1}]}, ["line_items.0.description"]),
        ({"line_items": [{"description": " ", "unit_price": "1.00", "quantity": 1}]}, ["line_items.0.description"]),
        ({"line_items": [{"description": "x", "unit_price": "1.00", "quantity": -1}]}, ["line_items.0.quantity"]),
        ({"line_items": [{"description": "x", "unit_price": "1.00", "quantity": 0}]}, ["line_items.0.quantity"]),
        ({"line_items": [{"description": "x", "unit_price": "-1.00"}]}, ["line_items.0.unit_price"]),
        ({"line_items": [{"description": "x", "unit_price": "1.001"}]}, ["line_items.0.unit_price"]),
        (
            {"line_items": [{"description": "x", "unit_price": "1", "discount_percent": 101}]},
            ["line_items.0.discount_percent"],
        ),
        ({"line_items": [{"description": "x", "unit_price": "1", "tax_code": "NONE"}]}, ["line_items.0.tax_code"]),
        ({"invoice_applications": [{"amount": "1.00"}]}, ["invoice_applications.0.customer_application"]),
        (
            {"invoice_applications": [{"customer_application": 10**30}]},
            ["invoice_applications.0.customer_application"],
        ),
        ({"owner": True}, ["owner"]),
    ],
)
def test_bad_input_is_told_by_field_and_makes_nothing(shop, member, changes, fields):
    assert refused(member.call("POST", URL, body(shop, **changes))) == fields
    assert not Invoice.objects.exists()
    draft = created(member, shop, issue_date="2026-03-10", due_date="2026-04-09")
    if changes != {"client": None} and "owner" not in changes:
        assert refused(member.call("PATCH", path(draft["id"]), changes)) == fields
        assert member.call("GET", path(draft["id"])).json() == draft


def test_errors_stand_under_the_names_that_the_caller_used(shop, member):
    shop.customer.active = False
    shop.customer.save()
    given = {"customer": shop.customer.pk, "invoice_date": "1066-01-01"}
    assert refused(member.call("POST", URL, given)) == ["customer", "invoice_date"]
    assert refused(member.call("POST", URL, {"client": shop.customer.pk})) == ["client"]
    assert refused(member.call("POST", URL, {"customer": 2**40})) == ["customer"]
    assert refused(member.call("POST", URL, {})) == ["client"]


def test_client_of_another_organization_is_refused_in_the_words_of_an_unknown_one(shop, member):
    foreign = make_customer(make_user().organization)
    answers = [member.call("POST", URL, body(shop, client=pk)) for pk in (foreign.pk, 2**40)]
    assert [refused(answer) for answer in answers] == [["client"], ["client"]]
    assert answers[0].json() == answers[1].json()
    draft = created(member, shop)
    assert refused(member.call("PATCH", path(draft["id"]), {"client": foreign.pk})) == ["client"]


def test_invoice_bills_cases_by_lines_or_by_applications(agency):
    clerk, product = ApiClient(agency.member), agency.product
    one, two = make_case(agency), make_case(agency)
    given = {
        "customer": agency.customer.pk,
        "line_items": [{"customer_application": one.pk}, {"description": "Stamps", "unit_price": "5.00"}],
        "invoice_applications": [{"customer_application": two.pk, "amount": "300.00"}],
    }
    answer = clerk.call("POST", URL, given)
    assert answer.status_code == 201, answer.content
    invoice = answer.json()
    assert [row["customer_application"] for row in invoice["line_items"]] == [one.pk, None, two.pk]
    assert [row["total"] for row in invoice["line_items"]] == ["500.00", "5.00", "300.00"]
    first, second = invoice["invoice_applications"]
    assert_shape(first, APPLICATION)
    assert first == {
        **APPLICATION,
        "id": invoice["line_items"][0]["id"],
        "customer_application": one.pk,
        "case_number": one.number,
        "product_name": product.name,
        "description": f"{product.name} ({one.number})",
    }
    assert (second["amount"], second["tax_amount"], second["total_amount"]) == ("300.00", "15.00", "315.00")
    assert invoice["total_amount"] == "845.00"


def test_applications_alone_leave_the_other_lines(agency):
    clerk, case, more = ApiClient(agency.member), make_case(agency), make_case(agency)
    items = [{"description": "Stamps", "unit_price": "5.00"}]
    given = {"client": agency.customer.pk, "line_items": items}
    given["invoice_applications"] = [{"customer_application": case.pk, "amount": "300.00"}]
    draft = clerk.call("POST", URL, given).json()

    def changed(*applications):
        answer = clerk.call("PATCH", path(draft["id"]), {"invoice_applications": list(applications)})
        assert answer.status_code == 200, answer.content
        return [(row["description"], row["total"]) for row in answer.json()["line_items"]]

    told = [f"{agency.product.name} ({one.number})" for one in (case, more)]
    assert changed({"customer_application": case.pk, "amount": "310.00"}) == [("Stamps", "5.00"), (told[0], "310.00")]
    both = [{"customer_application": case.pk}, {"customer_application": more.pk}]
    assert changed(*both) == [("Stamps", "5.00"), (told[0], "310.00"), (told[1], "500.00")]
    assert changed() == [("Stamps", "5.00")]


def test_line_and_application_of_one_case_must_agree(agency):
    clerk, case = ApiClient(agency.member), make_case(agency)
    item = {"customer_application": case.pk, "unit_price": "400.00"}
    given = {"client": agency.customer.pk, "line_items": [item]}

    def applied(amount):
        return {"invoice_applications": [{"customer_application": case.pk, "amount": amount}]}

    assert refused(clerk.call("POST", URL, given | applied("410.00"))) == ["invoice_applications.0.amount"]
    draft = clerk.call("POST", URL, given | applied("400.00")).json()
    assert len(draft["line_items"]) == 1
    raised = clerk.call("PUT", path(draft["id"]), draft | applied("450.00")).json()
    assert [row["total"] for row in raised["line_items"]] == ["450.00"]
    lines = [{**raised["line_items"][0], "unit_price": "460.00"}]
    again = clerk.call("PUT", path(draft["id"]), raised | {"line_items": lines}).json()
    assert [row["amount"] for row in again["invoice_applications"]] == ["460.00"]
    twice = {"invoice_applications": applied("1.00")["invoice_applications"] * 2}
    assert refused(clerk.call("PATCH", path(draft["id"]), twice)) == ["invoice_applications.1.customer_application"]


def test_case_is_billed_once_and_only_where_it_belongs(agency):
    clerk, case = ApiClient(agency.member), make_case(agency)
    given = {"client": agency.customer.pk, "invoice_applications": [{"customer_application": case.pk}]}
    first = clerk.call("POST", URL, given).json()
    taken = clerk.call("POST", URL, given)
    assert refused(taken) == ["invoice_applications.0.customer_application"]
    assert first["invoice_number"] in taken.json()["error"] + str(taken.json()["details"])
    items = {"line_items": [{"customer_application": case.pk}]}
    assert refused(clerk.call("POST", URL, {"client": agency.customer.pk, **items})) == [
        "line_items.0.customer_application"
    ]
    stranger = make_customer(agency.organization, agency.member)
    assert refused(clerk.call("POST", URL, given | {"client": stranger.pk}))
    foreign = make_agency()
    hidden = make_case(foreign)
    answers = [
        clerk.call("POST", URL, {**given, "invoice_applications": [{"customer_application": pk}]})
        for pk in (hidden.pk, 2**40)
    ]
    assert answers[0].json() == answers[1].json()
    assert refused(answers[0]) == ["invoice_applications.0.customer_application"]
    assert Invoice.objects.count() == 1


def test_errors_of_an_application_stand_under_its_own_names(agency):
    clerk, case = ApiClient(agency.member), make_case(agency)
    given = {
        "client": agency.customer.pk,
        "line_items": [{"description": "Stamps", "unit_price": "5.00"}],
        "invoice_applications": [{"customer_application": case.pk, "amount": "-1.00"}],
    }
    assert refused(clerk.call("POST", URL, given)) == ["invoice_applications.0.amount"]


def test_each_sees_their_own_and_those_who_see_all_all(shop):
    invoice = make_invoice(shop)
    for person, sees in ((shop.member, True), (shop.staff, True), (shop.admin, True), (shop.other, False)):
        caller = ApiClient(person)
        assert caller.call("GET", path(invoice)).status_code == (200 if sees else 404)
        assert len(caller.call("GET", URL).json()["results"]) == sees
        assert sees or caller.call("PATCH", path(invoice), {"notes": "x"}).status_code == 404
    stranger = ApiClient(make_user(role="admin"))
    assert stranger.call("GET", URL).json()["results"] == []
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert stranger.call(method, path(invoice), {} if method != "GET" else None).status_code == 404
    root = make_user(role="admin")
    root.is_superuser = True
    root.save()
    superuser = ApiClient(root)
    assert superuser.call("GET", path(invoice)).status_code == 200
    assert ApiClient().call("GET", URL).status_code == 401


def test_idempotency_key_makes_one_invoice(shop, member):
    answers = [member.call("POST", URL, body(shop), headers={"Idempotency-Key": "inv-1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    other = member.call("POST", URL, body(shop, notes="Other"), headers={"Idempotency-Key": "inv-1"})
    assert other.status_code == 422
    assert Invoice.objects.count() == 1


@pytest.fixture
def several(shop):
    """One of each status, by it; the clients differ."""
    today = timezone.localdate()
    late = {"issue_date": today - timedelta(days=40), "due_date": today - timedelta(days=10)}
    made = {
        "draft": make_invoice(shop),
        "sent": make_invoice(shop, issued=True, lines=[line(unit_price="1.00")], due_date=today),
        "overdue": make_invoice(shop, issued=True, **late),
        "partial": make_invoice(shop, issued=True, lines=[line(unit_price="300.00")]),
        "paid": make_invoice(
            shop,
            issued=True,
            customer=make_customer(shop.organization, shop.member, first_name="Ana", last_name="Bell"),
            lines=[line(unit_price="200.00")],
        ),
        "cancelled": make_invoice(shop, issued=True),
    }
    pay(made["partial"], "100.00", shop.member)
    pay(made["paid"], "224.00", shop.member)
    caller = ApiClient(shop.member)
    caller.call("PATCH", path(made["cancelled"]), {"status": "cancelled"})
    return made


def found(caller, **parameters):
    answer = caller.call("GET", URL, parameters)
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def test_list_is_filtered_by_what_is_documented(shop, member, several):
    ids = {status: invoice.pk for status, invoice in several.items()}
    for status, pk in ids.items():
        assert found(member, status=status) == [pk]
        assert [row["status"] for row in member.call("GET", URL, {"status": status}).json()["results"]] == [status]
    everything = sorted(ids.values(), reverse=True)
    assert found(member) == found(member, hide_paid="false") == everything
    assert found(member, hide_paid="true") == [pk for pk in everything if pk != ids["paid"]]
    assert found(member, client=several["paid"].customer_id) == [ids["paid"]]
    assert found(member, customer=several["paid"].customer_id, hide_paid="1") == []
    assert found(member, search="bell") == found(member, search="ana inv-") == [ids["paid"]]
    assert found(member, search=several["draft"].number) == [ids["draft"]]
    assert found(member, search="nobody") == []
    today, yesterday = timezone.localdate(), timezone.localdate() - timedelta(days=1)
    assert found(member, issue_date__lte=yesterday) == found(member, invoice_date__lte=yesterday) == [ids["overdue"]]
    assert found(member, due_date__lte=today) == [ids["overdue"], ids["sent"]]
    assert found(member, created_at__gte=today.isoformat(), status="paid") == [ids["paid"]]
    assert found(member, created_at__lte="2020-01-01") == []
    assert found(member, owner=shop.member.pk) == everything
    assert found(member, imported="true") == []
    assert found(member, client="9" * 18) == []
    for parameters in (
        {"status": "lost"},
        {"client": "x"},
        {"due_date__lte": "soon"},
        {"hide_paid": "maybe"},
        {"ordering": "colour"},
        {"created_at__gte": "x"},
    ):
        assert refused(member.call("GET", URL, parameters)) == list(parameters)


def test_list_is_filtered_by_case(agency):
    clerk, case = ApiClient(agency.member), make_case(agency)
    given = {"client": agency.customer.pk, "invoice_applications": [{"customer_application": case.pk}]}
    first = clerk.call("POST", URL, given).json()
    clerk.call("POST", URL, {"client": agency.customer.pk})
    assert found(clerk, case=case.pk) == found(clerk, customer_application=case.pk) == [first["id"]]


def test_list_is_sorted_and_paged(shop, member, several):
    ids = {status: invoice.pk for status, invoice in several.items()}
    assert found(member, ordering="customer_name")[0] == ids["paid"]
    assert found(member, ordering="due_date")[0] == ids["overdue"]
    assert found(member, ordering="-balance,created_at")[0] == ids["partial"]
    assert found(member, ordering="total_amount")[0] == ids["sent"]
    assert found(member, ordering="created_at") == sorted(ids.values())
    Invoice.objects.filter(pk=ids["sent"]).update(sequence=1000, number=f"INV-{several['sent'].year}-1000")
    assert found(member, ordering="-invoice_number")[0] == ids["sent"], "1000 comes after 999"
    page = member.call("GET", URL, {"page": 2, "page_size": 4, "status": ""}).json()
    assert (page["count"], page["next"], len(page["results"])) == (6, None, 2)
    assert "page=1" in page["previous"]
    assert member.call("GET", URL, {"page": 3, "page_size": 4}).status_code == 404


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_list_is_exported_with_its_filter(member, several, form):
    answer = member.call("GET", URL, {"export": form, "status": "paid"})
    assert answer.status_code == 200
    if form == "csv":
        heading, row = b"".join(answer).decode("utf-8-sig").splitlines()
        values = dict(zip(heading.split(","), row.split(","), strict=True))
        assert (values["invoice_number"], values["status"]) == (several["paid"].number, "paid")
        assert (values["total_amount"], values["balance"], values["customer_name"]) == ("224.00", "0.00", "Ana Bell")
