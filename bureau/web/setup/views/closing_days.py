"""The days on which the organization does not work."""

import pycountry
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bureau.accounts.services.closing_days import add_closing_day, remove_closing_day
from bureau.core.models import Organization
from bureau.kit.errors import DomainError
from bureau.web.answers import UNREADABLE, PageRequest
from bureau.web.setup.access import setup_page
from bureau.web.setup.forms import ClosingDayForm, show_refusal


@setup_page()
@require_http_methods(["GET", "POST"])
def closing_days(request: PageRequest) -> HttpResponse:
    """The list, and beside it the form of a new one. `remove` names the one to take off the list."""
    organization, now = request.user.organization, timezone.now()
    days = list(organization.closing_days.all())
    if "remove" in request.POST:
        chosen = next((day for day in days if str(day.pk) == request.POST["remove"]), None)
        if chosen is not None:
            remove_closing_day(actor=request.user, closing_day=chosen, now=now)
        messages.success(request, _("Removed. Steps that are open already keep their due date."))
        return redirect("web:setup-closing-days")
    form = ClosingDayForm(request.POST or None)
    if form.is_valid():
        try:
            added = add_closing_day(actor=request.user, organization=organization, now=now, **form.cleaned_data)
        except DomainError as error:
            show_refusal(form, error)
        else:
            text = _("Days added: %(count)d. Steps that are open already keep their due date.")
            messages.success(request, text % {"count": len(added)})
            return redirect("web:setup-closing-days")
    today = timezone.localdate(now)
    context = {
        "form": form,
        "coming": [day for day in days if day.date >= today],
        "past": [day for day in reversed(days) if day.date < today],
        "country": country_name(organization),
    }
    return render(request, "web/setup/closing_days.html", context, status=UNREADABLE if form.is_bound else 200)


def country_name(organization: Organization) -> str:
    """Empty where none is set."""
    found = pycountry.countries.get(alpha_2=organization.country) if organization.country else None
    return getattr(found, "common_name", found.name) if found else ""
