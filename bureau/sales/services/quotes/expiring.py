"""Quotes that were not answered in time: noted each night, and their owners are told. On read they have expired
already (states.quote_status)."""

from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.utils import timezone

from bureau.core import audit
from bureau.core.jobs import Run, job_handler
from bureau.core.models import User
from bureau.sales.models import Quote
from bureau.sales.notifications.quotes import tell_expired
from bureau.sales.states import QuoteStatus


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
            tell_expired(User.objects.select_related("organization").get(pk=owner), quotes, now=now)
        for quote in quotes:
            new = {"status": QuoteStatus.EXPIRED, "version": quote.version, "total_amount": quote.total_amount}
            audit.record(quote, "expired", actor=None, now=now, old={"status": quote.status}, new=new)
    return len(quotes)
