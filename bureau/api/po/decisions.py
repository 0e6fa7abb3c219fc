"""What moves a purchase order on: submit, approve, reject, cancel, close."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from bureau.api.po.orders import STATUSES
from bureau.api.po.references import PersonRef, PersonRole
from bureau.api.shapes import Shape
from bureau.api.views import Call, PoView, operation
from bureau.purchasing.models import PurchaseOrder
from bureau.purchasing.selectors.orders import visible_order
from bureau.purchasing.services import orders


class Moved(Shape):
    id = serializers.IntegerField()
    po_number = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)


class SubmittedOrder(Moved):
    submitted_at = serializers.DateTimeField()
    approver = PersonRole(source="asked", help_text="who is asked to decide")


class ApprovedOrder(Moved):
    approved_at = serializers.DateTimeField()
    approved_by = PersonRef()


class RejectedOrder(Moved):
    rejection_reason = serializers.CharField()
    rejected_at = serializers.DateTimeField()


class CancelledOrder(Moved):
    cancellation_reason = serializers.CharField()
    cancelled_at = serializers.DateTimeField()


class ClosedOrder(Moved):
    closing_reason = serializers.CharField()
    closed_at = serializers.DateTimeField()


class ApprovalInput(serializers.Serializer[Any]):
    comments = serializers.CharField(max_length=5000, allow_blank=True, allow_null=True, required=False)
    override_budget = serializers.BooleanField(required=False, help_text="overdraw the cost code; needs comments")


class ReasonInput(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=5000, allow_blank=True, allow_null=True, required=False)


class ClosingInput(ReasonInput):
    nothing_came = serializers.BooleanField(required=False, help_text="give all of it back to the budget")


class RejectionInput(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=5000)


class OrderSubmit(PoView):
    @operation(answer=SubmittedOrder, summary="Submit for approval")
    def patch(self, request: Call, pk: int) -> PurchaseOrder:
        return orders.submit_order(actor=request.user, order=visible_order(request.user, pk), now=timezone.now())


class OrderApprove(PoView):
    @operation(body=ApprovalInput, answer=ApprovedOrder, summary="Approve")
    def patch(self, request: Call, given: dict[str, Any], pk: int) -> PurchaseOrder:
        order = visible_order(request.user, pk)
        return orders.approve_order(
            actor=request.user,
            order=order,
            comments=given.get("comments") or "",
            override_budget=given.get("override_budget", False),
            now=timezone.now(),
        )


class OrderReject(PoView):
    @operation(body=RejectionInput, answer=RejectedOrder, summary="Reject, with the reason")
    def patch(self, request: Call, given: dict[str, Any], pk: int) -> PurchaseOrder:
        order = visible_order(request.user, pk)
        return orders.reject_order(actor=request.user, order=order, reason=given.get("reason", ""), now=timezone.now())


class OrderCancel(PoView):
    @operation(body=ReasonInput, answer=CancelledOrder, summary="Give up a draft or a submitted order")
    def patch(self, request: Call, given: dict[str, Any], pk: int) -> PurchaseOrder:
        order = visible_order(request.user, pk)
        return orders.cancel_order(
            actor=request.user, order=order, reason=given.get("reason") or "", now=timezone.now()
        )


class OrderClose(PoView):
    @operation(body=ClosingInput, answer=ClosedOrder, summary="Close an approved order")
    def patch(self, request: Call, given: dict[str, Any], pk: int) -> PurchaseOrder:
        order = visible_order(request.user, pk)
        return orders.close_order(
            actor=request.user,
            order=order,
            reason=given.get("reason") or "",
            nothing_came=given.get("nothing_came", False),
            now=timezone.now(),
        )
