"""What customers owe: `/api/invoices/ageing/` and `/api/customers/{id}/statement/`."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework import serializers

from bureau.api import exports
from bureau.api.filters import Filter, OneOf, Ordering, number, since, words
from bureau.api.shapes import Listing, Money, Shape
from bureau.api.views import AgencyView, BizView, Call, operation
from bureau.core.models import User
from bureau.parties.selectors.customers import visible_customer
from bureau.sales.rendering.statements import statement_filename
from bureau.sales.selectors.ageing import ORDERS, CustomerOwes, ageing, totals
from bureau.sales.selectors.statements import MovementKind, Statement, customer_statement
from bureau.sales.services.statements import read_statement_pdf

AS_OF = Filter("as_of", "", since, "a day; today where not given")
CLIENT = Filter("client", "", number, "client id")
CUSTOMER = Filter("customer", "", number, "as client")
SEARCH = Filter("search", "", words, "words of the client's name")
FILTERS = [AS_OF, CLIENT, CUSTOMER, SEARCH]
ORDERING = Ordering(id="customer_id", **{name: name for name in ORDERS})
FROM = Filter("date_from", "", since, "the first day; a year before the last where not given")
TO = Filter("date_to", "", since, "the last day; today where not given")
CURRENCY = Filter("currency", "", help="of the account; where not given the organization's, if there is one in it")
EXPORT = Filter("export", "", OneOf(list(exports.TYPES)), "the lines as a file, with opening and closing balance")
FILE_FORMAT = Filter("file_format", "", OneOf(["pdf"]), "the statement on paper")


class OwedShape(Shape):
    currency = serializers.CharField()
    not_due = Money()
    days_1_30 = Money(help_text="overdue by so many days")
    days_31_60 = Money()
    days_61_90 = Money()
    over_90 = Money()
    overdue = Money(help_text="all that is not `not_due`")
    total = Money()


class AgeingRow(OwedShape):
    client = serializers.IntegerField(source="customer_id")
    customer = serializers.IntegerField(source="customer_id", help_text="as client")
    customer_name = serializers.CharField()


class MovementShape(Shape):
    date = serializers.DateField(source="day")
    kind = serializers.ChoiceField(choices=[kind.value for kind in MovementKind])
    number = serializers.CharField(help_text="of the invoice or credit note")
    invoice = serializers.IntegerField(source="invoice_id", help_text="id of the invoice that it is about")
    invoice_number = serializers.CharField()
    due_date = serializers.DateField(allow_null=True, help_text="of an invoice")
    payment_method = serializers.CharField()
    reference = serializers.CharField()
    amount = Money(help_text="what the customer owes more by it; negative: less")
    balance = Money(help_text="what they owed after it")


class StatementShape(Shape):
    customer = serializers.IntegerField(source="customer.pk")
    customer_name = serializers.CharField(source="customer.party.name")
    currency = serializers.CharField()
    currencies = serializers.ListField(child=serializers.CharField(), help_text="of all accounts of the customer")
    date_from = serializers.DateField()
    date_to = serializers.DateField()
    opening_balance = Money()
    invoiced = Money()
    credited = Money()
    paid = Money()
    refunded = Money()
    closing_balance = Money(help_text="opening_balance + invoiced - credited - paid + refunded")
    owed = OwedShape(help_text="what is open at the end, by days overdue")
    credit = Money(help_text="the customer's own at the end, paid ahead or to be refunded")
    lines = MovementShape(many=True, source="movements")


def given(request: Call, declared: Filter) -> Any:
    raw = request.query_params.get(declared.name, "")
    return declared.read(raw) if raw else None


def given_day(request: Call, declared: Filter) -> date | None:
    moment = given(request, declared)
    return None if moment is None else timezone.localdate(moment)


def aged(request: Call) -> list[CustomerOwes]:
    today = timezone.localdate()
    asked = request.query_params.get(Ordering.NAME, "")
    client, customer = given(request, CLIENT), given(request, CUSTOMER)
    rows = ageing(
        request.user,
        as_of=given_day(request, AS_OF) or today,
        today=today,
        customer=customer if client is None else client,
        words=" ".join(given(request, SEARCH) or ()),
        order=[name for name in ORDERING.read(asked) if name.removeprefix("-") != "pk"] if asked else (),
    )
    return [row for row in rows if customer in (None, row.customer_id)]


class Ageing(BizView):
    families = ("agency", "biz")

    @operation(
        answer=AgeingRow,
        page=True,
        filters=FILTERS,
        ordering=ORDERING,
        summary="What clients owe, by days overdue; a row for each currency",
    )
    def get(self, request: Call) -> Listing:
        rows = aged(request)
        return Listing(lambda: len(rows), lambda start, size: AgeingRow.render_all(rows[start : start + size]))


class AgeingTotals(BizView):
    families = ("agency", "biz")

    @operation(answer=OwedShape, many=True, filters=FILTERS, summary="The sums of the ageing's rows, by currency")
    def get(self, request: Call) -> Any:
        return totals(aged(request))


class CustomerStatement(AgencyView):
    families = ("agency", "biz")

    @operation(
        answer=StatementShape,
        filters=[FROM, TO, CURRENCY, EXPORT, FILE_FORMAT],
        summary="A customer's account from opening to closing balance; as JSON, a table or a PDF",
    )
    def get(self, request: Call, pk: int) -> Any:
        statement = customer_statement(
            request.user,
            visible_customer(request.user, pk),
            date_from=given_day(request, FROM),
            date_to=given_day(request, TO),
            currency=(given(request, CURRENCY) or "").upper(),
            today=timezone.localdate(),
        )
        if given(request, FILE_FORMAT):
            return on_paper(request.user, statement)
        form = exports.asked_for(request)
        return exports.exported(request, form, lines_of(statement), MovementShape) if form else statement


def on_paper(user: User, statement: Statement) -> HttpResponse:
    content = read_statement_pdf(actor=user, statement=statement, now=timezone.now())
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{statement_filename(statement)}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer


def lines_of(statement: Statement) -> Listing:
    """Its lines between those of the balances at the beginning and the end."""

    def balance(kind: str, day: date, amount: Decimal) -> dict[str, Any]:
        return {**dict.fromkeys(MovementShape._declared_fields), "kind": kind, "date": day, "balance": amount}

    rows = [
        balance("opening_balance", statement.date_from, statement.opening_balance),
        *MovementShape.render_all(statement.movements),
        balance("closing_balance", statement.date_to, statement.closing_balance),
    ]
    return Listing(lambda: len(rows), lambda start, size: rows[start : start + size])
