"""Quotes as business management documents them: every method, filter, example and refusal."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from bureau.core import jobs
from bureau.core.models import AuditEntry, Job
from bureau.sales.models import Invoice, Quote
from bureau.sales.services import quotes
from tests.clients import ApiClient, assert_shape
from tests.factories.parties import make_customer
from tests.factories.sales import line, make_quote, make_shop

pytestmark = pytest.mark.django_db
URL = "/api/quotes/"
EXAMPLE = {
    "id": 1,
    "quote_number": "QUO-2024-001",
    "client": 1,
    "issue_date": "2024-01-01",
    "expiry_date": "2024-01-31",
    "status": "draft",
    "subtotal": "1000.00",
    "tax_amount": "100.00",
    "total_amount": "1100.00",
    "terms": "Payment terms...",
    "notes": "Additional notes...",
    "created_at": "2024-01-01T00:00:00Z",
    "updated_at": "2024-01-01T00:00:00Z",
    "owner": 1,
    "line_items": [{"description": "Service/Product", "quantity": 1, "unit_price": "1000.00", "total": "1000.00"}],
}
ITEM = {"description": "Service/Product", "quantity": 1, "unit_price": "1000.00", "tax_code": "GP"}


@pytest.fixture(scope="module")
def first_shop(once):
    return once(make_shop)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


@pytest.fixture
def member(shop):
    return ApiClient(shop.member)


def body(shop, **changes):
    return {"client": shop.customer.pk, "line_items": [ITEM], **changes}


def path(quote, action=""):
    return f"{URL}{quote if isinstance(quote, int) else quote.pk}/{action}"


def accepted(shop):
    now = timezone.now()
    quote = quotes.mark_quote_sent(actor=shop.member, quote=make_quote(shop, now=now), now=now)
    return quotes.set_quote_status(actor=shop.member, quote=quote, status="accepted", now=now)


def test_post_makes_the_documented_quote_and_computes_its_amounts(shop, member):
    """The documented structure, sent back as it is printed: what the server gives is not taken from it."""
    given = {**EXAMPLE, "client": shop.customer.pk, "line_items": [ITEM], "total_amount": "1.00", "subtotal": "junk"}
    answer = member.call("POST", URL, {name: value for name, value in given.items() if name != "owner"})
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert_shape(made, EXAMPLE)
    assert made["quote_number"] == "QUO-2024-001"
    assert (made["client"], made["owner"], made["client_name"]) == (shop.customer.pk, shop.member.pk, "Fjord Trading")
    assert (made["issue_date"], made["expiry_date"], made["status"]) == ("2024-01-01", "2024-01-31", "draft")
    assert (made["subtotal"], made["tax_amount"], made["total_amount"]) == ("1000.00", "120.00", "1120.00")
    assert (made["terms"], made["notes"]) == ("Payment terms...", "Additional notes...")
    assert made["line_items"] == [
        {
            "id": made["line_items"][0]["id"],
            "description": "Service/Product",
            "quantity": 1,
            "unit": "",
            "unit_price": "1000.00",
            "discount_percent": "0.00",
            "tax_code": "GP",
            "tax_rate": "12.00",
            "tax_amount": "120.00",
            "total": "1000.00",
            "line_total": "1120.00",
        }
    ]
    further = {
        name: made[name] for name in ("version", "sent_at", "decided_at", "decided_by", "decision_note", "invoice")
    }
    assert further == {
        "version": 1, "sent_at": None, "decided_at": None, "decided_by": "", "decision_note": "", "invoice": None,
    }  # fmt: skip
    assert member.call("GET", path(made["id"])).json() == made
    [row] = member.call("GET", URL).json()["results"]
    assert row == made


def test_customer_may_be_said_for_client_and_dates_have_defaults(shop, member):
    item = {"description": "Hours", "quantity": 0.5, "unit_price": 19.99, "unit": "h", "discount_percent": "10"}
    answer = member.call("POST", URL, {"customer": shop.customer.pk, "line_items": [item]})
    assert answer.status_code == 201, answer.content
    made, today = answer.json(), timezone.localdate()
    assert (made["issue_date"], made["expiry_date"]) == (str(today), str(today + timedelta(days=30)))
    [shown] = made["line_items"]
    assert (shown["quantity"], shown["unit"], shown["discount_percent"]) == (0.5, "h", "10.00")
    assert (shown["total"], shown["tax_code"]) == ("9.00", shop.organization.default_tax_code)


def test_owner_is_named_by_those_who_see_the_organization(shop, member):
    made = member.call("POST", URL, body(shop, owner=shop.other.pk)).json()
    assert made["owner"] == shop.member.pk
    staff = ApiClient(shop.staff)
    assert staff.call("POST", URL, body(shop, owner=shop.member.pk)).json()["owner"] == shop.member.pk
    refused = staff.call("PATCH", path(made["id"]), {"owner": make_shop().member.pk})
    assert (refused.status_code, list(refused.json()["details"])) == (400, ["owner"])
    assert staff.call("PATCH", path(made["id"]), {"owner": shop.staff.pk}).json()["owner"] == shop.staff.pk


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"client": None}, "client"),
        ({"client": "x"}, "client"),
        ({"client": 2**70}, "client"),
        ({"issue_date": "soon"}, "issue_date"),
        ({"issue_date": "2026-02-01", "expiry_date": "2026-01-31"}, "expiry_date"),
        ({"status": "lost"}, "status"),
        ({"terms": "x" * 5001}, "terms"),
        ({"line_items": "none"}, "line_items"),
        ({"line_items": [{**ITEM, "description": " "}]}, "line_items.0.description"),
        ({"line_items": [ITEM, {**ITEM, "quantity": -1}]}, "line_items.1.quantity"),
        ({"line_items": [{"description": "x", "unit_price": "1.00"}]}, "line_items.0.quantity"),
        ({"line_items": [{"description": "x", "quantity": 1}]}, "line_items.0.unit_price"),
        ({"line_items": [{**ITEM, "unit_price": "-1"}]}, "line_items.0.unit_price"),
        ({"line_items": [{**ITEM, "discount_percent": 101}]}, "line_items.0.discount_percent"),
        ({"line_items": [{**ITEM, "tax_code": "VAT"}]}, "line_items.0.tax_code"),
    ],
)
def test_what_cannot_be_read_is_named_and_nothing_is_made(shop, member, changes, field):
    answer = member.call("POST", URL, body(shop, **changes))
    assert (answer.status_code, list(answer.json()["details"])) == (400, [field]), answer.content
    assert set(answer.json()) == {"error", "details"}
    assert not Quote.objects.exists()


def test_client_of_another_organization_is_unknown(shop, member):
    elsewhere = make_shop()
    others = make_customer(shop.organization, owner=shop.other, email="o@example.com")
    for name in ("client", "customer"):
        given = {key: value for key, value in body(shop).items() if key != "client"}
        answers = [member.call("POST", URL, {**given, name: pk}) for pk in (elsewhere.customer.pk, others.pk, 10**9)]
        assert [answer.status_code for answer in answers] == [400, 400, 400]
        assert answers[0].json() == answers[1].json() == answers[2].json()
        assert list(answers[0].json()["details"]) == [name]
    missing = member.call("POST", URL, {"line_items": [ITEM]})
    assert (missing.status_code, list(missing.json()["details"])) == (400, ["client"])


def test_put_and_patch_change_a_draft(shop, member):
    quote = make_quote(shop)
    patched = member.call("PATCH", path(quote), {"notes": "Call first"})
    assert (patched.status_code, patched.json()["notes"], len(patched.json()["line_items"])) == (200, "Call first", 1)
    items = [ITEM, {**ITEM, "description": "More", "quantity": "1.5"}]
    put = member.call("PUT", path(quote), {**patched.json(), "line_items": items})
    assert (put.status_code, put.json()["total_amount"], put.json()["version"]) == (200, "2800.00", 1)
    assert (put.json()["quote_number"], put.json()["notes"]) == (quote.number, "Call first")
    half = member.call("PATCH", path(quote), {"line_items": [{"description": "x"}]})
    assert (half.status_code, list(half.json()["details"])) == (
        400,
        ["line_items.0.quantity", "line_items.0.unit_price"],
    )
    early = member.call("PATCH", path(quote), {"expiry_date": "2020-01-01"})
    assert (early.status_code, list(early.json()["details"])) == (400, ["expiry_date"])
    assert member.call("GET", path(quote)).json() == put.json()


def test_quote_goes_from_draft_to_invoice(shop, member):
    quote = member.call("POST", URL, body(shop)).json()["id"]
    refused = member.call("POST", path(quote, "convert-to-invoice/"), {})
    assert refused.status_code == 400
    assert set(refused.json()) == {"error", "details"}
    sent = member.call("PATCH", path(quote), {"status": "sent"}).json()
    assert (sent["status"], sent["version"], sent["sent_at"] is not None) == ("sent", 1, True)
    answer = {"status": "accepted", "decided_by": "Kari Nordmann", "decision_note": "Go ahead"}
    taken = member.call("PATCH", path(quote), answer).json()
    assert {name: taken[name] for name in answer} == answer
    assert taken["decided_at"] is not None
    converted = member.call("POST", path(quote, "convert-to-invoice/"), {})
    assert converted.status_code == 201, converted.content
    invoice = converted.json()
    assert (invoice["status"], invoice["sent"], invoice["quote"]) == ("draft", False, quote)
    assert (invoice["total_amount"], invoice["balance"], invoice["paid_amount"]) == ("1120.00", "1120.00", "0.00")
    assert invoice["line_items"][0]["description"] == "Service/Product"
    assert member.call("GET", f"/api/invoices/{invoice['id']}/").json() == invoice
    assert member.call("GET", path(quote)).json()["invoice"] == invoice["id"]
    again = member.call("POST", path(quote, "convert-to-invoice/"), {})
    assert again.status_code == 400
    assert invoice["invoice_number"] in again.json()["error"]
    assert Invoice.objects.count() == 1


def test_conversion_with_an_idempotency_key_answers_the_same_twice(shop, member):
    quote = accepted(shop)
    key = {"Idempotency-Key": "convert-1"}
    answers = [member.call("POST", path(quote, "convert-to-invoice/"), {}, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert Invoice.objects.count() == 1


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        ("draft", ["accepted", "rejected", "expired"]),
        ("sent", ["draft"]),
        ("accepted", ["draft", "sent", "rejected", "expired"]),
        ("rejected", ["draft", "sent", "accepted", "expired"]),
        ("expired", ["draft", "sent", "accepted", "rejected"]),
    ],
)
def test_illegal_move_is_refused_and_changes_nothing(shop, member, status, refused):
    quote = make_quote(shop)
    if status != "draft":
        member.call("PATCH", path(quote), {"status": "sent"})
    if status not in ("draft", "sent"):
        assert member.call("PATCH", path(quote), {"status": status}).status_code == 200
    before = member.call("GET", path(quote)).json()
    assert before["status"] == status
    for wanted in refused:
        answer = member.call("PATCH", path(quote), {"status": wanted, "notes": before["notes"]})
        assert answer.status_code == 400, wanted
        assert answer.json()["error"], wanted
        assert member.call("GET", path(quote)).json() == before
    repeated = member.call("PUT", path(quote), before)
    assert (repeated.status_code, repeated.json()) == (200, before)


def test_quote_made_as_sent_is_sent_and_as_anything_else_refused(shop, member):
    made = member.call("POST", URL, body(shop, status="sent"))
    assert (made.status_code, made.json()["status"]) == (201, "sent")
    for status in ("accepted", "rejected", "expired"):
        assert member.call("POST", URL, body(shop, status=status)).status_code == 400
    assert Quote.objects.count() == 1


def test_change_after_sending_makes_the_next_version(shop, member):
    quote = member.call("POST", URL, body(shop, status="sent")).json()["id"]
    revised = member.call("PATCH", path(quote), {"line_items": [{**ITEM, "unit_price": "900.00"}]}).json()
    assert (revised["status"], revised["version"], revised["total_amount"]) == ("draft", 2, "1008.00")
    assert revised["sent_at"] is None
    member.call("PATCH", path(quote), {"status": "sent"})
    answer = member.call("GET", path(quote, "versions/"))
    assert answer.status_code == 200
    versions = answer.json()["results"]
    assert [(one["version"], one["total_amount"]) for one in versions] == [(2, "1008.00"), (1, "1120.00")]
    assert_shape(
        versions[1],
        {
            "version": 1,
            "sent_at": "2026-01-01T00:00:00Z",
            "client": 1,
            "issue_date": "2026-01-01",
            "expiry_date": "2026-01-31",
            "currency": "EUR",
            "subtotal": "1000.00",
            "terms": "",
            "notes": "",
            "line_items": [
                {
                    "description": "Service/Product",
                    "quantity": 1,
                    "unit": "",
                    "unit_price": "1000.00",
                    "discount_percent": "0.00",
                    "tax_code": "GP",
                    "tax_rate": "12.00",
                    "tax_amount": "120.00",
                    "total": "1000.00",
                    "line_total": "1120.00",
                }
            ],
        },
    )


def test_quote_is_mailed_to_the_clients_own_address(shop, member):
    quote = make_quote(shop)
    given = {"message": "As promised", "email": "elsewhere@example.com"}
    answer = member.call("POST", path(quote, "send/"), given)
    assert answer.status_code == 200, answer.content
    assert_shape(answer.json(), EXAMPLE)
    assert (answer.json()["status"], answer.json()["sent_at"] is not None) == ("sent", True)
    jobs.run(Job.objects.get(kind="mail_sales_document").pk)
    [message] = mail.outbox
    assert (message.to, quote.number in message.subject) == (["books@fjord.example"], True)
    assert "As promised" in message.body
    [(name, content, _kind)] = message.attachments
    assert (name, content[:5]) == (f"{quote.number}.pdf", b"%PDF-")
    assert member.call("POST", path(quote, "send/")).status_code == 200


def test_quote_that_cannot_be_mailed_stays_as_it_is(shop, member):
    empty, taken = make_quote(shop, lines=[]), accepted(shop)
    nobody = make_customer(shop.organization, owner=shop.member, email="")
    unreachable, draft = make_quote(shop, customer=nobody), make_quote(shop)
    late = make_quote(shop, issue_date=date(2020, 1, 1), expiry_date=date(2020, 1, 31))
    for quote, given in ((empty, {}), (taken, {}), (unreachable, {}), (late, {}), (draft, {"message": "x" * 2001})):
        before = member.call("GET", path(quote)).json()
        answer = member.call("POST", path(quote, "send/"), given)
        assert (answer.status_code, set(answer.json())) == (400, {"error", "details"}), quote
        assert member.call("GET", path(quote)).json() == before
    assert not Job.objects.filter(kind="mail_sales_document").exists()


def test_quote_is_downloaded_as_a_pdf(shop, member):
    quote = make_quote(shop)
    for given in ({}, {"file_format": "pdf"}):
        answer = member.call("GET", path(quote, "download/"), given)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        assert answer["Content-Disposition"] == f'attachment; filename="{quote.number}.pdf"'
        assert b"".join(answer.streaming_content).startswith(b"%PDF-")
    assert AuditEntry.objects.filter(entity_type="quote", action="downloaded").count() == 2
    wrong = member.call("GET", path(quote, "download/"), {"file_format": "gif"})
    assert (wrong.status_code, list(wrong.json()["details"])) == (400, ["file_format"])


def test_draft_is_deleted_and_its_number_stays_unused(shop, member):
    quote = make_quote(shop)
    assert member.call("DELETE", path(quote)).status_code == 204
    assert member.call("GET", path(quote)).status_code == 404
    assert member.call("DELETE", path(quote)).status_code == 404
    entry = AuditEntry.objects.get(entity_type="quote", action="deleted")
    assert entry.old_values["void_number"] == quote.number
    assert make_quote(shop).number != quote.number
    kept = member.call("DELETE", path(accepted(shop)))
    assert (kept.status_code, set(kept.json())) == (400, {"error", "details"})


def test_quote_has_expired_as_soon_as_it_is_read(shop, member):
    """Before the night notes it: the kept status is another one."""
    dates = {"issue_date": "2024-01-01", "expiry_date": "2024-01-31"}
    quote = member.call("POST", URL, body(shop, status="sent", **dates)).json()
    assert (quote["status"], Quote.objects.get().status) == ("expired", "sent")
    assert [row["id"] for row in member.call("GET", URL, {"status": "expired"}).json()["results"]] == [quote["id"]]
    assert member.call("GET", URL, {"status": "sent"}).json()["count"] == 0
    assert member.call("PATCH", path(quote["id"]), {"status": "accepted"}).status_code == 400
    later = str(timezone.localdate() + timedelta(days=7))
    again = member.call("PATCH", path(quote["id"]), {"expiry_date": later, "status": "sent"}).json()
    assert (again["status"], again["version"], again["expiry_date"]) == ("sent", 2, later)


# --- Lists


@pytest.fixture
def three(shop):
    """A draft of March, a quote of April that was sent, and an accepted one of May for another client."""
    other = make_customer(
        shop.organization, owner=shop.member, customer_type="company", company_name="Acme", email="a@acme.example"
    )
    made = []
    for month, customer, price in ((3, shop.customer, "30.00"), (4, shop.customer, "10.00"), (5, other, "20.00")):
        now = datetime(2026, month, 1, 10, tzinfo=UTC)
        options = {"customer": customer, "expiry_date": date(2099, month, 1)}
        made.append(make_quote(shop, now=now, lines=[line(unit_price=price)], **options))
    now = datetime(2026, 6, 1, 10, tzinfo=UTC)
    quotes.set_quote_status(actor=shop.member, quote=made[1], status="sent", now=now)
    quotes.set_quote_status(actor=shop.member, quote=made[2], status="sent", now=now)
    quotes.set_quote_status(actor=shop.member, quote=made[2], status="accepted", now=now)
    return made


def test_list_is_filtered(shop, member, three):
    draft, sent, taken = three

    def found(**parameters):
        answer = member.call("GET", URL, parameters)
        assert answer.status_code == 200, answer.content
        assert answer.json()["count"] == len(answer.json()["results"])
        return [row["id"] for row in answer.json()["results"]]

    assert found() == [taken.pk, sent.pk, draft.pk]
    for status, quote in (("draft", draft), ("sent", sent), ("accepted", taken)):
        assert found(status=status) == [quote.pk]
    assert found(status="rejected") == found(status="expired") == []
    assert found(client=shop.customer.pk) == found(customer=shop.customer.pk) == [sent.pk, draft.pk]
    assert found(client="9" * 18) == found(owner=shop.admin.pk) == []
    assert found(owner=shop.member.pk, status="sent", client=shop.customer.pk) == [sent.pk]
    assert found(search="acme") == [taken.pk]
    assert found(search="FJORD 2026-002") == [sent.pk]
    assert found(search="nobody") == []
    assert found(created_at__gte="2026-04-01") == [taken.pk, sent.pk]
    assert found(created_at__lte="2026-04-01") == [sent.pk, draft.pk]
    assert found(created_at__gte="2026-04-01T10:00:01Z", created_at__lte="2026-05-01T10:00:00Z") == [taken.pk]
    assert found(issue_date__gte="2026-04-01", issue_date__lte="2026-04-30") == [sent.pk]
    assert found(expiry_date__gte="2099-05-01") == [taken.pk]
    assert found(expiry_date__lte="2099-03-01") == [draft.pk]


def test_list_is_sorted(member, three):
    draft, sent, taken = three

    def order(by):
        answer = member.call("GET", URL, {"ordering": by})
        assert answer.status_code == 200, answer.content
        return [row["id"] for row in answer.json()["results"]]

    assert order("created_at") == order("quote_number") == order("issue_date") == [draft.pk, sent.pk, taken.pk]
    assert order("-created_at") == order("-expiry_date") == [taken.pk, sent.pk, draft.pk]
    assert order("total_amount") == [sent.pk, taken.pk, draft.pk]
    assert order("client_name,-id") == [taken.pk, sent.pk, draft.pk]
    assert order("-status") == [sent.pk, draft.pk, taken.pk]


def test_list_comes_in_pages(member, three):
    first = member.call("GET", URL, {"page_size": 2, "ordering": "created_at"}).json()
    assert (first["count"], len(first["results"]), first["previous"]) == (3, 2, None)
    second = member.call("GET", first["next"]).json()
    assert [row["id"] for row in second["results"]] == [three[2].pk]
    assert (second["next"], second["previous"] is not None) == (None, True)
    assert member.call("GET", URL, {"page": 2}).status_code == 404


@pytest.mark.parametrize(
    "parameters",
    [{"status": "lost"}, {"client": "x"}, {"ordering": "colour"}, {"created_at__gte": "soon"}, {"page_size": "0"}],
)
def test_parameter_that_cannot_be_read_is_named(member, parameters):
    answer = member.call("GET", URL, parameters)
    assert (answer.status_code, list(answer.json()["details"])) == (400, list(parameters))


def test_list_is_taken_as_a_file(member, three):
    answer = member.call("GET", URL, {"export": "csv", "status": "sent"})
    heading, row, end = b"".join(answer.streaming_content).decode("utf-8-sig").split("\r\n")
    assert heading.startswith("id,quote_number,client,client_name,")
    assert (row.split(",")[1], end) == (three[1].number, "")


# --- Who sees what


def test_quotes_are_seen_by_their_people_alone(shop, member):
    quote = accepted(shop)
    others = [ApiClient(person) for person in (shop.other, make_shop().admin)]
    for stranger in others:
        assert stranger.call("GET", URL).json()["results"] == []
        for method, address in (
            ("GET", path(quote)),
            ("PUT", path(quote)),
            ("PATCH", path(quote)),
            ("DELETE", path(quote)),
            ("POST", path(quote, "convert-to-invoice/")),
            ("POST", path(quote, "send/")),
            ("GET", path(quote, "versions/")),
            ("GET", path(quote, "download/")),
        ):
            answer = stranger.call(method, address, None if method == "GET" else {"status": "lost"})
            assert answer.status_code == 404, (method, address)
    for person in (shop.admin, shop.staff):
        assert ApiClient(person).call("GET", path(quote)).status_code == 200
    for method, address in (("GET", URL), ("POST", URL), ("GET", path(quote)), ("DELETE", path(quote))):
        assert ApiClient().call(method, address).status_code == 401


def test_unsupported_method_is_405(shop, member):
    quote = make_quote(shop)
    assert member.call("DELETE", URL).status_code == 405
    assert member.call("GET", path(quote, "convert-to-invoice/")).status_code == 405


def test_clients_owner_works_on_a_quote_that_somebody_else_made(shop, member):
    quote = make_quote(shop, actor=shop.staff)
    assert quote.owner == shop.staff
    assert member.call("PATCH", path(quote), {"status": "sent"}).status_code == 200
    assert [row["id"] for row in member.call("GET", URL).json()["results"]] == [quote.pk]
