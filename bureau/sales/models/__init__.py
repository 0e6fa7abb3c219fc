"""What the organization sells: quotes, invoices, credit notes, payments, and what follows them."""

from bureau.sales.models.following import Interval, InvoiceReminder, RecurringInvoice, SalesLink
from bureau.sales.models.invoices import CreditNote, Invoice, InvoiceLine
from bureau.sales.models.payments import Payment, PaymentShare
from bureau.sales.models.quotes import Quote, QuoteLine, QuoteVersion

__all__ = [
    "CreditNote",
    "Interval",
    "Invoice",
    "InvoiceLine",
    "InvoiceReminder",
    "Payment",
    "PaymentShare",
    "Quote",
    "QuoteLine",
    "QuoteVersion",
    "RecurringInvoice",
    "SalesLink",
]
