"""Reads of invoices."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from bureau.cases.models import Case
from bureau.core.audit import entity_type
from bureau.core.models import AuditEntry, User
from bureau.kit.errors import NotFound
from bureau.kit.permissions import ALLOWED, Decision, denied
from bureau.parties.models import Customer
from bureau.sales.models import Invoice, InvoiceLine, Payment, PaymentShare
from bureau.sales.permissions import documents as permissions
from bureau.sales.states import OPEN, InvoiceStatus

MAX_WORDS = 10  # of a search


def visible_invoices(user: User, *, today: date) -> QuerySet[Invoice]:
    """Newest first, with customer and owner, and `shown_status`."""
    invoices = Invoice.objects.visible_to(user).select_related("customer__party", "owner").as_of(today)
    return invoices.order_by("-created_at", "-pk")


def visible_invoice(user: User, pk: int) -> Invoice:
    """With its lines and their cases, payments with their shares, and credit note. Raises NotFound."""
    lines = InvoiceLine.objects.select_related("case__product")
    payments = Payment.objects.select_related("created_by").prefetch_related(
        Prefetch("shares", PaymentShare.objects.select_related("line"))
    )
    invoices = Invoice.objects.visible_to(user).select_related(
        "customer__party", "customer__owner", "owner", "organization", "quote", "recurring", "credit_note"
    )
    found = invoices.prefetch_related(Prefetch("lines", lines), Prefetch("payments", payments)).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("Not found."))
    return found


def invoices_found(invoices: QuerySet[Invoice], words: str) -> QuerySet[Invoice]:
    """Those in which every word (of the first MAX_WORDS) stands in the number or the customer's name."""
    for word in words.upper().split()[:MAX_WORDS]:
        invoices = invoices.filter(containing(word))
    return invoices


def containing(word: Any) -> Q:
    """`word` in upper case; a parameter in a prepared list. Of customers only the name counts, and they are searched by
    themselves: in a join each would be looked up invoice by invoice."""
    customers = Customer.objects.filter(sort_name__contains=word).values("pk")
    return Q(number__icontains=word) | Q(customer__in=customers)


def with_status(status: str, today: Any) -> Q:
    """The invoices that are shown as `status` on a day (states.invoice_status)."""
    if status == InvoiceStatus.OVERDUE:
        return Q(status__in=OPEN, due_date__lt=today)
    if status in OPEN:
        return Q(status=status, due_date__gte=today)
    return Q(status=status)


def available_actions(invoice: Invoice, user: User) -> dict[str, Decision]:
    """For each action whether this person can do it now; where not, the reason to show in its place."""
    write = permissions.can_write(user, invoice)
    if not write:
        names = ("edit", "issue", "send", "pay", "cancel", "delete", "refund", "copy", "link")
        return dict.fromkeys(names, write)
    draft, cancelled = invoice.status == InvoiceStatus.DRAFT, invoice.status == InvoiceStatus.CANCELLED
    issued = denied(_("The invoice has been issued. Cancel it by a credit note and make a new one."))
    ended = denied(_("The invoice is cancelled."))
    paid = denied(_("The invoice is paid."))
    return {
        "edit": ALLOWED if draft else issued,
        "issue": ALLOWED if draft else issued,
        "send": ended if cancelled else ALLOWED,
        "pay": ended if cancelled else paid if invoice.status == InvoiceStatus.PAID else ALLOWED,
        "cancel": ended if cancelled else ALLOWED,
        "delete": ALLOWED if draft else issued,
        "refund": ALLOWED if invoice.paid_amount else denied(_("Nothing has been paid on it.")),
        "copy": ALLOWED,
        "link": ended if cancelled else ALLOWED,
    }


@dataclass(frozen=True, slots=True)
class DocumentEvent:
    """Something that happened to a quote or an invoice: the audit log's `action`, and the values that it wrote.
    `person` None: the customer, or nobody in particular."""

    at: datetime
    action: str
    person: User | None
    old: dict[str, Any]
    new: dict[str, Any]


def events_of(document: Any) -> list[DocumentEvent]:
    """Everything that happened to a quote or an invoice, oldest first."""
    entries = AuditEntry.objects.filter(
        organization=document.organization_id, entity_type=entity_type(document), entity_id=str(document.pk)
    )
    return [
        DocumentEvent(entry.created_at, entry.action, entry.user, entry.old_values or {}, entry.new_values or {})
        for entry in entries.select_related("user").order_by("created_at", "pk")
    ]


def billable_cases(user: User, customer: Customer, *, include_invoiced: bool = False) -> QuerySet[Case]:
    """The customer's cases that this person sees and no live invoice bills, newest first."""
    cases = Case.objects.visible_to(user).filter(customer=customer.pk, organization=customer.organization_id)
    if not include_invoiced:
        lines = InvoiceLine.objects.filter(case=OuterRef("pk")).exclude(invoice__status=InvoiceStatus.CANCELLED)
        cases = cases.exclude(Exists(lines))
    return cases.select_related("customer__party", "product", "owner").order_by("-created_at", "-pk")


def invoice_of_case(user: User, case: Case, *, today: date) -> Invoice | None:
    """The live invoice that bills a case, where this person sees it, with `shown_status`."""
    live = Invoice.objects.visible_to(user).filter(lines__case=case.pk).exclude(status=InvoiceStatus.CANCELLED)
    return live.as_of(today).first()


def visible_line(user: User, pk: int) -> InvoiceLine:
    """An invoice application: a line that bills a case. Raises NotFound."""
    lines = InvoiceLine.objects.filter(invoice__in=Invoice.objects.visible_to(user), case__isnull=False)
    found = lines.select_related("invoice", "case__product").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("Not found."))
    return found


def invoice_content(invoice: Invoice) -> dict[str, int]:
    """How many of each are deleted with an invoice (agency, delete-preview)."""
    lines = InvoiceLine.objects.filter(invoice=invoice)
    return {
        "line_items": lines.count(),
        "invoice_applications": lines.exclude(case=None).count(),
        "customer_applications": lines.exclude(case=None).values("case").distinct().count(),
        "payments": Payment.objects.filter(invoice=invoice).count(),
        "credit_notes": int(hasattr(invoice, "credit_note")),
        "reminders": invoice.reminders.count(),
        "links": invoice.links.count(),
    }
