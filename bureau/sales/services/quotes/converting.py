"""Turning an accepted quote into an invoice: once."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.core import audit
from bureau.core.models import User
from bureau.kit.errors import WrongState
from bureau.sales.models import Invoice, Quote
from bureau.sales.permissions import documents as permissions
from bureau.sales.permissions.quotes import wrong_state
from bureau.sales.services.content import line_inputs
from bureau.sales.services.invoices.drafts import add_invoice, record_created
from bureau.sales.services.quotes.editing import locked
from bureau.sales.states import QuoteStatus


class QuoteConverted(WrongState):
    """It has become an invoice already."""

    code = "QUOTE_CONVERTED"


def convert_quote(*, actor: User, quote: Quote, now: datetime) -> Invoice:
    """A draft invoice of today with the lines, notes and owner of an accepted quote; terms that are the quote's own
    come along, else the organization's for invoices are taken. The quote is locked: of two calls at once one makes the
    invoice, and the other neither makes anything nor uses up a number.

    Raises Forbidden, WrongState, QuoteConverted, and Invalid where the lines or the customer are no longer possible.
    """
    with transaction.atomic():
        quote = locked(quote)
        permissions.can_write(actor, quote).enforce()
        shown = quote.status_on(timezone.localdate(now))
        if shown != QuoteStatus.ACCEPTED:
            raise WrongState(wrong_state(shown, "convert"))
        made = Invoice.objects.filter(quote=quote).values_list("number", flat=True).first()
        if made:
            raise QuoteConverted(_("The quote has become invoice %(number)s already.") % {"number": made})
        if quote.currency != quote.organization.currency:
            told = {"quote": quote.currency, "now": quote.organization.currency}
            raise WrongState(_("The quote is in %(quote)s, but invoices are in %(now)s now. Make a new quote.") % told)
        keeps_owner = quote.owner.is_active and permissions.can_set_owner(actor, quote)
        invoice, rows = add_invoice(
            actor=actor,
            customer=quote.customer,
            lines=line_inputs(quote.lines.all()),
            terms=None if quote.terms == quote.organization.quote_terms else quote.terms,
            notes=quote.notes,
            owner=quote.owner if keeps_owner else None,
            now=now,
            quote=quote,
        )
        record_created(invoice, rows, actor=actor, now=now)
        audit.record(quote, "converted", actor=actor, now=now, new={"invoice": invoice.number})
    return invoice
