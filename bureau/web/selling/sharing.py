"""What quotes and invoices have in common on their way to the customer: sent by mail, and seen by a link."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote as quoted
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.core.models import User
from bureau.kit.errors import Invalid, NotFound
from bureau.sales.models import Invoice, Quote, SalesLink
from bureau.sales.services import links
from bureau.web.answers import place_errors

LINK_DAYS = (14, 30, 60, 180)


class SendForm(forms.Form):
    message = forms.CharField(
        label=gettext_lazy("Message"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": 2000}),
        help_text=gettext_lazy("Optional. The PDF and a link go with it, and the answer comes to you."),
    )


def sent(request: HttpRequest, form: SendForm, document: Quote | Invoice, send: Callable[..., Any]) -> bool:
    """Whether the form was good and `send` took it; else its errors stand in the form."""
    if not form.is_valid():
        return False
    try:
        send(message=form.cleaned_data["message"], now=timezone.now())
    except Invalid as error:
        place_errors(form, error)
        return False
    told = {"number": document.number, "address": document.customer.party.email}
    messages.success(request, _("%(number)s is on its way to %(address)s.") % told)
    return True


def made_link(actor: User, document: Quote | Invoice, days: str) -> dict[str, str]:
    """The address of a new link, which nobody can show again, and what opens a mail program with it."""
    count = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0
    _link, token = links.create_link(actor=actor, document=document, days=count, now=timezone.now())
    url = links.link_url(token)
    subject = f"{document.organization.name}: {document.number}"
    body = _("Hello,\n\nhere you see %(number)s:\n%(url)s\n") % {"number": document.number, "url": url}
    letter = f"mailto:{document.customer.party.email}?subject={quoted(subject)}&body={quoted(body)}"
    return {"made_link": url, "mail_link": letter}


def link_of(document: Quote | Invoice, uuid: UUID) -> SalesLink:
    """Raises NotFound."""
    found = document.links.select_related(*links.PARTS).filter(uuid=uuid).first()
    if found is None:
        raise NotFound(_("There is no such link."))
    return found
