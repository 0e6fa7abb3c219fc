"""Orders and their files as one person sees them, and what the filters of the list mean."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, QuerySet
from django.db.models.functions import Coalesce, Lower
from django.http import HttpRequest
from django.utils.dateparse import parse_date
from django.utils.functional import cached_property
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _

from bureau.core.models import User
from bureau.core.sums import ExactSum
from bureau.kit.errors import NotFound
from bureau.purchasing.models import OrderFile, OrderType, PurchaseOrder
from bureau.purchasing.selectors import orders as selectors
from bureau.purchasing.states import OrderStatus
from bureau.web.answers import PAGE_SIZE

LARGEST_ID: Final = 2**63 - 1
SORTS: dict[str, Any] = {
    "number": F("po_number"),
    "vendor": Lower("vendor_name"),
    "total": F("value"),
    "created": F("created_at"),
}
NEWEST = "-created"


def order_for_page(user: User, pk: int) -> PurchaseOrder:
    """With all that its page shows. Raises NotFound."""
    found = None
    if pk <= LARGEST_ID:
        found = selectors.with_details(PurchaseOrder.objects.visible_to(user)).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such order."))
    return found


def visible_file(user: User, pk: int) -> OrderFile:
    found = None
    if pk <= LARGEST_ID:
        files = OrderFile.objects.visible_to(user).select_related("file__uploader", "order__organization")
        found = files.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such file."))
    return found


def search_orders(rows: QuerySet[PurchaseOrder], words: str) -> QuerySet[PurchaseOrder]:
    """Number, vendor and descriptions, the lines' included."""
    for word in words.replace("\x00", "").split()[:8]:
        rows = rows.filter(search_text__contains=word.upper())
    return rows


class OrderFilters:
    """What the list is narrowed to, from its address; what cannot be read does not narrow it."""

    NAMES = ("q", "status", "type", "project", "creator", "from", "to")

    def __init__(self, request: HttpRequest, *, usual: str = NEWEST) -> None:
        """`usual` is how the list is sorted before a heading is clicked."""
        self.given = {name: request.GET.get(name, "").strip()[:200] for name in self.NAMES}
        sort = request.GET.get("sort", "")
        self.sort = sort if sort.removeprefix("-") in SORTS else usual

    def __bool__(self) -> bool:
        return any(self.given.values())

    @property
    def since(self) -> date | None:
        return _day(self.given["from"])

    @property
    def until(self) -> date | None:
        return _day(self.given["to"])

    def apply(self, rows: QuerySet[PurchaseOrder]) -> QuerySet[PurchaseOrder]:
        given = self.given
        rows = search_orders(rows, given["q"])
        if given["status"] in list(OrderStatus):
            rows = rows.filter(status=given["status"])
        if given["type"] in OrderType.values:
            rows = rows.filter(type=given["type"])
        if given["project"] and "\x00" not in given["project"]:
            rows = rows.filter(project__code=given["project"])
        if given["creator"].isascii() and given["creator"].isdigit() and len(given["creator"]) < 19:
            rows = rows.filter(created_by=int(given["creator"]))
        if self.since:
            rows = rows.filter(created_at__gte=_midnight(self.since))
        if self.until:
            rows = rows.filter(created_at__lt=_midnight(self.until + timedelta(days=1)))
        return rows

    def in_order(self, rows: QuerySet[PurchaseOrder]) -> QuerySet[PurchaseOrder]:
        column = SORTS[self.sort.removeprefix("-")]
        down = self.sort.startswith("-")
        return rows.order_by(column.desc() if down else column.asc(), "-pk" if down else "pk")

    @cached_property
    def headings(self) -> dict[str, dict[str, str]]:
        """For each sortable column what a click on it asks for, and how it is sorted now."""
        words = {"number": _("Number"), "vendor": _("Vendor"), "total": _("Total"), "created": _("Created")}
        found = {}
        for name, label in words.items():
            first = f"-{name}" if name in ("total", "created") else name
            turned = name if self.sort == f"-{name}" else f"-{name}"
            now = {name: "ascending", f"-{name}": "descending"}.get(self.sort, "")
            found[name] = {"label": label, "sort": turned if now else first, "now": now}
        return found


def _day(text: str) -> date | None:
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found and 1900 < found.year < 3000 else None


def _midnight(day: date) -> datetime:
    return make_aware(datetime.combine(day, time()))


class CountedPaginator(Paginator):
    """Of rows that have been counted with their total already."""

    count = 0

    def __init__(self, rows: QuerySet[PurchaseOrder], count: int) -> None:
        super().__init__(rows, PAGE_SIZE)
        self.count = count


def listed(rows: QuerySet[PurchaseOrder], filters: OrderFilters) -> QuerySet[PurchaseOrder]:
    """In the order asked for, with what a row of the list shows, and `value`: what each is worth."""
    rows = rows.annotate(value=Coalesce("ceiling_amount", "total_amount"))
    return selectors.with_first_line(selectors.with_people(filters.in_order(rows)))


def paged_with_total(
    request: HttpRequest, rows: QuerySet[PurchaseOrder], filters: OrderFilters
) -> tuple[Page[PurchaseOrder], Any]:
    """The page asked for, and what all of the rows are worth together: two queries."""
    rows = listed(rows, filters)
    sums = rows.order_by().aggregate(rows=Count("pk"), worth=ExactSum("value"))
    return CountedPaginator(rows, sums["rows"]).get_page(request.GET.get("page")), sums["worth"]


def chosen_ids(texts: Iterable[str]) -> list[int]:
    """The ids among what a form sent."""
    numbers = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]
    return list(dict.fromkeys(numbers))[:100]
