"""Customers: `/api/customers/`. The same records are clients (api/biz/clients.py)."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from bureau.api.filters import CREATED, Filter, OneOf, Ordering, containing, flag, number, text, words
from bureau.api.shapes import Shape
from bureau.api.shared.customers import ORDERING, ContactFields, text_input, with_owner
from bureau.api.views import AgencyView, Call, operation
from bureau.core.models import Organization, User
from bureau.parties.models import Customer, CustomerType, Gender
from bureau.parties.permissions import customers as permissions
from bureau.parties.selectors import customers as selectors
from bureau.parties.selectors.customers import visible_customer
from bureau.parties.services import customers

SEARCHED = "words of name, company, e-mail, phones, tax or passport number"
FILTERS = [
    Filter("q", containing("search_text"), words, SEARCHED),
    Filter("search", containing("search_text"), words, "the same"),
    # A yes is more than a no: with yes the active ones are left, with no all of them.
    Filter("hide_disabled", "active__gte", flag, "true: only those that are active"),
    Filter("customer_type", "customer_type", OneOf(CustomerType.values)),
    Filter("owner", "owner", number, "user id"),
    *CREATED,
]
SORTED = Ordering(
    **ORDERING.fields, last_name="last_name", passport_expiry_date="passport_expiry_date", active="active"
)
TWIN_FILTERS = [
    *(Filter(name, name, text) for name in selectors.UNIQUE),
    Filter("customer", "pk", number, "id of the customer that is being changed: no twin of itself"),
]


class CustomerShape(Shape):
    id = serializers.IntegerField()
    uuid = serializers.UUIDField()
    name = serializers.CharField(source="party.name")
    customer_type = serializers.ChoiceField(choices=CustomerType.choices)
    title = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    company_name = serializers.CharField()
    company = serializers.CharField(source="company_name")
    email = serializers.CharField(source="party.email")
    phone = serializers.CharField(source="party.phone")
    telephone = serializers.CharField(source="party.phone")
    whatsapp = serializers.CharField()
    address = serializers.CharField(source="party.address")
    country = serializers.CharField(source="party.country", help_text="of the address: ISO 3166-1 alpha-2")
    tax_number = serializers.CharField(source="party.tax_number")
    nationality = serializers.CharField(help_text="ISO 3166-1 alpha-3")
    birthdate = serializers.DateField(allow_null=True)
    birth_place = serializers.CharField()
    gender = serializers.ChoiceField(choices=Gender.choices, allow_blank=True)
    passport_number = serializers.CharField()
    passport_issue_date = serializers.DateField(allow_null=True)
    passport_expiry_date = serializers.DateField(allow_null=True)
    notify_steps_due = serializers.BooleanField()
    notify_documents_expiring = serializers.BooleanField()
    active = serializers.BooleanField()
    owner = serializers.IntegerField(source="owner_id", help_text="user id")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


all_customers = CustomerShape.prepared_for_user(
    lambda user: Customer.objects.visible_to(user).order_by("-created_at", "-pk")
)
one_customer = CustomerShape.prepared_for_user(
    lambda user, customer: Customer.objects.visible_to(user).filter(pk=customer)
)


class CustomerFields(ContactFields):
    """A person has a first or last name, a company its company name; a `name` in their place is split as a client's.
    What is left out stays as it is, with PUT too."""

    name = text_input(200)
    customer_type = serializers.ChoiceField(
        choices=CustomerType.choices, required=False, help_text="follows from the names where not given"
    )
    title = text_input(30)
    first_name = text_input(100)
    last_name = text_input(100)
    company_name = text_input(200, help_text="as company")
    telephone = text_input(50, help_text="as phone")
    whatsapp = text_input(50)
    nationality = text_input(3, help_text="ISO 3166-1 alpha-2 or alpha-3")
    birthdate = serializers.DateField(required=False, allow_null=True)
    birth_place = text_input(100)
    gender = serializers.ChoiceField(choices=Gender.choices, required=False, allow_blank=True)
    passport_number = text_input(50)
    passport_issue_date = serializers.DateField(required=False, allow_null=True)
    passport_expiry_date = serializers.DateField(required=False, allow_null=True)
    notify_steps_due = serializers.BooleanField(required=False)
    notify_documents_expiring = serializers.BooleanField(required=False)
    active = serializers.BooleanField(required=False)


class BulkDeletion(serializers.Serializer[Any]):
    query = text_input(200, allow_blank=False, required=True, help_text=SEARCHED)
    confirm = serializers.BooleanField(required=True)


class BulkDeletionAnswer(serializers.Serializer[Any]):
    deleted = serializers.IntegerField()
    kept = serializers.IntegerField(help_text="found, but something refers to them")


class TwinCustomer(Shape):
    id = serializers.IntegerField()
    name = serializers.CharField(source="party.name")


class Twin(serializers.Serializer[Any]):
    field = serializers.ChoiceField(choices=selectors.UNIQUE, help_text="that both have")
    customer = TwinCustomer(allow_null=True, help_text="null: one that the caller may not see")


class Twins(serializers.Serializer[Any]):
    duplicates = Twin(many=True)


def resolved(
    user: User, organization: Organization, given: Mapping[str, Any], customer: Customer | None = None
) -> dict[str, Any]:
    """The given values as the services take them. Of two names for one thing that which is new counts."""
    values = with_owner(user, organization, given)
    before = {
        "phone": customer.party.phone if customer else "",
        "company_name": customer.company_name if customer else "",
    }
    for name, other in (("phone", "telephone"), ("company_name", "company")):
        second = values.pop(other, None)
        if second is not None and values.get(name, before[name]) == before[name]:
            values[name] = second
    return values


class CustomerList(AgencyView):
    @operation(answer=CustomerShape, page=True, filters=FILTERS, ordering=SORTED, summary="Customers, newest first")
    def get(self, request: Call) -> Any:
        return all_customers

    @operation(body=CustomerFields, answer=CustomerShape, status=201, summary="Add a customer")
    def post(self, request: Call, given: dict[str, Any]) -> Customer:
        values = resolved(request.user, request.user.organization, given)
        return customers.create_customer(actor=request.user, now=timezone.now(), **values)


class CustomerSearch(AgencyView):
    @operation(answer=CustomerShape, page=True, filters=FILTERS, ordering=SORTED, summary="As the list of customers")
    def get(self, request: Call) -> Any:
        return all_customers


class CustomerQuickCreate(AgencyView):
    @operation(body=CustomerFields, answer=CustomerShape, status=201, summary="Add a customer; names are enough")
    def post(self, request: Call, given: dict[str, Any]) -> Customer:
        values = resolved(request.user, request.user.organization, given)
        return customers.create_customer(actor=request.user, now=timezone.now(), **values)


class CustomerItem(AgencyView):
    @operation(answer=CustomerShape, summary="A customer")
    def get(self, request: Call, pk: int) -> dict[str, Any]:
        return CustomerShape.record(one_customer, request.user, customer=pk)

    @operation(body=CustomerFields, answer=CustomerShape, summary="Change a customer")
    def put(self, request: Call, given: dict[str, Any], pk: int) -> Customer:
        return self.change(request, given, pk)

    @operation(body=CustomerFields, answer=CustomerShape, summary="Change parts of a customer")
    def patch(self, request: Call, given: dict[str, Any], pk: int) -> Customer:
        return self.change(request, given, pk)

    @operation(status=204, summary="Delete a customer that nothing refers to")
    def delete(self, request: Call, pk: int) -> None:
        customer = visible_customer(request.user, pk)
        customers.delete_customer(actor=request.user, customer=customer, now=timezone.now())

    def change(self, request: Call, given: dict[str, Any], pk: int) -> Customer:
        customer = visible_customer(request.user, pk)
        changes = resolved(request.user, customer.organization, given, customer)
        allow = changes.pop("allow_duplicate", False)
        return customers.update_customer(
            actor=request.user, customer=customer, changes=changes, allow_duplicate=allow, now=timezone.now()
        )


class CustomerToggleActive(AgencyView):
    @operation(answer=CustomerShape, summary="Make an active customer inactive, an inactive one active")
    def post(self, request: Call, pk: int) -> Customer:
        customer = visible_customer(request.user, pk)
        return customers.set_active(
            actor=request.user, customer=customer, active=not customer.active, now=timezone.now()
        )


class CustomerBulkDelete(AgencyView):
    @operation(
        body=BulkDeletion,
        answer=BulkDeletionAnswer,
        summary="Delete the customers that a search finds, but for those that are referred to; superusers only",
    )
    def post(self, request: Call, given: dict[str, Any]) -> Any:
        permissions.can_bulk_delete(request.user).enforce()  # before anything is looked at
        done = customers.bulk_delete_customers(
            actor=request.user, query=given["query"], confirm=given["confirm"], now=timezone.now()
        )
        return {"deleted": done.deleted, "kept": done.kept}


class CustomerDuplicates(AgencyView):
    @operation(answer=Twins, filters=TWIN_FILTERS, summary="Who has the same e-mail address, tax or passport number")
    def get(self, request: Call) -> Any:
        asked = {
            declared.name: declared.read(raw)
            for declared in TWIN_FILTERS
            if (raw := request.query_params.get(declared.name))
        }
        own = asked.pop("customer", None)
        customer = visible_customer(request.user, own) if own is not None else None
        organization = customer.organization if customer else request.user.organization
        found = selectors.twins(organization, asked, exclude=customer)
        return {
            "duplicates": [twin for field, same in found.items() for twin in shown_twins(request.user, field, same)]
        }


def shown_twins(user: User, field: str, same: list[Customer]) -> list[dict[str, Any]]:
    """Those that the person may see; where there are others, that there are."""
    seen = [customer for customer in same if permissions.can_write_customer(user, customer)]
    shown = [{"field": field, "customer": TwinCustomer.render(customer)} for customer in seen]
    return shown if len(seen) == len(same) else [*shown, {"field": field, "customer": None}]
