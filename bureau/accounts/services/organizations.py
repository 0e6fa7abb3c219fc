"""Organizations: the new one, and its settings."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import pycountry
from django.core.files import File
from django.db import transaction
from django.utils.translation import gettext as _

from bureau.accounts import permissions
from bureau.accounts.models import Role, Team
from bureau.accounts.permissions import SYSTEM, System
from bureau.accounts.services.validation import FieldErrors, set_fields
from bureau.core import audit, files
from bureau.core.files import Upload
from bureau.core.hooks import organization_created
from bureau.core.models import Organization, StoredFile, TaxCategory, TaxCode, User
from bureau.kit.errors import DomainError, Invalid

ROLES = {
    Role.INITIATOR: "Initiator",
    Role.MANAGER: "Manager",
    Role.DIRECTOR: "Director",
    Role.FINANCE_REVIEWER: "Finance reviewer",
}
TAX_CODES = [
    ("GST2", "GST", Decimal(5), TaxCategory.STANDARD),
    ("PST7", "PST", Decimal(7), TaxCategory.STANDARD),
    ("GP", "GST and PST", Decimal(12), TaxCategory.STANDARD),
    ("GST_0", "GST, zero-rated", Decimal(0), TaxCategory.ZERO),
    ("XMPT", "Exempt", Decimal(0), TaxCategory.EXEMPT),
]
"""What an organization starts with: code, name, percent, and what an electronic invoice says of it."""
SETTINGS = (
    "name", "address", "country", "tax_number", "currency", "default_tax_rate", "default_tax_code", "bank_name", "iban",
    "bic", "request_prefix", "completion_email", "logo", "quantity_tolerance", "price_tolerance", "total_tolerance",
    "second_person_above", "reminder_days", "escalation_days", "payment_days", "quote_days", "invoice_terms",
    "quote_terms", "remind_customers",
)  # fmt: skip
LOGO_TYPES = frozenset({"png", "jpg", "jpeg"})
LOGO_BYTES = 2_000_000


def create_organization(
    *, name: str, now: datetime, sole_trader: bool = False, actor: User | System = SYSTEM, **details: Any
) -> Organization:
    """An organization with the four roles and its General team; whatever else it starts with follows from the hook.

    `details` are further settings (currency, country, ...). Raises Invalid.
    """
    organization = Organization(created_at=now)
    errors = set_fields(organization, {"name": name, **details}) or _code_errors(organization, details)
    if errors:
        raise Invalid(fields=errors)
    with transaction.atomic():
        organization.save(force_insert=True)
        Role.objects.bulk_create(
            Role(organization=organization, code=code, name=title) for code, title in ROLES.items()
        )
        TaxCode.objects.bulk_create(
            TaxCode(organization=organization, code=code, name=title, rate=rate, category=category)
            for code, title, rate, category in TAX_CODES
        )
        Team.objects.create(organization=organization, name=Team.GENERAL, is_general=True)
        organization_created.send(organization=organization, sole_trader=sole_trader, now=now)
        audit.record(
            organization,
            "created",
            actor=actor if isinstance(actor, User) else None,
            now=now,
            new={"name": organization.name},
            organization=organization,
        )
    return organization


def update_organization(
    *, actor: User, organization: Organization, changes: Mapping[str, Any], now: datetime
) -> Organization:
    """Changes the settings named in `changes`; other names are ignored. `logo` is an uploaded PNG or JPEG, or None.

    Raises Forbidden, Invalid.
    """
    permissions.can_administer(actor, organization).enforce()
    wanted = {name: value for name, value in changes.items() if name in SETTINGS}
    if isinstance(wanted.get("logo"), File):
        wanted["logo"] = _store_logo(wanted["logo"], actor=actor, now=now)  # slow, so before anything is locked
    with transaction.atomic():
        organization = Organization.objects.select_for_update(of=("self",), no_key=True).get(pk=organization.pk)
        old = {name: _shown(organization, name) for name in wanted}
        errors = set_fields(organization, wanted) or _code_errors(organization, wanted)
        if errors:
            raise Invalid(fields=errors)
        new = {name: _shown(organization, name) for name in wanted}
        changed = [name for name in wanted if old[name] != new[name]]
        if changed:
            organization.save(update_fields=changed)
            audit.record_update(organization, actor=actor, now=now, before=old, after=new, organization=organization)
    return organization


def _shown(organization: Organization, name: str) -> Any:
    return organization.logo_id if name == "logo" else getattr(organization, name)


def _store_logo(upload: "File[bytes]", *, actor: User, now: datetime) -> StoredFile:
    try:
        return files.store(
            Upload(upload, upload.name or "logo", getattr(upload, "content_type", None)),
            allowed=LOGO_TYPES,
            max_bytes=LOGO_BYTES,
            uploader=actor,
            now=now,
        )
    except DomainError as error:
        raise Invalid.field("logo", error.message) from error


def _code_errors(organization: Organization, names: Mapping[str, Any]) -> FieldErrors:
    """Brings the codes among the settings into their standard form, and says which are none."""
    errors: FieldErrors = {}
    if "currency" in names:
        organization.currency = organization.currency.upper()
        if pycountry.currencies.get(alpha_3=organization.currency) is None:
            errors["currency"] = [_("Use a three-letter currency code, such as EUR.")]
    if organization.country and "country" in names:
        organization.country = organization.country.upper()
        if pycountry.countries.get(alpha_2=organization.country) is None:
            errors["country"] = [_("Use a two-letter country code, such as DE.")]
    if "default_tax_rate" in names and not 0 <= organization.default_tax_rate <= 100:
        errors["default_tax_rate"] = [_("Use a percentage from 0 to 100.")]
    if "default_tax_code" in names:
        codes = [code for code, *_rest in TAX_CODES]
        if organization.pk is not None:
            codes = list(organization.tax_codes.filter(active=True).values_list("code", flat=True))
        if organization.default_tax_code not in codes:
            errors["default_tax_code"] = [_("Choose one of the tax codes.")]
    for name in ("quantity_tolerance", "price_tolerance", "total_tolerance", "second_person_above"):
        if name in names and getattr(organization, name) < 0:
            errors[name] = [_("Give 0 or more.")]
    in_order = 0 < organization.reminder_days < organization.escalation_days <= 365
    if not in_order and {"reminder_days", "escalation_days"} & set(names):
        errors["escalation_days"] = [_("Escalate after the reminder, and within a year.")]
    if "request_prefix" in names:
        organization.request_prefix = organization.request_prefix.upper()
        if not re.fullmatch(r"[A-Z][A-Z0-9]{0,9}", organization.request_prefix):
            errors["request_prefix"] = [_("Use up to ten letters and digits, a letter first.")]
    if organization.iban and "iban" in names:
        organization.iban = re.sub(r"\s", "", organization.iban).upper()
        if not is_iban(organization.iban):
            errors["iban"] = [_("This is not a valid IBAN. Check for a mistyped digit.")]
    if organization.bic and "bic" in names:
        organization.bic = organization.bic.upper()
        if not is_bic(organization.bic):
            errors["bic"] = [_("A BIC has 8 or 11 letters and digits.")]
    return errors


def is_iban(value: str) -> bool:
    """Form and check digits of ISO 13616, without spaces, in upper case."""
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", value):
        return False
    return int("".join(str(int(char, 36)) for char in value[4:] + value[:4])) % 97 == 1


def is_bic(value: str) -> bool:
    """Form of ISO 9362, in upper case."""
    return re.fullmatch(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?", value) is not None
