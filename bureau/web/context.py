"""What every page of the shell needs, computed when a template asks: an answer without the shell pays nothing."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureau.core.models import Job, JobState
from bureau.purchasing.selectors import requests as selectors

THEMES = ("light", "dark")
SHOWN_JOBS = {"scan_file": gettext_lazy("Scanning a file for viruses")}
"""The work that people wait for, by kind; e-mails and the like run unseen."""


@dataclass(frozen=True)
class Area:
    name: str
    label: str
    icon: str
    url: str
    key: str  # g, then this
    count: int = 0
    current: bool = False


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
    def counts(self) -> dict[str, int]:
        """How much waits for this person, by area."""
        if not self.signed_in:
            return {}
        approvals = selectors.requests_awaiting(self.user).count()
        if not self.reviews_finance:
            return {"home": approvals}
        finance = selectors.finance_inbox(self.user).count()
        return {"home": approvals + finance, "finance": finance}

    @cached_property
    def areas(self) -> list[Area]:
        if not self.signed_in:
            return []
        areas = [
            self._area("home", _("Home"), "home", reverse("web:home"), "h"),
            self._area("requests", _("Requests"), "requests", reverse("web:requests"), "r"),
        ]
        if self.reviews_finance:
            areas.append(self._area("finance", _("Finance inbox"), "finance", reverse("web:finance-inbox"), "f"))
        if self.user.administers:
            areas.append(self._area("setup", _("Setup"), "setup", reverse("web:setup"), "s"))
        return areas

    def _area(self, name: str, label: str, icon: str, url: str, key: str) -> Area:
        path = self.request.path
        current = path == url if url == reverse("web:home") else path.startswith(url)
        return Area(name, label, icon, url, key, self.counts.get(name, 0), current)

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
