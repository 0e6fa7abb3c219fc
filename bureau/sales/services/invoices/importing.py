"""Invoices that were written elsewhere: they keep their number, their dates and their tax, and are issued already."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from bureau.core.models import Organization, TaxCategory, TaxCode, User
from bureau.core.numbers import held_number
from bureau.kit.errors import Conflict, Invalid
from bureau.kit.money import ZERO, cents, shown
from bureau.kit.pricing import MAX_AMOUNT, decimal_places
from bureau.parties.models import Customer
from bureau.sales.models import Invoice, InvoiceLine
from bureau.sales.permissions import documents as permissions
from bureau.sales.services.content import Errors, check_day, hold_customer, read_text, set_totals
from bureau.sales.services.invoices.drafts import record_created
from bureau.sales.services.invoices.issuing import issue_locked
from bureau.sales.services.payments import record_payment

LONGEST_NUMBER = 50
LONGEST_DESCRIPTION = 300
HIGHEST_RATE = Decimal("999.99")
OURS = re.compile(r"INV-(\d{4})-(\d{3,9})")
NEAR = Decimal(1)
"""By how much tax may differ from that of its rate: it was rounded line by line there (EN 16931, BR-CO-17)."""


class InvoiceExists(Conflict):
    """An invoice with this number is there already: `twin`."""

    code = "INVOICE_EXISTS"

    def __init__(self, twin: Invoice) -> None:
        told = _("Invoice %(number)s is there already.") % {"number": twin.number}
        super().__init__(told, fields={"number": [told]})
        self.twin = twin


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """What is known of an invoice's amounts: two of the first three, or one of `subtotal` and `total` and the tax code,
    which is the organization's where it is empty."""

    subtotal: Decimal | None = None
    tax_amount: Decimal | None = None
    total: Decimal | None = None
    tax_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidAlready:
    amount: Decimal
    payment_date: date
    payment_method: str


def import_invoice(
    *,
    actor: User,
    customer: Customer,
    number: str,
    issue_date: date,
    due_date: date | None = None,
    description: str = "",
    amounts: Amounts,
    notes: str = "",
    paid: PaidAlready | None = None,
    now: datetime,
) -> Invoice:
    """An issued invoice of one line. It is due after the organization's payment days where nothing is said; what was
    paid on it is recorded as a payment.

    Raises Forbidden, InvoiceExists, PaymentTooHigh; Invalid, also where the amounts do not add up.
    """
    with transaction.atomic():
        invoice, line = add_imported_invoice(
            actor=actor,
            customer=customer,
            number=number,
            issue_date=issue_date,
            due_date=due_date,
            description=description,
            amounts=amounts,
            notes=notes,
            now=now,
        )
        record_imported(invoice, line, paid=paid, actor=actor, now=now)
    return invoice


def add_imported_invoice(
    *,
    actor: User,
    customer: Customer,
    number: str,
    issue_date: date,
    due_date: date | None,
    description: str,
    amounts: Amounts,
    notes: str,
    now: datetime,
) -> tuple[Invoice, InvoiceLine]:
    """As `import_invoice`, within a transaction of the caller's that goes on with `record_imported`."""
    permissions.can_sell_to(actor, customer).enforce()
    organization, errors = customer.organization, Errors(list)
    number = _read_number(number, errors)
    check_day("issue_date", issue_date, errors)
    due = due_date
    if due is None:
        due = issue_date if errors else issue_date + timedelta(days=organization.payment_days)
    else:
        check_day("due_date", due, errors)
    if due < issue_date:
        errors["due_date"].append(_("An invoice is due on its date or later."))
    invoice = Invoice(
        organization=organization,
        customer=customer,
        owner_id=actor.pk if actor.organization_id == organization.pk else customer.owner_id,
        number=number,
        year=issue_date.year,
        issue_date=issue_date,
        due_date=due,
        currency=organization.currency,
        notes=read_text("notes", notes, errors),
        imported=True,
        created_at=now,
        updated_at=now,
    )
    line = _line(organization, amounts, description.strip() or number, errors)
    if errors or line is None:
        raise Invalid(fields=errors)
    set_totals(invoice, [line])
    invoice.balance = invoice.total_amount
    hold_customer(customer)
    _check_number(organization, number)
    invoice.save(force_insert=True)
    line.invoice = invoice
    line.save(force_insert=True)
    issue_locked(invoice, now=now)
    return invoice, line


def record_imported(
    invoice: Invoice, line: InvoiceLine, *, paid: PaidAlready | None, actor: User, now: datetime
) -> None:
    """The audit entry of an imported invoice, and what was paid on it. Nobody else knows of the invoice yet: no lock is
    waited for. Raises Invalid, PaymentTooHigh."""
    record_created(invoice, [line], actor=actor, now=now, imported=True)
    if paid is not None:
        record_payment(
            actor=actor,
            invoice=invoice,
            amount=paid.amount,
            payment_date=paid.payment_date,
            payment_method=paid.payment_method,
            now=now,
        )
        invoice.refresh_from_db()


def _read_number(given: str, errors: Errors) -> str:
    """In one line: it becomes the name of files and the subject of messages."""
    number = " ".join(given.split())
    if not number:
        errors["number"].append(_("Give the invoice's number."))
    elif "\x00" in number or len(number) > LONGEST_NUMBER:
        errors["number"].append(_("Use at most %(count)d characters.") % {"count": LONGEST_NUMBER})
    return number


def _check_number(organization: Organization, number: str) -> None:
    """Raises InvoiceExists; Invalid for a number that was given here and is void. Whoever takes a number of that year
    waits, and then passes over this one."""
    if ours := OURS.fullmatch(number):
        year, sequence = ours.groups()
        last = held_number(organization, f"invoice:{year}")
    twin = Invoice.objects.filter(organization=organization, number=number).first()
    if twin is not None:
        raise InvoiceExists(twin)
    if ours and int(sequence) <= last:
        told = _("%(number)s was the number of a draft that was deleted. It is not given again.") % {"number": number}
        raise Invalid.field("number", told)


def _line(organization: Organization, amounts: Amounts, description: str, errors: Errors) -> InvoiceLine | None:
    """The one line, with the tax as it was; None where something is wrong."""
    if "\x00" in description or len(description) > LONGEST_DESCRIPTION:
        told = _("Use at most %(count)d characters, and none of them null.") % {"count": LONGEST_DESCRIPTION}
        errors["description"].append(told)
    codes = {code.code.upper(): code for code in TaxCode.objects.filter(organization=organization)}
    named = codes.get(amounts.tax_code.strip().upper())
    if amounts.tax_code.strip() and named is None:
        errors["tax_code"].append(_("Choose one of: %(options)s.") % {"options": ", ".join(sorted(codes))})
        return None
    usual = codes.get(organization.default_tax_code.upper())
    assumed = named or usual
    if not _readable(amounts, errors):
        return None
    read = _added_up(amounts, assumed.rate if assumed else ZERO, errors)
    if read is None or errors:
        return None
    net, tax = read
    rate, category, code = _taxed(net, tax, named, [*([usual] if usual else []), *codes.values()])
    right = cents(net * rate / 100)
    if named is not None and abs(right - tax) >= NEAR:
        parts = {"rate": rate, "net": shown(net), "right": shown(right), "tax": shown(tax)}
        errors["tax_amount"].append(_("%(rate)s %% of %(net)s is %(right)s, not %(tax)s.") % parts)
    elif rate > HIGHEST_RATE:
        errors["tax_amount"].append(_("The tax is more than the amount that it is on allows."))
    if errors:
        return None
    return InvoiceLine(
        line_number=1,
        description=description,
        quantity=Decimal(1),
        unit_price=net,
        tax_code=code,
        tax_rate=rate,
        tax_category=category,
        net_amount=net,
        tax_amount=tax,
        line_total=net + tax,
    )


def _readable(amounts: Amounts, errors: Errors) -> bool:
    for name in ("subtotal", "tax_amount", "total"):
        amount: Decimal | None = getattr(amounts, name)
        if amount is None:
            continue
        if not amount.is_finite() or not 0 <= amount < MAX_AMOUNT:
            errors[name].append(_("Give an amount of 0 or more, below 1,000,000,000,000."))
        elif decimal_places(amount) > 2:
            errors[name].append(_("The amount has at most 2 decimals."))
    return not errors.keys() & {"subtotal", "tax_amount", "total"}


def _added_up(amounts: Amounts, rate: Decimal, errors: Errors) -> tuple[Decimal, Decimal] | None:
    """Net amount and tax; what is not given follows from the others, at last from the rate."""
    net, tax, total = amounts.subtotal, amounts.tax_amount, amounts.total
    if net is not None:
        if tax is None:
            tax = cents(net * rate / 100) if total is None else total - net
    elif total is not None:
        net = cents(total * 100 / (100 + rate)) if tax is None else total - tax
        tax = total - net
    else:
        errors["total"].append(_("Give the net amount or the total."))
        return None
    if min(net, tax) < 0:
        errors["total"].append(_("The total is less than its parts."))
    elif total is not None and net + tax != total:
        parts = {"net": shown(net), "tax": shown(tax), "sum": shown(net + tax), "total": shown(total)}
        errors["total"].append(_("%(net)s and %(tax)s tax are %(sum)s, not %(total)s.") % parts)
    elif net + tax >= MAX_AMOUNT:
        errors["total"].append(_("The total must be below 1,000,000,000,000."))
    return net, tax


def _taxed(net: Decimal, tax: Decimal, named: TaxCode | None, codes: list[TaxCode]) -> tuple[Decimal, str, str]:
    """Rate, category and code: of the code that is named, else of the first that gives this tax, else the percent that
    comes nearest, without a code."""
    fitting = named or next((code for code in codes if code.active and cents(net * code.rate / 100) == tax), None)
    if fitting is not None:
        return fitting.rate, fitting.category, fitting.code
    rate = cents(tax * 100 / net) if net else HIGHEST_RATE + 1
    return rate, TaxCategory.STANDARD if rate else TaxCategory.ZERO, ""
