"""Quotes from draft to invoice."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from bureau.accounts.services.organizations import update_organization
from bureau.core.jobs import enqueue_scheduled
from bureau.core.models import AuditEntry, Job, TaxCode
from bureau.core.numbers import last_number
from bureau.kit.errors import Forbidden, Invalid, NotFound, WrongState
from bureau.parties.services.customers import set_active
from bureau.sales.models import Invoice, Quote, QuoteVersion
from bureau.sales.selectors.quotes import (
    available_actions,
    quote_events,
    quotes_found,
    visible_quote,
    visible_quotes,
    with_status,
)
from bureau.sales.services import quotes
from bureau.sales.services.quotes import QuoteChanged, QuoteConverted, expire_quotes
from bureau.sales.states import MOVED_BY, QUOTE_MOVES, QuoteStatus
from tests.factories.accounts import make_user
from tests.factories.parties import make_customer
from tests.factories.sales import line, make_quote, make_shop

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = date(2026, 11, 23)
LATER = NOW + timedelta(days=31)
"""After the last day of a quote of today."""


@pytest.fixture(scope="module")
def first_shop(once):
    return once(make_shop)


@pytest.fixture
def shop(first_shop):
    return deepcopy(first_shop)


def quote_in(status, shop, **options):
    """A quote of today's that has come to `status`, expired ones as the night notes it."""
    quote = make_quote(shop, now=NOW, **options)
    if status != QuoteStatus.DRAFT:
        quote = quotes.mark_quote_sent(actor=shop.member, quote=quote, now=NOW)
    if status == QuoteStatus.EXPIRED:
        quotes.set_quote_status(actor=shop.member, quote=quote, status="expired", now=NOW)
    elif status in (QuoteStatus.ACCEPTED, QuoteStatus.REJECTED):
        decide(quote, accepted=status == QuoteStatus.ACCEPTED)
    return visible_quote(shop.admin, quote.pk)


def decide(quote, *, accepted=True, actor=None, now=NOW, **options):
    options = {"name": "Kari Nordmann", "note": "As discussed", "version": quote.version, **options}
    return quotes.decide_quote(quote=quote, accepted=accepted, actor=actor, now=now, **options)


def entries(quote):
    return list(
        AuditEntry.objects.filter(entity_type="quote", entity_id=str(quote.pk))
        .order_by("pk")
        .values_list("action", flat=True)
    )


def state(quote):
    """All that is kept of a quote."""
    kept = Quote.objects.filter(pk=quote.pk).values().get()
    rows = list(quote.lines.order_by("pk").values())
    return kept, rows, QuoteVersion.objects.filter(quote=quote).count(), entries(quote)


def test_quote_begins_as_a_draft_with_the_organizations_terms(shop):
    update_organization(
        actor=shop.admin, organization=shop.organization, changes={"quote_days": 14, "quote_terms": "14 days."}, now=NOW
    )
    shop.customer.refresh_from_db()
    quote = make_quote(shop, now=NOW)
    assert (quote.number, quote.status, quote.version) == ("QUO-2026-001", "draft", 1)
    assert (quote.issue_date, quote.expiry_date, quote.terms) == (TODAY, date(2026, 12, 7), "14 days.")
    assert (quote.subtotal, quote.tax_amount, quote.total_amount) == (100, 12, 112)
    assert (quote.owner, quote.currency) == (shop.member, shop.organization.currency)
    assert entries(quote) == ["created"]


def test_numbers_count_in_each_year_and_organization(shop):
    numbers = [make_quote(shop, issue_date=day, now=NOW).number for day in (TODAY, date(2025, 12, 31), TODAY)]
    assert numbers == ["QUO-2026-001", "QUO-2025-001", "QUO-2026-002"]
    assert make_quote(make_shop(), now=NOW).number == "QUO-2026-001"


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"expiry_date": date(2026, 11, 22)}, "expiry_date"),
        ({"expiry_date": date(2200, 1, 1)}, "expiry_date"),
        ({"issue_date": date(1900, 1, 1)}, "issue_date"),
        ({"terms": "a" * 5001}, "terms"),
        ({"notes": "a\x00"}, "notes"),
        ({"status": "lost"}, "status"),
        ({"lines": [line("  ")]}, "line_items.0.description"),
        ({"lines": [line(), line(quantity="-1")]}, "line_items.1.quantity"),
        ({"lines": [line(discount_percent=Decimal("100.01"))]}, "line_items.0.discount_percent"),
        ({"lines": [line(tax_code="NONE")]}, "line_items.0.tax_code"),
    ],
)
def test_quote_that_cannot_be_is_refused_and_takes_no_number(shop, options, name):
    with pytest.raises(Invalid) as refused:
        make_quote(shop, now=NOW, **options)
    assert list(refused.value.fields) == [name]
    assert not Quote.objects.exists()
    assert make_quote(shop, now=NOW).number == "QUO-2026-001"


def test_client_must_be_seen_and_active(shop):
    with pytest.raises(Forbidden):
        make_quote(shop, actor=shop.other, now=NOW)
    set_active(actor=shop.admin, customer=shop.customer, active=False, now=NOW)
    shop.customer.refresh_from_db()
    with pytest.raises(Invalid):
        make_quote(shop, now=NOW)


def test_draft_is_changed_in_place(shop):
    quote = make_quote(shop, now=NOW)
    lines = [line("Advice", "2", "50.00"), line("Licence", "3", "19.99", discount_percent=Decimal("12.5"))]
    changed = quotes.update_quote(
        actor=shop.member, quote=quote, changes={"notes": " Hello ", "number": "X"}, lines=lines, now=NOW
    )
    assert (changed.number, changed.version, changed.notes, changed.status) == ("QUO-2026-001", 1, "Hello", "draft")
    assert (changed.subtotal, changed.tax_amount) == (Decimal("152.47"), Decimal("18.30"))
    assert [row.line_number for row in changed.lines.all()] == [1, 2]
    assert entries(quote) == ["created", "updated"]


def test_change_that_changes_nothing_is_none(shop):
    for status in QuoteStatus:
        quote = quote_in(status, shop)
        before = state(quote)
        changes = {
            "customer": quote.customer,
            "issue_date": quote.issue_date,
            "expiry_date": quote.expiry_date,
            "terms": quote.terms,
            "notes": quote.notes,
            "status": status.value,
        }
        quotes.update_quote(actor=shop.member, quote=quote, changes=changes, lines=[line()], now=NOW)
        assert state(quote) == before, status


def test_what_was_sent_is_kept_and_sent_again_as_it_was(shop):
    quote = quote_in("sent", shop)
    version = QuoteVersion.objects.get()
    assert (version.number, version.sent_at, quote.sent_at) == (1, NOW, NOW)
    assert version.content["total_amount"] == "112.00"
    assert version.content["lines"][0]["description"] == "Advice"
    quotes.mark_quote_sent(actor=shop.member, quote=quote, now=NOW + timedelta(hours=1))
    quote.refresh_from_db()
    assert (quote.status, quote.version, quote.sent_at) == ("sent", 1, NOW)
    assert list(QuoteVersion.objects.all()) == [version]


@pytest.mark.parametrize("status", ["sent", "rejected", "expired"])
def test_change_after_sending_makes_the_next_version_a_draft(shop, status):
    quote = quote_in(status, shop)
    revised = quotes.update_quote(
        actor=shop.member, quote=quote, changes={}, lines=[line("Less advice", "1", "80.00")], now=NOW
    )
    assert (revised.number, revised.version, revised.status) == (quote.number, 2, "draft")
    assert (revised.total_amount, revised.sent_at, revised.decided_at) == (Decimal("89.60"), None, None)
    assert (revised.decided_by, revised.decision_note) == ("", "")
    assert QuoteVersion.objects.get().content["total_amount"] == "112.00"
    sent = quotes.mark_quote_sent(actor=shop.member, quote=revised, now=NOW + timedelta(days=1))
    found = visible_quote(shop.member, sent.pk)
    assert [(one.number, one.content["total_amount"]) for one in found.versions.all()] == [(2, "89.60"), (1, "112.00")]


def test_quote_that_expired_unnoticed_is_offered_again_as_a_new_version(shop):
    quote = quote_in("sent", shop)
    changes = {"expiry_date": date(2027, 1, 31), "status": "sent"}
    again = quotes.update_quote(actor=shop.member, quote=quote, changes=changes, now=LATER)
    assert (again.version, again.status, again.status_on(date(2026, 12, 24))) == (2, "sent", "sent")
    assert QuoteVersion.objects.count() == 2


def test_content_and_status_are_taken_together_or_not_at_all(shop):
    quote = make_quote(shop, now=NOW)
    before = state(quote)
    with pytest.raises(WrongState):
        quotes.update_quote(actor=shop.member, quote=quote, changes={"notes": "New", "status": "accepted"}, now=NOW)
    assert state(quote) == before
    sent = quotes.update_quote(actor=shop.member, quote=quote, changes={"notes": "New", "status": "sent"}, now=NOW)
    assert (sent.notes, sent.status) == ("New", "sent")
    assert QuoteVersion.objects.get().content["notes"] == "New"


def test_accepted_quote_keeps_its_content_whatever_its_tax_code_becomes(shop):
    quote = quote_in("accepted", shop)
    with pytest.raises(WrongState):
        quotes.update_quote(actor=shop.member, quote=quote, changes={"notes": "One more thing"}, now=NOW)
    TaxCode.objects.filter(organization=shop.organization, code="GP").update(rate=15, active=False)
    changed = quotes.update_quote(actor=shop.staff, quote=quote, changes={"owner": shop.staff}, lines=[line()], now=NOW)
    assert (changed.owner, changed.total_amount, changed.status) == (shop.staff, 112, "accepted")


@pytest.mark.parametrize("status", list(QuoteStatus))
@pytest.mark.parametrize("wanted", list(QuoteStatus))
def test_every_move_is_in_the_table_or_refused(shop, status, wanted):
    quote = quote_in(status, shop)
    before = state(quote)
    if wanted == status:
        quotes.set_quote_status(actor=shop.member, quote=quote, status=wanted, now=NOW)
        assert state(quote) == before
    elif QUOTE_MOVES.get((status, MOVED_BY.get(wanted))) == wanted:
        moved = quotes.set_quote_status(actor=shop.member, quote=quote, status=wanted, now=NOW)
        assert moved.status == wanted
        assert entries(quote)[-1] == wanted
    else:
        with pytest.raises(WrongState) as refused:
            quotes.set_quote_status(actor=shop.member, quote=quote, status=wanted, now=NOW)
        assert refused.value.message
        assert state(quote) == before


def test_unknown_status_is_named(shop):
    with pytest.raises(Invalid) as refused:
        quotes.set_quote_status(actor=shop.member, quote=make_quote(shop, now=NOW), status="paid", now=NOW)
    assert list(refused.value.fields) == ["status"]


def test_quote_without_a_line_is_not_sent(shop):
    quote = make_quote(shop, lines=[], now=NOW)
    with pytest.raises(WrongState):
        quotes.mark_quote_sent(actor=shop.member, quote=quote, now=NOW)
    assert not QuoteVersion.objects.exists()


def test_customer_accepts_or_rejects_with_name_and_note(shop):
    for accepted, status in ((True, "accepted"), (False, "rejected")):
        quote = decide(quote_in("sent", shop), accepted=accepted, name=" Kari ", note="Go")
        assert (quote.status, quote.decided_by, quote.decision_note, quote.decided_at) == (status, "Kari", "Go", NOW)
        event = quote_events(quote)[-1]
        assert (event.action, event.person, event.new["by"], event.new["note"]) == (status, None, "Kari", "Go")


def test_owner_is_told_what_the_customer_answered_by_their_link(shop):
    decide(quote_in("sent", shop), accepted=False, name="Kari", note="Too dear")
    [message] = [job.payload for job in Job.objects.filter(kind="send_mail")]
    assert (message["to"], message["subject"]) == (shop.member.email, "Fjord Trading rejected QUO-2026-001")
    for text in ("Kari answered for Fjord Trading", "112.00", "Rejected.", "Too dear", "/quotes/"):
        assert text in message["body"]
    decide(quote_in("sent", shop), actor=shop.member)
    assert Job.objects.filter(kind="send_mail").count() == 1


def test_person_of_the_house_notes_an_answer(shop):
    quote = quotes.set_quote_status(actor=shop.member, quote=quote_in("sent", shop), status="accepted", now=NOW)
    assert (quote.decided_by, quote_events(quote)[-1].person) == (shop.member.name, shop.member)
    changes = {"status": "rejected", "decided_by": "Kari", "decision_note": "Too late"}
    other = quotes.update_quote(actor=shop.member, quote=quote_in("sent", shop), changes=changes, now=NOW)
    assert (other.decided_by, other.decision_note) == ("Kari", "Too late")


def test_answer_to_another_version_is_refused(shop):
    quote = quote_in("sent", shop)
    quotes.update_quote(actor=shop.member, quote=quote, changes={"notes": "New", "status": "sent"}, now=NOW)
    quotes.mark_quote_sent(actor=shop.member, quote=quote, now=NOW)
    before = state(quote)
    with pytest.raises(QuoteChanged):
        decide(quote, version=1)
    assert state(quote) == before
    assert decide(quote, version=2).status == "accepted"


@pytest.mark.parametrize(("name", "note"), [("  ", ""), ("a" * 201, ""), ("Kari", "a" * 1001), ("K\x00", "")])
def test_answer_names_who_gives_it(shop, name, note):
    with pytest.raises(Invalid):
        decide(quote_in("sent", shop), name=name, note=note)


def test_quote_is_accepted_on_its_last_day_and_not_after(shop):
    quote = quote_in("sent", shop, expiry_date=TODAY)
    before = state(quote)
    with pytest.raises(WrongState):
        decide(quote, now=NOW + timedelta(days=1))
    assert state(quote) == before
    assert decide(quote, now=NOW.replace(hour=23, minute=59)).status == "accepted"


def test_who_does_not_see_a_quote_does_nothing_with_it(shop):
    quote = quote_in("sent", shop)
    with pytest.raises(NotFound):
        visible_quote(shop.other, quote.pk)
    calls = [
        lambda: quotes.update_quote(actor=shop.other, quote=quote, changes={"notes": "x"}, now=NOW),
        lambda: quotes.mark_quote_sent(actor=shop.other, quote=quote, now=NOW),
        lambda: quotes.set_quote_status(actor=shop.other, quote=quote, status="accepted", now=NOW),
        lambda: quotes.convert_quote(actor=shop.other, quote=quote, now=NOW),
        lambda: quotes.delete_quote(actor=shop.other, quote=quote, now=NOW),
        lambda: decide(quote, actor=shop.other),
        lambda: quotes.update_quote(actor=shop.member, quote=quote, changes={"owner": shop.other}, now=NOW),
    ]
    before = state(quote)
    for call in calls:
        with pytest.raises(Forbidden):
            call()
    assert state(quote) == before
    assert not any(available_actions(quote, shop.other, today=TODAY).values())


# --- Conversion


def test_accepted_quote_becomes_a_draft_invoice(shop):
    lines = [
        line("Hours", "0.125", "100.20", unit="h"),
        line("Licence", "3", "19.99", discount_percent=Decimal("12.5")),
        line("Book", "1", "10.00", tax_code="XMPT"),
    ]
    quote = quote_in("accepted", shop, lines=lines, notes="For the office", terms="Half in advance")
    invoice = quotes.convert_quote(actor=shop.member, quote=quote, now=LATER)
    assert (invoice.number, invoice.status, invoice.quote) == ("INV-2026-001", "draft", quote)
    assert (invoice.issue_date, invoice.customer, invoice.owner) == (LATER.date(), quote.customer, shop.member)
    amounts = ("subtotal", "tax_amount", "total_amount", "currency", "notes", "terms")
    assert [getattr(invoice, name) for name in amounts] == [getattr(quote, name) for name in amounts]
    columns = (
        "line_number",
        "description",
        "quantity",
        "unit",
        "unit_price",
        "discount_percent",
        "tax_code",
        "net_amount",
    )
    assert list(invoice.lines.values_list(*columns)) == list(quote.lines.values_list(*columns))
    assert entries(quote)[-1] == "converted"
    assert quote_events(quote)[-1].new == {"invoice": "INV-2026-001"}


def test_terms_of_quotes_are_not_those_of_invoices(shop):
    changes = {"quote_terms": "Valid for 30 days.", "invoice_terms": "Net 30."}
    update_organization(actor=shop.admin, organization=shop.organization, changes=changes, now=NOW)
    shop.customer.refresh_from_db()
    shop.customer.organization.refresh_from_db()
    quote = quote_in("accepted", shop)
    assert quote.terms == "Valid for 30 days."
    assert quotes.convert_quote(actor=shop.member, quote=quote, now=NOW).terms == "Net 30."


def test_second_conversion_fails_makes_nothing_and_takes_no_number(shop):
    quote = quote_in("accepted", shop)
    quotes.convert_quote(actor=shop.member, quote=quote, now=NOW)
    before = state(quote)
    with pytest.raises(QuoteConverted) as refused:
        quotes.convert_quote(actor=shop.staff, quote=quote, now=NOW)
    assert "INV-2026-001" in refused.value.message
    assert state(quote) == before
    assert Invoice.objects.count() == 1
    assert last_number(shop.organization, "invoice:2026") == 1


@pytest.mark.parametrize("status", ["draft", "sent", "rejected", "expired"])
def test_only_an_accepted_quote_becomes_an_invoice(shop, status):
    quote = quote_in(status, shop)
    with pytest.raises(WrongState):
        quotes.convert_quote(actor=shop.member, quote=quote, now=NOW)
    assert not Invoice.objects.exists()
    assert last_number(shop.organization, "invoice:2026") == 0


def test_conversion_that_is_refused_leaves_the_quote_to_be_converted_later(shop):
    quote = quote_in("accepted", shop)
    set_active(actor=shop.admin, customer=shop.customer, active=False, now=NOW)
    with pytest.raises(Invalid):
        quotes.convert_quote(actor=shop.member, quote=quote, now=NOW)
    assert last_number(shop.organization, "invoice:2026") == 0
    set_active(actor=shop.admin, customer=shop.customer, active=True, now=NOW)
    assert quotes.convert_quote(actor=shop.member, quote=quote, now=NOW).number == "INV-2026-001"


def test_quote_in_another_currency_than_the_organizations_is_not_converted(shop):
    quote = quote_in("accepted", shop)
    Quote.objects.filter(pk=quote.pk).update(currency="NOK")
    with pytest.raises(WrongState):
        quotes.convert_quote(actor=shop.member, quote=quote, now=NOW)


def test_invoice_is_the_quote_owners_where_that_can_be(shop):
    mine = make_customer(shop.organization, owner=shop.other, email="b@example.com")
    theirs = make_quote(shop, customer=mine, actor=shop.staff, now=NOW)
    quotes.mark_quote_sent(actor=shop.staff, quote=theirs, now=NOW)
    decide(theirs)
    # The client's owner converts what is the staff's: they cannot give an invoice to somebody else.
    assert quotes.convert_quote(actor=shop.other, quote=theirs, now=NOW).owner == shop.other
    quote = quote_in("accepted", shop)
    assert quotes.convert_quote(actor=shop.staff, quote=quote, now=NOW).owner == shop.member
    shop.member.is_active = False
    shop.member.save()
    left = quote_in("accepted", shop)
    assert quotes.convert_quote(actor=shop.staff, quote=left, now=NOW).owner == shop.staff


# --- Deletion


def test_number_of_a_deleted_draft_is_void(shop):
    quote = make_quote(shop, now=NOW)
    quotes.delete_quote(actor=shop.member, quote=quote, now=NOW)
    entry = AuditEntry.objects.get(entity_type="quote", action="deleted")
    assert (entry.entity_id, entry.old_values["void_number"]) == (str(quote.pk), "QUO-2026-001")
    assert make_quote(shop, now=NOW).number == "QUO-2026-002"
    with pytest.raises(NotFound):
        quotes.delete_quote(actor=shop.member, quote=quote, now=NOW)


@pytest.mark.parametrize("status", ["sent", "accepted", "rejected", "expired"])
def test_only_a_draft_is_deleted(shop, status):
    quote = quote_in(status, shop)
    before = state(quote)
    with pytest.raises(WrongState) as refused:
        quotes.delete_quote(actor=shop.member, quote=quote, now=NOW)
    assert refused.value.message.startswith("Only a draft is deleted. ")
    assert state(quote) == before


# --- Expiry


def test_quote_expires_on_read_and_is_noted_in_the_night(shop):
    quote = quote_in("sent", shop)
    last, after = date(2026, 12, 23), date(2026, 12, 24)
    assert (quote.status_on(last), quote.status_on(after)) == ("sent", "expired")
    for today, shown in ((last, "sent"), (after, "expired")):
        assert visible_quotes(shop.member, today=today).get().shown_status == shown
        found = {status for status in QuoteStatus if Quote.objects.filter(with_status(status, today)).exists()}
        assert found == {shown}
    assert expire_quotes(now=NOW + timedelta(days=30)) == 0
    assert expire_quotes(now=LATER) == 1
    quote.refresh_from_db()
    assert quote.status == "expired"
    assert entries(quote) == ["created", "sent", "expired"]
    assert expire_quotes(now=LATER) == 0
    assert Job.objects.filter(kind="send_mail").count() == 1


def test_owner_is_told_once_of_all_that_expired(shop):
    staffs = quote_in("sent", shop, actor=shop.staff)
    mine = [quote_in("sent", shop) for _ in range(3)]
    for status in ("draft", "accepted", "rejected", "expired"):
        quote_in(status, shop)
    gone = make_user(shop.organization, role="staff")
    lost = quote_in("sent", shop, actor=gone)
    gone.is_active = False
    gone.save()
    assert expire_quotes(now=LATER) == 5
    sent = [job.payload for job in Job.objects.filter(kind="send_mail")]
    messages = {message["to"]: message for message in sent if "expired" in message["subject"]}
    assert set(messages) == {shop.member.email, shop.staff.email}
    assert messages[shop.staff.email]["subject"] == f"Quote {staffs.number} has expired"
    body = messages[shop.member.email]["body"]
    assert messages[shop.member.email]["subject"] == "3 quotes have expired"
    for quote in mine:
        assert f"{quote.number}  Fjord Trading" in body
        assert f"/quotes/{quote.pk}/" in body
    assert "112.00" in body
    assert "expired on 23 December 2026" in body
    lost.refresh_from_db()
    assert lost.status == "expired"


def test_expiry_is_scheduled_once_a_day():
    midnight = datetime(2026, 12, 24, tzinfo=UTC)
    for hours in (0, 1, 23, 24):
        enqueue_scheduled(now=midnight + timedelta(hours=hours))
    assert Job.objects.filter(kind="expire_quotes").count() == 2


# --- Reads


def test_actions_say_what_can_be_done_or_why_not(shop):
    expected = {
        "draft": {"edit", "send", "delete", "copy"},
        "sent": {"edit", "send", "accept", "reject", "expire", "copy", "link"},
        "accepted": {"convert", "copy", "link"},
        "rejected": {"edit", "copy", "link"},
        "expired": {"edit", "copy", "link"},
    }
    for status, names in expected.items():
        actions = available_actions(quote_in(status, shop), shop.member, today=TODAY)
        assert {name for name, decision in actions.items() if decision} == names, status
        assert all(decision or decision.reason for decision in actions.values())
    quote = quote_in("accepted", shop)
    invoice = quotes.convert_quote(actor=shop.member, quote=quote, now=NOW)
    convert = available_actions(visible_quote(shop.member, quote.pk), shop.member, today=TODAY)["convert"]
    assert (bool(convert), invoice.number in convert.reason) == (False, True)
    late = make_quote(shop, issue_date=date(2026, 1, 1), expiry_date=date(2026, 1, 31), now=NOW)
    assert not available_actions(late, shop.member, today=TODAY)["send"]


def test_quotes_are_found_by_number_and_client(shop):
    first, second = make_quote(shop, now=NOW), make_quote(shop, now=NOW)
    quotes_of = visible_quotes(shop.member, today=TODAY)
    assert list(quotes_found(quotes_of, "fjord")) == [second, first]
    assert list(quotes_found(quotes_of, "trading 2026-001")) == [first]
    assert list(quotes_found(quotes_of, "nobody")) == []
    assert list(visible_quotes(shop.other, today=TODAY)) == []
