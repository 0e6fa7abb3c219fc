"""The components that need more than an include: numbers, moments, people, states, blocks with content.
/design/ (DEBUG only) shows every one of them."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BoundField
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bureau.kit.money import ZERO

register = template.Library()

CENT = Decimal("0.01")

# code -> (tone, word); the tone is the colour and the shape, see tokens.css and icons.svg
STATES = {
    "DRAFT": ("draft", gettext_lazy("Draft")),
    "RESUBMITTED": ("draft", gettext_lazy("Resubmitted")),
    "PENDING_APPROVAL": ("waiting", gettext_lazy("Pending approval")),
    "IN_REVIEW": ("moving", gettext_lazy("In review")),
    "FULLY_APPROVED": ("moving", gettext_lazy("Fully approved")),
    "FINANCE_REVIEW": ("waiting", gettext_lazy("Finance review")),
    "COMPLETED": ("done", gettext_lazy("Completed")),
    "REJECTED": ("refused", gettext_lazy("Rejected")),
    # orders
    "draft": ("draft", gettext_lazy("Draft")),
    "submitted": ("waiting", gettext_lazy("Waits for approval")),
    "approved": ("moving", gettext_lazy("Approved")),
    "rejected": ("refused", gettext_lazy("Rejected")),
    "cancelled": ("ahead", gettext_lazy("Cancelled")),
    "closed": ("done", gettext_lazy("Closed")),
    # cases
    "pending": ("ahead", gettext_lazy("Pending")),
    "processing": ("moving", gettext_lazy("Processing")),
    "completed": ("done", gettext_lazy("Completed")),
    # jobs, in Celery's words
    "PENDING": ("waiting", gettext_lazy("Waiting")),
    "STARTED": ("moving", gettext_lazy("Running")),
    "SUCCESS": ("done", gettext_lazy("Done")),
    "FAILURE": ("refused", gettext_lazy("Failed")),
    "REVOKED": ("refused", gettext_lazy("Stopped")),
    # people, templates
    "ACTIVE": ("done", gettext_lazy("Active")),
    "INACTIVE": ("draft", gettext_lazy("Inactive")),
}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite; decoration unless it has a label."""
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}#{}"/></svg>',
            label,
            static("bureau/icons.svg"),
            name,
        )
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("bureau/icons.svg"), name
    )


@register.simple_tag
def chip(state: Any, label: str = "", tint: bool = False) -> SafeString:
    """A state as shape, colour and word. `state`: a code of STATES, a tone, or an object with `.code`."""
    code = str(getattr(state, "code", state))
    tone, word = STATES.get(code, (code, code.replace("_", " ").capitalize()))
    return format_html(
        '<span class="chip {}{}">{}<span>{}</span></span>', tone, " tint" if tint else "", icon(tone), label or word
    )


@register.simple_tag
def money(amount: Decimal | float | str | None, currency: str = "") -> SafeString:
    """An amount to the cent, negative in parentheses; nothing known is a dash."""
    if amount is None or amount == "":
        return format_html('<span class="none">{}</span>', "–")
    value = Decimal(str(amount)).quantize(CENT, ROUND_HALF_UP)
    digits = number_format(abs(value), decimal_pos=2, use_l10n=True, force_grouping=True)
    unit = format_html(' <span class="unit">{}</span>', currency) if currency else ""
    if value < 0:
        return format_html('<span class="money negative">({}){}</span>', digits, unit)
    return format_html('<span class="money">{}{}</span>', digits, unit)


@register.filter
def amount(value: Decimal | None) -> str:
    """An amount inside a sentence: 1,680.00."""
    return "" if value is None else str(number_format(value, decimal_pos=2, use_l10n=True, force_grouping=True))


@register.simple_tag
def quantity(value: Decimal | None) -> SafeString:
    """A number without the zeros that say nothing."""
    if value is None:
        return format_html('<span class="none">{}</span>', "–")
    decimals = len(f"{value.normalize():f}".partition(".")[2])
    return format_html('<span class="num">{}</span>', number_format(value, decimals, force_grouping=True))


def relative(moment: datetime, now: datetime) -> str:
    """Within a week in words, afterwards the day."""
    seconds = (now - moment).total_seconds()
    minutes = int(abs(seconds) // 60)
    if minutes >= 7 * 24 * 60:
        return _short_day(timezone.localtime(moment).date(), timezone.localtime(now).date())
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        text = ngettext("%d min", "%d min", minutes) % minutes
    elif minutes < 24 * 60:
        text = ngettext("%d h", "%d h", minutes // 60) % (minutes // 60)
    else:
        text = ngettext("%d d", "%d d", minutes // 1440) % (minutes // 1440)
    return _("%s ago") % text if seconds > 0 else _("in %s") % text


def _short_day(day: date, today: date) -> str:
    return f"{day.day} {day:%b}" if day.year == today.year else f"{day.day} {day:%b %Y}"


@register.simple_tag
def when(moment: datetime | None, now: datetime | None = None) -> SafeString:
    """A moment: relative within a week; the exact time on hover and in print."""
    if moment is None:
        return format_html('<span class="none">{}</span>', "–")
    local = timezone.localtime(moment)
    exact = f"{local.day} {local:%b %Y, %H:%M}"
    return format_html(
        '<time datetime="{}" title="{}"><span class="no-print">{}</span><span class="print">{}</span></time>',
        local.isoformat(timespec="seconds"),
        exact,
        relative(moment, now or timezone.now()),
        exact,
    )


@register.simple_tag
def day(value: date | None) -> SafeString:
    """A calendar day, never relative: a due date is a fact."""
    if value is None:
        return format_html('<span class="none">{}</span>', "–")
    return format_html('<time datetime="{}">{} {}</time>', value.isoformat(), value.day, f"{value:%b %Y}")


def person_name(user: Any) -> str:
    name = getattr(user, "get_full_name", lambda: "")() or getattr(user, "name", "")
    return name or getattr(user, "username", "") or str(user)


@register.simple_tag
def person(user: Any, name: bool = True) -> SafeString:
    """Initials and name; somebody who is gone is a dash."""
    if not user:
        return format_html('<span class="none">{}</span>', "–")
    full = person_name(user)
    words = full.replace(".", " ").replace("_", " ").split()
    initials = "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words[:1])).upper()
    hidden = format_html('<span class="{}">{}</span>', "" if name else "sr-only", full)
    return format_html(
        '<span class="person" title="{}"><span class="initials" aria-hidden="true">{}</span>{}</span>',
        full,
        initials,
        hidden,
    )


@register.filter
def person_text(user: Any) -> str:
    return person_name(user)


@register.filter
def previewable(content_type: str) -> bool:
    """Whether a browser shows it by itself without running anything."""
    return content_type in ("application/pdf", "image/png", "image/jpeg")


@register.filter
def file_icon(name: str) -> str:
    ending = name.rsplit(".", 1)[-1].lower()
    return {"png": "image", "jpg": "image", "jpeg": "image", "xls": "sheet", "xlsx": "sheet"}.get(ending, "file")


@register.inclusion_tag("web/components/field.html")
def field(bound: BoundField, hint: str = "", wide: bool = False, hide_label: bool = False) -> dict[str, Any]:
    """Label, control, help and errors of one form field, tied together for screen readers."""
    widget = bound.field.widget
    return {
        "field": bound,
        "hint": hint,
        "wide": wide,
        "hide_label": hide_label,
        "is_check": getattr(widget, "input_type", "") == "checkbox"
        and not getattr(widget, "allow_multiple_selected", 0),
        "required": bound.field.required or getattr(bound.field, "starred", False),
        "is_group": getattr(widget, "use_fieldset", False),
    }


@register.inclusion_tag("web/components/pagination.html", takes_context=True)
def pagination(context: template.Context, page: Page[Any], label: str = "") -> dict[str, Any]:
    return {"page": page, "request": context.get("request"), "label": label or _("Pages")}


@register.inclusion_tag("web/components/progress.html")
def progress(value: int | None, label: str, text: str = "") -> dict[str, Any]:
    """0-100; None runs without an end in sight."""
    return {"value": value, "label": label, "text": text}


@register.inclusion_tag("web/components/effect.html")
def effect_bar(budget: Decimal, spent: Decimal, adding: Decimal = ZERO, label: str = "") -> dict[str, Any]:
    """How much of a budget is spent, and what would be added to it; past the budget it says so and turns red."""
    after = spent + adding
    widest = max(budget, after, CENT)

    def share(amount: Decimal) -> str:
        return f"{max(amount, ZERO) * 100 / widest:.2f}"

    return {
        "label": label or _("Budget"),
        "budget": budget,
        "after": after,
        "over": after > budget,
        "spent_share": share(spent),
        "after_share": share(after),
        "budget_share": share(budget),
    }


@register.inclusion_tag("web/components/timeline.html")
def timeline(entries: Iterable[Any]) -> dict[str, Any]:
    """Entries have: tone or icon, who, text, at, and optionally comment and file."""
    return {"entries": entries}


@register.inclusion_tag("web/components/steps.html")
def steps(items: Iterable[Any]) -> dict[str, Any]:
    """Items have: name, tone (done, waiting, moving, refused, draft), text, and optionally at and current."""
    return {"items": items}


@register.simple_block_tag
def panel(content: str, title: str = "", id: str = "", count: int | None = None, flush: bool = False) -> SafeString:
    """A titled part of a page; `flush` when the content is a table that reaches the edges."""
    return render_to_string(
        "web/components/panel.html", {"content": content, "title": title, "id": id, "count": count, "flush": flush}
    )


@register.simple_block_tag
def dialog(content: str, id: str = "", title: str = "", wide: bool = False) -> SafeString:
    """A <dialog>, opened by any element with data-dialog="its id"."""
    return render_to_string("web/components/dialog.html", {"content": content, "id": id, "title": title, "wide": wide})


@register.simple_block_tag
def empty(content: str, title: str = "", art: str = "requests", small: bool = False) -> SafeString:
    """An empty page teaches: what this is for (title), one example and one button (content)."""
    return render_to_string(
        "web/components/empty.html", {"content": content, "title": title, "art": art, "small": small}
    )
