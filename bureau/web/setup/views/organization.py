"""The organization's own settings."""

from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from bureau.accounts.services.organizations import update_organization
from bureau.core import files
from bureau.kit.errors import DomainError, NotFound
from bureau.web.answers import UNREADABLE, PageRequest
from bureau.web.setup.access import setup_page
from bureau.web.setup.forms import OrganizationForm, show_refusal


@setup_page()
@require_http_methods(["GET", "POST"])
def organization(request: PageRequest) -> HttpResponse:
    found = request.user.organization
    form = OrganizationForm(found, request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            update_organization(actor=request.user, organization=found, changes=form.changes(), now=timezone.now())
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("The settings are saved."))
            return redirect("web:setup-organization")
    context = {"form": form, "organization": found}
    return render(request, "web/setup/organization.html", context, status=UNREADABLE if form.is_bound else 200)


@setup_page()
@require_GET
def logo(request: PageRequest) -> HttpResponseBase:
    stored = request.user.organization.logo
    if stored is None:
        raise NotFound(_("There is no logo."))
    response = FileResponse(files.open_clean(stored), content_type=stored.content_type, filename=stored.filename)
    response.headers["Cache-Control"] = "private, no-cache"
    return response
