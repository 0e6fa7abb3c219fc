"""The numbers of invoices: one sequence for each organization and year, without a gap or a duplicate."""

from datetime import date

from django.db.models import QuerySet

from bureau.core.models import Organization
from bureau.core.numbers import last_number, next_number
from bureau.core.prepared import prepared
from bureau.sales.models import Invoice


def written(year: int, sequence: int) -> str:
    """INV-2026-001: at least three digits (biz, Invoice Management)."""
    return f"INV-{year}-{sequence:03}"


def take_number(invoice: Invoice) -> None:
    """Gives a new invoice the next number of the year of its date. A number that came with an import is passed over.

    In the caller's transaction: a rollback gives it back, and whoever else takes one of the year waits.
    """
    invoice.year = invoice.issue_date.year
    while True:
        invoice.sequence = next_number(invoice.organization, f"invoice:{invoice.year}")
        invoice.number = written(invoice.year, invoice.sequence)
        if not _taken(organization=invoice.organization_id, number=invoice.number):
            return


def proposed_number(organization: Organization, day: date) -> tuple[int, str]:
    """The sequence and number that an invoice of that day would get now. Nothing is kept for anybody: who makes an
    invoice next gets it."""
    sequence = last_number(organization, f"invoice:{day.year}") + 1
    while _taken(organization=organization.pk, number=written(day.year, sequence)):
        sequence += 1
    return sequence, written(day.year, sequence)


@prepared
def _taken(organization: int, number: str) -> QuerySet[Invoice]:
    return Invoice.objects.filter(organization=organization, number=number)
