"""An invoice's content and its status given in one go: both are taken, or neither."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from bureau.core.models import User
from bureau.parties.models import Customer
from bureau.sales.models import Invoice
from bureau.sales.services.content import LineInput
from bureau.sales.services.invoices.drafts import create_invoice, update_invoice
from bureau.sales.services.invoices.issuing import set_invoice_status
from bureau.sales.states import InvoiceStatus


def enter_invoice(
    *, actor: User, customer: Customer, lines: Sequence[LineInput], status: str = "", now: datetime, **content: Any
) -> Invoice:
    """As `create_invoice`, and moved to `status` where it is given, as by `set_invoice_status`: nobody else knows of
    the invoice yet, and no lock that is taken after its audit entry is waited for."""
    if status in ("", InvoiceStatus.DRAFT):
        return create_invoice(actor=actor, customer=customer, lines=lines, now=now, **content)
    with transaction.atomic():
        invoice = create_invoice(actor=actor, customer=customer, lines=lines, now=now, **content)
        return set_invoice_status(actor=actor, invoice=invoice, status=status, now=now)


def save_invoice(
    *,
    actor: User,
    invoice: Invoice,
    changes: Mapping[str, Any],
    lines: Sequence[LineInput] | None = None,
    status: str = "",
    now: datetime,
) -> Invoice:
    """As `update_invoice`, and moved to `status` where it is given. What is issued is issued with the new content; what
    is cancelled is cancelled first: of its content nothing changes with that."""
    with transaction.atomic():
        if status == InvoiceStatus.CANCELLED:
            invoice = set_invoice_status(actor=actor, invoice=invoice, status=status, now=now)
        invoice = update_invoice(actor=actor, invoice=invoice, changes=changes, lines=lines, now=now)
        if status and status != InvoiceStatus.CANCELLED:
            invoice = set_invoice_status(actor=actor, invoice=invoice, status=status, now=now)
    return invoice
