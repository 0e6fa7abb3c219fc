"""How orders are approved and bills matched, and the tax codes of their lines."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bureau.accounts.services.organizations import update_organization
from bureau.accounts.services.taxes import create_tax_code, update_tax_code
from bureau.kit.errors import DomainError
from bureau.web.answers import UNREADABLE, PageRequest
from bureau.web.setup.access import setup_page
from bureau.web.setup.buying import BuyingForm, TaxCodeForm
from bureau.web.setup.forms import show_refusal


@setup_page()
@require_http_methods(["GET", "POST"])
def buying(request: PageRequest) -> HttpResponse:
    found = request.user.organization
    form = BuyingForm(found, request.POST or None)
    if form.is_valid():
        try:
            update_organization(actor=request.user, organization=found, changes=form.cleaned_data, now=timezone.now())
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("The settings are saved."))
            return redirect("web:setup-buying")
    context = {"form": form, "organization": found}
    return render(request, "web/setup/buying.html", context, status=UNREADABLE if form.is_bound else 200)


@setup_page()
@require_http_methods(["GET", "POST"])
def tax_codes(request: PageRequest) -> HttpResponse:
    """The list, and beside it the form of a new one or of the one that `code` names."""
    organization = request.user.organization
    codes = list(organization.tax_codes.order_by("-active", "-rate", "code"))
    chosen = next((row for row in codes if row.code == request.GET.get("code")), None)
    form = TaxCodeForm(chosen, request.POST or None)
    if form.is_valid():
        values, now = form.cleaned_data, timezone.now()
        try:
            if chosen:
                update_tax_code(actor=request.user, tax_code=chosen, changes=values, now=now)
            else:
                create_tax_code(actor=request.user, organization=organization, now=now, **values)
        except DomainError as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("Saved. Lines that are there already keep their rate."))
            return redirect("web:setup-tax-codes")
    context = {"codes": codes, "chosen": chosen, "form": form, "usual": organization.default_tax_code}
    return render(request, "web/setup/tax_codes.html", context, status=UNREADABLE if form.is_bound else 200)
