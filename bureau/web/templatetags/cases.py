"""The components of pages about cases: how far away a due date is, and what state a document is in."""

from datetime import date

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bureau.cases.states import DocumentState
from bureau.web.templatetags.bureau import chip, day, icon

register = template.Library()

NEAR = 7
"""Days within which a day is told by how far away it is."""

DOCUMENT_CHIPS = {
    DocumentState.MISSING: ("ahead", gettext_lazy("Missing")),
    DocumentState.UPLOADED: ("moving", gettext_lazy("Uploaded")),
    DocumentState.CHECKED: ("done", gettext_lazy("Checked")),
    DocumentState.EXPIRING: ("waiting", gettext_lazy("Expires too soon")),
    DocumentState.EXPIRED: ("refused", gettext_lazy("Expired")),
}


def distance(value: date, today: date) -> str:
    """Within a week in words, else empty."""
    days = (value - today).days
    if days == 0:
        return _("today")
    if days == 1:
        return _("tomorrow")
    if 0 < days <= NEAR:
        return ngettext("in %d day", "in %d days", days) % days
    if -NEAR <= days < 0:
        return ngettext("%d day ago", "%d days ago", -days) % -days
    return ""


@register.simple_tag
def due(value: date | None, today: date, open: bool = True) -> SafeString:
    """When something is due; with a mark and a word where that has passed and it is still `open`."""
    if value is None or not open:
        return day(value)
    days = (today - value).days
    if days > 0:
        text = ngettext("%d day overdue", "%d days overdue", days) % days
        return format_html(
            '<time class="overdue" datetime="{}" title="{}">{}{}</time>',
            value.isoformat(),
            f"{value.day} {value:%b %Y}",
            icon("refused"),
            text,
        )
    near = distance(value, today)
    if not near:
        return day(value)
    soon = "soon" if days >= -1 else ""
    return format_html(
        '<time class="{}" datetime="{}" title="{}">{}</time>',
        soon,
        value.isoformat(),
        f"{value.day} {value:%b %Y}",
        near,
    )


@register.simple_tag
def document_chip(state: DocumentState, required: bool = True) -> SafeString:
    tone, word = DOCUMENT_CHIPS[state]
    if state == DocumentState.MISSING and required:
        tone = "waiting"
    return chip(tone, str(word))
