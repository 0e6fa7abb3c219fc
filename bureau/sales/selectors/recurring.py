"""Reads of recurring invoices."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bureau.core.models import User
from bureau.kit.errors import NotFound
from bureau.sales.models import RecurringInvoice


def visible_recurring_invoices(user: User) -> QuerySet[RecurringInvoice]:
    """Newest first, with customer and owner."""
    found = RecurringInvoice.objects.visible_to(user).select_related("customer__party", "owner")
    return found.order_by("-created_at", "-pk")


def visible_recurring_invoice(user: User, pk: int) -> RecurringInvoice:
    """Raises NotFound."""
    found = visible_recurring_invoices(user).select_related("organization", "customer__owner").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("Not found."))
    return found
