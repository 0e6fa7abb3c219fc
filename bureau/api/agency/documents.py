"""The documents of cases: `/api/documents/`."""

from datetime import date
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from bureau.api.filters import CREATED, Filter, Ordering, day, flag, number, words
from bureau.api.shapes import Computed, Shape
from bureau.api.shared.downloads import attachment, download
from bureau.api.views import AgencyView, Call, operation
from bureau.cases.actions import run_action
from bureau.cases.models import Case, CaseDocument, DocumentType
from bureau.cases.models.documents import TAKEN_AWAY
from bureau.cases.selectors import documents as selectors
from bureau.cases.selectors.cases import visible_cases
from bureau.cases.selectors.products import visible_document_types
from bureau.cases.services import documents, viewing
from bureau.cases.states import DocumentState, Piece, document_state, is_complete
from bureau.core.files import Upload
from bureau.core.models import ScanState, StoredFile, User
from bureau.documents.pages import CONTENT_TYPE, page_tag
from bureau.kit.errors import Invalid, NotFound

FILTERS = [
    Filter("customer_application", "case", number, "case id"),
    Filter("doc_type", "document_type", number, "document type id"),
    Filter("customer", "case__customer", number, "customer id"),
    Filter("required", "required", flag),
    Filter("completed", lambda yes: selectors.completed() if yes else ~selectors.completed(), flag),
    Filter("checked", lambda yes: ~selectors.UNCHECKED if yes else selectors.UNCHECKED, flag),
    Filter("expiry_date__gte", "expiry_date__gte", day),
    Filter("expiry_date__lte", "expiry_date__lte", day),
    Filter("search", selectors.documents_found, words, "words of type, number, file, case or customer"),
    *CREATED,
]
ORDERING = Ordering(
    doc_type_name="document_type__name",
    doc_number="number",
    expiry_date="expiry_date",
    uploaded_at="uploaded_at",
    created_at="created_at",
    updated_at="updated_at",
)
WIDTH = Filter("width", "", number, f"pixels, from 40 to 2000; {viewing.PAGE_WIDTH} where not given")
VERSION = Filter("v", "", help="anything that changes with the file: the picture may be kept for a day then")

FILE_PARTS = ("file.scan_state", "number", "expiry_date", "document_type.has_number", "document_type.has_expiry_date")


def completed(
    scan_state: str | None, number: str, expiry_date: date | None, has_number: bool, has_expiry_date: bool
) -> bool:
    return is_complete(
        held=scan_state is not None and scan_state not in TAKEN_AWAY,
        number=number,
        expiry_date=expiry_date,
        has_number=has_number,
        has_expiry_date=has_expiry_date,
    )


def state(*parts: Any) -> DocumentState:
    *file_parts, required, checked_at, months, due_date = parts
    piece = Piece(required, completed(*file_parts), checked_at is not None, file_parts[2], months)
    return document_state(piece, due_date=due_date, today=timezone.localdate())


class DocumentShape(Shape):
    id = serializers.IntegerField()
    uuid = serializers.UUIDField()
    customer_application = serializers.IntegerField(source="case_id")
    doc_type = serializers.IntegerField(source="document_type_id")
    doc_type_name = serializers.CharField(source="document_type.name")
    required = serializers.BooleanField()
    doc_number = serializers.CharField(source="number")
    expiry_date = serializers.DateField(allow_null=True)
    details = serializers.CharField()
    filename = serializers.CharField(source="file.filename", allow_null=True)
    size = serializers.IntegerField(source="file.size", allow_null=True, help_text="bytes")
    content_type = serializers.CharField(source="file.content_type", allow_null=True)
    scan_state = serializers.ChoiceField(source="file.scan_state", choices=ScanState.choices, allow_null=True)
    state = Computed(
        state,
        serializers.ChoiceField(choices=[state.value for state in DocumentState]),
        parts=(*FILE_PARTS, "required", "checked_at", "min_validity_months", "case.due_date"),
    )
    completed = Computed(completed, serializers.BooleanField(), parts=FILE_PARTS)
    uploaded_at = serializers.DateTimeField(allow_null=True)
    checked_at = serializers.DateTimeField(allow_null=True)
    checked_by = serializers.IntegerField(source="checked_by_id", allow_null=True, help_text="user id")
    actions = serializers.ListField(
        child=serializers.CharField(), source="document_type.actions", help_text="that it offers, by name"
    )
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


one_document = DocumentShape.prepared_for_user(
    lambda user, document: CaseDocument.objects.visible_to(user).filter(pk=document)
)


class PrintedCase(Shape):
    id = serializers.IntegerField()
    number = serializers.CharField()
    doc_date = serializers.DateField()
    due_date = serializers.DateField()
    status = serializers.CharField()
    notes = serializers.CharField()


class PrintedCustomer(Shape):
    id = serializers.IntegerField()
    name = serializers.CharField(source="party.name")
    customer_type = serializers.CharField()
    company_name = serializers.CharField()
    email = serializers.CharField(source="party.email")
    phone = serializers.CharField(source="party.phone")
    address = serializers.CharField(source="party.address")


class PrintedProduct(Shape):
    id = serializers.IntegerField()
    code = serializers.CharField()
    name = serializers.CharField()


class PrintedOrganization(Shape):
    name = serializers.CharField()
    address = serializers.CharField()
    country = serializers.CharField()
    tax_number = serializers.CharField()


class DocumentPrint(DocumentShape):
    application = PrintedCase(source="case")
    customer = PrintedCustomer(source="case.customer")
    product = PrintedProduct(source="case.product")
    organization = PrintedOrganization()


one_print = DocumentPrint.prepared_for_user(
    lambda user, document: CaseDocument.objects.visible_to(user).filter(pk=document)
)


class DocumentChanges(serializers.Serializer[Any]):
    """As JSON, or as a form with the file. What is left out stays as it is, with PUT too."""

    file = serializers.FileField(
        allow_empty_file=True, max_length=255, required=False, help_text="PDF, JPEG, PNG or DOCX, up to 20 MB"
    )
    doc_number = serializers.CharField(max_length=100, allow_blank=True, required=False)
    expiry_date = serializers.DateField(allow_null=True, required=False)
    details = serializers.CharField(max_length=1000, allow_blank=True, required=False)


class DocumentEntry(DocumentChanges):
    """As JSON, or as a form with the file."""

    customer_application = serializers.IntegerField(help_text="case id")
    doc_type = serializers.IntegerField(help_text="document type id; a case has one document of a type")
    required = serializers.BooleanField(required=False, default=False)


class DocumentIds(serializers.Serializer[Any]):
    document_ids = serializers.ListField(child=serializers.IntegerField(), help_text="in the order of the pages")


class Checked(serializers.Serializer[Any]):
    checked = serializers.BooleanField(help_text="somebody looked at it and found it right")


class PageShape(Shape):
    number = serializers.IntegerField(help_text="from 1")
    url = serializers.CharField()


class Pages(Shape):
    count = serializers.IntegerField()
    pages = PageShape(many=True)


def case_of(user: User, pk: int) -> Case:
    case = visible_cases(user).select_related("organization").filter(pk=pk).first()
    if case is None:
        raise Invalid.field("customer_application", _("There is no such case."))
    return case


def document_type_of(user: User, pk: int) -> DocumentType:
    kind = visible_document_types(user).filter(pk=pk).first()
    if kind is None:
        raise Invalid.field("doc_type", _("There is no such document type."))
    return kind


def resolved(given: Any) -> dict[str, Any]:
    """The given values as the services take them, with the file as `upload`."""
    values = {name: given[name] for name in ("expiry_date", "details") if name in given}
    if "doc_number" in given:
        values["number"] = given["doc_number"]
    file = given.get("file")
    return {**values, "upload": Upload(file, file.name, file.content_type) if file else None}


class DocumentList(AgencyView):
    uploads = True

    @operation(answer=DocumentShape, page=True, filters=FILTERS, ordering=ORDERING, summary="Documents, newest first")
    def get(self, request: Call) -> Any:
        return selectors.visible_documents(request.user)

    @operation(body=DocumentEntry, answer=DocumentShape, status=201, summary="Add a document to a case")
    def post(self, request: Call, given: dict[str, Any]) -> dict[str, Any]:
        document = documents.add_document(
            actor=request.user,
            case=case_of(request.user, given["customer_application"]),
            document_type=document_type_of(request.user, given["doc_type"]),
            required=given["required"],
            now=timezone.now(),
            **resolved(given),
        )
        return shown(request.user, document.pk)


class DocumentItem(AgencyView):
    uploads = True

    @operation(answer=DocumentShape, summary="A document")
    def get(self, request: Call, pk: int) -> dict[str, Any]:
        return shown(request.user, pk)

    @operation(body=DocumentChanges, answer=DocumentShape, summary="Change a document, or replace its file")
    def put(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        return self.change(request, given, pk)

    @operation(body=DocumentChanges, answer=DocumentShape, summary="Change parts of a document, or replace its file")
    def patch(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        return self.change(request, given, pk)

    @operation(status=204, summary="Take a document off its case; a required one is missing again")
    def delete(self, request: Call, pk: int) -> None:
        document = selectors.visible_document(request.user, pk)
        documents.remove_document(actor=request.user, document=document, now=timezone.now())

    def change(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        document = selectors.visible_document(request.user, pk)
        values = resolved(given)
        documents.update_document(
            actor=request.user,
            document=document,
            upload=values.pop("upload"),
            changes=values,
            now=timezone.now(),
        )
        return shown(request.user, pk)


def shown(user: User, pk: int) -> dict[str, Any]:
    return DocumentShape.record(one_document, user, document=pk)


class DocumentCheck(AgencyView):
    @operation(body=Checked, answer=DocumentShape, summary="Say that a document is right, or take that back")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        document = selectors.visible_document(request.user, pk)
        documents.set_checked(actor=request.user, document=document, checked=given["checked"], now=timezone.now())
        return shown(request.user, pk)


class DocumentAction(AgencyView):
    @operation(answer=DocumentShape, summary="Run an action that the document's type offers")
    def post(self, request: Call, pk: int, action_name: str) -> dict[str, Any]:
        document = selectors.visible_document(request.user, pk)
        run_action(actor=request.user, document=document, name=action_name, now=timezone.now())
        return shown(request.user, pk)


class DocumentDownload(AgencyView):
    @operation(answer=OpenApiResponse(OpenApiTypes.BINARY), summary="Download a document's file")
    def get(self, request: Call, pk: int) -> HttpResponseBase:
        document = selectors.visible_document(request.user, pk)
        content = documents.open_document(actor=request.user, document=document, now=timezone.now())
        if document.file is None:
            raise NotFound
        return download(document.file, content)


class DocumentPrintData(AgencyView):
    @operation(answer=DocumentPrint, summary="A document with its case, customer, product and organization, for print")
    def get(self, request: Call, pk: int) -> dict[str, Any]:
        return DocumentPrint.record(one_print, request.user, document=pk)


class DocumentMerge(AgencyView):
    idempotent = False  # it changes nothing, and its answer is large

    @operation(
        body=DocumentIds,
        answer=OpenApiResponse(OpenApiTypes.BINARY),
        summary="The files of complete documents as one PDF, in this order; pictures become pages",
    )
    def post(self, request: Call, given: dict[str, Any]) -> HttpResponseBase:
        asked = given["document_ids"]
        found = selectors.documents_in_order(request.user, asked)
        unknown = [str(pk) for pk, document in zip(asked, found, strict=True) if document is None]
        if unknown:
            message = _("There is no such document: {ids}.").format(ids=", ".join(unknown[:10]))
            raise Invalid.field("document_ids", message)
        chosen = [document for document in found if document is not None]
        merged = viewing.merge_documents(actor=request.user, documents=chosen, now=timezone.now())
        numbers = {document.case.number for document in chosen}
        name = numbers.pop() if len(numbers) == 1 else "documents"
        return attachment(merged, filename=f"{name}.pdf", content_type="application/pdf")


class DocumentPages(AgencyView):
    @operation(answer=Pages, summary="How many pages a document has, and where each can be seen")
    def get(self, request: Call, pk: int) -> dict[str, Any]:
        document = selectors.visible_document(request.user, pk)
        count = viewing.count_pages(actor=request.user, document=document)
        addresses = (reverse("api:document-page", kwargs={"pk": pk, "number": place + 1}) for place in range(count))
        pages = [
            {"number": place, "url": request.build_absolute_uri(address)}
            for place, address in enumerate(addresses, start=1)
        ]
        return {"count": count, "pages": pages}


class DocumentPage(AgencyView):
    @operation(
        answer=OpenApiResponse(OpenApiTypes.BINARY), filters=[WIDTH, VERSION], summary="A page as a WebP picture"
    )
    def get(self, request: Call, pk: int, number: int) -> HttpResponseBase:
        document = selectors.visible_document(request.user, pk)
        raw = request.query_params.get(WIDTH.name)
        width = WIDTH.read(raw) if raw else viewing.PAGE_WIDTH
        if unchanged := kept_picture(request, document.file, number, width):
            return unchanged
        content = viewing.view_page(
            actor=request.user, document=document, number=number, width=width, now=timezone.now()
        )
        return picture(request, content, document.file, number, width)


class DocumentThumbnail(AgencyView):
    @operation(
        answer=OpenApiResponse(OpenApiTypes.BINARY), filters=[VERSION], summary="The first page as a small WebP picture"
    )
    def get(self, request: Call, pk: int) -> HttpResponseBase:
        document = selectors.visible_document(request.user, pk)
        if unchanged := kept_picture(request, document.file, 1, viewing.THUMBNAIL_WIDTH):
            return unchanged
        content = viewing.thumbnail(actor=request.user, document=document)
        return picture(request, content, document.file, 1, viewing.THUMBNAIL_WIDTH)


def kept_picture(request: Call, file: StoredFile | None, number: int, width: int) -> HttpResponseBase | None:
    """304 to a caller who has this very picture, while the file may be seen."""
    if file is None or file.scan_state != ScanState.CLEAN or "HTTP_IF_NONE_MATCH" not in request.META:
        return None
    return get_conditional_response(request._request, etag=page_tag(file, number, width))


def picture(request: Call, content: bytes, file: StoredFile | None, number: int, width: int) -> HttpResponse:
    """One caller's own to keep: for a day where the address says of which file it is, else after asking again."""
    answer = HttpResponse(content, content_type=CONTENT_TYPE)
    if file is not None:
        answer.headers["ETag"] = page_tag(file, number, width)
    answer.headers["Cache-Control"] = "private, max-age=86400" if VERSION.name in request.GET else "private, no-cache"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
