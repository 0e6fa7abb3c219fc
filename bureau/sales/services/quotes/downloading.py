"""A quote leaves the house as a file."""

from datetime import datetime

from django.db import transaction

from bureau.core import audit
from bureau.core.models import User
from bureau.sales.models import Quote
from bureau.sales.rendering.pdf import quote_pdf


def quote_filename(quote: Quote) -> str:
    return f"{quote.number}.pdf"


def read_quote_pdf(*, actor: User, quote: Quote, now: datetime) -> bytes:
    """The quote's PDF as it is now, for somebody who sees it; the download is audited."""
    content = quote_pdf(quote)
    with transaction.atomic():
        new = {"filename": quote_filename(quote), "version": quote.version}
        audit.record(quote, "downloaded", actor=actor, now=now, new=new)
    return content
