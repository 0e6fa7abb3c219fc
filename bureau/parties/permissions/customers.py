"""Who may keep customers. Everybody of an organization may add them, and change and delete those they see."""

from django.utils.translation import gettext as _

from bureau.core.models import User
from bureau.kit.permissions import ALLOWED, Decision, denied
from bureau.parties.models import Customer


def can_write_customer(actor: User, customer: Customer) -> Decision:
    """As CustomerQuerySet.visible_to: who sees a customer may change it."""
    own = actor.organization_id == customer.organization_id
    if actor.is_superuser or (own and (actor.sees_organization or customer.owner_id == actor.pk)):
        return ALLOWED
    return denied(_("Only its owner, and those who see the whole organization, change a customer."))


def can_bulk_delete(actor: User) -> Decision:
    if actor.is_superuser:
        return ALLOWED
    return denied(_("Only a superuser deletes several at once."))
