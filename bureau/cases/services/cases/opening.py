"""Opening a case, changing what is known of it, and remarks on it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.accounts.services.validation import clean_text
from bureau.cases.calendars import calendars_of
from bureau.cases.models import Case, CaseDocument, CaseNote, CaseStep, Product, ProductDocument
from bureau.cases.permissions import cases as permissions
from bureau.cases.planning import step_due_date
from bureau.cases.selectors.facts import Facts
from bureau.cases.services.cases.following import (
    described,
    first_tasks,
    follow,
    locked,
    new_step,
    pauses_of,
    readable_date,
    settle,
)
from bureau.cases.states import CaseStatus
from bureau.core import audit
from bureau.core.models import User
from bureau.core.numbers import next_number
from bureau.core.prepared import prepared
from bureau.kit.errors import Invalid, WrongState
from bureau.parties.models import Customer

LONGEST_NOTES = 10_000
LONGEST_NOTE = 5_000
FIELDS = ("doc_date", "notes", "owner")
"""What can be changed of a case."""


def create_case(
    *,
    actor: User,
    customer: Customer,
    product: Product,
    doc_date: date | None = None,
    notes: str = "",
    owner: User | None = None,
    now: datetime,
) -> Case:
    """A case with the documents that its product takes and its first step (system.md, section 6). The work begins on
    `doc_date`, today where not given. The owner is the actor, the customer's owner where the actor is of
    another organization; those who see the organization may name another.

    Raises Invalid (also for a product or customer that is not active, or not of one organization), Forbidden.
    """
    today = timezone.localdate(now)
    begin = readable_date("doc_date", doc_date or today)
    notes = clean_text("notes", notes, longest=LONGEST_NOTES)
    organization = customer.organization
    if product.organization_id != organization.pk:
        raise Invalid.field("product", _("There is no such product."))
    if not product.active:
        raise Invalid.field("product", _("This product is not offered any more. Choose another."))
    if not customer.active:
        raise Invalid.field("customer", _("This customer is not active. Activate them first."))
    case = Case(
        organization=organization,
        customer=customer,
        product=product,
        owner_id=actor.pk if actor.organization_id == organization.pk else customer.owner_id,
        doc_date=begin,
        due_date=begin,
        notes=notes,
        created_at=now,
        updated_at=now,
    )
    permissions.can_change_case(actor, case).enforce()
    _set_owner(actor, case, owner)
    with transaction.atomic():
        _hold(customer, product)
        facts = _first_facts(case, now=now)
        settle(case, facts, now=now)
        number = next_number(organization, f"case:{today.year}")
        case.number = f"CASE-{today.year}-{number:05}"
        case.save(force_insert=True)
        CaseDocument.objects.bulk_create(facts.documents)
        facts.steps[0].save(force_insert=True)
        audit.record(
            case,
            "created",
            actor=actor,
            now=now,
            new={
                "number": case.number,
                "customer": customer.pk,
                "product": product.code,
                "doc_date": begin,
                "owner": case.owner_id,
                "notes": notes,
                **described(case),
            },
        )
    return case


def _hold(customer: Customer, product: Product) -> None:
    """Neither is deleted before the case that names it is there. Raises Invalid where that has just been done."""
    if not _held_customer(pk=customer.pk):
        raise Invalid.field("customer", _("There is no such customer."))
    if not _held_product(pk=product.pk):
        raise Invalid.field("product", _("There is no such product."))


@prepared
def _held_customer(pk: int) -> QuerySet[Customer]:
    return Customer.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk)


@prepared
def _held_product(pk: int) -> QuerySet[Product]:
    return Product.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk)


def _first_facts(case: Case, *, now: datetime) -> Facts:
    """What a new case begins with: the documents that its product takes and its first step, not saved yet."""
    facts = Facts(case)
    first, *facts.to_come = first_tasks(case)
    facts.steps = [new_step(case, first, start=case.doc_date, calendars=facts.calendars, now=now)]
    facts.pauses = []
    facts.documents = [
        CaseDocument(
            organization=case.organization,
            case=case,
            document_type=kind.document_type,
            required=kind.required,
            position=position,
            min_validity_months=(
                kind.document_type.min_validity_months if kind.min_validity_months is None else kind.min_validity_months
            ),
            created_at=now,
            updated_at=now,
        )
        for position, kind in enumerate(_taken(product=case.product_id), start=1)
    ]
    return facts


@prepared
def _taken(product: int) -> QuerySet[ProductDocument]:
    return ProductDocument.objects.filter(product=product).select_related("document_type")


def update_case(*, actor: User, case: Case, changes: Mapping[str, Any], now: datetime) -> Case:
    """Changes what is named in `changes` (names of FIELDS; others are ignored). Another `doc_date` moves the due dates.

    Raises Forbidden, Invalid, WrongState (the date of a completed case).
    """
    wanted = {name: value for name, value in changes.items() if name in FIELDS}
    with transaction.atomic():
        case = locked(case)
        permissions.can_change_case(actor, case).enforce()
        before = _content(case)
        if "notes" in wanted:
            case.notes = clean_text("notes", wanted["notes"] or "", longest=LONGEST_NOTES)
        if wanted.get("owner") is not None:
            _set_owner(actor, case, wanted["owner"])
        if wanted.get("doc_date") not in (None, case.doc_date):
            _set_doc_date(case, wanted["doc_date"])
        if _content(case) != before:
            follow(case, now=now, doc_date=case.doc_date, notes=case.notes, owner_id=case.owner_id)
            audit.record_update(case, actor=actor, now=now, before=before, after=_content(case))
    return case


def add_note(*, actor: User, case: Case, text: str, now: datetime) -> CaseNote:
    """A remark, in any state. Raises Forbidden, Invalid."""
    text = clean_text("text", text, longest=LONGEST_NOTE)
    if not text:
        raise Invalid.field("text", _("Write something first."))
    with transaction.atomic():
        case = locked(case)
        permissions.can_change_case(actor, case).enforce()
        note = CaseNote.objects.create(case=case, author=actor, text=text, created_at=now)
        audit.record(case, "note_added", actor=actor, now=now, new={"note": note.pk, "text": text})
    return note


def _set_owner(actor: User, case: Case, owner: User | None) -> None:
    if owner is None or owner.pk == case.owner_id:
        return
    permissions.can_set_owner(actor, case).enforce()
    if owner.organization_id != case.organization_id or not owner.is_active:
        raise Invalid.field("owner", _("There is no such person."))
    case.owner = owner


def _set_doc_date(case: Case, day: date) -> None:
    """The first step begins on another day; the later ones began when the one before was done."""
    case.doc_date = readable_date("doc_date", day)
    if case.status == CaseStatus.COMPLETED:
        raise WrongState(_("The case is completed. Reopen it to change its date."))
    first = CaseStep.objects.filter(case=case).first()
    if first is not None and first.completed_at is None:
        first.start_date = day
        first.due_date = step_due_date(first, pauses_of(first), calendars_of(case.organization))
        first.save(update_fields=["start_date", "due_date"])


def _content(case: Case) -> dict[str, Any]:
    return {"doc_date": case.doc_date, "notes": case.notes, "owner": case.owner_id, "due_date": case.due_date}
