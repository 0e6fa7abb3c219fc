"""An approved request becomes an order."""

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bureau.core import audit
from bureau.core.models import User
from bureau.kit.errors import Conflict, Forbidden, WrongState
from bureau.kit.money import ZERO
from bureau.parties.selectors.vendors import vendor_named
from bureau.purchasing.models import CostCode, LineCategory, OrderType, Project, PurchaseOrder, PurchaseRequest
from bureau.purchasing.permissions import orders as permissions
from bureau.purchasing.selectors.conversion import order_of
from bureau.purchasing.services.editing import locked
from bureau.purchasing.services.orders import LineInput, create_order
from bureau.purchasing.services.orders.content import NO_VENDOR_YET
from bureau.purchasing.states import ORDERABLE, RequestStatus


def create_order_from_request(
    *,
    actor: User,
    request: PurchaseRequest,
    project: Project,
    cost_code: CostCode,
    vendor_name: str = "",
    now: datetime,
) -> PurchaseOrder:
    """Makes a draft order with the lines of an approved request; without lines, one of its subject and amount.

    `vendor_name` is asked for where the request names none; a vendor that is known brings their address along.
    Raises Forbidden (no po:create), WrongState (not approved), Conflict (there is an order of it that still counts) and
    Invalid.
    """
    permissions.can_create_order(actor).enforce()
    if request.organization_id != actor.organization_id:
        raise Forbidden(_("Orders are made by people of the organization."))
    with transaction.atomic():
        request = locked(request)
        if request.status not in ORDERABLE:
            raise WrongState(
                _("Only an approved request becomes an order; this one is “%(status)s”.")
                % {"status": RequestStatus(request.status).label}
            )
        _refuse_second(request)
        name = vendor_name.strip() or request.vendor_name or NO_VENDOR_YET
        vendor = vendor_named(actor.organization, name)
        try:
            with transaction.atomic():
                order = create_order(
                    actor=actor,
                    type=OrderType.STANDARD,
                    project=project,
                    cost_code=cost_code,
                    vendor=vendor,
                    vendor_name=name,
                    vendor_contact_name=vendor.contact_name if vendor else "",
                    vendor_email=vendor.party.email if vendor else "",
                    vendor_phone=vendor.party.phone if vendor else "",
                    vendor_address=vendor.party.address if vendor else "",
                    description=f"{request.number}: {request.subject}",
                    lines=_lines(request),
                    request=request,
                    now=now,
                )
        except IntegrityError:  # order_one_of_request: somebody was quicker
            _refuse_second(request)
            raise
        audit.record(request, "ordered", actor=actor, now=now, new={"order": order.pk, "po_number": order.po_number})
    return order


def _refuse_second(request: PurchaseRequest) -> None:
    order = order_of(request)
    if order is not None:
        raise Conflict(_("This request is ordered already: %(number)s.") % {"number": order.po_number})


def _lines(request: PurchaseRequest) -> list[LineInput]:
    """The tax code is left to the organization's default."""
    items = list(request.items.all())
    if not items:
        amount = ZERO if request.amount is None else request.amount
        return [LineInput(request.subject or request.number, Decimal(1), amount, "pcs", LineCategory.MATERIAL)]
    return [LineInput(item.description, item.quantity, item.unit_price, "pcs", LineCategory.MATERIAL) for item in items]
