"""The lock that every write to an invoice begins with."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bureau.core.prepared import prepared
from bureau.kit.errors import NotFound
from bureau.sales.models import Invoice


def locked(invoice: Invoice) -> Invoice:
    """The invoice as it is now, locked until the end of the transaction. Raises NotFound when it was deleted."""
    # PostgreSQL drops the row where its owner or client was changed while this waited: what was joined is not theirs.
    # It is locked by then.
    rows = _locked(pk=invoice.pk) or _locked(pk=invoice.pk)
    if not rows:
        raise NotFound(_("The invoice was deleted."))
    current: Invoice = rows[0]
    return current


@prepared
def _locked(pk: int) -> QuerySet[Invoice]:
    rows = Invoice.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk)
    return rows.select_related("organization", "customer__party", "owner")
