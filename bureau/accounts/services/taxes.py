"""The taxes that lines name by their code. A line keeps the rate it was written with, so a change is for new lines."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bureau.accounts import permissions
from bureau.accounts.permissions import System
from bureau.accounts.services.validation import FieldErrors, set_fields
from bureau.core import audit
from bureau.core.models import Organization, TaxCategory, TaxCode, User
from bureau.kit.errors import Invalid

CHANGEABLE = ("name", "rate", "category", "active")


def create_tax_code(
    *,
    actor: User | System,
    organization: Organization,
    code: str,
    rate: Decimal,
    name: str = "",
    category: str = "",
    now: datetime,
) -> TaxCode:
    """`rate` in percent; `code` is kept in upper case; a `category` (TaxCategory) that is not given is that of taxed
    lines, or of a zero rate. Raises Forbidden, Invalid."""
    permissions.can_administer(actor, organization).enforce()
    tax_code = TaxCode(organization=organization)
    values = {"code": code.upper(), "name": name, "rate": rate, "category": category or _usual_category(rate)}
    errors = set_fields(tax_code, values)
    if "code" not in errors and not re.fullmatch(r"[A-Z][A-Z0-9_]*", tax_code.code):
        errors["code"] = [_("Use capital letters, digits and _, a letter first.")]
    _check(tax_code, errors)
    with transaction.atomic():
        try:
            with transaction.atomic():
                tax_code.save(force_insert=True)
        except IntegrityError:
            raise Invalid.field("code", _("There is a tax code with this name already.")) from None
        new = {name: getattr(tax_code, name) for name in ("code", "name", "rate", "category")}
        audit.record(tax_code, "created", actor=_recorded(actor), now=now, new=new)
    return tax_code


def update_tax_code(*, actor: User | System, tax_code: TaxCode, changes: Mapping[str, Any], now: datetime) -> TaxCode:
    """Changes name, rate, category and `active` (can be chosen for new lines); ignores the rest. Lines keep their rate.

    Raises Forbidden, Invalid.
    """
    permissions.can_administer(actor, tax_code.organization).enforce()
    values = {name: changes[name] for name in CHANGEABLE if name in changes}
    if "rate" in values and not values.get("category"):
        same = (values["rate"] > 0) == (tax_code.rate > 0)
        values["category"] = tax_code.category if same else _usual_category(values["rate"])
    with transaction.atomic():
        organizations = Organization.objects.select_for_update(of=("self",), no_key=True)
        organization = organizations.get(pk=tax_code.organization_id)
        tax_code = TaxCode.objects.get(pk=tax_code.pk)
        old = {name: getattr(tax_code, name) for name in values}
        _check(tax_code, set_fields(tax_code, values))
        if not tax_code.active and organization.default_tax_code == tax_code.code:
            raise Invalid.field("active", _("This is the usual tax code: choose another as the usual first."))
        changed = [name for name in values if getattr(tax_code, name) != old[name]]
        if changed:
            tax_code.save(update_fields=changed)
            new = {name: getattr(tax_code, name) for name in changed}
            audit.record_update(tax_code, actor=_recorded(actor), now=now, before=old, after=new)
    return tax_code


def _usual_category(rate: Decimal) -> TaxCategory:
    return TaxCategory.STANDARD if rate else TaxCategory.ZERO


def _check(tax_code: TaxCode, errors: FieldErrors) -> None:
    if "rate" not in errors and not 0 <= tax_code.rate <= 100:
        errors["rate"] = [_("Use a percentage from 0 to 100.")]
    if not errors and (tax_code.rate > 0) != (tax_code.category == TaxCategory.STANDARD):
        errors["category"] = [_("A rate above 0 is taxed; say of a rate of 0 why there is no tax.")]
    if errors:
        raise Invalid(fields=errors)


def _recorded(actor: User | System) -> User | None:
    return actor if isinstance(actor, User) else None
