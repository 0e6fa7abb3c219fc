"""Reads about requests that become orders."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bureau.core.models import User
from bureau.kit.permissions import Decision as Answer
from bureau.kit.permissions import denied
from bureau.purchasing.models import CostCode, Project, ProjectStatus, PurchaseOrder, PurchaseRequest
from bureau.purchasing.permissions import orders as permissions
from bureau.purchasing.states import ORDERABLE, OrderStatus


def order_of(request: PurchaseRequest) -> PurchaseOrder | None:
    """The order that was made of a request, where it still counts: not deleted, rejected or cancelled."""
    gone = (OrderStatus.CANCELLED, OrderStatus.REJECTED)
    return PurchaseOrder.objects.present().filter(request=request).exclude(status__in=gone).first()


def orders_of_request(request: PurchaseRequest, user: User) -> QuerySet[PurchaseOrder]:
    """All that were made of it and that the person may see, oldest first."""
    return PurchaseOrder.objects.visible_to(user).filter(request=request).order_by("pk")


def can_order_request(request: PurchaseRequest, user: User) -> Answer:
    """Whether this person can make an order of the request now; else why not."""
    may = permissions.can_create_order(user)
    if may and request.organization_id != user.organization_id:
        return denied(_("Orders are made by people of the organization."))
    if may and request.status not in ORDERABLE:
        return denied(_("Only an approved request becomes an order."))
    if may and order_of(request) is not None:
        return denied(_("This request is ordered already."))
    return may


def codes_to_order_on(user: User) -> QuerySet[CostCode]:
    """The cost codes that the person may order on: active ones of active projects, by project."""
    projects = Project.objects.visible_to(user).filter(organization=user.organization_id, status=ProjectStatus.ACTIVE)
    codes = CostCode.objects.filter(project__in=projects, active=True).select_related("project")
    return codes.order_by("project__code", "external_id")
