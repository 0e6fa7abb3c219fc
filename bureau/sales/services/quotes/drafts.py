"""Making quotes, changing them (what was sent: as the next version), and deleting drafts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.core import audit
from bureau.core.models import User
from bureau.core.numbers import next_number
from bureau.kit.errors import Invalid, WrongState
from bureau.parties.models import Customer
from bureau.sales.models import Quote, QuoteLine, SalesLink
from bureau.sales.permissions import documents as permissions
from bureau.sales.permissions.quotes import wrong_state
from bureau.sales.services.content import (
    Errors,
    LineInput,
    check_customer,
    check_day,
    check_owner,
    hold_customer,
    line_inputs,
    read_lines,
    read_text,
    set_totals,
)
from bureau.sales.services.quotes.editing import content, locked, move
from bureau.sales.services.quotes.moving import move_to, read_answer, read_status
from bureau.sales.states import QuoteStatus

FIELDS = ("customer", "issue_date", "expiry_date", "terms", "notes", "owner")
"""What is given of a quote, beside its lines and its status."""


def create_quote(
    *,
    actor: User,
    customer: Customer,
    lines: Sequence[LineInput],
    issue_date: date | None = None,
    expiry_date: date | None = None,
    terms: str | None = None,
    notes: str = "",
    owner: User | None = None,
    status: str = QuoteStatus.DRAFT,
    now: datetime,
) -> Quote:
    """A draft with the next number of its year; with `status` sent it is marked so at once. Its date is today where not
    given; it expires after the organization's quote days; terms None: the organization's. The owner is the actor, or
    the customer's owner where the actor is of another organization; those who see the organization may name another.

    Raises Forbidden, Invalid, WrongState.
    """
    organization = customer.organization
    wanted = read_status(status)
    begin = issue_date or timezone.localdate(now)
    quote = Quote(
        organization=organization,
        customer=customer,
        owner_id=actor.pk if actor.organization_id == organization.pk else customer.owner_id,
        issue_date=begin,
        currency=organization.currency,
        created_at=now,
        updated_at=now,
    )
    permissions.can_sell_to(actor, customer).enforce()
    errors: Errors = defaultdict(list)
    check_day("issue_date", begin, errors)
    check_customer(customer, organization.pk, errors)
    quote.expiry_date = expiry_date or (begin if errors else begin + timedelta(days=organization.quote_days))
    quote.terms = read_text("terms", organization.quote_terms if terms is None else terms, errors)
    quote.notes = read_text("notes", notes, errors)
    _set_owner(actor, quote, owner, errors)
    rows = read_lines(organization, lines, errors, QuoteLine)
    _check(quote, errors)
    set_totals(quote, rows)
    with transaction.atomic():
        hold_customer(customer)
        sequence = next_number(organization, f"quote:{begin.year}")
        quote.number = f"QUO-{begin.year}-{sequence:03}"
        quote.save(force_insert=True)
        _write_lines(quote, rows)
        audit.record(quote, "created", actor=actor, now=now, new=_told(quote, rows))
        if wanted != quote.status:
            move_to(quote, wanted, actor=actor, now=now)
    return quote


def update_quote(
    *,
    actor: User,
    quote: Quote,
    changes: Mapping[str, Any],
    lines: Sequence[LineInput] | None = None,
    now: datetime,
) -> Quote:
    """Changes what is named in `changes`: names of FIELDS, and `status` with `decided_by` and `decision_note`; others
    are ignored. `lines` replace all there are. Another content of a quote that was sent, rejected or has expired makes
    its next version, a draft; an accepted one keeps its content. Links end where the client becomes another one.
    What is given as it is already is no change.

    Raises Forbidden, Invalid, WrongState.
    """
    wanted = {name: value for name, value in changes.items() if name in FIELDS and value is not None}
    status = read_status(changes["status"]) if changes.get("status") else None
    name, note = read_answer(changes.get("decided_by", ""), changes.get("decision_note", ""))
    with transaction.atomic():
        quote = locked(quote)
        permissions.can_write(actor, quote).enforce()
        shown = quote.status_on(timezone.localdate(now))
        old_lines = list(quote.lines.all())
        if shown != QuoteStatus.DRAFT and lines is not None and list(lines) == line_inputs(old_lines):
            lines = None  # not priced anew by what a tax code has become
        rows, before = old_lines, _told(quote, old_lines)
        errors: Errors = defaultdict(list)
        _set(actor, quote, wanted, errors)
        if lines is not None:
            rows = read_lines(quote.organization, lines, errors, QuoteLine)
        _check(quote, errors)
        set_totals(quote, rows)
        after = _told(quote, rows)
        if {**after, "owner": None} != {**before, "owner": None} and shown != QuoteStatus.DRAFT:
            _revise(quote, now=now)
            after = _told(quote, rows)
        if after != before:
            quote.updated_at = now
            if quote.customer_id != before["customer"]:
                hold_customer(quote.customer)
                # Whoever has a link is the client whom it was for before.
                SalesLink.objects.filter(quote=quote, revoked_at=None).update(revoked_at=now)
            quote.save()
            if after["lines"] != before["lines"]:
                quote.lines.all().delete()
                _write_lines(quote, rows)
            audit.record_update(quote, actor=actor, now=now, before=before, after=after)
        if status not in (None, shown, quote.status):
            move_to(quote, status, actor=actor, name=name, note=note, now=now)
    return quote


def delete_quote(*, actor: User, quote: Quote, now: datetime) -> None:
    """Deletes a draft. Its number is not given again: the audit log keeps it as void. Raises Forbidden, WrongState."""
    with transaction.atomic():
        quote = locked(quote)
        permissions.can_write(actor, quote).enforce()
        shown = quote.status_on(timezone.localdate(now))
        if shown != QuoteStatus.DRAFT:
            raise WrongState(wrong_state(shown, "delete"))
        gone = {**_told(quote, quote.lines.all()), "void_number": quote.number}
        pk = quote.pk
        quote.delete()
        quote.pk = pk
        audit.record(quote, "deleted", actor=actor, now=now, old=gone)


def _set(actor: User, quote: Quote, wanted: Mapping[str, Any], errors: Errors) -> None:
    """Sets what is given of FIELDS."""
    customer = quote.customer_id
    for name in ("customer", "issue_date", "expiry_date"):
        if name in wanted:
            setattr(quote, name, wanted[name])
    for name in ("terms", "notes"):
        if name in wanted:
            setattr(quote, name, read_text(name, wanted[name], errors))
    _set_owner(actor, quote, wanted.get("owner"), errors)
    check_day("issue_date", quote.issue_date, errors)
    if quote.customer_id != customer:
        check_customer(quote.customer, quote.organization_id, errors)
        permissions.can_sell_to(actor, quote.customer).enforce()


def _check(quote: Quote, errors: Errors) -> None:
    """What the parts of a quote say of each other. Raises Invalid where there are errors."""
    if "issue_date" not in errors:
        if quote.expiry_date < quote.issue_date:
            errors["expiry_date"].append(_("A quote expires on its date or later."))
        check_day("expiry_date", quote.expiry_date, errors)
    if errors:
        raise Invalid(fields=errors)


def _revise(quote: Quote, *, now: datetime) -> None:
    """Makes the next version, about which nobody has said anything."""
    move(quote, "revise", today=timezone.localdate(now))
    quote.version += 1
    quote.sent_at = quote.decided_at = None
    quote.decided_by = quote.decision_note = ""


def _told(quote: Quote, lines: Iterable[QuoteLine]) -> dict[str, Any]:
    return {**content(quote, lines), "status": quote.status, "version": quote.version}


def _set_owner(actor: User, quote: Quote, owner: User | None, errors: Errors) -> None:
    if owner is None or owner.pk == quote.owner_id:
        return
    permissions.can_set_owner(actor, quote).enforce()
    check_owner(owner, quote.organization_id, errors)
    quote.owner = owner


def _write_lines(quote: Quote, lines: Iterable[QuoteLine]) -> None:
    rows = list(lines)
    for line in rows:
        line.quote = quote
    QuoteLine.objects.bulk_create(rows)
