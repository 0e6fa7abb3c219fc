"""Clients: `/api/clients/`. The same records are customers (api/agency/customers.py)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from bureau.api.filters import CREATED, Filter, containing, words
from bureau.api.shapes import Shape
from bureau.api.shared.customers import ORDERING, ContactFields, text_input, with_owner
from bureau.api.views import BizView, Call, operation
from bureau.kit.errors import Invalid
from bureau.parties.models import Customer, CustomerType
from bureau.parties.selectors.customers import visible_customer
from bureau.parties.services import customers

FILTERS = [
    Filter("search", containing("search_text"), words, "words of name, company, e-mail, phone or tax number"),
    *CREATED,
]


class ClientShape(Shape):
    id = serializers.IntegerField()
    name = serializers.CharField(source="party.name")
    email = serializers.CharField(source="party.email")
    phone = serializers.CharField(source="party.phone")
    address = serializers.CharField(source="party.address")
    company = serializers.CharField(source="company_name")
    tax_number = serializers.CharField(source="party.tax_number")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    owner = serializers.IntegerField(source="owner_id", help_text="user id")


all_clients = ClientShape.prepared_for_user(
    lambda user: Customer.objects.visible_to(user).order_by("-created_at", "-pk")
)
one_client = ClientShape.prepared_for_user(lambda user, client: Customer.objects.visible_to(user).filter(pk=client))


class ClientFields(ContactFields):
    """A name that is the company's is a company; any other is a person. What is left out stays, with PUT too."""

    name = text_input(200, allow_blank=False, required=True)
    customer_type = serializers.ChoiceField(
        choices=CustomerType.choices, required=False, help_text="follows from name and company where not given"
    )


NAMES = {"company_name": "company", "first_name": "name", "last_name": "name"}


@contextmanager
def called_as_client() -> Iterator[None]:
    """Refusals name the fields that a client has."""
    try:
        yield
    except Invalid as error:
        raise Invalid(fields={NAMES.get(name, name): texts for name, texts in error.fields.items()}) from None


def resolved(request: Call, organization: Any, given: Any) -> dict[str, Any]:
    """The given values as the services take them."""
    values = with_owner(request.user, organization, given)
    if "company" in values:
        values["company_name"] = values.pop("company")
    return values


class ClientList(BizView):
    @operation(answer=ClientShape, page=True, filters=FILTERS, ordering=ORDERING, summary="Clients, newest first")
    def get(self, request: Call) -> Any:
        return all_clients

    @operation(body=ClientFields, answer=ClientShape, status=201, summary="Add a client")
    def post(self, request: Call, given: dict[str, Any]) -> Customer:
        values = resolved(request, request.user.organization, given)
        with called_as_client():
            return customers.create_customer(actor=request.user, now=timezone.now(), **values)


class ClientItem(BizView):
    @operation(answer=ClientShape, summary="A client")
    def get(self, request: Call, pk: int) -> dict[str, Any]:
        return ClientShape.record(one_client, request.user, client=pk)

    @operation(body=ClientFields, answer=ClientShape, summary="Change a client")
    def put(self, request: Call, given: dict[str, Any], pk: int) -> Customer:
        return self.change(request, given, pk)

    @operation(body=ClientFields, answer=ClientShape, summary="Change parts of a client")
    def patch(self, request: Call, given: dict[str, Any], pk: int) -> Customer:
        return self.change(request, given, pk)

    @operation(status=204, summary="Delete a client that nothing refers to")
    def delete(self, request: Call, pk: int) -> None:
        client = visible_customer(request.user, pk)
        customers.delete_customer(actor=request.user, customer=client, now=timezone.now())

    def change(self, request: Call, given: dict[str, Any], pk: int) -> Customer:
        client = visible_customer(request.user, pk)
        changes = resolved(request, client.organization, given)
        allow = changes.pop("allow_duplicate", False)
        with called_as_client():
            return customers.update_customer(
                actor=request.user, customer=client, changes=changes, allow_duplicate=allow, now=timezone.now()
            )
