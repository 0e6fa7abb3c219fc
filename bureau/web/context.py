"""What every page of the shell needs, computed when a template asks: an answer without the shell pays nothing."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.accounts.permissions import codes, has_code
from bureau.cases.selectors.customers import due_cases
from bureau.core.models import Job, JobState
from bureau.parties.models import Customer
from bureau.purchasing.models import Project
from bureau.purchasing.permissions.orders import can_create_order
from bureau.purchasing.selectors import requests as selectors
from bureau.purchasing.selectors.bills import bills_awaiting
from bureau.purchasing.selectors.orders import orders_awaiting
from bureau.sales.selectors.waiting import waiting_counts

THEMES = ("light", "dark")
BAR_SLOTS = 5
CASES_SOON = timedelta(days=7)
"""Within this time a case is due soon: it is counted in the rail and stands on Home."""
SHOWN_JOBS = {
    "scan_file": gettext_lazy("Scanning a file for viruses"),
    "check_import": gettext_lazy("Checking a file to import"),
    "run_import": gettext_lazy("Importing a file"),
}
"""The work that people wait for, by kind; e-mails and the like run unseen."""


@dataclass(frozen=True)
class Area:
    """An entry of the rail. Each has its own name, which its count goes by, and its own letter after g."""

    name: str
    label: str
    icon: str
    url: str
    key: str
    count: int = 0
    current: bool = False


@dataclass(frozen=True)
class Group:
    """A part of the rail; Home stands in one without a label."""

    label: str
    areas: list[Area]


@dataclass(frozen=True)
class NewThing:
    label: str
    icon: str
    url: str


@dataclass(frozen=True)
class RunningJob:
    id: str
    label: str
    state: str
    progress: int
    stream_url: str


class Shell:
    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.user: Any = getattr(request, "user", None)

    @property
    def theme(self) -> str:
        """Empty follows the system."""
        theme = self.request.COOKIES.get("theme", "")
        return theme if theme in THEMES else ""

    @property
    def rail(self) -> str:
        return "folded" if self.request.COOKIES.get("rail") == "folded" else "open"

    @property
    def keys(self) -> str:
        return "on" if getattr(self.user, "shortcuts", True) else "off"

    @property
    def signed_in(self) -> bool:
        return bool(self.user and self.user.is_authenticated)

    @cached_property
    def reviews_finance(self) -> bool:
        return self.signed_in and selectors.is_finance_reviewer(self.user)

    @cached_property
    def buys(self) -> bool:
        """Whether orders are anything to this person."""
        return self.signed_in and bool(codes(self.user) or self.user.sees_organization or self._works_on_projects)

    @cached_property
    def pays(self) -> bool:
        """Whether this person sees the organization's bills."""
        return self.signed_in and (self.reviews_finance or self.user.sees_organization)

    @cached_property
    def handles_cases(self) -> bool:
        """Whether customers are daily work for this person, in cases and in what is sold to them; everybody may begin
        with them in the rail."""
        return self.signed_in and (self.user.sees_organization or Customer.objects.visible_to(self.user).exists())

    @cached_property
    def _works_on_projects(self) -> bool:
        return Project.objects.visible_to(self.user).exists()

    @cached_property
    def counts(self) -> dict[str, int]:
        """How much waits for this person, by area."""
        if not self.signed_in:
            return {}
        counts = {"home": selectors.requests_awaiting(self.user).count()}
        if self.reviews_finance:
            counts["finance"] = selectors.finance_inbox(self.user).count()
            counts["home"] += counts["finance"]
        if self.buys:
            counts["orders"] = orders_awaiting(self.user).count()
            counts["home"] += counts["orders"]
        if self.pays:
            counts["bills"] = bills_awaiting(self.user).count()
        today = timezone.localdate()
        if due := due_cases(self.user, until=today + CASES_SOON).count():
            counts["cases"] = due
        if self.handles_cases:
            counts |= {name: count for name, count in waiting_counts(self.user, today=today).items() if count}
        return counts

    @cached_property
    def groups(self) -> list[Group]:
        """The rail: what there is for this person, by what it is about."""
        if not self.signed_in:
            return []
        buying = [
            self._area("requests", _("Requests"), "web:requests", "r"),
            self._area("orders", _("Orders"), "web:orders", "o", shown=self.buys),
            self._area("finance", _("Finance inbox"), "web:finance-inbox", "f", shown=self.reviews_finance),
            self._area("bills", _("Bills"), "web:bills", "b", shown=self.pays),
            self._area("projects", _("Projects"), "web:projects", "p", shown=self.buys),
            self._area("vendors", _("Vendors"), "web:vendors", "v", shown=self.buys or self.pays),
        ]
        selling = [
            self._area("quotes", _("Quotes"), "web:quotes", "q", shown=self.handles_cases),
            self._area("invoices", _("Invoices"), "web:invoices", "i", shown=self.handles_cases),
            self._area("payments", _("Payments"), "web:payments", "m", shown=self.handles_cases),
            self._area("customers", _("Customers"), "web:customers", "u"),
        ]
        cases = [
            self._area("cases", _("Cases"), "web:cases", "c"),
            self._area("products", _("Products"), "web:products", "d"),
        ]
        office = [
            self._area("setup", _("Setup"), "web:setup", "s", shown=self.user.administers),
            self._area("audit", _("Audit log"), "web:audit", "l", shown=has_code(self.user, "audit:read")),
        ]
        groups = [
            Group("", [self._area("home", _("Home"), "web:home", "h")]),
            Group(_("Buying"), buying),
            Group(_("Selling"), selling),
            Group(_("Cases"), cases),
            Group(_("Office"), office),
        ]
        return [Group(group.label, [area for area in group.areas if area.url]) for group in groups]

    def _area(self, name: str, label: str, route: str, key: str, *, shown: bool = True) -> Area:
        url = reverse(route) if shown else ""
        path = self.request.path
        current = path == url if name == "home" else bool(url) and path.startswith(url)
        return Area(name, label, name, url, key, self.counts.get(name, 0), current)

    @cached_property
    def areas(self) -> list[Area]:
        return [area for group in self.groups for area in group.areas]

    @property
    def bar(self) -> list[Area]:
        """The first areas, within a thumb's reach on a phone; the others stand under More."""
        return self.areas if len(self.areas) <= BAR_SLOTS else self.areas[: BAR_SLOTS - 1]

    @property
    def beyond_bar(self) -> list[Area]:
        return self.areas[len(self.bar) :]

    @cached_property
    def new_things(self) -> list[NewThing]:
        """What can be started from every page."""
        if not self.signed_in:
            return []
        things = [NewThing(_("New request"), "requests", reverse("web:request-new"))]
        if can_create_order(self.user):
            things.append(NewThing(_("New order"), "orders", reverse("web:order-new")))
            things.append(NewThing(_("Walk-up order"), "walkup", reverse("web:order-walkup")))
        if self.handles_cases:
            things.append(NewThing(_("New invoice"), "invoices", reverse("web:invoice-new")))
            things.append(NewThing(_("New quote"), "quotes", reverse("web:quote-new")))
            things.append(NewThing(_("New case"), "cases", reverse("web:case-new")))
            things.append(NewThing(_("New customer"), "customers", reverse("web:customer-new")))
        return things

    @property
    def jobs_url(self) -> str:
        return reverse("web:jobs")

    @cached_property
    def jobs(self) -> list[RunningJob]:
        if not self.signed_in:
            return []
        running = Job.objects.visible_to(self.user).filter(
            requested_by=self.user, kind__in=SHOWN_JOBS, state__in=(JobState.PENDING, JobState.STARTED)
        )
        return [
            RunningJob(str(job.pk), str(SHOWN_JOBS[job.kind]), job.state, job.progress, f"/api/jobs/{job.pk}/stream/")
            for job in running.order_by("created_at")[:20]
        ]


def shell(request: HttpRequest) -> dict[str, Shell]:
    return {"shell": Shell(request)}
