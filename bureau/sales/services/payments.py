"""Money for invoices: payments and refunds. The invoice is locked, so that two at once do not pay it twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.accounts.services.validation import clean_text
from bureau.cases.models import Case
from bureau.cases.services.cases import complete_paid_case
from bureau.core import audit
from bureau.core.models import PaymentMethod, User
from bureau.kit.errors import BusinessRule, Invalid, WrongState
from bureau.kit.money import ZERO, shown
from bureau.kit.pricing import decimal_places
from bureau.sales.calculations import shares
from bureau.sales.models import Invoice, InvoiceLine, Payment, PaymentShare
from bureau.sales.permissions import documents as permissions
from bureau.sales.services.content import EARLIEST, LATEST
from bureau.sales.services.invoices.issuing import issue_locked
from bureau.sales.services.invoices.locking import locked
from bureau.sales.states import InvoiceStatus, paid_status


class PaymentTooHigh(BusinessRule):
    """More than what is left to pay (or to give back)."""

    code = "PAYMENT_TOO_HIGH"


LONGEST_REFERENCE = 200
LONGEST_NOTE = 1000
AHEAD = timedelta(days=1)  # somewhere on earth it is tomorrow already
BEFORE = timedelta(days=5 * 366)
"""So long before its invoice's date a payment may have come; what is earlier is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Money:
    """What is known of a payment beside its amount, checked."""

    payment_date: date
    payment_method: str
    reference: str = ""
    note: str = ""


def record_payment(
    *,
    actor: User,
    invoice: Invoice,
    amount: Decimal,
    payment_date: date,
    payment_method: str,
    reference: str = "",
    note: str = "",
    line: InvoiceLine | None = None,
    now: datetime,
) -> Payment:
    """Money that came: for `line` where it is given, else for the lines in their order. A draft is issued by it.

    Raises Forbidden, Invalid, WrongState, PaymentTooHigh.
    """
    money = _read(payment_date, payment_method, reference, note, now=now)
    _check_amount(amount)
    with transaction.atomic():
        invoice, lines = _payable(actor, invoice, money, now=now)
        due = invoice.balance
        if line is not None:
            lines = [there for there in lines if there.pk == line.pk]
            due = sum((there.line_total - there.paid_amount for there in lines), ZERO)
        if amount > due:
            left = _("At most %(amount)s is left to pay.") % {"amount": f"{shown(due)} {invoice.currency}"}
            told = left if due else _("It is paid already: nothing is left to pay.")
            raise PaymentTooHigh(fields={"amount": [told]})
        before = _state(invoice)
        payment = _pay(invoice, lines, amount, money, actor=actor, now=now)
        _settle(actor, invoice, [payment], before, money, now=now)
    return payment


def mark_as_paid(
    *, actor: User, invoice: Invoice, payment_method: str, payment_date: date, now: datetime
) -> list[Payment]:
    """Pays what is due on each line (system.md, section 7): one payment for every case that is billed, and one for all
    other lines.

    Raises Forbidden, Invalid, WrongState.
    """
    money = _read(payment_date, payment_method, "", "", now=now)
    with transaction.atomic():
        invoice, lines = _payable(actor, invoice, money, now=now)
        if not invoice.balance:
            raise WrongState(_("The invoice is paid already."))
        groups = [[line] for line in lines if line.case_id] + [[line for line in lines if not line.case_id]]
        before, payments = _state(invoice), []
        for group in groups:
            due = sum((line.line_total - line.paid_amount for line in group), ZERO)
            if due:
                payments.append(_pay(invoice, group, due, money, actor=actor, now=now))
        _settle(actor, invoice, payments, before, money, now=now)
    return payments


def refund_payment(
    *,
    actor: User,
    payment: Payment,
    amount: Decimal | None = None,
    payment_date: date,
    note: str = "",
    now: datetime,
) -> Payment:
    """Money that went back: of one payment, all that is left of it where no `amount` is given. What it paid is due
    again, unless the invoice is cancelled.

    Raises Forbidden, Invalid, WrongState (of a refund, or nothing left), PaymentTooHigh.
    """
    money = _read(payment_date, payment.payment_method, payment.reference, note, now=now)
    if amount is not None:
        _check_amount(amount)
    if payment.refund_of_id:
        raise WrongState(_("This is a refund. Record a payment instead."))
    with transaction.atomic():
        invoice = locked(payment.invoice)
        permissions.can_write(actor, invoice).enforce()
        left = _left_of(payment)
        total = sum(left.values(), ZERO)
        if not total:
            raise WrongState(_("All of this payment has been refunded."))
        amount = total if amount is None else amount
        if amount > total:
            told = _("At most %(amount)s is left of this payment.") % {"amount": f"{shown(total)} {invoice.currency}"}
            raise PaymentTooHigh(fields={"amount": [told]})
        before = _state(invoice)
        lines = list(reversed(invoice.lines.filter(pk__in=left)))  # what it paid last is given back first
        refund = _record(invoice, -amount, money, refund_of=payment, actor=actor, now=now)
        parts = shares(amount, [left[line.pk] for line in lines])
        _lay(refund, lines, [-part for part in parts])
        _settle(actor, invoice, [refund], before, money, now=now)
    return refund


def _read(payment_date: date, payment_method: str, reference: str, note: str, *, now: datetime) -> Money:
    if payment_method not in PaymentMethod.values:
        options = ", ".join(PaymentMethod.values)
        raise Invalid.field("payment_method", _("Choose one of: %(options)s.") % {"options": options})
    if not EARLIEST <= payment_date <= LATEST:
        raise Invalid.field("payment_date", _("Give a date between 1990 and 2100."))
    if payment_date > timezone.localdate(now) + AHEAD:
        raise Invalid.field("payment_date", _("Give the day on which the money came: today or before."))
    return Money(
        payment_date,
        payment_method,
        clean_text("reference", reference, longest=LONGEST_REFERENCE),
        clean_text("note", note, longest=LONGEST_NOTE),
    )


def _check_amount(amount: Decimal) -> None:
    if not amount.is_finite() or amount <= 0:
        raise Invalid.field("amount", _("The amount must be more than 0."))
    if decimal_places(amount) > 2:
        raise Invalid.field("amount", _("The amount has at most 2 decimals."))


def _payable(actor: User, invoice: Invoice, money: Money, *, now: datetime) -> tuple[Invoice, list[InvoiceLine]]:
    """The locked invoice, issued, and its lines."""
    invoice = locked(invoice)
    permissions.can_write(actor, invoice).enforce()
    if invoice.status == InvoiceStatus.CANCELLED:
        raise WrongState(_("The invoice is cancelled: nothing is owed on it."))
    if money.payment_date < invoice.issue_date - BEFORE:
        told = _("That is more than five years before the invoice. Give the day on which the money came.")
        raise Invalid.field("payment_date", told)
    if invoice.status == InvoiceStatus.DRAFT:
        issue_locked(invoice, now=now)
    return invoice, list(invoice.lines.all())


def _pay(
    invoice: Invoice, lines: Sequence[InvoiceLine], amount: Decimal, money: Money, *, actor: User, now: datetime
) -> Payment:
    payment = _record(invoice, amount, money, refund_of=None, actor=actor, now=now)
    _lay(payment, lines, shares(amount, [line.line_total - line.paid_amount for line in lines]))
    return payment


def _record(
    invoice: Invoice, amount: Decimal, money: Money, *, refund_of: Payment | None, actor: User, now: datetime
) -> Payment:
    invoice.paid_amount += amount
    return Payment.objects.create(
        organization=invoice.organization,
        invoice=invoice,
        amount=amount,
        payment_date=money.payment_date,
        payment_method=money.payment_method,
        reference=money.reference,
        note=money.note,
        refund_of=refund_of,
        created_by=actor,
        created_at=now,
    )


def _lay(payment: Payment, lines: Sequence[InvoiceLine], parts: Sequence[Decimal]) -> None:
    """What of the payment is for each line; the lines are told."""
    laid = [(line, part) for line, part in zip(lines, parts, strict=True) if part]
    for line, part in laid:
        line.paid_amount += part
    PaymentShare.objects.bulk_create(PaymentShare(payment=payment, line=line, amount=part) for line, part in laid)
    InvoiceLine.objects.bulk_update([line for line, _part in laid], ["paid_amount"])


def _left_of(payment: Payment) -> dict[int, Decimal]:
    """What of a payment has not been refunded, by the line that it paid."""
    left: dict[int, Decimal] = {}
    rows = PaymentShare.objects.filter(payment=payment) | PaymentShare.objects.filter(payment__refund_of=payment)
    for share in rows:
        left[share.line_id] = left.get(share.line_id, ZERO) + share.amount
    return {line: amount for line, amount in left.items() if amount}


def _settle(
    actor: User,
    invoice: Invoice,
    payments: Iterable[Payment],
    before: dict[str, object],
    money: Money,
    *,
    now: datetime,
) -> None:
    """Writes what the payments make of the locked invoice, completes the cases that end with them, and tells the audit
    log."""
    if invoice.status != InvoiceStatus.CANCELLED:
        invoice.status = paid_status(invoice.total_amount, invoice.paid_amount)
        invoice.balance = invoice.total_amount - invoice.paid_amount
        invoice.paid_at = money.payment_date if invoice.status == InvoiceStatus.PAID else None
    invoice.updated_at = now
    invoice.save(update_fields=["paid_amount", "balance", "status", "paid_at", "updated_at"])
    paid = _paid_cases(invoice) if invoice.status != InvoiceStatus.CANCELLED else []
    told = [(payment, {"payment": payment.pk, "amount": payment.amount}) for payment in payments]
    for case in paid:  # all are locked: nothing else is, after the first entry of the audit log
        complete_paid_case(actor=actor, case=case, reason=_("Paid: %(number)s") % {"number": invoice.number}, now=now)
    for payment, values in told:
        audit.record(
            invoice,
            "refunded" if payment.refund_of_id else "paid",
            actor=actor,
            now=now,
            old=before,
            new={
                **values,
                "method": money.payment_method,
                "date": money.payment_date,
                "reference": money.reference,
                "refund_of": payment.refund_of_id,
                **_state(invoice),
            },
        )


def _paid_cases(invoice: Invoice) -> list[Case]:
    """Locked: the open cases of lines that are paid in full, of products whose cases end with that."""
    lines = invoice.lines.filter(case__product__completed_by_payment=True).exclude(case__completed_at__isnull=False)
    paid = [line.case_id for line in lines if line.case_id and line.paid_amount == line.line_total]
    return list(Case.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=paid).order_by("pk"))


def _state(invoice: Invoice) -> dict[str, object]:
    return {"status": invoice.status, "paid_amount": invoice.paid_amount, "balance": invoice.balance}
