"""What happened to a quote or an invoice, in words."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.core.models import PaymentMethod
from bureau.sales.selectors.invoices import DocumentEvent
from bureau.web.requests.reading import Entry
from bureau.web.templatetags.bureau import amount as written

UNTOLD: Final = frozenset({"downloaded", "viewed", "exported"})
"""What stands in the audit log alone."""
LOOKS: Final[Mapping[str, tuple[str, str]]] = {
    "created": ("", "plus"),
    "updated": ("", "edit"),
    "revised": ("draft", "edit"),
    "issued": ("moving", ""),
    "sent": ("moving", "send"),
    "mailed": ("moving", "mail"),
    "reminded": ("waiting", "mail"),
    "paid": ("done", ""),
    "refunded": ("waiting", "undo"),
    "cancelled": ("refused", ""),
    "accepted": ("done", ""),
    "rejected": ("refused", ""),
    "expired": ("refused", ""),
    "converted": ("done", "invoices"),
    "link_created": ("", "key"),
    "link_revoked": ("", "key"),
}
"""Tone and icon by what was done."""
WORDS: Final = {
    "issued": gettext_lazy("issued it"),
    "sent": gettext_lazy("sent it"),
    "reminded": gettext_lazy("The customer was reminded"),
    "expired": gettext_lazy("It expired"),
    "converted": gettext_lazy("made the invoice of it"),
    "link_created": gettext_lazy("made a link for the customer"),
    "link_revoked": gettext_lazy("revoked a link"),
    "revised": gettext_lazy("began a new version"),
    "deleted": gettext_lazy("deleted it"),
}
NAMES: Final = {
    "customer": gettext_lazy("the customer"),
    "owner": gettext_lazy("who looks after it"),
    "issue_date": gettext_lazy("the date"),
    "due_date": gettext_lazy("when it is due"),
    "expiry_date": gettext_lazy("until when it can be accepted"),
    "terms": gettext_lazy("the terms"),
    "notes": gettext_lazy("the notes"),
    "lines": gettext_lazy("the lines"),
}


def entries(events: Iterable[DocumentEvent], currency: str) -> list[Entry]:
    """The timeline, oldest first."""
    return [_entry(event, currency) for event in events if event.action not in UNTOLD]


def _entry(event: DocumentEvent, currency: str) -> Entry:
    tone, icon = LOOKS.get(event.action, ("", "more"))
    text, comment = _told(event, currency)
    return Entry(event.at, tone, text, who=event.person, comment=comment, icon=icon)


def _told(event: DocumentEvent, currency: str) -> tuple[str, str]:
    """What was done, and what was said to it."""
    new = event.new
    match event.action:
        case "created":
            return _created(new, currency), ""
        case "updated":
            return _("changed %s") % _changed(event), ""
        case "paid" | "refunded":
            return _moved(event, currency), ""
        case "cancelled":
            text = _("cancelled it by credit note %s") % new["credit_note"] if new.get("credit_note") else ""
            return text or _("cancelled it"), new.get("reason") or ""
        case "accepted" | "rejected":
            return _decided(event), new.get("note") or ""
        case "mailed" if new.get("to"):
            return _("mailed it to %s") % new["to"], ""
        case "reminded" if new.get("days"):
            return _("The customer was reminded: %s days overdue") % new["days"], ""
    known = WORDS.get(event.action)
    return (str(known) if known else event.action.replace("_", " ")), ""


def _created(new: Mapping[str, Any], currency: str) -> str:
    total = _amount(new.get("total_amount"), currency)
    if new.get("quote"):
        return _("made it of the accepted quote, %s") % total
    if new.get("recurring"):
        return _("The recurring invoice made it, %s") % total
    return _("created it, %s") % total


def _changed(event: DocumentEvent) -> str:
    names = [str(NAMES[name]) for name in event.new if name in NAMES]
    text = ", ".join(names) or ", ".join(name.replace("_", " ") for name in event.new)
    if "total_amount" in event.new:
        told = {"old": _amount(event.old.get("total_amount")), "new": _amount(event.new["total_amount"])}
        text += _(": %(old)s is now %(new)s") % told
    return text


def _moved(event: DocumentEvent, currency: str) -> str:
    new = event.new
    words = {
        "amount": _amount(str(new.get("amount", "")).lstrip("-"), currency),
        "method": dict(PaymentMethod.choices).get(new.get("method", ""), ""),
    }
    text = _("refunded %(amount)s, %(method)s") if event.action == "refunded" else _("recorded %(amount)s, %(method)s")
    day = parse_date(str(new.get("date", "")))
    text = text % words + (f", {day.day} {day:%b %Y}" if day else "")
    return f"{text} ({new['reference']})" if new.get("reference") else text


def _decided(event: DocumentEvent) -> str:
    """By link the customer decides, and the log names nobody of ours."""
    name = event.new.get("by") or ""
    accepted = event.action == "accepted"
    if event.person is None:
        words = _("%s accepted it by the link") if accepted else _("%s rejected it by the link")
        return words % (name or _("The customer"))
    text = _("marked it as accepted") if accepted else _("marked it as rejected")
    return f"{text} ({name})" if name and name != event.person.name else text


def _amount(value: Any, currency: str = "") -> str:
    try:
        return f"{written(value)} {currency}".strip()
    except (TypeError, ValueError, ArithmeticError):
        return str(value)
