"""Purchase requests: `/api/prs/requests/` and what hangs on one."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from bureau.api.filters import Filter, OneOf, identifier
from bureau.api.prs.references import PersonName, PersonRef, PurchaseTypeRef, StatusRef, StepRef, TeamRef, TemplateRef
from bureau.api.prs.templates import team_of
from bureau.api.shapes import Computed, Money, Rows, Shape
from bureau.api.shared.downloads import download
from bureau.api.views import Call, PrsView, found, operation
from bureau.core.models import User
from bureau.kit.money import MAX_DIGITS
from bureau.purchasing.models import (
    Attachment,
    Decision,
    FieldType,
    FieldValue,
    PurchaseRequest,
    PurchaseType,
    RequestItem,
)
from bureau.purchasing.selectors import requests as selectors
from bureau.purchasing.services import approvals, attachments, requests
from bureau.purchasing.services.attachments import Upload
from bureau.purchasing.states import RequestStatus

FILTERS = [
    Filter("status", "status", OneOf([status.value for status in RequestStatus]), "status code"),
    Filter("team", "team__uuid", identifier, "team id"),
    Filter("requestor", "requestor__uuid", identifier, "user id"),
]


def number_text(value: Decimal | None) -> str | None:
    """At least two decimals, as the contract writes them: "5000.00", "0.1250"."""
    if value is None:
        return None
    return f"{value:.2f}" if value == value.quantize(Decimal("0.01")) else f"{value:f}"


def quantity_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


class RequestRow(Shape):
    id = serializers.UUIDField(source="uuid")
    requestor = PersonRef()
    team = TeamRef()
    status = StatusRef(source="*")
    subject = serializers.CharField()
    vendor_name = serializers.CharField()
    created_at = serializers.DateTimeField()


class InboxRow(RequestRow):
    current_template_step = StepRef(source="current_step", allow_null=True)


all_requests = RequestRow.prepared_for_user(
    lambda user: PurchaseRequest.objects.listed_for(user).order_by("-created_at", "-pk")
)
waiting_requests = InboxRow.prepared_for_user(selectors.requests_awaiting)


class FieldRef(Shape):
    id = serializers.UUIDField(source="uuid")
    field_id = serializers.CharField()
    name = serializers.CharField()
    field_type = serializers.ChoiceField(choices=FieldType.values)


class FileRef(Shape):
    id = serializers.UUIDField(source="uuid")
    filename = serializers.CharField(source="file.filename")


class FieldValueShape(Shape):
    """A value stands under the key of its type alone: value_number for a NUMBER."""

    field = FieldRef()
    value_text = serializers.CharField(required=False)
    value_number = serializers.CharField(required=False)
    value_date = serializers.DateField(required=False)
    value_boolean = serializers.BooleanField(required=False)
    value_file = FileRef(required=False)


class FieldValueColumns(FieldValueShape):
    """All columns of a value, of which one is in use."""

    value_number = Computed(number_text, serializers.CharField())
    value_file = FileRef(allow_null=True)


VALUE_KEYS = {
    FieldType.NUMBER: "value_number",
    FieldType.DATE: "value_date",
    FieldType.BOOLEAN: "value_boolean",
    FieldType.FILE: "value_file",
}

stored_values = FieldValueColumns.prepared(
    lambda request: FieldValue.objects.filter(request=request).order_by("field__order", "field_id")
)


def shown_values(request: int) -> list[dict[str, Any]]:
    shown = []
    for value in stored_values(request=request):
        key = VALUE_KEYS.get(value["field"]["field_type"], "value_text")
        shown.append({"field": value["field"], key: value[key]})
    return shown


class AttachmentRow(Shape):
    id = serializers.UUIDField(source="uuid")
    filename = serializers.CharField(source="file.filename")
    file_size = serializers.IntegerField(source="file.size", help_text="bytes")
    file_type = serializers.CharField(source="file.content_type")
    category = serializers.CharField()
    upload_date = serializers.DateTimeField(source="created_at")


class DecisionStep(Shape):
    step_name = serializers.CharField()
    step_order = serializers.IntegerField()


class Username(Shape):
    username = serializers.CharField()


class DecisionShape(Shape):
    id = serializers.UUIDField(source="uuid")
    template_step = DecisionStep(source="step")
    approver = Username()
    action = serializers.ChoiceField(choices=["APPROVE", "REJECT", "COMPLETE"])
    comment = serializers.CharField()
    timestamp = serializers.DateTimeField(source="created_at")


class ItemShape(Shape):
    description = serializers.CharField()
    quantity = Computed(quantity_number, serializers.FloatField())
    unit_price = Money()
    total = Money()


item_rows = ItemShape.prepared(lambda request: RequestItem.objects.filter(request=request).order_by("position"))
attachment_rows = AttachmentRow.prepared(
    lambda request: Attachment.objects.filter(request=request).order_by("created_at", "pk")
)
decision_rows = DecisionShape.prepared(
    lambda request: Decision.objects.filter(request=request).order_by("created_at", "pk")
)


class RequestDetail(Shape):
    id = serializers.UUIDField(source="uuid")
    number = serializers.CharField()
    requestor = PersonName()
    team = TeamRef()
    form_template = TemplateRef()
    workflow_template = TemplateRef(allow_null=True)
    status = StatusRef(source="*")
    current_template_step = StepRef(source="current_step", allow_null=True)
    vendor_name = serializers.CharField()
    vendor_account = serializers.CharField()
    subject = serializers.CharField()
    description = serializers.CharField()
    purchase_type = PurchaseTypeRef(source="*")
    amount = Money(allow_null=True)
    items = Computed(lambda pk: item_rows(request=pk), ItemShape(many=True), source="pk")
    field_values = Computed(shown_values, FieldValueShape(many=True), source="pk")
    attachments = Computed(lambda pk: attachment_rows(request=pk), AttachmentRow(many=True), source="pk")
    approval_history = Computed(lambda pk: decision_rows(request=pk), DecisionShape(many=True), source="pk")
    rejection_comment = serializers.CharField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


detail_rows = RequestDetail.prepared(lambda request: PurchaseRequest.objects.filter(pk=request))


class Submitted(Shape):
    id = serializers.UUIDField(source="uuid")
    status = StatusRef(source="*")
    submitted_at = serializers.DateTimeField()


class Approved(Shape):
    id = serializers.UUIDField(source="uuid")
    status = StatusRef(source="*")
    current_template_step = StepRef(source="current_step", allow_null=True)


class Rejected(Shape):
    id = serializers.UUIDField(source="uuid")
    status = StatusRef(source="*")
    rejection_comment = serializers.CharField()


class Completed(Shape):
    id = serializers.UUIDField(source="uuid")
    status = StatusRef(source="*")
    completed_at = serializers.DateTimeField()


class ItemInput(serializers.Serializer[Any]):
    description = serializers.CharField(max_length=300)
    quantity = serializers.DecimalField(max_digits=12, decimal_places=3, min_value=Decimal("0.001"))
    unit_price = serializers.DecimalField(max_digits=MAX_DIGITS, decimal_places=2, min_value=Decimal(0))


class RequestChanges(serializers.Serializer[Any]):
    vendor_name = serializers.CharField(max_length=200, allow_blank=True, required=False)
    vendor_account = serializers.CharField(max_length=100, allow_blank=True, required=False)
    subject = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=20_000, allow_blank=True, required=False)
    purchase_type = serializers.ChoiceField(choices=PurchaseType.choices, required=False)
    field_values = serializers.DictField(required=False, help_text="by field_id")
    items = Rows(child=ItemInput(), required=False, max_length=500)


class RequestInput(RequestChanges):
    team = serializers.UUIDField()


class ApprovalInput(serializers.Serializer[Any]):
    comment = serializers.CharField(max_length=5000, allow_blank=True, required=False, default="")


class RejectionInput(serializers.Serializer[Any]):
    comment = serializers.CharField(max_length=5000, allow_blank=True, help_text="at least 10 characters")


class AttachmentInput(serializers.Serializer[Any]):
    file = serializers.FileField(allow_empty_file=True, max_length=255)
    category = serializers.CharField(max_length=50, allow_blank=True, required=False, default="")


class FilesInput(serializers.Serializer[Any]):
    files = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True, max_length=255), required=False, default=list
    )


def detailed(request: int) -> dict[str, Any]:
    """All that the detail shows, in five queries whatever hangs on the request."""
    return detail_rows(request=request)[0]


class RequestList(PrsView):
    @operation(answer=RequestRow, page=True, filters=FILTERS, summary="Purchase requests, newest first")
    def get(self, request: Call) -> Any:
        if request.user.sees_organization and not request.query_params.keys() & {filter.name for filter in FILTERS}:
            return RequestRow.listing(all_requests, request.user)
        return PurchaseRequest.objects.listed_for(request.user).order_by("-created_at", "-pk")

    @operation(body=RequestInput, answer=RequestDetail, status=201, summary="Create a draft")
    def post(self, request: Call, given: dict[str, Any]) -> dict[str, Any]:
        team = team_of(request.user, given.pop("team"))
        return detailed(requests.create_request(actor=request.user, team=team, now=timezone.now(), **given).pk)


class RequestRecord(PrsView):
    @operation(answer=RequestDetail, summary="A purchase request")
    def get(self, request: Call, request_id: UUID) -> dict[str, Any]:
        return detailed(selectors.visible_request(request.user, request_id).pk)

    @operation(body=RequestChanges, answer=RequestDetail, summary="Change a draft or a rejected request")
    def patch(self, request: Call, given: dict[str, Any], request_id: UUID) -> dict[str, Any]:
        record = selectors.visible_request(request.user, request_id)
        return detailed(requests.update_request(actor=request.user, request=record, now=timezone.now(), **given).pk)

    @operation(status=204, summary="Discard a draft")
    def delete(self, request: Call, request_id: UUID) -> None:
        requests.delete_draft(
            actor=request.user, request=selectors.visible_request(request.user, request_id), now=timezone.now()
        )


class RequestSubmit(PrsView):
    @operation(body=FilesInput, answer=Submitted, summary="Submit for approval, with further files where wanted")
    def post(self, request: Call, given: dict[str, Any], request_id: UUID) -> PurchaseRequest:
        record = selectors.visible_request(request.user, request_id)
        uploads = [Upload(file, file.name, file.content_type) for file in given["files"]]
        return requests.submit_request(actor=request.user, request=record, uploads=uploads, now=timezone.now())


class RequestApprove(PrsView):
    @operation(body=ApprovalInput, answer=Approved, summary="Approve the current step")
    def post(self, request: Call, given: dict[str, Any], request_id: UUID) -> PurchaseRequest:
        record = selectors.visible_request(request.user, request_id)
        return approvals.approve_request(
            actor=request.user, request=record, comment=given["comment"], now=timezone.now()
        )


class RequestReject(PrsView):
    @operation(body=RejectionInput, answer=Rejected, summary="Reject, with the reason")
    def post(self, request: Call, given: dict[str, Any], request_id: UUID) -> PurchaseRequest:
        record = selectors.visible_request(request.user, request_id)
        return approvals.reject_request(
            actor=request.user, request=record, comment=given["comment"], now=timezone.now()
        )


class RequestComplete(PrsView):
    @operation(body=ApprovalInput, answer=Completed, summary="Complete after the finance review")
    def post(self, request: Call, given: dict[str, Any], request_id: UUID) -> PurchaseRequest:
        record = selectors.visible_request(request.user, request_id)
        return approvals.complete_request(
            actor=request.user, request=record, comment=given["comment"], now=timezone.now()
        )


class Inbox(PrsView):
    @operation(answer=InboxRow, page=True, summary="Requests that wait for your approval, oldest first")
    def get(self, request: Call) -> Any:
        return InboxRow.listing(waiting_requests, request.user)


class FinanceInbox(PrsView):
    @operation(answer=InboxRow, page=True, summary="Requests in your finance review, oldest first")
    def get(self, request: Call) -> Any:
        return selectors.finance_inbox(request.user)


class AttachmentList(PrsView):
    uploads = True

    @operation(body=AttachmentInput, answer=AttachmentRow, status=201, summary="Attach a file")
    def post(self, request: Call, given: dict[str, Any], request_id: UUID) -> Attachment:
        record = selectors.visible_request(request.user, request_id)
        upload = given["file"]
        return attachments.attach_file(
            actor=request.user,
            request=record,
            upload=upload,
            filename=upload.name,
            declared_type=upload.content_type,
            category=given["category"],
            now=timezone.now(),
        )


def visible_attachment(user: User, attachment_id: UUID) -> Attachment:
    return found(Attachment.objects.visible_to(user).select_related("file", "request"), uuid=attachment_id)


class AttachmentDownload(PrsView):
    @operation(answer=OpenApiResponse(OpenApiTypes.BINARY), summary="Download an attachment")
    def get(self, request: Call, attachment_id: UUID) -> HttpResponseBase:
        attachment = visible_attachment(request.user, attachment_id)
        content = attachments.open_attachment(actor=request.user, attachment=attachment, now=timezone.now())
        return download(attachment.file, content)


class AttachmentItem(PrsView):
    @operation(status=204, summary="Remove an attachment from a draft")
    def delete(self, request: Call, attachment_id: UUID) -> None:
        attachments.remove_attachment(
            actor=request.user, attachment=visible_attachment(request.user, attachment_id), now=timezone.now()
        )
