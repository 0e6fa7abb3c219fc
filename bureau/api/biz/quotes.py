"""Quotes: `/api/quotes/`."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import reduce
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from bureau.api.filters import CREATED, Filter, OneOf, Ordering, day, number, words
from bureau.api.shapes import Computed, Listing, Money, Rows, Shape
from bureau.api.shared.customers import with_owner
from bureau.api.shared.downloads import attachment
from bureau.api.shared.invoice_shapes import InvoiceShape
from bureau.api.shared.invoice_shapes import shown as shown_invoice
from bureau.api.shared.sales import (
    SalesFields,
    SalesLineFields,
    SalesLineShape,
    customer_of,
    errors_under,
    line_input,
    named,
    quantity_number,
)
from bureau.api.views import BizView, Call, operation
from bureau.core.models import User
from bureau.core.prepared import EVERYTHING, Narrowing, PreparedForUser
from bureau.sales.models import Quote
from bureau.sales.selectors import quotes as selectors
from bureau.sales.selectors.invoices import containing
from bureau.sales.selectors.parts import quote_lines_of
from bureau.sales.services import quotes, sending
from bureau.sales.services.content import MAX_LINES, LineInput
from bureau.sales.states import QuoteStatus, quote_status

STATUSES = [status.value for status in QuoteStatus]


class ShownStatus:
    """What `of_status` asks about the quotes that are shown as one status today: the kept status; of those that are
    sent also today, which is no later than their last day; of those that have expired today, and what they are kept as
    until the night. A prepared list is told apart by how many values there are."""

    choices = STATUSES

    def __call__(self, value: str) -> list[Any]:
        status, today = OneOf(self.choices)(value), timezone.localdate()
        if status == QuoteStatus.EXPIRED:
            return [status, today, QuoteStatus.SENT.value]
        return [status, today] if status == QuoteStatus.SENT else [status]


def of_status(given: Sequence[Any]) -> Q:
    found = Q(status=given[0])
    if len(given) == 1:
        return found
    today, *late = given[1:]
    return found | Q(status=late[0], expiry_date__lt=today) if late else found & Q(expiry_date__gte=today)


def found_by(given: Sequence[Any]) -> Q:
    return reduce(Q.__and__, (containing(word) for word in given), Q())


FILTERS = [
    Filter("status", of_status, ShownStatus(), "as it is shown: what has expired is not sent"),
    Filter("client", "customer", number, "client id"),
    Filter("customer", "customer", number, "as client"),
    Filter("owner", "owner", number, "user id"),
    *(
        Filter(f"{name}__{lookup}", f"{name}__{lookup}", day)
        for name in ("issue_date", "expiry_date")
        for lookup in ("gte", "lte")
    ),
    Filter("search", found_by, words, "words of the number or the client"),
    *CREATED,
]
ORDERING = Ordering(
    quote_number="number",
    client_name="customer__sort_name",
    issue_date="issue_date",
    expiry_date="expiry_date",
    status="status",
    subtotal="subtotal",
    tax_amount="tax_amount",
    total_amount="total_amount",
    created_at="created_at",
    updated_at="updated_at",
)


FILE_FORMAT = Filter("file_format", "", OneOf(["pdf"]), "pdf where not given", default="pdf")


class QuoteColumns(Shape):
    id = serializers.IntegerField()
    quote_number = serializers.CharField(source="number")
    client = serializers.IntegerField(source="customer_id")
    client_name = serializers.CharField(source="customer.party.name")
    issue_date = serializers.DateField()
    expiry_date = serializers.DateField(help_text="the last day on which it can be accepted")
    status = Computed(
        lambda status, expiry_date: quote_status(status, expiry_date, today=timezone.localdate()).value,
        serializers.ChoiceField(choices=STATUSES),
        parts=("status", "expiry_date"),
    )
    version = serializers.IntegerField()
    currency = serializers.CharField()
    subtotal = Money()
    tax_amount = Money()
    total_amount = Money()
    terms = serializers.CharField()
    notes = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    owner = serializers.IntegerField(source="owner_id", help_text="user id")
    sent_at = serializers.DateTimeField(allow_null=True, help_text="this version")
    decided_at = serializers.DateTimeField(allow_null=True, help_text="accepted or rejected")
    decided_by = serializers.CharField(help_text="who of the client's, or of ours for them")
    decision_note = serializers.CharField(help_text="what they said to it")
    invoice = serializers.IntegerField(source="invoice.id", allow_null=True, help_text="that it has become")


class QuoteShape(QuoteColumns):
    line_items = SalesLineShape(many=True)

    @classmethod
    def listing(cls, query: PreparedForUser, user: User, narrowing: Narrowing = EVERYTHING) -> Listing:
        found = QuoteColumns.listing(query, user, narrowing)
        return Listing(found.count, lambda start, size: _with_lines(found.rows(start, size)))

    @classmethod
    def record(cls, query: PreparedForUser, user: User, **values: Any) -> dict[str, Any]:
        return _with_lines([QuoteColumns.record(query, user, **values)])[0]

    @classmethod
    def each(cls, queryset: QuerySet[Any], chunk: int) -> Iterator[dict[str, Any]]:
        """Without what a file leaves out."""
        return QuoteColumns.each(queryset, chunk)


_lines = SalesLineShape.prepared_for_many("quote_id", quote_lines_of)
all_quotes = QuoteColumns.prepared_for_user(lambda user: Quote.objects.visible_to(user).order_by("-created_at", "-pk"))
one_quote = QuoteColumns.prepared_for_user(lambda user, quote: Quote.objects.visible_to(user).filter(pk=quote))


def _with_lines(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    lines = _lines([quote["id"] for quote in found])
    for quote in found:
        quote["line_items"] = lines.get(quote["id"], [])
    return found


def shown(user: User, pk: int) -> dict[str, Any]:
    """Raises NotFound."""
    return QuoteShape.record(one_quote, user, quote=pk)


class VersionLine(serializers.Serializer[Any]):
    description = serializers.CharField()
    quantity = serializers.FloatField()
    unit = serializers.CharField()
    unit_price = Money()
    discount_percent = serializers.DecimalField(max_digits=5, decimal_places=2)
    tax_code = serializers.CharField()
    tax_rate = serializers.DecimalField(max_digits=5, decimal_places=2, help_text="percent")
    tax_amount = Money()
    total = Money(help_text="net, after the discount")
    line_total = Money(help_text="with tax")


COPIED = ("description", "unit", "unit_price", "discount_percent", "tax_code", "tax_rate", "tax_amount", "line_total")


def version_lines(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            **{name: line[name] for name in COPIED},
            "quantity": quantity_number(Decimal(line["quantity"])),
            "total": line["net_amount"],
        }
        for line in content["lines"]
    ]


def kept(name: str, like: serializers.Field) -> Computed:
    return Computed(lambda content: content[name], like, source="content")


class VersionShape(Shape):
    """A quote as it was sent."""

    version = serializers.IntegerField(source="number")
    sent_at = serializers.DateTimeField()
    client = kept("customer", serializers.IntegerField())
    issue_date = kept("issue_date", serializers.DateField())
    expiry_date = kept("expiry_date", serializers.DateField())
    currency = kept("currency", serializers.CharField())
    subtotal = kept("subtotal", Money())
    tax_amount = kept("tax_amount", Money())
    total_amount = kept("total_amount", Money())
    terms = kept("terms", serializers.CharField())
    notes = kept("notes", serializers.CharField())
    line_items = Computed(version_lines, VersionLine(many=True), source="content")


class QuoteFields(SalesFields):
    """What is left out stays as it is, with PUT too. Number and amounts are given by the server. A change of what was
    sent makes the next version, which is a draft; an accepted quote stays as it is."""

    expiry_date = serializers.DateField(
        required=False, help_text="the last day on which it can be accepted; after the organization's quote days"
    )
    status = serializers.ChoiceField(choices=STATUSES, required=False)
    decided_by = serializers.CharField(
        max_length=200, allow_blank=True, required=False, help_text="with the status accepted or rejected: who says so"
    )
    decision_note = serializers.CharField(
        max_length=1000, allow_blank=True, required=False, help_text="with the same: what they say to it"
    )
    line_items = Rows(child=SalesLineFields(), required=False, max_length=MAX_LINES)


class QuoteMessage(serializers.Serializer[Any]):
    """It goes to the address that the client has on record, and to no other."""

    message = serializers.CharField(
        max_length=sending.LONGEST_MESSAGE, allow_blank=True, required=False, default="", help_text="stands in the mail"
    )


def names_in(given: Mapping[str, Any], quote: Quote | None = None) -> dict[str, str]:
    """How a body calls what the services call customer."""
    return {"customer": named(given, "client", "customer", quote.customer_id if quote else None)}


TAKEN = ("issue_date", "expiry_date", "terms", "notes", "status")


def content_of(user: User, given: Mapping[str, Any], quote: Quote | None = None) -> dict[str, Any]:
    """What the services take, but for the lines. Raises Invalid."""
    values = {name: given[name] for name in TAKEN if name in given}
    client = names_in(given, quote)["customer"]
    if quote is None or given.get(client, quote.customer_id) != quote.customer_id:
        values["customer"] = customer_of(user, given, quote.customer_id if quote else None)
    organization = quote.organization if quote else values["customer"].organization
    return values | with_owner(user, organization, {name: given[name] for name in ("owner",) if name in given})


def lines_of(given: Mapping[str, Any]) -> list[LineInput]:
    return [line_input(line) for line in given.get("line_items", [])]


class QuoteList(BizView):
    @operation(answer=QuoteShape, page=True, filters=FILTERS, ordering=ORDERING, summary="Quotes, newest first")
    def get(self, request: Call) -> Any:
        return all_quotes

    @operation(body=QuoteFields, answer=QuoteShape, status=201, summary="Make a quote; its amounts follow from lines")
    def post(self, request: Call, given: dict[str, Any]) -> dict[str, Any]:
        content = content_of(request.user, given)
        with errors_under(names_in(given)):
            quote = quotes.create_quote(actor=request.user, lines=lines_of(given), now=timezone.now(), **content)
        return shown(request.user, quote.pk)


class QuoteItem(BizView):
    @operation(answer=QuoteShape, summary="A quote with its lines")
    def get(self, request: Call, pk: int) -> dict[str, Any]:
        return shown(request.user, pk)

    @operation(body=QuoteFields, answer=QuoteShape, summary="Change a quote, or move it by its status")
    def put(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        return self.change(request, given, pk)

    @operation(body=QuoteFields, answer=QuoteShape, summary="Change parts of a quote, or move it by its status")
    def patch(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        return self.change(request, given, pk)

    @operation(status=204, summary="Delete a draft; its number stays unused")
    def delete(self, request: Call, pk: int) -> None:
        quote = selectors.visible_quote(request.user, pk)
        quotes.delete_quote(actor=request.user, quote=quote, now=timezone.now())

    def change(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        quote = selectors.visible_quote(request.user, pk)
        changes = content_of(request.user, given, quote)
        changes |= {name: given[name] for name in ("decided_by", "decision_note") if name in given}
        lines = lines_of(given) if "line_items" in given else None
        with errors_under(names_in(given, quote)):
            quotes.update_quote(actor=request.user, quote=quote, changes=changes, lines=lines, now=timezone.now())
        return shown(request.user, pk)


class QuoteConvert(BizView):
    @operation(answer=InvoiceShape, status=201, summary="Turn an accepted quote into a draft invoice, once")
    def post(self, request: Call, pk: int) -> dict[str, Any]:
        quote = selectors.visible_quote(request.user, pk)
        invoice = quotes.convert_quote(actor=request.user, quote=quote, now=timezone.now())
        return shown_invoice(request.user, invoice.pk)


class QuoteSend(BizView):
    @operation(body=QuoteMessage, answer=QuoteShape, summary="Mail a quote to the client, with its PDF and a link")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        quote = selectors.visible_quote(request.user, pk)
        sending.send_quote(actor=request.user, quote=quote, message=given["message"], now=timezone.now())
        return shown(request.user, pk)


class QuoteVersions(BizView):
    @operation(answer=VersionShape, page=True, summary="A quote's versions as they were sent, the newest first")
    def get(self, request: Call, pk: int) -> Any:
        return selectors.quote_versions(selectors.visible_quote(request.user, pk))


class QuoteDownload(BizView):
    @operation(
        answer=OpenApiResponse(OpenApiTypes.BINARY), filters=[FILE_FORMAT], summary="A quote as a file, as it is now"
    )
    def get(self, request: Call, pk: int) -> HttpResponseBase:
        quote = selectors.visible_quote(request.user, pk)
        FILE_FORMAT.read(request.query_params.get(FILE_FORMAT.name) or FILE_FORMAT.default)
        content = quotes.read_quote_pdf(actor=request.user, quote=quote, now=timezone.now())
        return attachment(content, filename=quotes.quote_filename(quote), content_type="application/pdf")
