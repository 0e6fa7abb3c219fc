"""The calendar that a person subscribes to: when the steps of their cases are due.

It holds the cases that one owns, also for those who see the organization: a calendar says what one has to do oneself.
Whoever knows its address reads it, so the address is secret, is shown once, and can be changed.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from bureau.cases.models import CalendarFeed, CaseStep
from bureau.cases.notifications.cases import case_url
from bureau.cases.selectors.cases import OPEN
from bureau.core import audit, rates
from bureau.core.models import User
from bureau.core.rates import Limit
from bureau.core.secret_addresses import digest, new_token
from bureau.kit.errors import NotFound, RateLimited

REFRESH = "PT1H"
"""How often a calendar program is asked to look again."""


def feed_url(token: str) -> str:
    return f"{settings.PUBLIC_URL}/calendar/{token}.ics"


def feed_of(user: User) -> CalendarFeed | None:
    return CalendarFeed.objects.filter(user=user).first()


def create_feed(*, actor: User, now: datetime) -> str:
    """The token of a new address, which nobody can show again; one that there was before does not work any more."""
    token = new_token()
    with transaction.atomic():
        _feed, made = CalendarFeed.objects.update_or_create(
            user=actor, defaults={"token_hash": digest(token), "created_at": now}
        )
        audit.record(actor, "calendar_made" if made else "calendar_reset", actor=actor, now=now)
    return token


def remove_feed(*, actor: User, now: datetime) -> None:
    """Ends the address; nothing, where there is none."""
    with transaction.atomic():
        if CalendarFeed.objects.filter(user=actor).delete()[0]:
            audit.record(actor, "calendar_removed", actor=actor, now=now)


def feed_for_token(token: str, *, address: str | None) -> CalendarFeed:
    """The feed of an active person; `address` is the caller's. Raises NotFound, RateLimited.

    Counted as other calls of nobody in particular, but by feed: a whole office may call from one address. What finds no
    feed is counted by address.
    """
    feeds = CalendarFeed.objects.select_related("user__organization")
    feed = feeds.filter(token_hash=digest(token), user__is_active=True).first()
    _count(f"calendar:{feed.pk}" if feed else f"calendar:unknown:{address}")
    if feed is None:
        raise NotFound(_("There is no such calendar."))
    return feed


def _count(key: str) -> None:
    state = rates.hit([Limit.parse(key, settings.RATE_LIMITS["anonymous"])]) if settings.THROTTLING else None
    if state is not None and state.exceeded:
        raise RateLimited(retry_after=state.retry_after, limit=state.limit)


def calendar(user: User) -> bytes:
    """The due dates as iCalendar (RFC 5545): the current step of each open case, all day. A step that waits for the
    customer has no date."""
    found = Calendar()
    found.add("prodid", "-//Bureau//Cases//EN")
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    found.add("x-wr-calname", _("Bureau: due dates"))
    found.add("x-published-ttl", REFRESH)
    steps = CaseStep.objects.filter(
        case__owner=user,
        case__organization=user.organization_id,
        case__status__in=OPEN,
        case__step_due_date__isnull=False,
        number=F("case__step_number"),
    ).select_related("case__customer__party", "case__product")
    for step in steps.order_by("case__step_due_date", "pk"):
        found.add_component(_event(step))
    written: bytes = found.to_ical()
    return written


def _event(step: CaseStep) -> Event:
    case = step.case
    event = Event()
    event.add("uid", f"{case.uuid}-{step.number}@bureau")
    event.add("dtstamp", case.updated_at)
    event.add("last-modified", case.updated_at)
    event.add("dtstart", step.due_date)
    event.add("dtend", step.due_date + timedelta(days=1))
    event.add("summary", f"{step.name}: {case.customer.party.name}")
    event.add("description", f"{case.number}  {case.product.name}\n{case_url(case)}")
    event.add("url", case_url(case))
    event.add("transp", "TRANSPARENT")
    return event
