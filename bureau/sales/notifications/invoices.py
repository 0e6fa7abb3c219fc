"""What the owner of a recurring invoice is told by e-mail: a draft that waits, and why one could not be made."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from bureau.core.mail import send_later
from bureau.sales.models import Invoice, RecurringInvoice


def tell_made(recurring: RecurringInvoice, invoice: Invoice, *, now: datetime) -> None:
    """Of an invoice that was made and not sent."""
    words = {"invoice": invoice, "url": f"{settings.PUBLIC_URL}/invoices/{invoice.pk}/"}
    _write("recurring_made", recurring, _("%(number)s is ready: %(name)s"), {"number": invoice.number}, words, now=now)


def tell_problem(recurring: RecurringInvoice, *, now: datetime) -> None:
    words = {"url": f"{settings.PUBLIC_URL}/recurring-invoices/{recurring.pk}/"}
    _write("recurring_problem", recurring, _("An invoice could not be made: %(name)s"), {}, words, now=now)


def _write(
    text: str, recurring: RecurringInvoice, subject: str, told: dict[str, str], words: dict[str, Any], *, now: datetime
) -> None:
    to = recurring.owner
    if to.is_active:
        words |= {"name": to.name, "recurring": recurring}
        send_later(
            to=to.email,
            subject=subject % {"name": recurring.name, **told},
            body=render_to_string(f"sales/mail/{text}.txt", words),
            now=now,
            organization=recurring.organization,
        )
