"""One decision on several records: each stands or falls alone, and each is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bureau.kit.errors import DomainError
from bureau.web.answers import PageRequest, way_back

NAMED = 3


@dataclass(frozen=True)
class Outcome:
    """What became of one record: `refusal` is empty where it was done."""

    label: str
    url: str
    refusal: str = ""


def outcome(label: str, url: str, act: Callable[[], object]) -> Outcome:
    try:
        act()
    except DomainError as error:
        return Outcome(label, url, error.message)
    return Outcome(label, url)


def tell(request: PageRequest, outcomes: Sequence[Outcome], *, done: str) -> HttpResponse:
    """Back to the list, with what was done; where something was refused, a page that tells of each record."""
    if not outcomes:
        messages.info(request, _("Select at least one row first."))
        return redirect(way_back(request))
    made = [one for one in outcomes if not one.refusal]
    if len(made) < len(outcomes):
        context = {"outcomes": outcomes, "made": len(made), "done": done, "back": way_back(request)}
        return render(request, "web/outcomes.html", context)
    names = ", ".join(one.label for one in made[:NAMED])
    more = len(made) - NAMED
    if more > 0:
        names = ngettext("%(names)s and %(count)d more", "%(names)s and %(count)d more", more) % {
            "names": names,
            "count": more,
        }
    messages.success(request, f"{done}: {len(made)}. {names}.")
    return redirect(way_back(request))
