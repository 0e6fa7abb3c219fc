"""What hangs on a purchase order: releases, notes and files."""

from decimal import Decimal
from typing import Any

from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from bureau.api.po.orders import FileInOrder, NoteShape, ReleaseShape
from bureau.api.po.references import PersonRef
from bureau.api.shapes import Computed
from bureau.api.shared.downloads import download
from bureau.api.views import Call, PoView, found, operation
from bureau.core.models import User
from bureau.kit.money import CENT, MAX_DIGITS
from bureau.purchasing.models import OrderFile, OrderNote, OrderRelease
from bureau.purchasing.selectors.orders import visible_order
from bureau.purchasing.services import orders


class FileRow(FileInOrder):
    uploaded_by = PersonRef(source="file.uploader")


class UploadedFile(FileRow):
    stored_filename = Computed(
        lambda uuid, filename: f"{uuid}_{filename}", serializers.CharField(), parts=("file.uuid", "file.filename")
    )


class FileInput(serializers.Serializer[Any]):
    file = serializers.FileField(allow_empty_file=True, max_length=255)


class NoteInput(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=5000)


class ReleaseInput(serializers.Serializer[Any]):
    amount = serializers.DecimalField(max_digits=MAX_DIGITS, decimal_places=2, min_value=CENT)
    note = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")


class ReleaseList(PoView):
    @operation(answer=ReleaseShape, data=True, summary="What was called off of a rolling order")
    def get(self, request: Call, pk: int) -> Any:
        return visible_order(request.user, pk).releases.order_by("created_at", "pk")

    @operation(body=ReleaseInput, answer=ReleaseShape, status=201, summary="Call off a part of a rolling order")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> OrderRelease:
        order = visible_order(request.user, pk)
        return orders.release(
            actor=request.user, order=order, amount=Decimal(given["amount"]), note=given["note"], now=timezone.now()
        )


class NoteList(PoView):
    @operation(answer=NoteShape, data=True, summary="Notes on an order, oldest first")
    def get(self, request: Call, pk: int) -> Any:
        return visible_order(request.user, pk).notes.order_by("created_at", "pk")

    @operation(body=NoteInput, answer=NoteShape, status=201, summary="Add a note")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> OrderNote:
        order = visible_order(request.user, pk)
        return orders.add_note(actor=request.user, order=order, text=given["text"], now=timezone.now())


class FileList(PoView):
    uploads = True

    @operation(answer=FileRow, data=True, summary="Files of an order, oldest first")
    def get(self, request: Call, pk: int) -> Any:
        return visible_order(request.user, pk).files.order_by("created_at", "pk")

    @operation(body=FileInput, answer=UploadedFile, status=201, summary="Attach a file")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> OrderFile:
        order = visible_order(request.user, pk)
        upload = given["file"]
        return orders.attach_file(
            actor=request.user,
            order=order,
            upload=upload,
            filename=upload.name,
            declared_type=upload.content_type,
            now=timezone.now(),
        )


def visible_file(user: User, pk: int) -> OrderFile:
    file: OrderFile = found(OrderFile.objects.visible_to(user).select_related("file", "order"), pk=pk)
    return file


class FileDownload(PoView):
    @operation(answer=OpenApiResponse(OpenApiTypes.BINARY), summary="Download a file")
    def get(self, request: Call, pk: int) -> HttpResponseBase:
        file = visible_file(request.user, pk)
        return download(file.file, orders.open_file(actor=request.user, file=file, now=timezone.now()))


class FileItem(PoView):
    @operation(status=204, summary="Take a file off its order")
    def delete(self, request: Call, pk: int) -> None:
        orders.remove_file(actor=request.user, file=visible_file(request.user, pk), now=timezone.now())
