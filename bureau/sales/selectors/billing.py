"""Reads of what can be billed: a customer's cases, and what each would cost."""

from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf

from bureau.cases.models import Case, CaseDocument
from bureau.cases.selectors.documents import completed
from bureau.core.models import TaxCode, User
from bureau.parties.models import Customer
from bureau.sales.models import InvoiceLine
from bureau.sales.selectors.invoices import billable_cases
from bureau.sales.states import InvoiceStatus


def proposed_cases(user: User, customer: Customer, *, include_invoiced: bool = False) -> QuerySet[Case]:
    """As `billable_cases`, with the `tax_rate` (in percent) and code at which the product is billed, None where that
    code is not in use, and the `invoice_number` of the live invoice that bills the case."""
    code = Coalesce(NullIf("product__tax_code", Value("")), "organization__default_tax_code")
    cases = billable_cases(user, customer, include_invoiced=include_invoiced).annotate(billed_tax_code=code)
    rates = TaxCode.objects.filter(organization=OuterRef("organization"), code=OuterRef("billed_tax_code"), active=True)
    lines = InvoiceLine.objects.filter(case=OuterRef("pk")).exclude(invoice__status=InvoiceStatus.CANCELLED)
    return cases.annotate(
        tax_rate=Subquery(rates.values("rate")[:1]),
        invoice_number=Subquery(lines.order_by("pk").values("invoice__number")[:1]),
    )


def incomplete() -> Q:
    """The cases of which a required document is not there in full."""
    missing = CaseDocument.objects.filter(~completed(), required=True)
    return Q(pk__in=missing.values("case"))
