"""What the organization does for its customers: `/api/products/`, and when a task of a product is due."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from bureau.api.agency.document_types import DocumentTypeShape
from bureau.api.filters import CREATED, Filter, Ordering, day, flag
from bureau.api.shapes import Computed, Money, Rows, Shape
from bureau.api.views import AgencyView, Call, operation
from bureau.cases.calendars import task_due_date
from bureau.cases.models import Product
from bureau.cases.permissions import products as permissions
from bureau.cases.selectors import products as selectors
from bureau.cases.services import products
from bureau.cases.services.cases.following import readable_date
from bureau.cases.services.products import DocumentInput, TaskInput
from bureau.kit.errors import Invalid
from bureau.kit.money import MAX_DIGITS

SORTED_BY = ("name", "code", "product_type", "base_price", "active", "created_at", "updated_at")
FILTERS = [
    Filter("search", selectors.products_found, help="code or name"),
    Filter("product_type", "product_type__iexact"),
    Filter("active", "active", flag),
    *CREATED,
]
ORDERING = Ordering(**{name: name for name in SORTED_BY})
LISTS = {"required_documents": True, "optional_documents": False}


class TaskShape(Shape):
    id = serializers.IntegerField()
    step = serializers.IntegerField(help_text="counts from 1")
    name = serializers.CharField()
    description = serializers.CharField()
    duration = serializers.IntegerField(help_text="days")
    duration_is_business_days = serializers.BooleanField(source="business_days")
    country = serializers.CharField(help_text="whose public holidays count; empty: the organization's")
    notify_days_before = serializers.IntegerField()
    last_step = serializers.BooleanField()


class ProductDocumentShape(DocumentTypeShape):
    """A document type as this product asks for it."""

    id = serializers.IntegerField(source="document_type_id")
    name = serializers.CharField(source="document_type.name")
    description = serializers.CharField(source="document_type.description")
    has_number = serializers.BooleanField(source="document_type.has_number")
    has_expiry_date = serializers.BooleanField(source="document_type.has_expiry_date")
    min_validity_months = Computed(
        lambda own, general: general if own is None else own,
        serializers.IntegerField(help_text="after the case's due date: the product's own, else the type's"),
        parts=("min_validity_months", "document_type.min_validity_months"),
    )
    notify_days_before = serializers.IntegerField(source="document_type.notify_days_before")
    actions = serializers.ListField(child=serializers.CharField(), source="document_type.actions")
    created_at = serializers.DateTimeField(source="document_type.created_at")
    updated_at = serializers.DateTimeField(source="document_type.updated_at")


def documents_shown(required: bool) -> Computed:
    return Computed(
        lambda product: ProductDocumentShape.render_all(selectors.required_and_optional(product)[required]),
        ProductDocumentShape(many=True),
        source="*",
    )


class ProductRow(Shape):
    id = serializers.IntegerField()
    uuid = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    product_type = serializers.CharField()
    base_price = Money(help_text="net")
    tax_code = serializers.CharField(help_text="empty: the organization's")
    completed_by_payment = serializers.BooleanField(help_text="a case is completed when it has been paid")
    active = serializers.BooleanField(help_text="offered for new cases")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ProductDetail(ProductRow):
    tasks = TaskShape(many=True)
    required_documents = documents_shown(True)
    optional_documents = documents_shown(False)


class ProductAndDocuments(Shape):
    product = ProductDetail(source="*")
    required_documents = documents_shown(True)
    optional_documents = documents_shown(False)


class ProductCanDelete(Shape):
    can_delete = serializers.BooleanField()
    message = serializers.CharField()
    cases = serializers.IntegerField(help_text="that are about it")
    tasks = serializers.IntegerField(help_text="that would go with it")
    documents = serializers.IntegerField(help_text="of its list, that would go with it")


class Deleted(Shape):
    deleted = serializers.IntegerField(help_text="how many")
    kept = serializers.ListField(child=serializers.CharField(), help_text="codes of those that have cases")


class DueDate(Shape):
    due_date = serializers.DateField()


class TaskFields(serializers.Serializer[Any]):
    """A task without `id` is the one that has its step, else a new one."""

    id = serializers.IntegerField(required=False, allow_null=True, default=None)
    step = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="its place in the list where not given"
    )
    name = serializers.CharField(max_length=100)
    description = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")
    duration = serializers.IntegerField(min_value=0, max_value=3650, help_text="days")
    duration_is_business_days = serializers.BooleanField(required=False, default=True)
    country = serializers.CharField(
        max_length=2, allow_blank=True, allow_null=True, required=False, default="", help_text="ISO 3166-1 alpha-2"
    )
    notify_days_before = serializers.IntegerField(min_value=0, max_value=3650, required=False, default=0)
    last_step = serializers.BooleanField(
        required=False, default=False, help_text="the last task is it in any case; another one cannot be"
    )


class DocumentFields(serializers.Serializer[Any]):
    """The id of a document type, alone or with what this product asks of it."""

    id = serializers.IntegerField()
    min_validity_months = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=120, help_text="the type's where empty"
    )

    def to_internal_value(self, data: Any) -> Any:
        alone = isinstance(data, int | str) and not isinstance(data, bool)
        return super().to_internal_value({"id": data} if alone else data)


class ProductFields(serializers.Serializer[Any]):
    """What is left out stays as it is, with PUT too; `tasks` and the documents are given whole."""

    code = serializers.CharField(max_length=50)
    name = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=5000, allow_blank=True, required=False)
    product_type = serializers.CharField(max_length=50, allow_blank=True, required=False)
    base_price = serializers.DecimalField(max_digits=MAX_DIGITS, decimal_places=2, required=False, help_text="net")
    tax_code = serializers.CharField(max_length=10, allow_blank=True, required=False)
    completed_by_payment = serializers.BooleanField(required=False)
    active = serializers.BooleanField(required=False)
    tasks = Rows(child=TaskFields(), required=False, max_length=100)
    required_documents = Rows(child=DocumentFields(), required=False, max_length=100)
    optional_documents = Rows(child=DocumentFields(), required=False, max_length=100)


class BulkDelete(serializers.Serializer[Any]):
    query = serializers.CharField(max_length=200, allow_blank=True, help_text="words of their code or name")
    confirm = serializers.BooleanField(required=False, default=False)


def tasks_of(given: Any) -> list[TaskInput] | None:
    """None where the body says nothing of them."""
    if "tasks" not in given:
        return None
    return [
        TaskInput(business_days=row["duration_is_business_days"], country=row["country"] or "", **plain(row))
        for row in given["tasks"]
    ]


def plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("duration_is_business_days", "country")}


def documents_of(given: Any, product: Product | None = None) -> Sequence[DocumentInput] | None:
    """None where the body says nothing of them; of the two lists, one that it leaves out stays as it is."""
    if not set(LISTS) & set(given):
        return None
    there = selectors.required_and_optional(product) if product else {True: [], False: []}
    found = []
    for name, required in LISTS.items():
        if name in given:
            found += [DocumentInput(row["id"], required, row["min_validity_months"]) for row in given[name]]
        else:
            found += [DocumentInput(row.document_type_id, required, row.min_validity_months) for row in there[required]]
    return found


def values_of(given: Any) -> dict[str, Any]:
    return {name: given[name] for name in products.FIELDS if name in given}


def added(request: Call, given: dict[str, Any]) -> Product:
    permissions.can_write_products(request.user, request.user.organization).enforce()
    product = products.create_product(
        actor=request.user,
        tasks=tasks_of(given) or (),
        documents=documents_of(given) or (),
        now=timezone.now(),
        **values_of(given),
    )
    return selectors.visible_product(request.user, product.pk)


class ProductList(AgencyView):
    @operation(answer=ProductRow, page=True, filters=FILTERS, ordering=ORDERING, summary="Products, by name")
    def get(self, request: Call) -> Any:
        return selectors.visible_products(request.user)

    @operation(body=ProductFields, answer=ProductDetail, status=201, summary="Add a product")
    def post(self, request: Call, given: dict[str, Any]) -> Product:
        return added(request, given)


class ProductQuickCreate(AgencyView):
    @operation(body=ProductFields, answer=ProductDetail, status=201, summary="Add a product by a code and a name")
    def post(self, request: Call, given: dict[str, Any]) -> Product:
        return added(request, given)


class ProductItem(AgencyView):
    @operation(answer=ProductDetail, summary="A product with its tasks and documents")
    def get(self, request: Call, pk: int) -> Product:
        return selectors.visible_product(request.user, pk)

    @operation(body=ProductFields, answer=ProductDetail, summary="Change a product")
    def put(self, request: Call, given: dict[str, Any], pk: int) -> Product:
        return self.change(request, given, pk)

    @operation(body=ProductFields, answer=ProductDetail, summary="Change parts of a product")
    def patch(self, request: Call, given: dict[str, Any], pk: int) -> Product:
        return self.change(request, given, pk)

    @operation(status=204, summary="Delete a product of which there is no case")
    def delete(self, request: Call, pk: int) -> None:
        product = selectors.visible_product(request.user, pk)
        products.delete_product(actor=request.user, product=product, now=timezone.now())

    def change(self, request: Call, given: dict[str, Any], pk: int) -> Product:
        product = selectors.visible_product(request.user, pk)
        permissions.can_write_products(request.user, product.organization).enforce()
        products.update_product(
            actor=request.user,
            product=product,
            changes=values_of(given),
            tasks=tasks_of(given),
            documents=documents_of(given, product),
            now=timezone.now(),
        )
        return selectors.visible_product(request.user, pk)


class ProductById(AgencyView):
    @operation(answer=ProductAndDocuments, summary="A product, and the document types that its cases take")
    def get(self, request: Call, pk: int) -> Product:
        return selectors.visible_product(request.user, pk)


class ProductsByType(AgencyView):
    @operation(
        answer=ProductRow, page=True, filters=FILTERS, ordering=ORDERING, summary="Products of one type, by name"
    )
    def get(self, request: Call, product_type: str) -> Any:
        return selectors.visible_products(request.user).filter(product_type__iexact=product_type)


class ProductUse(AgencyView):
    @operation(answer=ProductCanDelete, summary="Whether a product can be deleted, and what would go with it")
    def get(self, request: Call, pk: int) -> dict[str, Any]:
        product = selectors.visible_product(request.user, pk)
        permissions.can_write_products(request.user, product.organization).enforce()
        usage = selectors.product_usage(product)
        return {
            "can_delete": not usage.in_use,
            "message": usage.message,
            "cases": usage.cases,
            "tasks": usage.tasks,
            "documents": usage.documents,
        }


class ProductBulkDelete(AgencyView):
    @operation(body=BulkDelete, answer=Deleted, summary="Delete the products that a search finds; superusers only")
    def post(self, request: Call, given: dict[str, Any]) -> dict[str, Any]:
        permissions.can_bulk_delete_products(request.user).enforce()
        gone = products.bulk_delete_products(actor=request.user, now=timezone.now(), **given)
        return {"deleted": gone.deleted, "kept": gone.kept}


class TaskDueDate(AgencyView):
    @operation(answer=DueDate, summary="When a task is due that begins on a day")
    def get(self, request: Call, pk: int, start_date: str) -> dict[str, date]:
        task = selectors.visible_task(request.user, pk)
        try:
            start = day(start_date)
        except ValueError:
            raise Invalid.field("start_date", _("Give a date such as 2025-07-29.")) from None
        start = readable_date("start_date", start)
        return {"due_date": task_due_date(task, start, task.product.organization)}
