"""What is set up, and what is missing, each with its link."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bureau.accounts import selectors
from bureau.web.answers import PageRequest
from bureau.web.setup.access import setup_page
from bureau.web.setup.reading import Setting, missing, ways


@setup_page()
@require_GET
def overview(request: PageRequest) -> HttpResponse:
    organization = request.user.organization
    teams = list(selectors.teams(organization).filter(is_active=True).order_by("-is_general", "name"))
    people = selectors.people(organization).filter(is_active=True).count()
    setting = Setting(organization, teams)
    found = missing(organization, setting, people)
    context = {
        "organization": organization,
        "teams": teams,
        "people": people,
        "forms": len(setting.forms),
        "workflows": len(setting.workflows),
        "ways": ways(setting),
        "stopping": [entry for entry in found if entry.stops],
        "advice": [entry for entry in found if not entry.stops],
    }
    return render(request, "web/setup/overview.html", context)
