"""Customers out of a file."""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Final

import pycountry
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.core.models import Organization, User
from bureau.imports.models import RowOutcome
from bureau.imports.reading import as_day, as_flag, parsed
from bureau.imports.registry import Importer, ImportField, Taken, Values, register
from bureau.kit.errors import Invalid
from bureau.kit.permissions import ALLOWED, Decision
from bureau.parties.models import Customer, CustomerType, Gender
from bureau.parties.permissions.customers import can_write_customer
from bureau.parties.selectors.customers import KEYS, UNIQUE, twins
from bureau.parties.services.customers import CustomerExists, create_customer, update_customer

FIELDS: Final = (
    ImportField(
        "name",
        gettext_lazy("Name"),
        aliases=("full name", "client", "customer", "kunde", "nom", "display name"),
        help=gettext_lazy("a person's first and last name in one column, or a company's name"),
    ),
    ImportField("customer_type", gettext_lazy("Kind"), aliases=("type",), help=gettext_lazy("person or company")),
    ImportField("title", gettext_lazy("Title"), aliases=("salutation", "anrede")),
    ImportField("first_name", gettext_lazy("First name"), aliases=("given name", "forename", "vorname", "prénom")),
    ImportField("last_name", gettext_lazy("Last name"), aliases=("surname", "family name", "nachname", "familienname")),
    ImportField("company_name", gettext_lazy("Company"), aliases=("company name", "organization", "firma", "société")),
    ImportField(
        "email",
        gettext_lazy("E-mail"),
        aliases=("e-mail address", "mail", "email address", "e-mail-adresse", "courriel"),
    ),
    ImportField(
        "phone",
        gettext_lazy("Phone"),
        aliases=("telephone", "phone number", "mobile", "telefon", "telefonnummer", "handy", "tel"),
    ),
    ImportField("whatsapp", gettext_lazy("WhatsApp")),
    ImportField("address", gettext_lazy("Address"), aliases=("street address", "adresse", "anschrift", "straße")),
    ImportField(
        "tax_number",
        gettext_lazy("Tax number"),
        aliases=("vat number", "vat id", "vat", "tax id", "uid", "npwp", "steuernummer", "ust-idnr"),
    ),
    ImportField(
        "nationality",
        gettext_lazy("Nationality"),
        aliases=("country", "citizenship", "staatsangehörigkeit", "nationalität", "land"),
        help=gettext_lazy("a country's code of two or three letters, or its English name"),
    ),
    ImportField("birthdate", gettext_lazy("Date of birth"), aliases=("birthday", "dob", "birth date", "geburtsdatum")),
    ImportField("birth_place", gettext_lazy("Place of birth"), aliases=("birthplace", "geburtsort")),
    ImportField("gender", gettext_lazy("Gender"), aliases=("sex", "geschlecht"), help=gettext_lazy("F, M or X")),
    ImportField(
        "passport_number",
        gettext_lazy("Passport number"),
        aliases=("passport", "passport no", "passnummer", "reisepassnummer", "pass-nr"),
    ),
    ImportField(
        "passport_issue_date",
        gettext_lazy("Passport issued on"),
        aliases=("passport issued", "issue date", "ausgestellt am", "ausstellungsdatum"),
    ),
    ImportField(
        "passport_expiry_date",
        gettext_lazy("Passport expires on"),
        aliases=("passport expiry", "expiry date", "pass gültig bis", "gültig bis", "passablauf", "ablaufdatum"),
    ),
    ImportField("notify_steps_due", gettext_lazy("Told of steps that are due"), help=gettext_lazy("yes or no")),
    ImportField(
        "notify_documents_expiring", gettext_lazy("Told of documents that expire"), help=gettext_lazy("yes or no")
    ),
    ImportField("active", gettext_lazy("Active"), help=gettext_lazy("yes or no")),
)
_GENDERS: Final = {
    "f": "F",
    "female": "F",
    "woman": "F",
    "w": "F",
    "m": "M",
    "male": "M",
    "man": "M",
    "x": "X",
    "other": "X",
}


def take_customer(*, actor: User, values: Values, update_existing: bool, now: datetime) -> Taken:
    """A new customer; one with the same e-mail address, tax or passport number stays as it is, or is changed where
    that is wanted and the actor may. An empty cell changes nothing.

    Raises Invalid, Forbidden.
    """
    given = parsed(
        values,
        {
            "customer_type": _as_type,
            "nationality": _as_country,
            "gender": _as_gender,
            **dict.fromkeys(("birthdate", "passport_issue_date", "passport_expiry_date"), as_day),
            **dict.fromkeys(("notify_steps_due", "notify_documents_expiring", "active"), as_flag),
        },
    )
    if update_existing:
        existing = _existing(actor, values)
        if existing is not None:
            before = existing.updated_at
            customer = update_customer(actor=actor, customer=existing, changes=given, now=now)
            outcome = RowOutcome.UNCHANGED if customer.updated_at == before else RowOutcome.UPDATED
            return Taken(outcome, customer.pk, str(customer))
    try:
        customer = create_customer(actor=actor, now=now, **given)
    except CustomerExists as error:
        twin = error.twin
        return Taken(RowOutcome.DUPLICATE, twin.pk if twin else None, about(values), error.fields)
    return Taken(RowOutcome.CREATED, customer.pk, str(customer))


def _existing(actor: User, values: Values) -> Customer | None:
    """Raises Invalid where the row fits several."""
    found = twins(actor.organization, {name: values[name] for name in UNIQUE if name in values})
    fitting = {
        one.pk: (name, one) for name, customers in found.items() for one in customers if can_write_customer(actor, one)
    }
    if len(fitting) > 1:
        names = ", ".join(sorted(str(one) for _name, one in fitting.values())[:3])
        message = _("This row fits several customers: %(names)s. Change the right one by hand.") % {"names": names}
        raise Invalid.field(next(iter(fitting.values()))[0], message)
    return next((one for _name, one in fitting.values()), None)


def keys(values: Values) -> Iterator[tuple[str, str]]:
    for name in UNIQUE:
        key = KEYS[name](values.get(name, ""))
        if key:
            yield name, key


def about(values: Values) -> str:
    whole = f"{values.get('first_name', '')} {values.get('last_name', '')}".strip()
    return values.get("name") or whole or values.get("company_name") or values.get("email", "")


def may_import(user: User, organization: Organization) -> Decision:
    """Everybody of an organization may add customers."""
    return ALLOWED


def _as_type(text: str) -> str:
    known = {word: kind.value for kind in CustomerType for word in (kind.value, str(kind.label).casefold())}
    if (word := text.casefold()) in known:
        return known[word]
    raise ValueError(_("Give person or company."))


def _as_gender(text: str) -> str:
    if (word := text.casefold()) in _GENDERS:
        return Gender(_GENDERS[word]).value
    raise ValueError(_("Give F, M or X."))


@lru_cache(maxsize=1000)
def _as_country(text: str) -> str:
    try:
        return str(pycountry.countries.lookup(text).alpha_3)
    except LookupError:
        raise ValueError(_("Give a country's code of two or three letters, or its English name.")) from None


customers = register(Importer("customers", gettext_lazy("Customers"), FIELDS, take_customer, keys, may_import, about))
