"""Quotes as the list shows them, and what its filters mean."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.core.models import User
from bureau.sales.models import Quote
from bureau.sales.selectors import quotes as selectors
from bureau.sales.states import QuoteStatus
from bureau.web.exports import Column
from bureau.web.selling.finding import Filters, Heading, known_id
from bureau.web.templatetags.selling import QUOTES

COLUMNS = (
    Column(gettext_lazy("Customer"), "customer.party.name"),
    Column(gettext_lazy("Number"), "number"),
    Column(gettext_lazy("Version"), "version"),
    Column(gettext_lazy("Status"), lambda row: QUOTES[row.shown_status][1]),
    Column(gettext_lazy("Date"), "issue_date"),
    Column(gettext_lazy("Expires"), "expiry_date"),
    Column(gettext_lazy("Net"), "subtotal"),
    Column(gettext_lazy("Tax"), "tax_amount"),
    Column(gettext_lazy("Total"), "total_amount"),
    Column(gettext_lazy("Currency"), "currency"),
    Column(gettext_lazy("Decided"), "decided_at"),
    Column(gettext_lazy("Decided by"), "decided_by"),
    Column(gettext_lazy("Owner"), "owner"),
)


def quote_for_page(user: User, pk: int) -> Quote:
    """With all that its page shows. Raises NotFound."""
    return selectors.visible_quote(user, known_id(pk, _("There is no such quote.")))


class QuoteFilters(Filters):
    TABS: ClassVar[Mapping[str, Any]] = {
        "all": gettext_lazy("All"),
        "draft": gettext_lazy("Drafts"),
        "sent": gettext_lazy("Sent"),
        "to-invoice": gettext_lazy("To be invoiced"),
        "accepted": gettext_lazy("Accepted"),
        "rejected": gettext_lazy("Rejected"),
        "expired": gettext_lazy("Expired"),
    }
    HEADINGS: ClassVar[Mapping[str, Heading]] = {
        "client": Heading(gettext_lazy("Customer"), "customer__sort_name"),
        "date": Heading(gettext_lazy("Date"), "issue_date", high_first=True),
        "expires": Heading(gettext_lazy("Expires"), "expiry_date"),
        "total": Heading(gettext_lazy("Total"), "total_amount", high_first=True),
    }

    def in_tab(self, name: str) -> Q:
        if name == "all":
            return Q(pk__isnull=False)
        if name == "to-invoice":
            return Q(status=QuoteStatus.ACCEPTED, invoice__isnull=True)
        return selectors.with_status(name, self.today)

    def found(self, rows: QuerySet[Quote], words: str) -> QuerySet[Quote]:
        return selectors.quotes_found(rows, words)
