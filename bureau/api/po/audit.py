"""The audit log: `/api/v1/audit-logs`."""

import re
from dataclasses import replace
from typing import Any

from rest_framework import serializers

from bureau.accounts import permissions
from bureau.api.dialect import PO
from bureau.api.filters import Filter, number, since, until
from bureau.api.po.references import PersonRole
from bureau.api.shapes import Computed, Shape
from bureau.api.views import Call, PoView, operation
from bureau.core.models import AuditEntry

FILTERS = [
    Filter("entity_type", "entity_type", help="purchase_order, user, ..."),
    Filter("entity_id", "entity_id"),
    Filter("user_id", "user", number, "who did it"),
    Filter("action", "action", help="created, updated, submitted, approved, ..."),
    Filter("date_from", "created_at__gte", since, "a day, or a moment"),
    Filter("date_to", "created_at__lt", until, "a day, or a moment; it is included"),
]
MONEY = re.compile(r"budget|authorization_limit|subtotal|price|spent|(.*_)?amount|.*_price")
"""The names of amounts. The log holds them as text."""
AMOUNT = re.compile(r"-?\d{1,12}\.\d\d")


def values_shown(values: Any) -> Any:
    """Old or new values as this family writes them: amounts are numbers."""
    if isinstance(values, list):
        return [values_shown(value) for value in values]
    if not isinstance(values, dict):
        return values
    return {name: _value_shown(name, value) for name, value in values.items()}


def _value_shown(name: str, value: Any) -> Any:
    if isinstance(value, str) and AMOUNT.fullmatch(value) and MONEY.fullmatch(name):
        return float(value)
    return values_shown(value)


class AuditRow(Shape):
    id = serializers.IntegerField()
    entity_type = serializers.CharField()
    entity_id = serializers.CharField()
    action = serializers.CharField()
    user = PersonRole(allow_null=True, help_text="null: the system itself")
    old_values = Computed(values_shown, serializers.DictField(allow_null=True))
    new_values = Computed(values_shown, serializers.DictField(allow_null=True))
    ip_address = serializers.CharField(allow_null=True)
    request_id = serializers.CharField()
    created_at = serializers.DateTimeField()
    previous_hash = serializers.CharField(help_text="of the entry before it in the organization")
    hash = serializers.CharField(help_text="over the previous hash and all values of the entry")


entries = AuditRow.prepared_for_user(
    lambda user: (
        AuditEntry.objects.visible_to(user).filter(organization=user.organization_id).order_by("-created_at", "-pk")
    )
)


class AuditLog(PoView):
    dialect = replace(PO, page_size=50)

    @operation(answer=AuditRow, page=True, filters=FILTERS, summary="What happened in the organization, newest first")
    def get(self, request: Call) -> Any:
        permissions.can_read_audit_log(request.user).enforce()
        return entries
