"""Invoices, which both families keep at `/api/invoices/`: lists, records, and how they are written."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from bureau.api.filters import CREATED, Filter, OneOf, Ordering, day, each_word, flag, number, words
from bureau.api.shapes import Rows
from bureau.api.shared.customers import with_owner
from bureau.api.shared.invoice_shapes import STATUSES, InvoiceShape, all_invoices, shown
from bureau.api.shared.sales import SalesFields, SalesLineFields, customer_of, errors_under, line_input, named
from bureau.api.views import BizView, Call, operation
from bureau.cases.models import Case
from bureau.core.models import User
from bureau.kit.errors import Invalid
from bureau.kit.money import MAX_DIGITS, ZERO
from bureau.sales.calculations import line_amounts
from bureau.sales.models import Invoice, InvoiceLine
from bureau.sales.selectors import invoices as selectors
from bureau.sales.selectors.parts import billing_case
from bureau.sales.services import invoices
from bureau.sales.services.content import MAX_LINES, LineInput
from bureau.sales.states import OPEN, InvoiceStatus

FAMILIES = ("biz", "agency")


class ShownStatus:
    """What `with_status` asks about the invoices that are shown as one status today: the kept status; of an open one
    also today, which is no later than the due date; of those that are overdue both open ones, and today. A prepared
    list is told apart by how many values there are."""

    choices = STATUSES

    def __call__(self, value: str) -> list[Any]:
        status, today = OneOf(self.choices)(value), timezone.localdate()
        if status == InvoiceStatus.OVERDUE:
            return [today, *OPEN]
        return [today, status] if status in OPEN else [status]


def with_status(given: Sequence[Any]) -> Q:
    if len(given) == 1:
        return Q(status=given[0])
    today, *statuses = given
    late = Q(due_date__lt=today, status__in=statuses)
    return late if len(statuses) > 1 else Q(due_date__gte=today, status=statuses[0])


def paid_or_not(value: str) -> list[str]:
    """The kept statuses that are left out."""
    return [InvoiceStatus.PAID.value] if flag(value) else []


def without(statuses: Sequence[Any]) -> Q:
    return ~Q(status__in=statuses) if statuses else Q()


FILTERS = [
    Filter("status", with_status, ShownStatus(), "as it is shown: what is overdue is not sent or partial"),
    Filter("hide_paid", without, paid_or_not, "true: without those that are paid"),
    Filter("client", "customer", number, "client id"),
    Filter("customer", "customer", number, "as client"),
    Filter("owner", "owner", number, "user id"),
    Filter("quote", "quote", number, "quote id"),
    Filter("case", billing_case, number, "id of a case that is billed"),
    Filter("customer_application", billing_case, number, "as case"),
    Filter("imported", "imported", flag),
    *(
        Filter(f"{name}__{lookup}", f"{column}__{lookup}", day)
        for name, column in (("issue_date", "issue_date"), ("invoice_date", "issue_date"), ("due_date", "due_date"))
        for lookup in ("gte", "lte")
    ),
    Filter("search", each_word(selectors.containing), words, "words of the number or the client"),
    *CREATED,
]
ORDERING = Ordering(
    invoice_number=("year", "sequence", "number"),
    invoice_no=("year", "sequence", "number"),
    customer_name="customer__sort_name",
    client_name="customer__sort_name",
    issue_date="issue_date",
    invoice_date="issue_date",
    due_date="due_date",
    status="status",
    subtotal="subtotal",
    tax_amount="tax_amount",
    total_amount="total_amount",
    paid_amount="paid_amount",
    balance="balance",
    created_at="created_at",
    updated_at="updated_at",
)
AMOUNT: dict[str, Any] = {"max_digits": MAX_DIGITS, "decimal_places": 2}


class InvoiceLineFields(SalesLineFields):
    quantity = serializers.DecimalField(
        max_digits=12, decimal_places=3, required=False, default=Decimal(1), help_text="1 where not given"
    )
    unit_price = serializers.DecimalField(
        **AMOUNT,
        required=False,
        allow_null=True,
        default=None,
        help_text="net; a case's: its product's where not given",
    )
    customer_application = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="the case that it bills"
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["unit_price"] is None and given["customer_application"] is None:
            raise serializers.ValidationError({"unit_price": [_("This field is required.")]})
        return given


class InvoiceApplicationFields(serializers.Serializer[Any]):
    customer_application = serializers.IntegerField(help_text="the case that is billed")
    amount = serializers.DecimalField(
        **AMOUNT, required=False, allow_null=True, default=None, help_text="net; its product's price where not given"
    )


class InvoiceFields(SalesFields):
    """What is left out stays as it is, with PUT too. Number and amounts are given by the server. Lines of cases are
    given in `line_items` or in `invoice_applications`; the other lines of an invoice stay where the latter are given
    alone. Of an invoice that has been issued nothing but the owner changes."""

    invoice_date = serializers.DateField(required=False, help_text="as issue_date")
    due_date = serializers.DateField(required=False, help_text="after the organization's payment days where not given")
    status = serializers.ChoiceField(
        choices=STATUSES, required=False, help_text="sent issues it, cancelled cancels it; the others follow"
    )
    sent = serializers.BooleanField(required=False, help_text="true: as the status sent")
    line_items = Rows(child=InvoiceLineFields(), required=False, max_length=MAX_LINES)
    invoice_applications = Rows(child=InvoiceApplicationFields(), required=False, max_length=MAX_LINES)


def names_in(given: Mapping[str, Any], invoice: Invoice | None = None) -> dict[str, str]:
    """How a body calls what the services call customer and issue_date."""
    customer, begin = (invoice.customer_id, invoice.issue_date) if invoice else (None, None)
    return {
        "customer": named(given, "client", "customer", customer),
        "issue_date": named(given, "issue_date", "invoice_date", begin),
    }


def content_of(user: User, given: Mapping[str, Any], invoice: Invoice | None = None) -> dict[str, Any]:
    """What the services take, but for the lines. Raises Invalid."""
    names, values = names_in(given, invoice), {}
    if invoice is None or given.get(names["customer"], invoice.customer_id) != invoice.customer_id:
        values["customer"] = customer_of(user, given, invoice.customer_id if invoice else None)
    organization = invoice.organization if invoice else values["customer"].organization
    if names["issue_date"] in given:
        values["issue_date"] = given[names["issue_date"]]
    values |= {name: given[name] for name in ("due_date", "terms", "notes") if name in given}
    owner = given.get("owner")
    if owner is not None and (invoice is None or owner != invoice.owner_id):
        values |= with_owner(user, organization, {"owner": owner})
    return values


def status_of(given: Mapping[str, Any], invoice: Invoice | None = None) -> str:
    """The status that is asked for; `sent` says nothing new of what has been issued."""
    status = str(given.get("status", ""))
    if given.get("sent") and (invoice is None or invoice.status == InvoiceStatus.DRAFT):
        return status if status not in ("", InvoiceStatus.DRAFT) else InvoiceStatus.SENT.value
    return status


class GivenLines:
    """The lines of a body, and the names under which their errors stand."""

    def __init__(self, user: User, given: Mapping[str, Any], current: Sequence[InvoiceLine] = ()) -> None:
        self.names: dict[str, str] = {}
        self.applied: set[int] = set()
        self.current = [_present(line) for line in current]
        self.of_cases = {line.case_id: line for line in current if line.case_id}
        self.cases = _cases_of(user, given, current)
        items = given.get("line_items")
        if items is None:
            self.lines = [line for line in self.current if line.case is None]
        else:
            self.lines = [self._item(place, item) for place, item in enumerate(items)]
        for place, application in enumerate(given.get("invoice_applications", [])):
            self._apply(place, application)

    @property
    def changed(self) -> Sequence[LineInput] | None:
        """None where they are what is there: rates that have changed since do not count then."""
        return None if self.lines == self.current else self.lines

    def _item(self, place: int, given: Mapping[str, Any]) -> LineInput:
        case = self._case(f"line_items.{place}", given)
        price = given["unit_price"] if given["unit_price"] is not None or case is None else case.product.base_price
        return line_input({**given, "unit_price": price}, case)

    def _apply(self, place: int, given: Mapping[str, Any]) -> None:
        """A line for the case. Where there is one already, that of the two counts which is new; where both are, they
        must say the same."""
        name = f"invoice_applications.{place}"
        case, amount = self._case(name, given), given["amount"]
        if case is None:
            raise Invalid.field(f"{name}.customer_application", _("This field is required."))
        if case.pk in self.applied:
            raise Invalid.field(f"{name}.customer_application", _("This case is here twice."))
        self.applied.add(case.pk)
        known = self.of_cases.get(case.pk)
        there = next((index for index, line in enumerate(self.lines) if line.case == case), None)
        if there is None:
            line = LineInput("", Decimal(1), case.product.base_price, case=case) if known is None else _present(known)
            there = len(self.lines)
            self.lines.append(line)
            self.names |= {f"line_items.{there}": name, f"line_items.{there}.unit_price": f"{name}.amount"}
        elif amount is not None and amount != _net(self.lines[there]):
            before = known.net_amount if known else None
            if amount == before:
                return
            if _net(self.lines[there]) != before:
                raise Invalid.field(
                    f"{name}.amount", _("A line bills this case with another amount. Give one of both.")
                )
        line = self.lines[there]
        if amount is not None and amount != _net(line):
            self.lines[there] = replace(line, quantity=Decimal(1), unit_price=amount, discount_percent=ZERO)

    def _case(self, name: str, given: Mapping[str, Any]) -> Case | None:
        pk = given["customer_application"]
        if pk is not None and pk not in self.cases:
            raise Invalid.field(f"{name}.customer_application", _("There is no such case."))
        return None if pk is None else self.cases[pk]


def _cases_of(user: User, given: Mapping[str, Any], current: Sequence[InvoiceLine]) -> dict[int, Case]:
    """The cases that a body names: those that the person sees, and those that the invoice bills already."""
    known = {line.case.pk: line.case for line in current if line.case}
    rows = [*given.get("line_items", []), *given.get("invoice_applications", [])]
    wanted = {row["customer_application"] for row in rows if row["customer_application"] is not None} - known.keys()
    if not wanted:
        return known
    readable = [pk for pk in wanted if 0 < pk < 2**63]
    return known | {
        case.pk: case for case in Case.objects.visible_to(user).select_related("product").filter(pk__in=readable)
    }


def _present(line: InvoiceLine) -> LineInput:
    return line_input({name: getattr(line, name) for name in SalesLineFields._declared_fields}, line.case)


def _net(line: LineInput) -> Decimal:
    return line_amounts(line.quantity, line.unit_price, line.discount_percent, ZERO).net


class InvoiceList(BizView):
    families = FAMILIES

    @operation(answer=InvoiceShape, page=True, filters=FILTERS, ordering=ORDERING, summary="Invoices, newest first")
    def get(self, request: Call) -> Any:
        return all_invoices

    @operation(body=InvoiceFields, answer=InvoiceShape, status=201, summary="Make an invoice, a draft unless sent")
    def post(self, request: Call, given: dict[str, Any]) -> dict[str, Any]:
        content, lines = content_of(request.user, given), GivenLines(request.user, given)
        with errors_under(names_in(given) | lines.names):
            invoice = invoices.enter_invoice(
                actor=request.user, lines=lines.lines, status=status_of(given), now=timezone.now(), **content
            )
        return shown(request.user, invoice.pk)


class InvoiceItem(BizView):
    families = FAMILIES

    @operation(answer=InvoiceShape, summary="An invoice with its lines and payments")
    def get(self, request: Call, pk: int) -> dict[str, Any]:
        return shown(request.user, pk)

    @operation(body=InvoiceFields, answer=InvoiceShape, summary="Change a draft, or an invoice's status or owner")
    def put(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        return self.change(request, given, pk)

    @operation(body=InvoiceFields, answer=InvoiceShape, summary="Change parts of a draft, or the status or owner")
    def patch(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        return self.change(request, given, pk)

    @operation(status=204, summary="Delete a draft; its number stays unused")
    def delete(self, request: Call, pk: int) -> None:
        invoice = selectors.visible_invoice(request.user, pk)
        invoices.delete_invoice(actor=request.user, invoice=invoice, now=timezone.now())

    def change(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        invoice = selectors.visible_invoice(request.user, pk)
        changes, names, lines = content_of(request.user, given, invoice), names_in(given, invoice), None
        if "line_items" in given or "invoice_applications" in given:
            read = GivenLines(request.user, given, list(invoice.lines.all()))
            lines, names = read.changed, names | read.names
        with errors_under(names):
            invoices.save_invoice(
                actor=request.user,
                invoice=invoice,
                changes=changes,
                lines=lines,
                status=status_of(given, invoice),
                now=timezone.now(),
            )
        return shown(request.user, pk)
