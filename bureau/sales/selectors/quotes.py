"""Reads of quotes."""

from datetime import date

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from bureau.core.models import User
from bureau.kit.errors import NotFound
from bureau.kit.permissions import ALLOWED, Decision, denied
from bureau.sales.models import Quote, QuoteVersion
from bureau.sales.permissions import documents as permissions
from bureau.sales.permissions.quotes import TOO_LATE, wrong_state
from bureau.sales.selectors.invoices import MAX_WORDS, DocumentEvent, containing, events_of
from bureau.sales.states import MOVED_BY, QUOTE_MOVES, QuoteStatus


def visible_quotes(user: User, *, today: date) -> QuerySet[Quote]:
    """Newest first, with customer and owner, and `shown_status`."""
    quotes = Quote.objects.visible_to(user).select_related("customer__party", "owner").as_of(today)
    return quotes.order_by("-created_at", "-pk")


def visible_quote(user: User, pk: int) -> Quote:
    """With its lines, the versions that were sent (the newest first) and its invoice. Raises NotFound."""
    quotes = Quote.objects.visible_to(user).select_related(
        "customer__party", "customer__owner", "owner", "organization", "invoice"
    )
    versions = Prefetch("versions", QuoteVersion.objects.order_by("-number"))
    found = quotes.prefetch_related("lines", versions).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("Not found."))
    return found


def quotes_found(quotes: QuerySet[Quote], words: str) -> QuerySet[Quote]:
    """Those in which every word (of the first MAX_WORDS) stands in the number or the customer's name."""
    for word in words.upper().split()[:MAX_WORDS]:
        quotes = quotes.filter(containing(word))
    return quotes


def with_status(status: str, today: date) -> Q:
    """The quotes that are shown as `status` on a day (states.quote_status)."""
    if status == QuoteStatus.SENT:
        return Q(status=status, expiry_date__gte=today)
    if status == QuoteStatus.EXPIRED:
        return Q(status=status) | Q(status=QuoteStatus.SENT, expiry_date__lt=today)
    return Q(status=status)


def available_actions(quote: Quote, user: User, *, today: date) -> dict[str, Decision]:
    """For each action whether this person can do it now; where not, the reason to show in its place. A change (edit)
    of what was sent makes its next version."""
    write = permissions.can_write(user, quote)
    if not write:
        names = ("edit", "send", "accept", "reject", "expire", "convert", "delete", "copy", "link")
        return dict.fromkeys(names, write)
    shown = quote.status_on(today)
    draft, accepted = shown == QuoteStatus.DRAFT, shown == QuoteStatus.ACCEPTED
    moves = {
        action: ALLOWED if (shown, action) in QUOTE_MOVES else denied(wrong_state(shown, action))
        for action in MOVED_BY.values()
    }
    if draft and quote.expiry_date < today:
        moves["send"] = denied(str(TOO_LATE))
    convert = ALLOWED if accepted else denied(wrong_state(shown, "convert"))
    if hasattr(quote, "invoice"):
        convert = denied(_("The quote has become invoice %(number)s already.") % {"number": quote.invoice.number})
    return {
        **moves,
        "edit": denied(wrong_state(shown, "edit")) if accepted else ALLOWED,
        "convert": convert,
        "delete": ALLOWED if draft else denied(wrong_state(shown, "delete")),
        "copy": ALLOWED,
        "link": denied(wrong_state(shown, "link")) if draft else ALLOWED,
    }


def quote_events(quote: Quote) -> list[DocumentEvent]:
    """Everything that happened to a quote, oldest first."""
    return events_of(quote)


def quote_versions(quote: Quote) -> QuerySet[QuoteVersion]:
    """What was sent, the newest first."""
    return QuoteVersion.objects.filter(quote=quote.pk).order_by("-number")
