"""Where projects, cost codes and vendors come from, where approved orders go, and how that went last."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureau.core.models import JobState
from bureau.kit.errors import DomainError, NotFound
from bureau.purchasing.connectors import SyncReport, sync
from bureau.purchasing.connectors.circuit import CircuitState
from bureau.purchasing.connectors.interface import PARTS, Part
from bureau.purchasing.connectors.posting import post_again
from bureau.purchasing.connectors.reading import COLUMNS
from bureau.purchasing.connectors.selectors import LastSync, circuits, last_syncs, posts, posts_under_way
from bureau.purchasing.connectors.syncing import NOTHING, PARTIAL, PartReport
from bureau.purchasing.connectors.uploads import drop_upload, put_aside, take_upload, upload_to_check
from bureau.purchasing.connectors.writing import Planned
from bureau.web.answers import UNREADABLE, PageRequest, paged
from bureau.web.setup.access import setup_page
from bureau.web.setup.forms import show_refusal

NAMES = {
    Part.PROJECTS: gettext_lazy("Projects"),
    Part.COST_CODES: gettext_lazy("Cost codes"),
    Part.VENDORS: gettext_lazy("Vendors"),
}
SHOWN_CHANGES = 100


class BooksFileForm(forms.Form):
    part = forms.ChoiceField(label=gettext_lazy("What it holds"))
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy("The first line names the columns. You see what would change before anything does."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def __init__(self, parts: list[Part], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["part"].choices = [(part.value, NAMES[part]) for part in parts]  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part as a row of the page."""

    name: Any
    last: LastSync
    tone: str
    word: str

    @property
    def from_files(self) -> bool:
        return self.last.source == "Files"


@setup_page()
@require_http_methods(["GET", "POST"])
def integrations(request: PageRequest) -> HttpResponse:
    """The state of everything; a post puts a file aside to be checked."""
    organization = request.user.organization
    lines = [_line(last) for last in last_syncs(organization)]
    by_file = [line.last.part for line in lines if line.from_files]
    form = BooksFileForm(by_file, request.POST or None, request.FILES or None)
    if form.is_valid():
        part = Part(form.cleaned_data["part"])
        try:
            put_aside(actor=request.user, organization=organization, part=part, file=form.cleaned_data["file"])
        except DomainError as error:
            show_refusal(form, error)
        else:
            return redirect(_to_check(part))
    context = {
        "lines": lines,
        "form": form if by_file else None,
        "folder": f"connectors/{organization.uuid}",
        "services": [(name, *_said(name, state)) for name, state in circuits(organization)],
        "posts": paged(request, posts_under_way(organization)),
        "posted": posts(organization).filter(state=JobState.SUCCESS).count(),
        "last_posted": posts(organization).filter(state=JobState.SUCCESS).order_by("-finished_at").first(),
    }
    return render(request, "web/setup/integrations.html", context, status=UNREADABLE if form.is_bound else 200)


@setup_page()
@require_POST
def sync_now(request: PageRequest) -> HttpResponse:
    """Without a connector named: all of them, and the next goes on where one fails."""
    named = request.POST.get("connector", "")
    for connector in [named] if named else list(PARTS):
        try:
            report = sync(
                connector=connector, organization=request.user.organization, actor=request.user, now=timezone.now()
            )
        except NotFound:
            raise
        except DomainError as error:
            messages.error(request, error.message)
        else:
            _tell(request, report)
    return redirect("web:setup-integrations")


@setup_page()
@require_POST
def post_waiting(request: PageRequest) -> HttpResponse:
    count = post_again(request.user.organization, now=timezone.now())
    text = ngettext("%d order is being posted.", "%d orders are being posted.", count) % count
    messages.success(request, text if count else _("No order waits to be posted."))
    return redirect("web:setup-integrations")


@setup_page()
@require_GET
def check_file(request: PageRequest) -> HttpResponse:
    part = _part(request.GET.get("part", ""))
    plan, digest = upload_to_check(actor=request.user, organization=request.user.organization, part=part)
    context = {
        "part": part,
        "columns": [column.name for column in COLUMNS[part]],
        "name": NAMES[part],
        "plan": plan,
        "digest": digest,
        "changes": [(planned, _change_words(planned)) for planned in plan.planned[:SHOWN_CHANGES]],
        "more": max(0, len(plan.planned) - SHOWN_CHANGES),
    }
    return render(request, "web/setup/integrations_check.html", context)


@setup_page()
@require_POST
def take_file(request: PageRequest) -> HttpResponse:
    """Takes the file that was checked, or drops it (`drop`)."""
    part = _part(request.POST.get("part", ""))
    organization = request.user.organization
    if "drop" in request.POST:
        drop_upload(actor=request.user, organization=organization, part=part)
        messages.info(request, _("The file was dropped. Nothing was changed."))
    else:
        checked = request.POST.get("checked", "")
        report = take_upload(
            actor=request.user, organization=organization, part=part, checked=checked, now=timezone.now()
        )
        _tell(request, report)
    return redirect("web:setup-integrations")


def _part(text: str) -> Part:
    if text not in list(Part):
        raise NotFound(_("There is no such list."))
    return Part(text)


def _to_check(part: Part) -> str:
    return f"{reverse('web:setup-integrations-check')}?part={part}"


def _line(last: LastSync) -> PartLine:
    job = last.job
    if job is None:
        tone, word = ("draft", _("Never")) if last.file or last.source != "Files" else ("draft", _("No file yet"))
    elif job.state == JobState.SUCCESS:
        tone, word = {
            PARTIAL: ("waiting", _("Some rows left out")),
            NOTHING: ("draft", _("Nothing to sync")),
        }.get(last.result.get("status", ""), ("done", _("Done")))
    elif job.state == JobState.STARTED:
        tone, word = "moving", _("Running")
    elif job.state == JobState.PENDING:
        tone, word = "refused", _("Failed, tried again soon")
    else:
        tone, word = "refused", _("Failed")
    return PartLine(NAMES[last.part], last, tone, word)


def _said(name: str, state: CircuitState) -> tuple[str, str]:
    """Tone and words of a service's circuit."""
    words = {"service": name, "failures": state.failures, "seconds": int(state.open_for) + 1}
    if not state.known:
        return "draft", _("%(service)s: not known, because the cache server does not answer.") % words
    if state.open_for:
        return "refused", _("%(service)s does not work now. It is asked again in %(seconds)d s.") % words
    if state.failures:
        return "waiting", _("%(service)s: the last %(failures)d calls failed. It is still asked.") % words
    return "done", _("%(service)s: nothing is known to be wrong.") % words


def _tell(request: PageRequest, report: SyncReport | PartReport) -> None:
    if report.status == NOTHING:
        messages.info(request, _("There was nothing to sync: no file is there yet."))
        return
    words = {
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "left_out": len(report.errors),
    }
    text = _("Synced: %(created)d new, %(updated)d changed, %(unchanged)d unchanged.") % words
    if report.errors:
        left_out = ngettext("%(left_out)d row was left out.", "%(left_out)d rows were left out.", len(report.errors))
        messages.warning(request, f"{text} {left_out % words}")
    else:
        messages.success(request, text)


def _change_words(planned: Planned) -> list[tuple[str, str, str]]:
    """(name, old, new) of each value that changes; of a new record what it starts with."""
    return [(name, _shown(old), _shown(new)) for name, (old, new) in planned.changes.items() if _shown(new) or old]


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)
