"""Keeping customers, who are the clients too."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

import pycountry
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.accounts.services.validation import FieldErrors, set_fields
from bureau.core import audit
from bureau.core.models import Organization, User
from bureau.core.references import references, unreferenced
from bureau.kit.errors import BusinessRule, Conflict, Invalid, NotFound
from bureau.parties.models import Customer, CustomerType, Party
from bureau.parties.names import NAMING, renamed
from bureau.parties.permissions import customers as permissions
from bureau.parties.selectors.customers import UNIQUE, passport_key, searched, twins
from bureau.parties.services.parties import NAMES, PARTY_FIELDS, index, names_of, set_names

OF_PARTY = (*PARTY_FIELDS, "country")
CONTACT = tuple(name for name in OF_PARTY if name != "name")
DATES = ("birthdate", "passport_issue_date", "passport_expiry_date")
OWN: tuple[str, ...] = (
    "title", "nationality", *DATES, "birth_place", "passport_number", "gender", "whatsapp", "notify_steps_due",
    "notify_documents_expiring", "active",
)  # fmt: skip
FIELDS: tuple[str, ...] = (*NAMING, *CONTACT, *OWN)
"""What can be given of a customer, beside its owner."""
BATCH = 500  # customers deleted at once


class CustomerExists(Conflict):
    """There is a customer like this already. Keeping both takes `allow_duplicate`.

    `twin` is the one that is meant, where the person who asked may see it.
    """

    code = "CUSTOMER_EXISTS"

    def __init__(self, fields: FieldErrors, twin: Customer | None) -> None:
        super().__init__(next(iter(fields.values()))[0], fields=fields)
        self.twin = twin


class CustomerInUse(BusinessRule):
    code = "CUSTOMER_IN_USE"


class BulkDeletion(NamedTuple):
    """How many customers were deleted, and how many were kept because something refers to them."""

    deleted: int
    kept: int


def create_customer(
    *, actor: User, allow_duplicate: bool = False, owner: User | None = None, now: datetime, **fields: Any
) -> Customer:
    """A customer of the actor's organization. `fields`: names of FIELDS; others are ignored.

    It belongs to `owner`, where those who see the whole organization name one; else to the actor.
    Raises Invalid, CustomerExists.
    """
    with transaction.atomic():
        customer = add_customer(actor=actor, allow_duplicate=allow_duplicate, owner=owner, now=now, **fields)
        record_created(customer, actor=actor, now=now)
    return customer


def add_customer(
    *, actor: User, allow_duplicate: bool = False, owner: User | None = None, now: datetime, **fields: Any
) -> Customer:
    """As `create_customer`, within a transaction of the caller's that goes on to lock other records and ends with
    `record_created`. Raises as that one."""
    organization = actor.organization
    moments = {"created_at": now, "updated_at": now}
    party = Party(organization=organization, **moments)
    customer = Customer(organization=organization, party=party, owner=actor, customer_type="", **moments)
    errors = _set(customer, fields, today=timezone.localdate(now))
    errors |= _set_owner(customer, owner, actor=actor)
    if errors:
        raise Invalid(fields=errors)
    if not allow_duplicate:
        _refuse_twins(customer, UNIQUE, actor=actor)
    party.save(force_insert=True)
    customer.save(force_insert=True)
    return customer


def record_created(customer: Customer, *, actor: User, now: datetime) -> None:
    audit.record(customer, "created", actor=actor, now=now, new=_values(customer))


def update_customer(
    *, actor: User, customer: Customer, changes: Mapping[str, Any], allow_duplicate: bool = False, now: datetime
) -> Customer:
    """Changes what is named in `changes`: names of FIELDS, and `owner`, which those who see the whole organization may
    name. Others are ignored.

    Raises Forbidden, Invalid, CustomerExists.
    """
    permissions.can_write_customer(actor, customer).enforce()
    with transaction.atomic():
        customer = _locked(customer)
        before = _values(customer)
        errors = _set(customer, changes, today=timezone.localdate(now))
        errors |= _set_owner(customer, changes.get("owner"), actor=actor)
        if errors:
            raise Invalid(fields=errors)
        after = _values(customer)
        changed = [name for name in after if after[name] != before[name]]
        if not allow_duplicate:
            _refuse_twins(customer, changed, actor=actor)
        if changed:
            customer.updated_at = customer.party.updated_at = now
            customer.party.save(update_fields=[*OF_PARTY, "updated_at"])
            customer.save()
            audit.record_update(customer, actor=actor, now=now, before=before, after=after)
    return customer


def set_active(*, actor: User, customer: Customer, active: bool, now: datetime) -> Customer:
    """An inactive customer stays, with all that was done for it; nothing new is begun. Raises Forbidden."""
    return update_customer(actor=actor, customer=customer, changes={"active": active}, now=now)


def delete_customer(*, actor: User, customer: Customer, now: datetime) -> None:
    """Deletes a customer to whom nothing refers. Raises Forbidden, CustomerInUse."""
    permissions.can_write_customer(actor, customer).enforce()
    with transaction.atomic():
        gone = _delete_unreferenced([customer.pk])
        if not gone and (used := references(customer)):
            counts = ", ".join(f"{name}: {count}" for name, count in used.items())
            raise CustomerInUse(
                _("It is still referred to (%(counts)s). Make it inactive in place of deleting it.")
                % {"counts": counts}
            )
        _record_deletions(gone, actor=actor, now=now)


def bulk_delete_customers(*, actor: User, query: str, confirm: bool, now: datetime) -> BulkDeletion:
    """Deletes the customers of the actor's own organization that a search for `query` finds, but for those to whom
    something refers: superusers only.

    Raises Forbidden, Invalid (nothing to search for, or not confirmed).
    """
    permissions.can_bulk_delete(actor).enforce()
    if not query.strip() or "\x00" in query:
        raise Invalid.field("query", _("Say which customers: words that a search finds them by."))
    if confirm is not True:
        raise Invalid.field("confirm", _("Confirm that all customers that the search finds are to be deleted."))
    with transaction.atomic():
        own = Customer.objects.visible_to(actor).filter(organization=actor.organization_id)
        found = list(searched(own, query).order_by("pk").values_list("pk", flat=True))
        gone = []
        for start in range(0, len(found), BATCH):
            gone += _delete_unreferenced(found[start : start + BATCH])
        _record_deletions(gone, actor=actor, now=now)
    return BulkDeletion(len(gone), len(found) - len(gone))


def possible_duplicates(
    organization: Organization,
    *,
    email: str = "",
    tax_number: str = "",
    passport_number: str = "",
    exclude: Customer | None = None,
) -> list[Customer]:
    """The customers of the organization that have one of these, each once, also those that a person may not see."""
    asked = {"email": email, "tax_number": tax_number, "passport_number": passport_number}
    found = twins(organization, asked, exclude=exclude)
    return list({customer.pk: customer for customers in found.values() for customer in customers}.values())


def _locked(customer: Customer) -> Customer:
    """As it is now; a change of the vendor that is the same party waits. Raises NotFound where it was deleted."""
    list(Party.objects.select_for_update(no_key=True).filter(pk=customer.party_id))
    rows = Customer.objects.select_for_update(of=("self",), no_key=True).select_related("party", "organization")
    found = rows.filter(pk=customer.pk).first()
    if found is None:
        raise NotFound(_("Not found."))
    return found


def _set(customer: Customer, given: Mapping[str, Any], *, today: date) -> FieldErrors:
    """Sets values on the customer and its party; returns what is wrong with them."""
    values = {
        name: _plain(given[name]) if name not in DATES else given[name] or None for name in FIELDS if name in given
    }
    naming = {name: str(values[name]) for name in NAMING if name in values}
    set_names(customer, renamed(names_of(customer), naming))
    customer.customer_type = customer.customer_type or CustomerType.PERSON
    if "passport_number" in values:
        values["passport_number"] = passport_key(str(values["passport_number"]))
    errors: FieldErrors = {}
    for name, form in (("nationality", "alpha_3"), ("country", "alpha_2")):
        if values.get(name):
            values[name] = _country_code(str(values[name]), form)
            if not values[name]:
                errors[name] = [_("Give a country's code of two or three letters, such as DE or DEU.")]
    own = {name: values[name] for name in OWN if name in values and name not in errors}
    errors |= set_fields(customer, {**own, **{name: getattr(customer, name) for name in NAMES}})
    customer.party.name = names_of(customer).name
    contact = {name: values[name] for name in CONTACT if name in values and name not in errors}
    errors |= set_fields(customer.party, {**contact, "name": customer.party.name})
    if errors.keys() & set(NAMES):
        errors.pop("name", None)
    elif not customer.party.name:
        del errors["name"]
        errors |= _unnamed(customer)
    errors |= {name: texts for name, texts in _date_errors(customer, today=today).items() if name not in errors}
    index(customer)
    return errors


def _plain(value: Any) -> Any:
    """An empty value of a text field."""
    return "" if value is None else value


def _unnamed(customer: Customer) -> FieldErrors:
    if customer.customer_type == CustomerType.COMPANY:
        return {"company_name": [_("Give the name of the company.")]}
    return {name: [_("Give a first or a last name.")] for name in ("first_name", "last_name")}


def _country_code(code: str, form: str) -> str:
    """The code, in the form alpha_2 or alpha_3, of a country that was given in either; empty where there is none."""
    written = code.strip().upper()
    countries = pycountry.countries
    country = countries.get(alpha_2=written) if len(written) == 2 else countries.get(alpha_3=written)
    return str(getattr(country, form)) if country else ""


def _date_errors(customer: Customer, *, today: date) -> FieldErrors:
    errors: FieldErrors = {}
    born, issued, expires = (getattr(customer, name) for name in DATES)
    if isinstance(born, date) and born >= today:
        errors["birthdate"] = [_("A date of birth lies in the past.")]
    if isinstance(issued, date) and isinstance(expires, date) and issued >= expires:
        errors["passport_expiry_date"] = [_("A passport expires after it was issued.")]
    return errors


def _set_owner(customer: Customer, owner: Any, *, actor: User) -> FieldErrors:
    """`owner` None, or named by somebody who does not see the organization: it stays whose it is."""
    if owner is None or not actor.sees_organization or owner.pk == customer.owner_id:
        return {}
    if owner.organization_id != customer.organization_id or not owner.is_active:
        return {"owner": [_("There is no such person.")]}
    customer.owner = owner
    return {}


def _refuse_twins(customer: Customer, names: Any, *, actor: User) -> None:
    """Raises CustomerExists where another customer has the same of `names`."""
    asked = {name: value for name, value in _values(customer).items() if name in UNIQUE and name in names}
    found = twins(customer.organization, asked, exclude=customer if customer.pk else None)
    if not found:
        return
    fields: FieldErrors = {}
    shown: Customer | None = None
    for name, customers in found.items():
        what = {"email": _("e-mail address"), "tax_number": _("tax number"), "passport_number": _("passport number")}
        twin = next((one for one in customers if permissions.can_write_customer(actor, one)), None)
        shown = shown or twin
        text = (
            _("%(customer)s is there already, with the same %(what)s.")
            if twin
            else _("There is a customer with this %(what)s already, whom somebody else looks after.")
        )
        fields[name] = [text % {"customer": twin, "what": what[name]}]
    raise CustomerExists(fields, shown)


def _values(customer: Customer) -> dict[str, Any]:
    party = {name: getattr(customer.party, name) for name in OF_PARTY}
    own = {name: getattr(customer, name) for name in (*NAMES, *OWN)}
    return {**party, **own, "owner": customer.owner_id}


def _delete_unreferenced(pks: list[int]) -> list[Customer]:
    """Deletes those of the customers to whom nothing refers, with their parties where these are nothing else."""
    customers = Customer.objects.filter(pk__in=pks)
    # As in _locked, one after the other. Whatever would refer to one of them waits.
    list(Party.objects.select_for_update(of=("self",)).filter(customer__in=pks).order_by("pk"))
    list(customers.select_for_update(of=("self",)).order_by("pk"))
    free = list(unreferenced(customers).select_related("party").order_by("pk"))
    Customer.objects.filter(pk__in=[customer.pk for customer in free]).delete()
    unreferenced(Party.objects.filter(pk__in=[customer.party_id for customer in free])).delete()
    return free


def _record_deletions(customers: list[Customer], *, actor: User, now: datetime) -> None:
    for customer in customers:
        audit.record(customer, "deleted", actor=actor, now=now, old=_values(customer))
