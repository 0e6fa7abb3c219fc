"""Hook actions: what a document offers to be done with it beside uploading, if its type names it.

A new one is a function with a name: `@document_action("ask-embassy", label=gettext_lazy("Ask the embassy"))`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.cases.models import CaseDocument
from bureau.cases.permissions.cases import can_change_case
from bureau.cases.selectors.documents import earlier_documents
from bureau.cases.selectors.facts import piece_of
from bureau.cases.services.documents import update_document
from bureau.cases.services.links import send_link
from bureau.cases.states import CaseStatus, DocumentState, document_state
from bureau.core import files
from bureau.core.files import Upload
from bureau.core.models import User
from bureau.kit.errors import BusinessRule, Forbidden, NotFound, WrongState
from bureau.parties.models import Customer

Run = Callable[[User, CaseDocument, datetime], CaseDocument]
CONSIDERED = 20
"""Earlier documents that are looked through for one that is valid long enough."""


@dataclass(frozen=True, slots=True)
class Action:
    """`label` is what the button says; `run` is given a document of an open case on which the actor works."""

    label: Any
    run: Run


_registered: dict[str, Action] = {}
ACTIONS: Mapping[str, Action] = _registered
"""By the names that document types and addresses use."""


class NothingToTake(BusinessRule):
    """What the action would take is not there."""

    code = "NOTHING_TO_TAKE"


def document_action(name: str, *, label: Any) -> Callable[[Run], Run]:
    def register(run: Run) -> Run:
        _registered[name] = Action(label, run)
        return run

    return register


def offered_actions(document: CaseDocument) -> dict[str, Action]:
    """Those that its type offers, by name, in the type's order."""
    return {name: ACTIONS[name] for name in document.document_type.actions if name in ACTIONS}


def run_action(*, actor: User, document: CaseDocument, name: str, now: datetime) -> CaseDocument:
    """Raises NotFound (no such action, or the type does not offer it), Forbidden, WrongState (the case is completed),
    and what the action raises."""
    action = offered_actions(document).get(name)
    if action is None:
        raise NotFound(_("This document has no such action."))
    can_change_case(actor, document.case).enforce()
    if document.case.status == CaseStatus.COMPLETED:
        raise WrongState(_("The case is completed. Reopen it to change its documents."))
    return action.run(actor, document, now)


@document_action("use-previous", label=gettext_lazy("Use the previous one"))
def use_previous(actor: User, document: CaseDocument, now: datetime) -> CaseDocument:
    """File, number and expiry date of the customer's newest document of this type in another case that the actor sees,
    valid for as long as this case needs it. Raises NothingToTake."""
    today = timezone.localdate(now)
    for earlier in earlier_documents(actor, document)[:CONSIDERED]:
        earlier.min_validity_months = document.min_validity_months
        state = document_state(piece_of(earlier), due_date=document.case.due_date, today=today)
        if earlier.file is None or state in (DocumentState.EXPIRED, DocumentState.EXPIRING):
            continue
        with files.open_clean(earlier.file) as content:
            return update_document(
                actor=actor,
                document=document,
                changes={"number": earlier.number, "expiry_date": earlier.expiry_date},
                upload=Upload(content, earlier.file.filename, earlier.file.content_type),
                now=now,
            )
    raise NothingToTake(
        _("No other case of this customer has a %(name)s that is valid for long enough. Upload a new one.")
        % {"name": document.document_type.name}
    )


@document_action("fill-from-customer", label=gettext_lazy("Fill from the customer"))
def fill_from_customer(actor: User, document: CaseDocument, now: datetime) -> CaseDocument:
    """Number and expiry date from the passport data in the customer's record. Raises Forbidden (the actor does not see
    that record), NothingToTake."""
    customer = Customer.objects.visible_to(actor).filter(pk=document.case.customer_id).first()
    if customer is None:
        raise Forbidden(_("You do not see this customer's record. Ask its owner to do this."))
    data = {"number": customer.passport_number, "expiry_date": customer.passport_expiry_date}
    changes = {name: value for name, value in data.items() if value}
    if not changes:
        raise NothingToTake(_("The customer's record has no passport data. Enter it there first."))
    return update_document(actor=actor, document=document, changes=changes, now=now)


@document_action("ask-customer", label=gettext_lazy("Ask the customer"))
def ask_customer(actor: User, document: CaseDocument, now: datetime) -> CaseDocument:
    """Mails the customer a link by which they see what is missing and upload it. Raises Invalid (no e-mail address),
    CustomerInactive."""
    send_link(actor=actor, case=document.case, now=now)
    return document
