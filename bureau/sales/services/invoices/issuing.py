"""Issuing invoices, and cancelling what has been issued."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.accounts.services.validation import clean_text
from bureau.core import audit
from bureau.core.models import User
from bureau.core.numbers import next_number
from bureau.kit.errors import Invalid, WrongState
from bureau.kit.money import ZERO
from bureau.sales.models import CreditNote, Invoice
from bureau.sales.permissions import documents as permissions
from bureau.sales.rendering.parties import parties_of
from bureau.sales.services.invoices.locking import locked
from bureau.sales.states import ISSUED, InvoiceStatus, paid_status

LONGEST_REASON = 1000


def issue_invoice(*, actor: User, invoice: Invoice, now: datetime) -> Invoice:
    """Makes a draft final: from now on it is owed, and its content stays as it is. Seller and buyer are kept as they
    are now.

    Raises Forbidden, WrongState (also without a line).
    """
    with transaction.atomic():
        invoice = locked(invoice)
        permissions.can_write(actor, invoice).enforce()
        issue_locked(invoice, now=now)
        audit.record(
            invoice,
            "issued",
            actor=actor,
            now=now,
            old={"status": InvoiceStatus.DRAFT},
            new={"status": invoice.status, "total_amount": invoice.total_amount},
        )
    return invoice


def issue_locked(invoice: Invoice, *, now: datetime) -> None:
    """As `issue_invoice`, of an invoice that the caller's transaction has locked and tells the audit log of."""
    if invoice.status != InvoiceStatus.DRAFT:
        raise WrongState(_("The invoice has been issued already."))
    if not invoice.lines.exists():
        raise WrongState(_("The invoice has no line. Add one first."))
    invoice.status = paid_status(invoice.total_amount, invoice.paid_amount)
    if invoice.status == InvoiceStatus.PAID:
        invoice.paid_at = timezone.localdate(now)
    invoice.issued_at = invoice.updated_at = now
    invoice.parties = parties_of(invoice)
    invoice.save(update_fields=["status", "paid_at", "issued_at", "parties", "updated_at"])


def set_invoice_status(*, actor: User, invoice: Invoice, status: str, now: datetime) -> Invoice:
    """Moves an invoice by the name of a status: `sent` issues a draft, `cancelled` cancels. The status that it has
    already changes nothing; what payments and dates make of it is not set by hand.

    Raises Forbidden, Invalid, WrongState.
    """
    if status not in set(InvoiceStatus):
        raise Invalid.field("status", _("Choose one of: %(options)s.") % {"options": ", ".join(InvoiceStatus)})
    permissions.can_write(actor, invoice).enforce()
    if status in (invoice.status, invoice.status_on(timezone.localdate(now))):
        return invoice
    match status:
        case InvoiceStatus.SENT:
            return issue_invoice(actor=actor, invoice=invoice, now=now)
        case InvoiceStatus.CANCELLED:
            cancel_invoice(actor=actor, invoice=invoice, now=now)
            invoice.refresh_from_db()
            return invoice
        case InvoiceStatus.DRAFT:
            raise WrongState(_("An invoice that has been issued is no draft again. Cancel it and make a new one."))
        case InvoiceStatus.OVERDUE:
            raise WrongState(_("An invoice is overdue by its due date, and not set to it."))
        case _:
            raise WrongState(_("An invoice is paid by payments: record one, or mark it as paid."))


def cancel_invoice(*, actor: User, invoice: Invoice, reason: str = "", now: datetime) -> CreditNote | None:
    """Ends an invoice: nothing is owed any more. An issued one is taken back by a credit note of its amount, which is
    returned; what was paid on it stays to be refunded. A draft is void, without a credit note.

    Raises Forbidden, Invalid, WrongState.
    """
    reason = clean_text("reason", reason, longest=LONGEST_REASON)
    with transaction.atomic():
        invoice = locked(invoice)
        permissions.can_write(actor, invoice).enforce()
        if invoice.status == InvoiceStatus.CANCELLED:
            raise WrongState(_("The invoice is cancelled already."))
        before, note = invoice.status, None
        if invoice.status in ISSUED:
            note = _credit_note(invoice, reason, actor=actor, now=now)
        invoice.status, invoice.balance, invoice.updated_at = InvoiceStatus.CANCELLED, ZERO, now
        invoice.save(update_fields=["status", "balance", "updated_at"])
        audit.record(
            invoice,
            "cancelled",
            actor=actor,
            now=now,
            old={"status": before},
            new={
                "status": invoice.status,
                "credit_note": note.number if note else None,
                "reason": reason,
                "to_refund": invoice.paid_amount,
            },
        )
    return note


def credit_invoice(*, actor: User, invoice: Invoice, reason: str = "", now: datetime) -> CreditNote:
    """As `cancel_invoice`, of an invoice that has been issued. Raises WrongState for a draft."""
    with transaction.atomic():
        if locked(invoice).status == InvoiceStatus.DRAFT:
            raise WrongState(_("A draft has not been issued: change or delete it instead."))
        note = cancel_invoice(actor=actor, invoice=invoice, reason=reason, now=now)
    if note is None:
        raise AssertionError("an issued invoice is cancelled by a credit note")
    return note


def _credit_note(invoice: Invoice, reason: str, *, actor: User, now: datetime) -> CreditNote:
    day = timezone.localdate(now)
    sequence = next_number(invoice.organization, f"credit_note:{day.year}")
    return CreditNote.objects.create(
        organization=invoice.organization,
        invoice=invoice,
        number=f"CN-{day.year}-{sequence:03}",
        issue_date=day,
        reason=reason,
        subtotal=invoice.subtotal,
        tax_amount=invoice.tax_amount,
        total_amount=invoice.total_amount,
        created_by=actor,
        created_at=now,
    )
