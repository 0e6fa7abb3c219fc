"""The audit log of one's own organization: found, read, and its chain verified."""

import json
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from bureau.accounts.permissions import can_read_audit_log
from bureau.accounts.selectors import people
from bureau.core import audit
from bureau.core.models import AuditEntry
from bureau.web.answers import PAGE_SIZE, PageRequest, page
from bureau.web.audit.reading import described
from bureau.web.exports import Column, exported

FILTERS = ("kind", "record", "person", "action", "from", "to")
RECENT = 2000  # entries whose kinds and actions are offered as filters
SHOWN_BREAKS = 20
COLUMNS = (
    Column(gettext_lazy("Entry"), "position"),
    Column(gettext_lazy("When"), "created_at"),
    Column(gettext_lazy("Person"), "user"),
    Column(gettext_lazy("Address"), "ip_address"),
    Column(gettext_lazy("Action"), "action"),
    Column(gettext_lazy("Kind"), "entity_type"),
    Column(gettext_lazy("Record id"), "entity_id"),
    Column(gettext_lazy("Before"), lambda entry: _values(entry.old_values)),
    Column(gettext_lazy("After"), lambda entry: _values(entry.new_values)),
    Column(gettext_lazy("Hash"), "hash"),
)


def _values(found: Any) -> str:
    return "" if found is None else json.dumps(found, ensure_ascii=False)


@page
@require_http_methods(["GET", "POST"])
def audit_log(request: PageRequest) -> HttpResponseBase:
    """POST verifies the chain and shows the same page with what it found."""
    user = request.user
    can_read_audit_log(user).enforce()
    log = AuditEntry.objects.visible_to(user).filter(chain=user.organization_id).order_by("-position")
    filters = {name: request.GET.get(name, "").strip().replace("\x00", "") for name in FILTERS}
    found = _filtered(log, filters).select_related("user")
    if file := exported(request, "audit-log", found, COLUMNS):
        return file
    recent = set(log.values_list("entity_type", "action")[:RECENT])
    rows = list(_before(found, request)[: PAGE_SIZE + 1])
    newest = log.first()
    context: dict[str, Any] = {
        "entries": described(rows[:PAGE_SIZE], user),
        "older": rows[PAGE_SIZE - 1].position if len(rows) > PAGE_SIZE else None,
        "paged": bool(request.GET.get("before")),
        "filters": filters,
        "filtered": any(filters.values()),
        "kinds": sorted({kind for kind, _action in recent} | {filters["kind"]} - {""}),
        "actions": sorted({action for _kind, action in recent} | {filters["action"]} - {""}),
        "people": people(user.organization).order_by("first_name", "last_name", "pk"),
        "count": newest.position if newest else 0,
    }
    if request.method == "POST":
        breaks = list(audit.breaks(user.organization_id))
        context |= {"verified": True, "breaks": breaks[:SHOWN_BREAKS], "more_breaks": len(breaks) - SHOWN_BREAKS}
    return render(request, "web/audit/log.html", context)


def _filtered(log: QuerySet[AuditEntry], filters: dict[str, str]) -> QuerySet[AuditEntry]:
    wanted: dict[str, Any] = {
        "entity_type": filters["kind"],
        "entity_id": filters["record"],
        "action": filters["action"],
        "created_at__gte": _midnight(filters["from"]),
        "created_at__lt": _midnight(filters["to"], days=1),
    }
    rows = log.filter(**{name: value for name, value in wanted.items() if value})
    if filters["person"] == "system":
        return rows.filter(user=None)
    return rows.filter(user=int(filters["person"])) if _is_number(filters["person"]) else rows


def _before(rows: QuerySet[AuditEntry], request: PageRequest) -> QuerySet[AuditEntry]:
    """The entries older than the last one of the page before: the deepest page costs what the first one does."""
    before = request.GET.get("before", "")
    return rows.filter(position__lt=int(before)) if _is_number(before) else rows


def _midnight(text: str, *, days: int = 0) -> datetime | None:
    """The start of a day, or of the day so many days later; None for what is no date."""
    try:
        day = parse_date(text)
        return timezone.make_aware(datetime.combine(day + timedelta(days=days), time.min)) if day else None
    except (ValueError, OverflowError):
        return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
