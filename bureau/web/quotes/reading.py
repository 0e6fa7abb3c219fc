"""What the page of a quote tells: where it stands, what can be done now, what was sent before, and what happened."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bureau.core.models import User
from bureau.kit.permissions import Decision
from bureau.sales.calculations import RateTotal, taxes_by_rate
from bureau.sales.models import Invoice, Quote, QuoteLine, QuoteVersion, SalesLink
from bureau.sales.selectors import quotes as selectors
from bureau.sales.states import QuoteStatus
from bureau.web.requests.reading import Entry
from bureau.web.selling.timeline import entries

AMOUNTS = (
    "quantity", "unit_price", "discount_percent", "tax_rate", "net_amount", "tax_amount", "line_total",
)  # fmt: skip


class Sheet:
    """One quote as one person sees it, on a day."""

    def __init__(self, quote: Quote, user: User, *, now: datetime, today: date) -> None:
        self.quote, self.user = quote, user
        self.now, self.today = now, today
        self.status = quote.status_on(today)

    @cached_property
    def answers(self) -> dict[str, Decision]:
        return selectors.available_actions(self.quote, self.user, today=self.today)

    @cached_property
    def can(self) -> set[str]:
        return {name for name, answer in self.answers.items() if answer}

    @property
    def draft(self) -> bool:
        return self.status == QuoteStatus.DRAFT

    @property
    def reason(self) -> str:
        """What stands where people look for an action that is not there."""
        if not self.can:
            return self.answers["edit"].reason
        if self.draft and "send" not in self.can:
            return self.answers["send"].reason
        if self.status == QuoteStatus.SENT:
            return _("Waits for the customer’s answer.")
        return ""

    @property
    def standing(self) -> str:
        """How long it can still be accepted."""
        if self.status != QuoteStatus.SENT:
            return ""
        days = (self.quote.expiry_date - self.today).days
        if days == 0:
            return _("expires today")
        return ngettext("expires in %d day", "expires in %d days", days) % days

    @property
    def next_action(self) -> str:
        """The one that stands out."""
        if self.status == QuoteStatus.SENT:
            return "accept"
        return "convert" if "convert" in self.can else "edit" if "edit" in self.can and not self.draft else "send"

    @property
    def invoice(self) -> Invoice | None:
        return getattr(self.quote, "invoice", None)

    @cached_property
    def sees_invoice(self) -> bool:
        return self.invoice is not None and Invoice.objects.visible_to(self.user).filter(pk=self.invoice.pk).exists()

    @cached_property
    def lines(self) -> list[QuoteLine]:
        return list(self.quote.lines.all())

    @property
    def discounted(self) -> bool:
        return any(line.discount_percent for line in self.lines)

    @cached_property
    def taxes(self) -> list[RateTotal]:
        return taxes_by_rate(self.lines)

    @cached_property
    def versions(self) -> list[QuoteVersion]:
        """What was sent, the newest first."""
        return list(self.quote.versions.all())

    @cached_property
    def links(self) -> list[SalesLink]:
        """Those that still work."""
        return list(self.quote.links.filter(revoked_at=None, expires_at__gt=self.now))

    @cached_property
    def entries(self) -> list[Entry]:
        return entries(selectors.quote_events(self.quote), self.quote.currency)


class Former:
    """A version as it was sent."""

    def __init__(self, version: QuoteVersion) -> None:
        content = version.content
        self.number, self.sent_at = version.number, version.sent_at
        self.issue_date, self.expiry_date = parse_date(content["issue_date"]), parse_date(content["expiry_date"])
        self.currency, self.terms, self.notes = content["currency"], content["terms"], content["notes"]
        self.subtotal, self.tax_amount = Decimal(content["subtotal"]), Decimal(content["tax_amount"])
        self.total_amount = Decimal(content["total_amount"])
        self.lines: Sequence[Any] = [
            SimpleNamespace(**{**line, **{name: Decimal(line[name]) for name in AMOUNTS}}, line_number=number)
            for number, line in enumerate(content["lines"], start=1)
        ]

    @property
    def discounted(self) -> bool:
        return any(line.discount_percent for line in self.lines)

    @cached_property
    def taxes(self) -> list[RateTotal]:
        return taxes_by_rate(self.lines)
