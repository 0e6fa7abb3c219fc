"""Syncing by hand: `/api/v1/integrations/{jobcost|timberline}/sync`."""

from django.utils import timezone
from rest_framework import serializers

from bureau.api.shapes import Shape
from bureau.api.views import Call, PoView, operation
from bureau.purchasing.connectors import SyncReport, sync


class RowErrorShape(Shape):
    part = serializers.CharField(help_text="projects, cost_codes or vendors")
    row = serializers.IntegerField(help_text="its line in a CSV file, else its place among the rows")
    message = serializers.CharField()


class SyncShape(Shape):
    connector = serializers.CharField()
    status = serializers.ChoiceField(choices=["success", "partial", "nothing_to_sync"])
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    errors = serializers.ListField(child=RowErrorShape(), help_text="rows that were left out")
    synced_at = serializers.DateTimeField()


class IntegrationSync(PoView):
    idempotent = False  # a repeat changes nothing, and a service is not waited for within a transaction
    refusals = ("502",)

    @operation(answer=SyncShape, summary="Bring projects and cost codes, or vendors, up to date now")
    def post(self, request: Call, name: str) -> SyncReport:
        return sync(connector=name, organization=request.user.organization, actor=request.user, now=timezone.now())
