"""Purchase orders: `/api/v1/purchase-orders`, what they hold and how drafts are written."""

from decimal import Decimal
from typing import Any

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from bureau.api.filters import Filter, OneOf, containing, number, since, until, words
from bureau.api.po.references import NAME_PARTS, PersonRef, PersonRole
from bureau.api.shapes import Computed, MoneyNumber, Rows, Shape
from bureau.api.views import Call, PoView, operation
from bureau.core.models import ScanState, User, full_name
from bureau.kit.errors import Invalid, NotFound
from bureau.kit.money import CENT, MAX_DIGITS
from bureau.parties.selectors.vendors import visible_vendor
from bureau.purchasing.models import (
    ApprovalSlot,
    LineCategory,
    OrderFile,
    OrderLine,
    OrderNote,
    OrderRelease,
    OrderType,
    PurchaseOrder,
)
from bureau.purchasing.permissions.orders import can_create_order
from bureau.purchasing.selectors import orders as selectors
from bureau.purchasing.selectors.projects import cost_code_of, orderable_project
from bureau.purchasing.services import orders
from bureau.purchasing.services.orders import LineInput
from bureau.purchasing.states import OrderStatus

STATUSES = [status.value for status in OrderStatus]
FILTERS = [
    Filter("status", "status", OneOf(STATUSES)),
    Filter("type", "type", OneOf(OrderType.values)),
    # The project's organization is the order's own: its code is found by an index, and its orders by another.
    Filter("project_id", lambda code: Q(project__code=code, project__organization=F("organization"))),
    Filter("created_by", "created_by", number, "user id"),
    Filter("date_from", "created_at__gte", since, "created on this day or later"),
    Filter("date_to", "created_at__lt", until, "created on this day or earlier"),
    Filter("search", containing("search_text"), words, "words of the number, the vendor's name or a description"),
]


def plain_number(value: Decimal) -> float:
    return float(value)


QUANTITY = serializers.FloatField()


class OrderRow(Shape):
    id = serializers.IntegerField()
    po_number = serializers.CharField()
    type = serializers.ChoiceField(choices=OrderType.choices)
    status = serializers.ChoiceField(choices=STATUSES)
    project_id = serializers.CharField(source="project.code")
    cost_code = serializers.CharField(source="cost_code.external_id")
    vendor_name = serializers.CharField()
    vendor_contact_name = serializers.CharField()
    vendor_email = serializers.CharField()
    vendor_phone = serializers.CharField()
    subtotal = MoneyNumber()
    tax_amount = MoneyNumber()
    total_amount = MoneyNumber()
    line_items_count = serializers.IntegerField()
    created_by = PersonRole()
    submitted_by = PersonRef(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


all_orders = OrderRow.prepared_for_user(
    lambda user: PurchaseOrder.objects.listed_for(user).order_by("-created_at", "-pk")
)


class LineShape(Shape):
    id = serializers.IntegerField()
    line_number = serializers.IntegerField()
    description = serializers.CharField()
    quantity = Computed(plain_number, QUANTITY)
    unit = serializers.CharField()
    unit_price = MoneyNumber()
    category = serializers.ChoiceField(choices=LineCategory.choices)
    tax_code = serializers.CharField()
    tax_rate = Computed(plain_number, serializers.FloatField(help_text="percent"))
    tax_amount = MoneyNumber()
    line_total = MoneyNumber()


class FileInOrder(Shape):
    id = serializers.IntegerField()
    original_filename = serializers.CharField(source="file.filename")
    file_size = serializers.IntegerField(source="file.size", help_text="bytes")
    mime_type = serializers.CharField(source="file.content_type")
    virus_scan_status = serializers.ChoiceField(source="file.scan_state", choices=ScanState.choices)
    uploaded_by = Computed(full_name, serializers.CharField(), parts=[f"file.uploader.{part}" for part in NAME_PARTS])
    uploaded_at = serializers.DateTimeField(source="created_at")


def decider(*people: Any) -> dict[str, Any]:
    """Who decided, else who was asked: id, names and role of the one, then of the other."""
    pk, first_name, last_name, username, role = people[:5] if people[0] is not None else people[5:]
    return {"id": pk, "name": full_name(first_name, last_name, username), "role": role}


PERSON_PARTS = ("id", *NAME_PARTS, "role")


class ApprovalShape(Shape):
    id = serializers.IntegerField()
    approver = Computed(
        decider,
        PersonRole(),
        parts=[f"{who}.{part}" for who in ("decision.approver", "user") for part in PERSON_PARTS],
    )
    status = Computed(
        selectors.approval_status,
        serializers.ChoiceField(choices=["pending", "approved", "rejected", "superseded"]),
        parts=("state", "decision.action"),
    )
    comments = Computed(lambda text: text or "", serializers.CharField(), source="decision.comment")
    in_place_of = PersonRef(source="decision.in_place_of", allow_null=True)
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(source="decision.created_at", allow_null=True)


class NoteShape(Shape):
    id = serializers.IntegerField()
    text = serializers.CharField()
    author = PersonRef()
    created_at = serializers.DateTimeField()


class ReleaseShape(Shape):
    id = serializers.IntegerField()
    amount = MoneyNumber()
    note = serializers.CharField()
    released_by = PersonRef()
    created_at = serializers.DateTimeField()


line_rows = LineShape.prepared(lambda order: OrderLine.objects.filter(order=order).order_by("line_number"))
file_rows = FileInOrder.prepared(lambda order: OrderFile.objects.filter(order=order).order_by("created_at", "pk"))
approval_rows = ApprovalShape.prepared(lambda order: ApprovalSlot.objects.filter(order=order).order_by("pk"))
note_rows = NoteShape.prepared(lambda order: OrderNote.objects.filter(order=order).order_by("created_at", "pk"))
release_rows = ReleaseShape.prepared(
    lambda order: OrderRelease.objects.filter(order=order).order_by("created_at", "pk")
)


class OrderDetail(Shape):
    id = serializers.IntegerField()
    po_number = serializers.CharField()
    type = serializers.ChoiceField(choices=OrderType.choices)
    status = serializers.ChoiceField(choices=STATUSES)
    project_id = serializers.CharField(source="project.code")
    cost_code = serializers.CharField(source="cost_code.external_id")
    vendor_id = serializers.CharField(source="vendor.code", allow_null=True)
    vendor_name = serializers.CharField()
    vendor_contact_name = serializers.CharField()
    vendor_email = serializers.CharField()
    vendor_phone = serializers.CharField()
    vendor_address = serializers.CharField()
    description = serializers.CharField()
    subtotal = MoneyNumber()
    tax_amount = MoneyNumber()
    total_amount = MoneyNumber()
    ceiling_amount = MoneyNumber(allow_null=True)
    released_amount = MoneyNumber()
    urgency_justification = serializers.CharField()
    line_items_count = serializers.IntegerField()
    line_items = Computed(lambda pk: line_rows(order=pk), LineShape(many=True), source="pk")
    files = Computed(lambda pk: file_rows(order=pk), FileInOrder(many=True), source="pk")
    approval_history = Computed(lambda pk: approval_rows(order=pk), ApprovalShape(many=True), source="pk")
    notes = Computed(lambda pk: note_rows(order=pk), NoteShape(many=True), source="pk")
    releases = Computed(lambda pk: release_rows(order=pk), ReleaseShape(many=True), source="pk")
    request_id = serializers.UUIDField(source="request.uuid", allow_null=True)
    created_by = PersonRole()
    submitted_by = PersonRef(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    approved_by = PersonRef(allow_null=True)
    approved_at = serializers.DateTimeField(allow_null=True)
    budget_overridden = serializers.BooleanField()
    rejected_at = serializers.DateTimeField(allow_null=True)
    rejection_reason = serializers.CharField()
    cancelled_at = serializers.DateTimeField(allow_null=True)
    cancellation_reason = serializers.CharField()
    closed_at = serializers.DateTimeField(allow_null=True)
    closing_reason = serializers.CharField()
    sent_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


one_order = OrderDetail.prepared_for_user(lambda user, order: PurchaseOrder.objects.visible_to(user).filter(pk=order))


class CreatedOrder(Shape):
    id = serializers.IntegerField()
    po_number = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    total_amount = MoneyNumber()
    created_at = serializers.DateTimeField()


class LineItemInput(serializers.Serializer[Any]):
    description = serializers.CharField(max_length=300)
    quantity = serializers.DecimalField(max_digits=12, decimal_places=3, min_value=Decimal("0.001"))
    unit = serializers.CharField(max_length=20, required=False, help_text="pcs where not given")
    unit_price = serializers.DecimalField(max_digits=MAX_DIGITS, decimal_places=2, min_value=Decimal(0))
    category = serializers.ChoiceField(choices=LineCategory.choices, required=False, help_text="MA where not given")
    tax_code = serializers.CharField(max_length=10, required=False, help_text="the organization's where not given")


def text_input(length: int, **options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=length, **{"allow_blank": True, "required": False, **options})


class OrderChanges(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    type = serializers.ChoiceField(choices=OrderType.choices, required=False)
    project_id = serializers.CharField(max_length=50, required=False)
    cost_code = serializers.CharField(max_length=50, required=False, help_text="its id: CC-001")
    vendor_id = serializers.CharField(
        max_length=50, required=False, allow_null=True, help_text="else the vendor is known by its exact name"
    )
    vendor_name = text_input(200, allow_blank=False)
    vendor_contact_name = text_input(200)
    vendor_email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    vendor_phone = text_input(50)
    vendor_address = text_input(1000)
    description = text_input(5000)
    line_items = Rows(child=LineItemInput(), required=False, max_length=500)
    ceiling_amount = serializers.DecimalField(
        max_digits=MAX_DIGITS,
        decimal_places=2,
        min_value=CENT,
        required=False,
        allow_null=True,
        help_text="of a rolling order",
    )
    urgency_justification = text_input(2000, allow_null=True, help_text="of a walk-up order")


class OrderInput(OrderChanges):
    type = serializers.ChoiceField(choices=OrderType.choices)
    project_id = serializers.CharField(max_length=50)
    cost_code = serializers.CharField(max_length=50, help_text="its id: CC-001")


def read_input(user: User, given: dict[str, Any], order: PurchaseOrder | None = None) -> dict[str, Any]:
    """What the services take: the ids of a body resolved, lines as they want them. Raises Invalid."""
    values = {**given}
    if values.get("urgency_justification", "") is None:
        values["urgency_justification"] = ""
    if "line_items" in values:
        values["lines"] = [LineInput(**line) for line in values.pop("line_items")]
    _resolve_project(user, values, order)
    code = values.pop("vendor_id", None)
    if code:
        vendor = visible_vendor_of(user, code)
        party = vendor.party
        values |= {"vendor": vendor, "vendor_name": values.get("vendor_name", party.name)}
        if order is None:
            known = {
                "vendor_contact_name": vendor.contact_name,
                "vendor_email": party.email,
                "vendor_phone": party.phone,
                "vendor_address": party.address,
            }
            values = {**known, **values}
    elif order is None and "vendor_name" not in values:
        raise Invalid.field("vendor_name", _("This field is required."))
    return values


def _resolve_project(user: User, values: dict[str, Any], order: PurchaseOrder | None) -> None:
    project_code, cost_code_id = values.pop("project_id", None), values.pop("cost_code", None)
    if project_code is None and cost_code_id is None:
        return
    project = order.project if order is not None else None
    if project_code is not None:
        project = orderable_project(user, project_code)
    if project is None:
        raise Invalid.field("project_id", _("There is no such project."))
    if cost_code_id is None and order is not None:
        cost_code_id = order.cost_code.external_id
    cost_code = cost_code_of(project, cost_code_id)
    if cost_code is None:
        raise Invalid.field("cost_code", _("There is no such cost code in the project."))
    values.update(project=project, cost_code=cost_code)


def visible_vendor_of(user: User, code: str) -> Any:
    """The vendor of the caller's organization with this code."""
    try:
        vendor = visible_vendor(user, code)
    except NotFound:
        vendor = None
    if vendor is None or vendor.organization_id != user.organization_id:
        raise Invalid.field("vendor_id", _("There is no such vendor."))
    return vendor


class OrderList(PoView):
    @operation(answer=OrderRow, page=True, filters=FILTERS, summary="Purchase orders, newest first")
    def get(self, request: Call) -> Any:
        return all_orders

    @operation(body=OrderInput, answer=CreatedOrder, status=201, summary="Create a draft")
    def post(self, request: Call, given: dict[str, Any]) -> PurchaseOrder:
        can_create_order(request.user).enforce()  # before what they cannot see is looked for
        values = read_input(request.user, {**given})
        return orders.create_order(actor=request.user, now=timezone.now(), **values)


class OrderRecord(PoView):
    @operation(answer=OrderDetail, summary="A purchase order")
    def get(self, request: Call, pk: int) -> dict[str, Any]:
        return OrderDetail.record(one_order, request.user, order=pk)

    @operation(body=OrderChanges, answer=OrderDetail, summary="Change a draft; what is left out stays")
    def put(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        order = selectors.visible_order(request.user, pk)
        changes = read_input(request.user, {**given}, order)
        lines = changes.pop("lines", None)
        orders.update_order(actor=request.user, order=order, changes=changes, lines=lines, now=timezone.now())
        return OrderDetail.record(one_order, request.user, order=pk)

    @operation(status=204, summary="Delete a draft; its number stays unused")
    def delete(self, request: Call, pk: int) -> None:
        orders.delete_order(actor=request.user, order=selectors.visible_order(request.user, pk), now=timezone.now())
