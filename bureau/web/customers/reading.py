"""What a customer's page and the list tell in words, and what the filters of the list mean."""

from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from bureau.core.models import AuditEntry
from bureau.kit.workdays import add_months
from bureau.parties.models import Customer, CustomerType
from bureau.parties.selectors.customers import searched
from bureau.web.requests.reading import Entry

PASSPORT_MONTHS: Final = 6
"""How long before a passport expires the page warns: most countries ask that it is valid that long."""
ICONS: Final = {"created": "plus", "updated": "edit", "downloaded": "download"}
SORTS: Final = {"name": "sort_name", "created": "created_at"}


class CustomerFilters:
    """What the list is narrowed to, from its address; what cannot be read does not narrow it."""

    NAMES = ("q", "state", "type", "owner")

    def __init__(self, request: HttpRequest) -> None:
        self.given = {name: request.GET.get(name, "").strip()[:200].replace("\x00", "") for name in self.NAMES}
        sort = request.GET.get("sort", "")
        self.sort = sort if sort.removeprefix("-") in SORTS else "name"

    def __bool__(self) -> bool:
        return any(self.given.values())

    def apply(self, rows: QuerySet[Customer]) -> QuerySet[Customer]:
        given = self.given
        rows = searched(rows, given["q"])
        if given["state"] != "all":
            rows = rows.filter(active=given["state"] != "inactive")
        if given["type"] in CustomerType.values:
            rows = rows.filter(customer_type=given["type"])
        if given["owner"].isascii() and given["owner"].isdigit() and len(given["owner"]) < 19:
            rows = rows.filter(owner=int(given["owner"]))
        down = "-" if self.sort.startswith("-") else ""
        return rows.order_by(f"{down}{SORTS[self.sort.removeprefix('-')]}", f"{down}id")

    @property
    def headings(self) -> dict[str, dict[str, str]]:
        """For each sortable column what a click on it asks for, and how it is sorted now."""
        labels = {"name": (_("Customer"), "name"), "created": (_("Since"), "-created")}
        found = {}
        for name, (label, first) in labels.items():
            now = {name: "ascending", f"-{name}": "descending"}.get(self.sort, "")
            turned = name if self.sort == f"-{name}" else f"-{name}"
            found[name] = {"label": label, "sort": turned if now else first, "now": now}
        return found


class Story:
    """A customer on a day."""

    def __init__(self, customer: Customer, *, today: date) -> None:
        self.customer = customer
        self.today = today

    @property
    def is_company(self) -> bool:
        return self.customer.customer_type == CustomerType.COMPANY

    @property
    def contact_name(self) -> str:
        """Of a company: whom to ask for."""
        it = self.customer
        return " ".join(filter(None, (it.title, it.first_name, it.last_name))) if self.is_company else ""

    @property
    def whatsapp_url(self) -> str:
        digits = "".join(filter(str.isdigit, self.customer.whatsapp))
        return f"https://wa.me/{digits}" if digits else ""

    @cached_property
    def passport_tone(self) -> str:
        """`refused` where it has expired, `waiting` where it soon does, else empty."""
        expires = self.customer.passport_expiry_date
        if expires is None:
            return ""
        if expires < self.today:
            return "refused"
        return "waiting" if expires < add_months(self.today, PASSPORT_MONTHS) else ""

    @property
    def passport_id(self) -> str:
        """Where it matters now, a phone shows it further up."""
        return "passport-urgent" if self.passport_tone else "passport"

    @property
    def nothing_personal(self) -> bool:
        it = self.customer
        return not (it.nationality or it.birthdate or it.birth_place or it.gender)


def events(entries: Iterable[AuditEntry]) -> list[Entry]:
    """The timeline of a customer's record."""
    return [
        Entry(entry.created_at, "", _told(entry), who=entry.user, icon=ICONS.get(entry.action, "more"))
        for entry in entries
    ]


def _told(entry: AuditEntry) -> str:
    new = entry.new_values or {}
    changed = [name.replace("_", " ") for name in new]
    match entry.action:
        case "created":
            return _("added this customer")
        case "updated" if changed == ["active"]:
            return _("activated them") if new["active"] else _("deactivated them")
        case "updated":
            return _("changed %s") % ", ".join(changed)
        case "downloaded":
            return _("took their statement along")
        case other:
            return other.replace("_", " ")


def documents_held(documents: Iterable[Any], today: date) -> list[dict[str, Any]]:
    """The documents a customer has given us, each once, with how long it still holds."""
    seen: set[tuple[int, str | int]] = set()
    found = []
    for document in documents:
        key = (document.document_type_id, document.number or document.file_id)
        if key in seen:
            continue
        seen.add(key)
        expires = document.expiry_date
        tone = ""
        if expires is not None and expires < today:
            tone = "refused"
        elif expires is not None and expires < add_months(today, PASSPORT_MONTHS):
            tone = "waiting"
        found.append({"document": document, "tone": tone})
    return found
