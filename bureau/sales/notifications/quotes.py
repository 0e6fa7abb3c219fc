"""What the owner of a quote is told by e-mail: that its customer has answered, and that nobody did in time. Who is not
active any more is told nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bureau.core.mail import send_later
from bureau.core.models import Organization, User
from bureau.sales.models import Quote
from bureau.sales.states import QuoteStatus

SHOWN = 50
"""At most so many quotes stand in one message."""


def tell_answered(quote: Quote, *, now: datetime) -> None:
    """Of what the customer themselves said by their link."""
    accepted = quote.status == QuoteStatus.ACCEPTED
    subject = _("%(customer)s accepted %(number)s") if accepted else _("%(customer)s rejected %(number)s")
    words = {"quote": quote, "accepted": accepted, "url": quote_url(quote)}
    told = {"customer": quote.customer.party.name, "number": quote.number}
    _write("quote_answered", quote.owner, quote.organization, subject % told, words, now=now)


def tell_expired(owner: User, quotes: Sequence[Quote], *, now: datetime) -> None:
    rows = [{"quote": quote, "url": quote_url(quote)} for quote in quotes[:SHOWN]]
    count = len(quotes)
    subject = ngettext("Quote %(number)s has expired", "%(count)d quotes have expired", count)
    told = {"number": quotes[0].number, "count": count}
    words = {"rows": rows, "more": count - len(rows)}
    _write("quotes_expired", owner, owner.organization, subject % told, words, now=now)


def quote_url(quote: Quote) -> str:
    return f"{settings.PUBLIC_URL}/quotes/{quote.pk}/"


def _write(
    text: str, to: User, organization: Organization, subject: str, words: dict[str, Any], *, now: datetime
) -> None:
    if to.is_active:
        body = render_to_string(f"sales/mail/{text}.txt", {"name": to.name, **words})
        send_later(to=to.email, subject=subject, body=body, now=now, organization=organization)
