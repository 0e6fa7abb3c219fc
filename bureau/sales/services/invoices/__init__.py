"""Invoices: made as drafts, issued, paid (services/payments.py), and taken back by credit notes."""

from bureau.sales.services.invoices.deleting import bulk_delete_invoices, force_delete_invoice
from bureau.sales.services.invoices.drafts import create_invoice, delete_invoice, update_invoice
from bureau.sales.services.invoices.entering import enter_invoice, save_invoice
from bureau.sales.services.invoices.issuing import cancel_invoice, credit_invoice, issue_invoice, set_invoice_status

__all__ = [
    "bulk_delete_invoices",
    "cancel_invoice",
    "create_invoice",
    "credit_invoice",
    "delete_invoice",
    "enter_invoice",
    "force_delete_invoice",
    "issue_invoice",
    "save_invoice",
    "set_invoice_status",
    "update_invoice",
]
