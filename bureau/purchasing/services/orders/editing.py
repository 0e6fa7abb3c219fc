"""What every write to an order begins with."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bureau.core.prepared import prepared
from bureau.kit.errors import NotFound, WrongState
from bureau.kit.transitions import transition
from bureau.purchasing.models import PurchaseOrder
from bureau.purchasing.permissions import orders as permissions
from bureau.purchasing.states import ORDER_MOVES


def locked(order: PurchaseOrder) -> PurchaseOrder:
    """The order as it is now, locked until the end of the transaction. Raises NotFound when it was deleted."""
    # PostgreSQL drops the row where its project was changed while this waited. It is locked by then.
    current: list[PurchaseOrder] = _locked(order=order.pk) or _locked(order=order.pk)
    if not current:
        raise NotFound(_("The order was deleted."))
    return current[0]


@prepared
def _locked(order: int) -> QuerySet[PurchaseOrder]:
    rows = PurchaseOrder.objects.present().select_for_update(of=("self",), no_key=True).filter(pk=order)
    return rows.select_related("organization", "created_by", "project", "cost_code")


def require_state(order: PurchaseOrder, action: str) -> None:
    """Raises WrongState where the order's state does not have this action."""
    if order.status not in permissions.STATES_OF[action]:
        raise WrongState(permissions.wrong_state(order, action))


def move(order: PurchaseOrder, action: str, **changes: object) -> None:
    transition(order, ORDER_MOVES, action, message=permissions.wrong_state(order, action), **changes)
