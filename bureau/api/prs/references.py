"""Short forms that several prs answers hold."""

from rest_framework import serializers

from bureau.api.shapes import Computed, Shape
from bureau.purchasing.models import PurchaseType
from bureau.purchasing.states import RequestStatus


class PersonRef(Shape):
    id = serializers.UUIDField(source="uuid")
    username = serializers.CharField()


class PersonName(PersonRef):
    first_name = serializers.CharField()
    last_name = serializers.CharField()


class TeamRef(Shape):
    id = serializers.UUIDField(source="uuid")
    name = serializers.CharField()


class TemplateRef(TeamRef):
    version_number = serializers.IntegerField()


class StepRef(Shape):
    id = serializers.UUIDField(source="uuid")
    step_name = serializers.CharField()
    step_order = serializers.IntegerField()


class StatusRef(Shape):
    code = serializers.ChoiceField(choices=[status.value for status in RequestStatus], source="status")
    name = Computed(lambda code: RequestStatus(code).label, serializers.CharField(), source="status")


class PurchaseTypeRef(Shape):
    code = serializers.ChoiceField(choices=PurchaseType.values, source="purchase_type")
    name = Computed(lambda code: PurchaseType(code).label, serializers.CharField(), source="purchase_type")
