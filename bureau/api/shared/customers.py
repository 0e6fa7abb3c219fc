"""What clients and customers have in common: one record, two resources."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from bureau.accounts.selectors import people
from bureau.api.filters import Ordering
from bureau.core.models import Organization, User
from bureau.kit.errors import Invalid

ORDERING = Ordering(
    name="sort_name",
    email="party__email",
    company="company_name",
    created_at="created_at",
    updated_at="updated_at",
)


def text_input(length: int, **options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=length, **{"allow_blank": True, "required": False, **options})


class ContactFields(serializers.Serializer[Any]):
    """What is left out stays as it is, with PUT too."""

    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    phone = text_input(50)
    address = text_input(1000)
    country = text_input(3, help_text="of the address: ISO 3166-1 alpha-2 or alpha-3")
    company = text_input(200, help_text="a person's: where they work; a company's: its name")
    tax_number = text_input(50)
    owner = serializers.IntegerField(
        required=False, allow_null=True, help_text="user id; only those who see the whole organization name another"
    )
    allow_duplicate = serializers.BooleanField(
        required=False, help_text="also where another one has the same e-mail address, tax or passport number"
    )


def with_owner(user: User, organization: Organization, given: Mapping[str, Any]) -> dict[str, Any]:
    """The given values, with the owner as a person; it is left out where it is not theirs to name. Raises Invalid."""
    values = {name: value for name, value in given.items() if name != "owner"}
    pk = given.get("owner")
    if pk is not None and user.sees_organization:
        values["owner"] = people(organization).filter(pk=pk).first()
        if values["owner"] is None:
            raise Invalid.field("owner", _("There is no such person."))
    return values
