"""Quotes that were not answered in time: noted each night, and their owners are told. On read they have expired
already (states.quote_status)."""

from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import ngettext

from bureau.core import audit
from bureau.core.jobs import Run, job_handler
from bureau.core.mail import send_later
from bureau.core.models import User
from bureau.sales.models import Quote
from bureau.sales.states import QuoteStatus

SHOWN = 50
"""At most so many quotes stand in one message."""


@job_handler("expire_quotes", every=timedelta(days=1))
def run_expire_quotes(run: Run) -> dict[str, int]:
    return {"expired": expire_quotes(now=timezone.now())}


def expire_quotes(*, now: datetime) -> int:
    """Notes of every quote whose last day is over that it has expired; each owner gets one message. Returns how
    many."""
    late = Quote.objects.filter(status=QuoteStatus.SENT, expiry_date__lt=timezone.localdate(now))
    found = list(late.order_by("owner", "pk").values_list("owner", "pk"))
    expired = 0
    for owner, pairs in groupby(found, key=lambda pair: pair[0]):
        expired += _expire(owner, [pk for _owner, pk in pairs], now=now)
    return expired


def _expire(owner: int, pks: list[int], *, now: datetime) -> int:
    with transaction.atomic():
        rows = Quote.objects.select_for_update(of=("self",), no_key=True).select_related("customer__party")
        late = rows.filter(pk__in=pks, status=QuoteStatus.SENT, expiry_date__lt=timezone.localdate(now))
        quotes = list(late.order_by("pk"))
        Quote.objects.filter(pk__in=[quote.pk for quote in quotes]).update(status=QuoteStatus.EXPIRED, updated_at=now)
        if quotes:
            _tell(User.objects.select_related("organization").get(pk=owner), quotes, now=now)
        for quote in quotes:
            new = {"status": QuoteStatus.EXPIRED, "version": quote.version, "total_amount": quote.total_amount}
            audit.record(quote, "expired", actor=None, now=now, old={"status": quote.status}, new=new)
    return len(quotes)


def _tell(owner: User, quotes: list[Quote], *, now: datetime) -> None:
    if not owner.is_active:
        return
    rows = [{"quote": quote, "url": f"{settings.PUBLIC_URL}/quotes/{quote.pk}/"} for quote in quotes[:SHOWN]]
    count = len(quotes)
    words: dict[str, Any] = {"name": owner.name, "rows": rows, "more": count - len(rows)}
    subject = ngettext("Quote %(number)s has expired", "%(count)d quotes have expired", count)
    send_later(
        to=owner.email,
        subject=subject % {"number": quotes[0].number, "count": count},
        body=render_to_string("sales/mail/quotes_expired.txt", words),
        now=now,
        organization=owner.organization,
    )
