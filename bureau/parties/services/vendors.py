"""Keeping vendors, and deciding where they are paid."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from bureau.accounts.permissions import System
from bureau.accounts.services.organizations import is_bic, is_iban
from bureau.accounts.services.validation import FieldErrors, set_fields
from bureau.core import audit
from bureau.core.models import Organization, User
from bureau.core.numbers import next_number
from bureau.kit.errors import Conflict, Invalid, WrongState
from bureau.parties.models import AccountState, BankAccount, Party, Vendor
from bureau.parties.models.parties import tax_key
from bureau.parties.permissions import vendors as permissions
from bureau.parties.selectors.vendors import confirmed_account
from bureau.parties.services.parties import PARTY_FIELDS, save_party

TOLERANCES = ("quantity_tolerance", "price_tolerance", "total_tolerance")
MATCHING = ("match_receipts", *TOLERANCES)
VENDOR_FIELDS = ("contact_name", "payment_terms", "active", *MATCHING)
FIELDS = (*PARTY_FIELDS, *VENDOR_FIELDS)
"""What can be given of a vendor, beside its code."""


class VendorExists(Conflict):
    """There is such a vendor already. Creating it all the same takes `allow_duplicate`, but never the same code."""

    code = "VENDOR_EXISTS"


def create_vendor(
    *,
    actor: User | System,
    name: str,
    code: str = "",
    organization: Organization | None = None,
    allow_duplicate: bool = False,
    now: datetime,
    **details: Any,
) -> Vendor:
    """A vendor of the organization, the actor's where not named. `details`: further names of FIELDS; a tolerance of
    None is the organization's. Without a code it gets the next number (VEN001).

    Raises Forbidden (also for the names of MATCHING, which administrators set), Invalid, VendorExists (same code, name,
    tax number or e-mail address).
    """
    owner = organization or _organization_of(actor)
    permissions.can_write_vendors(actor, owner).enforce()
    party = Party(organization=owner, created_at=now, updated_at=now)
    vendor = Vendor(organization=owner, party=party)
    given = {"name": name, **{field: value for field, value in details.items() if field in FIELDS}}
    errors = _set(vendor, given)
    if code.strip():
        errors |= set_fields(vendor, {"code": code})
    if errors:
        raise Invalid(fields=errors)
    if any(getattr(vendor, name) != getattr(Vendor(), name) for name in MATCHING):
        permissions.can_set_matching(actor, owner).enforce()
    with transaction.atomic():
        if not vendor.code:
            vendor.code = _next_code(owner)
        elif Vendor.objects.filter(organization=owner, code=vendor.code).exists():
            raise _code_taken(vendor.code)
        if not allow_duplicate:
            _refuse_duplicate(party, PARTY_FIELDS)
        party.save(force_insert=True)
        try:
            with transaction.atomic():
                vendor.save(force_insert=True)
        except IntegrityError:
            raise _code_taken(vendor.code) from None
        audit.record(vendor, "created", actor=_recorded(actor), now=now, new={"code": vendor.code, **_values(vendor)})
    return vendor


def update_vendor(
    *,
    actor: User | System,
    vendor: Vendor,
    changes: Mapping[str, Any],
    allow_duplicate: bool = False,
    now: datetime,
) -> Vendor:
    """Changes what is named in `changes` (names of FIELDS; others are ignored). The code stays.

    Raises Forbidden (also for the names of MATCHING, which administrators set), Invalid, VendorExists (a name, tax
    number or e-mail address that another vendor has).
    """
    permissions.can_write_vendors(actor, vendor.organization).enforce()
    with transaction.atomic():
        vendor = _locked(vendor)
        before = _values(vendor)
        errors = _set(vendor, {name: value for name, value in changes.items() if name in FIELDS})
        if errors:
            raise Invalid(fields=errors)
        after = _values(vendor)
        changed = [name for name in FIELDS if after[name] != before[name]]
        if any(name in MATCHING for name in changed):
            permissions.can_set_matching(actor, vendor.organization).enforce()
        if not allow_duplicate:
            _refuse_duplicate(vendor.party, changed)
        if changed:
            save_party(vendor.party, now=now)
            vendor.save(update_fields=VENDOR_FIELDS)
            audit.record_update(vendor, actor=_recorded(actor), now=now, before=before, after=after)
    return vendor


def propose_account(
    *,
    actor: User | System,
    vendor: Vendor,
    iban: str,
    bic: str = "",
    holder: str = "",
    reason: str = "",
    brought_by: User | None = None,
    now: datetime,
) -> BankAccount:
    """Proposes where the vendor is to be paid from now on; it holds once a second person has confirmed it.

    `brought_by` is who gave the file that a sync reads, whoever syncs: they are the proposer.
    Raises Forbidden, Invalid, Conflict (it is the vendor's account already, or another proposal waits).
    """
    permissions.can_write_vendors(actor, vendor.organization).enforce()
    account = BankAccount(vendor=vendor, proposed_by=brought_by or _recorded(actor), proposed_at=now)
    written = {"iban": re.sub(r"\s", "", iban).upper(), "bic": re.sub(r"\s", "", bic).upper()}
    errors = set_fields(account, {**written, "holder": holder, "reason": reason})
    if "iban" not in errors and not is_iban(account.iban):
        errors["iban"] = [_("This is not a valid IBAN. Check for a mistyped digit.")]
    if account.bic and "bic" not in errors and not is_bic(account.bic):
        errors["bic"] = [_("A BIC has 8 or 11 letters and digits.")]
    if errors:
        raise Invalid(fields=errors)
    with transaction.atomic():
        vendor = _locked(vendor)
        current = confirmed_account(vendor)
        if current is not None and current.iban == account.iban:
            raise Conflict(_("This is the vendor's account already."), fields={"iban": [_("It is confirmed already.")]})
        if vendor.bank_accounts.filter(state=AccountState.PROPOSED).exists():
            raise Conflict(_("Another account waits to be confirmed. Confirm or refuse it first."))
        account.save(force_insert=True)
        audit.record(
            vendor,
            "account_proposed",
            actor=_recorded(actor),
            now=now,
            old={"account": _masked(current)},
            new={"account": account.masked, "holder": account.holder, "reason": account.reason},
        )
    return account


def confirm_account(*, actor: User, account: BankAccount, now: datetime) -> BankAccount:
    """The vendor is paid to this account from now on; the former one is superseded.

    Raises Forbidden (the proposer, unless a sole trader), WrongState (decided already).
    """
    with transaction.atomic():
        account = _locked_account(account)
        permissions.can_confirm_account(actor, account).enforce()
        _require_proposed(account)
        former = confirmed_account(account.vendor)
        if former is not None:
            BankAccount.objects.filter(pk=former.pk).update(state=AccountState.SUPERSEDED)
        _decide(account, AccountState.CONFIRMED, actor=actor, now=now)
        audit.record(
            account.vendor,
            "account_confirmed",
            actor=actor,
            now=now,
            old={"account": _masked(former)},
            new={"account": account.masked},
        )
    return account


def refuse_account(*, actor: User, account: BankAccount, now: datetime) -> BankAccount:
    """The proposal comes to nothing; its proposer, too, may take it back. Raises Forbidden, WrongState."""
    with transaction.atomic():
        account = _locked_account(account)
        permissions.can_write_vendors(actor, account.vendor.organization).enforce()
        _require_proposed(account)
        _decide(account, AccountState.REFUSED, actor=actor, now=now)
        audit.record(account.vendor, "account_refused", actor=actor, now=now, old={"account": account.masked})
    return account


def _recorded(actor: User | System) -> User | None:
    return actor if isinstance(actor, User) else None


def _organization_of(actor: User | System) -> Organization:
    if isinstance(actor, System):
        raise TypeError("the system has no organization: name one")
    return actor.organization


def _set(vendor: Vendor, values: Mapping[str, Any]) -> FieldErrors:
    """Sets values on the vendor and its party; returns what is wrong with them."""
    errors = set_fields(vendor.party, {name: values[name] for name in PARTY_FIELDS if name in values})
    errors |= set_fields(vendor, {name: values[name] for name in VENDOR_FIELDS if name in values})
    for name in TOLERANCES:
        if name in values and name not in errors and (getattr(vendor, name) or 0) < 0:
            errors[name] = [_("A tolerance is not negative.")]
    return errors


def _values(vendor: Vendor) -> dict[str, Any]:
    party = {name: getattr(vendor.party, name) for name in PARTY_FIELDS}
    return party | {name: getattr(vendor, name) for name in VENDOR_FIELDS}


def _next_code(organization: Organization) -> str:
    while True:  # codes that were given by hand are passed over
        code = f"VEN{next_number(organization, 'vendor'):03}"
        if not Vendor.objects.filter(organization=organization, code=code).exists():
            return code


def _code_taken(code: str) -> VendorExists:
    message = _("There is a vendor with the code %(code)s already.") % {"code": code}
    return VendorExists(message, fields={"code": [message]})


def _refuse_duplicate(party: Party, names: Any) -> None:
    """Raises VendorExists where another vendor has the name, tax number or e-mail address; `names` are those to ask."""
    checks = {"name": Q(party__name__iexact=party.name)}
    if tax_key(party.tax_number):
        checks["tax_number"] = Q(party__tax_key=tax_key(party.tax_number))
    if party.email:
        checks["email"] = Q(party__email__iexact=party.email)
    others: QuerySet[Vendor] = Vendor.objects.filter(organization=party.organization_id).exclude(party=party.pk)
    for name, same in checks.items():
        if name not in names:
            continue
        found = others.filter(same).select_related("party").order_by("pk").first()
        if found is not None:
            message = _("%(vendor)s is there already, with the same %(what)s.") % {
                "vendor": str(found),
                "what": {"name": _("name"), "tax_number": _("tax number"), "email": _("e-mail address")}[name],
            }
            raise VendorExists(message, fields={name: [message]})


def _locked(vendor: Vendor) -> Vendor:
    rows = Vendor.objects.select_for_update(of=("self", "party"), no_key=True)
    return rows.select_related("party", "organization").get(pk=vendor.pk)


def _locked_account(account: BankAccount) -> BankAccount:
    """The account as it is now, behind the lock of its vendor: decisions on the accounts of one follow each other."""
    vendor = _locked(account.vendor)
    current = BankAccount.objects.get(pk=account.pk)
    current.vendor = vendor
    return current


def _require_proposed(account: BankAccount) -> None:
    if account.state != AccountState.PROPOSED:
        raise WrongState(_("This account was decided on already."))


def _decide(account: BankAccount, state: AccountState, *, actor: User, now: datetime) -> None:
    account.state, account.decided_by, account.decided_at = state, actor, now
    account.save(update_fields=["state", "decided_by", "decided_at"])


def _masked(account: BankAccount | None) -> str | None:
    return account.masked if account else None
