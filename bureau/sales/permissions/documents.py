"""Who may do what with quotes and invoices: whoever sees one works on it."""

from django.utils.translation import gettext as _

from bureau.core.models import User
from bureau.kit.permissions import ALLOWED, Decision, denied
from bureau.parties.models import Customer
from bureau.sales.models import Invoice, Quote, RecurringInvoice


def can_write(user: User, document: Quote | Invoice | RecurringInvoice) -> Decision:
    """As SalesQuerySet.visible_to: its owner, the owner of its customer, and those who see the organization."""
    if user.is_superuser:
        return ALLOWED
    own = user.organization_id == document.organization_id
    if own and (user.sees_organization or user.pk in (document.owner_id, document.customer.owner_id)):
        return ALLOWED
    return denied(_("Only its owner, and those who see the whole organization, work on it."))


def can_sell_to(user: User, customer: Customer) -> Decision:
    """Whoever sees the customer."""
    own = user.organization_id == customer.organization_id
    if user.is_superuser or (own and (user.sees_organization or customer.owner_id == user.pk)):
        return ALLOWED
    return denied(_("Only their owner, and those who see the whole organization, sell to this client."))


def can_set_owner(user: User, document: Quote | Invoice | RecurringInvoice) -> Decision:
    """Those who see the organization hand a document to somebody else."""
    if user.is_superuser or (user.sees_organization and user.organization_id == document.organization_id):
        return ALLOWED
    return denied(_("Only those who see all of them give one to somebody else."))


def can_delete_issued(user: User) -> Decision:
    """Deleting what has left the house, or many at once, is for superusers (agency, Invoice Actions)."""
    return ALLOWED if user.is_superuser else denied(_("Only a superuser deletes invoices that have been issued."))
