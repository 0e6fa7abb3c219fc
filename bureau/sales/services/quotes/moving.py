"""Sending quotes, and what the customer says to them."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.accounts.services.validation import clean_text
from bureau.core import audit
from bureau.core.models import User
from bureau.kit.errors import BusinessRule, Invalid, WrongState
from bureau.sales.models import Quote, QuoteVersion
from bureau.sales.notifications.quotes import tell_answered
from bureau.sales.permissions import documents as permissions
from bureau.sales.services.quotes.editing import kept, locked, move
from bureau.sales.states import MOVED_BY, QuoteStatus

LONGEST_NAME = 200
LONGEST_NOTE = 1000


class QuoteChanged(BusinessRule):
    """Somebody decides on another version than the quote is in now."""

    code = "QUOTE_CHANGED"


def mark_quote_sent(*, actor: User, quote: Quote, now: datetime) -> Quote:
    """Notes that the quote went to the customer, however it did. The version is kept as it is; sent again, it stays the
    version that was sent first.

    Raises Forbidden, WrongState (also without a line).
    """
    with transaction.atomic():
        quote = locked(quote)
        permissions.can_write(actor, quote).enforce()
        move_to(quote, QuoteStatus.SENT, actor=actor, now=now)
    return quote


def decide_quote(
    *,
    quote: Quote,
    accepted: bool,
    name: str,
    note: str = "",
    version: int | None,
    now: datetime,
    actor: User | None,
) -> Quote:
    """Accepts or rejects a quote that was sent. `name`: who of the customer's says so; `version`: the one that they
    have seen; `actor` None: the customer themselves, who was given a link.

    Raises Forbidden, Invalid, QuoteChanged, WrongState.
    """
    name, note = read_answer(name, note)
    if not name:
        raise Invalid.field("name", _("Give your name."))
    with transaction.atomic():
        quote = locked(quote)
        if actor is not None:
            permissions.can_write(actor, quote).enforce()
        if version not in (None, quote.version):
            raise QuoteChanged(_("The quote has been changed since. Look at its newest version first."))
        status = QuoteStatus.ACCEPTED if accepted else QuoteStatus.REJECTED
        move_to(quote, status, actor=actor, name=name, note=note, now=now)
    return quote


def set_quote_status(*, actor: User, quote: Quote, status: str, now: datetime) -> Quote:
    """Moves a quote by the name of a status; the one that it has already changes nothing.

    Raises Forbidden, Invalid, WrongState.
    """
    wanted = read_status(status)
    with transaction.atomic():
        quote = locked(quote)
        permissions.can_write(actor, quote).enforce()
        if wanted != quote.status_on(timezone.localdate(now)):
            move_to(quote, wanted, actor=actor, now=now)
    return quote


def read_status(given: str) -> QuoteStatus:
    if given not in set(QuoteStatus):
        raise Invalid.field("status", _("Choose one of: %(options)s.") % {"options": ", ".join(QuoteStatus)})
    return QuoteStatus(given)


def read_answer(name: str, note: str) -> tuple[str, str]:
    return clean_text("name", name, longest=LONGEST_NAME), clean_text("note", note, longest=LONGEST_NOTE)


def move_to(
    quote: Quote, status: QuoteStatus, *, actor: User | None, name: str = "", note: str = "", now: datetime
) -> None:
    """Moves the locked quote, with its entry in the audit log: last in the transaction. Raises WrongState."""
    if status == QuoteStatus.DRAFT:
        raise WrongState(_("A quote becomes a draft again by a change: that makes its next version."))
    before = quote.status
    move(quote, MOVED_BY[status], today=timezone.localdate(now))
    told = {"status": quote.status, "version": quote.version, "total_amount": quote.total_amount}
    quote.updated_at = now
    match status:
        case QuoteStatus.SENT:
            _keep_version(quote, now=now)
        case QuoteStatus.ACCEPTED | QuoteStatus.REJECTED:
            quote.decided_at, quote.decided_by = now, name or (actor.name if actor else "")
            quote.decision_note = note
            told |= {"by": quote.decided_by, "note": note}
    quote.save(update_fields=["status", "sent_at", "decided_at", "decided_by", "decision_note", "updated_at"])
    if actor is None:
        tell_answered(quote, now=now)
    audit.record(quote, str(status), actor=actor, now=now, old={"status": before}, new=told)


def _keep_version(quote: Quote, *, now: datetime) -> None:
    lines = list(quote.lines.all())
    if not lines:
        raise WrongState(_("The quote has no line. Add one first."))
    version, first = QuoteVersion.objects.get_or_create(
        quote=quote, number=quote.version, defaults={"content": kept(quote, lines), "sent_at": now}
    )
    quote.sent_at = now if first else version.sent_at
