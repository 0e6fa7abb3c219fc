"""Quotes: made as drafts, sent version by version, accepted or rejected, turned into an invoice."""

from bureau.sales.services.quotes.converting import QuoteConverted, convert_quote
from bureau.sales.services.quotes.downloading import quote_filename, read_quote_pdf
from bureau.sales.services.quotes.drafts import create_quote, delete_quote, update_quote
from bureau.sales.services.quotes.expiring import expire_quotes
from bureau.sales.services.quotes.moving import QuoteChanged, decide_quote, mark_quote_sent, set_quote_status

__all__ = [
    "QuoteChanged",
    "QuoteConverted",
    "convert_quote",
    "create_quote",
    "decide_quote",
    "delete_quote",
    "expire_quotes",
    "mark_quote_sent",
    "quote_filename",
    "read_quote_pdf",
    "set_quote_status",
    "update_quote",
]
