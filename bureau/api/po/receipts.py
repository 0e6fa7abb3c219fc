"""Goods receipts of an order: `/api/v1/purchase-orders/{id}/receipts`."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from bureau.api.po.references import PersonRef
from bureau.api.shapes import Computed, Rows, Shape
from bureau.api.views import Call, PoView, operation
from bureau.purchasing.models import GoodsReceipt
from bureau.purchasing.selectors import receipts as selectors
from bureau.purchasing.selectors.orders import visible_order
from bureau.purchasing.services.receipts import ReceiptLineInput, record_receipt


class ReceiptLineShape(Shape):
    line = serializers.IntegerField(source="order_line_id", help_text="id of the order's line")
    quantity = Computed(float, serializers.FloatField(), help_text="negative: a return")


class ReceiptShape(Shape):
    id = serializers.IntegerField()
    number = serializers.IntegerField(help_text="counted within the order")
    note = serializers.CharField()
    lines = ReceiptLineShape(many=True)
    received_by = PersonRef()
    created_at = serializers.DateTimeField()


class ReceiptLineFields(serializers.Serializer[Any]):
    line = serializers.IntegerField(help_text="id of the order's line")
    quantity = serializers.DecimalField(max_digits=12, decimal_places=3, help_text="negative: a return")


class ReceiptFields(serializers.Serializer[Any]):
    lines = Rows(child=ReceiptLineFields(), max_length=500)
    note = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")


class ReceiptList(PoView):
    @operation(answer=ReceiptShape, data=True, summary="What came in of an order, and went back, oldest first")
    def get(self, request: Call, pk: int) -> Any:
        return selectors.receipts(visible_order(request.user, pk))

    @operation(body=ReceiptFields, answer=ReceiptShape, status=201, summary="Note what came in, or went back")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> GoodsReceipt:
        order = visible_order(request.user, pk)
        return record_receipt(
            actor=request.user,
            order=order,
            lines=[ReceiptLineInput(line["line"], line["quantity"]) for line in given["lines"]],
            note=given["note"],
            now=timezone.now(),
        )
