"""The organization's own template of invoices (DOCX)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from bureau.accounts import permissions
from bureau.core import audit, files
from bureau.core.files import Upload
from bureau.core.models import Organization, StoredFile, TaxCategory, User
from bureau.kit.errors import DomainError, Invalid, RateLimited
from bureau.parties.models import Customer, Party
from bureau.sales.calculations import line_amounts
from bureau.sales.models import Invoice, InvoiceLine
from bureau.sales.rendering.content import invoice_content
from bureau.sales.rendering.docx import fill_in, variables
from bureau.sales.states import InvoiceStatus

MAX_BYTES = 5 << 20
FIELD = "invoice_template"


def set_invoice_template(*, actor: User, organization: Organization, upload: Upload, now: datetime) -> StoredFile:
    """Has invoices written from this template from now on. It is tried first.

    Raises Forbidden, RateLimited (many documents are being made just now), Invalid: no DOCX, damaged, too large, with
    macros, or one that cannot be filled in.
    """
    permissions.can_administer(actor, organization).enforce()
    upload.content.seek(0)
    template = upload.content.read(MAX_BYTES + 1)
    upload.content.seek(0)
    try:
        stored = files.store(
            upload,
            allowed=frozenset({"docx"}),
            max_bytes=MAX_BYTES,
            uploader=actor,
            organization=organization,
            now=now,
        )
        for given in _samples(organization, actor):
            fill_in(template, given)
    except RateLimited:
        raise
    except DomainError as error:
        raise Invalid.field(FIELD, error.message) from error
    _set(organization, stored, actor=actor, now=now)
    return stored


def remove_invoice_template(*, actor: User, organization: Organization, now: datetime) -> None:
    """Goes back to the built-in template. Raises Forbidden."""
    permissions.can_administer(actor, organization).enforce()
    _set(organization, None, actor=actor, now=now)


def _set(organization: Organization, stored: StoredFile | None, *, actor: User, now: datetime) -> None:
    with transaction.atomic():
        locked = Organization.objects.select_for_update(of=("self",), no_key=True).get(pk=organization.pk)
        before = {FIELD: locked.invoice_template_id}
        locked.invoice_template = stored
        locked.save(update_fields=[FIELD])
        after = {FIELD: locked.invoice_template_id}
        audit.record_update(locked, actor=actor, now=now, before=before, after=after, organization=locked)
    organization.invoice_template = stored


def _samples(organization: Organization, actor: User) -> list[dict[str, Any]]:
    """What templates are tried with: as much as there can be in a document, and as little."""
    day = date(2026, 1, 31)
    party = Party(name=_("Sample"), address="1 Road\nTown", country="DE", tax_number="DE1", email="a@b.example")
    priced = line_amounts(Decimal(2), Decimal("50.00"), Decimal(5), Decimal(19))
    lines = [
        InvoiceLine(
            line_number=number,
            description=_("Sample"),
            quantity=Decimal(2),
            unit="h",
            unit_price=Decimal("50.00"),
            discount_percent=Decimal(5),
            tax_code="S",
            tax_rate=rate,
            tax_category=category,
            net_amount=priced.net,
            tax_amount=tax,
            line_total=priced.net + tax,
        )
        for number, (rate, category, tax) in enumerate(
            [(Decimal(19), TaxCategory.STANDARD, priced.tax), (Decimal(0), TaxCategory.EXEMPT, Decimal(0))], start=1
        )
    ]
    net = 2 * priced.net
    invoice = Invoice(
        organization=organization,
        customer=Customer(organization=organization, party=party),
        owner=actor,
        number="INV-2026-001",
        issue_date=day,
        due_date=day,
        currency=organization.currency,
        status=InvoiceStatus.PARTIAL,
        subtotal=net,
        tax_amount=priced.tax,
        total_amount=net + priced.tax,
        paid_amount=Decimal("10.00"),
        terms=_("Sample"),
        notes=_("Sample"),
    )
    full = variables(invoice_content(invoice, lines))
    bare = dict.fromkeys(("due_date", "reference", "paid", "terms", "notes"), "")
    return [
        {**full, "quote_number": "QUO-2026-001", "mark": _("Sample")},
        {**full, **bare, "lines": full["lines"][:1], "taxes": full["taxes"][:1], "reasons": []},
    ]
