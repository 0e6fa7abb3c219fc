"""From a request to an order: `/api/prs/requests/{id}/create-order/`."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from bureau.api.shapes import Shape
from bureau.api.views import Call, PrsView, operation
from bureau.core.models import User
from bureau.kit.errors import Invalid
from bureau.purchasing.models import CostCode, Project, PurchaseOrder
from bureau.purchasing.permissions import orders as permissions
from bureau.purchasing.selectors.projects import cost_code_of, orderable_project
from bureau.purchasing.selectors.requests import visible_request
from bureau.purchasing.services.conversion import create_order_from_request


class OrderInput(serializers.Serializer[Any]):
    project_id = serializers.CharField(max_length=50, help_text="PRJ001")
    cost_code = serializers.CharField(max_length=50, help_text="CC-001")
    vendor_name = serializers.CharField(
        max_length=200, allow_blank=True, required=False, help_text="where the request names no vendor"
    )


class OrderMade(Shape):
    id = serializers.IntegerField()
    po_number = serializers.CharField()


class CreateOrder(PrsView):
    @operation(body=OrderInput, answer=OrderMade, status=201, summary="Make a draft order of an approved request")
    def post(self, request: Call, given: dict[str, Any], request_id: UUID) -> PurchaseOrder:
        record = visible_request(request.user, request_id)
        permissions.can_create_order(request.user).enforce()
        project, cost_code = _place(request.user, given.pop("project_id"), given.pop("cost_code"))
        return create_order_from_request(
            actor=request.user, request=record, project=project, cost_code=cost_code, now=timezone.now(), **given
        )


def _place(user: User, project_id: str, external_id: str) -> tuple[Project, CostCode]:
    project = orderable_project(user, project_id)
    if project is None:
        raise Invalid.field("project_id", _("There is no such project."))
    cost_code = cost_code_of(project, external_id)
    if cost_code is None:
        raise Invalid.field("cost_code", _("There is no such cost code in the project."))
    return project, cost_code
