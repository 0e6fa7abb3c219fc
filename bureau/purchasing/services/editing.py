"""What every write to a purchase request begins with."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bureau.core.models import User
from bureau.core.prepared import prepared
from bureau.kit.errors import NotFound, WrongState
from bureau.kit.transitions import transition
from bureau.purchasing.models import PurchaseRequest
from bureau.purchasing.permissions import requests as permissions
from bureau.purchasing.states import REQUEST_MOVES


def locked(request: PurchaseRequest) -> PurchaseRequest:
    """The request as it is now, locked until the end of the transaction. Raises NotFound when it was deleted."""
    current: list[PurchaseRequest] = _locked(request=request.pk)
    if not current:
        raise NotFound(_("The request was deleted."))
    return current[0]


@prepared
def _locked(request: int) -> QuerySet[PurchaseRequest]:
    rows = PurchaseRequest.objects.select_for_update(of=("self",), no_key=True).filter(pk=request)
    # The step is read when it is asked for: PostgreSQL leaves a joined one out where it was replaced meanwhile.
    return rows.select_related("organization", "team", "requestor")


def require_state(request: PurchaseRequest, action: str) -> None:
    """Raises WrongState where the request's state does not have this action."""
    if request.status not in permissions.STATES_OF[action]:
        raise WrongState(permissions.wrong_state(request, action))


def begin_edit(request: PurchaseRequest, *, actor: User, now: datetime) -> None:
    """Checks that `actor` may change the locked request and moves it: a rejected one becomes resubmitted."""
    permissions.can_edit_request(actor, request).enforce()
    message = permissions.wrong_state(request, "edit")
    transition(request, REQUEST_MOVES, "edit", message=message, updated_at=now)
