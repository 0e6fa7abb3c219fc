"""Making invoices, and changing and deleting those that have not been issued."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.cases.models import Case
from bureau.core import audit
from bureau.core.models import User
from bureau.kit.errors import Invalid, WrongState
from bureau.parties.models import Customer
from bureau.sales.models import Invoice, InvoiceLine
from bureau.sales.permissions import documents as permissions
from bureau.sales.services.content import (
    Errors,
    LineInput,
    check_customer,
    check_day,
    check_owner,
    described,
    hold_customer,
    line_inputs,
    read_lines,
    read_text,
    set_totals,
)
from bureau.sales.services.invoices.locking import locked
from bureau.sales.services.invoices.numbers import take_number
from bureau.sales.states import InvoiceStatus

FIELDS = ("customer", "issue_date", "due_date", "terms", "notes", "owner")
"""What is given of an invoice, beside its lines."""
COLUMNS = (
    "customer", "issue_date", "due_date", "terms", "notes", "owner", "subtotal", "tax_amount", "total_amount",
    "balance", "updated_at",
)  # fmt: skip


def create_invoice(
    *,
    actor: User,
    customer: Customer,
    lines: Sequence[LineInput],
    issue_date: date | None = None,
    due_date: date | None = None,
    terms: str | None = None,
    notes: str = "",
    owner: User | None = None,
    now: datetime,
) -> Invoice:
    """A draft with the next number of its year. Its date is today where not given; it is due after the organization's
    payment days; terms None: the organization's. The owner is the actor, or the customer's owner where the actor is of
    another organization; those who see the organization may name another.

    Raises Forbidden, Invalid (also for a case that another invoice bills).
    """
    with transaction.atomic():
        invoice, rows = add_invoice(
            actor=actor,
            customer=customer,
            lines=lines,
            issue_date=issue_date,
            due_date=due_date,
            terms=terms,
            notes=notes,
            owner=owner,
            now=now,
        )
        record_created(invoice, rows, actor=actor, now=now)
    return invoice


def add_invoice(
    *,
    actor: User,
    customer: Customer,
    lines: Sequence[LineInput],
    issue_date: date | None = None,
    due_date: date | None = None,
    terms: str | None = None,
    notes: str = "",
    owner: User | None = None,
    now: datetime,
    **made_from: Any,
) -> tuple[Invoice, list[InvoiceLine]]:
    """As `create_invoice`, within a transaction of the caller's that ends with `record_created`. `made_from`: the quote
    or recurring invoice, as columns of the invoice."""
    organization = customer.organization
    begin = issue_date or timezone.localdate(now)
    invoice = Invoice(
        organization=organization,
        customer=customer,
        owner_id=actor.pk if actor.organization_id == organization.pk else customer.owner_id,
        issue_date=begin,
        currency=organization.currency,
        created_at=now,
        updated_at=now,
        **made_from,
    )
    permissions.can_sell_to(actor, customer).enforce()
    errors: Errors = defaultdict(list)
    check_day("issue_date", begin, errors)
    check_customer(customer, organization.pk, errors)
    invoice.due_date = due_date or (begin if errors else begin + timedelta(days=organization.payment_days))
    invoice.terms = read_text("terms", organization.invoice_terms if terms is None else terms, errors)
    invoice.notes = read_text("notes", notes, errors)
    _set_owner(actor, invoice, owner, errors)
    rows = _read(invoice, lines, errors)
    hold_customer(customer)
    take_number(invoice)
    invoice.save(force_insert=True)
    _write_lines(invoice, rows)
    return invoice, rows


def record_created(
    invoice: Invoice, lines: Iterable[InvoiceLine], *, actor: User, now: datetime, **values: Any
) -> None:
    """The audit entry of a new invoice: last in its transaction."""
    told = {**content(invoice, lines), **values}
    audit.record(invoice, "created", actor=actor, now=now, new=told)


def update_invoice(
    *,
    actor: User,
    invoice: Invoice,
    changes: Mapping[str, Any],
    lines: Sequence[LineInput] | None = None,
    now: datetime,
) -> Invoice:
    """Changes what is named in `changes` (names of FIELDS; others are ignored); `lines` replace all there are. Of an
    invoice that has been issued only the owner changes; what is given as it is already is no change.

    Raises Forbidden, Invalid, WrongState.
    """
    wanted = {name: value for name, value in changes.items() if name in FIELDS and value is not None}
    with transaction.atomic():
        invoice = locked(invoice)
        permissions.can_write(actor, invoice).enforce()
        old_lines = list(invoice.lines.select_related("case"))
        before, customer = content(invoice, old_lines), invoice.customer_id
        errors: Errors = defaultdict(list)
        if "customer" in wanted:
            invoice.customer = wanted["customer"]
        for name in ("issue_date", "due_date"):
            setattr(invoice, name, wanted.get(name, getattr(invoice, name)))
        for name in ("terms", "notes"):
            if name in wanted:
                setattr(invoice, name, read_text(name, wanted[name], errors))
        _set_owner(actor, invoice, wanted.get("owner"), errors)
        check_day("issue_date", invoice.issue_date, errors)
        if invoice.customer_id != customer:
            check_customer(invoice.customer, invoice.organization_id, errors)
            permissions.can_sell_to(actor, invoice.customer).enforce()
        rows = old_lines
        if invoice.status != InvoiceStatus.DRAFT and lines is not None and _repeats(lines, old_lines):
            lines = None  # not priced anew by what a tax code has become
        if lines is not None:
            rows = _read(invoice, lines, errors)
        else:  # what has been issued bills its cases already, or, once it is cancelled, no more
            draft = invoice.status == InvoiceStatus.DRAFT
            _check(invoice, [line.case for line in old_lines] if draft else [], errors)
        after = content(invoice, rows)
        if after == before:
            return invoice
        if invoice.status != InvoiceStatus.DRAFT and {**after, "owner": None} != {**before, "owner": None}:
            raise WrongState(_("The invoice has been issued. Cancel it by a credit note and make a new one."))
        set_totals(invoice, rows)
        if invoice.status == InvoiceStatus.DRAFT:
            invoice.balance = invoice.total_amount
        invoice.updated_at = now
        if invoice.customer_id != customer:
            hold_customer(invoice.customer)
        invoice.save(update_fields=COLUMNS)
        if lines is not None and after["lines"] != before["lines"]:
            invoice.lines.all().delete()
            _write_lines(invoice, rows)
        audit.record_update(invoice, actor=actor, now=now, before=before, after=content(invoice, rows))
    return invoice


def delete_invoice(*, actor: User, invoice: Invoice, now: datetime) -> None:
    """Deletes a draft. Its number is not given again: the audit log keeps it as void. Raises Forbidden, WrongState."""
    with transaction.atomic():
        invoice = locked(invoice)
        permissions.can_write(actor, invoice).enforce()
        if invoice.status != InvoiceStatus.DRAFT:
            raise WrongState(_("An invoice that has been issued is not deleted. Cancel it by a credit note."))
        gone = {**content(invoice, invoice.lines.all()), "void_number": invoice.number}
        pk = invoice.pk
        invoice.delete()
        invoice.pk = pk
        audit.record(invoice, "deleted", actor=actor, now=now, old=gone)


def content(invoice: Invoice, lines: Iterable[InvoiceLine]) -> dict[str, Any]:
    """What the audit log keeps of an invoice."""
    told = described(invoice, lines)
    if invoice.quote_id:
        told["quote"] = invoice.quote_id
    return {**told, "due_date": invoice.due_date, "status": invoice.status}


def billed_elsewhere(cases: Iterable[int], invoice: Invoice | None) -> dict[int, str]:
    """The number of the invoice that bills each of these cases, by the case's id, where another than `invoice` does
    that is not cancelled."""
    lines = InvoiceLine.objects.filter(case__in=list(cases)).exclude(invoice__status=InvoiceStatus.CANCELLED)
    if invoice is not None and invoice.pk:
        lines = lines.exclude(invoice=invoice.pk)
    return dict(lines.values_list("case", "invoice__number"))


def _read(invoice: Invoice, lines: Sequence[LineInput], errors: Errors) -> list[InvoiceLine]:
    """The lines of the invoice, whose totals are set from them. Raises Invalid with all that is wrong with it."""
    rows = read_lines(invoice.organization, lines, errors, InvoiceLine)
    _check(invoice, [line.case for line in lines], errors)
    set_totals(invoice, rows)
    invoice.balance = invoice.total_amount - invoice.paid_amount
    return rows


def _check(invoice: Invoice, cases: Sequence[Case | None], errors: Errors) -> None:
    """What the parts of an invoice say of each other. Raises Invalid where there are errors."""
    if invoice.due_date < invoice.issue_date:
        errors["due_date"].append(_("An invoice is due on its date or later."))
    elif "issue_date" not in errors:
        check_day("due_date", invoice.due_date, errors)
    if any(cases):
        _check_cases(invoice, cases, errors)
    if errors:
        raise Invalid(fields=errors)


def _check_cases(invoice: Invoice, cases: Sequence[Case | None], errors: Errors) -> None:
    """Locks the cases: two invoices at once do not bill the same one."""
    wanted = {case.pk for case in cases if case}
    held = {
        case.pk: case
        for case in Case.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=wanted).order_by("pk")
    }
    billed, seen = billed_elsewhere(held, invoice), set[int]()
    for index, case in enumerate(cases):
        if case is None:
            continue
        name, there = f"line_items.{index}.customer_application", held.get(case.pk)
        if there is None or there.organization_id != invoice.organization_id:
            errors[name].append(_("There is no such case."))
        elif there.customer_id != invoice.customer_id:
            errors[name].append(_("Case %(number)s is another client's.") % {"number": there.number})
        elif case.pk in billed:
            told = {"number": there.number, "invoice": billed[case.pk]}
            errors[name].append(_("Case %(number)s is on invoice %(invoice)s already.") % told)
        elif case.pk in seen:
            errors[name].append(_("Case %(number)s is on this invoice twice.") % {"number": there.number})
        seen.add(case.pk)


def _repeats(given: Sequence[LineInput], lines: Sequence[InvoiceLine]) -> bool:
    cases = [line.case.pk if line.case else None for line in given]
    return cases == [line.case_id for line in lines] and line_inputs(lines) == [
        replace(line, case=None) for line in given
    ]


def _set_owner(actor: User, invoice: Invoice, owner: User | None, errors: Errors) -> None:
    if owner is None or owner.pk == invoice.owner_id:
        return
    permissions.can_set_owner(actor, invoice).enforce()
    check_owner(owner, invoice.organization_id, errors)
    invoice.owner = owner


def _write_lines(invoice: Invoice, lines: Iterable[InvoiceLine]) -> None:
    rows = list(lines)
    for line in rows:
        line.invoice = invoice
    InvoiceLine.objects.bulk_create(rows)
