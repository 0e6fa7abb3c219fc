"""Simple purchase requests: create and submit in one step, to the organization's general team."""

from typing import Any

from django.db.models import Q
from django.utils import timezone
from rest_framework import serializers

from bureau.api.filters import Filter, OneOf, searching
from bureau.api.prs.requests import ItemInput, ItemShape
from bureau.api.shapes import Computed, Money, Rows, Shape
from bureau.api.views import Call, P2pView, found, operation
from bureau.kit.money import ZERO
from bureau.purchasing.models import PurchaseRequest
from bureau.purchasing.selectors import requests as selectors
from bureau.purchasing.services import requests
from bureau.purchasing.states import P2P_STATUSES, RequestStatus

COARSE = {status: coarse for coarse, statuses in P2P_STATUSES.items() for status in statuses}
FILTERS = [
    Filter("status", lambda coarse: Q(status__in=P2P_STATUSES[coarse]), OneOf(list(P2P_STATUSES))),
    Filter("search", searching("subject", "description"), help="in title and description"),
]


class SimpleRequest(Shape):
    id = serializers.IntegerField()
    title = serializers.CharField(source="subject")
    description = serializers.CharField()
    status = Computed(lambda status: COARSE[status], serializers.ChoiceField(choices=list(P2P_STATUSES)))
    items = ItemShape(many=True)
    total = Computed(lambda amount: Money.convert(amount or ZERO), Money(), source="amount")
    created_at = serializers.DateTimeField()


class SimpleRequestInput(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=20_000, allow_blank=True, required=False, default="")
    items = Rows(child=ItemInput(), allow_empty=False, max_length=500)


class SimpleRequestList(P2pView):
    @operation(answer=SimpleRequest, page=True, filters=FILTERS, summary="Simple requests, newest first")
    def get(self, request: Call) -> Any:
        return selectors.simple_requests(request.user)

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
