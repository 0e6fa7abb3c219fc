"""Quotes and invoices to their customers by e-mail: the PDF, and a link to the page where they see it.

Mail goes to the address on record alone: nobody names another one here.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from bureau.accounts.services.validation import clean_text
from bureau.core import audit
from bureau.core.jobs import Run, enqueue, job_handler
from bureau.core.mail import Enclosure, deliver
from bureau.core.models import User
from bureau.core.secret_addresses import digest, new_token
from bureau.kit.errors import Invalid, WrongState
from bureau.sales.models import Invoice, Quote, SalesLink
from bureau.sales.permissions import documents as permissions
from bureau.sales.permissions.quotes import TOO_LATE
from bureau.sales.rendering.pdf import invoice_pdf, quote_pdf
from bureau.sales.services.invoices.issuing import issue_invoice
from bureau.sales.services.links import DAYS, PARTS, Document, add_link, document_of, held, link_url
from bureau.sales.services.quotes.moving import mark_quote_sent
from bureau.sales.states import InvoiceStatus, QuoteStatus

LONGEST_MESSAGE = 2000


def send_quote(*, actor: User, quote: Quote, message: str = "", now: datetime) -> Quote:
    """Marks the quote as sent and mails it to the customer; one that has been sent already goes again.

    Raises Forbidden, Invalid (`email`: no address; `message`), WrongState (it is accepted, rejected or has expired).
    """
    message = _checked(quote, message)
    with transaction.atomic():
        quote = mark_quote_sent(actor=actor, quote=quote, now=now)
        if quote.status_on(timezone.localdate(now)) == QuoteStatus.EXPIRED:
            raise WrongState(str(TOO_LATE))
        _mail(quote, message, actor=actor, now=now)
    return quote


def send_invoice(*, actor: User, invoice: Invoice, message: str = "", now: datetime) -> Invoice:
    """Mails the invoice to the customer; a draft is issued by it.

    Raises Forbidden, Invalid (`email`: no address; `message`), WrongState (cancelled, or without a line).
    """
    message = _checked(invoice, message)
    with transaction.atomic():
        if invoice.status == InvoiceStatus.DRAFT:
            invoice = issue_invoice(actor=actor, invoice=invoice, now=now)
        _mail(invoice, message, actor=actor, now=now)
    return invoice


def _checked(document: Document, message: str) -> str:
    message = clean_text("message", message, longest=LONGEST_MESSAGE)
    if not document.customer.party.email:
        raise Invalid.field(
            "email", _("The client has no e-mail address. Enter one on their page, or hand the PDF over yourself.")
        )
    return message


def _mail(document: Document, message: str, *, actor: User, now: datetime) -> None:
    permissions.can_write(actor, document).enforce()
    document = held(document)
    if document.status == InvoiceStatus.CANCELLED:
        raise WrongState(_("The invoice is cancelled: there is nothing to pay."))
    enqueue_mail(document, "sent", actor=actor, now=now, message=message)
    audit.record(document, "mailed", actor=actor, now=now, new={"to": document.customer.party.email})


def enqueue_mail(document: Document, about: str, *, actor: User | None, now: datetime, **words: Any) -> None:
    """Has a locked document mailed after the commit, as `about` says (the names of TEXTS), with a new link. The link's
    token is made when the mail is sent, and kept nowhere."""
    unsent = digest(new_token())  # takes the place of the real one, which the job makes
    link = add_link(document, token_hash=unsent, actor=actor, days=DAYS, now=now)
    enqueue(
        "mail_sales_document",
        payload={"link": link.pk, "about": about, "words": words},
        now=now,
        organization=document.organization,
        requested_by=actor,
    )


SUBJECTS: dict[str, Callable[[], str]] = {
    "quote_sent": lambda: _("%(organization)s: quote %(number)s"),
    "invoice_sent": lambda: _("%(organization)s: invoice %(number)s"),
    "invoice_reminder": lambda: _("%(organization)s: invoice %(number)s is overdue"),
}


@job_handler("mail_sales_document", max_attempts=30)
def mail_sales_document(run: Run) -> dict[str, Any]:
    """Each try gives the link a new token, before the message leaves: the one that arrives last works. What was
    cancelled, paid, answered or revised meanwhile is not mailed."""
    payload, now = run.job.payload, timezone.now()
    link = SalesLink.objects.select_related(*PARTS, "created_by").filter(pk=payload["link"]).first()
    if link is None or link.revoked_at or link.expires_at <= now:
        return {"sent": False}
    document = document_of(link)
    customer = document.customer
    if not customer.party.email or not _worth_sending(document, payload["about"]):
        return {"sent": False}
    token = new_token()
    SalesLink.objects.filter(pk=link.pk).update(token_hash=digest(token))
    kind = "quote" if isinstance(document, Quote) else "invoice"
    text = f"{kind}_{payload['about']}"
    content = quote_pdf(document) if isinstance(document, Quote) else invoice_pdf(document)
    words = {
        "organization": document.organization,
        "name": customer.party.name,
        "document": document,
        "url": link_url(token),
        "link": link,
        **payload["words"],
    }
    told = {"organization": " ".join(document.organization.name.split()), "number": document.number}
    deliver(
        run.job,
        to=customer.party.email,
        subject=SUBJECTS[text]() % told,
        body=render_to_string(f"sales/mail/{text}.txt", words),
        reply_to=document.owner.email if document.owner.is_active else "",
        enclosures=[Enclosure(f"{document.number}.pdf", content, "application/pdf")],
    )
    if isinstance(document, Invoice):
        Invoice.objects.filter(pk=document.pk).update(mailed_at=now)
    return {"sent": True}


def _worth_sending(document: Document, about: str) -> bool:
    if isinstance(document, Quote):
        return document.status == QuoteStatus.SENT
    if about == "reminder":
        return document.status_on(timezone.localdate()) == InvoiceStatus.OVERDUE
    return document.status not in (InvoiceStatus.DRAFT, InvoiceStatus.CANCELLED)
