"""A statement of account as a PDF. The layout is typst/statement.typ; what people have written goes there as data."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bureau.core.models import Organization
from bureau.documents.typesetting import amount_text, day_text, joined, logo, typeset_pdf
from bureau.sales.selectors.ageing import BUCKETS
from bureau.sales.selectors.statements import Movement, Statement

LAYOUT = Path(__file__).parent / "typst" / "statement.typ"


def statement_filename(statement: Statement) -> str:
    name = slugify(statement.customer.party.name)[:60] or str(statement.customer.pk)
    return f"statement-{name}-{statement.date_to.isoformat()}.pdf"


def statement_pdf(statement: Statement, *, now: datetime) -> bytes:
    """The statement on paper: PDF/A, unless it has characters that no font here shows."""
    return typeset_pdf(LAYOUT, _content(statement), standard="a-2b", timestamp=int(now.timestamp()))


def _content(statement: Statement) -> dict[str, Any]:
    organization, party = statement.customer.organization, statement.customer.party
    tax_number = _("Tax number: %(number)s")
    return {
        "language": (get_language() or "en").partition("-")[0],
        "title": _("Statement of account"),
        "footer": f"{organization.name} · {party.name}",
        "logo": logo(organization),
        "organization": {
            "name": organization.name,
            "block": joined(
                [
                    organization.name if organization.logo_id else "",
                    organization.address,
                    tax_number % {"number": organization.tax_number} if organization.tax_number else "",
                ]
            ),
        },
        "customer": {
            "name": party.name,
            "block": joined([party.address, tax_number % {"number": party.tax_number} if party.tax_number else ""]),
        },
        "facts": [
            (_("From"), day_text(statement.date_from)),
            (_("To"), day_text(statement.date_to)),
            (_("Currency"), statement.currency),
        ],
        "opening": (_("Opening balance"), amount_text(statement.opening_balance)),
        "lines": [_row(one) for one in statement.movements],
        "closing": (_("Closing balance"), amount_text(statement.closing_balance)),
        "owed": _owed(statement),
        "notes": _notes(statement, organization),
        "words": {
            "page": _("Page {page} of {pages}"),
            "owed": _("Open, by days overdue on %(day)s") % {"day": day_text(statement.date_to)},
            "columns": [_("Date"), _("What"), _("Reference"), _("Due"), _("Amount"), _("Balance")],
        },
    }


def _row(movement: Movement) -> list[str]:
    return [
        day_text(movement.day),
        f"{movement.label} {movement.number}".strip(),
        joined([movement.about, movement.reference]),
        day_text(movement.due_date) if movement.due_date else "",
        amount_text(movement.amount),
        amount_text(movement.balance),
    ]


def _owed(statement: Statement) -> list[tuple[str, str]]:
    if not statement.owed.total:
        return []
    parts = [
        (str(bucket.label), amount_text(amount)) for bucket, amount in zip(BUCKETS, statement.owed.amounts, strict=True)
    ]
    return [*parts, (_("Total"), amount_text(statement.owed.total))]


def _notes(statement: Statement, organization: Organization) -> list[str]:
    notes = []
    if statement.credit > 0:
        told = {"amount": f"{amount_text(statement.credit)} {statement.currency}"}
        notes.append(_("%(amount)s that you have paid stands to your credit.") % told)
    if statement.closing_balance > 0 and organization.iban:
        bank = " · ".join(filter(None, (organization.bank_name, organization.iban, organization.bic)))
        notes.append(_("Please pay to: %(bank)s") % {"bank": bank})
    return notes
