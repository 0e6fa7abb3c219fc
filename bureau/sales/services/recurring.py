"""Recurring invoices: the same lines at each interval, one invoice for each date."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.core import audit
from bureau.core.jobs import Run, job_handler
from bureau.core.models import User
from bureau.kit.errors import DomainError, Invalid, NotFound
from bureau.kit.workdays import add_months
from bureau.parties.models import Customer
from bureau.sales.models import Interval, Invoice, InvoiceLine, RecurringInvoice
from bureau.sales.notifications.invoices import tell_made, tell_problem
from bureau.sales.permissions import documents as permissions
from bureau.sales.services.content import (
    Errors,
    LineInput,
    check_customer,
    check_day,
    check_owner,
    line_inputs,
    read_lines,
    read_text,
)
from bureau.sales.services.invoices.drafts import add_invoice, record_created
from bureau.sales.services.invoices.issuing import issue_locked
from bureau.sales.services.sending import enqueue_mail

FIELDS = (
    "customer", "name", "interval", "start_date", "end_date", "payment_days", "terms", "notes", "send", "owner",
)  # fmt: skip
"""What can be given, beside the lines and `active`."""
LONGEST_NAME = 100
MOST_PAYMENT_DAYS = 365
MOST_AT_ONCE = 60
"""Invoices that one recurring invoice makes in one run; the next run goes on."""
EARLIER = timedelta(days=366)
"""So far back its first invoice may lie when it is made: what was missed is made at once."""
STEPS = {Interval.MONTHLY: 1, Interval.QUARTERLY: 3, Interval.YEARLY: 12}


def nth_date(start: date, interval: str, count: int) -> date:
    """The `count`th date after `start`, counted from it: the 31st is a month's last day where there is no 31st."""
    if interval == Interval.WEEKLY:
        return start + timedelta(weeks=count)
    return add_months(start, STEPS[Interval(interval)] * count)


def date_after(start: date, interval: str, day: date | None) -> date:
    """The first date of the series after `day`; the first of all where that is None."""
    count = 0
    while day is not None and nth_date(start, interval, count) <= day:
        count += 1
    return nth_date(start, interval, count)


def create_recurring(
    *, actor: User, customer: Customer, lines: Sequence[LineInput], now: datetime, **values: Any
) -> RecurringInvoice:
    """`values`: names of FIELDS, and `active`. Payment days and terms are the organization's where not given. The first
    invoice is of `start_date`, which may lie up to a year in the past: then what was missed is made.

    Raises Forbidden, Invalid.
    """
    organization = customer.organization
    permissions.can_sell_to(actor, customer).enforce()
    recurring = RecurringInvoice(
        organization=organization,
        customer=customer,
        owner_id=actor.pk if actor.organization_id == organization.pk else customer.owner_id,
        payment_days=organization.payment_days,
        terms=organization.invoice_terms,
        created_at=now,
        updated_at=now,
    )
    errors: Errors = defaultdict(list)
    check_customer(customer, organization.pk, errors)
    _set(actor, recurring, values, errors)
    _set_lines(recurring, lines, errors)
    if recurring.start_date and recurring.start_date < timezone.localdate(now) - EARLIER:
        errors["start_date"].append(_("Give a date within the last year, or one to come."))
    _check(recurring, errors)
    recurring.next_date = _next(recurring, None)
    recurring.active = values.get("active") is not False
    with transaction.atomic():
        recurring.save(force_insert=True)
        audit.record(recurring, "created", actor=actor, now=now, new=content(recurring))
    return recurring


def update_recurring(
    *,
    actor: User,
    recurring: RecurringInvoice,
    changes: Mapping[str, Any],
    lines: Sequence[LineInput] | None = None,
    now: datetime,
) -> RecurringInvoice:
    """Changes what is named in `changes` (names of FIELDS, and `active` as `set_recurring_active`); `lines` replace all
    there are. Invoices that were made stay as they are, and no date gets a second one.

    Raises Forbidden, Invalid.
    """
    with transaction.atomic():
        recurring = locked(recurring)
        permissions.can_write(actor, recurring).enforce()
        before, customer = content(recurring), recurring.customer_id
        done = _done(recurring, now=now)
        errors: Errors = defaultdict(list)
        _set(actor, recurring, changes, errors)
        if recurring.customer_id != customer:
            check_customer(recurring.customer, recurring.organization_id, errors)
            permissions.can_sell_to(actor, recurring.customer).enforce()
        if lines is not None:
            _set_lines(recurring, lines, errors)
        _check(recurring, errors)
        if any(getattr(recurring, name) != before[name] for name in ("interval", "start_date", "end_date")):
            recurring.next_date = _next(recurring, done)
        if changes.get("active") is not None:
            _set_active(recurring, changes["active"], now=now)
        recurring.problem, recurring.updated_at = "", now
        recurring.save()
        audit.record_update(recurring, actor=actor, now=now, before=before, after=content(recurring))
    return recurring


def set_recurring_active(*, actor: User, recurring: RecurringInvoice, active: bool, now: datetime) -> RecurringInvoice:
    """Pauses it, or takes it up again: from today on, what would have come in between is left out. Raises Forbidden."""
    with transaction.atomic():
        recurring = locked(recurring)
        permissions.can_write(actor, recurring).enforce()
        if recurring.active != active:
            before = content(recurring)
            _set_active(recurring, active, now=now)
            recurring.updated_at, recurring.problem = now, ""
            recurring.save(update_fields=["active", "next_date", "problem", "updated_at"])
            audit.record_update(recurring, actor=actor, now=now, before=before, after=content(recurring))
    return recurring


def _set_active(recurring: RecurringInvoice, active: bool, *, now: datetime) -> None:
    if active and not recurring.active:
        yesterday = timezone.localdate(now) - timedelta(days=1)
        recurring.next_date = _next(recurring, max(_last(recurring) or yesterday, yesterday))
    recurring.active = active


def delete_recurring(*, actor: User, recurring: RecurringInvoice, now: datetime) -> None:
    """The invoices that it made stay. Raises Forbidden."""
    with transaction.atomic():
        recurring = locked(recurring)
        permissions.can_write(actor, recurring).enforce()
        gone, pk = content(recurring), recurring.pk
        recurring.delete()
        recurring.pk = pk
        audit.record(recurring, "deleted", actor=actor, now=now, old=gone)


@job_handler("make_recurring_invoices", every=timedelta(hours=1))
def run_make_due_invoices(run: Run) -> dict[str, int]:
    return {"made": make_due_invoices(now=timezone.now())}


def make_due_invoices(*, now: datetime) -> int:
    """Makes every invoice whose date has come, one for each date, in its own transaction; returns how many. What cannot
    be made is told to its owner once, tried again each time, and holds nobody else up. Safe to run twice, and at
    once."""
    today = timezone.localdate(now)
    due = RecurringInvoice.objects.filter(active=True, next_date__lte=today).order_by("next_date", "pk")
    made = 0
    for recurring in due:
        for _turn in range(MOST_AT_ONCE):
            try:
                if not _make(recurring, today, now=now):
                    break
            except NotFound:
                break  # deleted meanwhile
            except DomainError as error:
                _note_problem(recurring, error, now=now)
                break
            made += 1
    return made


def _make(recurring: RecurringInvoice, today: date, *, now: datetime) -> bool:
    """One invoice, of its next date; False where that has not come."""
    with transaction.atomic():
        recurring = locked(recurring)
        day = recurring.next_date
        if not recurring.active or day is None or day > today:
            return False
        if not recurring.owner.is_active:
            raise Invalid.field("owner", _("Its owner has left. Give it to somebody else."))
        invoice, rows = add_invoice(
            actor=recurring.owner,
            customer=recurring.customer,
            lines=given_lines(recurring),
            issue_date=day,
            due_date=day + timedelta(days=recurring.payment_days),
            terms=recurring.terms,
            notes=recurring.notes,
            now=now,
            recurring=recurring,
            recurring_date=day,
        )
        if recurring.send:
            issue_locked(invoice, now=now)
            if invoice.customer.party.email:
                enqueue_mail(invoice, "sent", actor=recurring.owner, now=now)
        recurring.next_date, recurring.problem = _next(recurring, day), ""
        recurring.save(update_fields=["next_date", "problem"])
        if not recurring.send or not invoice.customer.party.email:
            tell_made(recurring, invoice, now=now)
        record_created(invoice, rows, actor=recurring.owner, now=now, recurring=recurring.pk, recurring_date=day)
    return True


def _note_problem(recurring: RecurringInvoice, error: DomainError, *, now: datetime) -> None:
    with transaction.atomic():
        recurring = locked(recurring)
        told = error.message[:500]
        if recurring.problem != told:
            recurring.problem = told
            recurring.save(update_fields=["problem"])
            tell_problem(recurring, now=now)


def locked(recurring: RecurringInvoice) -> RecurringInvoice:
    """As it is now, locked until the end of the transaction. Raises NotFound when it was deleted."""
    rows = RecurringInvoice.objects.select_for_update(of=("self",), no_key=True).filter(pk=recurring.pk)
    rows = rows.select_related("organization", "customer__party", "customer__organization", "owner")
    found = rows.first() or rows.first()  # why twice: invoices/locking.py
    if found is None:
        raise NotFound(_("The recurring invoice was deleted."))
    return found


def given_lines(recurring: RecurringInvoice) -> list[LineInput]:
    return [
        LineInput(
            description=line["description"],
            quantity=Decimal(line["quantity"]),
            unit_price=Decimal(line["unit_price"]),
            unit=line["unit"],
            discount_percent=Decimal(line["discount_percent"]),
            tax_code=line["tax_code"],
        )
        for line in recurring.lines
    ]


def content(recurring: RecurringInvoice) -> dict[str, Any]:
    """What the audit log keeps of it."""
    told = {name: getattr(recurring, name) for name in FIELDS if name not in ("customer", "owner")}
    return {
        **told,
        "customer": recurring.customer_id,
        "owner": recurring.owner_id,
        "active": recurring.active,
        "next_date": recurring.next_date,
        "lines": recurring.lines,
    }


def _set(actor: User, recurring: RecurringInvoice, values: Mapping[str, Any], errors: Errors) -> None:
    for name in ("customer", "interval", "start_date", "payment_days", "send"):
        if values.get(name) is not None:
            setattr(recurring, name, values[name])
    if "end_date" in values:
        recurring.end_date = values["end_date"]
    for name in ("terms", "notes", "name"):
        if values.get(name) is not None:
            setattr(recurring, name, read_text(name, values[name], errors))
    owner = values.get("owner")
    if owner is not None and owner.pk != recurring.owner_id:
        permissions.can_set_owner(actor, recurring).enforce()
        check_owner(owner, recurring.organization_id, errors)
        recurring.owner = owner


def _check(recurring: RecurringInvoice, errors: Errors) -> None:
    """Raises Invalid where there are errors."""
    if not recurring.name:
        errors["name"].append(_("Say what it is for."))
    elif len(recurring.name) > LONGEST_NAME:
        errors["name"].append(_("Use at most %(count)d characters.") % {"count": LONGEST_NAME})
    if recurring.interval not in Interval.values:
        errors["interval"].append(_("Choose one of: %(options)s.") % {"options": ", ".join(Interval.values)})
    if recurring.start_date is None:
        errors["start_date"].append(_("Give the date of the first invoice."))
    else:
        check_day("start_date", recurring.start_date, errors)
        if recurring.end_date and recurring.end_date < recurring.start_date:
            errors["end_date"].append(_("It ends on its first date or later."))
    if not 0 <= recurring.payment_days <= MOST_PAYMENT_DAYS:
        errors["payment_days"].append(_("Give a number of days from 0 to %(most)d.") % {"most": MOST_PAYMENT_DAYS})
    if errors:
        raise Invalid(fields=errors)


def _set_lines(recurring: RecurringInvoice, lines: Sequence[LineInput], errors: Errors) -> None:
    """Kept as they are given, once they have been read as an invoice's would be."""
    rows = read_lines(recurring.organization, lines, errors, InvoiceLine)
    if not lines:
        errors["line_items"].append(_("Add a line first."))
    recurring.lines = [kept(line) for line in line_inputs(rows)]


def kept(line: LineInput) -> dict[str, str]:
    names = ("description", "quantity", "unit_price", "unit", "discount_percent", "tax_code")
    return {name: str(getattr(line, name)) for name in names}


def _last(recurring: RecurringInvoice) -> date | None:
    """The latest date for which it has made an invoice."""
    made = Invoice.objects.filter(recurring=recurring.pk)
    found: date | None = made.aggregate(last=Max("recurring_date"))["last"]
    return found


def _done(recurring: RecurringInvoice, *, now: datetime) -> date | None:
    """The day up to which nothing more is to be made, whatever its dates become: what was left out while it was paused,
    or deleted as a draft, does not come back. None where it has not begun."""
    last, following = _last(recurring), recurring.next_date
    if last is None and following == recurring.start_date:
        return None
    yesterday = timezone.localdate(now) - timedelta(days=1)
    before_next = yesterday if following is None else min(following - timedelta(days=1), yesterday)
    return before_next if last is None else max(last, before_next)


def _next(recurring: RecurringInvoice, after: date | None) -> date | None:
    day = date_after(recurring.start_date, recurring.interval, after)
    return None if recurring.end_date and day > recurring.end_date else day
