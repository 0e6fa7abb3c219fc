"""Simple purchase requests: create and submit in one step, to the organization's general team."""

from typing import Any

from django.db.models import Q
from django.utils import timezone
from rest_framework import serializers

from bureau.api.filters import Filter, one_of, searching
from bureau.api.prs.requests import ItemInput, ItemShape
from bureau.api.shapes import Computed, Money, Shape
from bureau.api.views import Call, P2pView, found, operation
from bureau.purchasing.models import PurchaseRequest
from bureau.purchasing.services import requests
from bureau.purchasing.states import P2P_STATUSES, RequestStatus

COARSE = {status: coarse for coarse, statuses in P2P_STATUSES.items() for status in statuses}
FILTERS = [
    Filter("status", lambda coarse: Q(status__in=P2P_STATUSES[coarse]), one_of(list(P2P_STATUSES))),
    Filter("search", searching("subject", "description"), help="in title and description"),
]


class SimpleRequest(Shape):
    id = serializers.IntegerField()
    title = serializers.CharField(source="subject")
    description = serializers.CharField()
    status = Computed(lambda status: COARSE[status], serializers.ChoiceField(choices=list(P2P_STATUSES)))
    items = ItemShape(many=True)
    total = Money(source="amount")
    created_at = serializers.DateTimeField()


class SimpleRequestInput(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=20_000, allow_blank=True, required=False, default="")
    items = ItemInput(many=True, allow_empty=False, max_length=500)  # type: ignore[call-arg]


class SimpleRequestList(P2pView):
    @operation(answer=SimpleRequest, page=True, filters=FILTERS, summary="Simple requests, newest first")
    def get(self, request: Call) -> Any:
        listed = PurchaseRequest.objects.listed_for(request.user).exclude(status=RequestStatus.DRAFT)
        return listed.prefetch_related("items").order_by("-created_at", "-pk")

    @operation(body=SimpleRequestInput, answer=SimpleRequest, status=201, summary="Create and submit a simple request")
    def post(self, request: Call, given: dict[str, Any]) -> PurchaseRequest:
        return requests.create_and_submit(
            actor=request.user,
            subject=given["title"],
            description=given["description"],
            items=given["items"],
            now=timezone.now(),
        )


class SimpleRequestItem(P2pView):
    @operation(answer=SimpleRequest, summary="A simple request")
    def get(self, request: Call, pk: int) -> PurchaseRequest:
        visible = PurchaseRequest.objects.visible_to(request.user).exclude(status=RequestStatus.DRAFT)
        return found(visible.prefetch_related("items"), pk=pk)
