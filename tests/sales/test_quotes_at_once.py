"""Several people at one quote, or at one sequence of numbers, in the same moment."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import transaction

from bureau.core.models import AuditEntry, Job
from bureau.core.numbers import last_number
from bureau.kit.errors import BusinessRule
from bureau.sales.models import Invoice, Quote, QuoteVersion
from bureau.sales.services import quotes
from tests.crowds import at_once
from tests.factories.sales import line, make_quote, make_shop

pytestmark = pytest.mark.django_db(transaction=True, reset_sequences=False)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER = datetime(2027, 1, 15, 9, tzinfo=UTC)
CROWD = 8


class Failed(BusinessRule):
    """Something goes wrong after the quote was made, in the same transaction."""


def sent(shop):
    return quotes.mark_quote_sent(actor=shop.member, quote=make_quote(shop, now=NOW), now=NOW)


def answer(quote, *, accepted=True, now=NOW):
    quotes.decide_quote(quote=quote, accepted=accepted, name="Kari", version=1, actor=None, now=now)


def accepted(shop):
    quote = sent(shop)
    answer(quote)
    return quote


def test_quote_is_converted_once_by_many():
    """Twice, so that a number used up by a refused conversion would show."""
    shop = make_shop()
    people = [shop.member, shop.staff, shop.admin, shop.member] * 2
    for count in (1, 2):
        quote = accepted(shop)
        outcomes = at_once(
            [
                lambda quote=quote, person=person: quotes.convert_quote(actor=person, quote=quote, now=NOW)
                for person in people
            ]
        )
        assert outcomes == {"done": 1, "QuoteConverted": len(people) - 1}
        assert Invoice.objects.get(quote=quote).number == f"INV-2026-{count:03}"
        assert Invoice.objects.count() == last_number(shop.organization, "invoice:2026") == count
        assert AuditEntry.objects.filter(entity_type="invoice", action="created").count() == count
        assert AuditEntry.objects.filter(entity_type="quote", action="converted").count() == count


def test_numbers_of_quotes_made_at_once_have_no_gap_where_some_fail():
    shop = make_shop()

    def create(number):
        with transaction.atomic():
            make_quote(shop, now=NOW)
            if number % 4 == 3:
                raise Failed

    assert at_once([lambda n=n: create(n) for n in range(12)]) == {"done": 9, "Failed": 3}
    numbers = sorted(Quote.objects.values_list("number", flat=True))
    assert numbers == [f"QUO-2026-{n:03}" for n in range(1, 10)]


def test_quote_is_answered_once():
    shop = make_shop()
    quote = sent(shop)
    outcomes = at_once([lambda n=n: answer(quote, accepted=n % 2 == 0) for n in range(CROWD)])
    assert outcomes == {"done": 1, "WrongState": CROWD - 1}
    assert AuditEntry.objects.filter(entity_type="quote", action__in=["accepted", "rejected"]).count() == 1


def test_version_is_kept_once_when_a_quote_is_sent_by_many():
    shop = make_shop()
    quote = make_quote(shop, now=NOW)
    send = lambda: quotes.mark_quote_sent(actor=shop.member, quote=quote, now=NOW)  # noqa: E731
    assert at_once([send] * CROWD) == {"done": CROWD}
    assert QuoteVersion.objects.count() == 1


def test_quote_that_is_changed_as_it_is_accepted_is_one_or_the_other():
    shop = make_shop()
    for _ in range(4):
        quote = sent(shop)
        lines = [line("Other advice", "1", "70.00")]
        change = {"actor": shop.member, "quote": quote, "changes": {}, "lines": lines, "now": NOW}
        outcomes = at_once([lambda quote=quote: answer(quote), lambda change=change: quotes.update_quote(**change)])
        assert outcomes["done"] == 1, outcomes
        quote.refresh_from_db()
        kept = (quote.status, quote.version, quote.total_amount)
        assert kept in [("accepted", 1, 112), ("draft", 2, Decimal("78.40"))]


def test_draft_is_changed_by_many_and_always_adds_up():
    shop = make_shop()
    quote = make_quote(shop, now=NOW)

    def change(count):
        lines = [line(f"Line {n}", "1", f"{count}.33") for n in range(count)]
        quotes.update_quote(actor=shop.member, quote=quote, changes={}, lines=lines, now=NOW)

    assert at_once([lambda count=count: change(count) for count in range(1, CROWD)]) == {"done": CROWD - 1}
    quote.refresh_from_db()
    rows = list(quote.lines.all())
    assert quote.total_amount == sum(row.line_total for row in rows)
    assert [row.line_number for row in rows] == list(range(1, len(rows) + 1))


def test_expiry_is_noted_once_and_its_owner_told_once():
    shop = make_shop()
    made = [sent(shop) for _ in range(3)]
    outcomes = at_once([lambda: quotes.expire_quotes(now=LATER)] * 3)
    assert outcomes == {"done": 3}
    assert AuditEntry.objects.filter(entity_type="quote", action="expired").count() == len(made)
    assert Job.objects.filter(kind="send_mail").count() == 1
