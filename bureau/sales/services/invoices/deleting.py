"""Deleting what has been issued, or many at once: superusers, who confirm it (agency, Invoice Actions)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from bureau.accounts.services.validation import clean_text
from bureau.cases.models import Case
from bureau.core import audit
from bureau.core.models import User
from bureau.kit.errors import Invalid
from bureau.sales.models import Invoice, Payment
from bureau.sales.permissions import documents as permissions
from bureau.sales.selectors.invoices import MAX_WORDS, invoice_content, invoices_found
from bureau.sales.services.invoices.drafts import content
from bureau.sales.services.invoices.locking import locked


def force_delete_invoice(
    *, actor: User, invoice: Invoice, confirm: bool, delete_applications: bool = False, now: datetime
) -> None:
    """Deletes an invoice in any state with all that hangs on it (selectors.invoice_content); with
    `delete_applications` also the cases that it bills. Its number is not given again.

    Raises Forbidden, Invalid.
    """
    permissions.can_delete_issued(actor).enforce()
    _require(confirm)
    with transaction.atomic():
        _record([_delete(locked(invoice), delete_applications)], actor=actor, now=now)


def bulk_delete_invoices(
    *, actor: User, query: str, confirm: bool, delete_applications: bool = False, now: datetime
) -> int:
    """Deletes the invoices of the actor's own organization that a search finds, as `force_delete_invoice`; returns how
    many.

    Raises Forbidden, Invalid.
    """
    permissions.can_delete_issued(actor).enforce()
    query = clean_text("query", query, longest=200)
    if not query:
        raise Invalid.field("query", _("Say which invoices: words of their number or client."))
    if len(query.split()) > MAX_WORDS:  # the search would pass over the others, and find more than they say
        raise Invalid.field("query", _("Use at most %(count)d words.") % {"count": MAX_WORDS})
    _require(confirm)
    with transaction.atomic():
        own = Invoice.objects.visible_to(actor).filter(organization=actor.organization_id)
        invoices = [locked(invoice) for invoice in invoices_found(own, query).order_by("pk")]
        _record([_delete(invoice, delete_applications) for invoice in invoices], actor=actor, now=now)
    return len(invoices)


def _require(confirm: bool) -> None:
    if not confirm:
        raise Invalid.field("confirm", _("Deleting cannot be undone: confirm it with true."))


Deleted = tuple[Any, dict[str, Any]]


def _delete(invoice: Invoice, delete_applications: bool) -> list[Deleted]:
    """Deletes the locked invoice. Returns each record that is gone with what the audit log keeps of it."""
    gone = {
        **content(invoice, invoice.lines.all()),
        "void_number": invoice.number,
        "paid_amount": invoice.paid_amount,
        **invoice_content(invoice),
    }
    cases = list(Case.objects.filter(invoice_lines__invoice=invoice).distinct().order_by("pk"))
    payments = Payment.objects.filter(invoice=invoice)
    payments.exclude(refund_of=None).delete()
    payments.delete()
    if hasattr(invoice, "credit_note"):
        gone["credit_note"] = invoice.credit_note.number
        invoice.credit_note.delete()
    deleted: list[Deleted] = [(invoice, gone)]
    pk = invoice.pk
    invoice.delete()
    invoice.pk = pk
    if delete_applications:
        for case in cases:
            if case.invoice_lines.exists():
                continue  # a cancelled invoice names it, too
            deleted.append((case, {"number": case.number, "customer": case.customer_id, "status": case.status}))
            pk = case.pk
            case.delete()
            case.pk = pk
    return deleted


def _record(deletions: list[list[Deleted]], *, actor: User, now: datetime) -> None:
    """All are gone before the first entry of the audit log, whose lock comes last."""
    for record, gone in [entry for deleted in deletions for entry in deleted]:
        audit.record(record, "deleted", actor=actor, now=now, old=gone)
