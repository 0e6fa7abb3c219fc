"""Who may do what to a bill, whatever its state; and why an action is not there in its state."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.core.models import Organization, User
from bureau.kit.money import shown
from bureau.kit.permissions import ALLOWED, Decision, denied
from bureau.parties.permissions.vendors import handles_payables, works_alone
from bureau.purchasing.models import Bill
from bureau.purchasing.states import BillStatus

UNDECIDED = frozenset({BillStatus.OPEN, BillStatus.MATCHED, BillStatus.EXCEPTION})
STATES_OF = {
    "edit": UNDECIDED,
    "delete": UNDECIDED,
    "attach": UNDECIDED,
    "match": UNDECIDED,
    "approve": UNDECIDED,
    "pay": frozenset({BillStatus.APPROVED}),
}
"""The states in which each action of a person can be done. An open bill is matched as it is approved."""

WRONG_STATE = {
    "edit": gettext_lazy("Only a bill that is not approved yet can be changed; this one is “%(status)s”."),
    "delete": gettext_lazy("Only a bill that is not approved yet can be deleted; this one is “%(status)s”."),
    "attach": gettext_lazy("The file of a bill that is “%(status)s” cannot be replaced."),
    "match": gettext_lazy("Only a bill that is not approved yet can be matched; this one is “%(status)s”."),
    "approve": gettext_lazy("This bill cannot be approved: it is “%(status)s” already."),
    "pay": gettext_lazy("Only an approved bill is paid; this one is “%(status)s”."),
}


def wrong_state(bill: Bill, action: str) -> str:
    """The sentence for an action that this bill's state does not have."""
    return str(WRONG_STATE[action]) % {"status": BillStatus(bill.status).label}


def can_write_bills(user: User, organization: Organization) -> Decision:
    """To enter, change, match, approve and pay them."""
    if user.is_superuser or (user.organization_id == organization.pk and handles_payables(user)):
        return ALLOWED
    return denied(_("Only finance reviewers, staff and administrators work with bills."))


def can_approve_bill(user: User, bill: Bill) -> Decision:
    """A bill that goes beyond its order is not approved by the person who made the order; nor, above the organization's
    `second_person_above`, by who entered it or changed it last."""
    may = can_write_bills(user, bill.organization)
    if not may or not bill.exceptions:
        return may
    if bill.order is not None and bill.order.created_by_id == user.pk:
        return denied(_("You made the order: somebody else approves a bill that goes beyond it."))
    limit = bill.organization.second_person_above
    theirs = user.pk in (bill.created_by_id, bill.changed_by_id)
    if theirs and bill.total_amount > limit and not works_alone(user, bill.organization):
        return denied(
            _("You entered or changed this bill: above %(limit)s somebody else approves one that differs.")
            % {"limit": shown(limit)}
        )
    return may
