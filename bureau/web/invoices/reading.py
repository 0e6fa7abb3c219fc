"""What the page of an invoice tells: what can be done now, what was paid, which cases it bills, and what happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bureau.cases.models import Case
from bureau.core.models import User
from bureau.kit.money import ZERO
from bureau.kit.permissions import Decision
from bureau.sales.calculations import RateTotal, taxes_by_rate
from bureau.sales.models import CreditNote, Invoice, InvoiceLine, InvoiceReminder, Payment, SalesLink
from bureau.sales.rendering.parties import missing_details
from bureau.sales.selectors import invoices as selectors
from bureau.sales.states import InvoiceStatus
from bureau.web.invoices.forms import RefundForm
from bureau.web.requests.reading import Entry
from bureau.web.selling.timeline import entries


@dataclass(frozen=True)
class Paid:
    """A payment, with what of it has not gone back."""

    payment: Payment
    left: Decimal
    form: RefundForm | None

    @property
    def back(self) -> bool:
        return self.payment.refund_of_id is not None


@dataclass(frozen=True)
class Billed:
    """A case on the invoice. `url` is empty for who does not see it."""

    line: InvoiceLine
    case: Case
    url: str

    @property
    def due(self) -> Decimal:
        return self.line.line_total - self.line.paid_amount


class Sheet:
    """One invoice as one person sees it, on a day."""

    def __init__(self, invoice: Invoice, user: User, *, now: datetime, today: date) -> None:
        self.invoice, self.user = invoice, user
        self.now, self.today = now, today
        self.status = invoice.status_on(today)

    @cached_property
    def answers(self) -> dict[str, Decision]:
        return selectors.available_actions(self.invoice, self.user)

    @cached_property
    def can(self) -> set[str]:
        return {name for name, answer in self.answers.items() if answer}

    @property
    def draft(self) -> bool:
        return self.invoice.status == InvoiceStatus.DRAFT

    @property
    def cancelled(self) -> bool:
        return self.invoice.status == InvoiceStatus.CANCELLED

    @property
    def open(self) -> bool:
        return self.status in (InvoiceStatus.SENT, InvoiceStatus.PARTIAL, InvoiceStatus.OVERDUE)

    @property
    def reason(self) -> str:
        """What stands where people look for an action that is not there."""
        if self.cancelled:
            return _("Cancelled: nothing is owed on it.")
        if not self.can:
            return self.answers["edit"].reason
        if not self.draft and "pay" in self.can:
            return _("Issued: to change it, cancel it by a credit note.")
        return ""

    @property
    def days_overdue(self) -> int:
        return (self.today - self.invoice.due_date).days

    @property
    def standing(self) -> str:
        """How far away the due date of something still to be paid is."""
        if not self.open:
            return ""
        days = self.days_overdue
        if days > 0:
            return ngettext("%d day overdue", "%d days overdue", days) % days
        if days == 0:
            return _("due today")
        return ngettext("due in %d day", "due in %d days", -days) % -days

    @property
    def next_action(self) -> str:
        """The one that stands out."""
        if self.draft:
            return "send" if self.invoice.customer.party.email else "issue"
        return "pay"

    @cached_property
    def lines(self) -> list[InvoiceLine]:
        return list(self.invoice.lines.all())

    @property
    def discounted(self) -> bool:
        return any(line.discount_percent for line in self.lines)

    @cached_property
    def taxes(self) -> list[RateTotal]:
        return taxes_by_rate(self.lines)

    @cached_property
    def payments(self) -> list[Paid]:
        rows = list(self.invoice.payments.all())
        given_back: dict[int, Decimal] = {}
        for row in rows:
            if row.refund_of_id:
                given_back[row.refund_of_id] = given_back.get(row.refund_of_id, ZERO) + row.amount
        return [self._paid(row, row.amount + given_back.get(row.pk, ZERO)) for row in rows]

    def _paid(self, payment: Payment, left: Decimal) -> Paid:
        refundable = "refund" in self.can and payment.refund_of_id is None and left > 0
        return Paid(payment, left, RefundForm(payment, left, None) if refundable else None)

    @cached_property
    def cases(self) -> list[Billed]:
        billed = [line for line in self.lines if line.case_id]
        if not billed:
            return []
        seen = set(
            Case.objects.visible_to(self.user)
            .filter(pk__in=[line.case_id for line in billed])
            .values_list("pk", flat=True)
        )
        return [
            Billed(line, line.case, reverse("web:case", args=[line.case_id]) if line.case_id in seen else "")
            for line in billed
            if line.case is not None
        ]

    @property
    def credit_note(self) -> CreditNote | None:
        return getattr(self.invoice, "credit_note", None)

    @cached_property
    def to_refund(self) -> Decimal:
        """What was paid on a cancelled invoice, and has not gone back."""
        return self.invoice.paid_amount if self.cancelled else ZERO

    @cached_property
    def missing(self) -> Sequence[str]:
        """What an electronic invoice lacks."""
        return [] if self.cancelled else missing_details(self.invoice)

    @cached_property
    def reminders(self) -> list[InvoiceReminder]:
        return list(self.invoice.reminders.all())

    @cached_property
    def links(self) -> list[SalesLink]:
        """Those that still work."""
        return list(self.invoice.links.filter(revoked_at=None, expires_at__gt=self.now))

    @cached_property
    def entries(self) -> list[Entry]:
        return entries(selectors.events_of(self.invoice), self.invoice.currency)
