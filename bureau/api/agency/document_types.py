"""The kinds of documents that cases take: `/api/document-types/`."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from bureau.api.filters import CREATED, Filter, Ordering, searching
from bureau.api.shapes import Shape
from bureau.api.views import AgencyView, Call, operation
from bureau.cases.models import DocumentType
from bureau.cases.permissions import products as permissions
from bureau.cases.selectors import products as selectors
from bureau.cases.services import document_types

FILTERS = [Filter("search", searching("name", "description"), help="name or description"), *CREATED]
ORDERING = Ordering(name="name", created_at="created_at", updated_at="updated_at")


class DocumentTypeShape(Shape):
    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()
    has_number = serializers.BooleanField()
    has_expiry_date = serializers.BooleanField()
    min_validity_months = serializers.IntegerField(help_text="after the case's due date")
    notify_days_before = serializers.IntegerField(help_text="before it expires; 0: nobody is told")
    actions = serializers.ListField(child=serializers.CharField(), help_text="that its documents offer")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class DocumentTypeFields(serializers.Serializer[Any]):
    """What is left out stays as it is, with PUT too."""

    name = serializers.CharField(max_length=100)
    description = serializers.CharField(max_length=500, allow_blank=True, required=False)
    has_number = serializers.BooleanField(required=False, help_text="complete only with its number")
    has_expiry_date = serializers.BooleanField(required=False, help_text="complete only with its expiry date")
    min_validity_months = serializers.IntegerField(required=False, min_value=0, max_value=120)
    notify_days_before = serializers.IntegerField(required=False, min_value=0, max_value=3650)
    actions = serializers.ListField(
        child=serializers.CharField(max_length=50), required=False, max_length=20, help_text="names of hook actions"
    )


class TypeCanDelete(Shape):
    can_delete = serializers.BooleanField()
    message = serializers.CharField()
    products = serializers.IntegerField(help_text="that ask for it")
    documents = serializers.IntegerField(help_text="of cases, of this type")


class DocumentTypeList(AgencyView):
    @operation(
        answer=DocumentTypeShape, page=True, filters=FILTERS, ordering=ORDERING, summary="Document types, by name"
    )
    def get(self, request: Call) -> Any:
        return selectors.visible_document_types(request.user)

    @operation(body=DocumentTypeFields, answer=DocumentTypeShape, status=201, summary="Add a document type")
    def post(self, request: Call, given: dict[str, Any]) -> DocumentType:
        permissions.can_write_products(request.user, request.user.organization).enforce()
        return document_types.create_document_type(actor=request.user, now=timezone.now(), **given)


class DocumentTypeItem(AgencyView):
    @operation(answer=DocumentTypeShape, summary="A document type")
    def get(self, request: Call, pk: int) -> DocumentType:
        return selectors.visible_document_type(request.user, pk)

    @operation(body=DocumentTypeFields, answer=DocumentTypeShape, summary="Change a document type")
    def put(self, request: Call, given: dict[str, Any], pk: int) -> DocumentType:
        return self.change(request, given, pk)

    @operation(body=DocumentTypeFields, answer=DocumentTypeShape, summary="Change parts of a document type")
    def patch(self, request: Call, given: dict[str, Any], pk: int) -> DocumentType:
        return self.change(request, given, pk)

    @operation(status=204, summary="Delete a document type that nothing refers to")
    def delete(self, request: Call, pk: int) -> None:
        kind = selectors.visible_document_type(request.user, pk)
        document_types.delete_document_type(actor=request.user, document_type=kind, now=timezone.now())

    def change(self, request: Call, given: dict[str, Any], pk: int) -> DocumentType:
        kind = selectors.visible_document_type(request.user, pk)
        permissions.can_write_products(request.user, kind.organization).enforce()
        return document_types.update_document_type(
            actor=request.user, document_type=kind, changes=given, now=timezone.now()
        )


class DocumentTypeCanDelete(AgencyView):
    @operation(answer=TypeCanDelete, summary="Whether a document type can be deleted, and what refers to it")
    def get(self, request: Call, pk: int) -> dict[str, Any]:
        kind = selectors.visible_document_type(request.user, pk)
        permissions.can_write_products(request.user, kind.organization).enforce()
        usage = selectors.type_usage(kind)
        return {
            "can_delete": not usage.in_use,
            "message": usage.message,
            "products": usage.products,
            "documents": usage.documents,
        }
