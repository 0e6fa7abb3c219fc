"""Reads of vendors."""

from decimal import Decimal

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from bureau.core.models import Organization, User
from bureau.core.prepared import prepared
from bureau.kit.errors import NotFound
from bureau.kit.permissions import Decision
from bureau.parties.models import AccountState, BankAccount, Vendor
from bureau.parties.permissions import vendors as permissions


def visible_vendors(user: User) -> QuerySet[Vendor]:
    """By name, with their party."""
    return Vendor.objects.visible_to(user).select_related("party", "organization").order_by("party__name", "code")


def visible_vendor(user: User, reference: str) -> Vendor:
    """The vendor with this code (VEN001) or, where no code is like that, this numeric id. Raises NotFound."""
    wanted = Q(code=reference)
    if reference.isascii() and reference.isdigit() and len(reference) < 19:
        wanted |= Q(pk=int(reference))
    found = list(visible_vendors(user).filter(wanted)) if "\x00" not in reference else []
    # A superuser sees the codes of every organization: their own comes first, and a code before an id.
    found.sort(key=lambda vendor: (vendor.organization_id != user.organization_id, vendor.code != reference))
    if not found:
        raise NotFound(_("Not found."))
    return found[0]


def vendor_named(organization: Organization, name: str) -> Vendor | None:
    """The active vendor that this name means, where it means one."""
    found: list[Vendor] = _named(organization=organization.pk, name=name.strip())
    return found[0] if len(found) == 1 else None


@prepared
def _named(organization: int, name: str) -> QuerySet[Vendor]:
    vendors = Vendor.objects.filter(organization=organization, active=True).select_related("party")
    return vendors.filter(party__organization=organization, party__name__lower=Lower(name))


def confirmed_account(vendor: Vendor) -> BankAccount | None:
    """Where the vendor is paid."""
    return vendor.bank_accounts.filter(state=AccountState.CONFIRMED).first()


def tolerance(vendor: Vendor | None, organization: Organization, name: str) -> Decimal:
    """The `quantity` or `price` tolerance in percent, or the `total` tolerance as an amount: the vendor's own, else the
    organization's."""
    own: Decimal | None = getattr(vendor, f"{name}_tolerance") if vendor else None
    general: Decimal = getattr(organization, f"{name}_tolerance")
    return general if own is None else own


def accounts_awaiting(user: User) -> QuerySet[BankAccount]:
    """The proposed accounts of the vendors that this person sees, oldest first."""
    waiting = BankAccount.objects.filter(vendor__in=Vendor.objects.visible_to(user), state=AccountState.PROPOSED)
    return waiting.select_related("vendor__party", "vendor__organization", "proposed_by").order_by("proposed_at", "pk")


def account_actions(account: BankAccount, user: User) -> dict[str, Decision]:
    """What this person can do with a proposed account; where not, why."""
    return {
        "confirm": permissions.can_confirm_account(user, account),
        "refuse": permissions.can_write_vendors(user, account.vendor.organization),
    }
