"""What every page of the shell needs. Computed when a template asks, so that an answer without the shell pays nothing."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

THEMES = ("light", "dark")


@dataclass(frozen=True)
class Area:
    name: str
    label: str
    icon: str
    url: str
    key: str  # g, then this
    count: int = 0
    current: bool = False


class Shell:
    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.user = getattr(request, "user", None)

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
    def areas(self) -> list[Area]:
        if not self.signed_in:
            return []
        areas = [
            Area("home", _("Home"), "home", reverse("web:home"), "h"),
            Area("requests", _("Requests"), "requests", reverse("web:home") + "requests/", "r"),
            Area("finance", _("Finance inbox"), "finance", reverse("web:home") + "finance/", "f"),
            Area("setup", _("Setup"), "setup", reverse("web:home") + "setup/", "s"),
        ]
        return areas

    @property
    def jobs_url(self) -> str:
        return reverse("web:jobs")

    @cached_property
    def jobs(self) -> list[Any]:
        return []


def shell(request: HttpRequest) -> dict[str, Shell]:
    return {"shell": Shell(request)}
