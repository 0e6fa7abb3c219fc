"""Vendors' bills: `/api/bills/`."""

from decimal import Decimal
from typing import Any

import orjson
from django.db.models import Q
from django.http import HttpResponseBase, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from bureau.api.filters import CREATED, Filter, OneOf, Ordering, day, number, searching
from bureau.api.shapes import Computed, Money, Rows, Shape
from bureau.api.shared.downloads import download
from bureau.api.views import BizView, Call, operation
from bureau.core.files import Upload
from bureau.core.models import PaymentMethod, User
from bureau.kit.errors import Invalid, NotFound
from bureau.kit.money import MAX_DIGITS
from bureau.parties.models import Vendor
from bureau.parties.selectors.vendors import visible_vendor
from bureau.purchasing.matching import Kind
from bureau.purchasing.models import Bill, PurchaseOrder
from bureau.purchasing.permissions import bills as permissions
from bureau.purchasing.selectors import bills as selectors
from bureau.purchasing.services import bills
from bureau.purchasing.services.bills import BillLineInput
from bureau.purchasing.states import BillStatus

STATUSES = [status.value for status in BillStatus]


def of_vendor(reference: str) -> Q:
    """By code or by number, as in a body."""
    by_code = Q(vendor__code=reference)
    is_id = reference.isascii() and reference.isdigit() and len(reference) < 19
    return by_code | Q(vendor=int(reference)) if is_id else by_code


FILTERS = [
    Filter("status", "status", OneOf(STATUSES)),
    Filter("vendor", of_vendor, help="code, such as VEN001, or id"),
    Filter("purchase_order", "order", number, help="order id"),
    Filter("date_from", "bill_date__gte", day, help="of the bill"),
    Filter("date_to", "bill_date__lte", day, help="of the bill"),
    Filter("due_before", "due_date__lt", day, help="bills without a due date are left out"),
    Filter("search", searching("bill_number", "vendor__party__name"), help="number or vendor"),
    *CREATED,
]
ORDERING = Ordering(
    bill_number="bill_number",
    vendor="vendor__party__name",
    bill_date="bill_date",
    due_date="due_date",
    status="status",
    total_amount="total_amount",
    created_at="created_at",
    updated_at="updated_at",
)


def quantity_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


class BillVendor(Shape):
    id = serializers.CharField(source="code")
    name = serializers.CharField(source="party.name")


class BillPerson(Shape):
    id = serializers.IntegerField()
    username = serializers.CharField()


class BillAccount(Shape):
    """Where the vendor wanted to be paid when the bill came in."""

    holder = serializers.CharField()
    iban = serializers.CharField()
    bic = serializers.CharField()


class BillFile(Shape):
    filename = serializers.CharField()
    size = serializers.IntegerField(help_text="bytes")
    content_type = serializers.CharField()
    scan_state = serializers.CharField()


class BillRow(Shape):
    id = serializers.IntegerField()
    vendor = BillVendor()
    purchase_order = serializers.IntegerField(source="order_id", allow_null=True)
    po_number = serializers.CharField(source="order.po_number", allow_null=True)
    bill_number = serializers.CharField()
    bill_date = serializers.DateField()
    due_date = serializers.DateField(allow_null=True)
    status = serializers.ChoiceField(choices=STATUSES)
    subtotal = Money()
    tax_amount = Money()
    total_amount = Money()
    account_changed = serializers.BooleanField(help_text="the vendor's first bill after a changed bank account")
    payment_method = serializers.CharField()
    payment_date = serializers.DateField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class BillLineShape(Shape):
    id = serializers.IntegerField()
    description = serializers.CharField()
    quantity = Computed(quantity_number, serializers.FloatField())
    unit_price = Money()
    tax_code = serializers.CharField()
    tax_rate = serializers.DecimalField(max_digits=5, decimal_places=2, help_text="percent")
    net_amount = Money()
    tax_amount = Money()
    line_total = Money()
    order_line = serializers.IntegerField(source="order_line_id", allow_null=True)


class BillDifference(Shape):
    """Something in which the bill goes beyond its order. `line` counts the bill's lines from 1."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind])
    line = serializers.IntegerField(allow_null=True)
    order_line = serializers.IntegerField(allow_null=True)
    expected = serializers.CharField(allow_null=True)
    actual = serializers.CharField(allow_null=True)
    difference = serializers.CharField(allow_null=True)
    tolerance = serializers.CharField(help_text="percent for quantity and price, else an amount")
    message = serializers.CharField()


class BillDetail(BillRow):
    po_number = Computed(
        lambda order: order.po_number if order else None, serializers.CharField(allow_null=True), source="order"
    )
    lines = BillLineShape(many=True)
    exceptions = Computed(list, BillDifference(many=True))
    bank_account = BillAccount(allow_null=True)
    file = BillFile(allow_null=True)
    matched_at = serializers.DateTimeField(allow_null=True)
    approved_by = BillPerson(allow_null=True)
    approved_at = serializers.DateTimeField(allow_null=True)
    approval_comment = serializers.CharField()
    paid_by = BillPerson(allow_null=True)
    paid_at = serializers.DateTimeField(allow_null=True)
    created_by = BillPerson()


class BillLineFields(serializers.Serializer[Any]):
    description = serializers.CharField(
        max_length=300, allow_blank=True, required=False, default="", help_text="the order line's where empty"
    )
    quantity = serializers.DecimalField(max_digits=12, decimal_places=3, min_value=Decimal("0.001"))
    unit_price = serializers.DecimalField(max_digits=MAX_DIGITS, decimal_places=2, min_value=Decimal(0))
    tax_code = serializers.CharField(max_length=10, allow_blank=True, required=False, default="")
    order_line = serializers.IntegerField(required=False, allow_null=True, default=None)


class BillFields(serializers.Serializer[Any]):
    vendor = serializers.CharField(max_length=50, help_text="code, such as VEN001, or id")
    purchase_order = serializers.IntegerField(required=False, allow_null=True, help_text="order id")
    bill_number = serializers.CharField(max_length=100)
    bill_date = serializers.DateField()
    due_date = serializers.DateField(required=False, allow_null=True)
    lines = Rows(child=BillLineFields(), max_length=500)


class BillEntry(BillFields):
    """As JSON, or as a form with the file; the form's `lines` are JSON text or lines[0]quantity, lines[0]unit_price."""

    file = serializers.FileField(allow_empty_file=True, max_length=255, required=False, help_text="PDF, PNG or JPEG")

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, QueryDict) and "lines" in data:
            try:
                data = {**data.dict(), "lines": orjson.loads(str(data["lines"]))}
            except orjson.JSONDecodeError:
                raise Invalid.field("lines", _("Give a JSON array.")) from None
        return super().to_internal_value(data)


class BillComment(serializers.Serializer[Any]):
    comment = serializers.CharField(
        max_length=5000, allow_blank=True, required=False, default="", help_text="needed where there are exceptions"
    )


class BillPayment(serializers.Serializer[Any]):
    payment_method = serializers.ChoiceField(choices=PaymentMethod.choices)
    payment_date = serializers.DateField()


class BillFileInput(serializers.Serializer[Any]):
    file = serializers.FileField(allow_empty_file=True, max_length=255)


def vendor_of(user: User, reference: str) -> Vendor:
    try:
        return visible_vendor(user, reference)
    except NotFound:
        raise Invalid.field("vendor", _("There is no such vendor.")) from None


def order_of(user: User, pk: int | None) -> PurchaseOrder | None:
    if pk is None:
        return None
    order = selectors.orders_of_bills(user).filter(pk=pk).first()
    if order is None:
        raise Invalid.field("purchase_order", _("There is no such order."))
    return order


def resolved(user: User, given: Any) -> dict[str, Any]:
    """The given values as the services take them."""
    values = {name: given[name] for name in ("bill_number", "bill_date", "due_date") if name in given}
    if "vendor" in given:
        values["vendor"] = vendor_of(user, given["vendor"])
    if "purchase_order" in given:
        values["order"] = order_of(user, given["purchase_order"])
    return values


def lines_of(given: Any) -> list[BillLineInput]:
    return [BillLineInput(**line) for line in given["lines"]]


class BillList(BizView):
    @operation(answer=BillRow, page=True, filters=FILTERS, ordering=ORDERING, summary="Bills, newest first")
    def get(self, request: Call) -> Any:
        return selectors.visible_bills(request.user)

    @operation(body=BillEntry, answer=BillDetail, status=201, summary="Enter a bill; its amounts follow from its lines")
    def post(self, request: Call, given: dict[str, Any]) -> Bill:
        permissions.can_write_bills(request.user, request.user.organization).enforce()
        file = given.get("file")
        bill = bills.enter_bill(
            actor=request.user,
            lines=lines_of(given),
            upload=Upload(file, file.name, file.content_type) if file else None,
            now=timezone.now(),
            **resolved(request.user, given),
        )
        return selectors.visible_bill(request.user, bill.pk)


class BillItem(BizView):
    @operation(answer=BillDetail, summary="A bill")
    def get(self, request: Call, pk: int) -> Bill:
        return selectors.visible_bill(request.user, pk)

    @operation(body=BillFields, answer=BillDetail, summary="Change a bill that is not approved; it is open again")
    def put(self, request: Call, given: dict[str, Any], pk: int) -> Bill:
        return self.change(request, given, pk)

    @operation(body=BillFields, answer=BillDetail, summary="Change parts of a bill that is not approved")
    def patch(self, request: Call, given: dict[str, Any], pk: int) -> Bill:
        return self.change(request, given, pk)

    @operation(status=204, summary="Delete a bill that is not approved")
    def delete(self, request: Call, pk: int) -> None:
        bill = selectors.visible_bill(request.user, pk)
        bills.delete_bill(actor=request.user, bill=bill, now=timezone.now())

    def change(self, request: Call, given: dict[str, Any], pk: int) -> Bill:
        bill = selectors.visible_bill(request.user, pk)
        permissions.can_write_bills(request.user, bill.organization).enforce()
        bills.update_bill(
            actor=request.user,
            bill=bill,
            changes=resolved(request.user, given),
            lines=lines_of(given) if "lines" in given else None,
            now=timezone.now(),
        )
        return selectors.visible_bill(request.user, pk)


class BillMatch(BizView):
    @operation(answer=BillDetail, summary="Match a bill with its order and what came in: matched, or exception")
    def post(self, request: Call, pk: int) -> Bill:
        bills.match_bill(actor=request.user, bill=selectors.visible_bill(request.user, pk), now=timezone.now())
        return selectors.visible_bill(request.user, pk)


class BillApprove(BizView):
    @operation(body=BillComment, answer=BillDetail, summary="Approve a bill to be paid; it is matched once more first")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> Bill:
        bill = selectors.visible_bill(request.user, pk)
        bills.approve_bill(actor=request.user, bill=bill, comment=given["comment"], now=timezone.now())
        return selectors.visible_bill(request.user, pk)


class BillPay(BizView):
    @operation(body=BillPayment, answer=BillDetail, summary="Note that an approved bill was paid")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> Bill:
        bill = selectors.visible_bill(request.user, pk)
        permissions.can_write_bills(request.user, bill.organization).enforce()
        bills.pay_bill(actor=request.user, bill=bill, now=timezone.now(), **given)
        return selectors.visible_bill(request.user, pk)


class BillFileItem(BizView):
    uploads = True

    @operation(answer=OpenApiResponse(OpenApiTypes.BINARY), summary="Download the bill as it came in")
    def get(self, request: Call, pk: int) -> HttpResponseBase:
        bill = selectors.visible_bill(request.user, pk)
        content = bills.open_file(actor=request.user, bill=bill, now=timezone.now())
        if bill.file is None:
            raise NotFound
        return download(bill.file, content)

    @operation(body=BillFileInput, answer=BillDetail, status=201, summary="Keep the bill as it came in")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> Bill:
        bill = selectors.visible_bill(request.user, pk)
        file = given["file"]
        bills.attach_file(
            actor=request.user,
            bill=bill,
            upload=file,
            filename=file.name,
            declared_type=file.content_type,
            now=timezone.now(),
        )
        return selectors.visible_bill(request.user, pk)
