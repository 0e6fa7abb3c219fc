"""The components of pages about selling: the states of quotes and invoices."""

from datetime import date

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from bureau.web.templatetags.bureau import chip, day
from bureau.web.templatetags.cases import distance

register = template.Library()

INVOICES = {
    "draft": ("draft", gettext_lazy("Draft")),
    "sent": ("moving", gettext_lazy("Issued")),
    "partial": ("waiting", gettext_lazy("Partly paid")),
    "overdue": ("refused", gettext_lazy("Overdue")),
    "paid": ("done", gettext_lazy("Paid")),
    "cancelled": ("ahead", gettext_lazy("Cancelled")),
}
QUOTES = {
    "draft": ("draft", gettext_lazy("Draft")),
    "sent": ("waiting", gettext_lazy("Sent")),
    "accepted": ("done", gettext_lazy("Accepted")),
    "rejected": ("refused", gettext_lazy("Rejected")),
    "expired": ("ahead", gettext_lazy("Expired")),
}


@register.simple_tag
def invoice_chip(status: str, tint: bool = False) -> SafeString:
    tone, word = INVOICES[status]
    return chip(tone, str(word), tint)


@register.simple_tag
def quote_chip(status: str, tint: bool = False) -> SafeString:
    tone, word = QUOTES[status]
    return chip(tone, str(word), tint)


@register.simple_tag
def expires(value: date, today: date, status: str = "sent") -> SafeString:
    """Until when a quote can be accepted; within a week told by how far away it is, where it waits for an answer."""
    near = distance(value, today) if status == "sent" else ""
    if not near:
        return day(value)
    words = f"{value.day} {value:%b %Y}"
    return format_html('<time class="soon" datetime="{}" title="{}">{}</time>', value.isoformat(), words, near)
