"""What every write to a bill begins with. A bill is locked before its order."""

from django.utils.translation import gettext as _

from bureau.kit.errors import NotFound, WrongState
from bureau.kit.transitions import transition
from bureau.purchasing.models import Bill
from bureau.purchasing.permissions import bills as permissions
from bureau.purchasing.states import BILL_MOVES


def locked(bill: Bill) -> Bill:
    """The bill as it is now, locked until the end of the transaction. Raises NotFound when it was deleted."""
    rows = Bill.objects.select_for_update(of=("self",), no_key=True)
    # Order and file are read when they are asked for: PostgreSQL leaves a joined one out where it was replaced while
    # this waited, and drops the row where the vendor was. It is locked by then.
    found = rows.select_related("organization", "vendor__party").filter(pk=bill.pk)
    current = found.first() or found.first()
    if current is None:
        raise NotFound(_("The bill was deleted."))
    return current


def require_state(bill: Bill, action: str) -> None:
    """Raises WrongState where the bill's state does not have this action."""
    if bill.status not in permissions.STATES_OF[action]:
        raise WrongState(permissions.wrong_state(bill, action))


def move(bill: Bill, action: str, *, of: str, **changes: object) -> None:
    """Moves the bill by `action`, one of BILL_MOVES; a refusal speaks of the person's action `of`."""
    transition(bill, BILL_MOVES, action, message=permissions.wrong_state(bill, of), **changes)
