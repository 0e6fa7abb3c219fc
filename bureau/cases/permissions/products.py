"""Who keeps products and document types. Everybody of the organization reads them."""

from django.utils.translation import gettext as _

from bureau.accounts.permissions import System
from bureau.core.models import ADMINISTRATORS, Organization, User, UserRole
from bureau.kit.permissions import ALLOWED, Decision, denied

KEEPERS = frozenset({*ADMINISTRATORS, UserRole.STAFF, UserRole.PM})


def can_write_products(actor: User | System, organization: Organization) -> Decision:
    """To create, change and delete products and document types."""
    if isinstance(actor, System) or actor.is_superuser:
        return ALLOWED
    if actor.role in KEEPERS and actor.organization_id == organization.pk:
        return ALLOWED
    return denied(_("Only staff, project managers and administrators keep products and document types."))


def can_bulk_delete_products(actor: User) -> Decision:
    return ALLOWED if actor.is_superuser else denied(_("Only a superuser deletes many products at once."))
