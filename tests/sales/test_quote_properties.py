"""Whatever is done to a quote in whatever order: its amounts add up, each version stays as it was sent, and it becomes
one invoice at most, of its amount.

The reference keeps amounts in whole cents and shares no code with the product.
"""

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bureau.core.models import AuditEntry
from bureau.core.numbers import last_number
from bureau.kit.errors import DomainError
from bureau.sales.models import Invoice, Quote, QuoteVersion
from bureau.sales.selectors.quotes import available_actions, visible_quote
from bureau.sales.services import quotes
from tests.factories.sales import make_quote, make_shop
from tests.sales.test_sales_properties import RATES, drawn_lines, inputs, lives, reference

BEGIN = datetime(2026, 11, 23, 9, tzinfo=UTC)


class QuoteLife(RuleBasedStateMachine):
    """The reference: the state as it is read today, the lines in cents, and the total of each version that was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = transaction.atomic()
        self.whole.__enter__()
        self.shop = make_shop()
        self.now = BEGIN
        self.answer = ""
        self.version, self.sent, self.invoices = 1, dict[int, int](), 0

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def total(self) -> int:
        return sum(sum(reference(q, p, d, RATES[code])) for q, p, d, code in self.drawn)

    @property
    def state(self) -> str:
        """What was said to it last; of what was sent and not answered the date tells."""
        if self.answer == "sent" and self.expiry < self.today:
            return "expired"
        return self.answer or "draft"

    @contextmanager
    def outcome(self, allowed: bool):
        """What is within is done where `allowed`, else refused; a refusal takes all back, as a request's would."""
        try:
            with transaction.atomic():
                yield
        except DomainError:
            assert not allowed
        else:
            assert allowed

    @initialize(drawn=drawn_lines, days=st.integers(0, 20))
    def begin(self, drawn, days) -> None:
        self.drawn, self.expiry = drawn, self.today + timedelta(days=days)
        self.quote = make_quote(self.shop, lines=inputs(drawn), expiry_date=self.expiry, now=self.now)

    @rule(drawn=st.none() | drawn_lines, days=st.none() | st.integers(-1, 40))
    def change(self, drawn, days) -> None:
        expiry = self.expiry if days is None else BEGIN.date() + timedelta(days=days)
        lines = self.drawn if drawn is None else drawn
        changed = (expiry, lines) != (self.expiry, self.drawn)
        allowed = expiry >= BEGIN.date() and not (changed and self.state == "accepted")
        given = None if drawn is None else inputs(drawn)
        with self.outcome(allowed):
            quotes.update_quote(
                actor=self.shop.member, quote=self.quote, changes={"expiry_date": expiry}, lines=given, now=self.now
            )
        if allowed and changed:
            if self.state != "draft":
                self.version, self.answer = self.version + 1, ""
            self.expiry, self.drawn = expiry, lines

    @rule()
    def send(self) -> None:
        allowed = bool(self.drawn) and (self.answer == "" or self.state == "sent")
        with self.outcome(allowed):
            quotes.mark_quote_sent(actor=self.shop.member, quote=self.quote, now=self.now)
        if allowed:
            self.answer, self.sent[self.version] = "sent", self.total

    @rule(accepted=st.booleans(), behind=st.integers(0, 1))
    def decide(self, accepted, behind) -> None:
        allowed = self.state == "sent" and behind == 0
        version = self.version - behind
        with self.outcome(allowed):
            quotes.decide_quote(
                quote=self.quote, accepted=accepted, name="Kari", version=version, actor=None, now=self.now
            )
        if allowed:
            self.answer = "accepted" if accepted else "rejected"

    @rule(days=st.integers(1, 15))
    def wait(self, days) -> None:
        self.now += timedelta(days=days)

    @rule()
    def night(self) -> None:
        late = self.answer == "sent" and self.state == "expired"
        assert quotes.expire_quotes(now=self.now) == late
        self.answer = "expired" if late else self.answer

    @rule()
    def convert(self) -> None:
        allowed = self.state == "accepted" and not self.invoices
        with self.outcome(allowed):
            quotes.convert_quote(actor=self.shop.member, quote=self.quote, now=self.now)
        self.invoices += allowed

    @rule()
    def delete_unless_draft(self) -> None:
        if self.state != "draft":
            with self.outcome(False):
                quotes.delete_quote(actor=self.shop.member, quote=self.quote, now=self.now)

    @invariant()
    def holds(self) -> None:
        if not hasattr(self, "quote"):
            return
        quote = visible_quote(self.shop.member, self.quote.pk)
        rows = list(quote.lines.all())
        amounts = [reference(q, p, d, RATES[code]) for q, p, d, code in self.drawn]
        assert [(row.net_amount * 100, row.tax_amount * 100) for row in rows] == amounts
        assert (quote.subtotal + quote.tax_amount) * 100 == quote.total_amount * 100 == self.total
        assert (quote.status_on(self.today), quote.version, quote.expiry_date) == (
            self.state,
            self.version,
            self.expiry,
        )
        versions = QuoteVersion.objects.filter(quote=quote).values_list("number", "content__total_amount")
        assert {number: round(float(total) * 100) for number, total in versions} == self.sent
        assert Quote.objects.as_of(self.today).get(pk=quote.pk).shown_status == self.state
        actions = available_actions(quote, self.shop.member, today=self.today)
        assert bool(actions["convert"]) == (self.state == "accepted" and not self.invoices)
        assert bool(actions["accept"]) == bool(actions["reject"]) == (self.state == "sent")
        made = Invoice.objects.filter(quote=quote)
        assert [invoice.total_amount * 100 for invoice in made] == [self.total] * self.invoices
        assert last_number(self.shop.organization, f"invoice:{self.today.year}") <= self.invoices
        assert AuditEntry.objects.filter(entity_type="quote", action="converted").count() == self.invoices

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.whole.__exit__(None, None, None)


def test_quotes_add_up_and_become_one_invoice(db):
    run_state_machine_as_test(QuoteLife, settings=lives(25, 12))


@pytest.mark.soak
def test_500_quotes_add_up_and_become_one_invoice(db):
    run_state_machine_as_test(QuoteLife, settings=lives(500, 25))
