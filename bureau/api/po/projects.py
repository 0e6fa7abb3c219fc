"""Projects, cost codes and vendors: `/api/v1/projects`, `/api/v1/vendors`.

Their codes stand for them, and these are unique within an organization: a superuser, too, is shown those of their own.
"""

from typing import Any

from django.db.models import Q
from rest_framework import serializers

from bureau.api.filters import Filter, flag, searching
from bureau.api.shapes import MoneyNumber, Shape
from bureau.api.views import Call, PoView, operation
from bureau.parties.selectors.vendors import visible_vendors
from bureau.purchasing.models import Project, ProjectStatus
from bureau.purchasing.selectors import projects as selectors

PROJECT_FILTERS = [
    Filter(
        "active",
        lambda active: Q(status=ProjectStatus.ACTIVE) if active else ~Q(status=ProjectStatus.ACTIVE),
        flag,
        "true where not given",
        default="true",
    ),
    Filter("search", searching("code", "name"), help="in id and name"),
]
VENDOR_FILTERS = [
    Filter("active", "active", flag),
    Filter("search", searching("party__name"), help="in the name"),
]


class ProjectRow(Shape):
    id = serializers.CharField(source="code")
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=ProjectStatus.choices)
    budget = MoneyNumber()
    spent = MoneyNumber(help_text="by approved orders, and outside this system")
    remaining = MoneyNumber()
    start_date = serializers.DateField(allow_null=True)
    end_date = serializers.DateField(allow_null=True)


class CostCodeRow(Shape):
    id = serializers.CharField(source="external_id")
    code = serializers.CharField()
    description = serializers.CharField()
    category = serializers.CharField()
    budget = MoneyNumber()
    spent = MoneyNumber(help_text="by approved orders, and outside this system")
    remaining = MoneyNumber()
    active = serializers.BooleanField(help_text="takes orders")


class ContactInfo(Shape):
    email = serializers.CharField()
    phone = serializers.CharField()
    address = serializers.CharField()


class VendorRow(Shape):
    id = serializers.CharField(source="code")
    name = serializers.CharField(source="party.name")
    contact_info = ContactInfo(source="party")
    payment_terms = serializers.CharField()
    active = serializers.BooleanField()


class ProjectList(PoView):
    @operation(answer=ProjectRow, data=True, filters=PROJECT_FILTERS, summary="Projects, by id")
    def get(self, request: Call) -> Any:
        projects = Project.objects.visible_to(request.user).filter(organization=request.user.organization_id)
        return selectors.with_figures(projects).order_by("code")


class CostCodeList(PoView):
    @operation(answer=CostCodeRow, data=True, summary="Cost codes of a project, by id")
    def get(self, request: Call, project_id: str) -> Any:
        return selectors.cost_codes(selectors.visible_project(request.user, project_id))


class VendorList(PoView):
    @operation(answer=VendorRow, data=True, filters=VENDOR_FILTERS, summary="Vendors, by name")
    def get(self, request: Call) -> Any:
        return visible_vendors(request.user).filter(organization=request.user.organization_id)
