"""Links by which customers without an account see a quote or an invoice, and answer a quote (models.SalesLink)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.core import audit
from bureau.core.models import User
from bureau.core.secret_addresses import digest, new_token
from bureau.kit.errors import Invalid, NotFound, WrongState
from bureau.sales.models import Invoice, Quote, SalesLink
from bureau.sales.permissions import documents as permissions
from bureau.sales.services.invoices.locking import locked as locked_invoice
from bureau.sales.services.quotes.editing import locked as locked_quote
from bureau.sales.states import InvoiceStatus, QuoteStatus

DAYS, MOST_DAYS = 60, 365
NOT_WORKING = gettext_lazy("This link does not work any more. Ask for a new one.")
SEEN_AGAIN = timedelta(minutes=1)
"""A link that is opened again within this time is not noted again."""

Document = Quote | Invoice
PARTS = tuple(
    f"{kind}__{part}" for kind in ("quote", "invoice") for part in ("organization", "customer__party", "owner")
)
"""What is read with a link."""


def link_url(token: str) -> str:
    return f"{settings.PUBLIC_URL}/s/{token}/"


def document_of(link: SalesLink) -> Document:
    document = link.quote or link.invoice
    if document is None:
        raise AssertionError("the database keeps a link of one document")
    return document


def create_link(*, actor: User, document: Document, days: int = DAYS, now: datetime) -> tuple[SalesLink, str]:
    """A link that works for `days` (1 to 365), and its token, which nobody can show again; several may work at once.

    Raises Forbidden, Invalid, WrongState (a draft), NotFound (the document was deleted).
    """
    permissions.can_write(actor, document).enforce()
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MOST_DAYS:
        raise Invalid.field("days", _("Give a number of days from 1 to %(most)s.") % {"most": MOST_DAYS})
    token = new_token()
    with transaction.atomic():
        document = held(document)
        if document.status in (QuoteStatus.DRAFT, InvoiceStatus.DRAFT):
            raise WrongState(_("A draft is not for the client's eyes yet. Send it first."))
        link = add_link(document, token_hash=digest(token), actor=actor, days=days, now=now)
        new = {"link": str(link.uuid), "expires_at": link.expires_at}
        audit.record(document, "link_created", actor=actor, now=now, new=new)
    return link, token


def add_link(document: Document, *, token_hash: str, actor: User | None, days: int = DAYS, now: datetime) -> SalesLink:
    """As `create_link`, within a transaction of the caller's that has locked the document and tells the audit log."""
    of = {"quote": document} if isinstance(document, Quote) else {"invoice": document}
    return SalesLink.objects.create(
        **of, token_hash=token_hash, created_by=actor, created_at=now, expires_at=now + timedelta(days=days)
    )


def held(document: Document) -> Document:
    """The document as it is now, locked until the end of the transaction. Raises NotFound."""
    return locked_quote(document) if isinstance(document, Quote) else locked_invoice(document)


def revoke_link(*, actor: User, link: SalesLink, now: datetime) -> SalesLink:
    """Ends a link for good. Raises Forbidden, WrongState (it works no more already)."""
    document = document_of(link)
    permissions.can_write(actor, document).enforce()
    with transaction.atomic():
        if not SalesLink.objects.filter(pk=link.pk, revoked_at=None, expires_at__gt=now).update(revoked_at=now):
            raise WrongState(_("This link does not work any more."))
        link.revoked_at = now
        audit.record(document, "link_revoked", actor=actor, now=now, old={"link": str(link.uuid)})
    return link


def link_for_token(token: str, *, now: datetime) -> SalesLink:
    """The link with its quote or invoice, the customer and the organization.

    Raises NotFound with the same words for a token that never was, has expired or was revoked.
    """
    links = SalesLink.objects.select_related(*PARTS, "invoice__credit_note")
    link = links.filter(token_hash=digest(token), revoked_at=None, expires_at__gt=now).first()
    if link is None:
        raise NotFound(str(NOT_WORKING))
    return link


def note_use(link: SalesLink, *, now: datetime) -> None:
    """Keeps when the link was opened last, to the minute."""
    seldom = Q(used_at=None) | Q(used_at__lte=now - SEEN_AGAIN)
    if SalesLink.objects.filter(seldom, pk=link.pk).update(used_at=now):
        link.used_at = now


def note_download(link: SalesLink, file_format: str, *, now: datetime) -> None:
    """Tells the audit log of a file that left by the link."""
    document = document_of(link)
    with transaction.atomic():
        new = {"file_format": file_format, "link": str(link.uuid)}
        audit.record(document, "downloaded", actor=None, now=now, new=new)
