"""Payments and refunds as the agency suite documents them: `/api/payments/`."""

from copy import deepcopy
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from bureau.sales.models import Invoice, Payment
from bureau.sales.selectors.invoices import visible_invoice
from bureau.sales.services.invoices import cancel_invoice, create_invoice, issue_invoice
from tests.clients import ApiClient, assert_shape
from tests.factories.accounts import make_user
from tests.factories.cases import make_agency, make_case
from tests.factories.parties import make_customer
from tests.factories.sales import line, make_invoice

pytestmark = pytest.mark.django_db
URL = "/api/payments/"
PAYMENT = {
    "id": 1,
    "invoice": 1,
    "invoice_number": "INV-2026-001",
    "invoice_application": 1,
    "amount": "100.00",
    "payment_date": "2026-01-15",
    "payment_method": "bank_transfer",
    "payment_type": "wire_transfer",
    "reference": "TXN123456",
    "note": "First part",
    "refund_of": None,
    "allocations": [{"line": 1, "invoice_application": 1, "amount": "100.00"}],
    "created_by": 1,
    "created_at": "2026-01-15T00:00:00Z",
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
def invoice(agency):
    """A case at 525.00, and stamps at 11.20."""
    billed = line("", "1", "500.00", tax_code="", case=make_case(agency))
    lines = [billed, line("Stamps", "1", "10.00")]
    made = create_invoice(actor=agency.member, customer=agency.customer, lines=lines, now=timezone.now())
    issue_invoice(actor=agency.member, invoice=made, now=timezone.now())
    return visible_invoice(agency.admin, made.pk)


@pytest.fixture
def application(invoice):
    return invoice.lines.first()


def given(application, **changes):
    return {"invoice_application": application.pk, "amount": "100.00", "payment_type": "wire_transfer", **changes}


def paid(caller, body):
    answer = caller.call("POST", URL, body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def refused(answer, status=400):
    assert answer.status_code == status, answer.content
    assert set(answer.json()) == {"error", "details"}
    return sorted(answer.json()["details"])


def balance(invoice):
    return Invoice.objects.get(pk=invoice.pk).balance


def test_payment_for_an_application_is_recorded_and_read(agency, clerk, invoice, application):
    body = given(application, payment_date="2026-01-15", reference="TXN123456", note="First part")
    payment = paid(clerk, body)
    assert_shape(payment, PAYMENT)
    own = {"id": payment["id"], "created_at": payment["created_at"], "invoice": invoice.pk}
    whole = {"line": application.pk, "invoice_application": application.pk, "amount": "100.00"}
    assert payment == {
        **PAYMENT,
        **own,
        "invoice_number": invoice.number,
        "invoice_application": application.pk,
        "allocations": [whole],
        "created_by": agency.member.pk,
    }
    assert clerk.call("GET", f"{URL}{payment['id']}/").json() == payment
    assert clerk.call("GET", URL).json() == {"count": 1, "next": None, "previous": None, "results": [payment]}
    shown = clerk.call("GET", f"/api/invoices/{invoice.pk}/").json()
    assert (shown["status"], shown["balance"], shown["payments"]) == ("partial", "436.20", [payment])
    applied = shown["invoice_applications"][0]
    assert (applied["paid_amount"], applied["due_amount"], applied["status"]) == ("100.00", "425.00", "partial")


def test_payment_for_an_invoice_is_laid_on_its_lines_in_order(clerk, invoice, application):
    today = timezone.localdate().isoformat()
    payment = paid(clerk, {"invoice": invoice.pk, "amount": 530, "payment_method": "bank_transfer"})
    stamps = invoice.lines.last()
    assert payment["allocations"] == [
        {"line": application.pk, "invoice_application": application.pk, "amount": "525.00"},
        {"line": stamps.pk, "invoice_application": None, "amount": "5.00"},
    ]
    assert (payment["invoice_application"], payment["payment_date"]) == (None, today)
    assert balance(invoice) == Decimal("6.20")


def test_payment_for_an_application_may_name_its_invoice_too(clerk, invoice, application):
    assert paid(clerk, given(application, invoice=invoice.pk))["invoice_application"] == application.pk
    other = make_invoice_of(invoice)
    assert refused(clerk.call("POST", URL, given(application, invoice=other.pk))) == ["invoice_application"]


def make_invoice_of(invoice):
    return create_invoice(actor=invoice.owner, customer=invoice.customer, lines=[line("Other")], now=timezone.now())


@pytest.mark.parametrize(
    "words", [{"payment_type": "wire_transfer"}, {"payment_method": "wire_transfer"}, {"payment_type": "bank_transfer"}]
)
def test_bank_transfer_is_known_by_both_words_and_names(clerk, application, words):
    body = {"invoice_application": application.pk, "amount": "1.00", **words}
    payment = paid(clerk, body)
    assert (payment["payment_method"], payment["payment_type"]) == ("bank_transfer", "wire_transfer")


@pytest.mark.parametrize("method", ["cash", "credit_card", "crypto", "paypal", "other"])
def test_every_payment_type_is_taken(clerk, application, method):
    payment = paid(clerk, given(application, payment_type=method))
    assert payment["payment_type"] == payment["payment_method"] == method


def test_payment_on_a_draft_issues_it(agency, clerk):
    draft = make_invoice(agency)
    paid(clerk, {"invoice": draft.pk, "amount": "12.00", "payment_type": "cash"})
    assert Invoice.objects.get(pk=draft.pk).status == "partial"


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"amount": "525.01"}, ["amount"]),
        ({"amount": "0.00"}, ["amount"]),
        ({"amount": "-1.00"}, ["amount"]),
        ({"amount": "1.001"}, ["amount"]),
        ({"amount": "x"}, ["amount"]),
        ({"amount": None}, ["amount"]),
        ({"payment_type": "shells"}, ["payment_type"]),
        ({"payment_date": "soon"}, ["payment_date"]),
        ({"payment_date": "2099-01-01"}, ["payment_date"]),
        ({"invoice_application": 2**40}, ["invoice_application"]),
        ({"invoice_application": 10**30}, ["invoice_application"]),
        ({"invoice_application": None}, ["invoice_application"]),
        ({"invoice": 2**40}, ["invoice"]),
        ({"reference": "x" * 201}, ["reference"]),
        ({"note": "x" * 1001}, ["note"]),
    ],
)
def test_payment_that_cannot_be_is_refused_by_field_and_changes_nothing(clerk, invoice, application, changes, fields):
    assert refused(clerk.call("POST", URL, given(application, **changes))) == fields
    assert not Payment.objects.exists()
    assert balance(invoice) == Decimal("536.20")


def test_payment_wants_an_application_and_a_method(clerk, invoice, application):
    assert refused(clerk.call("POST", URL, {"amount": "1.00", "payment_type": "cash"})) == ["invoice_application"]
    body = {"invoice_application": application.pk, "amount": "1.00"}
    assert refused(clerk.call("POST", URL, body)) == ["payment_type"]
    assert refused(clerk.call("POST", URL, {"invoice": invoice.pk, "payment_type": "cash"})) == ["amount"]
    plain = {"invoice_application": invoice.lines.last().pk, "amount": "1.00", "payment_type": "cash"}
    assert refused(clerk.call("POST", URL, plain)) == ["invoice_application"], "that line bills no case"


def test_payment_above_the_balance_is_refused(clerk, invoice):
    body = {"invoice": invoice.pk, "amount": "536.20", "payment_type": "cash"}
    assert refused(clerk.call("POST", URL, {**body, "amount": "536.21"})) == ["amount"]
    paid(clerk, body)
    assert refused(clerk.call("POST", URL, {**body, "amount": "0.01"})) == ["amount"]
    assert Payment.objects.count() == 1


def test_cancelled_invoice_takes_no_payment(agency, clerk, invoice, application):
    cancel_invoice(actor=agency.member, invoice=invoice, now=timezone.now())
    assert refused(clerk.call("POST", URL, given(application))) == []
    assert not Payment.objects.exists()


def test_payment_for_what_one_does_not_see_is_refused_in_the_words_of_an_unknown_one(agency, invoice, application):
    for person in (agency.other, make_user(role="admin")):
        caller = ApiClient(person)
        for name, pk in (("invoice_application", application.pk), ("invoice", invoice.pk)):
            answers = [
                caller.call("POST", URL, {name: one, "amount": "1.00", "payment_type": "cash"}) for one in (pk, 2**40)
            ]
            assert [refused(answer) for answer in answers] == [[name], [name]]
            assert answers[0].json() == answers[1].json()


def test_idempotency_key_pays_once(clerk, invoice, application):
    answers = [clerk.call("POST", URL, given(application), headers={"Idempotency-Key": "pay"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert Payment.objects.count() == 1


def test_refund_gives_a_part_and_then_the_rest_back(clerk, invoice, application):
    payment = paid(clerk, given(application, reference="TXN1"))
    refund_path = f"{URL}{payment['id']}/refund/"
    part = clerk.call("POST", refund_path, {"amount": "30.00", "note": "Too much", "payment_date": "2026-02-01"})
    assert part.status_code == 201, part.content
    told = part.json()
    assert_shape(told, PAYMENT)
    assert (told["amount"], told["refund_of"], told["note"]) == ("-30.00", payment["id"], "Too much")
    assert (told["payment_date"], told["invoice_application"]) == ("2026-02-01", application.pk)
    assert balance(invoice) == Decimal("466.20")
    rest = clerk.call("POST", refund_path, {}).json()
    assert (rest["amount"], rest["payment_date"]) == ("-70.00", timezone.localdate().isoformat())
    assert balance(invoice) == Decimal("536.20")
    assert refused(clerk.call("POST", refund_path, {})) == []
    assert refused(clerk.call("POST", f"{URL}{told['id']}/refund/", {})) == [], "a refund is not refunded"
    assert Payment.objects.count() == 3


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"amount": "100.01"}, ["amount"]),
        ({"amount": "0"}, ["amount"]),
        ({"amount": "-5"}, ["amount"]),
        ({"payment_date": "soon"}, ["payment_date"]),
        ({"note": "x" * 1001}, ["note"]),
    ],
)
def test_refund_that_cannot_be_is_refused(clerk, invoice, application, body, fields):
    payment = paid(clerk, given(application))
    assert refused(clerk.call("POST", f"{URL}{payment['id']}/refund/", body)) == fields
    assert Payment.objects.count() == 1


def test_payments_are_filtered_searched_and_sorted(agency, clerk, invoice, application):
    early = (timezone.localdate() - timedelta(days=30)).isoformat()
    first = paid(clerk, given(application, payment_date=early, reference="TXN1"))["id"]
    second = paid(clerk, {"invoice": invoice.pk, "amount": "430.00", "payment_type": "cash", "note": "At the desk"})[
        "id"
    ]
    other = make_invoice(agency, customer=make_customer(agency.organization, agency.member, last_name="Quill"))
    third = paid(clerk, {"invoice": other.pk, "amount": "5.00", "payment_type": "paypal"})["id"]

    def found(**parameters):
        answer = clerk.call("GET", URL, parameters)
        assert answer.status_code == 200, answer.content
        return [row["id"] for row in answer.json()["results"]]

    assert found() == [third, second, first]
    assert found(invoice_application_id=application.pk) == found(invoice_application=application.pk) == [second, first]
    assert found(invoice=other.pk) == found(client=other.customer_id) == found(customer=other.customer_id) == [third]
    assert found(payment_date__lte=early) == [first]
    assert found(payment_date__gte=timezone.localdate()) == [third, second]
    assert found(payment_method="bank_transfer") == found(payment_type="wire_transfer") == [first]
    assert found(payment_method="cash") == [second]
    assert found(search="txn1") == [first]
    assert found(search="desk") == [second]
    assert found(search="quill") == found(search=other.number) == [third]
    assert found(created_at__lte="2020-01-01") == []
    assert found(ordering="amount") == [third, first, second]
    assert found(ordering="-payment_date,id") == [second, third, first]
    assert found(ordering="customer_name", page_size=1) == found(ordering="customer_name")[:1]
    assert found(invoice_application_id=2**40) == []
    for parameters in ({"payment_type": "shells"}, {"invoice": "x"}, {"payment_date__gte": "x"}, {"ordering": "x"}):
        assert refused(clerk.call("GET", URL, parameters)) == list(parameters)
    sheet = b"".join(clerk.call("GET", URL, {"export": "csv", "payment_type": "wire_transfer"})).decode()
    assert "TXN1" in sheet
    assert len(sheet.splitlines()) == 2


def test_payments_are_seen_with_their_invoices(agency, clerk, application):
    payment = paid(clerk, given(application))
    for person, sees in ((agency.staff, True), (agency.other, False), (make_user(role="admin"), False)):
        caller = ApiClient(person)
        assert len(caller.call("GET", URL).json()["results"]) == sees
        assert caller.call("GET", f"{URL}{payment['id']}/").status_code == (200 if sees else 404)
        assert sees or caller.call("POST", f"{URL}{payment['id']}/refund/", {}).status_code == 404
    assert ApiClient().call("GET", URL).status_code == 401
