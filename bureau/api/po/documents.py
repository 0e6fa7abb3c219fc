"""An order on paper: `/api/v1/purchase-orders/{id}/pdf` and `/send`."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from bureau.api.shapes import Shape
from bureau.api.views import Call, PoView, operation
from bureau.purchasing.rendering import order_filename
from bureau.purchasing.selectors.orders import visible_order
from bureau.purchasing.services import sending


class SendInput(serializers.Serializer[Any]):
    message = serializers.CharField(max_length=5000, allow_blank=True, required=False, default="")
    to = serializers.EmailField(required=False, help_text="one of the vendor's addresses; the order's where not given")


class Sent(Shape):
    id = serializers.IntegerField()
    po_number = serializers.CharField()
    sent_to = serializers.EmailField()


class OrderPdf(PoView):
    @operation(answer=OpenApiResponse(OpenApiTypes.BINARY), summary="The order as a PDF")
    def get(self, request: Call, pk: int) -> HttpResponse:
        order = visible_order(request.user, pk)
        content = sending.read_order_pdf(actor=request.user, order=order, now=timezone.now())
        answer = HttpResponse(content, content_type="application/pdf")
        answer["Content-Disposition"] = f'attachment; filename="{order_filename(order)}"'
        answer["X-Content-Type-Options"] = "nosniff"
        answer["Cache-Control"] = "private, no-store"
        return answer


class OrderSend(PoView):
    @operation(body=SendInput, answer=Sent, status=202, summary="Mail an approved order to its vendor")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        order = visible_order(request.user, pk)
        address = sending.send_order(actor=request.user, order=order, now=timezone.now(), **given)
        return {"id": order.pk, "po_number": order.po_number, "sent_to": address}
